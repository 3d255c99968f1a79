"""What pages say of their own place: which one it is, of how many, and whether others stand before and behind it."""

from __future__ import annotations

from typing import Any

from troth.behaviour.model import Binding
from troth.behaviour.turns import PLACES
from troth.conformance.assurances import assure
from troth.conformance.paging import holds_slot, items_of, pointer_of, related, slot_of, walked
from troth.conformance.probes.pagination import complete, has_more, size, whole_list
from troth.conformance.probes.totals import total
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Violated

__all__ = ["place"]


def place(scene: Scene, binding: Binding) -> None:
    """The first page, the second one and the last say what follows from their number, their size and the total."""
    whole, pages_of_whole = whole_list(scene, binding)
    paging = binding.pagination
    assert paging is not None  # noqa: S101 - the clause exists only for paged lists
    cut, rest = scene.cut(len(whole)), len(whole) - 1
    turns = [(cut, turn) for turn in dict.fromkeys((0, 1, -(-len(whole) // cut) - 1))]
    turns += [(rest, 0)] if rest != cut and rest <= (paging.max_size or rest) else []  # one row is left over
    for rows, turn in turns:
        start, pages = turn * rows, -(-len(whole) // rows)
        position = turn + paging.first if paging.style == "page" else start
        exchange = scene.call(scene.owner, binding, query=[(paging.size, rows), (paging.position, position)])
        items_of(binding, exchange)
        number = turn + paging.first
        more = start + rows < len(whole)
        expected: dict[str, Any] = {
            "pages": pages,
            "offset": start,
            "hasPrevious": turn > 0,
            "count": min(rows, len(whole) - start),
        }
        if paging.style == "page":
            expected |= {
                "page": number,
                "previousPage": number - 1 if turn else None,
                "nextPage": number + 1 if more else None,
            }
        for slot in PLACES:
            if slot not in expected or not holds_slot(binding, slot):
                continue
            told = slot_of(binding, exchange, slot)
            if told != expected[slot]:
                _assure(scene, binding)
                if slot == "nextPage" and holds_slot(binding, "hasMore"):
                    assure(scene, binding, has_more, "pagination.has-more")
                asked = f"{paging.size}={rows}&{paging.position}={position}"
                title = f"With {asked} of {len(whole)} rows '{slot}' is {told} instead of {expected[slot]}"
                whole_walk, cut_walk = walked(binding, pages_of_whole), walked(binding, [exchange], cut)
                about = {
                    "at": pointer_of(binding, slot) or "",
                    "says": slot,
                    "first": paging.first,
                    "least": 1,
                }
                relation = related(binding, "placed", {"whole": whole_walk, "other": cut_walk}, **about)
                raise Violated(title, exchange, deviation="value", field=slot, relation=relation)


def _assure(scene: Scene, binding: Binding) -> None:
    """What a page says follows from its rows, so those are looked at first."""
    assure(scene, binding, size, "pagination.size")
    assure(scene, binding, complete, "pagination.complete")
    if holds_slot(binding, "total"):
        assure(scene, binding, total, "pagination.total")
