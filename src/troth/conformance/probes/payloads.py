"""Deliveries read by the contract's template: which event, about which row, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.model import Resource
from troth.conformance.mailbox import Hook
from troth.conformance.probes.resources import same

__all__ = ["departure", "is_about", "slot"]

_MISSING = object()


def slot(template: Any, value: Any, name: str) -> Any:
    """What stands in a delivery where the template has a slot; a value of its own where nothing does."""
    if template == name:
        return value
    if isinstance(template, Mapping) and isinstance(value, Mapping):
        for key, inner in template.items():
            found = slot(inner, value.get(str(key).removesuffix("?"), _MISSING), name)
            if found is not _MISSING:
                return found
    return _MISSING


def has(value: Any) -> bool:
    return value is not _MISSING


def is_about(template: Any, hook: Hook, event: str, resource: Resource, identifier: Any) -> bool:
    """Whether a delivery announces an event about a row."""
    told = slot(template, hook.json, "$event")
    if has(told) and told != event:
        return False
    row = slot(template, hook.json, "$row")
    if isinstance(row, Mapping) and resource.id_field in row:
        return str(row[resource.id_field]) == str(identifier)
    data = slot(template, hook.json, "$data")
    return str(identifier) in {str(one) for one in _scalars(data if has(data) else hook.json)}


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif value is not None:
        yield value


def departure(template: Any, value: Any, path: str = "") -> str:
    """What the body of a delivery lacks of its template, in words; empty when nothing."""
    if not isinstance(template, Mapping):
        slotted = isinstance(template, str) and template.startswith("$")
        return "" if slotted or same(template, value) else f"{path} is {value!r} instead of {template!r}"
    if not isinstance(value, Mapping):
        return f"{path or 'the body'} is no object"
    for key, inner in template.items():
        name, optional = str(key).removesuffix("?"), str(key).endswith("?")
        if name in value:
            problem = departure(inner, value[name], f"{path}/{name}")
        else:
            problem = "" if optional else f"{path}/{name} is missing"
        if problem:
            return problem
    return ""
