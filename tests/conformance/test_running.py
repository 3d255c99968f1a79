"""Runs: green on the mock, deterministic, selectable, cut into shards that add up to the whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.clauses import clauses_of
from troth.conformance import Event, Judged, Outcome, Planned, Skip, Started, Target, plan, verify
from troth.contract import Contract
from troth.errors import UsageError

from .conftest import BASE, EngineTransport, engine_of

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_the_mock_conforms(seed: int, clientcasa: Contract) -> None:
    """No false alarm on a correct implementation, and nearly every clause gets a verdict."""
    transport = EngineTransport(engine_of(clientcasa))
    outcome = verify(clientcasa, Target(f"{BASE}/api", transport=transport), seed=seed)
    assert [finding.title for finding in outcome.findings] == []
    assert outcome.exit_code == 0
    assert outcome.counts["inconclusive"] == 0
    assert outcome.counts["not-exercised"] <= 5
    assert outcome.sentence.startswith("CONFORM")


def test_the_same_seed_sends_the_same_requests(clientcasa: Contract) -> None:
    """Byte for byte, when the run's own mark is the same as well."""

    def requests() -> list[tuple[str, str, str, bytes]]:
        transport = EngineTransport(engine_of(clientcasa))
        target = Target(f"{BASE}/api", transport=transport)
        verify(clientcasa, target, nonce="0000abcd", only=["listClients", "createInvoice", "updateTimeEntry", "tenancy"])
        return transport.requests

    first = requests()
    assert len(first) > 100
    assert requests() == first


def test_two_runs_against_one_server_do_not_meet(clientcasa: Contract) -> None:
    """Keys and names are new in every run, so the second one is judged like the first."""
    transport = EngineTransport(engine_of(clientcasa), controlled=True)
    for _ in range(2):
        outcome = verify(clientcasa, Target(f"{BASE}/api", transport=transport), only=["idempotency", "resource"])
        assert outcome.exit_code == 0


def test_shards_add_up_to_the_whole(clientcasa: Contract) -> None:
    """Every clause is in exactly one of four shards, and no shard is empty."""
    clauses = clauses_of(clientcasa, behaviour_of(clientcasa))
    shards = [plan(clauses, shard=(index, 4), today=TODAY).clauses for index in (1, 2, 3, 4)]
    assert sorted(c.name for shard in shards for c in shard) == sorted(c.name for c in clauses)
    assert all(len(shard) > len(clauses) / 8 for shard in shards)


@pytest.mark.parametrize("shard", [(1, 3), (2, 3), (3, 3)])
def test_a_shard_stands_alone(shard: tuple[int, int], held: Callable[..., Outcome]) -> None:
    """A clause has the same verdict without the clauses before it."""
    assert held(shard=shard).exit_code == 0


def test_only_chooses_by_concept_clause_operation_and_glob(clientcasa: Contract) -> None:
    clauses = clauses_of(clientcasa, behaviour_of(clientcasa))

    def names(*only: str) -> set[str]:
        return {clause.name for clause in plan(clauses, only=only, today=TODAY).clauses}

    assert names("lifecycle") == {"lifecycle.transition@updateInvoice"}
    assert {name.partition("@")[0] for name in names("filter.exact")} == {"filter.exact"}
    assert {name.partition("@")[2] for name in names("getClient")} == {"getClient"}
    assert names("pagination.*@listForms") == {name for name in names("pagination") if name.endswith("@listForms")}


def test_a_pattern_that_means_nothing_names_the_nearest_word(clientcasa: Contract) -> None:
    clauses = clauses_of(clientcasa, behaviour_of(clientcasa))
    with pytest.raises(UsageError, match="Did you mean 'pagination'"):
        plan(clauses, only=["paginaton"], today=TODAY)
    with pytest.raises(UsageError, match="no shard 5/4"):
        plan(clauses, shard=(5, 4), today=TODAY)


def test_a_skipped_clause_is_reported_with_its_reason(held: Callable[..., Outcome]) -> None:
    """A known violation does not fail the run, and is no success either."""
    skip = Skip("pagination.max-size@listClients", "ticket 42", date(9999, 1, 1))
    outcome = held(["page-size-unbounded"], only=["pagination.max-size@listClients", "listClients"], skips=[skip])
    judged = {case.name: case for case in outcome.cases}
    assert judged["pagination.max-size@listClients"].verdict == "not-exercised"
    assert "ticket 42" in judged["pagination.max-size@listClients"].detail
    assert outcome.exit_code == 0


def test_an_expired_skip_does_not_count(held: Callable[..., Outcome]) -> None:
    skip = Skip("pagination.max-size", "ticket 42", date(2001, 1, 1))
    assert held(["page-size-unbounded"], only=["pagination.max-size@listClients"], skips=[skip]).exit_code == 1


def test_events_tell_the_run_as_it_goes(held: Callable[..., Outcome]) -> None:
    """The plan, then a start and a verdict for each clause, in order."""
    seen: list[Event] = []
    outcome = held(only=["lifecycle", "routing.method@listForms"], listener=seen.append)
    assert isinstance(seen[0], Planned)
    assert [type(event) for event in seen[1:]] == [Started, Judged] * 2
    assert [event.case for event in seen if isinstance(event, Judged)] == list(outcome.cases)


def test_a_finding_says_where_the_contract_promises_it(held: Callable[..., Outcome]) -> None:
    """Clause, operation, line, and the exchanges that prove it."""
    (finding,) = held(["total-wrong"], only=["pagination.total@listClients"]).findings
    assert (finding.clause, finding.operation, finding.severity) == ("pagination.total@listClients", "listClients", "error")
    assert finding.location is not None
    assert finding.location.document.endswith("behaviour.overlay.yaml")
    assert finding.location.line
    exchange = finding.evidence["exchanges"][0]
    assert exchange["request"]["url"].startswith(f"{BASE}/api/v1/clients")
    assert exchange["response"]["status"] == 200
