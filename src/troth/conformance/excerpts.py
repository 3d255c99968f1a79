"""The contract's own text about a clause, short enough to be read beside a violation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from troth.contract import Contract

__all__ = ["excerpt"]

_LINES = 24
_DEEPEST = 4


def excerpt(contract: Contract, pointer: str) -> str:
    """The statement at a pointer as YAML, cut after some lines; empty when nothing is there."""
    try:
        node = contract.node(pointer)
    except (KeyError, IndexError, TypeError):
        return ""
    text = yaml.safe_dump(_plain(node), sort_keys=False, allow_unicode=True, width=100).rstrip()
    lines = text.removesuffix("\n...").splitlines()
    cut = [f"… ({len(lines) - _LINES} more lines)"] if len(lines) > _LINES else []
    return "\n".join([f"# {pointer}", *lines[:_LINES], *cut])


def _plain(node: Any, depth: int = 0) -> Any:
    """The node without what lies too deep, as values that YAML knows."""
    if isinstance(node, Mapping):
        return {str(k): _plain(v, depth + 1) for k, v in node.items()} if depth < _DEEPEST else "…"
    if isinstance(node, list):
        return [_plain(v, depth + 1) for v in node] if depth < _DEEPEST else "…"
    return node if isinstance(node, str | int | float | bool) or node is None else str(node)
