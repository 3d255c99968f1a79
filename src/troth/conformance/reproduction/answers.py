"""Answers as reproductions see them: parts by name, and variables in the place of what differs from play to play.

It needs nothing but Python's standard library, so that scripts carry it along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

__all__ = ["ABSENT", "ID", "SEVERAL", "Answer", "answered", "at", "leaves", "renamed", "seen", "together"]

ABSENT = "(absent)"
SEVERAL = "(the number of several)"
SHORTEST, DEEPEST, ROWS = 6, 6, 60
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}[:.\dZ+-]*")
MADE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{24}\b|req_\w+", re.ASCII
)
ID = re.compile(r"(?:^|_)id$|Id$|ID$|^id$|[sS]lug$|[tT]oken$|[cC]ursor$", re.ASCII)
KNOWN = re.compile(r"\{\{id\d+\}\}")
OPAQUE = ("etag", "last-modified", "retry-after")


@dataclass(frozen=True)
class Answer:
    """One answer. Of a step that is no request: what it shows, as JSON, with the status 0."""

    status: int
    headers: Mapping[str, str]
    json: Any
    text: str


def answered(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    """An answer as it came over the network."""
    text = content.decode("utf-8", "replace")
    try:
        parsed = json.loads(text) if text else None
    except (ValueError, RecursionError):
        parsed = None
    return Answer(status, {name.lower(): value for name, value in headers.items()}, parsed, text)


def at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to, ABSENT when it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return ABSENT
    return value


def seen(answer: Answer, place: str) -> Any:
    """What an answer has at a place.

    That is ``status``, ``text``, ``header:NAME``, ``header:NAME?PARAMETER`` of a URL in it, ``given:NAME`` for whether
    there is such a header, ``has:POINTER`` for whether there is anything, ``shown`` for which of the rows known from
    earlier answers there are, ``order:POINTER`` for how a list is ordered by a member, or a JSON pointer.
    """
    kind, _, rest = place.partition(":")
    if kind in READERS and not place.startswith("/"):
        return READERS[kind](answer, rest)
    return at(answer.json, place)


def header(answer: Answer, place: str) -> Any:
    """A header, or a parameter of the URL in it."""
    name, asked, parameter = place.partition("?")
    value = answer.headers.get(name, ABSENT)
    if asked:
        return dict(parse_qsl(urlsplit(value).query, keep_blank_values=True)).get(parameter, ABSENT)
    return value.partition(";")[0].strip() if name == "content-type" else value


def known(answer: Answer) -> list[str]:
    """The rows of earlier answers that this one shows; what may be one of several is among them."""
    texts = [value for _, value in leaves(answer.json) if isinstance(value, str)]
    told = [value for value in texts if value == SEVERAL or KNOWN.fullmatch(value)]
    return list(dict.fromkeys(told))


def order(value: Any, pointer: str) -> str:
    """Whether a member rises or falls along a list of objects: ``/data/*/name``."""
    place, _, name = pointer.partition("/*/")
    rows = at(value, place)
    told: list[Any] = (
        [row.get(name) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    )
    kinds = {type(one) for one in told}
    if len(kinds) != 1 or not kinds <= {int, float, str} or len(set(told)) == 1:
        return ABSENT
    for words in (told, [one.casefold() for one in told] if kinds == {str} else told):
        if words == sorted(words):
            return "rising"
        if words == sorted(words, reverse=True):
            return "falling"
    return "neither"


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(JSON pointer, scalar) of everything in an answer, of long lists the beginning."""
    if isinstance(value, Mapping):
        for key, inner in value.items() if depth < DEEPEST else ():
            yield from leaves(inner, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value[:ROWS] if depth < DEEPEST else ()):
            yield from leaves(inner, f"{path}/{index}", depth + 1)
    else:
        yield path, value


def named(values: Mapping[str, Any]) -> tuple[dict[str, str], dict[int, str]]:
    """The names of texts and of numbers; whoever gave a text first has named it, a number may be several things."""
    words: dict[str, str] = {}
    numbers: dict[int, str] = {}
    for name, value in values.items():
        if "." not in name and len(str(value)) >= SHORTEST:
            words.setdefault(str(value), "{{" + name + "}}")
        if isinstance(value, int):
            numbers[value] = SEVERAL if value in numbers else "{{" + name + "}}"
    return words, numbers


def renamed(answer: Answer, values: Mapping[str, Any]) -> Answer:
    """The answer with names of variables in the place of their values, so that two servers can be compared."""
    words, numbers = named(values)
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True)))) if words else None

    def plain(value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: plain(inner, str(name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [plain(inner, key) for inner in value]
        if isinstance(value, int) and not isinstance(value, bool) and ID.search(key):
            return numbers.get(value, value)
        if not isinstance(value, str):
            return value
        text = pattern.sub(lambda found: words[found[0]], value) if pattern else value
        return MADE.sub("(made)", MOMENT.sub("(moment)", text))

    headers = {name: plain(value) for name, value in answer.headers.items()}
    for name in OPAQUE:
        if name in headers and "{{" not in headers[name]:
            headers[name] = "(given)"
    return Answer(answer.status, headers, plain(answer.json), plain(answer.text))


def together(found: Sequence[Answer]) -> Answer:
    """What parallel answers come to, whoever was first."""
    good = [answer for answer in found if 200 <= answer.status < 300]  # noqa: PLR2004 - success
    values: dict[str, set[str]] = {}
    for answer in good:
        for pointer, value in leaves(answer.json):
            values.setdefault(pointer, set()).add(str(value))
    return Answer(
        0, {}, {
            "statuses": sorted(answer.status for answer in found),
            "distinct": {pointer: len(each) for pointer, each in values.items()},
        }, "",
    )  # fmt: skip


READERS: Mapping[str, Callable[[Answer, str], Any]] = {
    "status": lambda answer, _: answer.status,
    "text": lambda answer, _: answer.text[:200],
    "header": header,
    "given": lambda answer, name: name in answer.headers,
    "has": lambda answer, pointer: at(answer.json, pointer) != ABSENT,
    "shown": lambda answer, _: known(answer),
    "order": lambda answer, pointer: order(answer.json, pointer),
}
