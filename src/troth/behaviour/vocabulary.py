"""The words of ``x-behaviour``: every one is checked against ``spec/behaviour.schema.json``, which documents them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from troth.behaviour.places import SCOPES, Place, Scope, extensions
from troth.contract import shipped
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.errors import did_you_mean
from troth.findings import Finding

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

__all__ = ["check_vocabulary", "keywords", "schema_of", "vocabulary", "vocabulary_table"]

_WORDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}
_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
}
_WHERE: Mapping[Scope, str] = {
    "root": "the document's root",
    "resource": "a schema of rows",
    "property": "a property",
    "operation": "an operation",
}
_CONSUMERS = ("mock", "conformance", "diff")


@cache
def vocabulary() -> Mapping[str, Any]:
    """The schema of the vocabulary as it is shipped."""
    found: Mapping[str, Any] = json.loads((shipped().spec / "behaviour.schema.json").read_text("utf-8"))
    return found


def schema_of(scope: Scope) -> dict[str, Any]:
    """The schema of what ``x-behaviour`` holds at one of its places."""
    return {"$schema": vocabulary()["$schema"], "$ref": f"#/$defs/{scope}", "$defs": vocabulary()["$defs"]}


def keywords(scope: Scope) -> Mapping[str, Any]:
    """The keywords of one place with their schemas."""
    found: Mapping[str, Any] = vocabulary()["$defs"][scope]["properties"]
    return found


@cache
def _compiled(scope: Scope) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema_of(scope))


def check_vocabulary(contract: Contract) -> list[Finding]:
    """What is wrong with the words of each ``x-behaviour``, by file and line; empty when nothing is."""
    found = [finding for place in extensions(contract) for finding in _check(contract, place)]
    return sorted(found, key=place_in_text)


def place_in_text(finding: Finding) -> tuple[str, int, str]:
    """A sort key: document, line, pointer."""
    at = finding.location
    return (at.document, at.line or 0, at.pointer) if at else ("", 0, "")


def _check(contract: Contract, place: Place) -> Iterator[Finding]:
    if place.scope is None:
        legal = ", ".join(_WHERE.values())
        yield _finding(
            contract,
            place.pointer,
            "misplaced-behaviour",
            f"x-behaviour has no meaning here; it belongs to {legal} below paths and components.",
            found=place.pointer.rpartition("/")[0] or "/",
            expected=legal,
        )
        return
    try:
        if _compiled(place.scope).is_valid(place.value):
            return
    except ValueError:  # nested beyond the validator's limit, or half a surrogate pair
        pass
    yield from _explained(contract, place, place.scope)


def _explained(contract: Contract, place: Place, scope: Scope) -> Iterator[Finding]:
    # jsonschema costs 60 ms to import and is needed for its error tree only: never on the way to a running mock.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    explained = False
    try:
        for error in Draft202012Validator(schema_of(scope)).iter_errors(place.value):
            for finding in _sentences(contract, place.pointer, scope, error):
                explained = True
                yield finding
    except RecursionError:
        pass
    if not explained:
        message = "this is nested too deeply, or holds text that is not Unicode."
        yield _finding(contract, place.pointer, "unreadable-behaviour", message, found=None, expected=None)


def _sentences(contract: Contract, start: str, scope: Scope, error: ValidationError) -> Iterator[Finding]:
    """The findings of one error: one a name when names are unknown or missing."""
    at = join(start, *error.absolute_path)
    schema: Mapping[str, Any] = error.schema
    keyword = str(error.validator)
    if keyword == "additionalProperties" and isinstance(error.instance, Mapping):
        known = list(schema.get("properties") or ())
        for name in error.instance:
            if name not in known:
                yield _unknown(contract, join(at, name), name, known, scope if at == start else None)
    elif keyword == "required":
        for name in error.validator_value:
            if name not in error.instance:
                message = f"{name!r} is missing here."
                yield _finding(
                    contract, at, "missing-keyword", message, found=list(error.instance), expected=name
                )
    else:
        if "propertyNames" in error.absolute_schema_path:
            at = join(at, error.instance)
        yield _refused(contract, at, keyword, error)


def _unknown(contract: Contract, at: str, name: str, known: list[str], scope: Scope | None) -> Finding:
    hint = did_you_mean(name, known)
    if not hint and scope is not None:
        others = [_WHERE[other] for other in SCOPES if other != scope and name in keywords(other)]
        hint = f" It is a keyword of {' and of '.join(others)}." if others else ""
    where = f" of {_WHERE[scope]}" if scope else ""
    if not hint:
        hint = f" Known{where} are {', '.join(sorted(known))}."
    return _finding(
        contract, at, "unknown-keyword", f"unknown keyword {name!r}.{hint}", found=name, expected=known
    )


def _refused(contract: Contract, at: str, keyword: str, error: ValidationError) -> Finding:
    """A value that is not what its keyword takes."""
    value, expected = error.instance, error.validator_value
    shown = f"{value!r:.80}"
    if keyword == "type":
        kinds = [expected] if isinstance(expected, str) else list(expected)
        wanted = " or ".join(_TYPES[kind] for kind in kinds)
        word = "null" if value is None else _WORDS[type(value)]
        message = (
            f"expected {wanted}, found {word}{'' if value is None or value in ({}, []) else f' ({shown})'}."
        )
        return _finding(contract, at, "wrong-type", message, found=value, expected=kinds)
    if keyword == "enum":
        hint = did_you_mean(str(value), expected) or f" It can be {', '.join(map(str, expected))}."
        return _finding(
            contract, at, "unknown-value", f"unknown word {shown}.{hint}", found=value, expected=expected
        )
    about = error.schema.get("description") or ""
    examples = error.schema.get("examples") or ()
    hint = f" Expected: {about}" if about else f" {error.message}."
    hint += f" For example {examples[0]!r}." if examples else ""
    return _finding(
        contract, at, "wrong-form", f"{shown} does not fit.{hint}", found=value, expected=expected
    )


def _finding(contract: Contract, at: str, name: str, message: str, *, found: Any, expected: Any) -> Finding:
    evidence = {"found": found, "expected": expected}
    return Finding(name, "error", message, location=contract.locate(at), evidence=evidence)


def vocabulary_table() -> str:
    """Every keyword as Markdown: a table for each of the four places, and one of the kinds of value."""
    tables = [*(line for scope in SCOPES for line in _table(scope)), *_kinds_of_value()]
    return "\n".join(tables)


def _kinds_of_value() -> Iterator[str]:
    yield "### Kinds of value"
    yield ""
    yield "| kind | meaning |"
    yield "|---|---|"
    for name, schema in vocabulary()["$defs"].items():
        if name not in SCOPES:
            words = schema.get("enum") or schema.get("then", {}).get("enum") or ()
            listed = f" One of {', '.join(f'`{word}`' for word in words)}." if words else ""
            yield f"| {name} | {_cell(_meaning(schema) + listed)} |"
    yield ""


def _table(scope: Scope) -> Iterator[str]:
    yield f"### {vocabulary()['$defs'][scope]['title']}"
    yield ""
    yield "| keyword | value | meaning | mock | conformance | diff |"
    yield "|---|---|---|---|---|---|"
    for name, schema in keywords(scope).items():
        consumers = schema.get("x-consumers") or {}
        does = " | ".join(_cell(consumers.get(word, "")) for word in _CONSUMERS)
        yield f"| `{name}` | {_cell(_value(schema))} | {_cell(_meaning(schema))} | {does} |"
        for path, inner in _inner(name, schema):
            yield f"| `{path}` | {_cell(_value(inner))} | {_cell(_meaning(inner))} | | | |"
    yield ""


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema together with the definition that it refers to; its own words win."""
    reference = schema.get("$ref")
    return {**vocabulary()["$defs"][reference.rpartition("/")[2]], **schema} if reference else schema


def _inner(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inner in (schema.get("properties") or {}).items():
        yield f"{path}.{name}", inner
        yield from _inner(f"{path}.{name}", inner)
    rest = schema.get("additionalProperties")
    if isinstance(rest, Mapping):
        yield from _inner(f"{path}.*", rest)


def _meaning(schema: Mapping[str, Any]) -> str:
    found = _resolved(schema)
    default = f" Default `{json.dumps(found['default'])}`." if "default" in found else ""
    examples = found.get("examples") or ()
    example = f" Example `{json.dumps(examples[0])}`." if examples else ""
    return f"{found.get('description', '')}{default}{example}"


def _value(schema: Mapping[str, Any]) -> str:
    found = _resolved(schema)
    if "$ref" in found:
        return str(found["$ref"]).rpartition("/")[2]
    if "enum" in found:
        return ", ".join(f"`{word}`" for word in found["enum"])
    kinds = found.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
