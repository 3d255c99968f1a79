"""Querying and answering: root profiles for conditions, sorting, population, and for what writes answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Answer, Conditions, Kind, Population, Querying, Selection, Sorting
from troth.behaviour.profiles import on
from troth.contract.model import Contract, Operation
from troth.contract.pointers import join

__all__ = ["OPERATORS", "answer_of", "placed", "querying", "row_member", "sort_keys"]

#: The operators of the grammar ``where-tree``, each beneath a field: ``where[total][less_than]=100``.
OPERATORS = (
    "equals",
    "not_equals",
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "like",
    "contains",
    "in",
    "exists",
)

_AT = "/x-behaviour/query"
_DIRECTED = re.compile(r"(.+)\((asc|desc)\)")
_ANSWERING = (Kind.CREATE, Kind.UPDATE, Kind.REPLACE, Kind.DELETE)


def sort_keys(text: str) -> tuple[tuple[str, bool], ...]:
    """``-createdAt,name`` or ``createdAt(desc),name(asc)`` as (field, whether descending)."""
    words = (word.strip() for word in text.split(","))
    return tuple(_sort_key(word) for word in words if word.lstrip("-"))


def _sort_key(word: str) -> tuple[str, bool]:
    directed = _DIRECTED.fullmatch(word)
    return (directed[1], directed[2] == "desc") if directed else (word.lstrip("-"), word.startswith("-"))


def querying(contract: Contract) -> Querying:
    """The profiles under ``query`` at the root; None for each that is not there."""
    given = contract.extension.get("query")
    if not isinstance(given, Mapping):
        return Querying()
    conditions, sort, populate = given.get("conditions"), given.get("sort"), given.get("populate")
    select = given.get("select")
    return Querying(
        conditions=Conditions(
            str(conditions.get("parameter", "where")),
            conditions.get("grammar", "where-tree"),
            f"{_AT}/conditions",
        )
        if isinstance(conditions, Mapping)
        else None,
        sort=Sorting(
            str(sort.get("parameter", "sort")),
            sort_keys(str(sort.get("default", ""))),
            f"{_AT}/sort",
            sort.get("form", "minus"),
        )
        if isinstance(sort, Mapping)
        else None,
        populate=Population(
            str(populate.get("parameter", "depth")),
            int(populate.get("default", 0)),
            int(populate["max"]),
            f"{_AT}/populate",
        )
        if isinstance(populate, Mapping)
        else None,
        select=_selection(select) if isinstance(select, Mapping) else None,
    )


def _selection(given: Mapping[str, Any]) -> Selection:
    return Selection(
        str(given.get("parameter", "fields")),
        given.get("grammar", "braces"),
        on(given.get("default")),
        given.get("depth"),
        f"{_AT}/select",
    )


def placed(profiles: Querying, operation: Operation, kind: Kind) -> Querying:
    """What of the profiles holds for an operation: each needs its parameter there, and some need a list."""

    def has(profile: Conditions | Sorting | Population | Selection | None) -> bool:
        return profile is not None and operation.parameter("query", profile.parameter) is not None

    return Querying(
        profiles.conditions if kind is Kind.LIST and has(profiles.conditions) else None,
        profiles.sort if kind is Kind.LIST and has(profiles.sort) else None,
        profiles.populate if kind is not Kind.ACTION and has(profiles.populate) else None,
        profiles.select if has(profiles.select) else None,
    )


def answer_of(contract: Contract, kind: Kind) -> Answer | None:
    """The declared answer of a kind of write."""
    answers = contract.extension.get("answers")
    if not isinstance(answers, Mapping):
        return None
    template = {one: answers.get(one.value) for one in _ANSWERING}.get(kind)
    return None if template is None else Answer(template, join("/x-behaviour/answers", kind.value))


def row_member(template: Any) -> str | None:
    """The member of an answer that holds the row; None where the answer is the row, or has none."""
    members = template.items() if isinstance(template, Mapping) else ()
    return next((str(name) for name, inner in members if inner == "$row"), None)
