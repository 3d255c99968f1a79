"""Where two servers part: the first place that every play of the one shows otherwise than every play of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from troth.conformance.exchanges import Exchange
from troth.conformance.reproduction.answers import ABSENT, Answer, leaves, renamed, seen
from troth.conformance.reproduction.playing import Played, answer_of
from troth.conformance.reproduction.steps import AnyStep, Expectation
from troth.conformance.timeline import Entry

__all__ = ["difference", "parted", "recorded"]

_HEADERS = ("content-type", "allow", "retry-after", "etag", "last-modified", "cache-control", "location")


def difference(
    right: Sequence[Played], wrong: Sequence[Played], telling: Sequence[int], headers: Sequence[str]
) -> Expectation | None:
    """Where the answers to the telling steps first part ways: statuses before headers before bodies.

    A place that differs between two plays of one server tells nothing.
    """
    reach = min(len(played.answers) for played in (*right, *wrong))
    known = [index for index in telling if index < reach]
    for index in known:
        for place in ("status", *(f"header:{name}" for name in (*_HEADERS, *headers) if name != "location")):
            found = parted(right, wrong, index, place)
            if found is not None:
                return found
    for index in known:
        for place in _inner(right[0].answers[index], wrong[0].answers[index]):
            found = parted(right, wrong, index, place)
            if found is not None:
                return found
    return None


def parted(right: Sequence[Played], wrong: Sequence[Played], index: int, place: str) -> Expectation | None:
    """What one place shows on both, where that is one thing on each and not the same."""
    if any(len(played.answers) <= index for played in (*right, *wrong)):
        return None
    ours = [seen(played.answers[index], place) for played in right]
    theirs = [seen(played.answers[index], place) for played in wrong]
    steady = all(one == ours[0] for one in ours) and all(one == theirs[0] for one in theirs)
    if not steady or ours[0] == theirs[0]:
        return None
    return Expectation(index, place, ours[0], theirs[0])


def _inner(right: Answer, wrong: Answer) -> Iterator[str]:
    """What a redirect carries, then the members of the bodies, then a text."""
    for answer in (right, wrong):
        if "?" in answer.headers.get("location", ""):
            yield from (f"header:location?{name}" for name in ("error", "code", "state"))
    yield from dict.fromkeys(pointer for answer in (right, wrong) for pointer, _ in leaves(answer.json))
    if right.json is None:
        yield "text"


def recorded(steps: Sequence[AnyStep], entries: Sequence[Entry]) -> Played:
    """What was recorded, as a play of the steps: with variables for what its answers gave."""
    values: dict[str, Any] = {}
    answers = []
    for step, entry in zip(steps, entries, strict=True):
        answer = answer_of(entry) if isinstance(entry, Exchange) else Answer(0, {}, None, "")
        given = {name: seen(answer, place) for name, place in step.keeps.items()}
        values |= {name: value for name, value in given.items() if value != ABSENT}
        answers.append(renamed(answer, values))
    return Played(tuple(answers))


def shown(answer: Answer) -> Mapping[str, Any]:
    """An answer for a report."""
    return {"status": answer.status, "body": answer.text} if answer.status else {"shows": answer.json}
