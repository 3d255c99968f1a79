"""How far a version must move for what changed, and how far it did (SemVer 2.0.0, or a new version for each break)."""

from __future__ import annotations

import re
from typing import Literal

from semver import Version

from troth.compatibility.comparison import Comparison
from troth.compatibility.resources import DEPRECATIONS, section_of

__all__ = ["BUMPS", "Bump", "bump_made", "bump_needed", "suggested_version"]

Bump = Literal["none", "patch", "minor", "major"]
BUMPS: tuple[Bump, ...] = ("none", "patch", "minor", "major")
DATE = re.compile(r"^\d{4}-\d{2}-\d{2}")
NUMBERS = re.compile(r"\d+")


def bump_needed(comparison: Comparison) -> Bump:
    """What breaks asks for a major version, what is added or deprecated for a minor one, anything else for a patch.

    Before 1.0.0 a break asks for a minor version; where versions are dated, any new version will do for a break.
    """
    if not comparison.judged:
        return "none"
    if comparison.worst == "breaking":
        if comparison.policy.versioning == "dated":
            return "patch"
        old = parsed(comparison.delta.old.version)
        return "minor" if old is not None and old.major == 0 else "major"
    if comparison.policy.versioning == "dated":
        return "none"
    added = any(
        section_of(item) == "Added" or item.fact.subject in DEPRECATIONS for item in comparison.judged
    )
    return "minor" if added else "patch"


def bump_made(old: str, new: str) -> Bump | None:
    """Which part of a version was raised; None where it went down or the two cannot be compared."""
    before, after = parsed(old), parsed(new)
    if before is None or after is None:
        return "none" if old == new else "patch" if NUMBERS.findall(old) < NUMBERS.findall(new) else None
    if before.finalize_version() == after.finalize_version():
        return "none" if before <= after else None
    for part in ("major", "minor", "patch"):
        if getattr(after, part) != getattr(before, part):
            return part if getattr(after, part) > getattr(before, part) else None
    return "none"


def suggested_version(old: str, bump: Bump, versioning: str = "semver") -> str | None:
    """The next version after ``old``; None where it is no version in three numbers."""
    before = parsed(old)
    if before is None:
        return None
    base = before.finalize_version()
    if bump == "none":
        return str(base)
    if versioning == "dated":
        return str(base.bump_patch())
    return str(getattr(base, f"bump_{bump}")())


def parsed(version: str) -> Version | None:
    """The version in three numbers; None for a date or a name."""
    if DATE.match(version):
        return None
    try:
        return Version.parse(version.removeprefix("v"), optional_minor_and_patch=True)
    except ValueError:
        return None
