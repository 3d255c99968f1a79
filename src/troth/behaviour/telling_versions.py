"""Which versions an operation is served in, and what it was like before the newest."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.epochs import touching
from troth.behaviour.occasions import Place
from troth.behaviour.telling import Fact, Teller

__all__ = ["version_facts"]


def version_facts(at: Teller) -> Iterator[Fact]:
    """How a version is chosen, and each change that concerns the operation."""
    versions = at.behaviour.versions
    if versions is None:
        return
    names = [release.name for release in versions.releases]
    listed = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    days = [f"{r.name} from {r.default}" for r in versions.releases if r.default is not None]
    told = f"{versions.place} '{versions.parameter}' names one of {listed}; without it {', '.join(days) or names[0]}"
    told += f"; another answers {at.refused('unknown-version')}"
    yield at.fact("version", told, versions.pointer, "x-behaviour")
    for release in versions.releases:
        if release.retired is not None:
            told = f"{release.name} from {release.retired} on: {at.refused('retired-version')}"
            yield at.fact("retired", told, release.pointer, "x-behaviour")
    for release, change in touching(Place(at.contract, at.behaviour, at.binding)):
        everywhere = f", everywhere from {release.backfilled}" if release.backfilled else ""
        about = f": {change.summary}" if change.summary else ""
        told = f"since {release.name}{everywhere}, '{change.name}'{about}"
        yield at.fact("change", told.rstrip("."), change.pointer, "x-behaviour")
