"""Where two servers part: the first place that every play of the one shows otherwise than every play of the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from troth.conformance.reproduction.answers import ABSENT, SEVERAL, Answer, at, leaves, seen
from troth.conformance.reproduction.playing import Played
from troth.conformance.reproduction.steps import AnyStep, Expectation, Step

__all__ = ["difference", "parted", "shown"]

_REFUSED = 400
_HEADERS = ("content-type", "allow", "retry-after", "etag", "last-modified", "cache-control")


def difference(
    right: Sequence[Played],
    wrong: Sequence[Played],
    telling: Sequence[int],
    places: Sequence[str],
    trusted: Callable[[Expectation], bool],
) -> Expectation | None:
    """Where the answers to the telling steps first part ways: statuses before headers before bodies.

    ``places`` are headers that tell something for this contract. A place that differs between two plays of one
    server tells nothing, neither does one that is not ``trusted``.
    """
    reach = min(len(played.answers) for played in (*right, *wrong))
    known = [index for index in telling if index < reach]
    for group in (["status"], [*(f"header:{name}" for name in _HEADERS), *places]):
        for index, place in product(known, group):
            found = parted(right, wrong, index, place)
            if found is not None and trusted(found):
                return found
    for index in known:
        for place in _inner(right[0].answers[index], wrong[0].answers[index]):
            found = parted(right, wrong, index, place)
            if found is not None and trusted(found):
                return found
    return None


def parted(right: Sequence[Played], wrong: Sequence[Played], index: int, place: str) -> Expectation | None:
    """What one place shows on both, where that is one thing on each and not the same."""
    if any(len(played.answers) <= index for played in (*right, *wrong)):
        return None
    ours = [seen(played.answers[index], place) for played in right]
    theirs = [seen(played.answers[index], place) for played in wrong]
    steady = all(one == ours[0] for one in ours) and all(one == theirs[0] for one in theirs)
    unclear = any(
        one == SEVERAL or (isinstance(one, list) and SEVERAL in one) for one in (ours[0], theirs[0])
    )
    if not steady or unclear or ours[0] == theirs[0]:
        return None
    return Expectation(index, place, ours[0], theirs[0])


def is_own(
    steps: Sequence[AnyStep], found: Expectation, answer: Answer, codes: Collection[str], words: str | None
) -> bool:
    """Whether something holds whatever rows a server has: no member of a row that the steps did not make.

    Of a list only that it shows none of the rows that are known; of a refusal, the ``answer`` of a correct server,
    the ``codes`` and not the ``words``, which every server has of its own.
    """
    step, kind = steps[found.step], found.at.partition(":")[0]
    if not isinstance(step, Step):
        return True
    word = found.at.rpartition("/")[2] == words
    if answer.status >= _REFUSED and (word or found.at in codes):
        return not word
    if kind == "shown":
        return bool(found.right == [])
    place = found.at.removeprefix("has:")
    if kind in ("text", "order") or not place.startswith("/"):
        return kind not in ("text", "order")
    return _is_of_made(steps, step, found, place)


def _is_of_made(steps: Sequence[AnyStep], step: Step, found: Expectation, place: str) -> bool:
    """Whether a member belongs to a row that the steps made, or says only which row there is."""
    made = {name for one in steps if isinstance(one, Step) and one.method == "POST" for name in one.keeps}
    wanted = set(re.findall(r"\{\{(\w+)\}\}", step.path.partition("?")[0]))
    if step.method == "POST" if not wanted else wanted <= made:
        return True
    if place != found.at:
        return not re.search(r"/\d+(/|$)", place)
    return not re.search(r"/\d+(/|$)", found.at) and all(
        one == ABSENT or re.fullmatch(r"\{\{id\d+\}\}", str(one)) for one in (found.right, found.wrong)
    )


def _inner(right: Answer, wrong: Answer) -> Iterator[str]:
    """What a redirect carries, then the members of the bodies, then a text."""
    for answer in (right, wrong):
        if "?" in answer.headers.get("location", ""):
            yield from (f"header:location?{name}" for name in ("error", "code", "state"))
    for pointer in dict.fromkeys(pointer for answer in (right, wrong) for pointer, _ in leaves(answer.json)):
        lacking = ABSENT in (at(right.json, pointer), at(wrong.json, pointer))
        yield f"has:{pointer}" if lacking else pointer
    yield from (
        "shown",
        *dict.fromkeys(place for answer in (right, wrong) for place in _ordered(answer.json)),
    )
    if right.json is None:
        yield "text"


def _ordered(value: Any) -> Iterator[str]:
    """Lists of objects in an answer, by each of their members."""
    found = value.items() if isinstance(value, Mapping) else [("", value)]
    for name, rows in found:
        first = rows[0] if isinstance(rows, list) and rows else None
        yield from (
            f"order:{f'/{name}' if name else ''}/*/{key}"
            for key in (first if isinstance(first, Mapping) else ())
        )


def shown(answer: Answer) -> Mapping[str, Any]:
    """An answer for a report."""
    return {"status": answer.status, "body": answer.text} if answer.status else {"shows": answer.json}
