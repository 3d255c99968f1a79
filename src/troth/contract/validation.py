"""Validators over the contract's own schemas: compiled when first asked for, every violation, never an exception.

A request does not have to carry what only the server writes (``readOnly``), a response not what only the client
writes (``writeOnly``): each direction has its own reading of ``required``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import jsonschema_rs

from troth.contract.directions import narrowed
from troth.contract.model import Contract
from troth.contract.pointers import escape, reference
from troth.contract.sentences import closest_branch, describe
from troth.errors import DocumentError

__all__ = ["Direction", "Validator", "Validators", "Violation", "validators"]

Direction = Literal["request", "response"]

_BASE = "urn:troth:contract"
_UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError)
_DEEPEST = 200
_UNKNOWN = ("additionalProperties", "unevaluatedProperties")


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a value: where (a JSON Pointer into it), which keyword, a sentence, and the part itself.

    ``location`` and ``name`` are set for parameters only. ``rule`` points to the keyword in the contract, behind every
    reference; for a property that is missing or not known it ends with that property.
    """

    pointer: str
    keyword: str
    message: str
    value: Any = None
    location: str | None = None
    name: str | None = None
    rule: str = ""


class Validator:
    """One schema in one direction."""

    __slots__ = ("_accepts", "_compiled", "_schema")

    def __init__(self, compiled: jsonschema_rs.Draft202012Validator, schema: Any) -> None:
        self._compiled = compiled
        self._accepts = compiled.is_valid
        self._schema = schema

    def is_valid(self, value: Any) -> bool:
        """Whether the value fits. Text that is not Unicode does not."""
        try:
            return self._accepts(value)
        except _UNREADABLE:
            return False

    def violations(self, value: Any) -> list[Violation]:
        """Everything that is wrong with the value; empty when it fits."""
        try:
            if self._accepts(value):
                return []
            errors = list(self._compiled.iter_errors(value))
        except _UNREADABLE as problem:
            unfit = list(_unfit(value, ""))
            return unfit or [Violation("", "type", f"the value cannot be read as JSON: {problem!s:.120}")]
        found = (violation for error in errors for violation in _violations(error))
        return list({(one.pointer, one.keyword, one.message): one for one in found}.values())


class Validators:
    """The validators of one contract, each compiled once."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._registries: dict[str, jsonschema_rs.Registry] = {}
        self._compiled: dict[tuple[str, str], Validator] = {}

    def at(self, pointer: str, direction: Direction) -> Validator:
        """The validator of the schema at a pointer. Raises DocumentError when no schema stands there."""
        key = (pointer, direction)
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = self._compile(pointer, direction)
        return found

    def _compile(self, pointer: str, direction: Direction) -> Validator:
        try:
            schema = self._contract.node(pointer)
            compiled = jsonschema_rs.Draft202012Validator(
                {"$ref": _BASE + reference(pointer)},
                registry=self._registry(direction),
                validate_formats=True,
                offline=True,
            )
        except KeyError:
            raise DocumentError("no schema stands here", self._contract.locate(pointer)) from None
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as problem:
            message = getattr(problem, "message", str(problem))
            raise DocumentError(
                f"the schema cannot be used: {message}", self._contract.locate(pointer)
            ) from None
        return Validator(compiled, schema)

    def _registry(self, direction: Direction) -> jsonschema_rs.Registry:
        if direction not in self._registries:
            document = narrowed(self._contract.document, direction)
            if document is self._contract.document and self._registries:
                self._registries[direction] = next(iter(self._registries.values()))
            else:
                self._registries[direction] = jsonschema_rs.Registry([(_BASE, dict(document))])
        return self._registries[direction]


def validators(contract: Contract) -> Validators:
    """The validators of a contract; make them once and keep them, they cache what they compile."""
    return Validators(contract)


def _violations(error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    """The violations behind one error: one a name when names are missing or unknown, a choice's closest branch."""
    kind: Any = error.kind
    keyword: str = kind.name
    at = "".join(f"/{escape(step)}" for step in error.instance_path)
    rule = "".join(f"/{escape(step)}" for step in error.schema_path)
    part = error.instance
    if keyword == "required":
        name = kind.property
        told = f"the property {name!r} is missing"
        yield Violation(f"{at}/{escape(name)}", keyword, told, rule=f"{rule}/{escape(name)}")
    elif keyword in _UNKNOWN:
        for name in kind.unexpected:
            found = part.get(name) if isinstance(part, dict) else None
            told = f"the property {name!r} is not known"
            yield Violation(f"{at}/{escape(name)}", keyword, told, found, rule=f"{rule}/{escape(name)}")
    elif keyword in ("anyOf", "oneOf") and (branch := closest_branch(kind, at)) is not None:
        for inner in branch:
            yield from _violations(inner)
    else:
        yield Violation(at, keyword, describe(error), part, rule=rule)


def _unfit(value: Any, pointer: str, depth: int = 0) -> Iterator[Violation]:
    """What in a value has no JSON form: text with half of a surrogate pair, a name that is not text."""
    if depth > _DEEPEST:
        yield Violation("", "type", f"the value is nested more than {_DEEPEST} levels deep")
    elif isinstance(value, dict):
        for name, below in value.items():
            if not _is_text(name):
                yield Violation(pointer, "type", "a property name is not Unicode text")
            else:
                yield from _unfit(below, f"{pointer}/{escape(name)}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, below in enumerate(value):
            yield from _unfit(below, f"{pointer}/{index}", depth + 1)
    elif isinstance(value, str):
        if not _is_text(value):
            yield Violation(pointer, "type", "the text is not Unicode: it holds half of a surrogate pair")
    elif not isinstance(value, int | float | None):
        yield Violation(pointer, "type", f"a {type(value).__name__} has no JSON form")


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
