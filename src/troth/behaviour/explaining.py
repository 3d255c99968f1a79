"""What each operation does, in sentences, and where each of them comes from, so that nothing derived is hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from troth.behaviour.model import Authentication, Behaviour, Binding, Kind
from troth.behaviour.telling import Fact, Teller
from troth.behaviour.telling_actions import action_facts
from troth.behaviour.telling_queries import answer_facts, condition_facts, query_facts
from troth.behaviour.telling_rows import row_facts
from troth.behaviour.telling_versions import version_facts
from troth.behaviour.telling_visibility import visibility_facts
from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = ["Explanation", "Fact", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One operation with everything that is known about it, in the order in which a request meets it."""

    operation: str
    method: str
    path: str
    summary: str
    facts: tuple[Fact, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
            "summary": self.summary,
            "facts": [fact.as_json() for fact in self.facts],
        }


def explain(contract: Contract, behaviour: Behaviour) -> tuple[Explanation, ...]:
    """Every operation of a contract, in document order."""
    return tuple(
        Explanation(
            binding.id,
            binding.operation.method,
            contract.base_path + binding.operation.path,
            binding.operation.summary,
            tuple(_facts(Teller(contract, behaviour, binding))),
        )
        for binding in behaviour.bindings.values()
    )


def _facts(at: Teller) -> Iterator[Fact]:
    yield from _kind(at)
    yield from version_facts(at)
    yield from _access(at)
    yield from _limits(at)
    yield from _input(at)
    yield from row_facts(at)
    yield from visibility_facts(at)
    yield from action_facts(at)
    yield from _list(at)
    yield from query_facts(at)
    yield from answer_facts(at)
    yield from condition_facts(at)
    yield from _outcome(at)


def _kind(at: Teller) -> Iterator[Fact]:
    binding, resource = at.binding, at.binding.resource
    declared = "kind" in binding.operation.extension
    pointer = at.own("kind") if declared else at.operation
    if binding.kind is Kind.ACTION:
        acts = binding.effect or binding.prints or binding.through
        told = "an action on the row of its path" if acts else "an action: answers its documented response"
        yield at.fact("kind", told, pointer, binding.sources["kind"])
    else:
        yield at.fact("kind", str(binding.kind), pointer, binding.sources["kind"])
    if resource is not None:
        named = "resource" in at.given(resource.pointer)
        source = "x-behaviour" if named else "last fixed segment of the path"
        shown = f"{resource.name}, rows of {resource.schema_name or resource.schema_pointer}"
        pointer = join(resource.pointer, "resource") if named else at.operation
        named_by = " and ".join(f"'{name}'" for name in (*resource.within, resource.id_field))
        yield at.fact("resource", f"{shown}, identified by {named_by}", pointer, source)
    for parent in binding.parents:
        declared = parent.parameter in (binding.operation.extension.get("parents") or {})
        pointer = at.own("parents", parent.parameter) if declared else at.operation
        source = "x-behaviour" if declared else "path shape"
        yield at.fact(
            "parent",
            f"only rows whose '{parent.field}' is the path's {{{parent.parameter}}}",
            pointer,
            source,
        )


def _access(at: Teller) -> Iterator[Fact]:
    operation, behaviour = at.binding.operation, at.behaviour
    security = join(at.operation, "security") if "security" in at.given(at.operation) else "/security"
    if not operation.security:
        yield at.fact("credential", "none is needed", security, "security")
        return
    ways = [
        " and ".join(_carried(name, behaviour.authentication) for name in one) for one in operation.security
    ]
    told = ", or ".join(dict.fromkeys(way or "none" for way in ways))
    yield at.fact("credential", f"{told}; else {at.refusal('unauthenticated')}", security, "security")
    if at.binding.scopes:
        wanted = " and ".join(sorted(at.binding.scopes))
        source = at.binding.sources.get("scopes", "security")
        pointer = {
            "x-behaviour scopes": at.own("scopes"),
            "x-behaviour scopes template": "/x-behaviour/scopes",
        }.get(source, security)
        yield at.fact("scopes", f"{wanted}; else {at.refusal('forbidden')}", pointer, source)
    if at.binding.permissions:
        wanted = ", ".join(sorted(at.binding.permissions))
        own = "permissions" in operation.extension
        pointer = at.own("permissions") if own else join(_resource_pointer(at), "permissions")
        yield at.fact("permissions", f"{wanted}; else {at.refusal('forbidden')}", pointer, "x-behaviour")
    if behaviour.tenancy.source == "header":
        yield at.fact("tenant", _tenant(at), "/x-behaviour/tenancy", "x-behaviour")
    if behaviour.tenancy.source != "none" and at.binding.resource is not None:
        yield at.fact("tenancy", _tenancy(at), "/x-behaviour/tenancy", "x-behaviour")


def _resource_pointer(at: Teller) -> str:
    return at.binding.resource.pointer if at.binding.resource else at.operation


def _carried(name: str, authentication: Authentication) -> str:
    place, key, prefix = authentication.carriers.get(name, ("", "", ""))
    shown = f"{place} {key}" + (f" {prefix.strip()}" if prefix else "")
    return f"{name} ({shown})" if place else name


def _tenant(at: Teller) -> str:
    tenancy = at.behaviour.tenancy
    cases = (
        ("without it", tenancy.missing),
        ("one that does not exist", tenancy.unknown),
        ("one of others", tenancy.stranger),
    )
    told = ", ".join(f"{case} {at.refusal(kind)}" for case, kind in cases)
    return f"header {tenancy.header} names it; {told}"


def _tenancy(at: Teller) -> str:
    tenancy = at.behaviour.tenancy
    if at.binding.kind is Kind.LIST:
        return "only rows of the caller's tenant"
    if at.binding.kind is Kind.CREATE:
        return "the row belongs to the caller's tenant"
    kind = tenancy.foreign_write if at.binding.writes else tenancy.foreign_read
    return f"a row of another tenant answers {at.refusal(kind)}"


def _limits(at: Teller) -> Iterator[Fact]:
    for limit in at.behaviour.rate_limits:
        told = f"{limit.limit} requests in {duration(limit.window)} for each {limit.per}"
        yield at.fact(
            "rate limit", f"{told}; then {at.refusal('rate-limited')}", limit.pointer, "x-behaviour"
        )
    policy = at.binding.idempotency
    if policy is not None:
        header = at.given(policy.pointer).get("header", "Idempotency-Key")
        told = f"'{header}' is remembered for {duration(policy.ttl)} for each {policy.scope}"
        other = f"the same key with another request answers {at.refusal(policy.mismatch)}"
        yield at.fact("idempotency", f"{told}; {other}", policy.pointer, "x-behaviour")


def duration(seconds: int) -> str:
    """``86400`` as ``24h``, ``90`` as ``90s``: the largest unit below a day and a half that divides it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0 and (unit != "d" or seconds > size):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _input(at: Teller) -> Iterator[Fact]:
    operation, invalid = at.binding.operation, at.refusal("invalid")
    checked = [p for p in operation.parameters if p.schema_pointer is not None]
    if checked:
        names = ", ".join(p.name + ("" if p.required else "?") for p in checked)
        yield at.fact(
            "parameters", f"{names}; a value outside its schema answers {invalid}", at.operation, "parameters"
        )
    if operation.body is not None:
        media = ", ".join(operation.body.media)
        needed = "required" if operation.body.required else "optional"
        yield at.fact(
            "body",
            f"{needed} {media}; outside its schema answers {at.refusal('invalid-body')}",
            operation.body.pointer,
            "requestBody",
        )


def _list(at: Teller) -> Iterator[Fact]:
    paging = at.binding.pagination
    if paging is not None and paging.style != "none":
        declared = paging.source.startswith("x-behaviour")
        pointer = join("/x-behaviour/pagination", paging.name) if declared else at.operation
        yield at.fact("pagination", _paging(at), pointer, paging.source)
    for found in at.binding.filters:
        declared = found.source.startswith("x-behaviour")
        pointer = at.own("filters", found.parameter) if declared else at.parameter("query", found.parameter)
        where = "".join(f" and '{name}' is {value!r}" for name, value in found.where.items())
        compared = "every text" if found.op == "search" else f"'{found.field}'"
        several = f", several with '{found.separator}' between them" if found.separator else ""
        told = f"{found.parameter}: {compared} {_OPERATIONS[found.op]}{where}{several}"
        yield at.fact("filter", told, pointer, found.source)


_OPERATIONS = {
    "eq": "is the value",
    "in": "is one of the values",
    "has": "has the value among its own",
    "contains": "contains the text",
    "from": "is the value or later",
    "to": "is the value or earlier",
    "after": "is later",
    "before": "is earlier",
    "search": "contains the text",
    "alike": "is the value, whatever its case",
    "compared": "compares as the sign before the value says",
}


def _paging(at: Teller) -> str:
    paging = at.binding.pagination
    if paging is None:
        return ""
    told = f"by {paging.style}"
    if paging.position:
        told += f" in '{paging.position}'"
    if paging.cursor and paging.style != "cursor":
        told += f" or by cursor in '{paging.cursor}'"
    if paging.size:
        told += f", size in '{paging.size}'"
    told += f", {paging.default_size} rows"
    if paging.max_size is not None:
        more = at.refusal("invalid") if paging.oversize == "reject" else "as many"
        told += f", at most {paging.max_size} (more gives {more}{', 0 too' if paging.zero == 'max' else ''})"
    if paging.max_offset is not None:
        told += f"; a page behind row {paging.max_offset} answers {at.refused('out-of-reach')}"
    return told + ("; Link header" if paging.link_header else "")


def _outcome(at: Teller) -> Iterator[Fact]:
    operation, success = at.binding.operation, at.binding.success
    response = operation.response_for(success)
    described = f" {response.description}" if response is not None and response.description else ""
    pointer = response.pointer if response is not None else at.operation
    yield at.fact(
        "success", f"{success}{described}".rstrip("."), pointer, "responses" if response else "method"
    )
    kinds = _refusals(at.binding, at.behaviour, at)
    grouped: dict[str, list[str]] = {}
    for kind in kinds:
        grouped.setdefault(at.refusal(kind), []).append(kind)
    told = ", ".join(f"{wire} ({', '.join(names)})" for wire, names in grouped.items())
    declared = at.behaviour.errors.declared
    pointer = "/x-behaviour/errors" if declared else at.operation
    yield at.fact("errors", told, pointer, "x-behaviour" if declared else "problem details (RFC 9457)")


def _refusals(binding: Binding, behaviour: Behaviour, at: Teller) -> Sequence[str]:
    """The kinds of refusal that a request can meet, in the order in which it meets them."""
    found = []
    if binding.operation.security:
        found += ["unauthenticated", *(["forbidden"] if binding.scopes or binding.permissions else [])]
    tenancy = behaviour.tenancy
    if tenancy.source == "header":
        found += [tenancy.missing, tenancy.unknown, tenancy.stranger]
    if behaviour.rate_limits:
        found.append("rate-limited")
    if binding.operation.body is not None:
        found += ["unsupported-media-type", "too-large", "malformed"]
    if binding.operation.body is not None or binding.operation.parameters:
        found.append("invalid")
    if binding.idempotency is not None:
        found.append(binding.idempotency.mismatch)
    return list(dict.fromkeys([*found, *at.met]))
