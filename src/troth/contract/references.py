"""One document out of many: external documents are mounted under ``/x-documents`` and every ``$ref`` becomes local.

The walk follows the grammar of OpenAPI from the root and from every reference, with the kind that the referrer
expects, so it also finds what has the wrong shape and where the schemas stand. Text that merely looks like a
reference (inside an example, an enum, an extension) is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NoReturn
from urllib.parse import urldefrag, urljoin, urlsplit

from troth.contract.documents import Document
from troth.contract.grammar import is_referable, schema_field, shape
from troth.contract.pointers import join, local, reference, resolve, split
from troth.contract.positions import Positions
from troth.contract.sources import display, read_document, sibling
from troth.errors import DocumentError, ReferenceError, did_you_mean  # noqa: A004 - as in errors

__all__ = ["Bundle", "bundle"]

MOUNTS = "x-documents"
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX|xx)|default")
_WORDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


class Bundle:
    """The walk and its result: ``document`` with local references only, and the pointers of its schemas."""

    def __init__(self, document: dict[str, Any], source: str, positions: Positions) -> None:
        self.document = document
        self.positions = positions
        self.schemas: dict[str, Any] = {}
        self.references: list[tuple[str, dict[str, Any]]] = []
        self._mounts = {source: ""}
        self._sources = {"": source}
        self._identified: dict[str, dict[str, str]] = {}
        self._seen: set[tuple[int, str]] = set()
        self._rewritten: set[int] = set()
        self._named: list[dict[str, Any]] = []
        self._waiting: list[tuple[str, Any, str, str, str]] = []

    def walk(self, kind: str = "OpenAPI") -> None:
        """Visit everything that can be reached. Raises DocumentError or ReferenceError at the first fault."""
        self._waiting.append(("", self.document, kind, "", ""))
        while self._waiting:
            self._visit(*self._waiting.pop())
        self._refuse_circles()
        for schema in self._named:  # every reference is local now; an $id would give them another base
            schema.pop("$id", None)

    def _visit(self, pointer: str, node: Any, kind: str, mount: str, base: str) -> None:
        """``mount`` is where the node's own document stands, ``base`` the nearest schema with an ``$id``."""
        mark = kind[0]
        if mark in "[{<":
            self._visit_many(pointer, node, kind, mount, base)
        elif kind[0].islower():
            self._check_primitive(pointer, node, kind)
        elif kind == "Schema" and isinstance(node, bool):
            self.schemas[pointer] = node
        elif not isinstance(node, dict):
            self._expected(pointer, f"{_article(kind)} (an object)", node)
        elif (id(node), kind) not in self._seen:
            self._seen.add((id(node), kind))
            if kind == "Schema":
                self._visit_schema(pointer, node, mount, base)
            else:
                self._visit_object(pointer, node, kind, mount, base)

    def _visit_many(self, pointer: str, node: Any, kind: str, mount: str, base: str) -> None:
        inner = kind[1:-1]
        if kind[0] == "[":
            if not isinstance(node, list):
                self._expected(pointer, "a list", node)
            pairs = [(f"{pointer}/{index}", item) for index, item in enumerate(node)]
        else:
            if not isinstance(node, dict):
                self._expected(pointer, "an object", node)
            pairs = [
                (join(pointer, name), item)
                for name, item in node.items()
                if kind[0] == "{" or not name.startswith("x-")
            ]
            if kind[0] == "<":
                self._check_names(pointer, node, inner)
        self._waiting += [(at, item, inner, mount, base) for at, item in reversed(pairs)]

    def _check_names(self, pointer: str, node: dict[str, Any], inner: str) -> None:
        for name in node:
            if name.startswith("x-"):
                continue
            if inner == "PathItem" and not name.startswith("/"):
                self._fail(join(pointer, name), f"the path {name!r} must start with '/'")
            if inner == "Response" and not _STATUS.fullmatch(name):
                self._fail(
                    join(pointer, name),
                    f"{name!r} is not a response status; write a code such as '200', a range such as '4XX', "
                    "or 'default'",
                )

    def _visit_object(self, pointer: str, node: dict[str, Any], kind: str, mount: str, base: str) -> None:
        if is_referable(kind) and "$ref" in node:
            self._refer(pointer, node, kind, mount, base)
            if kind != "PathItem":
                return
        expected = shape(kind)
        if "$ref" not in node:
            for name in expected.required:
                if name not in node:
                    self._fail(pointer, f"{_article(kind)} needs {name!r}{_near_field(name, node)}")
        for name, value in node.items():
            held = expected.fields.get(name, expected.rest)
            if held is not None:
                self._waiting.append((join(pointer, name), value, held, mount, base))
            elif not name.startswith("x-") and name != "$ref":
                self._check_unknown(join(pointer, name), name, node, kind)

    def _check_unknown(self, pointer: str, name: str, node: dict[str, Any], kind: str) -> None:
        expected = shape(kind)
        missing = [field for field in expected.fields if field not in node]
        near = get_close_matches(name, missing, n=1, cutoff=0.8)
        if near or (expected.closed and isinstance(node[name], dict)):
            hint = did_you_mean(name, expected.fields)
            self._fail(pointer, f"{_article(kind)} has no field {name!r}.{hint}")

    def _check_primitive(self, pointer: str, node: Any, kind: str) -> None:
        if kind == "any":
            return
        if kind == "text":
            if isinstance(node, dict | list):
                self._expected(pointer, "text", node)
        elif kind == "string":
            if not isinstance(node, str):
                self._expected(pointer, "text", node)
        elif kind == "boolean":
            if not isinstance(node, bool):
                self._expected(pointer, "true or false", node)
        elif not isinstance(node, dict):
            self._expected(pointer, "an object", node)

    def _visit_schema(self, pointer: str, node: dict[str, Any], mount: str, base: str) -> None:
        self.schemas[pointer] = node
        if isinstance(node.get("$id"), str):
            base = pointer
            self._named.append(node)
        if "$ref" in node:
            self._refer(pointer, node, "Schema", mount, base)
        if isinstance(node.get("$dynamicRef"), str):
            self._refer_dynamic(pointer, node, mount, base)
        for keyword, value in node.items():
            held = schema_field(keyword)
            if held is not None:
                self._waiting.append((f"{pointer}/{keyword}", value, held, mount, base))
        discriminator = node.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(discriminator.get("mapping"), dict):
            self._refer_mapping(pointer, discriminator["mapping"], mount, base)

    def _refer_dynamic(self, pointer: str, node: dict[str, Any], mount: str, base: str) -> None:
        """A ``$dynamicRef`` is read as the plain reference that it is when no outer schema overrides its anchor."""
        found = node.pop("$dynamicRef")
        plain = reference(self._target(f"{pointer}/$dynamicRef", found, mount, base, "Schema"))
        if "$ref" in node:
            beside = {"$ref": plain}
            node["allOf"] = [*node.get("allOf", ()), beside]
        else:
            node["$ref"] = plain
        self._rewritten.add(id(node))

    def _refer_mapping(self, pointer: str, mapping: dict[str, Any], mount: str, base: str) -> None:
        """A discriminator's mapping holds names of schemas or references; only the latter are rewritten."""
        for value, target in mapping.items():
            if isinstance(target, str) and ("#" in target or target.endswith((".yaml", ".yml", ".json"))):
                at = join(pointer, "discriminator", "mapping", value)
                mapping[value] = reference(self._target(at, target, mount, base, "Schema"))

    def _refer(self, pointer: str, node: dict[str, Any], kind: str, mount: str, base: str) -> None:
        found = node["$ref"]
        at = f"{pointer}/$ref"
        if not isinstance(found, str):
            self._expected(at, "a reference (text)", found)
        if id(node) in self._rewritten:
            target = local(found) or ""
            self._waiting.append((target, resolve(self.document, target), kind, self._home(target), ""))
            return
        self._rewritten.add(id(node))
        node["$ref"] = reference(self._target(at, found, mount, base, kind))
        self.references.append((pointer, node))

    def _target(self, at: str, found: str, mount: str, base: str, kind: str) -> str:
        """The pointer that a reference names, after its document has been mounted and queued for the walk."""
        address, hash_, fragment = found.partition("#")
        home = mount
        if address and not self._is_identified(found, base):
            home = self._mounted(at, address, mount)
            base = ""
        elif address:
            base = self._identifiers()[self._absolute(address, base)]
            home = self._home(base)
        target = self._fragment(at, f"#{fragment}" if hash_ else "#", home, base)
        self._waiting.append((target, resolve(self.document, target), kind, home, ""))
        return target

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
        for token in split(pointer):
            try:
                node = resolve(node, join("", token))
            except KeyError:
                known = list(node) if isinstance(node, Mapping) else []
                where = f" in {display(self._sources[mount])}" if mount else ""
                self._lost(at, f"nothing stands at {fragment!r}{where}.{did_you_mean(token, known)}")
        self._lost(at, f"nothing stands at {fragment!r}.")

    def _anchor(self, at: str, name: str, mount: str, base: str) -> str:
        anchors = self._scan(mount)
        start = base or mount
        for key in (f"{start}#{name}", f"{mount}#{name}"):
            if key in anchors:
                return anchors[key]
        if f"#/components/schemas/{name}" and name in self._schema_names():
            self._lost(at, f"no $anchor is named {name!r}. Did you mean '#/components/schemas/{name}'?")
        return self._lost(at, f"no $anchor is named {name!r}.")

    def _schema_names(self) -> list[str]:
        components = self.document.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        return list(schemas) if isinstance(schemas, dict) else []

    def _mounted(self, at: str, address: str, mount: str) -> str:
        """The pointer under which another document stands; it is read the first time."""
        source = sibling(self._sources[mount], address)
        if source in self._mounts:
            return self._mounts[source]
        if urlsplit(address).scheme not in ("", "http", "https", "file", "git") and len(address) > 1:
            self._lost(at, f"{address!r} is not a file or a URL that can be read.")
        try:
            found: Document = read_document(source)
        except DocumentError as problem:
            raise ReferenceError(
                f"the reference to {address!r} cannot be followed: {problem.message}",
                self.positions.locate(at),
            ) from None
        mounts = self.document.setdefault(MOUNTS, {})
        name = str(len(mounts) + 1)
        pointer = join("", MOUNTS, name)
        mounts[name] = found.value
        self.positions.graft(pointer, found.places)
        self._mounts[source] = pointer
        self._sources[pointer] = source
        return pointer

    def _home(self, pointer: str) -> str:
        return next((m for m in self._sources if m and (pointer + "/").startswith(m + "/")), "")

    def _absolute(self, address: str, base: str) -> str:
        own = resolve(self.document, base).get("$id", "") if base else ""
        return urldefrag(urljoin(own, address)).url

    def _is_identified(self, found: str, base: str) -> bool:
        address = urldefrag(found).url
        return self._absolute(address, base) in self._identifiers()

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
                        resource, uri = pointer, urldefrag(urljoin(uri, node["$id"])).url
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

    def _refuse_circles(self) -> None:
        """A chain of references that comes back to itself stands for nothing."""
        sound: set[str] = set()
        for start, node in self.references:
            chain = [start]
            target = local(node["$ref"])
            while target is not None and target not in sound:
                if target in chain:
                    self._lost(f"{start}/$ref", "the reference leads back to itself.")
                chain.append(target)
                found = resolve(self.document, target)
                step = found.get("$ref") if isinstance(found, dict) else None
                target = local(step) if isinstance(step, str) else None
            sound.update(chain)

    def _expected(self, pointer: str, expected: str, found: Any) -> NoReturn:
        self._fail(pointer, f"expected {expected}, found {_describe(found)}")

    def _fail(self, pointer: str, message: str) -> NoReturn:
        raise DocumentError(message, self.positions.locate(pointer))

    def _lost(self, pointer: str, message: str) -> NoReturn:
        raise ReferenceError(message, self.positions.locate(pointer))


def bundle(document: dict[str, Any], source: str, positions: Positions) -> Bundle:
    """The bundled document. ``document`` is changed in place; the caller owns it."""
    found = Bundle(document, source, positions)
    found.walk()
    return found


def _describe(found: Any) -> str:
    if isinstance(found, str):
        shown = found if len(found) <= 40 else found[:37] + "..."  # noqa: PLR2004 - fits one line of an error
        return f"the text {shown!r}"
    if isinstance(found, int | float) and not isinstance(found, bool):
        return f"the number {found!r:.40}"
    return _WORDS.get(type(found), type(found).__name__)


def _article(kind: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    if kind == "OpenAPI":
        return "an OpenAPI document"
    return f"{'an' if words[0] in 'aeio' else 'a'} {words}"


def _near_field(name: str, node: dict[str, Any]) -> str:
    near = get_close_matches(name, node, n=1, cutoff=0.6)
    return f"; {near[0]!r} is not a field of it" if near else ""
