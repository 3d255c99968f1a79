"""OpenAPI Overlays 1.0, 1.1 and 1.2: a list of actions on the places that an RFC 9535 query selects.

Objects merge, lists grow, primitives are replaced, anything else is an error; every merged value remembers the
line of the overlay that it came from. A target that selects nothing is an error here, because it is a
misspelling far more often than a wish (the standard lets it pass); ``lenient`` lets it pass too.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import jsonpath_rfc9535 as jsonpath

from troth.contract.documents import Document
from troth.contract.pointers import escape, join, local, split
from troth.contract.positions import Positions
from troth.errors import OverlayError, did_you_mean
from troth.findings import Location

__all__ = ["apply_overlay", "is_overlay"]

_VERSION = re.compile(r"1\.[012](?:\.\d+)?")
_FIELDS = ("overlay", "$self", "info", "extends", "actions", "components")
_ACTION = ("target", "description", "update", "remove", "copy", "$ref")
_MISSING: Any = object()


def is_overlay(value: Any) -> bool:
    """Whether a parsed document is an Overlay."""
    return isinstance(value, dict) and "overlay" in value


def apply_overlay(
    document: dict[str, Any], positions: Positions, overlay: Document, *, lenient: bool = False
) -> None:
    """Apply every action in order; ``document`` is changed in place. Raises OverlayError."""
    applier = _Applier(document, positions, overlay, lenient=lenient)
    for index, action in enumerate(applier.actions()):
        applier.apply(join("", "actions", index), action)


class _Applier:
    def __init__(
        self, document: dict[str, Any], positions: Positions, overlay: Document, *, lenient: bool
    ) -> None:
        self.document = document
        self.positions = positions
        self.overlay = overlay
        self.lenient = lenient

    def actions(self) -> list[Any]:
        value = self.overlay.value
        if not is_overlay(value):
            self.fail("", "an overlay is an object with 'overlay', 'info' and 'actions'")
        if not isinstance(value["overlay"], str | float) or not _VERSION.fullmatch(str(value["overlay"])):
            self.fail(
                "/overlay",
                f"version {str(value['overlay'])[:40]!r} is not known. Troth reads 1.0, 1.1 and 1.2",
            )
        for name in value:
            if name not in _FIELDS and not name.startswith("x-"):
                self.fail(join("", name), f"an overlay has no field {name!r}.{did_you_mean(name, _FIELDS)}")
        actions = value.get("actions")
        if not isinstance(actions, list) or not actions:
            self.fail("/actions", "an overlay needs a list of at least one action")
        return actions

    def apply(self, at: str, action: Any) -> None:
        """One action; ``at`` is its pointer in the overlay."""
        target = self.target(at, action)
        fields, origin = (action, at) if "$ref" not in action else self.reusable(at, action)
        found = self.select(f"{at}/target", target)
        if not found:
            if not self.lenient:
                self.fail(f"{at}/target", f"the target selects nothing: {target}{self.near(target)}")
        elif fields.get("remove") is True:
            self.remove(at, found)
        elif "update" in fields:
            self.update(at, found, fields["update"], f"{origin}/update")
        elif "copy" in fields:
            self.copy(origin, found, fields["copy"])
        else:
            self.fail(at, "the action has none of 'update', 'remove' and 'copy', so it does nothing")

    def target(self, at: str, action: Any) -> str:
        """The target of an action that has the right fields."""
        if not isinstance(action, dict):
            self.fail(at, "an action is an object with 'target' and one of 'update', 'remove', 'copy'")
        for name in action:
            if name not in _ACTION and not name.startswith("x-"):
                self.fail(join(at, name), f"an action has no field {name!r}.{did_you_mean(name, _ACTION)}")
        if not isinstance(action.get("remove", False), bool):
            self.fail(f"{at}/remove", "remove takes true or false")
        target = action.get("target")
        if not isinstance(target, str):
            self.fail(at, "an action needs a 'target' (a JSONPath)")
        return target

    def reusable(self, at: str, action: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """The fields of ``components.actions`` that a 1.2 action refers to, and where they stand."""
        components = self.overlay.value.get("components")
        known = components.get("actions") if isinstance(components, dict) else None
        known = known if isinstance(known, dict) else {}
        pointer = local(action["$ref"]) if isinstance(action["$ref"], str) else None
        tokens = split(pointer or "")
        if tokens[:2] != ["components", "actions"] or len(tokens) != 3 or tokens[2] not in known:  # noqa: PLR2004
            hint = did_you_mean(tokens[-1], known) if tokens else ""
            self.fail(f"{at}/$ref", f"no reusable action stands at {str(action['$ref'])[:80]!r}.{hint}")
        fields = known[tokens[2]].get("fields") if isinstance(known[tokens[2]], dict) else None
        where = join("", *tokens, "fields")
        if not isinstance(fields, dict) or "target" in fields:
            self.fail(where, "a reusable action has 'fields': an action without 'target'")
        return fields, where

    def select(self, at: str, query: Any) -> list[tuple[tuple[str | int, ...], Any]]:
        """The location and value of every node that a query selects."""
        if not isinstance(query, str):
            self.fail(at, "a JSONPath is text that starts with '$'")
        try:
            nodes = jsonpath.find(query, self.document)
        except (jsonpath.JSONPathError, RecursionError, ValueError) as problem:
            self.fail(at, f"not an RFC 9535 JSONPath: {problem}")
        return [(tuple(node.location), node.value) for node in nodes]

    def near(self, target: str) -> str:
        """The nearest name to the first step of a target that leads nowhere."""
        query = jsonpath.compile(target)
        known: list[Any] = [self.document]
        for count, segment in enumerate(query.segments, start=1):
            prefix = jsonpath.JSONPathQuery(env=query.env, segments=query.segments[:count])
            found = [node.value for node in prefix.find(self.document)]
            if not found:
                names = {name for value in known if isinstance(value, dict) for name in value}
                wanted = [getattr(selector, "name", None) for selector in segment.selectors]
                return next((did_you_mean(name, names) for name in wanted if isinstance(name, str)), "")
            known = found
        return ""

    def update(
        self, at: str, found: list[tuple[tuple[str | int, ...], Any]], value: Any, origin: str
    ) -> None:
        self.check_kinds(at, [node for _, node in found])
        for location, node in found:
            self.merge(location, node, value, origin, top=True)

    def check_kinds(self, at: str, nodes: list[Any]) -> None:
        if len({_kind(node) for node in nodes}) > 1:
            self.fail(f"{at}/target", "the target selects nodes of different kinds; use one action for each")

    def copy(self, origin: str, found: list[tuple[tuple[str | int, ...], Any]], query: Any) -> None:
        sources = self.select(f"{origin}/copy", query)
        if len(sources) != 1:
            self.fail(f"{origin}/copy", f"copy must select exactly one node, this selects {len(sources)}")
        self.check_kinds(origin, [node for _, node in found])
        place, value = sources[0]
        value = _copied(value)
        for location, node in found:
            self.merge(location, node, value, origin, top=True, copied=_pointer(place))

    def merge(
        self,
        location: tuple[str | int, ...],
        node: Any,
        value: Any,
        origin: str,
        *,
        top: bool = False,
        copied: str | None = None,
    ) -> None:
        """Merge ``value`` into the node at a location; ``top`` marks the target itself, where lists take entries."""
        pointer = _pointer(location)
        if isinstance(node, dict) and isinstance(value, dict):
            for name, item in value.items():
                below = None if copied is None else join(copied, name)
                if name in node:
                    self.merge((*location, name), node[name], item, join(origin, name), copied=below)
                else:
                    node[name] = _copied(item)
                    self.place(join(pointer, name), join(origin, name), below)
        elif isinstance(node, list) and (isinstance(value, list) or top):
            entries = value if isinstance(value, list) else [value]
            for index, item in enumerate(entries):
                node.append(_copied(item))
                token = () if entries is not value else (index,)
                below = None if copied is None else join(copied, *token)
                self.place(join(pointer, len(node) - 1), join(origin, *token), below)
        elif location and not isinstance(node, dict | list) and not isinstance(value, dict | list):
            self.parent(location)[location[-1]] = value
            self.place(pointer, origin, copied)
        elif value is not None or top:
            kinds = f"{_kind(value)} cannot be merged into {_kind(node)}"
            self.fail(origin, f"{kinds} at {pointer or 'the root'}; remove it first, then add it")

    def remove(self, at: str, found: list[tuple[tuple[str | int, ...], Any]]) -> None:
        """Remove the deepest and last first, so no index shifts before it is used."""
        places = {location for location, _ in found}
        for location in sorted(places, key=lambda steps: (len(steps), *map(_order, steps)), reverse=True):
            if not location:
                self.fail(f"{at}/target", "the whole document cannot be removed")
            parent = self.parent(location)
            del parent[location[-1]]
            self.positions.prune(_pointer(location))

    def parent(self, location: tuple[str | int, ...]) -> Any:
        node: Any = self.document
        for step in location[:-1]:
            node = node[step]
        return node

    def place(self, pointer: str, origin: str, copied: str | None) -> None:
        if copied is None:
            self.positions.graft(pointer, lambda: self.overlay.places().nearest(origin))
        else:
            self.positions.repeat(pointer, copied)

    def fail(self, pointer: str, message: str) -> NoReturn:
        place = self.overlay.places().nearest(pointer)
        raise OverlayError(message, Location(self.overlay.name, pointer, place.line))


def _order(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)


def _pointer(location: tuple[str | int, ...]) -> str:
    return "".join(f"/{escape(step)}" for step in location)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "a primitive"


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
