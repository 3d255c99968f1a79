"""Parameters are found, read by style, coerced by schema and checked; whatever is wrong comes back as violations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.contract import ParameterReader, compile_parameters, load_contract, validators

if TYPE_CHECKING:
    from conftest import Folder

BODY = """\
paths:
  /a/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, maxLength: 8}}
        - {name: page, in: query, schema: {type: integer, minimum: 1, default: 1}}
        - {name: ratio, in: query, schema: {type: number}}
        - {name: flag, in: query, schema: {type: boolean}}
        - {name: maybe, in: query, schema: {type: [integer, 'null']}}
        - {name: either, in: query, schema: {anyOf: [{type: integer, maximum: 9}, {type: string, maxLength: 3}]}}
        - {name: status, in: query, schema: {enum: [paid, open, 3]}}
        - {name: tags, in: query, schema: {type: array, maxItems: 2, items: {type: integer}, default: [7]}}
        - {name: ids, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: piped, in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {type: string}}}
        - {name: spaced, in: query, style: spaceDelimited, explode: false, schema: {type: array}}
        - {name: range, in: query, explode: false, schema: {type: object, properties: {min: {type: integer}}}}
        - {name: point, in: query, schema: {type: object, properties: {x: {type: integer}, y: {type: integer}}}}
        - {name: where, in: query, style: deepObject, schema: {$ref: '#/components/schemas/Where'}}
        - {name: filter, in: query, content: {application/json: {schema: {type: object, required: [a]}}}}
        - {name: plain, in: query}
        - {name: must, in: query, required: true, schema: {type: string}}
        - {name: X-Count, in: header, schema: {type: integer}}
        - {name: X-List, in: header, schema: {type: array, items: {type: integer}}}
        - {name: session, in: cookie, schema: {type: string}}
        - {name: theme, in: cookie, schema: {type: integer}}
      responses: {}
components:
  schemas:
    Where:
      type: object
      properties:
        status: {$ref: '#/components/schemas/Test'}
        and: {type: array, items: {$ref: '#/components/schemas/Where'}}
      additionalProperties: {$ref: '#/components/schemas/Test'}
    Test:
      type: object
      additionalProperties: false
      properties:
        equals: {type: [integer, string]}
        in: {type: array, items: {type: integer}}
"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> ParameterReader:
    path = tmp_path_factory.mktemp("parameters") / "openapi.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: T, version: '1'}\n" + BODY, encoding="utf-8")
    contract = load_contract(path)
    return compile_parameters(contract, validators(contract), contract.operations[0])


def read(
    reader: ParameterReader, query: str = "", headers: dict[str, str] | None = None, path: str = "x"
) -> tuple[dict[str, Any], list[tuple[str | None, str, str, str]]]:
    """The values by name, without defaults; the violations as (name, pointer, keyword, message)."""
    pairs = parse_qsl(query, keep_blank_values=True)
    values, violations = reader.read({"id": path}, [*pairs, ("must", "x")], headers or {}, raw_query=query)
    named = {name: value for (_, name), value in values.items()}
    if "page=" not in query:
        assert named.pop("page") == 1
    if "tags=" not in query:
        assert named.pop("tags") == [7]
    named.pop("must")
    if named.get("id") == "x":
        del named["id"]
    return named, [(v.name, v.pointer, v.keyword, v.message) for v in violations]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("page=2", {"page": 2}),
        ("page=2&page=2", {"page": 2}),
        ("ratio=1e3", {"ratio": 1000.0}),
        ("ratio=-0.5", {"ratio": -0.5}),
        ("ratio=5", {"ratio": 5}),
        ("flag=true", {"flag": True}),
        ("flag=false", {"flag": False}),
        ("maybe=null", {"maybe": None}),
        ("maybe=4", {"maybe": 4}),
        ("either=7", {"either": 7}),
        ("either=42", {"either": "42"}),
        ("status=paid", {"status": "paid"}),
        ("status=3", {"status": 3}),
        ("tags=1&tags=2", {"tags": [1, 2]}),
        ("ids=a,b", {"ids": ["a", "b"]}),
        ("ids=a%2Cb,c", {"ids": ["a,b", "c"]}),
        ("ids=a&ids=b", {"ids": ["a", "b"]}),
        ("ids=", {"ids": []}),
        ("piped=a|b", {"piped": ["a", "b"]}),
        ("piped=a%7Cb|c", {"piped": ["a|b", "c"]}),
        ("spaced=a%20b+c", {"spaced": ["a", "b", "c"]}),
        ("range=min,5,name,x", {"range": {"min": 5, "name": "x"}}),
        ("x=1&y=2", {"point": {"x": 1, "y": 2}}),
        ("where[status][equals]=5", {"where": {"status": {"equals": 5}}}),
        ("where[status][equals]=paid", {"where": {"status": {"equals": "paid"}}}),
        ("where[a][in][0]=1&where[a][in][1]=2", {"where": {"a": {"in": [1, 2]}}}),
        ("where[a][in][]=1&where[a][in][]=2", {"where": {"a": {"in": [1, 2]}}}),
        ("where[a][in]=1&where[a][in]=2", {"where": {"a": {"in": [1, 2]}}}),
        ("where%5Ba%5D%5Bin%5D%5B%5D", {"where": {"a": {"in": []}}}),
        (
            "where[and][0][a][equals]=1&where[and][1][and][0][b][equals]=2",
            {"where": {"and": [{"a": {"equals": 1}}, {"and": [{"b": {"equals": 2}}]}]}},
        ),
        ("filter=%7B%22a%22:1%7D", {"filter": {"a": 1}}),
        ("plain=1", {"plain": "1"}),
        ("unknown=1", {}),
    ],
)
def test_a_query_gives_these_values(reader: ParameterReader, query: str, values: dict[str, Any]) -> None:
    assert read(reader, query) == (values, [])


@pytest.mark.parametrize(
    "text", ["007", "1e3", "1.0", "+5", "-", "\uff11", "\u0663", "1_000", "0x1", "", "true", "9" * 500, "1\0"]
)
def test_only_the_json_spelling_of_an_integer_is_one(reader: ParameterReader, text: str) -> None:
    values, violations = reader.read({"id": "x"}, [("page", text), ("must", "x")], {})
    assert ("query", "page") not in values
    (violation,) = violations
    assert (violation.location, violation.name, violation.keyword) == ("query", "page", "type")
    assert violation.message.endswith("is not a whole number")
    assert violation.value == text


@pytest.mark.parametrize(
    ("query", "violation"),
    [
        ("page=0", ("page", "", "minimum", "0 is less than the minimum of 1")),
        (
            "page=1&page=2",
            ("page", "", "duplicate", "'page' is given 2 times with different values; give it once"),
        ),
        ("flag=yes", ("flag", "", "type", '"yes" is not true or false')),
        ("flag=True", ("flag", "", "type", '"True" is not true or false')),
        ("ratio=1e999", ("ratio", "", "type", '"1e999" is not a number')),
        ("maybe=", ("maybe", "", "type", '"" is not a whole number or null')),
        ("tags=1&tags=x", ("tags", "/1", "type", "expected a whole number, found text")),
        ("tags=1&tags=2&tags=3", ("tags", "", "maxItems", "the list has 3 items, at most 2 are allowed")),
        ("range=min", ("range", "", "style", "must be a list of names and values in turn")),
        ("x=1&y=z", ("point", "/y", "type", "expected a whole number, found text")),
        (
            "where[a][like]=1",
            ("where", "/a/like", "additionalProperties", "the property 'like' is not known"),
        ),
        ("where[a=1", ("where", "", "style", "'where[a' has brackets that do not match")),
        (
            "where[a]=1&where[a][b]=2",
            ("where", "", "style", "'where[a][b]' is given both a value and members"),
        ),
        ("where[a][b]=1&where[a]=2", ("where", "", "style", "'where[a]' is given both a value and members")),
        ("filter=%7B", ("filter", "", "content", None)),
        ("filter=%7B%7D", ("filter", "/a", "required", "the property 'a' is missing")),
    ],
)
def test_a_query_that_does_not_fit_is_told_why(
    reader: ParameterReader, query: str, violation: tuple[str, str, str, str | None]
) -> None:
    values, violations = read(reader, query)
    assert (violation[0] in values) is (violation[2] in KEPT)
    assert len(violations) == 1
    assert violations[0][:3] == violation[:3]
    assert violation[3] in (None, violations[0][3])


def test_headers_and_cookies_are_coerced_like_the_rest(reader: ParameterReader) -> None:
    values, violations = read(
        reader, headers={"x-count": " 5 ", "x-list": "1, 2,3", "cookie": 'theme=2; session="a%20b"; other'}
    )
    assert violations == []
    assert values == {"X-Count": 5, "X-List": [1, 2, 3], "session": "a b", "theme": 2}


def test_path_parameters_are_checked(reader: ParameterReader) -> None:
    values, violations = read(reader, path="x" * 9)
    assert values == {"id": "x" * 9}
    assert violations == [("id", "", "maxLength", "the text has 9 characters, at most 8 are allowed")]


def test_what_is_required_and_absent_is_missing(reader: ParameterReader) -> None:
    _, violations = reader.read({}, [], {})
    assert [(v.location, v.name, v.keyword) for v in violations] == [
        ("path", "id", "required"),
        ("query", "must", "required"),
    ]
    assert violations[1].message == "the query parameter 'must' is missing"


def test_a_default_is_a_fresh_value_each_time(reader: ParameterReader) -> None:
    first, _ = reader.read({"id": "x"}, [("must", "x")], {})
    first["query", "tags"].append(8)
    second, _ = reader.read({"id": "x"}, [("must", "x")], {})
    assert second["query", "tags"] == [7]


def test_a_remembered_value_is_the_same_value(reader: ParameterReader) -> None:
    """Valid texts are remembered; ``1`` and ``true`` must not be mixed up on the way."""
    for _ in range(3):
        assert read(reader, "page=1&flag=true&either=1") == ({"page": 1, "flag": True, "either": 1}, [])
        assert read(reader, "page=x")[1]


def test_names_that_the_operation_does_not_declare_are_known(reader: ParameterReader) -> None:
    query = parse_qsl("page=1&pagee=2&where[a][equals]=1&x=1&min=1&pagee=3&where=1&whereabouts=1")
    assert reader.unknown(query) == ("pagee", "min", "whereabouts")


@pytest.mark.parametrize(
    ("declaration", "text", "value"),
    [
        ("style: label, schema: {type: integer}", ".5", 5),
        ("style: label, schema: {type: array, items: {type: integer}}", ".1,2", [1, 2]),
        ("style: label, explode: true, schema: {type: array, items: {type: integer}}", ".1.2", [1, 2]),
        ("style: label, explode: true, schema: {type: object}", ".a=1.b=2", {"a": "1", "b": "2"}),
        ("style: matrix, schema: {type: integer}", ";p=5", 5),
        ("style: matrix, schema: {type: array, items: {type: integer}}", ";p=1,2", [1, 2]),
        ("style: matrix, explode: true, schema: {type: array, items: {type: integer}}", ";p=1;p=2", [1, 2]),
        ("style: matrix, schema: {type: object}", ";p=a,1", {"a": "1"}),
        (
            "style: matrix, explode: true, schema: {type: object, properties: {a: {type: integer}}}",
            ";a=1",
            {"a": 1},
        ),
        ("schema: {type: array, items: {type: integer}}", "1,2", [1, 2]),
        ("schema: {type: object, properties: {a: {type: integer}}}", "a,1,b,2", {"a": 1, "b": "2"}),
        (
            "explode: true, schema: {type: object, properties: {a: {type: integer}}}",
            "a=1,b=2",
            {"a": 1, "b": "2"},
        ),
        ("content: {application/json: {schema: {type: array}}}", "[1]", [1]),
        ("content: {text/plain: {schema: {type: string}}}", "[1]", "[1]"),
    ],
)
def test_path_styles(folder: Folder, declaration: str, text: str, value: object) -> None:
    contract = folder.contract(
        f"paths: {{'/{{p}}': {{get: {{parameters: [{{name: p, in: path, required: true, {declaration}}}]}}}}}}\n"
    )
    compiled = compile_parameters(contract, validators(contract), contract.operations[0])
    assert compiled.read({"p": text}, [], {}) == ({("path", "p"): value}, [])


@pytest.mark.parametrize(
    ("declaration", "text"),
    [
        ("style: label, schema: {type: integer}", "5"),
        ("style: matrix, schema: {type: integer}", ";q=5"),
        ("style: matrix, schema: {type: integer}", "5"),
        ("explode: true, schema: {type: object}", "a,1"),
    ],
)
def test_a_path_parameter_in_another_style_is_a_violation(
    folder: Folder, declaration: str, text: str
) -> None:
    contract = folder.contract(
        f"paths: {{'/{{p}}': {{get: {{parameters: [{{name: p, in: path, required: true, {declaration}}}]}}}}}}\n"
    )
    compiled = compile_parameters(contract, validators(contract), contract.operations[0])
    values, violations = compiled.read({"p": text}, [], {})
    assert values == {}
    assert [violation.keyword for violation in violations] == ["style"]


def test_a_list_of_thousands_of_indices_is_an_object_and_nesting_has_an_end(reader: ParameterReader) -> None:
    """A short query must not make the server build something long."""
    _, violations = read(reader, "where[a][in][9999999]=1")
    assert violations[0][2] == "type"
    _, violations = read(reader, "where" + "[a]" * 1000 + "=1")
    assert "nested more than" in violations[0][3]


KEPT = (
    "minimum",
    "maxItems",
    "additionalProperties",
    "required",
)  # the type is right, so a lenient caller can go on
NAMES = st.sampled_from(
    [
        "page",
        "ratio",
        "tags",
        "ids",
        "piped",
        "spaced",
        "range",
        "x",
        "where",
        "where[",
        "where[]",
        "where[a]",
        "where[a][in][]",
        "where[and][0][a]",
        "where[status][equals]",
        "filter",
        "either",
        "status",
        "must",
    ]
)
TEXTS = st.text() | st.sampled_from(
    ["1", "-1", "true", "null", "{}", "[", "1,2", "a|b", ".", ";", "1e5", "%2C", "\ud800"]
)


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=6), TEXTS, TEXTS, TEXTS)
def test_reading_never_raises_and_every_problem_is_named(
    reader: ParameterReader, query: list[tuple[str, str]], path: str, header: str, raw: str
) -> None:
    headers = {"x-count": header, "x-list": header, "cookie": header}
    values, violations = reader.read({"id": path}, query, headers, raw_query=raw)
    reader.unknown(query)
    for violation in violations:
        assert violation.message
        if violation.keyword in ("type", "style", "duplicate", "content"):
            assert (violation.location, violation.name) not in values
