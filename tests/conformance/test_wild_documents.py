"""A document that nobody described is held to what it says, in the spellings that documents in the wild have."""

from __future__ import annotations

from pathlib import Path

import pytest

from troth.conformance import Outcome
from troth.conformance.connections import Loopback
from troth.conformance.selftest import Bench
from troth.contract import load_contract
from troth.engine import Request

WILD = Path(__file__).parent / "wild.yaml"


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(load_contract(WILD))


@pytest.fixture(scope="module")
def outcome(bench: Bench) -> Outcome:
    return bench.held(Loopback(bench.engine))


def test_its_mock_raises_no_alarm(outcome: Outcome) -> None:
    """Nothing is blamed for what the document leaves open."""
    assert [(finding.clause, finding.title) for finding in outcome.findings] == []


@pytest.mark.parametrize(
    "case",
    [
        "resource.read@getOrg",  # a header that must be there
        "resource.read@getTeam",  # a list of numbers that must be there, comma-separated
        "resource.read@getOrgHook",  # the same name and schema below two parents
        "resource.read@getTeamHook",
        "resource.read@getTask",  # a parameter that no resource explains
        "resource.create@createTask",  # an id is sent, an object is shown
        "resource.create@createNote",  # a form; ids are numbers in paths and text in rows
        "validation.rejected@createNote",
        "resource.read@getNote",
        "filter.exact@listTasks",  # an example that is a number where text is meant
        "schema.response@listOrgs",  # JSON by another name
        "schema.response@listOrgHooks",  # any type
        "schema.response@listLanguages",  # a list of plain values
    ],
)
def test_its_clauses_are_judged(outcome: Outcome, case: str) -> None:
    """Not merely passed over."""
    verdicts = {one.name: (one.verdict, one.detail) for one in outcome.cases}
    assert verdicts[case] == ("conform", "")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/orgs", "application/vnd.wild+json"),
        ("/orgs/1/hooks", "application/json"),
        ("/teams?kinds=1,2", "application/json"),
    ],
)
def test_answers_name_the_media_type_that_is_documented(bench: Bench, path: str, content_type: str) -> None:
    """Whatever JSON is called there; plain JSON where the document takes any type."""
    place, _, query = path.partition("?")
    if "hooks" in place:
        orgs = bench.engine.handle(Request("GET", "/orgs", headers={"x-region": "eu"})).json()
        place = f"/orgs/{orgs[0]['id']}/hooks"
    answer = bench.engine.handle(Request("GET", place, query, {"x-region": "eu"}))
    assert (answer.status, answer.header("content-type")) == (200, content_type)


def test_what_stands_below_different_parents_is_apart(bench: Bench) -> None:
    """``/orgs/{orgId}/hooks`` and ``/teams/{teamId}/hooks`` do not share rows unless the contract says it."""
    names = {
        binding.operation.path: binding.resource.name
        for binding in bench.engine.behaviour.bindings.values()
        if binding.resource
    }
    assert names["/orgs/{orgId}/hooks"] != names["/teams/{teamId}/hooks"]
    assert names["/orgs/{orgId}/hooks"] == names["/orgs/{orgId}/hooks/{hookId}"]


def test_an_enumeration_is_no_id(bench: Bench) -> None:
    """A ``key`` with three possible values cannot tell rows apart."""
    assert bench.engine.behaviour.bindings["getProperty"].resource is not None
    assert bench.engine.behaviour.bindings["getProperty"].resource.id_field == "id"
