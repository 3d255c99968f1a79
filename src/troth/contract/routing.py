"""From a method and a raw path to an operation: a trie of segments, static before templated, with backtracking.

Paths are matched as they came over the wire: they are split at ``/`` first and percent-decoded after, so ``%2F``
inside a parameter stays inside it. A trailing slash matters. The path is found before the method is looked at:
a wrong method on a known path is 405, whatever a less specific template would allow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from troth.contract.model import Contract, Operation
from troth.contract.operations import addressed

__all__ = ["Match", "MethodNotAllowed", "NotFound", "Router"]

_TEMPLATE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Match:
    """The operation of a request, and the decoded values of its path parameters."""

    operation: Operation
    path_params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotFound:
    """No path of the contract fits."""


@dataclass(frozen=True, slots=True)
class MethodNotAllowed:
    """The path is known, the method is not among ``allowed`` (sorted; HEAD comes with GET, OPTIONS always)."""

    allowed: tuple[str, ...]


_REMEMBERED = 4096
_NOT_FOUND: Final = NotFound()


@dataclass(slots=True)
class _Node:
    """One segment deep in the trie. A method holds its operation and the parameter names in path order."""

    static: dict[str, _Node] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], int, _Node]] = field(default_factory=list)
    templated: _Node | None = None
    methods: dict[str, tuple[Operation, tuple[str, ...]]] = field(default_factory=dict)
    refusal: MethodNotAllowed = field(default_factory=lambda: MethodNotAllowed(()))


class Router:
    """Matches requests of one contract; build it once. Of paths that cannot be told apart the first one answers."""

    def __init__(self, contract: Contract) -> None:
        self._root = _Node()
        self._whole: dict[str, _Node] = {}
        self._known: dict[tuple[str, str], Match] = {}
        for operation in contract.operations:
            self._add(contract, operation)

    def match(self, method: str, path: str) -> Match | NotFound | MethodNotAllowed:
        """``path`` is the raw path of the request, base path included, without the query.

        Matches are remembered: the same few thousand paths are asked for again and again.
        """
        known = self._known.get((method, path))
        if known is not None:
            return known
        found = self._find(method, path)
        if isinstance(found, Match):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[method, path] = found
        return found

    def _find(self, method: str, path: str) -> Match | NotFound | MethodNotAllowed:
        node = self._whole.get(path)
        values: list[str] = []
        if node is None:
            if not path.startswith("/"):
                return _NOT_FOUND
            node = _descend(self._root, path.split("/"), 1, values)
            if node is None:
                return _NOT_FOUND
        found = node.methods.get(method) or (node.methods.get("GET") if method == "HEAD" else None)
        if found is None:
            return node.refusal
        return Match(found[0], dict(zip(found[1], values, strict=True)))

    def _add(self, contract: Contract, operation: Operation) -> None:
        path = contract.base_path + addressed(operation.path)
        node = self._root
        for segment in path.split("/")[1:]:
            node = _child(node, segment)
        if operation.method in node.methods:
            return  # the first one answers; the contract's flaws name the other
        node.methods[operation.method] = (operation, tuple(_TEMPLATE.findall(path)))
        allowed = {*node.methods, "OPTIONS"} | ({"HEAD"} if "GET" in node.methods else set())
        node.refusal = MethodNotAllowed(tuple(sorted(allowed)))
        if "{" not in path and "%" not in path:
            self._whole[path] = node


def _child(node: _Node, segment: str) -> _Node:
    """The node below for one segment of a path template; made when it is new."""
    names = _TEMPLATE.findall(segment)
    if not names:
        return node.static.setdefault(unquote(segment), _Node())
    if segment == f"{{{names[0]}}}":
        if node.templated is None:
            node.templated = _Node()
        return node.templated
    literals = _TEMPLATE.split(segment)[::2]
    pattern = re.compile("(.+?)".join(map(re.escape, literals)), re.DOTALL)
    for known, _, below in node.patterns:
        if known.pattern == pattern.pattern:
            return below
    below = _Node()
    node.patterns.append((pattern, sum(map(len, literals)), below))
    node.patterns.sort(key=lambda entry: -entry[1])
    return below


def _descend(node: _Node, segments: list[str], index: int, values: list[str]) -> _Node | None:
    """The most specific node that has operations; ``values`` collects what stands for the parameters."""
    if index == len(segments):
        return node if node.methods else None
    raw = segments[index]
    segment = unquote(raw) if "%" in raw else raw
    below = node.static.get(segment)
    if below is not None:
        found = _descend(below, segments, index + 1, values)
        if found is not None:
            return found
    if not segment:
        return None
    mark = len(values)
    for pattern, _, below in node.patterns:
        match = pattern.fullmatch(segment)
        if match is not None:
            values += match.groups()
            found = _descend(below, segments, index + 1, values)
            if found is not None:
                return found
            del values[mark:]
    if node.templated is not None:
        values.append(segment)
        found = _descend(node.templated, segments, index + 1, values)
        if found is not None:
            return found
        del values[mark:]
    return None
