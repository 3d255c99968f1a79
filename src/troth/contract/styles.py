"""How a parameter's text becomes a structure of texts: the OpenAPI styles, each a small function.

A *raw* value is text, a list of raw values, or an object of raw values; what a text means is for
:mod:`troth.contract.coercion`. ``None`` means the parameter was not given; ValueError says what is malformed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, unquote_plus

__all__ = [
    "DELIMITERS",
    "Raw",
    "read_cookies",
    "read_deep_object",
    "read_delimited",
    "read_label",
    "read_matrix",
    "read_simple",
    "split_encoded",
]

Raw = Any

DELIMITERS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|", "simple": ","}
DEEPEST = 10
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_HIGHEST_INDEX = 1000


def read_simple(text: str, kind: str, *, explode: bool) -> Raw:
    """``a,b`` for a list; ``k,v`` or exploded ``k=v`` for an object (path and header)."""
    if kind == "array":
        return [part.strip() for part in text.split(",")] if text else []
    return _pairs(text.split(","), explode=explode) if kind == "object" else text


def read_label(text: str, kind: str, *, explode: bool) -> Raw:
    """The same after a dot; exploded members are separated by dots (path)."""
    if not text.startswith("."):
        raise ValueError("must start with '.'")
    if kind not in ("array", "object"):
        return text[1:]
    parts = text[1:].split("." if explode else ",")
    return parts if kind == "array" else _pairs(parts, explode=explode)


def read_matrix(text: str, name: str, kind: str, *, explode: bool) -> Raw:
    """``;name=a,b``; exploded ``;name=a;name=b`` for a list, ``;k=v;l=w`` for an object (path)."""
    if not text.startswith(";"):
        raise ValueError("must start with ';'")
    pairs = [part.partition("=")[::2] for part in text[1:].split(";")]
    if kind == "object" and explode:
        return dict(pairs)
    if any(key != name for key, _ in pairs):
        raise ValueError(f"must be written as ';{name}=...'")
    if kind == "array" and explode:
        return [value for _, value in pairs]
    value = pairs[0][1]
    if kind == "array":
        return value.split(",")
    return _pairs(value.split(","), explode=False) if kind == "object" else value


def read_delimited(values: Iterable[str], delimiter: str, kind: str) -> Raw:
    """``a,b`` or ``k,v,l,w`` with the delimiter of the style; a repeated name continues the list (query)."""
    parts = [part for value in values if value for part in value.split(delimiter)]
    return parts if kind == "array" else _pairs(parts, explode=False)


def read_deep_object(name: str, query: Sequence[tuple[str, str]]) -> Raw | None:
    """``name[a][b]=1`` as nested objects; ``[]`` and indices make lists, a repeated name too."""
    start = f"{name}["
    found: dict[str, Raw] = {}
    seen = False
    for key, value in query:
        if not key.startswith(start):
            continue
        seen = True
        steps = _BRACKETS.findall(key[len(name) :])
        if "".join(f"[{step}]" for step in steps) != key[len(name) :]:
            raise ValueError(f"{key!r} has brackets that do not match")
        if len(steps) > DEEPEST:
            raise ValueError(f"{key!r} is nested more than {DEEPEST} levels deep")
        _put(found, key, steps, value)
    return _listed(found) if seen else None


def _put(found: dict[str, Raw], key: str, steps: list[str], value: str) -> None:
    """``[]`` is kept as the member '' until :func:`_listed` knows all members."""
    for step in steps[:-1]:
        below = found.setdefault(step, {})
        if not isinstance(below, dict):
            raise ValueError(_both(key))  # noqa: TRY004 - the text is wrong, not a type of ours
        found = below
    last = steps[-1]
    if isinstance(found.get(last), dict):
        raise ValueError(_both(key))  # noqa: TRY004 - as above
    if last == "":
        found.setdefault("", [])
        found[""] += [value] if value else []
    elif last in found:
        earlier = found[last]
        found[last] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
    else:
        found[last] = value


def _both(key: str) -> str:
    return f"{key!r} is given both a value and members"


def _listed(found: Raw) -> Raw:
    if not isinstance(found, dict):
        return found
    if set(found) == {""}:
        inner = _listed(found[""])
        return inner if isinstance(inner, list) else [inner]
    members = {key: _listed(value) for key, value in found.items()}
    if members and all(key.isascii() and key.isdigit() and len(key) < 5 for key in members):  # noqa: PLR2004 - see below
        indices = sorted(members, key=int)
        if int(indices[-1]) < _HIGHEST_INDEX:  # longer lists are an attack, not a filter
            return [members[key] for key in indices]
    return members


def read_cookies(header: str) -> dict[str, list[str]]:
    """The cookies of a Cookie header by name, percent-decoded."""
    found: dict[str, list[str]] = {}
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(unquote(name), []).append(unquote(value.strip('"')))
    return found


def split_encoded(raw_query: str, name: str, delimiter: str) -> list[str] | None:
    """The parts of a delimited parameter as sent, so that an encoded delimiter stays inside its part.

    None when the raw query does not have the parameter. A space as delimiter is sent as ``%20`` or ``+`` anyway.
    """
    found: list[str] = []
    seen = False
    for pair in raw_query.split("&"):
        key, _, value = pair.partition("=")
        if unquote_plus(key) == name:
            seen = True
            found += [unquote_plus(part) for part in value.split(delimiter)] if value else []
    return found if seen else None


def _pairs(parts: list[str], *, explode: bool) -> Mapping[str, str]:
    if explode:
        if any("=" not in part for part in parts):
            raise ValueError("must be a list of name=value")
        return dict(part.partition("=")[::2] for part in parts)
    if parts in ([], [""]):
        return {}
    if len(parts) % 2:
        raise ValueError("must be a list of names and values in turn")
    return dict(zip(parts[::2], parts[1::2], strict=True))
