"""The releases of a contract on disk, each with its predecessor: what a changelog must tell, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from semver import Version

from troth.compatibility.bumps import DATE
from troth.compatibility.changelog import Changelog
from troth.compatibility.claims import Step
from troth.compatibility.comparison import compare
from troth.compatibility.policies import Policy
from troth.contract import load_contract
from troth.contract.model import Contract
from troth.errors import UsageError

__all__ = ["load_releases", "release_files", "steps_of"]


def release_files(directory: Path) -> tuple[tuple[str, Path], ...]:
    """Versions and their documents, oldest first. Raises UsageError when the directory does not exist."""
    if not directory.is_dir():
        raise UsageError(f"There is no directory of releases at {directory}. Name another with --releases.")
    found = [(path.stem, path) for path in directory.iterdir() if path.suffix in (".yaml", ".yml", ".json")]
    return tuple(sorted(found, key=lambda pair: _order(pair[0])))


def _order(version: str) -> tuple[int, Version | str, str]:
    try:
        return 0, Version.parse(version.removeprefix("v"), optional_minor_and_patch=True), version
    except ValueError:
        return 1, version, version


def steps_of(
    changelog: Changelog,
    current: Contract,
    releases: Sequence[tuple[str, Contract]],
    policy: str | Policy | None = None,
) -> tuple[Step, ...]:
    """From the newest to the oldest: each contract against the release before it."""
    steps = []
    releases = _in_order(changelog, releases)
    if releases:
        latest = compare(releases[-1][1], current, policy=policy)
        steps.append(Step(changelog.unreleased, current, latest, "Unreleased"))
    for at in range(len(releases) - 1, -1, -1):
        version, contract = releases[at]
        before = releases[at - 1][1] if at else None
        comparison = compare(before, contract, policy=policy) if before is not None else None
        steps.append(Step(changelog.release(version), contract, comparison, version))
    return tuple(steps)


def _in_order(
    changelog: Changelog, releases: Sequence[tuple[str, Contract]]
) -> Sequence[tuple[str, Contract]]:
    """Versions by their numbers; a release that is known by its date after the last version that is not younger."""
    versions = [name for name, _ in releases if not DATE.match(name)]
    dates = {name: told.date for name in versions if (told := changelog.release(name)) and told.date}

    def place(name: str) -> tuple[int, str]:
        if name in versions:
            return versions.index(name), ""
        return max(
            (at for at, version in enumerate(versions) if dates.get(version, "") <= name), default=-1
        ), name

    return sorted(releases, key=lambda release: place(release[0]))


def load_releases(directory: Path, name: str | None = None) -> tuple[tuple[str, Contract], ...]:
    """The releases as contracts; of a shipped contract by name, so that its behaviour is laid over them."""
    return tuple(
        (version, load_contract(f"{name}@{version}" if name else path))
        for version, path in release_files(directory)
    )
