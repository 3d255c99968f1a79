"""What query parameters do beside paging and filtering, what writes answer, and on which conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator

from troth.behaviour.conditional import changed_field
from troth.behaviour.model import Kind, Selection
from troth.behaviour.querying import OPERATORS
from troth.behaviour.telling import Fact, Teller

__all__ = ["answer_facts", "condition_facts", "query_facts"]


def query_facts(at: Teller) -> Iterator[Fact]:
    """Conditions, order, population and selection, each where the operation has its parameter."""
    query = at.binding.query
    if query.conditions is not None:
        told = f"'{query.conditions.parameter}' takes conditions ({query.conditions.grammar}): {', '.join(OPERATORS)}"
        refused = at.refused("unqueryable")
        pointer = query.conditions.pointer
        yield at.fact("conditions", f"{told}; what does not exist answers {refused}", pointer, "x-behaviour")
    if query.sort is not None:
        order = ", ".join(f"'{name}'{' descending' if down else ''}" for name, down in query.sort.default)
        told = f"'{query.sort.parameter}' names the fields to sort by; usually {order or 'as created'}"
        yield at.fact("sort", told, query.sort.pointer, "x-behaviour")
    if query.populate is not None:
        profile = query.populate
        levels = f"{profile.default} usually, {profile.most} at most"
        told = f"'{profile.parameter}' levels of references show rows: {levels}"
        yield at.fact("populate", told, profile.pointer, "x-behaviour")

    if query.select is not None:
        yield at.fact("select", _selecting(at, query.select), query.select.pointer, "x-behaviour")


def _selecting(at: Teller, profile: Selection) -> str:
    known = at.binding.resource.fields if at.binding.resource else {}
    names = [f"'{name}'" for name in profile.default if name in known]
    usual = f"{', '.join(names)} without it" if names else "all of them without it"
    told = f"'{profile.parameter}' names the members that answers show, {usual}"
    if profile.depth is not None:
        told += f"; at most {profile.depth} braces within each other" if profile.depth else "; no braces"
    return f"{told}; what does not exist answers {at.refused('unselectable')}"


def condition_facts(at: Teller) -> Iterator[Fact]:
    """The tags of rows, and what becomes of requests that mean one state of a row."""
    profile, binding = at.binding.conditional, at.binding
    if profile is None:
        return
    moment = changed_field(binding) if profile.last_modified else None
    validators = [f"a {profile.etag} ETag"] if profile.etag != "none" else []
    validators += [f"'{moment}' in Last-Modified"] if moment else []
    if validators and binding.kind is not Kind.DELETE:
        yield at.fact("state", f"answers have {' and '.join(validators)}", profile.pointer, "x-behaviour")
    if not binding.preconditions:
        return
    failed = at.refused("precondition-failed")
    if binding.kind is Kind.READ:
        names = "If-None-Match" + (" or If-Modified-Since" if moment else "")
        yield at.fact("condition", f"304 for {names}, where the row is known", profile.pointer, "x-behaviour")
    else:
        told = f"{failed} where If-Match means another state"
        if binding.kind in profile.required:
            told += f"; without it {at.refused('precondition-required')}"
        yield at.fact("condition", told, profile.pointer, "x-behaviour")


def answer_facts(at: Teller) -> Iterator[Fact]:
    """The declared form of the answer of a write."""
    answer, resource = at.binding.answer, at.binding.resource
    if answer is not None and resource is not None:
        told = json.dumps(answer.template).replace("{label}", resource.label)
        yield at.fact("answer", told, answer.pointer, "x-behaviour")
