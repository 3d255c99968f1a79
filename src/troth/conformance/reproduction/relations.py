"""What holds between the answers of a server that keeps its promises, whatever rows it has: a small closed set.

A relation is data: ``{"relation": NAME, "of": {ROLE: number of a step}, …}`` with what else it needs beside the roles.
It needs nothing but Python's standard library, so that scripts carry it along.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from troth.conformance.reproduction.answers import ABSENT, Answer, at
from troth.conformance.reproduction.matching import held, matches, moment

__all__ = ["RELATIONS", "holds"]

Row = Mapping[str, Any]
Roles = Mapping[str, Answer]
Facts = Mapping[str, Any]
#: Whether it holds, or None where these answers cannot tell; then what was found, in words.
Told = tuple[bool | None, str]

SHOWN = 3


def holds(relation: Mapping[str, Any], answers: Sequence[Answer]) -> Told:
    """Whether a relation holds between the answers as they came."""
    roles = {role: answers[number] for role, number in relation["of"].items()}
    judge = RELATIONS[relation["relation"]]
    for role, number in relation["of"].items():
        if not 200 <= roles[role].status < 300:  # noqa: PLR2004 - success
            return None, f"step {number + 1} is answered with {roles[role].status}"
    least = relation.get("least", 0)
    if least and len(rows(roles["whole"], relation)) < least:
        return None, f"the list has {len(rows(roles['whole'], relation))} rows, and it takes {least} to tell"
    return judge(roles, relation)


def rows(answer: Answer, facts: Facts) -> list[Any]:
    """The rows of a page, or of all pages of a walk."""
    walked = isinstance(answer.json, Mapping) and "walked" in answer.json
    found = answer.json["walked"] if walked else at(answer.json, facts.get("items", ""))
    return found if isinstance(found, list) else []


def pages(answer: Answer) -> list[Any]:
    """The bodies of the pages of a walk, or of the one page."""
    walked = isinstance(answer.json, Mapping) and "walked" in answer.json
    return list(answer.json["pages"]) if walked else [answer.json]


def whole(answer: Answer) -> bool:
    """Whether a walk came to its end."""
    return not isinstance(answer.json, Mapping) or bool(answer.json.get("ended", True))


def names(found: Sequence[Any], facts: Facts) -> list[str]:
    """What tells rows apart: their ids, or all that they show where that is not among it."""
    name = facts.get("id", "id")
    return [
        str(row[name])
        if name and isinstance(row, Mapping) and name in row
        else json.dumps(row, sort_keys=True)
        for row in found
    ]


def same_rows(roles: Roles, facts: Facts) -> Told:
    """``other`` has every row of ``whole`` once, and no other one; in the same order where that is ``ordered``."""
    one, other = (names(rows(roles[role], facts), facts) for role in ("whole", "other"))
    if not (whole(roles["whole"]) and whole(roles["other"])):
        one, other = one[: min(len(one), len(other))], other[: min(len(one), len(other))]
    lost, more = Counter(one) - Counter(other), Counter(other) - Counter(one)
    if lost or more:
        return (
            False,
            f"{total(lost)} of {len(one)} rows are lost, {total(more)} are repeated or come from elsewhere",
        )
    if facts.get("ordered") and one != other:
        return False, f"{len(one)} rows come in another order"
    return True, f"{len(one)} rows are the same"


def total(counted: Mapping[str, int]) -> int:
    return sum(counted.values())


def full_pages(roles: Roles, facts: Facts) -> Told:
    """Every page of ``whole`` but the last one that has rows is as long as the first."""
    counts = [len(at(page, facts["items"])) for page in pages(roles["whole"])]
    while counts and not counts[-1]:
        counts.pop()
    short = next((number for number, count in enumerate(counts[1:-1], 2) if count < counts[0]), 0)
    if short:
        return False, f"page {short} has {counts[short - 1]} rows instead of {counts[0]}, though more follow"
    return True, f"the pages have {counts} rows"


def no_empty_page(roles: Roles, facts: Facts) -> Told:
    """No page of ``whole`` but the first is without rows: what leads to a page leads to rows."""
    counts = [len(at(page, facts["items"])) for page in pages(roles["whole"])]
    empty = next((number for number, count in enumerate(counts[1:], 2) if not count), 0)
    return (
        not empty,
        f"page {empty} of {len(counts)} has no rows" if empty else f"the pages have {counts} rows",
    )


def members(roles: Roles, facts: Facts) -> Told:
    """The rows of ``whole`` and of ``other`` that are the same show the same members."""
    known = dict(zip(names(rows(roles["whole"], facts), facts), rows(roles["whole"], facts), strict=True))
    every = rows(roles["other"], facts)
    for name, row in zip(names(every, facts), every, strict=True):
        if name in known and isinstance(row, Mapping) and row.keys() != known[name].keys():
            return (
                False,
                f"{name} has the members {sorted(row)[:SHOWN]}, on the other list {sorted(known[name])[:SHOWN]}",
            )
    return True, f"{len(every)} rows have the members that they have elsewhere"


def follows(roles: Roles, facts: Facts) -> Told:
    """``then`` goes on in the order of ``whole`` behind the last row of ``page``; rows not in it do not count."""
    order, page, then = (names(rows(roles[role], facts), facts) for role in ("whole", "page", "then"))
    known = [name for name in page if name in order]
    if not known:
        return None, "the page has no row of the list that was there before"
    wanted = order[order.index(known[-1]) + 1 :]
    given = [name for name in then if name in order]
    if given != wanted[: len(given)] or (wanted and not given):
        return False, f"behind {known[-1]} come {given[:SHOWN]}, in the whole list {wanted[:SHOWN]}"
    return True, f"{len(given)} rows go on where the page before ended"


def as_many(roles: Roles, facts: Facts) -> Told:
    """``page`` has as many rows as were asked for, or all of ``whole`` where there are fewer."""
    found, wanted = len(rows(roles["page"], facts)), min(facts["size"], len(rows(roles["whole"], facts)))
    return found == wanted, f"the page has {found} rows, {wanted} were due"


def at_most(roles: Roles, facts: Facts) -> Told:
    """``page`` has no more rows than ``size``."""
    found = len(rows(roles["page"], facts))
    return found <= facts["size"], f"the page has {found} rows, at most {facts['size']} are allowed"


def counts(roles: Roles, facts: Facts) -> Told:
    """Each page of ``whole`` says at a place how many rows all of them have."""
    found = len(rows(roles["whole"], facts))
    said = [at(page, facts["at"]) for page in pages(roles["whole"])]
    wrong = [one for one in said if one != found]
    if not whole(roles["whole"]):
        return None, "the list is too long to be walked to its end"
    return not wrong, f"the pages have {found} rows, {facts['at']} says {wrong[0] if wrong else found}"


def begins(roles: Roles, facts: Facts) -> Told:
    """Each page of ``whole`` says at a place the number of its first row."""
    before = 0
    for page in pages(roles["whole"]):
        found = at(page, facts["items"])
        said = at(page, facts["at"])
        if said not in (None, ABSENT, before + 1):
            return False, f"a page after {before} rows says that it begins with row {said}"
        before += len(found) if isinstance(found, list) else 0
    return True, f"each of {before} rows is where the pages say"


def placed(roles: Roles, facts: Facts) -> Told:
    """Each page of ``whole`` and of ``other`` says at a place what follows from the pages before and behind it.

    ``says`` is what that is about, ``first`` the number of the first page.
    """
    wanted, seen = WHEREABOUTS[facts["says"]], 0
    for role in ("whole", "other"):
        counted = [len(at(page, facts["items"])) for page in pages(roles[role])]
        while counted and not counted[-1]:
            counted.pop()
        if facts["says"] in ("pages", "nextPage") and not whole(roles[role]):
            continue
        for turn, page in enumerate(pages(roles[role])[: len(counted)]):
            said, right = at(page, facts["at"]), wanted(turn, counted, facts["first"])
            if said != right:
                return (
                    False,
                    f"of pages with {counted[: SHOWN * 3]} rows number {turn + 1} says {said!r} instead of {right!r}",
                )
            seen += 1
    return (
        (True, f"{seen} pages say where they are") if seen else (None, "no list could be walked to its end")
    )


#: What a page says by its number from 0, by how many rows each page has, and by the number of the first.
WHEREABOUTS: Mapping[str, Callable[[int, Sequence[int], int], Any]] = {
    "pages": lambda _turn, counted, _first: len(counted),
    "offset": lambda turn, counted, _first: sum(counted[:turn]),
    "count": lambda turn, counted, _first: counted[turn],
    "hasPrevious": lambda turn, _counted, _first: turn > 0,
    "page": lambda turn, _counted, first: turn + first,
    "previousPage": lambda turn, _counted, first: turn - 1 + first if turn else None,
    "nextPage": lambda turn, counted, first: turn + 1 + first if turn + 1 < len(counted) else None,
}


def more(roles: Roles, facts: Facts) -> Told:
    """Each page of ``whole`` says at a place whether more rows follow."""
    found = [page for page in pages(roles["whole"]) if at(page, facts["items"])]
    for number, page in enumerate(found, 1):
        said, last = at(page, facts["at"]), number == len(found)
        if said is last and (whole(roles["whole"]) or not last):
            return False, f"{facts['at']} of page {number} of {len(found)} is {said!r}"
        if not isinstance(said, bool):
            return False, f"{facts['at']} of page {number} is {said!r}"
    return True, f"{len(found)} pages say whether more follow"


def kept(roles: Roles, facts: Facts) -> Told:
    """``part`` has exactly the rows of ``whole`` that pass a test; where ``search`` looks is the server's business."""
    every, part = rows(roles["whole"], facts), rows(roles["part"], facts)
    wanted = set(names([row for row in every if matches(facts["where"], row)], facts))
    given = set(names(part, facts))
    if facts["where"].get("op") == "search" and wanted:
        wanted |= given & set(names(every, facts))
    lost, extra = wanted - given, given - wanted
    told = f"{len(given)} rows are kept instead of {len(wanted)}: {len(lost)} are lost, {len(extra)} are too many"
    return not (lost or extra), told if lost or extra else f"{len(wanted)} of {len(every)} rows are kept"


def few(roles: Roles, facts: Facts) -> Told:
    """No more than ``most`` rows of ``whole`` pass a test."""
    found = sum(matches(facts["where"], row) for row in rows(roles["whole"], facts))
    return found <= facts["most"], f"there are {found} such rows, at most {facts['most']} are right"


def no_earlier(roles: Roles, facts: Facts) -> Told:
    """The moment ``at`` a place of ``then`` is not before the one of ``since`` in ``first``."""
    since, told = moment(at(roles["first"].json, facts["since"])), moment(at(roles["then"].json, facts["at"]))
    if not (isinstance(since, datetime) and isinstance(told, datetime)):
        return None, f"{since!r} and {told!r} are no moments"
    return told >= since, f"{facts['at']} is {told.isoformat()}, it must not be before {since.isoformat()}"


def ordered(roles: Roles, facts: Facts) -> Told:
    """``up`` rises and ``down`` falls by a field; texts by their letters, with or without case."""
    up, down = ([held(row, facts["field"]) for row in rows(roles[role], facts)] for role in ("up", "down"))
    for key in KEYS:
        if rising(up, key) and rising(down[::-1], key):
            return True, f"{len(up)} rows are in order by {facts['field']}"
    return False, f"by {facts['field']} the rows come as {up[:SHOWN]} and {down[:SHOWN]}"


#: How values may be compared: texts that are moments as such, and texts with and without their case.
KEYS: Sequence[Callable[[Any], Any]] = (
    moment,
    lambda value: value,
    lambda value: value.lower() if isinstance(value, str) else value,
)


def rising(values: Sequence[Any], key: Callable[[Any], Any]) -> bool:
    """Nothing comes before everything, all at one end."""
    keys = [(value is not None, key(value) if value is not None else 0) for value in values]
    try:
        return all(a[0] < b[0] or (a[0] == b[0] and (not a[0] or a[1] <= b[1])) for a, b in pairwise(keys))
    except TypeError:
        return False


def apart(roles: Roles, facts: Facts) -> Told:
    """No row of ``whole`` is on ``other``."""
    one, other = (set(names(rows(roles[role], facts), facts)) for role in ("whole", "other"))
    return not one & other, f"{len(one & other)} rows are on both lists"


def lists(roles: Roles, facts: Facts) -> Told:
    """A row is on ``whole``."""
    found = str(facts["row"]) in names(rows(roles["whole"], facts), facts)
    return found, f"{facts['row']} is {'' if found else 'not '}among {len(rows(roles['whole'], facts))} rows"


def lacks(roles: Roles, facts: Facts) -> Told:
    """A row is not on ``whole``."""
    found, told = lists(roles, facts)
    return not found, told


def says(roles: Roles, facts: Facts) -> Told:
    """``answer`` has at a place what it must have."""
    found = at(roles["answer"].json, facts["at"])
    return found == facts["right"], f"{facts['at']} is {found!r}, by the contract it is {facts['right']!r}"


def differ(roles: Roles, facts: Facts) -> Told:
    """``one`` and ``other`` have different values at a place."""
    one, other = at(roles["one"].json, facts["at"]), at(roles["other"].json, facts["at"])
    return one != other, f"{facts['at']} is {one!r} and {other!r}"


def hides(roles: Roles, facts: Facts) -> Told:
    """``answer`` has no member of a name, however deep; a list without rows hides nothing."""
    if facts.get("items") is not None and not rows(roles["answer"], facts):
        return None, "the list has no rows"
    found = occurs(roles["answer"].json, facts["member"])
    return not found, f"the answer {'has' if found else 'does not have'} a member {facts['member']!r}"


def occurs(value: Any, name: str) -> bool:
    if isinstance(value, Mapping):
        return name in value or any(occurs(inner, name) for inner in value.values())
    return isinstance(value, list) and any(occurs(inner, name) for inner in value)


RELATIONS: Mapping[str, Callable[[Roles, Facts], Told]] = {
    "same-rows": same_rows,
    "full-pages": full_pages,
    "no-empty-page": no_empty_page,
    "members": members,
    "follows": follows,
    "as-many": as_many,
    "at-most": at_most,
    "counts": counts,
    "begins": begins,
    "placed": placed,
    "more": more,
    "kept": kept,
    "few": few,
    "no-earlier": no_earlier,
    "ordered": ordered,
    "apart": apart,
    "lists": lists,
    "lacks": lacks,
    "says": says,
    "differ": differ,
    "hides": hides,
}
