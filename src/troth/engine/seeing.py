"""What a caller sees of a row: the one door through which rows leave the engine.

Every row that an answer shows goes through the :class:`Sight` of its resource, once: the rows of a list, the row that
a read or a write answers, and each row that stands inside another one, at any depth. Selecting members
(:mod:`troth.engine.projecting`) and filling references in (:mod:`troth.engine.populating`) work on what a sight
returns, so neither brings back what it withholds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from troth.engine.rows import RowKind
from troth.engine.state import Row
from troth.engine.withholding import Withholding
from troth.engine.world import TenantWorld

__all__ = ["Sight"]


class Sight:
    """The rows of one resource as callers see them; one for each resource of a program.

    ``view(row, world)`` gives the members of a row that the caller of the request sees, by their names in the schema;
    ``body`` the same as JSON. ``world.caller`` is the principal, None where the engine itself looks.

    What hides or masks something from some callers is compiled in here, by giving ``view`` and ``body`` another
    function. It must return a new mapping, since :meth:`RowKind.view` is kept on the row for everybody, and set
    ``same`` to False, so that nothing rendered for one caller is kept for the next. ``marks`` are members that no
    selection leaves out, such as one that says that something is withheld; ``rules`` is what withholds.
    """

    __slots__ = ("body", "marks", "rules", "same", "tag", "view")

    def __init__(self, kind: RowKind) -> None:
        self.same = True
        self.marks: tuple[str, ...] = ()
        self.rules: Withholding | None = None
        self.tag: Callable[[Row, TenantWorld], str] = kind.tag
        self.view: Callable[[Row, TenantWorld], Mapping[str, Any]] = kind.view
        self.body: Callable[[Row, TenantWorld], bytes] = kind.body

    def withhold(self, rules: Withholding) -> None:
        """From now on callers see what the rules leave of a row."""
        self.same = False
        self.marks, self.rules = rules.marks, rules
        self.view, self.body, self.tag = rules.view, rules.body, rules.tag

    def shows(self, row: Row, world: TenantWorld) -> bool:
        """Whether anything of a row stands where another one shows it."""
        return row.visible and (self.rules is None or self.rules.embeddable(row, world))
