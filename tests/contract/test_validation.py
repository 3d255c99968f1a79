"""Validators say everything that is wrong with a value, where, and what would do; they never raise."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.contract import Validator, Validators, load_contract, validators
from troth.errors import DocumentError

if TYPE_CHECKING:
    from conftest import Folder

BODY = """\
components:
  schemas:
    Invoice:
      type: object
      additionalProperties: false
      required: [id, number, status, secret]
      properties:
        id: {type: string, readOnly: true}
        secret: {type: string, writeOnly: true}
        number: {type: string, minLength: 2, maxLength: 4, pattern: '^[A-Z]+$'}
        status: {enum: [paid, open]}
        lines:
          type: array
          maxItems: 2
          items: {type: object, required: [amount], properties: {amount: {type: integer, minimum: 1}}}
        due: {type: [string, 'null'], format: date}
    Reference: {$ref: '#/components/schemas/Invoice'}
    Payment:
      oneOf:
        - {type: object, required: [type, iban], properties: {type: {const: bank}, iban: {type: string}}}
        - {type: object, required: [type, card], properties: {type: {const: card}, card: {type: string}}}
        - type: 'null'
    Base: {type: object, properties: {stamp: {$ref: '#/components/schemas/Stamp'}}}
    Stamp: {type: string, readOnly: true}
    Derived:
      allOf:
        - {$ref: '#/components/schemas/Base'}
        - {required: [stamp, name], properties: {name: {type: string}}}
    Anything: {}
    Nothing: false
"""


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Validators:
    path = tmp_path_factory.mktemp("validation") / "openapi.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: T, version: '1'}\n" + BODY, encoding="utf-8")
    return validators(load_contract(path))


def found(
    every: Validators, name: str, value: object, direction: str = "request"
) -> list[tuple[str, str, str]]:
    return [
        (v.pointer, v.keyword, v.message)
        for v in every.at(f"/components/schemas/{name}", direction).violations(value)
    ]


GOOD = {"number": "AB", "status": "paid", "secret": "s"}


def test_every_violation_is_reported_with_the_pointer_of_the_guilty_part(every: Validators) -> None:
    value = {
        "number": "abcde",
        "status": "payed",
        "lines": [{"amount": 0}, {"amount": "1"}, {}],
        "due": "2026-02-30",
        "a/b": 1,
    }
    assert sorted(found(every, "Invoice", value)) == [
        ("/a~1b", "additionalProperties", "the property 'a/b' is not known"),
        ("/due", "format", '"2026-02-30" is not a date such as 2026-01-31'),
        ("/lines", "maxItems", "the list has 3 items, at most 2 are allowed"),
        ("/lines/0/amount", "minimum", "0 is less than the minimum of 1"),
        ("/lines/1/amount", "type", "expected a whole number, found text"),
        ("/lines/2/amount", "required", "the property 'amount' is missing"),
        ("/number", "maxLength", "the text has 5 characters, at most 4 are allowed"),
        ("/number", "pattern", '"abcde" does not match the pattern ^[A-Z]+$'),
        ("/secret", "required", "the property 'secret' is missing"),
        ("/status", "enum", '"payed" is not one of "paid", "open". Did you mean \'paid\'?'),
    ]


def test_a_violation_carries_the_guilty_value(every: Validators) -> None:
    (violation,) = every.at("/components/schemas/Invoice", "request").violations(GOOD | {"status": "late"})
    assert (violation.pointer, violation.value) == ("/status", "late")


def test_a_valid_value_has_no_violations(every: Validators) -> None:
    validator = every.at("/components/schemas/Invoice", "request")
    assert validator.is_valid(GOOD)
    assert validator.violations(GOOD) == []


@pytest.mark.parametrize("name", ["Invoice", "Reference"])
def test_each_direction_asks_only_for_what_its_sender_can_know(every: Validators, name: str) -> None:
    """``readOnly`` is not required of a request, ``writeOnly`` not of a response; also through a reference."""
    answer = {"id": "1", "number": "AB", "status": "paid"}
    assert found(every, name, GOOD, "request") == []
    assert found(every, name, answer, "response") == []
    assert [v[0] for v in found(every, name, answer, "request")] == ["/secret"]
    assert [v[0] for v in found(every, name, GOOD, "response")] == ["/id"]


def test_a_branch_does_not_ask_for_what_its_sibling_marks_as_read_only(every: Validators) -> None:
    assert found(every, "Derived", {"name": "a"}, "request") == []
    assert [v[0] for v in found(every, "Derived", {"name": "a"}, "response")] == ["/stamp"]


def test_the_document_itself_is_not_changed(folder: Folder) -> None:
    contract = folder.contract(BODY)
    validators(contract).at("/components/schemas/Invoice", "request")
    assert contract.schemas["Invoice"]["required"] == ["id", "number", "status", "secret"]


def test_a_choice_reports_the_branch_that_was_meant(every: Validators) -> None:
    assert found(every, "Payment", {"type": "card"}) == [
        ("/card", "required", "the property 'card' is missing")
    ]
    assert found(every, "Payment", 5) == [("", "oneOf", "5 fits none of the 3 alternatives")]


def test_boolean_schemas_are_schemas(every: Validators) -> None:
    assert found(every, "Anything", {"x": 1}) == []
    assert found(every, "Nothing", 1) == [("", "falseSchema", "nothing may be given here")]


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        ["\udfff"],
        {"\ud800": 1},
        {"number": "A\x00"},
        float("nan"),
        float("inf"),
        10**400,
        -(10**400),
        {1: 2},
        {None: 1},
        b"x",
        {1, 2},
        object(),
        Decimal(1),
        (1, 2),
    ],
)
def test_strange_values_are_judged_and_never_raise(every: Validators, value: object) -> None:
    for name in ("Invoice", "Payment"):
        validator = every.at(f"/components/schemas/{name}", "request")
        assert validator.is_valid(value) is False
        assert validator.violations(value)


def test_text_that_is_not_unicode_is_named_where_it_stands(every: Validators) -> None:
    assert found(every, "Invoice", GOOD | {"lines": [{"amount": "\ud800"}]}) == [
        ("/lines/0/amount", "type", "the text is not Unicode: it holds half of a surrogate pair")
    ]


def test_a_very_deep_value_is_judged_and_never_raises(every: Validators) -> None:
    value: object = 1
    for _ in range(100_000):
        value = [value]
    assert isinstance(every.at("/components/schemas/Invoice", "request").violations(value), list)


def test_a_validator_is_compiled_once(every: Validators) -> None:
    first = every.at("/components/schemas/Invoice", "request")
    assert isinstance(first, Validator)
    assert every.at("/components/schemas/Invoice", "request") is first


def test_a_pointer_without_a_schema_is_refused(every: Validators) -> None:
    with pytest.raises(DocumentError, match="no schema stands here"):
        every.at("/components/schemas/None", "request")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("id", "secret", "number", "status", "lines", "due", "type", "card"), JSON)
)


@given(JSON | MEMBERS)
def test_a_value_is_valid_exactly_when_it_has_no_violations(every: Validators, value: object) -> None:
    for name in ("Invoice", "Payment", "Derived"):
        validator = every.at(f"/components/schemas/{name}", "request")
        violations = validator.violations(value)
        assert validator.is_valid(value) is (violations == [])
        for violation in violations:
            assert violation.message
            assert violation.pointer == "" or violation.pointer.startswith("/")
