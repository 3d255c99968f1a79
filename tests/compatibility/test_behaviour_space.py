"""Every row of the table of behaviour, edited in every way that its measure knows, gives one finding of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from troth.behaviour.vocabulary import vocabulary
from troth.compatibility import compare, rules
from troth.compatibility.behaviours import CONCEPTS, Concept, behaviour_facts
from troth.compatibility.rules import rule_for

JSON = Any
ABSENT: Any = object()
AMOUNTS = ("2h", "3h")
VALUES = ("first", "second")
KNOWN = {"zz-known": True}
"""What stands beside an edited keyword on both sides, so that the map which holds it neither comes nor goes."""


@dataclass(frozen=True)
class Edit:
    """One edit of one concept: the keyword's path, and its value on both sides."""

    scope: str
    concept: Concept
    path: tuple[str, ...]
    action: str
    old: JSON
    new: JSON

    @property
    def name(self) -> str:
        return f"{self.scope}: {'.'.join(self.path)} {self.action}"


def edits() -> Iterator[Edit]:
    for scope, rows in CONCEPTS.items():
        for concept in rows:
            path = tuple("some" if step == "*" else step for step in concept.path)
            if path[-1] == "**":
                path = (*path[:-1], "some", "deeper")
            for action, (old, new) in actions(concept).items():
                yield Edit(scope, concept, path, action, old, new)


def actions(concept: Concept) -> Mapping[str, tuple[JSON, JSON]]:
    """The values before and after, by action."""
    first, second = AMOUNTS if concept.measure == "amount" else VALUES
    if concept.measure == "member":
        return {"added": (ABSENT, True), "removed": (True, ABSENT)}
    grown = {"increased": (first, second), "decreased": (second, first)}
    changed = grown if concept.measure == "amount" else {"changed": (first, second)}
    return {"added": (ABSENT, first), "removed": (first, ABSENT), **changed}


def document(edit: Edit, value: JSON) -> dict[str, JSON]:
    """A document in which the keyword has the value, in the scope where it belongs."""
    inner: JSON = value
    for at, step in enumerate(reversed(edit.path)):
        held = {} if inner is ABSENT else {step: inner}
        inner = {**held, **(KNOWN if at < len(edit.path) else {})}
    extension = inner
    schema: dict[str, JSON] = {"type": "object", "properties": {"note": {"type": "string"}}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
    operation: dict[str, JSON] = {
        "operationId": "getOrder",
        "responses": {"200": {"description": "-", "content": content}},
    }
    found: dict[str, JSON] = {
        "paths": {"/order": {"get": operation}},
        "components": {"schemas": {"Order": schema}},
    }
    holder = {"root": found, "schema": schema, "operation": operation}[edit.scope]
    holder["x-behaviour"] = extension
    return found


EDITS = list(edits())


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_of_behaviour_is_the_one_finding_of_its_concept(edit: Edit, contract: Any) -> None:
    old, new = contract(document(edit, edit.old)), contract(document(edit, edit.new))
    told = [(finding.id, finding.severity) for finding in compare(old, new, policy="strict").findings]
    if edit.concept.measure == "silent":
        assert told == []
        return
    identifier = f"{edit.concept.subject}-{edit.action}"
    assert told == [(identifier, rules()[identifier].severity)]


def test_the_edits_reach_every_rule_of_behaviour() -> None:
    """What is no keyword of its own is named here."""
    reached = {f"{edit.concept.subject}-{edit.action}" for edit in EDITS if edit.concept.measure != "silent"}
    left = {rule.id for rule in rules().values() if rule.area == "behaviour"} - reached
    assert left == set(OTHERWISE)


OTHERWISE = {
    "behaviour-added": "a keyword that no row knows: see the edits of whole documents",
    "behaviour-removed": "a keyword that no row knows",
    "behaviour-changed": "a keyword that no row knows",
    "behaviour-description-added": "behaviour that was never described before",
    "behaviour-description-removed": "behaviour that is not described any more",
    "withheld-field-changed": "a mask of another text: see the rules of visibility",
    "default-version-added": "a version that says from when on it is the default: see the tests of versions",
    "default-version-removed": "the same that goes",
    "retired-version-added": "a version of which only its end is said",
    "retired-version-removed": "the same that goes",
    "field-value-changed": "a new version that gives a field other values",
}

SCOPES = {"root": "root", "resource": "schema", "property": "schema", "operation": "operation"}
"""The places of the vocabulary, and what the comparison calls them."""
SILENT = {("root", "changelog"), ("root", "clock"), ("property", "hidden")}
"""What no client meets, and what is compared as a property that is there or not."""


def leaves() -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Every keyword of the vocabulary that holds no further keywords, with its place, and whether it is a mark."""
    for place in SCOPES:
        found: dict[tuple[str, ...], list[JSON]] = {}
        for path, schema in _below(vocabulary()["$defs"][place], ()):
            found.setdefault(path, []).append(schema)
        for path, schemas in found.items():
            if not any(other[: len(path)] == path != other for other in found):
                yield place, path, all(_is_mark(schema) for schema in schemas)


def _is_mark(schema: JSON) -> bool:
    """Whether a keyword is there or not, and says nothing more."""
    return isinstance(schema, Mapping) and (schema.get("const") is True or schema.get("type") == "boolean")


def _below(schema: JSON, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], JSON]]:
    reference = schema.get("$ref", "") if isinstance(schema, Mapping) else ""
    if reference:
        target: JSON = vocabulary()
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        yield from _below({**target, **{key: value for key, value in schema.items() if key != "$ref"}}, path)
        return
    if path:
        yield path, schema
    if not isinstance(schema, Mapping) or len(path) > 9:  # deeper than any keyword
        return
    for name, part in schema.get("properties", {}).items():
        yield from _below(part, (*path, name))
    for free in (*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")):
        if isinstance(free, Mapping):
            yield from _below(free, (*path, "some"))
    for keyword in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(keyword, ()):
            yield from _below(part, path)


LEAVES = list(leaves())


@pytest.mark.parametrize(
    ("place", "path", "mark"), LEAVES, ids=[f"{leaf[0]}: {'.'.join(leaf[1])}" for leaf in LEAVES]
)
def test_every_keyword_of_the_vocabulary_is_compared_as_a_concept(
    place: str, path: tuple[str, ...], mark: bool
) -> None:
    """It comes, goes and changes with one finding each, by a rule of its own and not as some behaviour or other."""

    def holding(value: JSON) -> JSON:
        held: JSON = value
        for at, step in enumerate(reversed(path)):
            own = {} if held is ABSENT else {step: held}
            held = {**own, **(KNOWN if at < len(path) - 1 else {})}
        return held

    values = (ABSENT, True) if mark else (ABSENT, "1", "2")
    for old, new in zip(values, (*values[1:], ABSENT), strict=True):
        sides = ((holding(value), "/x-behaviour") for value in (old, new))
        facts = list(behaviour_facts(SCOPES[place], "", *sides))
        silent = (place, path[0]) in SILENT or path[-1] == "summary"
        if silent:
            assert not facts or path == ("hidden",), facts
            continue
        assert [fact.subject != "behaviour" for fact in facts] == [True], facts
        assert rule_for(facts[0].subject, facts[0].action, ("request", "response")), facts
