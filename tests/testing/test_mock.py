"""The in-process mock: callers, memory, time, faults and what can be seen of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from troth.contract import load_contract, shipped
from troth.errors import DocumentError, UsageError
from troth.testing import Mock


def names(client: httpx.Client) -> list[str]:
    return [row["name"] for row in client.get("/v1/clients", params={"pageSize": 100}).json()["data"]]


def test_a_client_is_a_caller_of_the_whole_api(mock: Mock) -> None:
    """Relative paths of the contract, the caller's headers, stored rows."""
    with mock.client() as client:
        made = client.post("/v1/clients", json={"name": "Quarry Lane Dairy"})
        assert made.status_code == 201
        found = client.get(f"/v1/clients/{made.json()['id']}")
    assert found.json() == made.json()
    assert str(found.request.url).startswith(mock.url + "/v1/clients/")


def test_callers_are_named_and_separate(mock: Mock) -> None:
    """A name chooses the caller: tenant and scopes are its own; ``anonymous`` is nobody."""
    owner, peer = mock.client("northlight-owner"), mock.client("thornfield-owner")
    made = owner.post("/v1/clients", json={"name": "Ours"}).json()
    assert peer.get(f"/v1/clients/{made['id']}").status_code == 404
    assert mock.client("northlight-reader").post("/v1/clients", json={"name": "No"}).status_code == 403
    assert mock.client("anonymous").get("/v1/clients").status_code == 401


def test_every_credential_of_the_seed_can_be_used(mock: Mock) -> None:
    """What ``credentials`` lists is accepted by the mock."""
    assert {c.tenant for c in mock.credentials} == {"northlight", "thornfield"}
    for credential in mock.credentials:
        answer = mock.client(credential).get("/v1/clients")
        allowed = "*" in credential.scopes or "clients:read" in credential.scopes
        assert answer.status_code == (200 if allowed else 403), credential.name


def test_an_unknown_caller_is_answered_with_the_nearest_name(mock: Mock) -> None:
    """The error says who is known and who was probably meant."""
    with pytest.raises(UsageError, match=r"no principal 'northlight-ovner'.*Did you mean 'northlight-owner'"):
        mock.client("northlight-ovner")


def test_a_new_caller_has_the_rights_that_it_was_given(mock: Mock) -> None:
    """Scopes, tenant and expiry of an added principal hold."""
    expires = mock.now + timedelta(hours=1)
    added = mock.add_principal("temp", tenant="thornfield", scopes=["clients:read"], expires=expires)
    client = mock.client("temp")
    assert added == mock.credential("temp")
    assert client.get("/v1/clients").status_code == 200
    assert client.get("/v1/projects").status_code == 403
    mock.advance("61m")
    assert client.get("/v1/clients").status_code == 401
    with pytest.raises(UsageError, match="no tenant 'thornfeld'"):
        mock.add_principal("lost", tenant="thornfeld")


def test_a_fork_shares_nothing_that_changes(mock: Mock) -> None:
    """Rows, clock, callers, faults and journal of a fork are its own."""
    twin = mock.fork()
    mock.client().post("/v1/clients", json={"name": "Only here"})
    mock.advance("2d")
    mock.add_principal("extra", tenant="northlight")
    mock.faults = {"total-wrong"}
    assert "Only here" in names(mock.client())
    assert "Only here" not in names(twin.client())
    assert mock.now - twin.now == timedelta(days=2)
    assert "extra" not in {c.name for c in twin.credentials}
    assert twin.faults == frozenset()
    assert [e.operation for e in twin.journal] == ["listClients"]


def test_forks_of_one_mock_give_the_same_bytes(mock: Mock) -> None:
    """Ids and times come from the seed, so two forks answer alike."""
    first, second = (
        fork.client().post("/v1/clients", json={"name": "Same"}) for fork in (mock.fork(), mock.fork())
    )
    assert first.content == second.content
    assert first.headers == second.headers


def test_the_seed_decides_the_ids(mock: Mock) -> None:
    """Another seed gives other ids to new rows, and the same rows to begin with."""
    other = Mock(mock.contract, seed=2, seed_file=shipped().mocks / "clientcasa" / "seed.yaml")
    assert names(other.client()) == names(mock.client())
    made = [one.client().post("/v1/clients", json={"name": "A"}).json()["id"] for one in (mock, other)]
    assert made[0] != made[1]


def test_without_a_seed_the_clock_runs() -> None:
    """``seed=None`` is a mock in real time."""
    mock = Mock("clientcasa", seed=None, empty=True)
    before = datetime.now(UTC)
    assert mock.now - before < timedelta(minutes=1)
    mock.freeze()
    stopped = mock.now
    assert mock.now == stopped
    mock.resume()
    assert mock.now >= stopped


def test_an_empty_mock_has_callers_and_no_rows() -> None:
    """``empty`` leaves the credentials."""
    mock = Mock("clientcasa", empty=True)
    assert names(mock.client()) == []


def test_a_sandbox_has_its_own_rows_and_clock(mock: Mock) -> None:
    """Two sandboxes of one mock do not see each other, nor does the shared one."""
    one, two = mock.sandbox("one"), mock.sandbox("two")
    one.client().post("/v1/clients", json={"name": "In one"})
    one.advance("1d")
    assert "In one" in names(one.client())
    assert "In one" not in names(two.client()) + names(mock.client())
    assert one.now - two.now == timedelta(days=1)
    assert [entry.status for entry in one.journal] == [201, 200]
    assert "sandbox 'one'" in repr(one)


def test_a_snapshot_can_be_restored_again_and_again(mock: Mock) -> None:
    """Rows, ids and clock come back; later writes do not change the snapshot."""
    client = mock.client()
    saved = mock.snapshot()
    bodies = []
    for _ in range(2):
        bodies.append(client.post("/v1/clients", json={"name": "Again"}).content)
        mock.advance("3h")
        mock.restore(saved)
        assert "Again" not in names(client)
    assert bodies[0] == bodies[1]


def test_reset_goes_back_to_the_seed(mock: Mock) -> None:
    """Rows, clock, journal and deliveries are as at the start."""
    client, start = mock.client(), mock.now
    client.post("/v1/clients", json={"name": "Gone soon"})
    mock.advance("1w")
    mock.reset()
    assert mock.journal == []
    assert mock.deliveries == []
    assert mock.now == start
    assert "Gone soon" not in names(client)


def test_time_moves_as_told_and_brings_about_what_it_must(mock: Mock) -> None:
    """Freezing at a moment and advancing by text, seconds and timedelta; a due invoice becomes overdue."""
    client = mock.client()
    mock.freeze("2026-07-01T08:00:00Z")
    mock.advance(90)
    mock.advance("30s")
    mock.advance(timedelta(minutes=2))
    assert mock.now == datetime(2026, 7, 1, 8, 4, tzinfo=UTC)
    owner = client.get("/v1/clients").json()["data"][0]["id"]
    items = [{"description": "Survey", "quantity": 1, "unitPrice": 100}]
    invoice = {"clientId": owner, "date": "2026-07-01", "dueDate": "2026-07-31", "lineItems": items}
    made = client.post("/v1/invoices", json=invoice)
    assert made.status_code == 201, made.text
    path = f"/v1/invoices/{made.json()['id']}"
    assert client.patch(path, json={"status": "sent"}).json()["status"] == "sent"
    mock.advance("31d")
    assert client.get(path).json()["status"] == "overdue"
    mock.freeze(datetime(2026, 7, 2, tzinfo=UTC))
    assert client.get(path).json()["status"] == "sent"


def test_a_wrong_duration_is_refused(mock: Mock) -> None:
    """The error says how a duration is written."""
    with pytest.raises(UsageError, match="'a while' is not a duration"):
        mock.advance("a while")


def test_faults_are_switched_on_and_off(mock: Mock) -> None:
    """A fault bends the mock from the next request on; an unknown one is named."""
    client = mock.client()
    right = client.get("/v1/clients").json()["pagination"]["total"]
    mock.faults = ["total-wrong"]
    assert client.get("/v1/clients").json()["pagination"]["total"] == right + 1
    mock.faults = ()
    assert client.get("/v1/clients").json()["pagination"]["total"] == right
    with pytest.raises(UsageError, match=r"no fault 'totl-wrong'.*Did you mean 'total-wrong'"):
        mock.faults = {"totl-wrong"}
    with pytest.raises(UsageError, match="no fault"):
        Mock("clientcasa", faults=["nothing-like-it"])


def test_the_journal_shows_what_was_asked(mock: Mock) -> None:
    """Method, path, query, status, operation, caller and bodies of each exchange."""
    mock.client("thornfield-owner").post("/v1/clients?x=1", json={"name": "Seen"})
    (entry,) = mock.journal
    assert (entry.method, entry.path, entry.query, entry.status) == ("POST", "/api/v1/clients", "x=1", 201)
    assert (entry.operation, entry.principal) == ("createClient", "thornfield-owner")
    assert b"Seen" in entry.request_body
    assert b"Seen" in entry.response_body


def test_the_rate_limit_is_off_unless_asked_for() -> None:
    """``rate_limit`` takes what the command line takes."""
    limited = Mock("clientcasa", rate_limit="2/1m", empty=True).client()
    assert [limited.get("/v1/clients").status_code for _ in range(3)] == [200, 200, 429]
    with pytest.raises(UsageError, match="N/WINDOW"):
        Mock("clientcasa", rate_limit="often", empty=True)


def test_validation_can_be_loosened() -> None:
    """``validate="warn"`` accepts what the contract refuses and says so in a header."""
    client = Mock("clientcasa", validate="warn", empty=True).client()
    answer = client.post("/v1/clients", json={"name": 5})
    assert answer.status_code == 201
    assert "x-troth-violations" in answer.headers


def test_a_loaded_contract_or_a_path_will_do(tmp_path: Path) -> None:
    """A contract is a name, a path or a loaded one; a document without behaviour is served as well."""
    path = tmp_path / "pets.yaml"
    path.write_text(PETS, encoding="utf-8")
    for contract in (str(path), path, load_contract(path)):
        client = Mock(contract).client()
        made = client.post("/pets", json={"name": "Rex"})
        assert made.status_code == 201, made.text
        assert client.get(f"/pets/{made.json()['id']}").json()["name"] == "Rex"


def test_what_cannot_be_loaded_is_said() -> None:
    """Errors of the contract come through as they are."""
    with pytest.raises((DocumentError, UsageError), match="Did you mean 'clientcasa'"):
        Mock("clientcase")


PETS = """
openapi: 3.0.3
info: {title: Pets, version: 1.0.0}
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        "200":
          description: All.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Pet"}}}}
    post:
      operationId: createPet
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses:
        "201": {description: Made., content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
  /pets/{petId}:
    parameters: [{name: petId, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: getPet
      responses:
        "200": {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
        "404": {description: None.}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties: {id: {type: integer, readOnly: true}, name: {type: string}}
"""
