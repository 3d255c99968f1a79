"""Other spellings of a body: a text that stands for null, members that stand for the only object of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Binding, Resource
from troth.contract.pointers import escape
from troth.engine.checking import detail
from troth.engine.refusing import Refusal

__all__ = ["Spelling"]

Body = Mapping[str, Any]


class Spelling:
    """The compiled spellings of one operation's body."""

    def __init__(self, binding: Binding, resource: Resource, faults: frozenset[str]) -> None:
        self._shorthand = binding.shorthand if "shorthand-ignored" not in faults else None
        emptied = "emptied-kept" not in faults
        self._emptied = {
            f.name: f.emptied for f in resource.fields.values() if f.emptied is not None and emptied
        }

    def plain(self, body: Body) -> Body:
        """The body with null where a text stands for it."""
        if not self._emptied or not any(body.get(name) == text for name, text in self._emptied.items()):
            return body
        return {
            name: None if value == self._emptied.get(name, ...) else value for name, value in body.items()
        }

    def spelled_out(self, body: Body, before: Body | None) -> Body:
        """The body with its shorthand in the list; ``before`` is the row that an update changes.

        Raises Refusal when it stands beside the list, or when the row's list has not just the one object.
        """
        short = self._shorthand
        if short is None:
            return body
        given = {name: value for name, value in body.items() if name in short.fields}
        if not given:
            return body
        if short.into in body:
            raise self._refused(
                short.into, f"'{short.into}' and the fields of a single one exclude each other."
            )
        item: Mapping[str, Any] = {}
        if before is not None:
            known = before.get(short.into) or []
            if len(known) != 1:
                raise self._refused(
                    next(iter(given)), f"'{short.into}' has {len(known)} entries; give '{short.into}' itself."
                )
            item = known[0]
        rest = {name: value for name, value in body.items() if name not in short.fields}
        return {**rest, short.into: [{**item, **given}]}

    @staticmethod
    def _refused(name: str, message: str) -> Refusal:
        return Refusal("invalid", message, [detail(f"/{escape(name)}", "shorthand", message)])
