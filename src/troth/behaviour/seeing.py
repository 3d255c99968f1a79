"""What a caller may see, as frozen values: the settings of callers, and the rules that hide rows from some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from troth.behaviour.expressions import Expression

__all__ = ["Naming", "Setting", "Visibility"]

Shown = Literal["hide", "redact"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that is known of a caller; expressions read it as ``viewer.NAME``.

    ``values`` are the texts that it can be, none for any; ``row`` is the resource whose ids it holds.
    """

    name: str
    values: tuple[str, ...]
    default: Any
    row: str | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Naming:
    """Rows of ``source`` that make those visible which they name in ``path``: a field, or a member of its objects.

    Of the rows of ``source`` only those count for which ``when`` holds, that the viewer sees, and whose references
    in ``seen`` name rows that the viewer sees.
    """

    name: str
    source: str
    path: tuple[str, ...]
    when: Expression | None
    seen: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Visibility:
    """One rule: where ``when`` holds for a viewer, only some rows of the resource are visible to it.

    A row is visible if ``visible`` holds or a row of ``namings`` names it. Of the others ``keep`` are the only
    fields left (None: all), ``mask`` and ``empty`` hide values, ``mark`` is added. ``reference`` and ``write`` are
    kinds of refusal; without ``reference`` the answer is that to a row that does not exist.
    """

    name: str
    when: Expression | None
    visible: Expression | None
    namings: tuple[Naming, ...]
    listed: Shown
    read: Shown
    embedded: Shown
    keep: frozenset[str] | None
    mask: Mapping[str, str]
    empty: frozenset[str]
    mark: Mapping[str, Any]
    reference: str | None
    write: str
    pointer: str

    def redacted(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """What is shown of an invisible row. One character masks each of a text, more mask it as a whole."""
        made = {name: value for name, value in view.items() if self.keep is None or name in self.keep}
        for name, mask in self.mask.items():
            value = made.get(name)
            if value is not None:
                text = isinstance(value, str) and len(mask) == 1
                made[name] = mask * len(value) if text else mask
        for name in self.empty & made.keys():
            made[name] = None
        return {**made, **self.mark}

    def conceals(self, field: str) -> bool:
        """Whether the value of a field is not shown of an invisible row."""
        kept = self.keep is None or field in self.keep
        return not kept or field in self.mask or field in self.empty
