"""A Swagger 2.0 document gives the same contract as the OpenAPI 3 document that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from troth.contract import Contract, compile_parameters, load_contract, validators

if TYPE_CHECKING:
    from conftest import Folder

TEXT = """\
swagger: '2.0'
info: {title: T, version: '1'}
host: api.example.com
basePath: /v2
schemes: [http]
consumes: [application/json]
produces: [application/json, text/plain]
security: [{basic: []}]
paths:
  /things/{id}:
    parameters:
      - {name: id, in: path, type: integer, required: true}
    put:
      parameters:
        - name: body
          in: body
          required: true
          schema: {$ref: '#/definitions/Thing'}
        - {name: tags, in: query, type: array, items: {type: integer}, collectionFormat: pipes}
        - {$ref: '#/parameters/Page'}
      responses:
        200:
          description: ok
          schema: {$ref: '#/definitions/Thing'}
          headers: {X-Left: {type: integer}}
          examples: {application/json: {name: a}}
        default: {$ref: '#/responses/Bad'}
    post:
      consumes: [multipart/form-data]
      parameters:
        - {name: file, in: formData, type: file, required: true}
        - {name: note, in: formData, type: string, maxLength: 3}
      responses: {204: {description: done}}
definitions:
  Thing:
    type: object
    required: [name]
    discriminator: name
    properties:
      name: {type: string, x-nullable: true}
      parent: {$ref: '#/definitions/Thing'}
parameters:
  Page: {name: page, in: query, type: integer, minimum: 1, default: 1}
responses:
  Bad: {description: bad, schema: {type: object}}
securityDefinitions:
  basic: {type: basic}
  oauth: {type: oauth2, flow: accessCode, authorizationUrl: /a, tokenUrl: /t, scopes: {read: r}}
"""


def line(words: str) -> int:
    return next(number for number, text in enumerate(TEXT.splitlines(), start=1) if words in text)


@pytest.fixture
def contract(folder: Folder) -> Contract:
    return load_contract(folder.write("swagger.yaml", TEXT))


def test_the_server_and_the_schemes_are_converted(contract: Contract) -> None:
    assert contract.base_path == "/v2"
    assert contract.security_schemes["basic"]["scheme"] == "basic"
    assert contract.security_schemes["oauth"]["flows"]["authorizationCode"]["scopes"] == {"read": "r"}
    assert contract.operations[0].security == ({"basic": ()},)


def test_a_body_parameter_becomes_the_request_body(contract: Contract) -> None:
    put = contract.operation("PUT /things/{id}")
    assert put.body is not None
    assert put.body.required
    pointer = put.body.media["application/json"].schema_pointer
    validator = validators(contract).at(pointer, "request")
    assert validator.is_valid({"name": None, "parent": {"name": "x"}})
    assert [violation.pointer for violation in validator.violations({"parent": {}})] == [
        "/name",
        "/parent/name",
    ]
    assert contract.locate(put.body.pointer).line == line("- name: body")


def test_form_fields_become_one_object(contract: Contract) -> None:
    post = contract.operation("POST /things/{id}")
    media = post.body.media["multipart/form-data"]
    assert media.schema["properties"]["file"] == {"type": "string", "format": "binary"}
    assert media.schema["required"] == ["file"]


def test_parameters_are_read_by_their_old_collection_format(contract: Contract) -> None:
    put = contract.operation("PUT /things/{id}")
    reader = compile_parameters(contract, validators(contract), put)
    values, violations = reader.read({"id": "7"}, [("tags", "1|2")], {})
    assert violations == []
    assert values == {("path", "id"): 7, ("query", "tags"): [1, 2], ("query", "page"): 1}


def test_responses_get_a_media_type_for_each_that_is_produced(contract: Contract) -> None:
    ok = contract.operation("PUT /things/{id}").responses["200"]
    assert sorted(ok.media) == ["application/json", "text/plain"]
    assert ok.media["application/json"].examples == {"example": {"name": "a"}}
    assert ok.headers["X-Left"].schema == {"type": "integer"}
    bad = contract.operation("PUT /things/{id}").responses["default"]
    assert bad.media["application/json"].schema == {"type": "object"}


def test_pointers_keep_the_lines_of_what_they_were_made_from(contract: Contract) -> None:
    assert contract.locate("/components/schemas/Thing/properties/name").line == line(
        "name: {type: string, x-nullable"
    )
    put = contract.operation("PUT /things/{id}")
    assert contract.locate(put.parameter("query", "tags").pointer).line == line("name: tags")
    assert contract.locate(put.parameter("query", "page").pointer).line == line("Page:")


def test_a_fault_is_reported_at_its_line(folder: Folder) -> None:
    text = TEXT.replace("{name: tags, in: query", "{name: tags, on: query")
    (flaw,) = load_contract(folder.write("swagger.yaml", text)).flaws
    assert flaw.title == "a parameter needs 'in'"
    assert flaw.location is not None
    assert flaw.location.line == line("name: tags")


NAMES = """\
swagger: '2.0'
info: {title: T, version: '1'}
paths:
  /things:
    get:
      responses:
        200: {description: ok, schema: {$ref: '#/definitions/Thing'}}
        default: {$ref: '#/responses/default'}
definitions:
  Thing:
    type: object
    example: {type: file, discriminator: name, $ref: '#/definitions/Thing'}
    properties:
      properties: {$ref: '#/definitions/properties'}
      default: {$ref: '#/definitions/properties'}
      size: {type: integer, x-nullable: false}
  properties: {type: object, discriminator: kind, properties: {kind: {type: string}}}
responses:
  default: {description: bad, schema: {$ref: '#/definitions/properties'}}
"""


def test_names_that_are_words_of_the_vocabulary_stay_names(folder: Folder) -> None:
    """Properties called ``properties`` or ``default`` are properties, and a word in an example is a value."""
    contract = load_contract(folder.write("swagger.yaml", NAMES))
    schemas = contract.document["components"]["schemas"]
    moved = {"$ref": "#/components/schemas/properties"}
    thing = schemas["Thing"]
    assert thing["properties"] == {"properties": moved, "default": moved, "size": {"type": "integer"}}
    assert thing["examples"] == [
        {"type": "file", "discriminator": "name", "$ref": "#/definitions/Thing"},
    ]
    assert schemas["properties"]["discriminator"] == {"propertyName": "kind"}
    bad = contract.operations[0].responses["default"]
    assert contract.node(bad.pointer)["content"]["application/json"]["schema"] == moved
