"""Schemas with everything about texts spelt out that follows from what they say, so that containment can see it.

Two schemas are read together. Wherever one of them speaks of texts, the patterns, lengths and formats that either names
and that follow from what stands there are added. No value is admitted or refused by that; but ``^ab`` then says ``^a``
as well, and a canonical form that knows nothing of patterns covers another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from troth.compatibility.automata import Undecided
from troth.compatibility.expansion import LISTS, MAPS, SINGLE
from troth.compatibility.regular import Irregular
from troth.compatibility.texts import INSIDE, Text, has_word, hindrance, implies, word_without

__all__ = ["reason_undecided", "saturated", "with_words"]

JSON = Any
Schema = Mapping[str, JSON]
MOST_PATTERNS = 24
MOST_WORDS = 24
MOST_LISTED = 200
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class _Named:
    """What two schemas name about texts, anywhere."""

    patterns: tuple[str, ...]
    keys: tuple[str, ...]
    leasts: tuple[int, ...]
    mosts: tuple[int, ...]
    formats: tuple[str, ...]
    lists: tuple[tuple[str, ...], ...]


def saturated(one: JSON, other: JSON) -> tuple[JSON, JSON] | None:
    """Both schemas with what follows from what they say; None where no pattern is involved, or nothing follows."""
    named = _named(one, other)
    if named is None:
        return None
    made = tuple(_Saturation(named, schema).schema(schema) for schema in (one, other))
    return None if made == (one, other) else (made[0], made[1])


def with_words(accepting: JSON, refusing: JSON) -> tuple[JSON, JSON]:
    """Both schemas with texts as ``examples`` that fit one of their patterns and not another."""
    named = _named(accepting, refusing)
    if named is None:
        return accepting, refusing
    words = list(islice(dict.fromkeys(_words(named, accepting, refusing)), MOST_WORDS))
    return _exemplified(accepting, words), _exemplified(refusing, words)


def reason_undecided(accepting: JSON, refusing: JSON) -> str:
    """Why the patterns of two schemas could not be compared; empty where it is not for them."""
    named = _named(accepting, refusing)
    known = _texts(accepting) if named else ()
    wanted = named.patterns if named else ()
    return next((why for text in known for pattern in wanted if (why := hindrance(text, pattern))), "")


def _words(named: _Named, accepting: JSON, refusing: JSON) -> Iterator[str]:
    for texts in (_texts(accepting), _texts(refusing), (Text(),)):
        for text in texts:
            for pattern in (*named.patterns, *named.keys):
                try:
                    word = word_without(text, pattern)
                except (Irregular, Undecided):
                    continue
                if word is not None:
                    yield word


def _named(one: JSON, other: JSON) -> _Named | None:
    """What is named in either schema; None without a pattern. Of very many patterns only those of one side count."""
    found = [list(_subschemas(schema)) for schema in (one, other)]
    sides = [
        dict.fromkeys(s["pattern"] for s in schemas if isinstance(s.get("pattern"), str)) for schemas in found
    ]
    every = [schema for schemas in found for schema in schemas]
    keys = dict.fromkeys(key for s in every for key in _mapping(s, "patternProperties"))
    patterns = tuple({**sides[0], **sides[1]})
    if len(patterns) > MOST_PATTERNS:
        patterns = tuple(
            pattern for pattern in patterns if (pattern in sides[0]) is not (pattern in sides[1])
        )
    if not (patterns or keys) or max(len(patterns), len(keys)) > MOST_PATTERNS:
        return None
    return _Named(
        patterns,
        tuple(keys),
        tuple(sorted({s["minLength"] for s in every if _is_count(s.get("minLength"))})),
        tuple(sorted({s["maxLength"] for s in every if _is_count(s.get("maxLength"))})),
        tuple(sorted({s["format"] for s in every if s.get("format") in INSIDE})),
        tuple(dict.fromkeys(tuple(s["enum"]) for s in every if _lists_texts(s.get("enum")))),
    )


def _lists_texts(value: JSON) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= MOST_LISTED
        and all(isinstance(one, str) for one in value)
    )


def _is_count(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _mapping(schema: Schema, keyword: str) -> Schema:
    found = schema.get(keyword)
    return found if isinstance(found, Mapping) else {}


def _subschemas(schema: JSON) -> Iterator[Schema]:
    if not isinstance(schema, Mapping):
        return
    yield schema
    for keyword, value in schema.items():
        if keyword in MAPS and isinstance(value, Mapping):
            for part in value.values():
                yield from _subschemas(part)
        elif keyword in LISTS and isinstance(value, list):
            for part in value:
                yield from _subschemas(part)
        elif keyword in SINGLE:
            yield from _subschemas(value)


def _texts(schema: JSON) -> tuple[Text, ...]:
    """The texts that a schema and its parts speak of."""
    root = schema if isinstance(schema, Mapping) else {}
    found = (_text(part, root) for part in _subschemas(schema))
    return tuple(dict.fromkeys(text for text in found if text is not None))


def _text(schema: Schema, root: Schema) -> Text | None:
    """What a schema says about texts, together with all that must hold beside it; None where it says nothing."""
    parts = list(_conjuncts(schema, root))
    text = Text(
        frozenset(part["pattern"] for part in parts if isinstance(part.get("pattern"), str)),
        frozenset(part["format"] for part in parts if isinstance(part.get("format"), str)),
        max((part["minLength"] for part in parts if _is_count(part.get("minLength"))), default=0),
        min((part["maxLength"] for part in parts if _is_count(part.get("maxLength"))), default=None),
    )
    return None if text == Text() else text


def _conjuncts(schema: Schema, root: Schema, depth: int = 0) -> Iterator[Schema]:
    yield schema
    if depth > DEEPEST:
        return
    listed = schema.get("allOf")
    parts = list(listed) if isinstance(listed, list) else []
    if isinstance(schema.get("$ref"), str):
        parts.append(_mapping(root, "$defs").get(schema["$ref"].removeprefix("#/$defs/")))
    for part in parts:
        if isinstance(part, Mapping):
            yield from _conjuncts(part, root, depth + 1)


class _Saturation:
    """One schema, read with all that either names."""

    def __init__(self, named: _Named, root: JSON) -> None:
        self._named = named
        self._root: Schema = root if isinstance(root, Mapping) else {}

    def schema(self, schema: JSON) -> JSON:
        if not isinstance(schema, Mapping):
            return schema
        if "pattern" in schema and _takes_everything(schema["pattern"]):
            schema = {keyword: value for keyword, value in schema.items() if keyword != "pattern"}
        text = _text(schema, self._root)
        made = {keyword: self._value(keyword, value) for keyword, value in schema.items()}
        if isinstance(schema.get("patternProperties"), Mapping):
            made["patternProperties"] = self._keys(made["patternProperties"])
        more = list(self._following(text)) if text is not None else []
        if text is not None and text.patterns and schema.get("type") in ("string", ["string"]):
            more += [{"enum": list(one)} for one in self._named.lists if implies(text, _one_of(one))]
        if more:
            made["allOf"] = [*made.get("allOf", ()), *more]
        return made

    def _value(self, keyword: str, value: JSON) -> JSON:
        if keyword in MAPS and isinstance(value, Mapping):
            return {name: self.schema(part) for name, part in value.items()}
        if keyword in LISTS and isinstance(value, list):
            return [self.schema(part) for part in value]
        return self.schema(value) if keyword in SINGLE else value

    def _following(self, text: Text) -> Iterator[dict[str, JSON]]:
        """What is named somewhere and follows here."""
        if text.patterns and not has_word(text):
            yield {"not": {"type": "string"}}
            return
        for pattern in self._named.patterns:
            if pattern not in text.patterns and implies(text, pattern):
                yield {"pattern": pattern}
        if text.patterns:
            yield from self._bounds(text)

    def _bounds(self, text: Text) -> Iterator[dict[str, JSON]]:
        """The lengths and formats that follow from patterns."""
        for name in self._named.formats:
            if name not in text.formats and implies(text, INSIDE[name]):
                yield {"format": name}
        for least in self._named.leasts:
            if least > text.least and implies(text, rf"^[\s\S]{{{least}}}"):
                yield {"minLength": least}
        for most in self._named.mosts:
            if (text.most is None or most < text.most) and implies(text, rf"^[\s\S]{{0,{most}}}$"):
                yield {"maxLength": most}

    def _keys(self, keys: Schema) -> dict[str, JSON]:
        """The patterns of names, each with what the wider ones ask for as well."""
        made = dict(keys)
        for name in self._named.keys:
            wider = [part for key, part in keys.items() if key != name and _is_within(name, key)]
            if wider:
                own = [made[name]] if name in made else []
                made[name] = {"allOf": [*own, *wider]}
        return made


def _takes_everything(pattern: JSON) -> bool:
    """Whether a pattern such as ``.*`` says nothing."""
    return isinstance(pattern, str) and implies(Text(), pattern)


def _one_of(words: tuple[str, ...]) -> str:
    """The pattern of some words and nothing else."""
    return f"^(?:{'|'.join(re.sub(r'([^A-Za-z0-9])', _escaped, word) for word in words)})$"


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{{{ord(found[1]):x}}}"


def _is_within(name: str, key: str) -> bool:
    return implies(Text(frozenset({name})), key)


def _exemplified(schema: JSON, words: list[str]) -> JSON:
    if not isinstance(schema, Mapping):
        return schema
    made: dict[str, JSON] = {}
    for keyword, value in schema.items():
        if keyword in MAPS and isinstance(value, Mapping):
            made[keyword] = {name: _exemplified(part, words) for name, part in value.items()}
        elif keyword in LISTS and isinstance(value, list):
            made[keyword] = [_exemplified(part, words) for part in value]
        else:
            made[keyword] = _exemplified(value, words) if keyword in SINGLE else value
    if schema.keys() & {"pattern", "format"}:
        made["examples"] = words
    return made
