"""Queries and answers: profiles speak of parameters and fields that exist, and nothing is said in vain."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.checks.ground import Ground
from troth.behaviour.model import Kind
from troth.behaviour.querying import row_member
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_queries"]

_AT = "/x-behaviour/query"


def check_queries(ground: Ground) -> Iterator[Finding]:
    """The profiles of queries, the forms of answers, the bodies of errors."""
    yield from _parameters(ground)
    yield from _order(ground)
    yield from _depths(ground)
    yield from _usual(ground)
    yield from _answers(ground)
    yield from _bodies(ground)


def _parameters(ground: Ground) -> Iterator[Finding]:
    """Some operation has the parameter of each profile."""
    querying = ground.behaviour.querying
    known = sorted(
        {p.name for o in ground.contract.operations for p in o.parameters if p.location == "query"}
    )
    for word, profile in (
        ("conditions", querying.conditions),
        ("sort", querying.sort),
        ("populate", querying.populate),
        ("select", querying.select),
    ):
        if profile is not None and profile.parameter not in known:
            stated = "parameter" in ground.given(join(_AT, word))
            at = join(_AT, word, "parameter") if stated else join(_AT, word)
            yield ground.unknown("unknown-parameter", at, "query parameter", profile.parameter, known)


def _order(ground: Ground) -> Iterator[Finding]:
    """Rows of some sorted list have each field of the usual order."""
    sort = ground.behaviour.querying.sort
    lists = [b for b in ground.behaviour.bindings.values() if b.query.sort is not None]
    resources = [b.resource for b in lists if b.resource is not None]
    known = sorted({name for resource in resources for name in resource.fields})
    for name, _ in sort.default if sort is not None and resources else ():
        if not any(ground.path(resource, name) for resource in resources):
            at = join(_AT, "sort", "default")
            yield ground.unknown("unknown-field", at, "field of a sorted list", name, known)


def _depths(ground: Ground) -> Iterator[Finding]:
    populate = ground.behaviour.querying.populate
    if populate is not None and populate.default > populate.most:
        message = f"the usual depth of {populate.default} is beyond the deepest of {populate.most}."
        yield ground.finding("contradicting-sizes", join(_AT, "populate", "default"), message)


def _usual(ground: Ground) -> Iterator[Finding]:
    """Rows that can be selected from have each usual member."""
    select = ground.behaviour.querying.select
    chosen = [b.resource for b in ground.behaviour.bindings.values() if b.query.select and b.resource]
    known = sorted({name for resource in chosen for name in resource.fields})
    for name in select.default if select is not None and known else ():
        if name not in known:
            at = join(_AT, "select", "default")
            at = join(at, name) if name in ground.given(at) else at
            yield ground.unknown("unknown-field", at, "field of a selected row", name, known)


def _answers(ground: Ground) -> Iterator[Finding]:
    """Each form is that of some operation, and has a place for the row."""
    answers = ground.contract.extension.get("answers") or {}
    kinds = {binding.kind for binding in ground.behaviour.bindings.values()}
    for word, template in answers.items():
        at = join("/x-behaviour/answers", word)
        if Kind(word) not in kinds:
            message = f"no operation is a {word}."
            yield ground.finding("keyword-without-effect", at, message, "warning")
        elif word != Kind.DELETE and template != "$row" and row_member(template) is None:
            message = "the answer has no member $row, so nobody sees what was written."
            yield ground.finding("answer-without-row", at, message)


def _bodies(ground: Ground) -> Iterator[Finding]:
    """The form of details and the sentences over them belong to a body of the kind's own."""
    kinds = (ground.contract.extension.get("errors") or {}).get("kinds") or {}
    for name, kind in kinds.items():
        for word in ("detail", "summary"):
            if word in kind and "envelope" not in kind:
                message = f"{word!r} shapes the kind's own envelope, but {name!r} has none."
                at = join("/x-behaviour/errors/kinds", name, word)
                yield ground.finding("keyword-without-effect", at, message, "warning")
