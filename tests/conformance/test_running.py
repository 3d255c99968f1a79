"""Runs: green on the mock, deterministic, selectable, cut into shards that add up to the whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.clauses import clauses_of
from troth.conformance import Event, Judged, Outcome, Planned, Skip, Started, Target, plan, verify
from troth.conformance.connections import Loopback
from troth.contract import Contract, load_contract
from troth.errors import UsageError

from .conftest import BASE, EngineTransport, engine_of

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize("seed", [1, None])
def test_the_mock_conforms(seed: int | None, clientcasa: Contract) -> None:
    """No false alarm on a correct implementation, and nearly every clause gets a verdict; clock standing or not."""
    connection = Loopback(engine_of(clientcasa, seed=seed))
    outcome = verify(clientcasa, Target(f"{BASE}/api", connection=connection))
    assert [finding.title for finding in outcome.findings] == []
    assert outcome.exit_code == 0
    assert outcome.counts["inconclusive"] == 0
    assert outcome.counts["not-exercised"] <= 7
    assert outcome.sentence.startswith("CONFORM")


def test_the_same_seed_sends_the_same_requests(clientcasa: Contract) -> None:
    """Byte for byte, when the run's own mark is the same as well."""

    def requests() -> list[tuple[str, str, str, bytes]]:
        transport = EngineTransport(engine_of(clientcasa))
        target = Target(f"{BASE}/api", transport=transport)
        verify(
            clientcasa,
            target,
            nonce="0000abcd",
            only=["listClients", "createInvoice", "updateTimeEntry", "tenancy"],
        )
        return transport.requests

    first = requests()
    assert len(first) > 100
    assert sorted(requests()) == sorted(first)  # of requests at once, who comes first is left to them


def test_two_runs_against_one_server_do_not_meet(clientcasa: Contract) -> None:
    """Keys and names are new in every run, so the second one is judged like the first."""
    transport = EngineTransport(engine_of(clientcasa), controlled=True)
    for _ in range(2):
        outcome = verify(
            clientcasa, Target(f"{BASE}/api", transport=transport), only=["idempotency", "resource"]
        )
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
    assert names("pagination.*@listForms") == {
        name for name in names("pagination") if name.endswith("@listForms")
    }


def test_a_pattern_that_means_nothing_names_the_nearest_word(clientcasa: Contract) -> None:
    clauses = clauses_of(clientcasa, behaviour_of(clientcasa))
    with pytest.raises(UsageError, match="Did you mean 'pagination'"):
        plan(clauses, only=["paginaton"], today=TODAY)
    with pytest.raises(UsageError, match="no shard 5/4"):
        plan(clauses, shard=(5, 4), today=TODAY)


def test_a_skipped_clause_is_reported_with_its_reason(held: Callable[..., Outcome]) -> None:
    """A known violation does not fail the run, and is no success either."""
    skip = Skip("pagination.max-size@listClients", "ticket 42", date(9999, 1, 1))
    outcome = held(
        ["page-size-unbounded"], only=["pagination.max-size@listClients", "listClients"], skips=[skip]
    )
    judged = {case.name: case for case in outcome.cases}
    assert judged["pagination.max-size@listClients"].verdict == "not-exercised"
    assert "ticket 42" in judged["pagination.max-size@listClients"].detail
    assert outcome.exit_code == 0


def test_an_expired_skip_does_not_count(held: Callable[..., Outcome]) -> None:
    skip = Skip("pagination.max-size", "ticket 42", date(2001, 1, 1))
    assert (
        held(["page-size-unbounded"], only=["pagination.max-size@listClients"], skips=[skip]).exit_code == 1
    )


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
    assert (finding.clause, finding.operation, finding.severity) == (
        "pagination.total@listClients",
        "listClients",
        "error",
    )
    assert finding.location is not None
    assert finding.location.document.endswith("behaviour.overlay.yaml")
    assert finding.location.line
    exchange = finding.evidence["exchanges"][0]
    assert exchange["request"]["url"].startswith(f"{BASE}/api/v1/clients")
    assert exchange["response"]["status"] == 200


PLAIN = """
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers: [{url: https://pets.example/v2}]
paths:
  /pets:
    get:
      operationId: listPets
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50, default: 10}}
        - {name: offset, in: query, schema: {type: integer, minimum: 0, default: 0}}
        - {name: kind, in: query, schema: {type: string, enum: [cat, dog]}}
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Page"}}}}}
    post:
      operationId: addPet
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/NewPet"}}}}
      responses: {"201": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
  /pets/{petId}:
    parameters: [{name: petId, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: getPet
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
    put:
      operationId: putPet
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/NewPet"}}}}
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
    delete: {operationId: dropPet, responses: {"204": {description: ok}}}
  /pets/{petId}/visits:
    parameters: [{name: petId, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: listVisits
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Visit"}}}}
    post:
      operationId: addVisit
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/NewVisit"}}}}
      responses: {"201": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Visit"}}}}}
components:
  schemas:
    NewPet:
      type: object
      required: [name, kind]
      properties:
        name: {type: string, minLength: 1}
        kind: {type: string, enum: [cat, dog]}
        age: {type: integer, minimum: 0, nullable: true}
    Pet:
      allOf:
        - {$ref: "#/components/schemas/NewPet"}
        - {type: object, required: [id], properties: {id: {type: integer, readOnly: true}}}
    Page:
      type: object
      required: [items, total]
      properties: {items: {type: array, items: {$ref: "#/components/schemas/Pet"}}, total: {type: integer}}
    NewVisit: {type: object, required: [day], properties: {day: {type: string, format: date}, note: {type: string}}}
    Visit:
      allOf:
        - {$ref: "#/components/schemas/NewVisit"}
        - {type: object, required: [id], properties: {id: {type: integer, readOnly: true}, petId: {type: integer}}}
"""


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    path = tmp_path_factory.mktemp("pets") / "openapi.yaml"
    path.write_text(PLAIN, encoding="utf-8")
    return load_contract(path)


@pytest.mark.parametrize(
    ("fault", "clause"),
    [
        (None, None),
        ("page-skips-row", "pagination.complete"),
        ("total-wrong", "pagination.total"),
        ("filter-drops-row", "filter.exact"),
        ("create-not-persisted", "resource.create"),
        ("update-not-persisted", "resource.update"),
        ("delete-noop", "resource.delete"),
        ("invalid-accepted", "validation.rejected"),
        ("crash", "validation.no-server-error"),
    ],
)
def test_a_document_without_any_behaviour_has_clauses_too(
    fault: str | None, clause: str | None, pets: Contract
) -> None:
    """Offset paging, bare lists, sub-resources, PUT, integer ids, no credentials: derived, judged, no false alarm."""
    engine = engine_of(pets, *([fault] if fault else []))
    outcome = verify(pets, Target(f"{BASE}/v2", transport=EngineTransport(engine)))
    broken = {str(finding.clause).partition("@")[0] for finding in outcome.findings}
    assert (clause in broken) if clause else not broken
    assert outcome.exit_code == (1 if clause else 0)
    assert not outcome.shortfall
