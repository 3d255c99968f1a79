"""Projection: rows cut down to the members that a request names, with rows in the place of references.

What a row shows to begin with is what the sight of its resource gives, for rows inside others as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from troth.behaviour.braces import SelectionError
from troth.behaviour.model import Resource
from troth.behaviour.selecting import OWN, Catalogue, Picked
from troth.contract.pointers import escape
from troth.engine.checking import detail
from troth.engine.cutting import Cut, Cutter
from troth.engine.keeping import Keeper
from troth.engine.refusing import Refusal

__all__ = ["Projector", "Selected"]

_REMEMBERED = 512


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """A selection of the rows of one resource, compiled.

    ``local``: all that it shows is the row's own; ``bare`` are the members that are shown as they are kept; ``reaches``
    has the resources whose rows are shown inside.
    """

    cut: Cut
    local: bool
    bare: frozenset[str]
    reaches: tuple[str, ...]


class Projector:
    """The compiled selections of one operation, each worked out once."""

    def __init__(self, catalogue: Catalogue, keeper: Keeper, faults: frozenset[str]) -> None:
        self._catalogue = catalogue
        self._key = ("query", catalogue.profile.parameter)
        self._known: dict[tuple[str, str], Selected] = {}
        self._usual: dict[str, Selected | None] = {}
        self._trusting = "unknown-selection-accepted" in faults
        self._generous = "selection-ignored" in faults
        self._unlimited = "usual-selection-ignored" in faults
        self._cutter = Cutter(keeper, whole="embedded-whole" in faults)

    def text(self, values: Mapping[tuple[str, str], Any]) -> str:
        """The selection as a request writes it; empty when there is none."""
        given = values.get(self._key)
        return ",".join(map(str, given)) if isinstance(given, list) else str(given or "")

    def selection(self, resource: Resource, values: Mapping[tuple[str, str], Any]) -> Selected | None:
        """What a request selects of the rows of a resource; None: everything. Raises Refusal ``unselectable``."""
        text = self.text(values)
        if not text:
            return self._default(resource)
        key = (resource.name, text)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._compiled(resource, self._read(resource, text))
        return found

    def _default(self, resource: Resource) -> Selected | None:
        if self._unlimited:
            return None
        if resource.name not in self._usual:
            usual = self._catalogue.usual(resource)
            self._usual[resource.name] = None if usual is None else self._compiled(resource, usual)
        return self._usual[resource.name]

    def _compiled(self, resource: Resource, picked: tuple[Picked, ...]) -> Selected:
        return Selected(
            cut=self._cutter.of_rows(resource.name, picked),
            local=all(_is_own(one) for one in picked),
            bare=frozenset(one.name for one in picked if one.inner is None),
            reaches=tuple(sorted(_reached(picked))),
        )

    def _read(self, resource: Resource, text: str) -> tuple[Picked, ...]:
        try:
            picked = self._catalogue.selection(resource, text)
        except SelectionError as wrong:
            if self._trusting and wrong.problems[0][0] != "syntax":
                return self._catalogue.known(resource, text)
            told = [detail(f"/{escape(name)}", rule, message) for rule, name, message in wrong.problems]
            raise Refusal("unselectable", " ".join(one[2] for one in wrong.problems), told) from None
        if self._generous:
            names = {one.name for one in picked}
            plain = (n for n, member in (self._catalogue.members(resource) or {}).items() if not member.opens)
            picked += tuple(Picked(name) for name in plain if name not in names)
        return picked


def _is_own(picked: Picked) -> bool:
    """Whether a selected member is all of the row itself, in the objects that it holds as well."""
    inner = (one for below in (picked.inner or {}).values() for one in below)
    return picked.reference is None and all(_is_own(one) for one in inner)


def _reached(picked: Iterable[Picked]) -> set[str]:
    """The resources that references of a selection lead to, at any depth."""
    below = [(name, inner) for one in picked for name, inner in (one.inner or {}).items()]
    return {name for name, _ in below if name != OWN}.union(*(_reached(inner) for _, inner in below))
