"""Swagger 2.0 as OpenAPI 3.0: bodies and form fields become request bodies, ``definitions`` become components.

Only what has the right shape is converted; the rest is passed on as it stands, for the grammar check to name it
with its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.contract.pointers import join
from troth.contract.positions import Positions

__all__ = ["convert_swagger"]

_JSON = ["application/json"]
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_KEPT = ("name", "in", "description", "required", "allowEmptyValue", "$ref")
_MOVED = {
    "#/definitions/": "#/components/schemas/",
    "#/parameters/": "#/components/parameters/",
    "#/responses/": "#/components/responses/",
}
_VALUES = frozenset({"example", "examples", "default", "enum"})
"""Keywords that hold values of the API: a word in them is no word of the document."""
_MAPS = frozenset(
    {"paths", "schemas", "properties", "parameters", "responses", "headers", "content", "securitySchemes",
     "scopes"},
)  # fmt: skip
"""Fields that map free names to what is described."""
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}
_ROOT = ("info", "paths", "security", "tags", "externalDocs")


def convert_swagger(document: dict[str, Any], positions: Positions) -> dict[str, Any]:
    """The same contract as an OpenAPI 3.0 document; new pointers keep the lines of what they were made from."""
    return _Converter(document, positions).document()


def _entries(node: Any) -> list[tuple[str, Any]]:
    return list(node.items()) if isinstance(node, dict) else []


def _texts(node: Any, default: list[str]) -> list[str]:
    found = [item for item in node if isinstance(item, str)] if isinstance(node, list) else []
    return found or default


class _Converter:
    def __init__(self, document: dict[str, Any], positions: Positions) -> None:
        self.old = document
        self.positions = positions
        self.shared = dict(_entries(document.get("parameters")))

    def document(self) -> dict[str, Any]:
        old = self.old
        new: dict[str, Any] = {"openapi": "3.0.3", "servers": [{"url": self.server()}]}
        new |= {name: value for name, value in old.items() if name in _ROOT or name.startswith("x-")}
        components: dict[str, Any] = {}
        for name, field in (("definitions", "schemas"), ("responses", "responses")):
            if name in old:
                components[field] = old[name]
                self.positions.repeat(f"/components/{field}", f"/{name}")
        for name, response in _entries(components.get("responses")):
            self.response(join("/components/responses", name), response, _texts(old.get("produces"), _JSON))
        kept = {name: p for name, p in self.shared.items() if self.role(p) == "parameter"}
        if kept:
            components["parameters"] = {name: self.parameter(p) for name, p in kept.items()}
            self.positions.repeat("/components/parameters", "/parameters")
        if "securityDefinitions" in old:
            schemes = _entries(old["securityDefinitions"])
            components["securitySchemes"] = {name: _scheme(value) for name, value in schemes}
            self.positions.repeat("/components/securitySchemes", "/securityDefinitions")
        new["components"] = components
        for path, item in _entries(new.get("paths")):
            self.path_item(join("/paths", path), item)
        converted: dict[str, Any] = _renamed(new)
        return converted

    def server(self) -> str:
        scheme = _texts(self.old.get("schemes"), ["https"])[0]
        host, base = self.old.get("host"), self.old.get("basePath")
        path = base if isinstance(base, str) else ""
        return f"{scheme}://{host}{path}" if isinstance(host, str) else path or "/"

    def path_item(self, pointer: str, item: Any) -> None:
        """Body and form parameters of the path move into each operation's request body."""
        if not isinstance(item, dict):
            return
        shared = item.get("parameters")
        for method in _METHODS:
            if isinstance(item.get(method), dict):
                self.operation(
                    join(pointer, method), item[method], shared if isinstance(shared, list) else []
                )
        if isinstance(shared, list):
            item["parameters"] = [self.parameter(p) for p in shared if self.role(p) == "parameter"]

    def operation(self, pointer: str, node: dict[str, Any], shared: list[Any]) -> None:
        consumes = _texts(node.pop("consumes", None) or self.old.get("consumes"), [])
        produces = _texts(node.pop("produces", None) or self.old.get("produces"), _JSON)
        own = node.get("parameters", [])
        if not isinstance(own, list):
            return
        self.body(pointer, node, [*shared, *own], len(shared), consumes)
        kept = [(index, p) for index, p in enumerate(own) if self.role(p) == "parameter"]
        if own:
            node["parameters"] = [self.parameter(p) for _, p in kept]
        for new, (index, _) in enumerate(kept):
            self.positions.repeat(f"{pointer}/parameters/{new}", f"{pointer}/parameters/{index}")
        for status, response in _entries(node.get("responses")):
            self.response(join(pointer, "responses", status), response, produces)

    def body(
        self, pointer: str, node: dict[str, Any], all_: list[Any], shared: int, consumes: list[str]
    ) -> None:
        form: dict[str, Any] = {}
        for index, parameter in enumerate(all_):
            role, found = self.role(parameter), self.resolved(parameter)
            if role == "body":
                content = {media: {"schema": found.get("schema", {})} for media in consumes or _JSON}
                node["requestBody"] = {"content": content, "required": found.get("required", False)}
                if index >= shared:
                    at = f"{pointer}/parameters/{index - shared}"
                    self.positions.repeat(f"{pointer}/requestBody", at)
                    for media in content:
                        self.positions.repeat(join(pointer, "requestBody", "content", media), at)
            elif role == "formData" and isinstance(found.get("name"), str):
                form[found["name"]] = found
        if form:
            schema: dict[str, Any] = {
                "type": "object",
                "properties": {n: _schema(p) for n, p in form.items()},
            }
            required = [name for name, p in form.items() if p.get("required") is True]
            if required:
                schema["required"] = required
            usual = _MULTIPART if any(p.get("type") == "file" for p in form.values()) else _FORM
            node["requestBody"] = {"content": {m: {"schema": schema} for m in consumes or [usual]}}
            node["requestBody"]["required"] = bool(required)

    def resolved(self, parameter: Any) -> dict[str, Any]:
        if not isinstance(parameter, dict):
            return {}
        reference = parameter.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/parameters/"):
            found = self.shared.get(reference.removeprefix("#/parameters/"))
            return found if isinstance(found, dict) else {}
        return parameter

    def role(self, parameter: Any) -> str:
        where = self.resolved(parameter).get("in")
        return where if where in ("body", "formData") else "parameter"

    def parameter(self, node: Any) -> Any:
        """A path, query or header parameter: what describes its value moves into a schema."""
        if not isinstance(node, dict) or "$ref" in node:
            return node
        new = {name: value for name, value in node.items() if name in _KEPT or _is_extension(name)}
        new["schema"] = _schema(node)
        collection = node.get("collectionFormat")
        if node.get("type") == "array" and node.get("in") == "query":
            new["explode"] = collection == "multi"
            styles = {"ssv": "spaceDelimited", "pipes": "pipeDelimited"}
            new["style"] = styles.get(collection, "form") if isinstance(collection, str) else "form"
        return new

    def response(self, pointer: str, node: Any, produces: list[str]) -> None:
        if not isinstance(node, dict) or "$ref" in node:
            return
        examples = dict(_entries(node.pop("examples", None)))
        if "schema" in node:
            schema = node.pop("schema")
            node["content"] = {media: {"schema": schema} for media in produces}
            for media in produces:
                self.positions.repeat(join(pointer, "content", media, "schema"), f"{pointer}/schema")
        for media, example in examples.items():
            content = node.setdefault("content", {})
            if isinstance(content, dict):
                content.setdefault(media, {})["example"] = example
        for name, header in _entries(node.get("headers")):
            if isinstance(header, dict):
                new = {"schema": _schema(header)}
                if "description" in header:
                    new["description"] = header["description"]
                node["headers"][name] = new


def _is_extension(name: str) -> bool:
    """Whether a field is one that has no word of its own in 3.0."""
    return name.startswith("x-") and name != "x-nullable"


def _schema(node: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(node.get("schema"), dict):
        return dict(node["schema"])
    outside = (*_KEPT, "collectionFormat", "schema")
    found = {name: value for name, value in node.items() if name not in outside and not name.startswith("x-")}
    if isinstance(found.get("items"), dict):
        found["items"] = _schema(found["items"]) if "$ref" not in found["items"] else found["items"]
    if node.get("x-nullable") is True:
        found["nullable"] = True
    return found


def _scheme(node: Any) -> Any:
    """A security definition in its 3.0 form."""
    if not isinstance(node, dict):
        return node
    kind = node.get("type")
    if kind == "basic":
        return {**node, "type": "http", "scheme": "basic"}
    flow = node.get("flow")
    if kind != "oauth2" or not isinstance(flow, str):
        return node
    fields = {name: node[name] for name in ("authorizationUrl", "tokenUrl", "scopes") if name in node}
    rest = {name: value for name, value in node.items() if name not in fields and name != "flow"}
    return {**rest, "flows": {_FLOWS.get(flow, flow): fields}}


def _renamed(node: Any, *, names: bool = False) -> Any:
    """A copy with moved references and the schema words of 2.0 in their 3.0 form; ``names``: the keys are free."""
    if isinstance(node, list):
        return [_renamed(item) for item in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {key: _renamed(value) for key, value in node.items()}
    new = {
        key: value if key in _VALUES else _renamed(value, names=key in _MAPS) for key, value in node.items()
    }
    reference = new.get("$ref")
    if isinstance(reference, str):
        new["$ref"] = next((to + reference[len(old) :] for old, to in _moves(reference)), reference)
    if isinstance(new.get("discriminator"), str):
        new["discriminator"] = {"propertyName": new["discriminator"]}
    if new.get("type") == "file":
        new |= {"type": "string", "format": "binary"}
    if isinstance(new.get("x-nullable"), bool) and "$ref" not in new:
        nullable = new.pop("x-nullable")
        new |= {"nullable": True} if nullable and "type" in new else {}
    return new


def _moves(reference: str) -> Iterator[tuple[str, str]]:
    return (pair for pair in _MOVED.items() if reference.startswith(pair[0]))
