"""Lists: filters compare what exists with what can be asked for, and pages can be turned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.checks.ground import Ground
from troth.behaviour.model import Binding, Kind, Resource
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_lists"]


def check_lists(ground: Ground) -> Iterator[Finding]:
    """Filters and pagination of every operation, and each pagination profile as a whole."""
    for binding in ground.behaviour.bindings.values():
        yield from _binding(ground, binding)
    profiles = ground.contract.extension.get("pagination") or {}
    for name, profile in profiles.items():
        yield from _profile(ground, name, profile)


def _binding(ground: Ground, binding: Binding) -> Iterator[Finding]:
    given = binding.operation.extension
    at = join(binding.operation.pointer, "x-behaviour")
    if binding.kind is not Kind.LIST:
        for word in ("filters", "pagination"):
            if word in given:
                message = f"{word!r} is about lists, but this operation is a {binding.kind}."
                yield ground.finding(
                    "keyword-without-effect", join(at, word), message, "warning", operation=binding.id
                )
        return
    if binding.pagination is None:
        message = "this operation is said to be a list, but its response has no place for rows."
        yield ground.finding("not-a-list", join(at, "kind"), message, operation=binding.id)
    parameters = [p.name for p in binding.operation.parameters if p.location == "query"]
    for name, filter_ in (given.get("filters") or {}).items():
        where = join(at, "filters", name)
        if name not in parameters and ground.is_earlier_release:
            message = f"this release has no query parameter {name!r} yet."
            yield ground.finding("later-parameter", where, message, "info", found=name)
        elif name not in parameters:
            yield ground.unknown("unknown-parameter", where, "query parameter", name, parameters)
        if binding.resource is not None and binding.resource.fields:
            yield from _filter(ground, binding.resource, where, name, filter_)


def _filter(
    ground: Ground, resource: Resource, at: str, parameter: str, given: Mapping[str, Any]
) -> Iterator[Finding]:
    field = str(given.get("field", parameter))
    if given.get("op") != "search" and not ground.path(resource, field):
        yield ground.missing_field(join(at, "field") if "field" in given else at, field, resource)
    for name in given.get("where") or {}:
        if name not in resource.fields:
            yield ground.missing_field(join(at, "where", name), name, resource)


def _profile(ground: Ground, name: str, profile: Mapping[str, Any]) -> Iterator[Finding]:
    at = join("/x-behaviour/pagination", name)
    users = [
        binding
        for binding in ground.behaviour.bindings.values()
        if binding.pagination is not None and binding.pagination.name == name
    ]
    if not users:
        yield ground.finding("unused-profile", at, f"no list uses the pagination profile {name!r}.", "info")
    maximum, default = profile.get("maxSize"), profile.get("defaultSize")
    if maximum is not None and default is not None and default > maximum:
        message = f"the usual page of {default} rows is larger than the largest of {maximum}."
        yield ground.finding("contradicting-sizes", join(at, "defaultSize"), message)
    yield from _echoes(ground, join(at, "envelope"), profile.get("envelope"), users)
    if profile.get("style") == "none":
        return
    if "maxOffset" in profile and profile.get("style") == "cursor":
        message = "a page by cursor begins behind a row, at whatever place; 'maxOffset' limits nothing."
        yield ground.finding("keyword-without-effect", join(at, "maxOffset"), message, "warning")
    for word in ("position", "size", "cursor"):
        if word in profile and not (word == "cursor" and ground.is_earlier_release):
            yield from _paging_parameter(ground, join(at, word), str(profile[word]), users)


def _echoes(ground: Ground, at: str, template: Any, users: list[Binding]) -> Iterator[Finding]:
    """A slot that repeats a filter names one that a list of the profile has."""
    if isinstance(template, Mapping):
        for name, inner in template.items():
            yield from _echoes(ground, join(at, name), inner, users)
    elif isinstance(template, str) and template.startswith("$filter.") and users:
        known = sorted({found.parameter for binding in users for found in binding.filters})
        name = template.removeprefix("$filter.")
        if name not in known and not ground.is_earlier_release:
            yield ground.unknown("unknown-parameter", at, "filter", name, known)


def _paging_parameter(ground: Ground, at: str, name: str, users: list[Binding]) -> Iterator[Finding]:
    lacking = [binding for binding in users if binding.operation.parameter("query", name) is None]
    if not lacking:
        return
    names = sorted(binding.id for binding in lacking)
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004
    if len(lacking) == len(users):
        known = sorted({p.name for b in users for p in b.operation.parameters if p.location == "query"})
        yield ground.unknown("unknown-parameter", at, "query parameter", name, known)
    else:
        message = f"pages are turned by the query parameter {name!r}, which {shown} don't declare."
        yield ground.finding("unknown-parameter", at, message, "warning", operations=names)
