"""The frozen operations: merged parameters, effective security, identifiers, and what only shows across objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from troth.contract import Match, Router, compile_parameters, load_contract, validators
from troth.errors import ContractError

if TYPE_CHECKING:
    from conftest import Folder

SCHEMES = "components: {securitySchemes: {key: {type: apiKey, in: header, name: k}, oauth: {type: oauth2, flows: {}}}}"


def refused(folder: Folder, body: str) -> ContractError:
    with pytest.raises(ContractError) as caught:
        folder.contract(body)
    assert caught.value.location is not None
    return caught.value


def test_an_operation_parameter_replaces_the_path_level_one_of_the_same_name_and_location(
    folder: Folder,
) -> None:
    contract = folder.contract(
        """\
        paths:
          /a/{id}:
            parameters:
              - {name: id, in: path, required: true, schema: {type: string}}
              - {name: q, in: query, schema: {type: string}}
              - {name: X-Trace, in: header, schema: {type: string}}
            get:
              parameters:
                - {name: id, in: path, required: true, schema: {type: integer}}
                - {name: q, in: header, schema: {type: boolean}}
                - {name: x-trace, in: header, required: true, schema: {type: string}}
                - {name: Authorization, in: header, schema: {type: string}}
              responses: {}
            put: {responses: {}}
        """
    )
    get, put = contract.operations
    assert [(p.location, p.name) for p in get.parameters] == [
        ("path", "id"),
        ("query", "q"),
        ("header", "x-trace"),
        ("header", "q"),
    ]
    assert get.parameter("path", "id").schema == {"type": "integer"}
    assert get.parameter("header", "x-trace").required
    assert put.parameter("path", "id").schema == {"type": "string"}


def test_security_of_the_operation_replaces_that_of_the_document(folder: Folder) -> None:
    contract = folder.contract(
        f"""\
security: [{{key: []}}]
paths:
  /a:
    get: {{responses: {{}}}}
    put: {{responses: {{}}, security: []}}
    post: {{responses: {{}}, security: [{{oauth: [read, write], key: []}}, {{}}]}}
{SCHEMES}
"""
    )
    assert {o.method: o.security for o in contract.operations} == {
        "GET": ({"key": ()},),
        "PUT": (),
        "POST": ({"oauth": ("read", "write"), "key": ()}, {}),
    }
    assert sorted(contract.security_schemes) == ["key", "oauth"]


def test_an_operation_without_an_identifier_is_called_by_method_and_path(folder: Folder) -> None:
    contract = folder.contract("paths: {/a: {get: {responses: {}}, head: {operationId: h, responses: {}}}}")
    assert [operation.id for operation in contract.operations] == ["GET /a", "h"]
    assert contract.operation("GET /a") is contract.operations[0]
    assert contract.operation("nope") is None


def test_responses_are_found_by_code_then_range_then_default(folder: Folder) -> None:
    contract = folder.contract(
        """\
        paths:
          /a:
            get:
              responses:
                '200': {description: exact}
                4xx: {description: range}
                default: {$ref: '#/components/responses/Other'}
        components: {responses: {Other: {description: other, headers: {X-A: {$ref: '#/components/headers/A'}}}},
                     headers: {A: {required: true, schema: {type: integer}}}}
        """
    )
    (operation,) = contract.operations
    found = {code: operation.response_for(code) for code in (200, 404, 500)}
    assert {code: response.description for code, response in found.items()} == {
        200: "exact",
        404: "range",
        500: "other",
    }
    assert operation.responses["4XX"].status == "4XX"
    assert found[500].headers["X-A"].schema == {"type": "integer"}
    assert found[500].pointer == "/components/responses/Other"


def test_examples_are_collected_by_name(folder: Folder) -> None:
    contract = folder.contract(
        """\
        paths:
          /a:
            post:
              requestBody:
                required: true
                content:
                  application/json:
                    example: {a: 1}
                  text/plain:
                    examples: {one: {value: x}, two: {$ref: '#/components/examples/E'}, far: {externalValue: 'f.txt'}}
              responses: {}
        components: {examples: {E: {value: y}}}
        """
    )
    body = contract.operations[0].body
    assert body is not None
    assert body.required
    assert body.media["application/json"].examples == {"example": {"a": 1}}
    assert body.media["application/json"].schema is True
    assert body.media["text/plain"].examples == {"one": "x", "two": "y"}


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        ("[]", ""),
        ("[{url: 'https://a.test/api/'}]", "/api"),
        ("[{url: /v1}, {url: /v2}]", "/v1"),
        ("[{url: v1}]", "/v1"),
        ("[{url: /}]", ""),
        ("[{url: 'https://{host}/{base}/x', variables: {host: {default: a}, base: {default: b}}}]", "/b/x"),
    ],
)
def test_the_base_path_is_that_of_the_first_server(folder: Folder, servers: str, base: str) -> None:
    assert folder.contract(f"servers: {servers}\npaths: {{}}\n").base_path == base


def test_a_path_item_may_stand_elsewhere_and_be_added_to(folder: Folder) -> None:
    contract = folder.contract(
        """\
        paths:
          /a: {$ref: '#/components/pathItems/A', put: {operationId: own, responses: {}}}
        components:
          pathItems: {A: {get: {operationId: far, responses: {}}, put: {operationId: hidden, responses: {}}}}
        """
    )
    assert sorted(operation.id for operation in contract.operations) == ["far", "own"]


def test_the_extension_of_an_operation_is_kept(folder: Folder) -> None:
    contract = folder.contract(
        "paths: {/a: {get: {x-behaviour: {list: {}}, responses: {}}, put: {responses: {}}}}"
    )
    assert [operation.extension for operation in contract.operations] == [{"list": {}}, {}]


def test_an_identifier_used_twice_names_both_places(folder: Folder) -> None:
    """The second operation is called by its method and path."""
    contract = folder.contract(
        "paths:\n  /a:\n    get: {operationId: x, responses: {}}\n    put: {operationId: x, responses: {}}\n",
    )
    (flaw,) = contract.flaws
    assert "'x' is already taken" in flaw.title
    assert "openapi.yaml:5 /paths/~1a/get/operationId" in flaw.title
    assert flaw.location is not None
    assert flaw.location.line == 6
    assert [operation.id for operation in contract.operations] == ["x", "PUT /a"]


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("paths: []", 3, "expected an object, found a list"),
        ("paths:\n", 3, "expected an object, found null"),
        ("path: {}", 1, "needs 'paths'"),
        ("tags: []", 1, "needs 'paths'"),
        ("paths: {/a: {$ref: a.yaml}}", 3, "there is no such file"),
    ],
)
def test_a_fault_is_named_at_its_line(folder: Folder, body: str, line: int, words: str) -> None:
    """Without its operations a document is of no use."""
    error = refused(folder, body)
    assert words in error.reason
    assert error.location.line == line


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("paths: {'http://a/b': {}}", 3, "must start with '/', so it is passed over"),
        ("paths: {/a: {get: {requestBody: {$ref: '#/a'}}}}", 3, "nothing stands at '#/a'"),
        ("paths: {/a: {get: {parameters: [{$ref: '#/a'}]}}}", 3, "nothing stands at '#/a'"),
        ("paths: {/a: null}", 3, "expected a path item (an object), found null"),
        ("paths: {/a: {get: }}", 3, "expected an operation (an object), found null"),
        ("paths: {/a: {gett: {responses: {}}}}", 3, "a path item has no field 'gett'. Did you mean 'get'?"),
        ("paths: {/a: {subscribe: {responses: {}}}}", 3, "a path item has no field 'subscribe'."),
        ("paths: {a: {}}", 3, "the path 'a' must start with '/'"),
        ("paths: {/a: {get: {respones: {}}}}", 3, "Did you mean 'responses'?"),
        ("paths: {/a: {get: {responses: {20O: {}}}}}", 3, "'20O' is not a response status"),
        ("paths: {/a: {get: {parameters: [{name: a}]}}}", 3, "a parameter needs 'in'"),
        (
            "paths: {/a: {get: {parameters: [{nam: a, in: query}]}}}",
            3,
            "needs 'name'; 'nam' is not a field of it",
        ),
        ("paths: {/a: {get: {parameters: [{name: a, in: querry}]}}}", 3, "Did you mean 'query'?"),
        ("paths: {/a: {get: {parameters: {}}}}", 3, "expected a list, found an object"),
        ("paths: {'/{a}/{a}': {get: {parameters: [{name: a, in: path}]}}}", 3, "occurs twice"),
        (
            "paths: {/a: {get: {parameters: [{name: a, in: query}, {name: a, in: query}]}}}",
            3,
            "declared twice",
        ),
        (
            "paths: {/a: {get: {parameters: [{name: a, in: query, style: simple}]}}}",
            3,
            "cannot have style 'simple'",
        ),
        ("paths: {/a: {get: {security: [{keys: []}]}}}\n" + SCHEMES, 3, "Did you mean 'key'?"),
        ("paths: {/a: {get: {tags: x}}}", 3, "expected a list, found the text 'x'"),
        ("paths: {/a: {get: {deprecated: 'yes'}}}", 3, "expected true or false, found the text 'yes'"),
        ("paths: {/a: {get: {requestBody: {}}}}", 3, "a request body needs 'content'"),
        ("components: {schemas: {A: {type: strng}}}", 3, "Did you mean 'string'?"),
        (
            "components: {schemas: {A: {minimum: '3'}}}",
            3,
            "'minimum' cannot be \"3\": expected a number, found text",
        ),
        ("components: {schemas: {A: {properties: [a]}}}", 3, "expected an object, found a list"),
        ("components: {schemas: {A: 5}}", 3, "expected a schema (an object), found the number 5"),
        (
            "components: {schemas: {A: {required: true}}}",
            3,
            "'required' cannot be true: expected a list, found a boolean",
        ),
        ("servers: [{url: 'http://['}]\npaths: {}", 3, "cannot be read"),
    ],
)
def test_a_malformed_part_leaves_the_rest(folder: Folder, body: str, line: int, words: str) -> None:
    """Whatever it is, it is named once, at its line, and the operations beside it are there."""
    rest = "paths: {/rest: {get: {responses: {}}}"
    body = body.removesuffix("\npaths: {}")
    if body.startswith("paths: {"):
        contract = folder.contract(body.replace("paths: {", f"{rest}, ", 1))
    else:
        contract = folder.contract(f"{body}\n{rest}}}")
    (flaw,) = contract.flaws
    assert words in flaw.title
    assert flaw.location is not None
    assert flaw.location.line == line
    assert "GET /rest" in {operation.id for operation in contract.operations}
    for operation in contract.operations:
        compile_parameters(contract, validators(contract), operation)


@pytest.mark.parametrize(
    ("body", "identifier", "line", "words"),
    [
        (
            "paths: {/a: {get: {parameters: [{name: a, in: path}]}}}",
            "unused-path-parameter",
            3,
            "does not occur in /a",
        ),
        (
            "paths:\n  /a/{ids}:\n    get: {parameters: [{name: id, in: path}]}",
            "undeclared-path-parameter",
            5,
            "'ids' of /a/{ids} is not declared. Did you mean 'id'?",
        ),
        (
            """\
            paths:
              /a/{x}: {get: {parameters: [{name: x, in: path}]}}
              /a/{y}: {get: {parameters: [{name: y, in: path}]}}
            """,
            "ambiguous-path",
            5,
            "GET /a/{y} cannot be told apart from /a/{x}",
        ),
        (
            "paths: {}\ncomponents: {schemas: {A: {items: {pattern: '['}}}}",
            "unreadable-pattern",
            4,
            "not a regular expression",
        ),
    ],
)
def test_a_flaw_leaves_the_document_usable(
    folder: Folder, body: str, identifier: str, line: int, words: str
) -> None:
    """It is named at its line, and troth lint reports it as an error."""
    contract = folder.contract(body)
    flaw = contract.flaws[0]
    assert (flaw.id, flaw.severity) == (identifier, "error")
    assert words in flaw.title
    assert flaw.location is not None
    assert flaw.location.line == line


def test_an_undeclared_path_parameter_takes_any_text(folder: Folder) -> None:
    """The request reaches its operation with the value of the template."""
    contract = folder.contract("paths: {'/a/{id}': {get: {responses: {}}}}")
    assert [(p.name, p.location) for p in contract.operations[0].parameters] == [("id", "path")]
    found = Router(contract).match("GET", "/a/x")
    assert isinstance(found, Match)
    assert found.path_params == {"id": "x"}


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        ("^[\\w-.]+$", "a-b.c", "a b"),
        ("^[a\\uD800\\uDBFF-\\uDC00\\uDFFF]+$", "a\N{GRINNING FACE}", "b"),
        ("^\\p{XDigit}{2}$", "0F", "0G"),
    ],
)
def test_patterns_in_other_spellings_are_held(folder: Folder, pattern: str, fits: str, fails: str) -> None:
    """What only the lenient grammar of ECMA-262 or Java takes means what its author meant."""
    contract = folder.contract(f"paths: {{}}\ncomponents: {{schemas: {{A: {{pattern: '{pattern}'}}}}}}")
    validator = validators(contract).at("/components/schemas/A", "request")
    assert contract.flaws == ()
    assert validator.is_valid(fits)
    assert not validator.is_valid(fails)


def test_a_document_without_info_has_neither_title_nor_version(folder: Folder) -> None:
    contract = load_contract(folder.write("a.yaml", "openapi: 3.1.0\npaths: {}\n"))
    assert [flaw.title for flaw in contract.flaws] == ["an OpenAPI document needs 'info'"]
    assert (contract.title, contract.version) == ("", "")


def test_true_in_quotes_is_true(folder: Folder) -> None:
    contract = folder.contract("paths: {/a: {get: {deprecated: 'True', responses: {}}}}")
    assert contract.operations[0].deprecated
    assert [flaw.id for flaw in contract.flaws] == ["malformed-part"]


def test_a_path_without_its_slash_is_reached_with_one(folder: Folder) -> None:
    contract = folder.contract("paths: {'a/{id}': {get: {responses: {}}}}")
    assert isinstance(Router(contract).match("GET", "/a/x"), Match)


def test_a_template_that_occurs_twice_has_one_value(folder: Folder) -> None:
    contract = folder.contract(
        "paths: {'/{a}/b/{a}': {get: {parameters: [{name: a, in: path}], responses: {}}}}"
    )
    assert [flaw.id for flaw in contract.flaws] == ["template-twice"]
    found = Router(contract).match("GET", "/x/b/x")
    assert isinstance(found, Match)
    assert found.path_params == {"a": "x"}


def test_an_operation_in_whose_place_another_answers_is_unreachable(folder: Folder) -> None:
    """Its clauses cannot be judged; a query or fragment in a path is none that a server sees."""
    contract = folder.contract(
        """\
        paths:
          /a/{x}: {delete: {operationId: all, parameters: [{name: x, in: path}]}}
          /a/{x}#keys: {delete: {operationId: some, parameters: [{name: x, in: path}]}}
          /b?kind={kind}: {get: {operationId: kinds, parameters: [{name: kind, in: path}]}}
        """
    )
    assert contract.unreachable == {"some"}
    found = Router(contract).match("GET", "/b")
    assert not isinstance(found, Match) or found.operation.id == "kinds"
