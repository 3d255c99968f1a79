"""Whether the releases of a changelog stand in their order, with dates and versions that can be true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from troth.compatibility.bumps import BUMPS, bump_made, bump_needed, parsed
from troth.compatibility.changelog import Changelog, Release
from troth.compatibility.claims import Step
from troth.compatibility.versions import ROOT, releases_of
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.findings import Finding, Location

__all__ = ["date_findings", "order_findings", "version_findings"]


LOCAL = re.compile(r"\b(?:\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.\d{1,2}\.\d{4})\b")
"""A day as people write it in one country or another."""


def order_findings(changelog: Changelog) -> Iterator[Finding]:
    """Dates and versions go down the page, what is unreleased is on top, nothing becomes the default unreleased."""
    yield from _unreadable(changelog)
    yield from _dates(changelog)
    yield from _versions(changelog)
    for release in changelog.releases[1:]:
        if release.unreleased:
            detail = "What is unreleased comes first."
            yield _lie(changelog, "date-order", "'Unreleased' is not the first release", release, detail)


def _unreadable(changelog: Changelog) -> Iterator[Finding]:
    """Days that no calendar has, and days that are written in another order than ISO 8601's."""
    for release in changelog.releases:
        for day in (release.date, release.promoted, release.backfilled):
            if day is not None and not _is_day(day):
                detail = "A date is a year, a month and a day, such as 2026-05-19."
                yield _lie(
                    changelog, "date-unreadable", f"{release.heading!r}: {day} is no day", release, detail
                )
        local = LOCAL.search(release.heading)
        if local is not None and release.date is None:
            title = f"{release.heading!r}: {local[0]} may be read in two ways"
            yield _lie(
                changelog, "date-unreadable", title, release, "Write the year first, such as 2026-05-19."
            )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _dates(changelog: Changelog) -> Iterator[Finding]:
    for newer, older in pairwise(release for release in changelog.releases if release.date):
        if str(newer.date) < str(older.date):
            title = f"{newer.heading!r} stands above {older.heading!r} but is older"
            yield _lie(changelog, "date-order", title, newer, "The newest release comes first.")
    for release in changelog.releases:
        for words, day in (("becomes the default", release.promoted), ("is backfilled", release.backfilled)):
            if day is not None and release.date is not None and day < release.date:
                title = f"{release.heading!r} {words} on {day}, before its release on {release.date}"
                yield _lie(changelog, "date-order", title, release, "A release comes before what follows it.")


def _versions(changelog: Changelog) -> Iterator[Finding]:
    for newer, older in pairwise(release for release in changelog.releases if release.version):
        if newer.date and older.date and newer.date < older.date:
            continue
        above, below = parsed(str(newer.version)), parsed(str(older.version))
        if above is not None and below is not None and above <= below:
            title = f"version {newer.version} stands above {older.version} but is not a later one"
            yield _lie(changelog, "version-order", title, newer, "The highest version comes first.")


def version_findings(changelog: Changelog, steps: Sequence[Step]) -> Iterator[Finding]:
    """Releases whose version moved too little for what changed, or backwards.

    What is unreleased may wait for its version; what is backfilled reaches the older versions anyway; where nothing
    may break within a major version, each break is told by itself.
    """
    for step in steps:
        comparison = step.comparison
        if comparison is None:
            continue
        old, new = comparison.delta.old.version, comparison.delta.new.version
        made, needed = bump_made(old, new), bump_needed(comparison)
        waiting = step.name == "Unreleased" and made == "none"
        one_by_one = needed == "major" and not comparison.policy.removals_within_major
        if waiting or one_by_one or (step.release is not None and step.release.backfilled):
            continue
        if made is None:
            title = f"the version went backwards, from {old} to {new}"
        elif BUMPS.index(made) < BUMPS.index(needed):
            asked = _words(needed, comparison.policy.versioning)
            title = f"the version went from {old} to {new}, but what changed asks for a {asked}"
        else:
            continue
        reasons = [finding.title for finding in comparison.at_least("breaking")] or [
            comparison.findings[0].title
        ]
        yield _lie(changelog, "version-contradicts", title, step.release, f"Such as: {reasons[0]}.")


def date_findings(changelog: Changelog, contract: Contract) -> Iterator[Finding]:
    """Releases whose days are not those that the contract names for its versions."""
    for name, about in releases_of(contract).items():
        release = changelog.release(name)
        if release is None:
            continue
        days = (("released", release.date), ("default", release.promoted), ("backfilled", release.backfilled))
        for field, told in days:
            stated = about.get(field)
            if (stated is None) is (told is None) and (stated is None or str(stated) == told):
                continue
            if field == "default" and told is None and not release.announced:
                continue  # only an announced release says when it becomes the default
            title = f"{release.heading!r} says {field}: {told or 'n/a'}, the contract says {stated or 'n/a'}"
            yield _lie(
                changelog, "date-wrong", title, release, f"It is at {contract.locate(join(ROOT, name))}."
            )


def _words(bump: str, versioning: str) -> str:
    return "new version" if versioning == "dated" else f"new {bump} version"


def _lie(changelog: Changelog, kind: str, title: str, release: Release | None, detail: str) -> Finding:
    line = release.line if release is not None else 1
    return Finding(f"changelog-{kind}", "error", title, detail, Location(changelog.path, line=line))
