"""Smallest pairs of documents for changes of an API that differs tell, by the names that one of them gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["pair_of"]

JSON = Any
Schema = Mapping[str, JSON]
TEXT: Schema = {"type": "string"}
LIST: Schema = {"type": "array", "items": TEXT}
WHOLE: Schema = {"type": "integer"}
OBJECT: Schema = {"type": "object"}
FINE = {"204": {"description": "Fine."}}
SIZED = {"a": TEXT, "b": WHOLE}
CAT = {"type": "object", "required": ["kind"], "properties": {"kind": TEXT, "lives": WHOLE}}
DOG = {"type": "object", "required": ["kind"], "properties": {"kind": TEXT, "breed": TEXT}}
PETS = {"Cat": CAT, "Dog": DOG, "Bird": {**DOG, "properties": {"kind": TEXT, "wings": WHOLE}}}
CHOICE: Schema = {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]}
MAPPED = {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"}


def told_by(name: str, mapping: Mapping[str, str] | None = None) -> Schema:
    return {**CHOICE, "discriminator": {"propertyName": name, **({"mapping": mapping} if mapping else {})}}


def typed(kind: str, keyword: str, old: JSON, new: JSON) -> tuple[Schema, Schema]:
    """A keyword with two values; None is to leave it out."""
    sides = ({} if value is None else {keyword: value} for value in (old, new))
    one, other = ({"type": kind, **side} for side in sides)
    return one, other


BRANCHES = [{"type": "string"}, {"type": "boolean"}]
SCHEMAS: dict[str, tuple[Schema, Schema]] = {
    "became-enum": (TEXT, {**TEXT, "enum": ["a", "b"]}),
    "enum-value-added": ({**TEXT, "enum": ["a"]}, {**TEXT, "enum": ["a", "b"]}),
    "enum-value-removed": ({**TEXT, "enum": ["a", "b"]}, {**TEXT, "enum": ["a"]}),
    "x-extensible-enum-value-removed": (
        {**TEXT, "x-extensible-enum": ["a", "b"]},
        {**TEXT, "x-extensible-enum": ["a"]},
    ),
    "became-nullable": (TEXT, {"type": ["string", "null"]}),
    "became-not-nullable": ({"type": ["string", "null"]}, TEXT),
    "default-value-added": typed("string", "default", None, "a"),
    "default-value-removed": typed("string", "default", "a", None),
    "default-value-changed": typed("string", "default", "a", "b"),
    "const-added": typed("string", "const", None, "a"),
    "const-removed": typed("string", "const", "a", None),
    "const-changed": typed("string", "const", "a", "b"),
    "pattern-added": typed("string", "pattern", None, "^a+$"),
    "pattern-removed": typed("string", "pattern", "^a+$", None),
    "pattern-changed": typed("string", "pattern", "^a+$", "^b+$"),
    "pattern-generalized": typed("string", "pattern", "^a+$", ".*"),
    "type-changed": (TEXT, WHOLE),
    "type-generalized": (WHOLE, {"type": "number"}),
    "type-specialized": ({"type": "number"}, WHOLE),
    "type-compatible": ({"type": "number", "multipleOf": 1}, WHOLE),
    "list-of-types-widened": ({"type": ["string", "integer"]}, {"type": ["string", "integer", "boolean"]}),
    "list-of-types-narrowed": ({"type": ["string", "integer", "boolean"]}, {"type": ["string", "integer"]}),
    "all-of-added": (OBJECT, {**OBJECT, "allOf": [{"required": ["a"]}]}),
    "all-of-removed": ({**OBJECT, "allOf": [{"required": ["a"]}]}, OBJECT),
    "all-of-added-annotation-only": (OBJECT, {**OBJECT, "allOf": [{"title": "A"}]}),
    "all-of-removed-annotation-only": ({**OBJECT, "allOf": [{"title": "A"}]}, OBJECT),
    "any-of-added": ({"anyOf": BRANCHES}, {"anyOf": [*BRANCHES, {"type": "array", "minItems": 1}]}),
    "any-of-removed": ({"anyOf": [*BRANCHES, {"type": "array", "minItems": 1}]}, {"anyOf": BRANCHES}),
    "one-of-added": ({"oneOf": BRANCHES}, {"oneOf": [*BRANCHES, {"type": "array", "minItems": 1}]}),
    "one-of-removed": ({"oneOf": [*BRANCHES, {"type": "array", "minItems": 1}]}, {"oneOf": BRANCHES}),
    "wrapped-in-one-of": (CAT, {"oneOf": [CAT, {"type": "string", "minLength": 1}]}),
    "discriminator-added": (CHOICE, told_by("kind")),
    "discriminator-removed": (told_by("kind"), CHOICE),
    "discriminator-property-name-changed": (told_by("kind"), told_by("sort")),
    "discriminator-mapping-added": (told_by("kind", {"cat": MAPPED["cat"]}), told_by("kind", MAPPED)),
    "discriminator-mapping-deleted": (told_by("kind", MAPPED), told_by("kind", {"cat": MAPPED["cat"]})),
    "discriminator-mapping-changed": (
        told_by("kind", MAPPED),
        told_by("kind", {"cat": MAPPED["dog"], "dog": MAPPED["cat"]}),
    ),
    "prefix-items-added": ({"type": "array"}, {"type": "array", "prefixItems": [TEXT]}),
    "prefix-items-removed": ({"type": "array", "prefixItems": [TEXT]}, {"type": "array"}),
    "pattern-property-added": (OBJECT, {**OBJECT, "patternProperties": {"^s_": TEXT}}),
    "pattern-property-removed": ({**OBJECT, "patternProperties": {"^s_": TEXT}}, OBJECT),
}
CONDITION = {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}
KEYWORDS: dict[str, tuple[str, str, JSON, JSON]] = {
    "max-length": ("string", "maxLength", 5, 9),
    "min-length": ("string", "minLength", 5, 9),
    "max": ("integer", "maximum", 5, 9),
    "min": ("integer", "minimum", 5, 9),
    "exclusive-max": ("integer", "exclusiveMaximum", 5, 9),
    "exclusive-min": ("integer", "exclusiveMinimum", 5, 9),
    "max-items": ("array", "maxItems", 5, 9),
    "min-items": ("array", "minItems", 5, 9),
}
for word, (kind, keyword, low, high) in KEYWORDS.items():
    SCHEMAS[f"{word}-set"] = typed(kind, keyword, None, low)
    SCHEMAS[f"{word}-unset"] = typed(kind, keyword, low, None)
    SCHEMAS[f"{word}-increased"] = typed(kind, keyword, low, high)
    SCHEMAS[f"{word}-decreased"] = typed(kind, keyword, high, low)
for word, keyword in (("min-contains", "minContains"), ("max-contains", "maxContains")):
    holding = {"type": "array", "contains": WHOLE}
    SCHEMAS[f"{word}-increased"] = {**holding, keyword: 2}, {**holding, keyword: 4}
    SCHEMAS[f"{word}-decreased"] = {**holding, keyword: 4}, {**holding, keyword: 2}
WITHOUT: dict[str, tuple[Schema, Schema]] = {
    "if": (OBJECT, {**OBJECT, "if": CONDITION["if"], "then": CONDITION["then"]}),
    "then": ({**OBJECT, "if": CONDITION["if"], "else": CONDITION["else"]}, {**OBJECT, **CONDITION}),
    "else": ({**OBJECT, "if": CONDITION["if"], "then": CONDITION["then"]}, {**OBJECT, **CONDITION}),
    "contains": ({"type": "array"}, {"type": "array", "contains": WHOLE}),
    "dependent-required": (OBJECT, {**OBJECT, "dependentRequired": {"a": ["b"]}}),
    "dependent-schema": (OBJECT, {**OBJECT, "dependentSchemas": {"a": {"required": ["b"]}}}),
    "property-names": (OBJECT, {**OBJECT, "propertyNames": {"maxLength": 3}}),
    "unevaluated-items": ({"type": "array", "prefixItems": [TEXT]},
                          {"type": "array", "prefixItems": [TEXT], "unevaluatedItems": False}),
    "unevaluated-properties": ({**OBJECT, "properties": SIZED},
                               {**OBJECT, "properties": SIZED, "unevaluatedProperties": False}),
    "content-schema": ({**TEXT, "contentMediaType": "application/json"},
                       {**TEXT, "contentMediaType": "application/json", "contentSchema": OBJECT}),
}  # fmt: skip
for word, (without, having) in WITHOUT.items():
    SCHEMAS[f"{word}-added"], SCHEMAS[f"{word}-removed"] = (without, having), (having, without)
SCHEMAS["dependent-required-changed"] = (
    WITHOUT["dependent-required"][1],
    {**OBJECT, "dependentRequired": {"a": ["c"]}},
)
SCHEMAS["content-media-type-changed"] = typed("string", "contentMediaType", "text/csv", "text/html")
SCHEMAS["content-encoding-changed"] = typed("string", "contentEncoding", "base64", "base32")


def taking(**more: JSON) -> JSON:
    return {
        "paths": {"/o": {"post": {"operationId": "o", "responses": FINE, **more}}},
        "components": {"schemas": PETS},
    }


def body(schema: Schema) -> JSON:
    return taking(requestBody={"content": {"application/json": {"schema": schema}}})


def answer(schema: Schema | None, media: str = "application/json", **more: JSON) -> JSON:
    content = {media: {} if schema is None else {"schema": schema}}
    return taking(responses={"200": {"description": "One.", "content": content, **more}})


def holder(schema: Schema, *, required: bool = False, **flags: bool) -> Schema:
    found = {"type": "object", "properties": {"p": {**schema, **flags}, "q": TEXT}}
    return {**found, "required": ["p"]} if required else found


def parameter(schema: Schema | None = None, **more: JSON) -> JSON:
    return taking(parameters=[{"name": "n", "in": "query", "schema": schema or TEXT, **more}])


def header(schema: Schema, *, required: bool = False) -> JSON:
    return answer(TEXT, headers={"X-N": {"required": required, "schema": schema}})


DEEP = {"style": "deepObject", "explode": True}
POSITIONS: dict[str, Callable[[Schema], JSON]] = {
    "request-body-": body,
    "request-property-": lambda schema: body(holder(schema)),
    "request-read-only-property-": lambda schema: body(holder(schema, readOnly=True)),
    "request-parameter-": parameter,
    "request-parameter-property-": lambda schema: parameter(holder(schema), **DEEP),
    "request-header-property-": lambda schema: taking(
        parameters=[{"name": "X-N", "in": "header", "schema": holder(schema)}]
    ),
    "response-body-": answer,
    "response-mediatype-": answer,
    "response-property-": lambda schema: answer(holder(schema)),
    "response-write-only-property-": lambda schema: answer(holder(schema, writeOnly=True)),
    "response-header-": header,
}


def _members(sent: Callable[[Schema], JSON], direction: str) -> dict[str, tuple[JSON, JSON]]:
    """What can be said of a property beside its schema, in one direction."""
    found: dict[str, tuple[JSON, JSON]] = {}
    gone = {"type": "object", "properties": {"q": TEXT}}
    for word, required in (("optional", False), ("required", True)):
        plain = sent(holder(TEXT, required=required))
        hidden = sent(holder(TEXT, required=required, writeOnly=True))
        name = "response-" if direction == "response" else "request-"
        found[f"{name}{word}-property-removed"] = plain, sent(gone)
        found[f"{name}{word}-property-added"] = sent(gone), plain
        found[f"{name}{word}-write-only-property-removed"] = hidden, sent(gone)
        found[f"{name}{word}-write-only-property-added"] = sent(gone), hidden
        for keyword, said in (("readOnly", "read-only"), ("writeOnly", "write-only")):
            flagged = sent(holder(TEXT, required=required, **{keyword: True}))
            found[f"{name}{word}-property-became-{said}"] = plain, flagged
            found[f"{name}{word}-property-became-not-{said}"] = flagged, plain
    free, asked = sent(holder(TEXT)), sent(holder(TEXT, required=True))
    found[f"{direction}-property-became-required"] = free, asked
    found[f"{direction}-property-became-optional"] = asked, free
    free, asked = sent(holder(TEXT, writeOnly=True)), sent(holder(TEXT, required=True, writeOnly=True))
    found[f"{direction}-write-only-property-became-required"] = free, asked
    found[f"{direction}-write-only-property-became-optional"] = asked, free
    old = sent(holder({**TEXT, "deprecated": True}))
    ending = {
        day: sent(holder({**TEXT, "deprecated": True, "x-sunset": day}))
        for day in ("2026-02-01", "2027-01-01", "soon")
    }
    found |= {
        f"{direction}-property-deprecated": (sent(holder(TEXT)), old),
        f"{direction}-property-deprecated-with-sunset": (sent(holder(TEXT)), ending["2027-01-01"]),
        f"{direction}-property-deprecated-sunset-missing": (sent(holder(TEXT)), old),
        f"{direction}-property-deprecated-sunset-invalid": (sent(holder(TEXT)), ending["soon"]),
        f"{direction}-property-sunset-date-too-small": (sent(holder(TEXT)), ending["2026-02-01"]),
        f"{direction}-property-reactivated": (old, sent(holder(TEXT))),
        f"{direction}-property-stability-decreased": stability(lambda level: sent(holder({**TEXT, **level}))),
        f"{direction}-property-stability-increased": stability(lambda level: sent(holder({**TEXT, **level})))[
            ::-1
        ],
    }
    return found


def stability(make: Callable[[Schema], JSON]) -> tuple[JSON, JSON]:
    return make({"x-stability-level": "stable"}), make({"x-stability-level": "alpha"})


def two(**ending: JSON) -> JSON:
    """A path with two operations; one of them may say that it ends."""
    return {"paths": {"/o": {"get": {"operationId": "g", "responses": FINE},
                             "post": {"operationId": "o", "responses": FINE, **ending}}}}  # fmt: skip


def secured(*ways: JSON, whole: bool = False, **flow: JSON) -> JSON:
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "k"},
        "oauth": {"type": "oauth2", "flows": {"implicit": {
            "authorizationUrl": "https://id.example/a", "scopes": {"r": "", "w": ""}, **flow}}},
    }  # fmt: skip
    operation = {"operationId": "g", "responses": FINE, **({} if whole else {"security": list(ways)})}
    found: dict[str, JSON] = {"paths": {"/o": {"get": operation}}, "components": {"securitySchemes": schemes}}
    return {**found, "security": list(ways)} if whole else found


def without(document: JSON, scheme: str) -> JSON:
    kept = {
        name: value for name, value in document["components"]["securitySchemes"].items() if name != scheme
    }
    return {**document, "components": {"securitySchemes": kept}}


NONE, ONE, OTHER = two(), {"paths": {"/p": {"get": {"operationId": "p", "responses": FINE}}}}, {"paths": {}}
ENDED, SOON = {"deprecated": True, "x-sunset": "2025-12-01"}, {"deprecated": True, "x-sunset": "2026-02-01"}
LATER, UNREAD = {"deprecated": True, "x-sunset": "2027-01-01"}, {"deprecated": True, "x-sunset": "soon"}
OLD = {"deprecated": True}
GET = {"paths": {"/o": {"get": {"operationId": "g", "responses": FINE}}}}
BODY = {"requestBody": {"content": {"application/json": {"schema": TEXT}}}}
ASKED = {"requestBody": {"required": True, "content": {"application/json": {"schema": TEXT}}}}
KEY, READ, BOTH = {"key": []}, {"oauth": ["r"]}, {"oauth": ["r", "w"]}


def statuses(*codes: str) -> JSON:
    return taking(responses={code: {"description": "Said."} for code in codes})


def media(*types: str) -> JSON:
    return taking(
        responses={"200": {"description": "One.", "content": {name: {"schema": TEXT} for name in types}}}
    )


def sent_media(*types: str) -> JSON:
    return taking(requestBody={"content": {name: {"schema": TEXT} for name in types}})


def path(**more: JSON) -> JSON:
    return {"paths": {"/o/{id}": {"get": {"operationId": "g", "responses": FINE, "parameters": [
        {"name": "id", "in": "path", "required": True, "schema": TEXT}], **more}}}}  # fmt: skip


BARE = taking(requestBody={"content": {"text/csv": {}}})
NAMED: Schema = {**TEXT, "default": "a"}
HEADER = {"name": "X-N", "in": "header"}
DOCUMENTS: dict[str, tuple[JSON, JSON]] = {
    "endpoint-added": (GET, two()),
    "endpoint-deprecated": (two(), two(**OLD)),
    "endpoint-deprecated-with-sunset": (two(), two(**LATER)),
    "endpoint-reactivated": (two(**OLD), two()),
    "api-deprecated-sunset-missing": (two(), two(**OLD)),
    "api-deprecated-sunset-parse": (two(), two(**UNREAD)),
    "api-path-sunset-parse": (two(**UNREAD), GET),
    "api-sunset-date-too-small": (two(), two(**SOON)),
    "api-sunset-date-changed-too-small": (two(**LATER), two(**SOON)),
    "sunset-deleted": (two(**LATER), two(**OLD)),
    "api-removed-without-deprecation": (two(), GET),
    "api-removed-with-deprecation": (two(**ENDED), GET),
    "api-removed-before-sunset": (two(**LATER), GET),
    "api-path-removed-without-deprecation": (two(), ONE),
    "api-path-removed-with-deprecation": (taking(**ENDED), OTHER),
    "api-path-removed-before-sunset": (taking(**LATER), OTHER),
    "api-stability-decreased": stability(lambda level: two(**level)),
    "api-stability-increased": stability(lambda level: two(**level))[::-1],
    "api-invalid-stability-level": (two(), two(**{"x-stability-level": "solid"})),
    "api-operation-id-added": (taking(operationId=None), taking()),
    "api-operation-id-removed": (taking(), taking(operationId=None)),
    "api-tag-added": (two(), two(tags=["a"])),
    "api-tag-removed": (two(tags=["a"]), two()),
    "api-schema-removed": ({**GET, "components": {"schemas": PETS}}, GET),
    "api-version-not-bumped": (two(), {**GET, "info": {"title": "Shop", "version": "1.0.0"}}),
    "api-version-decreased": (two(), {**two(), "info": {"title": "Shop", "version": "0.9.0"}}),
    "api-major-version-not-bumped": (two(), {**GET, "info": {"title": "Shop", "version": "1.1.0"}}),
    "webhook-added": (GET, {**GET, "webhooks": {"w": {"post": {"responses": FINE}}}}),
    "webhook-removed": ({**GET, "webhooks": {"w": {"post": {"responses": FINE}}}}, GET),
    "api-security-component-added": (without(secured(KEY), "oauth"), secured(KEY)),
    "api-security-component-removed": (secured(KEY), without(secured(KEY), "oauth")),
    "api-security-component-type-changed": (secured(KEY), {**secured(KEY), "components": {"securitySchemes": {
        **secured(KEY)["components"]["securitySchemes"], "key": {"type": "http", "scheme": "basic"}}}}),
    "api-security-component-oauth-url-changed": (secured(READ), secured(READ, authorizationUrl="https://id.example/b")),
    "api-security-component-oauth-token-url-changed": (
        secured(READ, tokenUrl="https://id.example/t"), secured(READ, tokenUrl="https://id.example/u")),
    "api-security-component-oauth-scope-added": (secured(READ), secured(READ, scopes={"r": "", "w": "", "x": ""})),
    "api-security-component-oauth-scope-removed": (secured(READ), secured(READ, scopes={"r": ""})),
    "api-security-component-oauth-scope-changed": (secured(READ), secured(READ, scopes={"r": "Read.", "w": ""})),
    "api-security-added": (secured(KEY), secured(KEY, READ)),
    "api-security-removed": (secured(KEY, READ), secured(KEY)),
    "api-security-scope-added": (secured(READ), secured(BOTH)),
    "api-security-scope-removed": (secured(BOTH), secured(READ)),
    "api-global-security-added": (secured(KEY, whole=True), secured(KEY, READ, whole=True)),
    "api-global-security-removed": (secured(KEY, READ, whole=True), secured(KEY, whole=True)),
    "api-global-security-scope-added": (secured(READ, whole=True), secured(BOTH, whole=True)),
    "api-global-security-scope-removed": (secured(BOTH, whole=True), secured(READ, whole=True)),
    "request-body-added-required": (taking(), taking(**ASKED)),
    "request-body-added-optional": (taking(), taking(**BODY)),
    "request-body-removed": (taking(**BODY), taking()),
    "request-body-became-required": (taking(**BODY), taking(**ASKED)),
    "request-body-became-optional": (taking(**ASKED), taking(**BODY)),
    "request-body-media-type-added": (sent_media("text/csv"), sent_media("text/csv", "text/html")),
    "request-body-media-type-removed": (sent_media("text/csv", "text/html"), sent_media("text/csv")),
    "request-body-media-type-schema-added": (BARE, sent_media("text/csv")),
    "request-body-media-type-schema-removed": (sent_media("text/csv"), BARE),
    "response-body-media-type-schema-added": (answer(None), answer(TEXT)),
    "response-body-media-type-schema-removed": (answer(TEXT), answer(None)),
    "response-media-type-added": (media("text/csv"), media("text/csv", "text/html")),
    "response-media-type-removed": (media("text/csv", "text/html"), media("text/csv")),
    "response-media-type-name-changed": (media("text/csv"), media("text/html")),
    "response-media-type-name-generalized": (media("text/csv"), media("text/*")),
    "response-media-type-name-specialized": (media("text/*"), media("text/csv")),
    "response-success-status-added": (statuses("200"), statuses("200", "202")),
    "response-success-status-removed": (statuses("200", "202"), statuses("200")),
    "response-non-success-status-added": (statuses("200"), statuses("200", "404")),
    "response-non-success-status-removed": (statuses("200", "404"), statuses("200")),
    "response-header-added": (answer(TEXT), header(TEXT)),
    "response-header-became-optional": (header(TEXT, required=True), header(TEXT)),
    "required-response-header-removed": (header(TEXT, required=True), answer(TEXT)),
    "optional-response-header-removed": (header(TEXT), answer(TEXT)),
    "new-required-request-parameter": (taking(), parameter(required=True)),
    "new-optional-request-parameter": (taking(), parameter()),
    "new-required-request-default-parameter-to-existing-path": (taking(), parameter(NAMED, required=True)),
    "new-optional-request-default-parameter-to-existing-path": (taking(), parameter(NAMED)),
    "new-request-path-parameter": (two(), {"paths": {**two()["paths"], **path(operationId="r")["paths"]}}),
    "new-required-request-header-property": (
        taking(parameters=[{**HEADER, "schema": {**OBJECT, "properties": {"q": TEXT}}}]),
        taking(parameters=[{**HEADER, "schema": holder(TEXT, required=True)}])),
    "request-header-property-became-required": (
        taking(parameters=[{**HEADER, "schema": holder(TEXT)}]),
        taking(parameters=[{**HEADER, "schema": holder(TEXT, required=True)}])),
    "request-parameter-removed": (parameter(), taking()),
    "request-parameter-removed-with-deprecation": (parameter(**ENDED), taking()),
    "request-parameter-removed-before-sunset": (parameter(**LATER), taking()),
    "request-parameter-sunset-parse": (parameter(**UNREAD), taking()),
    "request-parameter-became-required": (parameter(), parameter(required=True)),
    "request-parameter-became-optional": (parameter(required=True), parameter()),
    "request-parameter-deprecated": (parameter(), parameter(**OLD)),
    "request-parameter-deprecated-sunset-missing": (parameter(), parameter(**OLD)),
    "request-parameter-reactivated": (parameter(**OLD), parameter()),
    "request-parameter-sunset-date-too-small": (parameter(), parameter(**SOON)),
    "request-parameter-sunset-date-changed-too-small": (parameter(**LATER), parameter(**SOON)),
    "request-parameter-sunset-deleted": (parameter(**LATER), parameter(**OLD)),
    "request-property-removed": (body(holder(TEXT)), body({**OBJECT, "properties": {"q": TEXT}})),
    "new-required-request-property": (body({**OBJECT, "properties": {"q": TEXT}}), body(holder(TEXT, required=True))),
    "new-required-request-property-with-default": (
        body({**OBJECT, "properties": {"q": TEXT}}), body(holder({**TEXT, "default": "a"}, required=True))),
    "new-optional-request-property": (body({**OBJECT, "properties": {"q": TEXT}}), body(holder(TEXT))),
    "request-property-became-required-with-default": (
        body(holder({**TEXT, "default": "a"})), body(holder({**TEXT, "default": "a"}, required=True))),
}  # fmt: skip
DOCUMENTS = {**_members(body, "request"), **_members(answer, "response"), **DOCUMENTS}


def pair_of(name: str) -> tuple[JSON, JSON]:
    """The two documents of a change: written out, or an edit of a schema at a position."""
    if name in DOCUMENTS:
        return DOCUMENTS[name]
    found = [(start, name.removeprefix(start)) for start in POSITIONS if name.startswith(start)]
    start, edit = next(
        (start, edit) for start, edit in sorted(found, key=lambda one: -len(one[0])) if edit in SCHEMAS
    )
    old, new = SCHEMAS[edit]
    return POSITIONS[start](old), POSITIONS[start](new)
