"""Turns of phrase met in published documents that tell nothing, or less than they seem to."""

from __future__ import annotations

from typing import Any

import pytest

from troth.compatibility import Comparison, compare

JSON = Any


def told(comparison: Comparison) -> list[tuple[str, str]]:
    return sorted((finding.id, finding.severity) for finding in comparison.findings)


def with_get(operation: JSON, path: str = "/orders", **more: JSON) -> JSON:
    return {"paths": {path: {"get": {"responses": {"204": {"description": "Fine."}}, **operation}}}, **more}


def test_an_operation_without_an_id_keeps_none_when_its_path_parameter_is_renamed(contract: Any) -> None:
    """The name that such an operation goes by is made of its path: nobody promised it."""

    def read(name: str) -> JSON:
        parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        return with_get({"parameters": [parameter]}, f"/orders/{{{name}}}")

    found = compare(contract(read("id")), contract(read("orderId")))
    assert told(found) == [("path-parameter-renamed", "info")]


SCHEMES = {
    "components": {
        "securitySchemes": {
            "oauth": {
                "type": "oauth2",
                "flows": {
                    "clientCredentials": {
                        "tokenUrl": "https://id.example/token",
                        "scopes": dict.fromkeys("abcd", ""),
                    }
                },
            },
            "key": {"type": "apiKey", "in": "header", "name": "x-key"},
        }
    }
}


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("a|b", "a|b|c", [("security-alternative-added", "info")]),
        ("a|b|c", "a|b", [("security-alternative-removed", "breaking")]),
        ("a|b", "b|a", []),
        ("a|b", "a|bc", [("scope-added", "breaking")]),
        ("a|bc", "a|b", [("scope-removed", "info")]),
        ("a|ab", "a|abc", []),
        ("a", "b", [("scope-added", "breaking"), ("scope-removed", "info")]),
    ],
)
def test_alternatives_that_differ_by_their_scopes_are_matched_by_them(
    old: str, new: str, wanted: list[tuple[str, str]], contract: Any
) -> None:
    """Each letter is a scope, each word an alternative of one scheme: who had the scopes of one is still let in."""

    def asking(words: str) -> Any:
        return contract(
            with_get({"security": [{"oauth": list(word)} for word in words.split("|")]}, **SCHEMES)
        )

    assert told(compare(asking(old), asking(new))) == wanted


def test_alternatives_of_the_same_schemes_are_named_with_their_scopes(contract: Any) -> None:
    old = contract(with_get({"security": [{"oauth": ["a"]}, {"oauth": ["b"]}]}, **SCHEMES))
    new = contract(with_get({"security": [{"key": []}]}, **SCHEMES))
    titles = [finding.title for finding in compare(old, new).at_least("breaking")]
    assert titles == ["GET /orders no longer takes oauth (a)", "GET /orders no longer takes oauth (b)"]


def sent_list(schema: JSON) -> JSON:
    body = {"content": {"application/json": {"schema": schema}}}
    responses = {"204": {"description": "Fine."}}
    return {
        "paths": {"/orders": {"post": {"operationId": "add", "requestBody": body, "responses": responses}}}
    }


def test_each_bound_of_a_list_is_shown_by_a_list_that_breaks_that_bound(contract: Any) -> None:
    """Two bounds set at once are two edits; the empty list shows only one of them."""
    ids = {"type": "array", "items": {"type": "integer"}}
    found = compare(contract(sent_list(ids)), contract(sent_list({**ids, "minItems": 1, "maxItems": 5})))
    shown = {finding.id: len(finding.witness) for finding in found.findings}
    assert shown == {"request-min-items-added": 0, "request-max-items-added": 6}


def test_the_items_of_a_list_are_shown_by_a_list(contract: Any) -> None:
    """A schema that lost its type as well as its items is two edits."""
    given = with_get({"responses": {"200": {"description": "All.", "content": {"application/json": {"schema": {
        "type": "array", "items": {"type": "integer"}}}}}}})  # fmt: skip
    free = with_get(
        {"responses": {"200": {"description": "All.", "content": {"application/json": {"schema": {}}}}}}
    )
    found = {finding.id: finding.witness for finding in compare(contract(given), contract(free)).findings}
    assert found.keys() == {"response-items-removed", "response-type-widened"}
    assert isinstance(found["response-items-removed"], list)


def test_a_path_parameter_was_never_empty(contract: Any) -> None:
    """A minimum length of one says what the path says; in a query it refuses what was taken."""

    def asking(location: str, schema: JSON) -> Any:
        path = "/orders/{id}" if location == "path" else "/orders"
        parameter = {"name": "id", "in": location, "required": location == "path", "schema": schema}
        return contract(with_get({"parameters": [parameter]}, path))

    plain, least = {"type": "string"}, {"type": "string", "minLength": 1}
    assert told(compare(asking("path", plain), asking("path", least))) == [
        ("request-min-length-added", "info")
    ]
    assert told(compare(asking("query", plain), asking("query", least))) == [
        ("request-min-length-added", "breaking")
    ]


def test_an_xml_form_is_nothing_where_no_xml_travels(contract: Any) -> None:
    def of(media: str, schema: JSON) -> Any:
        answer = {"200": {"description": "One.", "content": {media: {"schema": schema}}}}
        return contract(with_get({"responses": answer}))

    plain, named = {"type": "string"}, {"type": "string", "xml": {"name": "order"}}
    for media, severity in (("application/json", "info"), ("application/xml", "warning")):
        (finding,) = compare(of(media, plain), of(media, named)).findings
        assert finding.id.endswith("xml-form-added")
        assert finding.severity == severity


def test_servers_that_an_operation_states_again_are_no_other_servers(contract: Any) -> None:
    """What it states takes the place of the document's, so another one means that the document's no longer answers."""
    url, other = {"url": "https://a.example"}, {"url": "https://b.example"}
    plain = contract(with_get({}, servers=[url]))
    assert told(compare(plain, contract(with_get({"servers": [url]}, servers=[url])))) == []
    moved = compare(plain, contract(with_get({"servers": [other]}, servers=[url])))
    assert told(moved) == [("operation-server-added", "info"), ("operation-server-removed", "breaking")]


def test_many_large_alternatives_written_out_are_matched_without_an_oracle(
    contract: Any, monkeypatch: Any
) -> None:
    """Alternatives that read alike once references are followed need no proof that they admit the same values."""
    kinds = {f"K{at}": {"type": "object", "required": ["kind"], "properties": {
        "kind": {"const": f"k{at}"}, "next": {"$ref": f"#/components/schemas/P{at}"}}} for at in range(6)}  # fmt: skip
    parts = {f"P{at}": {"type": "object", "properties": {"size": {"type": "integer"}}} for at in range(6)}
    names = {"schemas": {**kinds, **parts}}
    written = [{**kinds[f"K{at}"], "properties": {**kinds[f"K{at}"]["properties"], "next": parts[f"P{at}"]}}
               for at in reversed(range(6))]  # fmt: skip
    by_name = [{"$ref": f"#/components/schemas/K{at}"} for at in range(6)]
    old, new = (
        contract({**sent_list({"anyOf": union}), "components": names}) for union in (by_name, written)
    )
    monkeypatch.setattr("troth.compatibility.sides.equal_values", None)
    assert told(compare(old, new)) == []


def test_schemas_that_became_one_and_changed_alike_are_told_once(contract: Any) -> None:
    """A list of answers written out, each a text, became one component, a number: one finding that reaches them all."""

    def answering(schema: JSON) -> Any:
        answer = {"200": {"description": "One.", "content": {"application/json": {"schema": schema}}}}
        paths = {f"/o{at}": {"get": {"operationId": f"o{at}", "responses": answer}} for at in range(4)}
        return contract({"paths": paths, "components": {"schemas": {"Size": {"type": "integer"}}}})

    (finding,) = compare(
        answering({"type": "string"}), answering({"$ref": "#/components/schemas/Size"})
    ).findings
    assert (finding.id, finding.location.pointer) == (
        "response-type-changed",
        "/components/schemas/Size/type",
    )
    assert finding.reach == ("o0", "o1", "o2", "o3")


def test_a_property_of_a_part_that_goes_is_shown(contract: Any) -> None:
    """An object put together from parts has the properties of each: one that goes is shown by an object with it."""
    base = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    extra = {"type": "object", "properties": {"size": {"type": "integer"}}}

    def taking(part: JSON) -> Any:
        ref = {"$ref": "#/components/schemas/Base"}
        return contract({**sent_list({"allOf": [ref, part]}), "components": {"schemas": {"Base": base}}})

    (finding,) = compare(taking(extra), taking({"type": "object"})).findings
    assert (finding.id, finding.verdict) == ("request-property-removed", "refuted")
    assert finding.witness.keys() == {"kind", "size"}


def test_how_a_part_of_a_form_is_written_comes_and_goes_with_it(contract: Any) -> None:
    """One edit is one finding; the words name only what is another."""

    def form(properties: JSON, encoding: JSON) -> Any:
        media = {"schema": {"type": "object", "properties": properties}, "encoding": encoding}
        body = {"content": {"application/x-www-form-urlencoded": media}}
        responses = {"204": {"description": "Fine."}}
        return contract(
            {"paths": {"/f": {"post": {"operationId": "f", "requestBody": body, "responses": responses}}}}
        )

    lists = {"type": "array", "items": {"type": "string"}}
    deep = {"ids": {"style": "deepObject", "explode": True}}
    gone = compare(form({"ids": lists, "a": {}}, deep), form({"a": {}}, {}))
    assert [finding.id for finding in gone.findings] == ["request-property-removed"]
    (finding,) = compare(form({"ids": lists}, {}), form({"ids": lists}, deep)).findings
    assert finding.title.endswith("is read in another form: style deepObject; before: style form")


def test_a_scheme_of_another_type_is_one_edit(contract: Any) -> None:
    """Its name, its place and what else it says are other words of the same."""
    basic = {"components": {"securitySchemes": {"key": {"type": "http", "scheme": "basic"}}}}
    key = {"components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-key"}}}}
    found = compare(contract(with_get({}, **key)), contract(with_get({}, **basic)))
    assert told(found) == [("security-scheme-changed", "breaking")]


def test_two_alternatives_edited_by_one_component_are_still_the_same_alternatives(contract: Any) -> None:
    """Objects written out are known by their properties: an edit behind a reference in each is one finding."""

    def listing(user: JSON) -> Any:
        ref = {"$ref": "#/components/schemas/User"}
        kinds = [
            {"type": "object", "properties": {name: {"type": "string"} for name in names} | {"user": ref}}
            for names in (("call", "minutes"), ("text", "length"))
        ]
        return contract({**sent_list({"oneOf": kinds}), "components": {"schemas": {"User": user}}})

    found = compare(listing({"type": "string"}), listing({"type": ["string", "null"]}))
    assert told(found) == [("request-null-added", "info")]


def test_alternatives_told_apart_by_a_listed_value_are_not_each_other(contract: Any) -> None:
    """One kind went and another came, though their other properties are the same."""

    def taking(*kinds: str) -> Any:
        return contract(sent_list({"anyOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": kind}, "a": {}, "b": {}}}
            for kind in kinds]}))  # fmt: skip

    found = compare(taking("x", "y", "z"), taking("v", "w", "z"))
    ids = ["request-branch-added", "request-branch-added", "request-branch-removed", "request-branch-removed"]
    assert [rule for rule, _ in told(found)] == ids


def test_a_list_of_fewer_values_than_its_bound_is_shown_by_repeating_one(contract: Any) -> None:
    kinds = {"type": "array", "items": {"enum": ["a", "b"]}}
    (finding,) = compare(contract(sent_list(kinds)), contract(sent_list({**kinds, "maxItems": 4}))).findings
    assert (finding.verdict, len(finding.witness)) == ("refuted", 5)


def test_a_list_of_deep_items_is_shown_by_real_items(contract: Any) -> None:
    """The item comes from the alternatives that its schema really has."""
    item = {"oneOf": [
        {"type": "object", "required": ["kind"], "properties": {"kind": {"const": kind}, "at": {"type": "integer"}}}
        for kind in ("x", "y")], "properties": {"kind": {"type": "string"}}}  # fmt: skip
    many = {"type": "array", "items": item}
    (finding,) = compare(contract(sent_list(many)), contract(sent_list({**many, "maxItems": 2}))).findings
    assert (finding.verdict, len(finding.witness)) == ("refuted", 3)


def test_read_only_is_told_where_it_is_said(contract: Any) -> None:
    """A property that two parts of an object describe became read-only in one of them."""

    def taking(flag: bool) -> Any:
        part = {"type": "object", "properties": {"size": {"type": "integer", "readOnly": flag}}}
        ref = {"$ref": "#/components/schemas/Base"}
        base = {"type": "object", "properties": {"size": {"type": "integer"}}}
        return contract({**sent_list({"allOf": [ref, part]}), "components": {"schemas": {"Base": base}}})

    (finding,) = compare(taking(False), taking(True)).findings
    assert finding.location.pointer.endswith("/allOf/1/properties/size")


def test_what_is_gone_has_its_nearest_place_in_the_new_document(contract: Any) -> None:
    """A property points to its object, an operation whose path is gone to the paths."""
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    old, less = contract(sent_list(size)), contract(sent_list({"type": "object"}))
    (finding,) = compare(old, less).findings
    assert finding.nearest is not None
    assert finding.nearest.pointer.endswith("/schema")
    assert finding.nearest.document == less.source
    (finding,) = compare(old, contract({"paths": {}})).findings
    assert finding.nearest is not None
    assert finding.nearest.pointer == "/paths"


def test_a_reference_with_percent_signs_names_what_it_names_without(contract: Any) -> None:
    """A pointer in a URI fragment may be encoded; braces of a path often are."""

    def sharing(fragment: str, kind: str) -> Any:
        one = {"200": {"description": "One.", "content": {"application/json": {"schema": {"anyOf": [
            {"type": kind, "minimum": 2}, {"type": "boolean"}]}}}}}  # fmt: skip
        two = {
            "200": {"description": "One.", "content": {"application/json": {"schema": {"$ref": fragment}}}}
        }
        needed = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        return contract({"paths": {
            "/a/{id}": {"get": {"operationId": "a", "parameters": needed, "responses": one}},
            "/b": {"get": {"operationId": "b", "responses": two}}}})  # fmt: skip

    plain = "#/paths/~1a~1{id}/get/responses/200/content/application~1json/schema"
    encoded = plain.replace("{", "%7B").replace("}", "%7D")
    assert told(compare(sharing(plain, "integer"), sharing(encoded, "integer"))) == []
    (finding,) = compare(sharing(encoded, "integer"), sharing(encoded, "number")).findings
    assert (finding.severity, finding.reach) == ("breaking", ("a", "b"))


def test_paths_that_differ_by_the_names_of_their_parameters_are_each_their_own(contract: Any) -> None:
    """One of them answers for both, and the order of a document says nothing about which was edited."""

    def read(name: str, size: int) -> JSON:
        own = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        page = {"name": f"{name}Size", "in": "query", "schema": {"type": "integer", "maximum": size}}
        return {f"/v1/{{{name}}}": {"get": {**ANSWER, "operationId": name, "parameters": [own, page]}}}

    ANSWER = {"responses": {"204": {"description": "Fine."}}}  # noqa: N806 - a constant of the sketch
    old = contract({"paths": {**read("parent", 9), **read("project", 9)}})
    turned = contract({"paths": {**read("project", 9), **read("parent", 9)}})
    edited = contract({"paths": {**read("project", 9), **read("parent", 5)}})
    alone = contract({"paths": read("project", 9)})
    assert compare(old, turned).findings == ()
    assert [(f.id, f.operation or f.reach) for f in compare(old, edited).findings] == [
        ("request-maximum-decreased", ("parent",))
    ]
    assert [f.id for f in compare(old, alone).findings] == ["operation-removed"]
    assert [f.id for f in compare(alone, old).findings] == ["operation-added"]


def test_parts_of_a_schema_that_contradict_each_other_say_the_same_in_any_order(contract: Any) -> None:
    """Which of two defaults holds is nobody's promise; what stands beside the parts is said over theirs."""
    parts = [{"type": "boolean", "default": True}, {"type": "boolean", "default": False}]

    def document(*parts: JSON, **beside: JSON) -> Any:
        return contract(with_body({"properties": {"quick": {"allOf": list(parts), **beside}}}))

    assert compare(document(*parts), document(*reversed(parts))).findings == ()
    found = compare(document(*parts, default=True), document(*parts, default=False), policy="strict")
    assert told(found) == [("request-default-changed", "breaking")]


def with_body(schema: JSON) -> JSON:
    content = {"content": {"application/json": {"schema": schema}}}
    return {"paths": {"/orders": {"put": {"requestBody": content, "responses": {}}}}}


def test_the_only_value_that_became_another_one_is_one_edit(contract: Any) -> None:
    old, new = ({"properties": {"kind": {"const": value}}} for value in ("cat", "dog"))
    found = compare(contract(with_body(old)), contract(with_body(new)))
    assert [(f.id, f.severity, f.witness) for f in found.findings] == [
        ("request-const-changed", "breaking", "cat")
    ]


@pytest.mark.parametrize(
    "spelling", [{"type": "number", "multipleOf": 1}, {"type": "integer", "multipleOf": 1.0}]
)
def test_a_number_that_is_a_multiple_of_one_is_an_integer(spelling: JSON, contract: Any) -> None:
    old, new = contract(with_body({"type": "integer"})), contract(with_body(spelling))
    assert compare(old, new, policy="strict").findings == ()
    assert compare(new, old, policy="strict").findings == ()
    wide = contract(with_body({"type": "number"}))
    assert told(compare(wide, new)) == [("request-type-narrowed", "breaking")]


def test_a_scheme_under_another_name_is_the_same_scheme(contract: Any) -> None:
    """Callers send what a scheme says, and never what a document calls it."""

    def document(name: str, header: str = "x-key") -> Any:
        scheme = {"type": "apiKey", "in": "header", "name": header, "description": f"The {name}."}
        return contract(with_get({"security": [{name: []}]}, components={"securitySchemes": {name: scheme}}))

    assert compare(document("Key"), document("ApiKey")).findings == ()
    assert "security-alternative-removed" in [
        f.id for f in compare(document("Key"), document("Api", "key")).findings
    ]


def test_a_demand_is_told_where_it_is_made(contract: Any) -> None:
    """And not at the shared schema that describes the property, which others use without the demand."""

    def document(*names: str) -> Any:
        demanding = {"allOf": [{"$ref": "#/components/schemas/Page"}, {"required": list(names)}]}
        page = {"type": "object", "properties": {"data": {"type": "array"}, "next": {"type": "string"}}}
        return contract({**with_body(demanding), "components": {"schemas": {"Page": page}}})

    (finding,) = compare(document("next"), document("next", "data")).findings
    at = "/paths/~1orders/put/requestBody/content/application~1json/schema/allOf/1/required"
    assert (finding.location.pointer, finding.reach) == (at, ("PUT /orders",))
    assert finding.title == "data in body of PUT /orders became required"
    (mirrored,) = compare(document("next", "data"), document("next")).findings
    assert mirrored.location.pointer == at


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"deprecated": True}, ("operation-deprecation-added", "info")),
        ({"x-sunset": "2030-01-01"}, ("operation-sunset-added", "info")),
        ({"tags": ["money"]}, ("operation-tag-added", "info")),
        ({"x-owner": "us"}, ("extension-added", "info")),
    ],
)
def test_what_is_said_about_a_webhook_is_compared(said: JSON, wanted: Any, contract: Any) -> None:
    def document(**more: JSON) -> Any:
        return contract(
            {"webhooks": {"paid": {"post": {"responses": {"204": {"description": "-"}}, **more}}}}
        )

    assert told(compare(document(), document(**said))) == [wanted]
