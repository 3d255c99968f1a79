"""Versions: days in order, patches that say something, values of fields that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from troth.behaviour.checks.formulas import inspected
from troth.behaviour.checks.ground import Ground
from troth.behaviour.editions import edition_of
from troth.behaviour.model import Behaviour
from troth.behaviour.versions import Change, Release, Versions
from troth.contract.pointers import join
from troth.contract.revising import merge_patch
from troth.errors import BehaviourError, did_you_mean
from troth.findings import Finding

__all__ = ["check_versions"]


def check_versions(ground: Ground) -> Iterator[Finding]:
    """Nothing for a contract without versions."""
    versions = ground.behaviour.versions
    if versions is None:
        return
    for release in versions.releases:
        yield from _days(ground, release)
    yield from _default(ground, versions)
    changes = [change for release in reversed(versions.releases) for change in reversed(release.changes)]
    yield from _changes(ground, changes)


def _days(ground: Ground, release: Release) -> Iterator[Finding]:
    """Every day is one of the calendar, none is before the release, and the end comes last."""
    given = {"released": release.released or None, "default": release.default}
    given |= {"backfilled": release.backfilled, "retired": release.retired}
    days = {word: day for word, day in given.items() if day is not None}
    for word, day in days.items():
        try:
            date.fromisoformat(day)
        except ValueError:
            yield ground.finding("no-such-day", join(release.pointer, word), f"there is no day {day}.")
    order = [word for word in days if word != "retired"]
    for word in order:
        if days[word] < release.released:
            message = f"{release.name!r} is released on {release.released}, which is after {days[word]}."
            yield ground.finding("days-out-of-order", join(release.pointer, word), message)
        if release.retired is not None and release.retired <= days[word]:
            message = f"{release.name!r} is retired on {release.retired}, {word} is {days[word]}."
            yield ground.finding("days-out-of-order", join(release.pointer, "retired"), message)
    if release.backfilled is not None and not release.changes:
        message = f"{release.name!r} has no changes that could be backfilled."
        yield ground.finding("idle-backfill", join(release.pointer, "backfilled"), message, "warning")


def _default(ground: Ground, versions: Versions) -> Iterator[Finding]:
    """A version is the default one day, and none that has been retired by the time that it is."""
    promoted = [release for release in versions.releases if release.default is not None]
    if not promoted:
        message = f"no version ever becomes the default, so it is {versions.releases[0].name!r} for ever."
        yield ground.finding("no-default-version", versions.pointer, message, "warning")
    for release in promoted:
        day = release.retired
        if day is not None and versions.default(day).is_retired(day):
            message = f"{release.name!r} is retired on {day}, and no other version is the default then."
            yield ground.finding("retired-default", join(release.pointer, "retired"), message)


def _changes(ground: Ground, changes: list[Change]) -> Iterator[Finding]:
    """Each change from the last to the first, on the document that the later ones leave."""
    document: Any = ground.contract.document
    behaviour = ground.behaviour
    for count, change in enumerate(changes, start=1):
        at = join(change.pointer, "before")
        yield from _removals(ground, document, change.before, at)
        made = merge_patch(document, change.before)
        if made == document and not change.values:
            message = f"the change {change.name!r} changes nothing: 'before' leaves the document as it is."
            yield ground.finding("idle-change", change.pointer, message, "warning")
        document = made
        later = behaviour
        try:
            behaviour = edition_of(ground.contract, ground.behaviour, tuple(changes[:count])).behaviour
        except BehaviourError as error:
            yield Finding("change-unreadable", "error", error.reason, location=error.location)
            return
        yield from _values(ground, change, later, behaviour)


def _removals(
    ground: Ground, node: Any, patch: Mapping[str, Any], at: str, above: str = ""
) -> Iterator[Finding]:
    """A null takes something away, so it has to be there."""
    if isinstance(node, list):
        node = {str(index): item for index, item in enumerate(node)}
    known = node if isinstance(node, Mapping) else {}
    for name, value in patch.items():
        if value is None and name not in known:
            hint = did_you_mean(name, known)
            message = f"there is no {name!r} to be absent before, at {above or '/'}.{hint}"
            yield ground.finding("nothing-to-remove", join(at, name), message, "warning", found=name)
        elif isinstance(value, Mapping):
            yield from _removals(ground, known.get(name), value, join(at, name), join(above, name))


def _values(ground: Ground, change: Change, later: Behaviour, former: Behaviour) -> Iterator[Finding]:
    """Values belong to fields of the version before, and are made of those of the version after."""
    for name, fields in change.values.items():
        at = join(change.pointer, "values", name)
        if name not in later.resources:
            yield ground.unknown("unknown-resource", at, "resource", name, later.resources)
            continue
        now = later.resources[name].fields
        before = former.resources[name].fields if name in former.resources else now
        for field, conversion in fields.items():
            if before and field not in before:
                yield ground.unknown("unknown-field", join(at, field), "field", field, before)
            if now and conversion.shown is not None:
                yield from inspected(ground, conversion.shown, join(at, field, "shown"), now)
            if before and conversion.taken is not None:
                yield from inspected(ground, conversion.taken, join(at, field, "taken"), before)
