"""A list from its first page to its last, without trusting what the pages say about each other.

It needs nothing but Python's standard library, so that scripts carry it along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from troth.conformance.reproduction.answers import ABSENT, Answer, at

__all__ = ["walked"]

MOST = 80
NEXT = re.compile(r"<([^>]*)>[^<]*rel=\"?[^\";,]*\bnext\b")


def walked(ask: Callable[[Mapping[str, Any]], Answer], step: Mapping[str, Any]) -> Answer:
    """Every page that ``walk`` leads to as one answer; the one that is no success, where there is such a page.

    ``items`` is where the rows of a page are, ``style`` page, offset, cursor, links or none, ``size`` and ``position``
    the parameters, ``of`` how many rows a page shall have, ``first`` where the first page begins, ``next`` where a
    cursor is, ``total`` where a page says how many rows there are, ``most`` how many pages are enough.
    """
    about = step["walk"]
    found: list[Any] = []
    bodies: list[Any] = []
    position, ended, answer = about.get("first"), False, Answer(0, {}, None, "")
    while not ended and len(bodies) < about.get("most", MOST):
        answer = ask({**step, "path": turned(step["path"], about, position)})
        page = at(answer.json, about["items"])
        if not 200 <= answer.status < 300 or not isinstance(page, list):  # noqa: PLR2004 - success
            return answer
        found += page
        bodies.append(answer.json)
        position = after(about, answer, position, len(page))
        ended = not page or position is None or is_last(about, answer, len(page), len(found))
    shown = {"walked": found, "pages": bodies, "ended": ended}
    return Answer(answer.status, answer.headers, shown, f"{len(found)} rows on {len(bodies)} pages")


def turned(path: str, about: Mapping[str, Any], position: Any) -> str:
    """The path with what asks for one page."""
    if about["style"] == "links" and position is not None:
        return f"{path.partition('?')[0]}?{urlsplit(str(position)).query}"
    asked = [(about["size"], about["of"])] if about.get("size") else []
    starts = about["style"] not in ("page", "offset") and position == about.get("first")
    asked += [(about["position"], position)] if about.get("position") and not starts else []
    told = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in asked)
    return path + ("&" if "?" in path else "?") * bool(told) + told


def after(about: Mapping[str, Any], answer: Answer, position: Any, count: int) -> Any:
    """Where the next page begins; None when there is none."""
    if about["style"] in ("page", "offset") and about.get("position"):
        return position + (1 if about["style"] == "page" else count)
    if about["style"] not in ("cursor", "links"):
        return None
    found = at(answer.json, about["next"]) if about.get("next") else ABSENT
    if about.get("link") and found in (None, ABSENT):
        link = NEXT.search(answer.headers.get("link", ""))
        found = link[1] if link else None
    if about["style"] == "cursor" and about.get("link") and isinstance(found, str):
        return dict(parse_qsl(urlsplit(found).query)).get(about["position"])
    return None if found in (None, ABSENT) else str(found)


def is_last(about: Mapping[str, Any], answer: Answer, count: int, found: int) -> bool:
    """Whether a short page ends the walk: not while the total promises more (the size may have been ignored)."""
    if about["style"] in ("cursor", "links") or not about.get("of"):
        return False
    total = at(answer.json, about["total"]) if about.get("total") else None
    return count < about["of"] and not (isinstance(total, int) and found < total)
