"""What requests may ask for: members, pages that are far away, one state of a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troth.behaviour.bending.bend import Bend, Change, bend, on_binding
from troth.behaviour.model import Behaviour, Binding, Conditional, Kind

__all__ = ["bends"]

_WRITES = (Kind.UPDATE, Kind.REPLACE, Kind.DELETE)


def bends(behaviour: Behaviour) -> Iterator[Bend]:
    """Profiles stand in every operation, so the first of each kind speaks for the others."""
    told: set[tuple[str, Kind]] = set()
    for binding in behaviour.bindings.values():
        for concept, found in (
            ("select", _selection(binding)),
            ("pagination", _reach(binding)),
            ("conditional", _conditions(binding)),
        ):
            made = list(found) if (concept, binding.kind) not in told else []
            if made:
                told.add((concept, binding.kind))
                yield from made


def _selection(binding: Binding) -> Iterator[Bend]:
    profile = binding.query.select
    known = binding.resource.fields if binding.resource else {}
    if profile is None or binding.kind not in (Kind.LIST, Kind.READ):
        return
    usual = [name for name in profile.default if name in known]
    if len(usual) > 1:
        bent = replace(profile, default=tuple(name for name in profile.default if name != usual[-1]))
        yield bend(
            "drop", "select.default", f"{binding.id}.{usual[-1]}", f"'{usual[-1]}' has to be asked for",
            on_binding(binding, query=replace(binding.query, select=bent)),
            pointer=profile.pointer, operations=[binding.id],
        )  # fmt: skip
    if profile.depth is not None:
        bent = replace(profile, depth=profile.depth + 1)
        yield bend(
            "off-by-one", "select.refused", binding.id, "braces may stand one level deeper within each other",
            on_binding(binding, query=replace(binding.query, select=bent)),
            pointer=profile.pointer, operations=[binding.id],
        )  # fmt: skip


def _reach(binding: Binding) -> Iterator[Bend]:
    paging = binding.pagination
    if paging is None:
        return
    if paging.max_offset is not None:
        yield bend(
            "off-by-one", "pagination.max-offset", binding.id, "a page may begin one row farther away",
            on_binding(binding, pagination=replace(paging, max_offset=paging.max_offset + 1)),
            pointer=binding.operation.pointer, operations=[binding.id],
        )  # fmt: skip
    if paging.link_header:
        yield bend(
            "drop", "pagination.links", binding.id, "no header says where the next page is",
            on_binding(binding, pagination=replace(paging, link_header=False)),
            pointer=binding.operation.pointer, operations=[binding.id],
        )  # fmt: skip


def _conditions(binding: Binding) -> Iterator[Bend]:
    profile = binding.conditional
    if profile is None or not binding.preconditions:
        return
    if binding.kind is Kind.READ and profile.etag != "none":
        yield bend(
            "drop", ("conditional.tag", "conditional.not-modified"), binding.id, "answers have no ETag",
            _bent(binding, replace(profile, etag="none")), pointer=profile.pointer, operations=[binding.id],
        )  # fmt: skip
    if binding.kind in _WRITES and profile.etag == "strong":
        yield bend(
            "drop", ("conditional.stale", "conditional.required"), binding.id, "writes are held to no state of the row",
            on_binding(binding, preconditions=False), pointer=profile.pointer, operations=[binding.id],
        )  # fmt: skip
    if binding.kind in profile.required:
        required = profile.required - {binding.kind}
        yield bend(
            "widen", "conditional.required", binding.id, "a write need not say which state of the row it means",
            _bent(binding, replace(profile, required=required)), pointer=profile.pointer, operations=[binding.id],
        )  # fmt: skip


def _bent(binding: Binding, profile: Conditional) -> Change:
    return on_binding(binding, conditional=profile)
