"""Where every JSON Pointer of a contract was written: a tree of places, built only when somebody asks.

A contract is put together from several files, so the tree is edited as the document is: :meth:`Positions.graft`
and :meth:`Positions.prune` are recorded at once and replayed on the first look-up. Start-up never pays for lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from troth.contract.pointers import join, split
from troth.findings import Location

__all__ = ["Place", "Positions"]


class Place:
    """One node of a document: its file, its 1-based line, and the places below it."""

    __slots__ = ("children", "document", "line")

    def __init__(self, document: str, line: int) -> None:
        self.document = document
        self.line = line
        self.children: dict[str, Place] | list[Place] | None = None

    def child(self, token: str) -> Place | None:
        """The place one step down, or None."""
        if isinstance(self.children, dict):
            return self.children.get(token)
        if isinstance(self.children, list) and token.isascii() and token.isdigit():
            index = int(token)
            return self.children[index] if index < len(self.children) else None
        return None

    def copy(self) -> Place:
        """The same places, free to be edited."""
        place = Place(self.document, self.line)
        if isinstance(self.children, dict):
            place.children = {token: below.copy() for token, below in self.children.items()}
        elif isinstance(self.children, list):
            place.children = [below.copy() for below in self.children]
        return place

    def nearest(self, pointer: str) -> Place:
        """The place at a pointer, or at its nearest ancestor that has one."""
        place = self
        for token in split(pointer):
            below = place.child(token)
            if below is None:
                break
            place = below
        return place


class Positions(Mapping[str, tuple[str, int]]):
    """Pointer to (file, line). ``root`` builds the tree of the first document when it is needed."""

    def __init__(self, root: Callable[[], Place]) -> None:
        self._root = root
        self._edits: list[Callable[[Place], None]] = []
        self._tree: Place | None = None

    def graft(self, pointer: str, supply: Callable[[], Place]) -> None:
        """What stands at ``pointer`` was written elsewhere; an index past the end appends."""
        self._edit(lambda tree: _graft(tree, pointer, supply().copy()))

    def repeat(self, pointer: str, original: str) -> None:
        """What stands at ``pointer`` is a copy of what stands at ``original``."""
        self._edit(lambda tree: _graft(tree, pointer, tree.nearest(original).copy()))

    def prune(self, pointer: str) -> None:
        """What stood at ``pointer`` is gone; later members of a list move up."""
        self._edit(lambda tree: _prune(tree, pointer))

    def locate(self, pointer: str) -> Location:
        """The file and line of a pointer, or of its nearest ancestor that has one."""
        place = self._places().nearest(pointer)
        return Location(place.document, pointer, place.line or None)

    def __getitem__(self, pointer: str) -> tuple[str, int]:
        place: Place | None = self._places()
        for token in split(pointer):
            place = place.child(token) if place is not None else None
        if place is None:
            raise KeyError(pointer)
        return place.document, place.line

    def __iter__(self) -> Iterator[str]:
        waiting = [("", self._places())]
        while waiting:
            pointer, place = waiting.pop()
            yield pointer
            if isinstance(place.children, dict):
                waiting += [(join(pointer, key), below) for key, below in place.children.items()]
            elif isinstance(place.children, list):
                waiting += [(join(pointer, index), below) for index, below in enumerate(place.children)]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _edit(self, edit: Callable[[Place], None]) -> None:
        if self._tree is None:
            self._edits.append(edit)
        else:
            edit(self._tree)

    def _places(self) -> Place:
        if self._tree is None:
            self._tree = self._root()
            for edit in self._edits:
                edit(self._tree)
            self._edits.clear()
        return self._tree


def _graft(tree: Place, pointer: str, place: Place) -> None:
    tokens = split(pointer)
    if not tokens:
        tree.document, tree.line, tree.children = place.document, place.line, place.children
        return
    parent = tree
    for token in tokens[:-1]:
        below = parent.child(token)
        if below is None:
            below = Place(place.document, place.line)
            _adopt(parent, token, below)
        parent = below
    _adopt(parent, tokens[-1], place)


def _adopt(parent: Place, token: str, place: Place) -> None:
    if isinstance(parent.children, list):
        index = int(token) if token.isascii() and token.isdigit() else len(parent.children)
        parent.children[index : index + 1] = [place]
    elif isinstance(parent.children, dict):
        parent.children[token] = place
    else:
        parent.children = {token: place}


def _prune(tree: Place, pointer: str) -> None:
    *above, last = split(pointer) or [""]
    parent: Place | None = tree
    for token in above:
        parent = parent.child(token) if parent is not None else None
    if parent is None or parent.child(last) is None:
        return
    if isinstance(parent.children, list):
        del parent.children[int(last)]
    elif isinstance(parent.children, dict):
        del parent.children[last]
