"""What an operation does to rows: fields, references, states, rules, events."""

from __future__ import annotations

import json
from collections.abc import Iterator

from troth.behaviour.model import Field, Kind, Reference, Resource
from troth.behaviour.occasions import forgeable_fields, writable_fields
from troth.behaviour.telling import Fact, Teller
from troth.contract.pointers import join

__all__ = ["row_facts"]

_MOMENTS = {Kind.CREATE: "create", Kind.UPDATE: "update", Kind.REPLACE: "update", Kind.DELETE: "delete"}


def row_facts(at: Teller) -> Iterator[Fact]:
    """The facts of one operation's rows; nothing for an action."""
    resource, kind = at.binding.resource, at.binding.kind
    if resource is None or kind is Kind.ACTION:
        return
    if kind in (Kind.READ, Kind.UPDATE, Kind.REPLACE, Kind.DELETE):
        tenancy = at.behaviour.tenancy
        missing = tenancy.foreign_write if at.binding.writes else tenancy.foreign_read
        yield at.fact("missing row", f"answers {at.refused(missing)}", at.operation, "path shape")
    yield from _shown(at, resource)
    moment = _MOMENTS.get(kind)
    if moment in ("create", "update"):
        yield from _shorthand(at)
        yield from _fields(at, resource, moment)
        yield from _references(at, resource)
    if moment is not None:
        yield from _checked(at, resource, moment)
    if kind is Kind.DELETE:
        yield from _referrers(at, resource)
    for event in resource.events:
        if moment in event.on:
            when = f" when {event.when.text}" if event.when else ""
            yield at.fact("event", f"{event.name}{when}", event.pointer, "x-behaviour")


def _shown(at: Teller, resource: Resource) -> Iterator[Fact]:
    if resource.visible is not None:
        pointer = join(resource.pointer, "visible")
        yield at.fact("visible", f"only rows for which {resource.visible.text}", pointer, "x-behaviour")
    if at.binding.kind is Kind.LIST:
        order = ", ".join(f"'{name}'{' descending' if down else ''}" for name, down in resource.order)
        if order:
            yield at.fact("order", order, join(resource.pointer, "order"), "x-behaviour")
        for field in resource.fields.values():
            if field.in_list:
                form = "left out" if field.in_list == "omit" else "null"
                yield at.fact(
                    "in lists", f"'{field.name}' is {form}", at.trait(field, "inList"), "x-behaviour"
                )
    for field in resource.fields.values():
        if field.secret is not None:
            told = "only in the answer to its create" if field.secret.once else "in every answer"
            made = f"'{field.name}' is made up where a create brings none, and shown {told}"
            yield at.fact("secret", made, at.trait(field, "secret"), "x-behaviour")
    hidden = [field for field in resource.fields.values() if field.write_only or field.hidden]
    secret = [field for field in hidden if not field.shown_once]
    if secret:
        names = ", ".join(field.name for field in secret)
        yield at.fact("never shown", names, secret[0].pointer, "writeOnly and hidden")


def _fields(at: Teller, resource: Resource, moment: str) -> Iterator[Fact]:
    written = writable_fields(at.contract, at.binding)
    for field in resource.fields.values():
        if told := _filled_in(field, moment):
            word, statement = told
            pointer = at.trait(field, word)
            source = "schema" if pointer == field.pointer else "x-behaviour"
            yield at.fact("field", f"'{field.name}' {statement}", pointer, source)
        if field.name in written:
            yield from _guarded(at, field, moment)
    fixed = forgeable_fields(at.contract, at.binding)
    if fixed:
        names = ", ".join(field.name for field in fixed)
        told_ = f"{names}; a body with one of them {_unwelcome(at)}"
        yield at.fact("read-only", told_, fixed[0].pointer, "readOnly and traits")


def _shorthand(at: Teller) -> Iterator[Fact]:
    short = at.binding.shorthand
    if short is not None:
        names = ", ".join(sorted(short.fields))
        many = at.refused("invalid")
        told = f"{names} stand for the only one of '{short.into}'; beside it, or where it has several, {many}"
        yield at.fact("shorthand", told, short.pointer, "x-behaviour")


def _unwelcome(at: Teller) -> str:
    """What becomes of a field that must not be written."""
    if at.behaviour.writes.read_only == "ignore":
        return "leaves it as it is"
    return f"answers {at.refused('invalid')}"


def _guarded(at: Teller, field: Field, moment: str) -> Iterator[Fact]:
    """What keeps a field that a body may name from taking any value."""
    told: list[tuple[str, str]] = []
    if field.immutable and moment == "update":
        told.append(("immutable", f"stays as it was created; another value {_unwelcome(at)}"))
    if field.editable_while is not None and moment == "update":
        told.append(
            (
                "editableWhile",
                f"changes only while {field.editable_while.text}; else {at.refused('conflict')}",
            )
        )
    if field.unique is not None:
        within = "the tenant" if field.unique == "tenant" else f"rows with the same '{field.unique}'"
        told.append(("unique", f"is unique within {within}; else {at.refused('conflict')}"))
    if field.emptied is not None:
        told.append(("emptied", f"is null when {json.dumps(field.emptied)} is sent"))
    for word, statement in told:
        yield at.fact("field", f"'{field.name}' {statement}", at.trait(field, word), "x-behaviour")


def _filled_in(field: Field, moment: str) -> tuple[str, str] | None:
    """The trait by which the server fills a field in at a moment, and how."""
    for word, text in (("computed", field.computed), ("stamped", field.stamped)):
        if text is not None:
            kept = f", kept from when {field.frozen_when.text}" if field.frozen_when else ""
            told = f"= {text.text}{kept}" if word == "computed" else f"is the moment when {text.text}"
            return word, told
    if field.generated in ("updated", "etag") or (field.generated and moment == "create"):
        words = {
            "created": "the moment of creation",
            "updated": "the moment of the change",
            "id": "an identifier",
            "etag": "the tag of the row, as in the ETag header",
        }
        return "generated", f"is {words[field.generated]}"
    return _first_value(field) if moment == "create" else None


def _first_value(field: Field) -> tuple[str, str] | None:
    if field.sequence is not None:
        return "sequence", f"counts up as {field.sequence}"
    if field.initially is not None:
        return "initially", f"starts as {field.initially.text}"
    return None if field.initial is None else ("initial", f"starts as {json.dumps(field.initial)}")


def _references(at: Teller, resource: Resource) -> Iterator[Fact]:
    written = writable_fields(at.contract, at.binding)
    for reference in resource.references:
        if reference.field in written:
            answer = at.refused(reference.refused or at.behaviour.tenancy.foreign_reference)
            told = f"'{reference.field}' names {_targets(reference)} that exists; else {answer}"
            yield at.fact("reference", told, reference.pointer, "x-behaviour")


def _targets(reference: Reference) -> str:
    if reference.by is None:
        return f"one of {reference.to['']}"
    by = reference.by if reference.at is None else f"{reference.field}.{reference.by}"
    cases = " or ".join(f"one of {target} when '{by}' is {value!r}" for value, target in reference.to.items())
    return f"({cases})"


def _checked(at: Teller, resource: Resource, moment: str) -> Iterator[Fact]:
    cycle = resource.lifecycle
    if cycle is not None and moment == "update":
        refused = at.refused(cycle.refused)
        for move in cycle.transitions:
            when = f" when {move.when.text}" if move.when else ""
            told = f"'{cycle.field}' {' or '.join(sorted(move.origins))} → {move.target}{when}"
            pointer = join(cycle.pointer, "transitions", move.name)
            yield at.fact("transition", f"{told} ({move.name})", pointer, "x-behaviour")
        yield at.fact("transition", f"any other answers {refused}", cycle.pointer, "x-behaviour")
    for rule in resource.rules:
        if moment in rule.on:
            when = f"when {rule.when.text}: " if rule.when else ""
            told = f"{when}{rule.require.text}; else {at.refused(rule.refused)}"
            yield at.fact("rule", told, rule.pointer, "x-behaviour")


def _referrers(at: Teller, resource: Resource) -> Iterator[Fact]:
    effects = {
        "restrict": "keep it from being deleted",
        "cascade": "are deleted with it",
        "nullify": "lose the reference",
        "ignore": "keep a dangling reference",
    }
    for other in at.behaviour.resources.values():
        for reference in other.references:
            if resource.name in reference.to.values():
                told = f"{other.name} whose '{reference.field}' names the row {effects[reference.on_delete]}"
                if reference.on_delete == "restrict":
                    told += f": {at.refused('conflict')}"
                declared = "onDelete" in at.given(reference.pointer)
                source = "x-behaviour" if declared else "x-behaviour; usual for this field"
                yield at.fact("on delete", told, reference.pointer, source)
