"""Conditions that are simple enough to be said as tests of what rows show."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["plain_test"]

_TERM = re.compile(r"(\w+) (==|!=|>=|<=|>|<) (?:'([^'\\]*)'|(-?\d+(?:\.\d+)?|true|false|null))")
_OPERATORS = {
    "==": "equals", "!=": "not_equals", ">": "greater_than", ">=": "greater_than_equal", "<": "less_than",
    "<=": "less_than_equal",
}  # fmt: skip


def plain_test(condition: str) -> dict[str, Any] | None:
    """The test that rows pass for which a condition holds; None where it says more than ``field == 'value'``.

    Such terms may be joined by ``&&`` and ``||``, without brackets.
    """
    either = [[_term(term) for term in one.split(" && ")] for one in condition.strip().split(" || ")]
    if any(term is None for one in either for term in one):
        return None
    return {"any": [{"all": one} for one in either]}


def _term(text: str) -> dict[str, Any] | None:
    found = _TERM.fullmatch(text.strip())
    if found is None:
        return None
    value = found[3] if found[3] is not None else json.loads(found[4])
    return {"field": found[1], "op": _OPERATORS[found[2]], "value": value}
