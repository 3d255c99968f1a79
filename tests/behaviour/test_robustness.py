"""Whatever JSON stands under ``x-behaviour``: lint tells what is wrong, and nothing else is ever raised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.behaviour.coherence import lint
from troth.behaviour.inference import behaviour_of
from troth.behaviour.places import SCOPES, Scope
from troth.behaviour.vocabulary import keywords
from troth.contract import load_contract
from troth.contract.model import Contract
from troth.engine import Engine, Settings
from troth.errors import BehaviourError
from troth.findings import Finding

PLACES: dict[Scope, str] = {
    "root": "",
    "resource": "/components/schemas/Order",
    "property": "/components/schemas/Order/properties/tax",
    "operation": "/paths/~1customers~1{customerId}~1orders/get",
}

WORDS = st.sampled_from(
    [
        *{word for scope in SCOPES for word in keywords(scope)},
        *("field", "from", "to", "on", "when", "require", "refused", "transitions", "by", "op", "where"),
        *(
            "default",
            "kinds",
            "envelope",
            "limit",
            "window",
            "status",
            "create",
            "time",
            "draft",
            "paid",
            "orders",
        ),
        *(
            "24h",
            "$code",
            "$nothing",
            "{resource}:read",
            "{}",
            "{:05d}",
            "1 +",
            "today() > placed",
            "related(status, id)",
        ),
        *(
            "net",
            "gross + status",
            "lookup('customers', customerId).name",
            "-createdAt,id",
            "not-found",
            "list",
        ),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | WORDS
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def with_behaviour(contract: Contract, scope: Scope, value: Any) -> Contract:
    """The contract with another ``x-behaviour`` at one of the four places; nothing shared is changed."""
    steps = [step.replace("~1", "/") for step in PLACES[scope].split("/")[1:]]

    def grown(node: Any, rest: list[str]) -> Any:
        return {**node, rest[0]: grown(node[rest[0]], rest[1:])} if rest else {**node, "x-behaviour": value}

    pointer = PLACES[scope]
    operations = tuple(
        replace(one, extension=value if isinstance(value, dict) else {}) if one.pointer == pointer else one
        for one in contract.operations
    )
    return replace(contract, document=grown(contract.document, steps), operations=operations)


def given_at(contract: Contract, scope: Scope) -> dict[str, Any]:
    found: dict[str, Any] = contract.node(PLACES[scope])["x-behaviour"]
    return found


def altered(value: Any, path: list[int], new: Any) -> Any:
    """The value with one part, found by going down a path of positions, replaced."""
    if not path or not isinstance(value, dict) or not value:
        return new
    name = list(value)[path[0] % len(value)]
    return {**value, name: altered(value[name], path[1:], new)}


def judge(contract: Contract) -> None:
    findings = lint(contract)
    assert all(isinstance(finding, Finding) and finding.location for finding in findings)
    refused = None
    try:
        behaviour_of(contract)
    except BehaviourError as error:
        refused = error
    if refused is not None:
        assert refused.location is not None
        assert any(finding.severity == "error" for finding in findings)


@pytest.mark.parametrize("scope", SCOPES)
@given(value=JSON)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_any_json_is_either_behaviour_or_a_finding(whole_shop: Contract, scope: Scope, value: Any) -> None:
    """No traceback, whatever is written there."""
    judge(with_behaviour(whole_shop, scope, value))


@pytest.mark.parametrize("scope", SCOPES)
@given(path=st.lists(st.integers(0, 50), min_size=1, max_size=4), value=JSON)
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_a_damaged_behaviour_is_either_behaviour_or_a_finding(
    whole_shop: Contract, scope: Scope, path: list[int], value: Any
) -> None:
    """Close to the real thing, where a parser would believe what it reads."""
    judge(with_behaviour(whole_shop, scope, altered(given_at(whole_shop, scope), path, value)))


@pytest.mark.parametrize("scope", SCOPES)
@given(value=st.dictionaries(st.sampled_from(["a", "b"]), JSON, max_size=2), data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_what_passes_can_be_served(
    whole_shop: Contract, scope: Scope, value: dict[str, Any], data: st.DataObject
) -> None:
    """A contract that lint finds no error in starts a mock."""
    word = data.draw(st.sampled_from(list(keywords(scope))))
    contract = with_behaviour(
        whole_shop, scope, {**given_at(whole_shop, scope), word: value or data.draw(JSON)}
    )
    if all(finding.severity != "error" for finding in lint(contract)):
        Engine(contract, Settings(seed=1))


def test_a_deep_template_is_judged_to_its_end(whole_shop: Contract) -> None:
    """As deep as a document can be loaded: what is wrong at the bottom is found, what is right is served."""

    def nested(slot: str) -> Contract:
        value: Any = slot
        for _ in range(140):
            value = {"a": value}
        return with_behaviour(whole_shop, "root", {"errors": {"envelope": value}})

    (finding,) = [found for found in lint(nested("$cod")) if found.id == "unknown-value"]
    assert "Did you mean '$code'?" in finding.title
    with pytest.raises(BehaviourError, match=r"Did you mean '\$code'"):
        behaviour_of(nested("$cod"))
    Engine(nested("$code"), Settings(seed=1))


def test_a_schema_that_contains_itself_is_judged(tmp_path: Path) -> None:
    """Circles of references and compositions end somewhere, in lint and in what is served."""
    document = tmp_path / "openapi.yaml"
    document.write_text(
        """\
openapi: 3.1.0
info: {title: Circles, version: "1"}
paths:
  /nodes:
    get:
      x-behaviour: {filters: {depth: {field: loop.depth}}}
      parameters: [{name: depth, in: query, schema: {type: integer}}]
      responses:
        "200":
          description: Nodes.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Node"}}}}
components:
  schemas:
    Node:
      type: object
      x-behaviour: {lifecycle: {field: loop, transitions: {turn: {from: here, to: there}}}}
      properties:
        nodes: {type: array, items: {$ref: "#/components/schemas/Node"}}
        loop: {$ref: "#/components/schemas/Loop"}
      allOf: [{$ref: "#/components/schemas/Node"}]
    Loop: {allOf: [{$ref: "#/components/schemas/Pool"}]}
    Pool: {anyOf: [{$ref: "#/components/schemas/Loop"}, {type: string}]}
""",
        encoding="utf-8",
    )
    contract = load_contract(document)
    assert [finding.id for finding in lint(contract)] == ["unknown-field"]
    behaviour_of(contract)
