"""A request's parameters by the contract: found, deserialised by style, coerced by schema, checked, defaulted.

A :class:`ParameterReader` is compiled once an operation. Reading never raises: whatever is wrong comes back as
violations with the parameter's location and name.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from troth.contract.coercion import Coercion
from troth.contract.model import Contract, Operation, Parameter
from troth.contract.retrieval import ConflictError, RequestParts, retrieval
from troth.contract.sentences import shown
from troth.contract.styles import Raw
from troth.contract.validation import Validators, Violation

__all__ = ["ParameterReader", "compile_parameters"]

Values = dict[tuple[str, str], Any]
_ABSENT: Any = object()
_CACHED = 256
_EXPECTED = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "null": "null"}


class _Field:
    """One parameter, compiled: where its text is found, how it is read, and what it must be."""

    __slots__ = (
        "cache",
        "coercion",
        "default",
        "find",
        "key",
        "kind",
        "parameter",
        "required",
        "types",
        "validators",
    )

    def __init__(self, parameter: Parameter, coercion: Coercion, validators: Validators) -> None:
        self.parameter = parameter
        self.key = (parameter.location, parameter.name)
        self.required = parameter.required
        self.coercion = coercion
        pointer = parameter.schema_pointer
        reading = coercion.reading(pointer) if pointer is not None else None
        self.types = reading.types if reading is not None else {"string"}
        self.kind = "scalar" if parameter.content_type or reading is None else reading.kind
        self.validators = validators
        schema = parameter.schema
        self.default = schema.get("default", _ABSENT) if isinstance(schema, Mapping) else _ABSENT
        self.cache: dict[str, Any] = {}
        self.find = retrieval(parameter, self.kind, list(reading.properties) if reading is not None else [])

    def read(self, request: RequestParts, values: Values, violations: list[Violation]) -> None:
        try:
            raw = self.find(request)
        except ValueError as problem:
            violations.append(
                self.violation("duplicate" if isinstance(problem, ConflictError) else "style", str(problem))
            )
            return
        if raw is None:
            self.absent(values, violations)
            return
        if type(raw) is str:
            found = self.cache.get(raw, _ABSENT)
            if found is not _ABSENT:
                values[self.key] = found
                return
        self.present(raw, values, violations)

    def absent(self, values: Values, violations: list[Violation]) -> None:
        if self.required:
            message = f"the {self.parameter.location} parameter {self.parameter.name!r} is missing"
            violations.append(self.violation("required", message))
        elif self.default is not _ABSENT:
            default = self.default
            values[self.key] = copy.deepcopy(default) if isinstance(default, dict | list) else default

    def present(self, raw: Raw, values: Values, violations: list[Violation]) -> None:
        if self.parameter.content_type is not None:
            value = self.content(raw, violations)
            if value is _ABSENT:
                return
        else:
            value = self.coercion.coerce(raw, self.parameter.schema_pointer)
        pointer = self.parameter.schema_pointer
        found = self.validators.at(pointer, "request").violations(value) if pointer is not None else []
        if found:
            violations += [self.placed(one, value) for one in found]
            if all(one.keyword != "type" for one in found):
                values[self.key] = value
            return
        values[self.key] = value
        if (
            type(raw) is str
            and not isinstance(value, dict | list)
            and len(self.cache) < _CACHED
            and len(raw) < _CACHED
        ):
            self.cache[raw] = value

    def content(self, raw: Raw, violations: list[Violation]) -> Any:
        """The value of a ``content`` parameter: JSON is parsed, any other media type stays text."""
        media = str(self.parameter.content_type).partition(";")[0].strip().lower()
        if media != "application/json" and not media.endswith("+json"):
            return raw
        try:
            return orjson.loads(raw)
        except ValueError as problem:
            violations.append(self.violation("content", f"{shown(raw)} is not JSON: {problem}", raw))
            return _ABSENT

    def placed(self, found: Violation, value: Any) -> Violation:
        """A violation of this parameter; text that should have been something else is called by its own name."""
        message = found.message
        expected = [
            _EXPECTED[name] for name in ("integer", "number", "boolean", "null") if name in self.types
        ]
        if found.keyword == "type" and not found.pointer and isinstance(value, str) and expected:
            message = f"{shown(value)} is not {' or '.join(expected)}"
        return replace(found, message=message, location=self.parameter.location, name=self.parameter.name)

    def violation(self, keyword: str, message: str, value: Any = None) -> Violation:
        return Violation("", keyword, message, value, self.parameter.location, self.parameter.name)


class ParameterReader:
    """Reads the parameters of one operation."""

    def __init__(self, fields: Sequence[_Field]) -> None:
        self._fields = tuple(fields)
        queries = [f for f in fields if f.parameter.location == "query"]
        self._names = {f.parameter.name for f in queries}
        self._deep = tuple(f"{f.parameter.name}[" for f in queries if f.parameter.style == "deepObject")
        for found in queries:
            reading = found.parameter.schema_pointer and found.coercion.reading(
                found.parameter.schema_pointer
            )
            if (
                found.kind == "object"
                and found.parameter.style == "form"
                and found.parameter.explode
                and reading
            ):
                self._names |= set(reading.properties)

    def read(
        self,
        path: Mapping[str, str],
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        *,
        raw_query: str = "",
    ) -> tuple[Values, list[Violation]]:
        """The values by (location, name), and everything that is wrong.

        A value of the right type that breaks another rule, a maximum say, is among the values all the same: a
        lenient caller goes on with it.

        ``query`` is decoded, header names are in lower case. With ``raw_query``, the text as sent, a delimiter
        that was percent-encoded stays inside its list item.
        """
        request = RequestParts(path, query, headers, raw_query)
        values: Values = {}
        violations: list[Violation] = []
        for compiled in self._fields:
            compiled.read(request, values, violations)
        return values, violations

    def unknown(self, query: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """The query parameter names that the operation does not declare, in order, each once."""
        return tuple(
            dict.fromkeys(
                name
                for name, _ in query
                if name not in self._names and not (self._deep and name.startswith(self._deep))
            )
        )


def compile_parameters(contract: Contract, validators: Validators, operation: Operation) -> ParameterReader:
    """The reader of an operation's parameters; make it once and keep it."""
    coercion = Coercion(contract, validators)
    return ParameterReader([_Field(parameter, coercion, validators) for parameter in operation.parameters])
