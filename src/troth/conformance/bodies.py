"""Request bodies from schemas and examples: valid ones, other valid ones, and ones that break a single rule."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troth.behaviour.clauses import writable_fields
from troth.behaviour.model import Binding
from troth.contract import Validators
from troth.contract.model import Contract, Media
from troth.contract.pointers import join

__all__ = ["Bodies", "Flaw", "json_media"]

_DEPTH = 6
_TEXTS: Mapping[str, str] = {
    "date": "2026-06-15",
    "date-time": "2026-06-15T09:30:00.000Z",
    "time": "09:30:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/here",
    "url": "https://example.com/here",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "3f2c8f0e-58a4-4a52-9d0a-5a2f0c6f1e77",
    "duration": "PT1H",
    "byte": "dHJvdGg=",
}
#: Tried in order where a pattern is given and no example fits it.
_GUESSES = (
    "12:30", "2026-06-15", "2026-06", "https://example.com/here", "USD", "usd", "US", "en", "en-US", "abc", "ABC", "a1",
    "A-1", "123", "12345", "1234567890", "12.50", "+15035550142", "#a1b2c3", "abc-def", "abc_def", "Europe/Paris",
    "someone@example.com", "1.0.0", "0123456789abcdef0123456789abcdef",
)  # fmt: skip
#: Fields that hold free words, so a number at the end makes them unique without breaking a hidden rule.
_WORDS = re.compile(
    r"(name|title|subject|description|notes?|label|summary|reference|memo|text)$", re.IGNORECASE
)


def json_media(binding: Binding) -> Media | None:
    """The JSON media type of an operation's body."""
    body = binding.operation.body
    return next((m for t, m in body.media.items() if "json" in t), None) if body else None


@dataclass(frozen=True, slots=True)
class Flaw:
    """A body or parameter value with one thing wrong, and what that is."""

    what: str
    value: Any


class Bodies:
    """Makes the bodies of one contract; ``nonce`` goes into everything that should be unique."""

    def __init__(self, contract: Contract, validators: Validators, nonce: str) -> None:
        self._contract = contract
        self._validators = validators
        self._nonce = nonce
        self._count = 0

    # -- valid bodies -----------------------------------------------------------------------------------------------

    def candidates(self, binding: Binding) -> list[Any]:
        """Valid bodies, the most telling first: the documented examples, everything optional, only the required."""
        media = json_media(binding)
        if media is None or media.schema_pointer is None:
            return [copy.deepcopy(example) for example in media.examples.values()] if media else []
        found = [copy.deepcopy(example) for example in media.examples.values()]
        found += [self.value(media.schema_pointer, full=full) for full in (True, False)]
        valid = self._validators.at(media.schema_pointer, "request").is_valid
        return [body for body in found if valid(body)]

    def required(self, binding: Binding) -> frozenset[str]:
        media = json_media(binding)
        if media is None or media.schema_pointer is None:
            return frozenset()
        return frozenset(self._required(media.schema_pointer))

    def is_valid(self, binding: Binding, body: Any) -> bool:
        media = json_media(binding)
        if media is None or media.schema_pointer is None:
            return True
        return self._validators.at(media.schema_pointer, "request").is_valid(body)

    def unique(self, binding: Binding, body: Any) -> Any:
        """The same body with a new number in its free words and in what the contract calls unique."""
        if not isinstance(body, Mapping):
            return body
        made = dict(body)
        fields = binding.resource.fields if binding.resource else {}
        self._count += 1
        for name, pointer in writable_fields(self._contract, binding).items():
            wanted = _WORDS.search(name) or (name in fields and fields[name].unique)
            if name in made and isinstance(made[name], str) and wanted:
                made[name] = self._numbered(made[name], pointer)
        return made

    def _numbered(self, text: str, pointer: str) -> str:
        stem = re.sub(r" ·[0-9a-f]+-\d+$", "", text)
        mark = f"{self._nonce}-{self._count}"
        for made in (f"{stem} ·{mark}", f"{mark}-{stem}", mark):
            if self._validators.at(pointer, "request").is_valid(made):
                return made
        return text

    def value(self, pointer: str, *, full: bool, depth: int = 0) -> Any:
        """One value for a schema; with ``full`` every optional property is there."""
        try:
            pointer, schema = self._contract.follow(pointer)
        except KeyError:
            return None
        if not isinstance(schema, Mapping):
            return None
        given = _given(schema)
        if given is not None and self._validators.at(pointer, "request").is_valid(given[0]):
            return copy.deepcopy(given[0])
        for word in ("oneOf", "anyOf"):
            for index, branch in enumerate(schema.get(word) or ()):
                if not (isinstance(branch, Mapping) and branch.get("type") == "null"):
                    return (
                        self.value(join(pointer, word, index), full=full, depth=depth + 1)
                        if depth < _DEPTH
                        else None
                    )
        return self._typed(pointer, schema, full=full, depth=depth)

    def _typed(self, pointer: str, schema: Mapping[str, Any], *, full: bool, depth: int) -> Any:
        kind = _type_of(schema)
        if kind == "object":
            return self._object(pointer, schema, full=full, depth=depth)
        if kind == "array":
            least = max(int(schema.get("minItems", 0)), 1 if full and depth < _DEPTH else 0)
            item = self.value(join(pointer, "items"), full=full, depth=depth + 1) if least else None
            return [copy.deepcopy(item) for _ in range(least)]
        if kind in ("integer", "number"):
            return _number(kind, schema)
        if kind == "boolean":
            return True
        return _string(schema) if kind in ("string", None) else None

    def _object(self, pointer: str, schema: Mapping[str, Any], *, full: bool, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for index in range(len(schema.get("allOf") or ())):
            part = self.value(join(pointer, "allOf", index), full=full, depth=depth)
            made |= part if isinstance(part, dict) else {}
        required = schema.get("required") or ()
        for name, inner in (schema.get("properties") or {}).items():
            hidden = isinstance(inner, Mapping) and inner.get("readOnly")
            if not hidden and (name in required or (full and depth < _DEPTH)):
                made[str(name)] = self.value(join(pointer, "properties", name), full=full, depth=depth + 1)
        return made

    def _required(self, pointer: str) -> set[str]:
        pointer, schema = self._contract.follow(pointer)
        found = set(schema.get("required") or ()) if isinstance(schema, Mapping) else set()
        for index in range(len(schema.get("allOf") or ()) if isinstance(schema, Mapping) else 0):
            found |= self._required(join(pointer, "allOf", index))
        return found

    # -- other valid values -----------------------------------------------------------------------------------------

    def others(self, pointer: str, value: Any) -> Iterator[Any]:
        """Valid values of a schema that differ from a given one."""
        is_valid = self._validators.at(pointer, "request").is_valid
        try:
            schema = self._contract.follow(pointer)[1]
        except KeyError:
            return
        for other in self._variants(pointer, schema if isinstance(schema, Mapping) else {}, value):
            if other != value and is_valid(other):
                yield other

    def _variants(self, pointer: str, schema: Mapping[str, Any], value: Any) -> Iterator[Any]:
        yield from schema.get("enum") or ()
        if isinstance(value, bool):
            yield not value
        elif isinstance(value, int | float):
            step = schema.get("multipleOf") or 1
            yield from (value + step, value - step, value / 2)
        elif isinstance(value, str):
            self._count += 1
            yield from (
                self._numbered(value, pointer),
                _later(value),
                f"{self._nonce}{self._count}",
                *_GUESSES,
            )
        elif isinstance(value, list) and value:
            yield from ([*value, copy.deepcopy(value[0])], value[:-1])
        plain = self.value(pointer, full=True)
        yield plain
        if isinstance(plain, str) and value is None:
            yield self._numbered(plain, pointer)

    # -- flaws ------------------------------------------------------------------------------------------------------

    def flaws(self, binding: Binding, body: Any) -> Iterator[Flaw]:
        """Bodies that are invalid for one reason each: a missing, a mistyped, a too long, too big, unlisted value."""
        media = json_media(binding)
        if media is None or media.schema_pointer is None or not isinstance(body, Mapping):
            return
        is_valid = self._validators.at(media.schema_pointer, "request").is_valid
        candidates = [
            Flaw(f"'{n}' is missing", {k: v for k, v in body.items() if k != n})
            for n in sorted(self.required(binding))
        ]
        for name, pointer in writable_fields(self._contract, binding).items():
            schema = self._contract.follow(pointer)[1]
            for flaw in _wrong(schema) if isinstance(schema, Mapping) else ():
                candidates.append(Flaw(f"'{name}' {flaw.what}", {**body, name: flaw.value}))
        candidates.append(Flaw("the body is a list", [body]))
        yield from (flaw for flaw in candidates if not is_valid(flaw.value))

    def parameter_flaws(self, schema_pointer: str, schema: Mapping[str, Any]) -> Iterator[Flaw]:
        """Texts that are no valid value of a scalar query parameter."""
        kind = _type_of(schema)
        found: list[Flaw] = []
        if kind in ("integer", "number"):
            found += [Flaw("is no number", "abc")]
            found += [Flaw("is below its minimum", schema["minimum"] - 1)] if "minimum" in schema else []
        if "enum" in schema and kind == "string":
            found += [Flaw("is none of the listed values", "no-such-value")]
        if kind == "boolean":
            found += [Flaw("is neither true nor false", "perhaps")]
        if schema.get("format") in ("uuid", "date", "date-time"):
            found += [Flaw(f"is no {schema['format']}", "not-one")]
        is_valid = self._validators.at(schema_pointer, "request").is_valid
        yield from (flaw for flaw in found if not is_valid(flaw.value))


def _given(schema: Mapping[str, Any]) -> tuple[Any] | None:
    if "const" in schema:
        return (schema["const"],)
    for word in ("example", "default"):
        if schema.get(word) is not None:
            return (schema[word],)
    for word in ("examples", "enum"):
        listed = schema.get(word)
        if isinstance(listed, list) and any(item is not None for item in listed):
            return (next(item for item in listed if item is not None),)
    return None


def _type_of(schema: Mapping[str, Any]) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = next((k for k in kind if k != "null"), "null")
    if kind is None and ("properties" in schema or "allOf" in schema):
        return "object"
    return str(kind) if kind is not None else None


def _number(kind: str, schema: Mapping[str, Any]) -> int | float:
    low, high = schema.get("minimum"), schema.get("maximum")
    step = schema.get("multipleOf") or 1
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + (
            step if kind == "integer" or "exclusiveMaximum" not in schema else 0.01
        )
    start = low if low is not None else min(1, high) if high is not None else 1
    start = max(start, 1) if high is None or high >= 1 else start
    found = -(-start // step) * step if schema.get("multipleOf") else start
    return int(found) if kind == "integer" else found


def _string(schema: Mapping[str, Any]) -> str:
    shape, pattern = str(schema.get("format")), schema.get("pattern")
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 10_000))
    candidates = [_TEXTS[shape]] if shape in _TEXTS else []
    candidates += [*_GUESSES] if pattern else ["some text"]
    for text in candidates:
        fitted = text if shape in _TEXTS or pattern else text.ljust(least, "x")[:most]
        if least <= len(fitted) <= most and (not pattern or _matches(pattern, fitted)):
            return fitted
    return candidates[0]


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _later(text: str) -> str:
    """The next day of a date or date-time, anything else as it is."""
    found = re.match(r"(\d{4}-\d\d-)(\d\d)(.*)$", text)
    return f"{found[1]}{int(found[2]) % 28 + 1:02d}{found[3]}" if found else text


def _wrong(schema: Mapping[str, Any]) -> Iterator[Flaw]:
    kind = _type_of(schema)
    if kind in ("string", "integer", "number", "boolean", "array", "object"):
        yield Flaw("has the wrong type", {"string": 12345, "object": "text"}.get(kind, {"not": "this"}))
    if "enum" in schema:
        yield Flaw("is none of the listed values", "no-such-value")
    if "maxLength" in schema and schema["maxLength"] <= _LONG:
        yield Flaw("is too long", "x" * (schema["maxLength"] + 1))
    if schema.get("minLength"):
        yield Flaw("is too short", "")
    if "minimum" in schema:
        yield Flaw("is below its minimum", schema["minimum"] - 1)
    if "exclusiveMinimum" in schema:
        yield Flaw("is at its exclusive minimum", schema["exclusiveMinimum"])
    if "maximum" in schema:
        yield Flaw("is above its maximum", schema["maximum"] + 1)
    if schema.get("format") in ("uuid", "date", "date-time", "email"):
        yield Flaw(f"is no {schema['format']}", "not one")
    if schema.get("minItems"):
        yield Flaw("has too few items", [])


_LONG = 20_000
