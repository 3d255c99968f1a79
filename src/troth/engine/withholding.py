"""What is kept from callers of the rows of one resource: on the way out, in filters, and in what a write may name.

Compiled into the :class:`troth.engine.seeing.Sight` of the resource; contracts without such rules never come here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from troth.behaviour.seeing import Visibility
from troth.contract.pointers import escape
from troth.engine.gazing import Seer
from troth.engine.messages import compact, dump
from troth.engine.refusing import Refusal
from troth.engine.rows import RowKind
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["Withheld", "Withholding"]


class Withheld(dict[str, Any]):
    """What is left of a row of which only some fields are kept; it is shown whole, whatever is selected."""


class Withholding:
    """The compiled rules of one resource."""

    def __init__(
        self, kind: RowKind, rules: tuple[Visibility, ...], seer: Seer, faults: frozenset[str]
    ) -> None:
        self._kind = kind
        self.name = kind.resource.name
        self._seer = seer
        self._dropped = "redaction-dropped" in faults
        self._listed = "hidden-listed" in faults
        self._searched = "hidden-searched" in faults
        self._read = "hidden-read" in faults
        self.named = "hidden-reference-accepted" in faults
        self._written = "hidden-written" in faults
        self._full = "emptied-shown" in faults
        marks = (name for rule in rules for name in rule.mark)
        self.marks = tuple(dict.fromkeys(marks))

    # -- on the way out ---------------------------------------------------------------------------------------------

    def view(self, row: Row, world: TenantWorld) -> Mapping[str, Any]:
        """The row as the caller sees it."""
        return self._kind.view(row, world) if self._dropped else self._left(row, world, full=self._full)

    def body(self, row: Row, world: TenantWorld) -> bytes:
        """The same as JSON."""
        if self._dropped or not self._seer.gaze(world).withheld(self.name, row, world):
            return self._kind.body(row, world)
        return compact(dump(self.view(row, world)))

    def _left(self, row: Row, world: TenantWorld, *, full: bool = False) -> Mapping[str, Any]:
        """What the rules leave of a row; ``full``: with the values that they empty."""
        found = self._kind.view(row, world)
        rules = self._seer.gaze(world).withheld(self.name, row, world)
        for rule in rules:
            emptied = {name: found[name] for name in rule.empty & found.keys()} if full else {}
            found = {**rule.redacted(found), **emptied}
        found = self._kind.retagged(found) if rules else found
        return Withheld(found) if any(rule.keep is not None for rule in rules) else found

    def tag(self, row: Row, world: TenantWorld) -> str:
        """The entity tag of what the caller sees; that of the whole row would tell whether a guess is right."""
        return self._kind.tag_of(self._left(row, world))

    def applies(self, world: TenantWorld) -> bool:
        """Whether the caller may see less than others of this resource."""
        return self._seer.gaze(world).applies(self.name)

    def listed(self, rows: list[Row], world: TenantWorld, *, filtering: bool) -> list[Row]:
        """The rows of a list that the caller may know of."""
        gaze = self._seer.gaze(world)
        if not gaze.applies(self.name) or self._listed or (self._searched and filtering):
            return rows
        return gaze.listed(self.name, rows, world)

    def searchable(self, row: Row, world: TenantWorld) -> Mapping[str, Any]:
        """The row as filters and sorting look at it."""
        return self._kind.view(row, world) if self._searched else self._left(row, world)

    def readable(self, row: Row, world: TenantWorld, *, writing: bool = False) -> bool:
        """Whether the caller may know by its id that the row is there."""
        rules = self._seer.gaze(world).withheld(self.name, row, world)
        return (self._written if writing else self._read) or all(rule.read != "hide" for rule in rules)

    def embeddable(self, row: Row, world: TenantWorld) -> bool:
        """Whether anything of the row stands where another one shows it."""
        rules = self._seer.gaze(world).withheld(self.name, row, world)
        return self._dropped or all(rule.embedded != "hide" for rule in rules)

    # -- on the way in ----------------------------------------------------------------------------------------------

    def reference(self, row: Row, world: TenantWorld) -> tuple[bool, str | None]:
        """Whether a write may name the row, and the kind of refusal that a rule says for it."""
        rules = () if self.named else self._seer.gaze(world).withheld(self.name, row, world)
        return not rules, next((rule.reference for rule in rules if rule.reference), None)

    def guard(self, row: Row, world: TenantWorld, names: Collection[str] | None) -> None:
        """A write names no field that is withheld; ``names`` None touches the row as a whole. Raises Refusal."""
        for rule in () if self._written else self._seer.gaze(world).withheld(self.name, row, world):
            if names is None:
                if rule.keep is not None:
                    raise Refusal(rule.write, "The row is not shown to this caller and cannot be changed.")
                continue
            wrong = sorted(name for name in names if rule.conceals(name))
            if wrong:
                messages = [f"'{name}' is not shown to this caller." for name in wrong]
                told = [
                    {"pointer": f"/{escape(name)}", "rule": "withheld", "message": message}
                    for name, message in zip(wrong, messages, strict=True)
                ]
                raise Refusal(rule.write, messages[0], told)
