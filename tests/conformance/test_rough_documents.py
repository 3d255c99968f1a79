"""A document with gaps and slips is served so that its own clauses hold, and is held to no more than it says."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from troth.conformance import Outcome
from troth.conformance.connections import Loopback
from troth.conformance.exchanges import Exchange
from troth.conformance.reproduction.player import Player
from troth.conformance.selftest import Bench
from troth.conformance.target import principal_of
from troth.conformance.worn import moved, worn
from troth.contract import load_contract
from troth.testing import Mock

ROUGH = Path(__file__).parent / "rough.yaml"


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(load_contract(ROUGH))


@pytest.fixture(scope="module")
def outcome(bench: Bench) -> Outcome:
    return bench.held(Loopback(bench.engine))


def test_its_mock_raises_no_alarm(outcome: Outcome) -> None:
    """Nothing is blamed for what the document leaves open."""
    assert [(finding.clause, finding.title) for finding in outcome.findings] == []


@pytest.mark.parametrize(
    "case",
    [
        "authentication.required@listCustomers",  # a key in the query and another one in a header
        "authentication.invalid@listCustomers",
        "resource.read@getCustomer",  # a status stands beside the row, which is named for its collection
        "resource.create@createCustomer",  # only a refusal is documented
        "pagination.complete@listCustomers",  # the cursor is one of several below meta
        "schema.response@listCustomers",  # alternatives that fit both, a list among alternatives
        "schema.response@listMatchesOfDay",  # a path that names no row
        "validation.no-server-error@getPlace",  # rows whose ids nobody could learn
    ],
)
def test_its_clauses_are_judged(outcome: Outcome, case: str) -> None:
    """Not merely passed over."""
    verdicts = {one.name: (one.verdict, one.detail) for one in outcome.cases}
    assert verdicts[case] == ("conform", "")


def test_pages_that_nobody_could_ask_for_are_no_clause(outcome: Outcome) -> None:
    """Where no answer shows a cursor, a document that takes one says nothing about pages."""
    assert not [one.name for one in outcome.cases if one.name == "pagination.complete@listMessages"]


def test_a_caller_shows_all_that_is_asked_for(bench: Bench) -> None:
    """In headers and in the query, so that no operation of the document is closed to it."""
    shown = bench.engine.credentials()[0]
    assert (shown["headers"], shown["query"]) == (
        {"x-account": "demo-key"},
        {"api-key": "demo-key"},
    )


def test_clients_in_process_show_a_key_in_the_query() -> None:
    """Beside what a request asks for."""
    api = Mock(ROUGH).client()
    assert len(api.get("/customers?limit=2").json()["data"]) == 2
    assert api.get("/places/7").json() == {"latitude": 55.9}


def test_who_logs_in_is_led_elsewhere(bench: Bench) -> None:
    """An operation that documents nothing but a redirect answers with it."""
    binding = bench.engine.behaviour.bindings["logIn"]
    assert binding.success == 302


def test_a_key_for_the_query_is_given_on_the_command_line() -> None:
    """``query=NAME:VALUE``, kept beside the headers under a name that no header has."""
    found = principal_of("owner,query=api-key:${KEY},header=X-Account:7", {"KEY": "abc"})
    assert dict(found.headers) == {"?api-key": "abc", "X-Account": "7"}


def test_a_key_leaves_in_the_query() -> None:
    """And its header doesn't."""
    request = httpx.Request("GET", "http://t/a?b=1", headers={"?api-key": "x y", "Accept": "*/*"})
    moved(request)
    assert (str(request.url), "?api-key" in request.headers) == ("http://t/a?b=1&api-key=x+y", False)


def test_a_replay_shows_a_key_in_the_query() -> None:
    """A caller's key goes where the server looks for it."""
    sent = []

    def send(method: str, url: str, headers: object, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        sent.append((method, url, headers))
        return 200, {}, b"{}"

    about = {"headers": {"X-Account": "7"}, "query": {"api-key": "abc"}}
    player = Player("http://t", send, {"owner": worn(about)})
    list(player.play([{"as": "owner", "method": "GET", "path": "/a?b=1"}]))
    assert sent[0][1] == "http://t/a?b=1&api-key=abc"


def test_evidence_hides_a_key_in_the_query() -> None:
    """Reports show where it was, and not what it is."""
    given = {"?api-key": "secret-key"}
    exchange = Exchange("owner", None, "GET", "http://t/a", given, b"", 200, {}, b"", {"secret-key"})
    told = exchange.as_evidence()["request"]
    assert (told["url"], told["headers"]) == ("http://t/a?api-key=[redacted]", {})


def test_one_header_opens_what_asks_for_it_in_another_form(tmp_path: Path) -> None:
    """A caller cannot show Basic and Bearer at once, so either is known where the document has both."""
    document = tmp_path / "forms.yaml"
    document.write_text(
        """\
openapi: 3.0.3
info: {title: Forms, version: "1"}
paths:
  /a: {get: {security: [{basic: []}], responses: {"204": {description: Done.}}}}
  /b: {get: {security: [{bearer: []}], responses: {"204": {description: Done.}}}}
components:
  securitySchemes: {basic: {type: http, scheme: basic}, bearer: {type: http, scheme: bearer}}
""",
        encoding="utf-8",
    )
    mock = Mock(document)
    assert [mock.client().get(path).status_code for path in ("/a", "/b")] == [204, 204]
    assert mock.client("anonymous").get("/b").status_code == 401
