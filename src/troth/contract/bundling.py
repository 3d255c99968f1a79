"""One document out of many: external documents are mounted under ``/x-documents`` and every ``$ref`` becomes local.

The walk follows the grammar of OpenAPI from the root and from every reference, with the kind that the referrer
expects, so it also finds what has the wrong shape and where the schemas stand. Text that merely looks like a
reference (inside an example, an enum, an extension) is left alone. A part that cannot be read is a flaw, and what
``slips`` makes of it is read in its place; only what everything else hangs on is refused.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, NoReturn

from troth.contract.grammar import is_referable, schema_field, shape
from troth.contract.pointers import join, local, reference, resolve, split
from troth.contract.positions import Positions
from troth.contract.references import Resolver
from troth.contract.slips import FILLED, addressable, passed_over, repaired
from troth.errors import ContractError, DocumentError, did_you_mean
from troth.findings import Finding

__all__ = ["Bundle", "bundle"]

_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX|xx)|default")
_WORDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


class Bundle:
    """The walk and its result: ``document`` with local references only, and the pointers of its schemas."""

    def __init__(self, document: dict[str, Any], source: str, positions: Positions) -> None:
        self.document = document
        self.positions = positions
        self.schemas: dict[str, Any] = {}
        self.flaws: list[Finding] = []
        self.references: list[tuple[str, dict[str, Any]]] = []
        self._resolver = Resolver(document, source, positions)
        self._seen: set[tuple[int, str]] = set()
        self._rewritten: set[int] = set()
        self._named: list[dict[str, Any]] = []
        self._waiting: list[tuple[str, Any, str, str, str]] = []

    def walk(self, kind: str = "OpenAPI") -> None:
        """Visit everything that can be reached. Raises ContractError for what nothing can stand for."""
        self._waiting.append(("", self.document, kind, "", ""))
        while self._waiting:
            entry = self._waiting.pop()
            try:
                self._visit(*entry)
            except ContractError as problem:
                self._pass_over(entry, problem)
        self._undo_circles()
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
            if kind[0] == "<":
                self._check_names(pointer, node, inner)
            pairs = [
                (join(pointer, name), item)
                for name, item in node.items()
                if kind[0] == "{" or not name.startswith("x-")
            ]
        self._waiting += [(at, item, inner, mount, base) for at, item in reversed(pairs)]

    def _check_names(self, pointer: str, node: dict[str, Any], inner: str) -> None:
        for old, new in addressable(node) if inner == "PathItem" else ():
            self.positions.repeat(join(pointer, new), join(pointer, old))
            message = f"the path {old!r} must start with '/'; it is read as {new!r}"
            self._flaw("malformed-part", join(pointer, old), message)
        for name in [name for name in node if not name.startswith("x-")]:
            if inner == "PathItem" and not name.startswith("/"):
                message = f"the path {name!r} must start with '/', so it is passed over"
            elif inner == "Response" and not _STATUS.fullmatch(name):
                message = (
                    f"{name!r} is not a response status; write a code such as '200', a range such as '4XX', "
                    "or 'default'"
                )
            else:
                continue
            self._flaw("malformed-part", join(pointer, name), message)
            del node[name]

    def _visit_object(self, pointer: str, node: dict[str, Any], kind: str, mount: str, base: str) -> None:
        if is_referable(kind) and "$ref" in node:
            self._refer(pointer, node, kind, mount, base)
            if kind != "PathItem":
                return
        expected = shape(kind)
        if not (is_referable(kind) and "$ref" in node):
            for name in expected.required:
                if name in node:
                    continue
                filling = FILLED.get((kind, name))
                message = f"{_article(kind)} needs {name!r}{_near_field(name, node)}"
                if filling is None:
                    self._fail(pointer, message)
                node[name] = filling()
                self._flaw(
                    "missing-info" if kind in ("Info", "OpenAPI") else "malformed-part", pointer, message
                )
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
            self._flaw("unknown-field", pointer, f"{_article(kind)} has no field {name!r}.{hint}")

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
        for value, target in list(mapping.items()):
            if isinstance(target, str) and ("#" in target or target.endswith((".yaml", ".yml", ".json"))):
                at = join(pointer, "discriminator", "mapping", value)
                try:
                    mapping[value] = reference(self._target(at, target, mount, base, "Schema"))
                except (
                    ContractError
                ) as lost:  # other bundlers leave these behind; the branches are still there
                    del mapping[value]
                    self.flaws.append(Finding("lost-mapping", "error", lost.reason, location=lost.location))

    def _refer(self, pointer: str, node: dict[str, Any], kind: str, mount: str, base: str) -> None:
        found = node["$ref"]
        at = f"{pointer}/$ref"
        if not isinstance(found, str):
            self._expected(at, "a reference (text)", found)
        if id(node) in self._rewritten:
            target = local(found) or ""
            self._waiting.append(
                (target, resolve(self.document, target), kind, self._resolver.home(target), "")
            )
            return
        self._rewritten.add(id(node))
        node["$ref"] = reference(self._target(at, found, mount, base, kind))
        self.references.append((pointer, node))

    def _target(self, at: str, found: str, mount: str, base: str, kind: str) -> str:
        """The pointer that a reference leads to; what stands there is queued for the walk."""
        pointer, home = self._resolver.target(at, found, mount, base)
        self._waiting.append((pointer, resolve(self.document, pointer), kind, home, ""))
        return pointer

    def _undo_circles(self) -> None:
        """A chain of references that comes back to itself stands for nothing, and so does one that was cut."""
        sound: set[str] = set()
        for start, node in self.references:
            chain, step = [start], node.get("$ref")
            while isinstance(step, str) and (target := local(step) or "") not in sound:
                if target in chain:
                    message = "the reference leads back to itself, so nothing is held to it"
                    self._flaw("circular-reference", f"{start}/$ref", message)
                    node.pop("$ref", None)
                    break
                chain.append(target)
                try:
                    found = resolve(self.document, target)
                except KeyError:
                    self._resolver.lost(
                        f"{start}/$ref", "the reference leads into a part that cannot be read."
                    )
                step = found.get("$ref") if isinstance(found, dict) else None
            sound.update(chain)
        self.references = [(at, node) for at, node in self.references if "$ref" in node]

    def _pass_over(self, entry: tuple[str, Any, str, str, str], problem: ContractError) -> None:
        """Go on without a part, or raise again where nothing can stand for it."""
        pointer, node, kind, _, _ = entry
        word = next((w for w in ("$ref", "$dynamicRef") if _is_at(problem, f"{pointer}/{w}")), None)
        if word is not None:
            found = node.pop(word, "#")
            if kind == "PathItem" and isinstance(found, str) and not found.startswith("#"):
                raise problem  # operations in a file that is not there: it was forgotten, not written so
            self._flaw("dangling-reference", f"{pointer}/{word}", problem.reason)
            if kind in ("Schema", "PathItem"):  # what stands beside a reference there is meant as well
                self._seen.discard((id(node), kind))
                self._waiting.append(entry)
            else:
                node.clear()
            return
        meant = repaired(kind, node)
        if meant is not None:
            *above, last = split(pointer)
            resolve(self.document, join("", *above))[int(last) if last.isdigit() else last] = meant
        elif not passed_over(self.document, pointer, kind):
            raise problem
        self._flaw("malformed-part", pointer, problem.reason)

    def _flaw(self, identifier: str, pointer: str, message: str) -> None:
        self.flaws.append(Finding(identifier, "error", message, location=self.positions.locate(pointer)))

    def _expected(self, pointer: str, expected: str, found: Any) -> NoReturn:
        self._fail(pointer, f"expected {expected}, found {_describe(found)}")

    def _fail(self, pointer: str, message: str) -> NoReturn:
        raise DocumentError(message, self.positions.locate(pointer))


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


def _is_at(problem: ContractError, pointer: str) -> bool:
    return problem.location is not None and problem.location.pointer == pointer


def _article(kind: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    if kind == "OpenAPI":
        return "an OpenAPI document"
    return f"{'an' if words[0] in 'aeio' else 'a'} {words}"


def _near_field(name: str, node: dict[str, Any]) -> str:
    near = get_close_matches(name, node, n=1, cutoff=0.6)
    return f"; {near[0]!r} is not a field of it" if near else ""
