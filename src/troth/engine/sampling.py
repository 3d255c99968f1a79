"""Values that satisfy a schema: examples first, then the smallest value that the keywords allow.

Used for responses of operations whose behaviour nobody described, for ``Prefer: dynamic=true`` and for fields that
the API must show but nobody wrote.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.engine.scalars import number, string

__all__ = ["Sampler"]

#: Where optional members and items stop, and where required ones do: a schema that requires itself has no value.
_DEPTH = 6
_FLOOR = 24
#: How many objects one sample has with their optional members: types that hold each other multiply.
_OBJECTS = 300
_MOST = 50
_BOUNDS = {
    "minimum": max,
    "exclusiveMinimum": max,
    "minLength": max,
    "minItems": max,
    "maximum": min,
    "exclusiveMaximum": min,
    "maxLength": min,
    "maxItems": min,
}

Schema = Mapping[str, Any]


class Sampler:
    """Samples of one contract's schemas. ``rng`` None gives the same plain value every time.

    ``exemplary``: examples and defaults come before made values. ``sparse``: only what is required is there.
    """

    def __init__(
        self,
        contract: Contract,
        rng: random.Random | None = None,
        *,
        exemplary: bool = True,
        sparse: bool = False,
    ) -> None:
        self._contract = contract
        self._rng = rng
        self._exemplary = exemplary and rng is None
        self._sparse = sparse
        self._objects = 0

    def parts(self, pointer: str) -> list[tuple[str, Schema]]:
        """The schema at a pointer and all that must hold with it, each with its place."""
        try:
            at, schema = self._contract.follow(pointer)
        except KeyError:
            return []
        return list(self._parts(at, schema, 0)) if isinstance(schema, Mapping) else []

    @staticmethod
    def kind(parts: list[tuple[str, Schema]]) -> str:
        """The type of a value that all parts take."""
        return _kind([part for _, part in parts])

    def sample(self, pointer: str, depth: int = 0) -> Any:
        """One value for the schema at a pointer."""
        try:
            pointer, schema = self._contract.follow(pointer)
        except KeyError:
            return None
        if not isinstance(schema, Mapping) or depth > _FLOOR:
            return None
        given = self._given(schema)
        if given is not None:
            return given[0]
        parts = list(self._parts(pointer, schema, depth))
        for _, part in parts[1:]:
            inherited = self._given(part) if "properties" not in part else None
            if inherited is not None:
                return inherited[0]
        return self._made(parts, depth)

    def _parts(self, pointer: str, schema: Schema, depth: int) -> Iterator[tuple[str, Schema]]:
        """The schema, everything in its ``allOf``, and one branch of each alternative."""
        yield pointer, schema
        chosen = [join(pointer, "allOf", index) for index in range(len(schema.get("allOf") or ()))]
        for word in ("oneOf", "anyOf"):
            branches = schema.get(word)
            if isinstance(branches, list) and branches:
                chosen.append(join(pointer, word, self._pick(len(branches))))
        for place in chosen:
            try:
                at, part = self._contract.follow(place)
            except KeyError:
                continue
            if isinstance(part, Mapping) and depth <= _FLOOR:
                yield from self._parts(at, part, depth + 1)

    def _pick(self, count: int) -> int:
        return self._rng.randrange(count) if self._rng else 0

    def _given(self, schema: Schema) -> tuple[Any] | None:
        if "const" in schema:
            return (schema["const"],)
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return (schema["enum"][self._pick(len(schema["enum"]))],)
        if self._exemplary:
            for word in ("example", "default"):
                if word in schema:
                    return _told(schema[word], schema)
            if isinstance(schema.get("examples"), list) and schema["examples"]:
                return _told(schema["examples"][0], schema)
        return None

    def _made(self, parts: list[tuple[str, Schema]], depth: int) -> Any:
        """A value for schemas that must all hold: keywords are laid over each other, the tightest bound wins."""
        merged: dict[str, Any] = {}
        for _, part in parts:
            for word, value in part.items():
                tightest = _BOUNDS.get(word)
                merged[word] = tightest(merged[word], value) if tightest and word in merged else value
        kind = _kind([part for _, part in parts])
        if kind == "object":
            return self._object(parts, depth)
        if kind == "array":
            return self._array(parts, merged, depth)
        if kind in ("integer", "number"):
            return number(kind, merged, self._rng)
        if kind == "boolean":
            return bool(self._pick(2))
        return None if kind == "null" else string(merged, self._rng)

    def _object(self, parts: list[tuple[str, Schema]], depth: int) -> dict[str, Any]:
        places = {
            str(n): join(at, "properties", n) for at, part in parts for n in part.get("properties") or {}
        }
        required = {str(name) for _, part in parts for name in part.get("required") or ()}
        self._objects = self._objects + 1 if depth else 0
        wide = not self._sparse and depth < _DEPTH and self._objects < _OBJECTS
        names = [name for name in places if wide or name in required]
        made = {name: self.sample(places[name], depth + 1) for name in names}
        made |= {name: None for name in required if name not in places}
        return made | self._further(parts, len(made), depth)

    def _further(self, parts: list[tuple[str, Schema]], count: int, depth: int) -> dict[str, Any]:
        """Members with free names, as many as the object still needs."""
        least = max((int(part.get("minProperties", 0)) for _, part in parts), default=0)
        at = next((at for at, part in parts if isinstance(part.get("additionalProperties"), Mapping)), None)
        value = self.sample(join(at, "additionalProperties"), depth + 1) if at and least > count else "string"
        return {f"key{number}": value for number in range(count + 1, least + 1)}

    def _array(self, parts: list[tuple[str, Schema]], merged: Schema, depth: int) -> list[Any]:
        at = next((at for at, part in parts if "items" in part), None)
        least = int(merged.get("minItems", 0))
        wanted = max(least, 1) if depth < _DEPTH else least
        wanted = min(wanted, int(merged.get("maxItems", _MOST)), max(_MOST, least))
        if at is None:
            return [None] * least
        made = [self.sample(join(at, "items"), depth + 1) for _ in range(wanted)]
        return self._distinct(made, join(at, "items")) if merged.get("uniqueItems") else made

    def _distinct(self, made: list[Any], items: str) -> list[Any]:
        """The items without repetitions; further members of an enumeration stand in for repeated ones."""
        _, schema = self._contract.follow(items)
        others = list(schema.get("enum") or ()) if isinstance(schema, Mapping) else []
        found: list[Any] = []
        for item in made:
            chosen = next((value for value in [item, *others] if value not in found), None)
            if chosen is not None:
                found.append(chosen)
        return found


def _told(example: Any, schema: Schema) -> tuple[Any] | None:
    """An example in the type that its schema asks for, which YAML makes a number of ``0123``; None of another one."""
    named = schema.get("type")
    kinds = {named} if isinstance(named, str) else set(named) if isinstance(named, list) else set[Any]()
    own = _kinds_of(example)
    if not kinds or own & kinds:
        return (example,)
    if "string" in kinds and own & {"integer", "number"}:
        return (str(example),)
    if "boolean" in kinds and example in (0, 1, "true", "false"):
        return (example in (1, "true"),)
    if isinstance(example, str) and kinds & {"integer", "number"} and re.fullmatch(r"-?\d{1,15}", example):
        return (int(example),)
    return None


def _kinds_of(value: Any) -> set[str]:
    """The types that a value has (JSON Schema 2020-12, 4.2.1: a number without a fraction is an integer)."""
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int | float):
        return {"number", "integer"} if value % 1 == 0 else {"number"}
    names: dict[type, str] = {str: "string", list: "array", dict: "object", type(None): "null"}
    return {name for kind, name in names.items() if isinstance(value, kind)}


def _kind(parts: list[Schema]) -> str:
    """The type of a value that all parts take: the first one named, null only where nothing else is allowed."""
    for part in parts:
        named = part.get("type")
        if isinstance(named, list):
            return next((str(kind) for kind in named if kind != "null"), "null")
        if isinstance(named, str):
            return named
    return "object" if any("properties" in part for part in parts) else "string"
