"""openapi-core judges the same answers with another implementation of JSON Schema."""

from __future__ import annotations

import json

import pytest

from troth.conformance.exchanges import Exchange
from troth.conformance.second_opinion import SecondOpinion
from troth.contract import load_contract
from troth.testing import Mock

URL = "http://mock.test/api"


@pytest.fixture(scope="module")
def judge() -> SecondOpinion:
    return SecondOpinion(load_contract("clientcasa"), URL)


def exchange(path: str, body: bytes, status: int = 200) -> Exchange:
    headers = {"content-type": "application/json"}
    return Exchange("owner", None, "GET", f"{URL}{path}", {}, b"", status, headers, body)


RESOURCES = """
clients contacts projects invoices contracts payments payouts time-entries milestones calendar-events transactions
catalog-items webhooks document-versions forms form-submissions client-documents
"""


@pytest.mark.parametrize("name", RESOURCES.split())
def test_it_has_nothing_against_what_the_mock_answers(judge: SecondOpinion, name: str) -> None:
    """Every list and every first row of the seed data."""
    client = Mock("clientcasa", seed=1).client("northlight-owner")
    listed = client.get(f"/v1/{name}")
    assert judge.objection(exchange(f"/v1/{name}", listed.content)) is None
    one = client.get(f"/v1/{name}/{listed.json()['data'][0]['id']}")
    assert judge.objection(exchange(f"/v1/{name}/x", one.content)) is None


def test_it_objects_to_a_wrong_type(judge: SecondOpinion) -> None:
    """A name that is a number."""
    row = Mock("clientcasa", seed=1).client("northlight-owner").get("/v1/clients").json()["data"][0]
    body = json.dumps({**row, "name": 7}).encode()
    assert "7" in str(judge.objection(exchange("/v1/clients/x", body)))


def test_it_objects_to_a_missing_member(judge: SecondOpinion) -> None:
    """Nothing of what the schema requires is there."""
    assert judge.objection(exchange("/v1/clients/x", b"{}")) is not None


def test_what_it_cannot_find_it_does_not_judge(judge: SecondOpinion) -> None:
    """A path or a status that the document does not have is somebody else's to judge."""
    assert judge.objection(exchange("/v1/nothing", b"{}")) is None
    assert judge.objection(exchange("/v1/clients", b"{}", 299)) is None
