"""The operations of a bundled document as frozen values: path-level parameters merged in, security made effective."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from troth.contract.grammar import METHODS
from troth.contract.model import Body, Header, Media, Operation, Parameter, Response
from troth.contract.pointers import follow, join, resolve, split
from troth.contract.positions import Positions
from troth.errors import did_you_mean
from troth.findings import Finding, Location

__all__ = ["addressed", "build_additional", "build_calls", "build_operations"]

_LOCATIONS = ("path", "query", "header", "cookie")
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_NOT_PARAMETERS = frozenset(("accept", "authorization", "content-type"))


def build_operations(
    document: Mapping[str, Any], positions: Positions, schemes: frozenset[str]
) -> tuple[tuple[Operation, ...], frozenset[str], list[Finding]]:
    """Every operation of ``paths`` in document order, those that no request reaches, and what was passed over.

    Raises DocumentError for what only shows across objects.
    """
    builder = _Builder(document, positions, schemes)
    operations = tuple(builder.operations())
    unreachable = frozenset(o.id for o in operations if (o.method, o.path) in builder.unreachable)
    return operations, unreachable, builder.flaws


def addressed(path: str) -> str:
    """The part of a path that a server sees: some documents tell operations apart by a query or a fragment."""
    return re.split("[?#]", path, maxsplit=1)[0]


def _undeclared(name: str, pointer: str) -> Parameter:
    """A path parameter that nobody describes: any text will do."""
    return Parameter(name, "path", True, None, {}, "simple", False, None, False, pointer)


def build_calls(
    document: Mapping[str, Any], positions: Locator, schemes: frozenset[str], pointer: str
) -> tuple[Operation, ...]:
    """The operations of a webhook, or of one expression of a callback: requests that the API sends.

    Their path is the last step of the pointer, and no template of parameters.
    """
    builder = _Builder(document, positions, schemes, templated=False)
    item = resolve(document, pointer)
    return tuple(
        builder.operation(split(pointer)[-1], method.upper(), at, fields)
        for at, fields in builder.path_items(pointer, item)
        for method in METHODS
        if method in fields
    )


def build_additional(
    document: Mapping[str, Any], positions: Locator, schemes: frozenset[str]
) -> tuple[Operation, ...]:
    """The operations of methods that have no field of their own (``additionalOperations`` of OpenAPI 3.2)."""
    builder = _Builder(document, positions, schemes)
    field = "additionalOperations"
    return tuple(
        builder.operation(path, method, at, fields, (field, method))
        for path, item in (document.get("paths") or {}).items()
        if not path.startswith("x-")
        for at, fields in builder.path_items(join("/paths", path), item)
        for method in fields.get(field) or {}
    )


class Locator(Protocol):
    """Where a pointer comes from: the positions of a document that is being loaded, or a loaded contract."""

    def locate(self, pointer: str, /) -> Location:
        """The file and line of a pointer."""


class _Builder:
    def __init__(
        self,
        document: Mapping[str, Any],
        positions: Locator,
        schemes: frozenset[str],
        *,
        templated: bool = True,
    ) -> None:
        self.document = document
        self.positions = positions
        self.schemes = schemes
        self.templated = templated
        self.identifiers: dict[str, str] = {}
        self.flaws: list[Finding] = []
        self.addresses: dict[tuple[str, str], str] = {}
        self.unreachable: set[tuple[str, str]] = set()
        self.security = self.requirements("/security", document.get("security") or [])

    def operations(self) -> Iterator[Operation]:
        for path, item in (self.document.get("paths") or {}).items():
            if path.startswith("x-"):
                continue
            pointer = join("/paths", path)
            for at, fields in self.path_items(pointer, item):
                for method in METHODS:
                    if method in fields:
                        yield self.operation(path, method.upper(), at, fields)

    def path_items(self, pointer: str, item: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The path item, and the one that it refers to for the methods it does not define itself."""
        yield pointer, item
        if "$ref" in item:
            at, target = self.follow(pointer)
            yield at, {name: value for name, value in target.items() if name not in item}

    def flaw(self, identifier: str, pointer: str, message: str) -> None:
        location = self.positions.locate(pointer)
        self.flaws.append(Finding(identifier, "error", message, location=location))

    def address(self, path: str, method: str, pointer: str) -> None:
        """Note an operation that no request reaches, because an earlier path takes the same ones."""
        first = self.addresses.setdefault((method, _TEMPLATE.sub("{}", addressed(path))), path)
        if first != path:
            self.unreachable.add((method, path))
            message = f"{method} {path} cannot be told apart from {first}, which answers in its place"
            self.flaw("ambiguous-path", pointer, message)

    def operation(
        self,
        path: str,
        method: str,
        item_pointer: str,
        item: Mapping[str, Any],
        steps: tuple[str, ...] = (),
    ) -> Operation:
        """The operation of a method; ``steps`` lead to it where the method is no field of the path item."""
        steps = steps or (method.lower(),)
        pointer, node = join(item_pointer, *steps), resolve(item, join("", *steps))
        if self.templated:
            self.address(path, method, pointer)
        parameters = self.parameters(path, pointer, node, item_pointer, item)
        security = node.get("security")
        extension = node.get("x-behaviour")
        return Operation(
            id=self.identifier(node, method, path, pointer),
            method=method,
            path=path,
            parameters=parameters,
            body=self.body(join(pointer, "requestBody")) if "requestBody" in node else None,
            responses=self.responses(join(pointer, "responses"), node.get("responses") or {}),
            security=self.security
            if security is None
            else self.requirements(f"{pointer}/security", security),
            tags=tuple(str(tag) for tag in node.get("tags") or ()),
            deprecated=node.get("deprecated") is True,
            summary=str(node.get("summary") or ""),
            extension=extension if isinstance(extension, Mapping) else {},
            pointer=pointer,
        )

    def identifier(self, node: Mapping[str, Any], method: str, path: str, pointer: str) -> str:
        found = node.get("operationId")
        identifier = str(found) if found not in (None, "") else f"{method} {path}"
        at = join(pointer, "operationId")
        if identifier in self.identifiers:
            first = self.positions.locate(self.identifiers[identifier])
            own = f"{method} {path}"
            message = (
                f"the operationId {identifier!r} is already taken at {first}; this one is called {own!r}"
            )
            self.flaw("operation-id-twice", at, message)
            identifier = own
        self.identifiers[identifier] = at
        return identifier

    def requirements(self, pointer: str, found: list[Any]) -> tuple[Mapping[str, tuple[str, ...]], ...]:
        for index, alternative in enumerate(found):
            for name in alternative:
                if name not in self.schemes:
                    at, hint = join(pointer, index, name), did_you_mean(name, self.schemes)
                    message = f"no security scheme is named {name!r}, so nobody is asked for one.{hint}"
                    self.flaw("unknown-security-scheme", at, message)
        return tuple(
            {name: tuple(str(scope) for scope in scopes) for name, scopes in alternative.items()}
            for alternative in found
            if self.schemes.issuperset(alternative)
        )

    def parameters(
        self, path: str, pointer: str, node: Mapping[str, Any], item_pointer: str, item: Mapping[str, Any]
    ) -> tuple[Parameter, ...]:
        """Path-level parameters first, each replaced by the operation's own of the same name and location."""
        merged: dict[tuple[str, str], Parameter] = {}
        for start, holder in ((item_pointer, item), (pointer, node)):
            own: set[tuple[str, str]] = set()
            for index in range(len(holder.get("parameters") or ())):
                at = join(start, "parameters", index)
                parameter = self.parameter(at)
                if parameter is None:
                    continue
                key = (
                    parameter.location,
                    parameter.name.lower() if parameter.location == "header" else parameter.name,
                )
                if key in own:
                    message = f"the {parameter.location} parameter {parameter.name!r} is declared twice here"
                    self.flaw("parameter-twice", at, message)
                own.add(key)
                merged[key] = parameter
        if self.templated:
            self.fit_template(path, pointer, merged)
        return tuple(
            p for p in merged.values() if p.location != "header" or p.name.lower() not in _NOT_PARAMETERS
        )

    def fit_template(self, path: str, pointer: str, merged: dict[tuple[str, str], Parameter]) -> None:
        """Each template of the path has its parameter, and each path parameter its template."""
        names = _TEMPLATE.findall(path)
        declared = {name for location, name in merged if location == "path"}
        for name in names:
            if name not in declared:
                message = (
                    f"the path parameter {name!r} of {path} is not declared.{did_you_mean(name, declared)}"
                )
                self.flaw("undeclared-path-parameter", pointer, message)
                merged["path", name] = _undeclared(name, pointer)
        for name in declared - set(names):
            message = f"the path parameter {name!r} does not occur in {path}.{did_you_mean(name, names)}"
            self.flaw("unused-path-parameter", merged.pop(("path", name)).pointer, message)
        if len(set(names)) != len(names):
            message = f"a parameter occurs twice in {path}; it has the same value in both places"
            self.flaw("template-twice", pointer, message)

    def parameter(self, start: str) -> Parameter | None:
        """The parameter at a pointer; None for one that says neither where it stands nor what it is called."""
        pointer, node = self.follow(start)
        location, name = node.get("in"), node.get("name")
        if not location or not name:
            return None
        if location not in _LOCATIONS and location != "querystring":
            hint = did_you_mean(location, _LOCATIONS)
            message = f"a parameter stands in path, query, header or cookie, not in {location!r}.{hint}"
            self.flaw("unknown-location", join(pointer, "in"), message)
            return None
        styles = _STYLES.get(location, ("form",))
        style = node.get("style", styles[0])
        if style not in styles:
            message = f"a {location} parameter cannot have style {style!r}; it can have {', '.join(styles)}"
            self.flaw("unknown-style", join(pointer, "style"), message)
            style = styles[0]
        content_type, schema_pointer = None, join(pointer, "schema") if "schema" in node else None
        if node.get("content"):
            content_type = next(iter(node["content"]))
            schema_pointer = self.content_schema(join(pointer, "content", content_type))
        return Parameter(
            name=name,
            location=location,
            required=node.get("required") is True or location == "path",
            schema_pointer=schema_pointer,
            schema=self.schema(schema_pointer),
            style=style,
            explode=bool(node.get("explode", style == "form")),
            content_type=content_type,
            deprecated=node.get("deprecated") is True,
            pointer=pointer,
        )

    def content_schema(self, start: str) -> str | None:
        pointer, media = self.follow(start)
        return join(pointer, "schema") if "schema" in media else None

    def schema(self, pointer: str | None) -> Mapping[str, Any] | bool:
        """The schema at a pointer with its references followed; True where none is given."""
        if pointer is None:
            return True
        found: Mapping[str, Any] | bool = self.follow(pointer)[1]
        return found

    def body(self, start: str) -> Body:
        pointer, node = self.follow(start)
        return Body(
            node.get("required") is True,
            self.media(join(pointer, "content"), node.get("content") or {}),
            pointer,
        )

    def media(self, pointer: str, content: Mapping[str, Any]) -> dict[str, Media]:
        return {name: self.medium(name, join(pointer, name)) for name in content}

    def medium(self, name: str, start: str) -> Media:
        pointer, node = self.follow(start)
        schema_pointer = join(pointer, "schema") if "schema" in node else None
        return Media(name, schema_pointer, self.schema(schema_pointer), self.examples(pointer, node), pointer)

    def examples(self, pointer: str, node: Mapping[str, Any]) -> dict[str, Any]:
        """Examples by name; a lone ``example`` is called ``example``."""
        found: dict[str, Any] = {"example": node["example"]} if "example" in node else {}
        for name in node.get("examples") or {}:
            example = self.follow(join(pointer, "examples", name))[1]
            for key in ("value", "dataValue"):
                if key in example:
                    found[name] = example[key]
        return found

    def responses(self, pointer: str, node: Mapping[str, Any]) -> dict[str, Response]:
        return {
            status.replace("x", "X"): self.response(status.replace("x", "X"), join(pointer, status))
            for status in node
            if not status.startswith("x-")
        }

    def response(self, status: str, start: str) -> Response:
        pointer, node = self.follow(start)
        return Response(
            status=status,
            description=str(node.get("description") or ""),
            headers={
                name: self.header(name, join(pointer, "headers", name)) for name in node.get("headers") or {}
            },
            media=self.media(join(pointer, "content"), node.get("content") or {}),
            pointer=pointer,
        )

    def header(self, name: str, start: str) -> Header:
        pointer, node = self.follow(start)
        schema_pointer = join(pointer, "schema") if "schema" in node else None
        if node.get("content"):
            schema_pointer = self.content_schema(join(pointer, "content", next(iter(node["content"]))))
        return Header(
            name, node.get("required") is True, schema_pointer, self.schema(schema_pointer), pointer
        )

    def follow(self, pointer: str) -> tuple[str, Any]:
        return follow(self.document, pointer)
