"""How a value becomes the text of a parameter or a form: the OpenAPI styles, written (``styles`` reads them)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from troth.contract.model import Parameter
from troth.contract.styles import DELIMITERS

__all__ = ["query_pairs", "text_of", "written"]

_Pairs = list[tuple[str, str]]


def written(parameter: Parameter, value: Any) -> str:
    """The text of a path, header or cookie parameter, not yet percent-encoded."""
    if parameter.content_type is not None:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    prefix, name, explode = _PREFIXES.get(parameter.style, ""), parameter.name, parameter.explode
    if prefix == ";":
        if isinstance(value, list) and explode:
            return "".join(f";{name}={text_of(item)}" for item in value)
        if isinstance(value, Mapping) and explode:
            return "".join(f";{key}={text_of(item)}" for key, item in value.items())
        return f";{name}={_joined(value, ',', explode=False)}"
    return prefix + _joined(value, "." if prefix and explode else ",", explode=explode)


def query_pairs(parameter: Parameter, value: Any) -> _Pairs:
    """The names and texts of a query parameter, or of a member of a form, not yet percent-encoded."""
    name = parameter.name
    if parameter.content_type is not None:
        return [(name, json.dumps(value, ensure_ascii=False, separators=(",", ":")))]
    if parameter.style == "deepObject" and isinstance(value, Mapping | list):
        return list(_deep(name, value))
    if isinstance(value, list) and parameter.explode:
        return [(name, text_of(item)) for item in value]
    if isinstance(value, Mapping) and parameter.explode:
        return [(key, text_of(item)) for key, item in value.items()]
    return [(name, _joined(value, DELIMITERS.get(parameter.style, ","), explode=False))]


_PREFIXES = {"label": ".", "matrix": ";"}


def _joined(value: Any, delimiter: str, *, explode: bool) -> str:
    if isinstance(value, list):
        return delimiter.join(map(text_of, value))
    if not isinstance(value, Mapping):
        return text_of(value)
    between = "=" if explode else delimiter
    return delimiter.join(f"{key}{between}{text_of(item)}" for key, item in value.items())


def _deep(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping | list):
        yield name, text_of(value)
        return
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        yield from _deep(f"{name}[{key}]", item)


def text_of(value: Any) -> str:
    """JSON's own spelling, also of what has no style of its own; null is written as nothing.

    Not with orjson, which knows whole numbers of 64 bits alone.
    """
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
