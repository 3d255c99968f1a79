"""Rules of visibility: the ``visibility`` of a resource, parsed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.model import Resource
from troth.behaviour.profiles import on, refusal
from troth.behaviour.resources import expression
from troth.behaviour.seeing import Naming, Visibility
from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = ["showing", "visibility_of"]


def visibility_of(contract: Contract, given: Any, pointer: str) -> tuple[Visibility, ...]:
    """The rules under ``visibility`` of a resource's ``x-behaviour``, in their order. Raises BehaviourError."""
    rules = given.items() if isinstance(given, Mapping) else ()
    return tuple(
        _rule(contract, str(name), about, join(pointer, "visibility", name)) for name, about in rules
    )


def _rule(contract: Contract, name: str, about: Mapping[str, Any], at: str) -> Visibility:
    redaction = about.get("redaction") or {}
    keep = redaction.get("keep")
    reference = about.get("reference")
    return Visibility(
        name=name,
        when=expression(contract, about.get("when"), join(at, "when")),
        visible=expression(contract, about.get("visible"), join(at, "visible")),
        namings=tuple(
            _naming(contract, str(word), one, join(at, "namedBy", word))
            for word, one in (about.get("namedBy") or {}).items()
        ),
        listed=about.get("list", "hide"),
        read=about.get("read", "hide"),
        embedded=about.get("embedded", "redact"),
        keep=None if keep is None else frozenset(on(keep)),
        mask={str(field): str(mask) for field, mask in (redaction.get("mask") or {}).items()},
        empty=frozenset(on(redaction.get("empty"))),
        mark=dict((redaction.get("mark") or {}).items()),
        reference=None if reference is None else refusal(reference, "", contract, join(at, "reference")),
        write=refusal(about.get("write"), "forbidden", contract, join(at, "write")),
        pointer=at,
    )


def _naming(contract: Contract, name: str, about: Mapping[str, Any], at: str) -> Naming:
    return Naming(
        name=name,
        source=str(about.get("resource")),
        path=tuple(str(about.get("field")).split(".")),
        when=expression(contract, about.get("when"), join(at, "when")),
        seen=on(about.get("seen")),
        pointer=at,
    )


def showing(resources: Mapping[str, Resource], name: str) -> Iterator[tuple[Resource, str]]:
    """Where rows of a resource stand inside others: the resources that refer to it, and in which field."""
    for resource in resources.values():
        for field in resource.fields.values():
            inner = (item.reference for item in (field.items or {}).values())
            for reference in (field.reference, *inner):
                if reference is not None and name in reference.to.values():
                    yield resource, field.name
