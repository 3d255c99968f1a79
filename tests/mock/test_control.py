"""The control plane over HTTP: every route, called rightly and wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from troth.engine import FAULTS

Call = Callable[..., httpx.Response]


@pytest.fixture
def call(server: Any) -> Call:
    """One control request in a sandbox of its own."""
    made = server.client("control")

    def send(method: str, path: str, sandbox: str = "", **options: Any) -> httpx.Response:
        headers = {"x-troth-sandbox": sandbox} if sandbox else {}
        answer: httpx.Response = made.request(method, server.control + path, headers=headers, **options)
        return answer

    return send


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


def total(server: Any, sandbox: str) -> int:
    answer = server.client().get("/v1/clients", headers={"x-troth-sandbox": sandbox})
    return int(answer.json()["pagination"]["total"])


def create(server: Any, sandbox: str, name: str = "Made") -> httpx.Response:
    answer: httpx.Response = server.client().post(
        "/v1/clients", json={"name": name}, headers={"x-troth-sandbox": sandbox}
    )
    assert answer.status_code == 201
    return answer


def is_problem(answer: httpx.Response, status: int, words: str) -> bool:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert words in answer.json()["detail"]
    return True


def test_health_says_what_is_served(call: Call) -> None:
    """Contract, version, base path, clock and faults."""
    found = call("GET", "/health").json()
    assert found["status"] == "ok"
    assert found["contract"]["name"] == "clientcasa"
    assert found["base"] == "/api"
    assert set(found["clock"]) == {"now", "frozen"}
    assert found["faults"] == []


def test_reset_goes_back_to_the_seed(server: Any, call: Call, sandbox: str) -> None:
    """Rows, clock and journal of this sandbox; others stay as they are."""
    before = total(server, sandbox)
    create(server, sandbox)
    create(server, "other-" + sandbox)
    call("POST", "/clock/advance", sandbox, json={"by": "1d"})
    assert call("POST", "/reset", sandbox).json() == {"reset": True}
    assert call("GET", "/journal", sandbox).json()["journal"] == []
    assert call("GET", "/clock", sandbox).json()["now"] == "2026-06-15T09:00:00.000Z"
    assert total(server, sandbox) == before
    assert total(server, "other-" + sandbox) == before + 1


def test_snapshots_have_names(server: Any, call: Call, sandbox: str) -> None:
    """Taken, restored any number of times, and unknown ones named with the nearest."""
    before = total(server, sandbox)
    assert call("POST", "/snapshot", sandbox, json={"name": "early"}).status_code == 201
    for _ in range(2):
        create(server, sandbox)
        assert call("POST", "/restore", sandbox, json={"name": "early"}).json() == {"restored": "early"}
        assert total(server, sandbox) == before
    assert is_problem(call("POST", "/restore", sandbox, json={"name": "eraly"}), 400, "Did you mean 'early'?")


def test_a_fork_is_a_sandbox_with_these_rows(server: Any, call: Call, sandbox: str) -> None:
    """Afterwards neither sees the other."""
    create(server, sandbox)
    before = total(server, sandbox)
    assert call("POST", "/fork", sandbox, json={"name": "twin"}).status_code == 201
    assert total(server, "twin") == before
    create(server, "twin")
    assert (total(server, sandbox), total(server, "twin")) == (before, before + 1)
    assert "twin" in call("GET", "/health").json()["sandboxes"]
    assert is_problem(call("POST", "/fork", sandbox, json={}), 400, "name")


def test_the_clock_obeys(call: Call, sandbox: str) -> None:
    """Frozen, set, advanced and resumed; wrong moments and durations are refused."""
    start = call("POST", "/clock/freeze", sandbox, json={"at": "2026-07-01T00:00:00Z"}).json()
    assert start == {"now": "2026-07-01T00:00:00.000Z", "frozen": True}
    assert (
        call("POST", "/clock/advance", sandbox, json={"by": "1d"}).json()["now"] == "2026-07-02T00:00:00.000Z"
    )
    assert (
        call("POST", "/clock/advance", sandbox, json={"by": 1.5}).json()["now"] == "2026-07-02T00:00:01.500Z"
    )
    assert (
        call("POST", "/clock/advance", sandbox, json={"by": "-1h"}).json()["now"]
        == "2026-07-01T23:00:01.500Z"
    )
    moved = call("POST", "/clock/set", sandbox, json={"at": "2027-01-01T01:00:00+01:00"}).json()
    assert moved["now"] == "2027-01-01T00:00:00.000Z"
    assert call("POST", "/clock/resume", sandbox).json()["frozen"] is False
    assert call("GET", "/clock", sandbox).json()["now"].startswith("2027-01-01T00:00:0")
    assert is_problem(call("POST", "/clock/advance", sandbox, json={"by": "soon"}), 400, "not a duration")
    assert is_problem(call("POST", "/clock/advance", sandbox, json={}), 400, "by")
    assert is_problem(call("POST", "/clock/set", sandbox, json={"at": "yesterday"}), 400, "yesterday")
    assert is_problem(call("POST", "/clock/freeze", sandbox, json={"at": 5}), 400, "5")


@pytest.mark.parametrize("by", ["9999999999d", 1e300, "-99999999w", "1e5", "-60000d"])
def test_a_clock_beyond_the_calendar_is_refused(server: Any, call: Call, sandbox: str, by: Any) -> None:
    """The clock stays where it was, and the API goes on."""
    before = call("GET", "/clock", sandbox).json()
    assert call("POST", "/clock/advance", sandbox, json={"by": by}).status_code == 400
    assert call("GET", "/clock", sandbox).json() == before
    assert total(server, sandbox) > 0


def test_principals_are_listed_and_added(server: Any, call: Call) -> None:
    """A new one can be used at once; it expires when it should."""
    known = call("GET", "/principals").json()
    assert {p["name"] for p in known["principals"]} >= {"northlight-owner", "thornfield-reader"}
    given = {
        "name": "fresh",
        "tenant": "thornfield",
        "scopes": ["clients:read"],
        "expires": "2030-01-01T00:00:00Z",
    }
    made = call("POST", "/principals", json=given)
    assert made.status_code == 201
    assert made.json()["expires"] == "2030-01-01T00:00:00.000Z"
    client = server.client("nobody")
    assert client.get("/v1/clients", headers=made.json()["headers"]).status_code == 200
    assert client.get("/v1/projects", headers=made.json()["headers"]).status_code == 403
    assert is_problem(call("POST", "/principals", json={"tenant": "nowhere"}), 400, "no tenant 'nowhere'")
    assert is_problem(call("POST", "/principals", json={"scopes": 5}), 400, "")


def test_events_can_be_triggered(call: Call, sandbox: str) -> None:
    """With data or about a row; who does not exist is named."""
    hits = call(
        "POST", "/events", sandbox, json={"event": "client_created", "tenant": "northlight", "data": {"a": 1}}
    )
    count = hits.json()["deliveries"]
    found = call("GET", "/deliveries", sandbox).json()["deliveries"]
    assert len(found) == count > 0
    assert {d["event"] for d in found} == {"client_created"}
    assert is_problem(
        call("POST", "/events", sandbox, json={"event": "x", "tenant": "n"}), 400, "no tenant 'n'"
    )
    about = {"event": "x", "tenant": "northlight", "resource": "clients", "id": "none"}
    assert is_problem(call("POST", "/events", sandbox, json=about), 400, "no row 'none'")
    assert is_problem(call("POST", "/events", sandbox, json={}), 400, "event")


def test_the_journal_narrows(server: Any, call: Call, sandbox: str) -> None:
    """By operation, status and number; secrets of the request are hidden; clearing empties it."""
    create(server, sandbox)
    total(server, sandbox)
    server.client().get("/v1/clients/none", headers={"x-troth-sandbox": sandbox})
    found = call("GET", "/journal", sandbox).json()
    assert [entry["status"] for entry in found["journal"]] == [201, 200, 404]
    assert "cc_test" not in str(found)
    by = {"operation": "createClient", "status": "404", "limit": "1"}
    lengths = [len(call("GET", "/journal", sandbox, params={k: v}).json()["journal"]) for k, v in by.items()]
    assert lengths == [1, 1, 1]
    assert is_problem(call("GET", "/journal", sandbox, params={"status": "bad"}), 400, "bad")
    assert call("DELETE", "/journal", sandbox).json() == {"cleared": True}
    assert call("GET", "/journal", sandbox).json() == {"journal": [], "total": 0}


def test_deliveries_are_flushed_and_sent_again(server: Any, call: Call, sandbox: str) -> None:
    """An address that refuses connections is a failed attempt; sending again is another attempt."""
    hook = {"name": "Dead end", "url": "https://127.0.0.1:9/hook", "events": ["client_created"]}
    headers = {"x-troth-sandbox": sandbox}
    assert server.client().post("/v1/webhooks", json=hook, headers=headers).status_code == 201
    create(server, sandbox)
    call("POST", "/deliveries/flush", sandbox)
    (mine,) = (d for d in call("GET", "/deliveries", sandbox).json()["deliveries"] if d["url"] == hook["url"])
    assert len(mine["attempts"]) == 1
    assert mine["attempts"][0]["status"] is None
    assert "ConnectError" in mine["attempts"][0]["error"]
    again = call("POST", f"/deliveries/{mine['id']}/redeliver", sandbox)
    assert again.json() == {"redelivering": mine["id"]}
    call("POST", "/deliveries/flush", sandbox)
    (mine,) = (d for d in call("GET", "/deliveries", sandbox).json()["deliveries"] if d["url"] == hook["url"])
    assert len(mine["attempts"]) == 2
    assert is_problem(call("POST", "/deliveries/none/redeliver", sandbox), 400, "no delivery 'none'")


def test_faults_are_switched_while_it_runs(server: Any, call: Call) -> None:
    """On for everybody, off again, and an unknown one named."""
    assert call("PUT", "/faults", json={"faults": ["total-wrong"]}).json() == {"faults": ["total-wrong"]}
    assert call("GET", "/faults").json()["faults"] == ["total-wrong"]
    wrong = total(server, "")
    assert call("PUT", "/faults", json={"faults": []}).json() == {"faults": []}
    assert total(server, "") == wrong - 1
    assert is_problem(
        call("PUT", "/faults", json={"faults": ["total-wrng"]}), 400, "Did you mean 'total-wrong'?"
    )
    assert is_problem(call("PUT", "/faults", json={"faults": 5}), 400, "")
    assert set(call("GET", "/faults").json()["faults"]) <= set(FAULTS)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("DELETE", "/reset", b"", 405, "DELETE is not supported here."),
        ("PUT", "/clock", b"", 405, "PUT is not supported here."),
        ("GET", "/clock/advance", b"", 405, "GET is not supported here."),
        ("GET", "/deliveries/x/redeliver", b"", 405, "GET is not supported here."),
        ("GET", "/subscriptions/x", b"", 405, "GET is not supported here."),
        ("POST", "/subscriptions", b'{"url": "a.test"}', 400, "'a.test' is not an http(s) URL."),
        ("POST", "/subscriptions", b'{"url": "https://a.test", "events": ["x"]}', 400, "no event 'x'"),
        ("DELETE", "/subscriptions/x", b"", 400, "There is no subscription 'x'."),
        ("POST", "/subscriptions/x/activate", b"", 400, "There is no subscription 'x'."),
        ("PUT", "/receivers", b"{}", 400, "Say which"),
        ("GET", "/dead-letters/redeliver", b"", 405, "GET is not supported here."),
        ("GET", "/jornal", b"", 404, "Did you mean '/journal'?"),
        ("GET", "/nothing/like/it", b"", 404, "There is no control path"),
        ("POST", "/snapshot", b"{", 400, "not JSON"),
        ("POST", "/snapshot", b"\xff", 400, "not JSON"),
        ("POST", "/snapshot", b"[]", 400, "a JSON object"),
        ("POST", "/snapshot", b"null", 400, "a JSON object"),
        ("POST", "/seed", b"{}", 400, "seed"),
        ("POST", "/seed", b'{"seed":"many"}', 400, "many"),
    ],
)
def test_a_wrong_call_is_a_problem(
    call: Call, method: str, path: str, body: bytes, status: int, words: str
) -> None:
    """RFC 9457 problem details that say what to do."""
    answer = call(method, path, content=body)
    assert is_problem(answer, status, words)
    if status == 405:
        assert method not in answer.headers["allow"].split(", ")


def test_an_oversized_body_is_refused(call: Call) -> None:
    """As everywhere, more than 10 MiB are not read."""
    answer = call("POST", "/snapshot", content=b" " * (10 * 1024 * 1024 + 1))
    assert is_problem(answer, 413, "longer than 10485760 bytes")
    assert answer.headers["connection"] == "close"


def test_a_path_that_only_begins_alike_is_the_api_s(server: Any) -> None:
    """``/__trothing`` is answered in the API's own form."""
    answer = server.client().get(server.origin + "/__trothing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_seeding_starts_again(serve: Any) -> None:
    """``/seed`` makes a running mock what ``--seed`` would have made it."""
    running, seeded = serve("clientcasa"), serve("clientcasa", "--seed", "7")
    httpx.post(f"{running.control}/seed", json={"seed": 7}, trust_env=False).raise_for_status()
    first, second = (one.client().post("/v1/clients", json={"name": "A"}) for one in (running, seeded))
    assert first.content == second.content


def test_there_is_none_with_no_control(serve: Any) -> None:
    """``--no-control``: nothing below ``/__troth`` is served but a 404 of the API."""
    running = serve("clientcasa", "--no-control")
    assert running.first["control"] is None
    for path in ("", "/health", "/ui/", "/openapi.json", "/reset"):
        answer = httpx.request("POST" if path == "/reset" else "GET", running.control + path, trust_env=False)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert running.client().get("/v1/clients").status_code == 200
