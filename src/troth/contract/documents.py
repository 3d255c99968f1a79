"""Documents as plain values, read once, with the line of every pointer at hand.

A text that starts like JSON is read as JSON, anything else as YAML; JSON is no special case for the reader.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from troth.contract.json_text import read_json
from troth.contract.positions import Place
from troth.contract.yaml_text import read_yaml
from troth.errors import DocumentError
from troth.findings import Location

__all__ = ["Document", "parse_document"]


class Document:
    """One parsed file. ``name`` is how people are told about it; the lines are counted when asked for."""

    __slots__ = ("_places", "_tree", "name", "value")

    def __init__(self, name: str, value: Any, places: Callable[[], Place]) -> None:
        self.name = name
        self.value = value
        self._places = places
        self._tree: Place | None = None

    def places(self) -> Place:
        """The tree of places, built once; copy it before editing."""
        if self._tree is None:
            self._tree = self._places()
        return self._tree

    def locate(self, pointer: str) -> Location:
        """The line of a pointer in this document, or of its nearest ancestor that was written."""
        place = self.places().nearest(pointer)
        return Location(self.name, pointer, place.line)


def parse_document(text: str, name: str) -> Document:
    """The document in ``text``. Raises DocumentError with the line of whatever is not YAML or JSON."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DocumentError("the document is empty", Location(name))
    if text.lstrip()[:1] in ("{", "["):
        try:
            return Document(name, *read_json(text, name))
        except json.JSONDecodeError as problem:
            if name.endswith(".json"):
                raise DocumentError(
                    f"not valid JSON: {problem.msg} (column {problem.colno})",
                    Location(name, line=problem.lineno),
                ) from None
    return Document(name, *read_yaml(text, name))
