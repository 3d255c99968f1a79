"""Where a ``$ref`` leads: into the root document, another file, a URL or a commit, by pointer, ``$anchor`` or ``$id``.

Other documents are mounted under ``/x-documents`` of the root, so that in the end every reference is a local one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urldefrag, urljoin

from troth.contract.documents import Document
from troth.contract.pointers import join, local, resolve, split
from troth.contract.positions import Positions
from troth.contract.sources import display, read_document, sibling
from troth.errors import DocumentError, ReferenceError, did_you_mean  # noqa: A004 - as in errors

__all__ = ["Resolver", "Target"]

MOUNTS = "x-documents"


class Target(NamedTuple):
    """Where a reference leads: the pointer in the bundled document, and where its own document is mounted."""

    pointer: str
    mount: str


class Resolver:
    """Follows references of one growing document. Raises ReferenceError, with the line of the reference."""

    def __init__(self, document: dict[str, Any], source: str, positions: Positions) -> None:
        self.document = document
        self.positions = positions
        self._mounts = {source: ""}
        self._sources = {"": source}
        self._unread: dict[str, str] = {}
        self._identified: dict[str, dict[str, str]] = {}

    def target(self, at: str, found: str, mount: str, base: str) -> Target:
        """The target of the reference ``found``, written at ``at`` in the document mounted at ``mount``.

        ``base`` is the pointer of the nearest schema above with an ``$id``, or empty.
        """
        address, hash_, fragment = found.partition("#")
        home = mount
        if address and not self._is_identified(found, base):
            home = self._mounted(at, address, mount)
            base = ""
        elif address:
            base = self._identifiers()[self._absolute(address, base)]
            home = self.home(base)
        return Target(self._fragment(at, f"#{fragment}" if hash_ else "#", home, base), home)

    def home(self, pointer: str) -> str:
        """The mount of the document that a pointer lies in; empty for the root document."""
        return next((m for m in self._sources if m and (pointer + "/").startswith(m + "/")), "")

    def lost(self, pointer: str, message: str) -> NoReturn:
        """Raise the ReferenceError for the reference at a pointer."""
        raise ReferenceError(message, self.positions.locate(pointer))

    def _fragment(self, at: str, fragment: str, mount: str, base: str) -> str:
        pointer = local(fragment)
        if pointer is None:
            return self._anchor(at, fragment[1:], mount, base)
        for start in dict.fromkeys((base or mount, mount)):
            try:
                resolve(self.document, start + pointer)
            except KeyError:
                continue
            return start + pointer
        return self._dangling(at, fragment, mount, pointer)

    def _dangling(self, at: str, fragment: str, mount: str, pointer: str) -> NoReturn:
        node = resolve(self.document, mount)
        hint = ""
        for token in split(pointer):
            try:
                node = resolve(node, join("", token))
            except KeyError:
                hint = did_you_mean(token, list(node) if isinstance(node, Mapping) else [])
                break
        where = f" in {display(self._sources[mount])}" if mount else ""
        self.lost(at, f"nothing stands at {fragment!r}{where}.{hint}")

    def _anchor(self, at: str, name: str, mount: str, base: str) -> str:
        anchors = self._scan(mount)
        start = base or mount
        found = anchors.get(f"{start}#{name}") or anchors.get(f"{mount}#{name}")
        if found is not None:
            return found
        return self.lost(at, f"no $anchor is named {name!r}.{self._named(name)}")

    def _named(self, name: str) -> str:
        """The hint for somebody who wrote the bare name of a schema."""
        return f" Did you mean '#/components/schemas/{name}'?" if name in self._schema_names() else ""

    def _schema_names(self) -> list[str]:
        components = self.document.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        return list(schemas) if isinstance(schemas, dict) else []

    def _mounted(self, at: str, address: str, mount: str) -> str:
        """The pointer under which another document stands; it is read the first time."""
        try:
            source = sibling(self._sources[mount], address)
            if source in self._mounts:
                return self._mounts[source]
            if source in self._unread:
                self.lost(at, self._unread[source])
            found: Document = read_document(source)
        except ValueError:
            self.lost(at, f"{address!r} is neither a file nor a URL.")
        except DocumentError as problem:
            told = f"the reference to {address!r} cannot be followed: {problem.message}{self._named(address)}"
            self._unread[source] = told
            raise ReferenceError(told, self.positions.locate(at)) from None
        mounts = self.document.get(MOUNTS)
        if not isinstance(mounts, dict):
            mounts = self.document[MOUNTS] = {}
        name = next(str(number) for number in count(1) if str(number) not in mounts)
        pointer = join("", MOUNTS, name)
        mounts[name] = found.value
        self.positions.graft(pointer, found.places)
        self._mounts[source] = pointer
        self._sources[pointer] = source
        return pointer

    def _absolute(self, address: str, base: str) -> str:
        own = resolve(self.document, base).get("$id", "") if base else ""
        return self._joined(own, address)

    @staticmethod
    def _joined(base: str, address: str) -> str:
        try:
            return urldefrag(urljoin(base, address)).url
        except ValueError:
            return address

    def _is_identified(self, found: str, base: str) -> bool:
        return self._absolute(found.partition("#")[0], base) in self._identifiers()

    def _identifiers(self) -> dict[str, str]:
        """Every ``$id`` in the documents read so far, with its pointer."""
        return {
            uri: pointer
            for mount in self._sources
            for uri, pointer in self._scan(mount).items()
            if "#" not in uri
        }

    def _scan(self, mount: str) -> dict[str, str]:
        """``$id`` to pointer, and ``{resource pointer}#{anchor}`` to pointer, in one document."""
        if mount not in self._identified:
            found: dict[str, str] = {}
            waiting = [(mount, resolve(self.document, mount), mount, "")]
            while waiting:
                pointer, node, resource, uri = waiting.pop()
                if isinstance(node, list):
                    waiting += [(f"{pointer}/{i}", item, resource, uri) for i, item in enumerate(node)]
                elif isinstance(node, dict):
                    if isinstance(node.get("$id"), str):
                        resource, uri = pointer, self._joined(uri, node["$id"])
                        found.setdefault(uri, pointer)
                    for keyword in ("$anchor", "$dynamicAnchor"):
                        if isinstance(node.get(keyword), str):
                            found.setdefault(f"{resource}#{node[keyword]}", pointer)
                    below = ((k, v) for k, v in node.items() if isinstance(v, dict | list))
                    waiting += [
                        (join(pointer, key), value, resource, uri)
                        for key, value in below
                        if not (pointer == "" and key == MOUNTS)
                    ]
            self._identified[mount] = found
        return self._identified[mount]
