"""A running ClientCasa mock, and a fresh sandbox of it for every test.

The mock is a child process that listens on a free port; everything goes over HTTP. A sandbox is a fork of the seeded
state with its own clock, ids, windows and keys, so tests neither disturb each other nor need an order.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.engine.identity import stable_uuid

Row = dict[str, Any]
CHECKOUT = Path(__file__).resolve().parents[2]

#: Every resource and what can be done with it: List, Get, Create, Update, Delete. 69 operations.
VERBS: Mapping[str, str] = {
    "clients": "LGCUD",
    "contacts": "LGCUD",
    "projects": "LGCUD",
    "invoices": "LGCUD",
    "contracts": "LGCUD",
    "payments": "LGCU",
    "payouts": "LG",
    "time-entries": "LGCUD",
    "milestones": "LGCUD",
    "calendar-events": "LGCUD",
    "transactions": "LGCUD",
    "catalog-items": "LGCUD",
    "webhooks": "LGCUD",
    "document-versions": "LG",
    "forms": "LG",
    "form-submissions": "LG",
    "client-documents": "LG",
}
METHODS: Mapping[str, str] = {"L": "GET", "G": "GET", "C": "POST", "U": "PATCH", "D": "DELETE"}
OPERATIONS = tuple((resource, verb) for resource, verbs in VERBS.items() for verb in verbs)
MEMBER = "db5b5fab-8f4d-4e27-9da1-494c73cf256d"


class Caller:
    """One credential in one sandbox."""

    def __init__(self, http: httpx.Client, headers: Mapping[str, str]) -> None:
        self._http = http
        self.headers = dict(headers)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; ``path`` begins at ``/v1`` or is a resource's name."""
        headers = {**self.headers, **(options.pop("headers", None) or {})}
        at = path if path.startswith("/") else f"/v1/{path}"
        return self._http.request(method, at, headers=headers, **options)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.send("GET", path, params=query)

    def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        return self.send("POST", path, json=body, headers={"Idempotency-Key": key} if key is not None else {})

    def patch(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        return self.send(
            "PATCH", path, json=body, headers={"Idempotency-Key": key} if key is not None else {}
        )

    def delete(self, path: str) -> httpx.Response:
        return self.send("DELETE", path)

    def row(self, resource: str, identifier: str) -> Row:
        """An object that must be there."""
        answer = self.get(f"{resource}/{identifier}")
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        return found

    def rows(self, resource: str, **query: Any) -> list[Row]:
        """All pages of a list."""
        found: list[Row] = []
        for page in range(1, 100):
            answer = self.get(resource, page=page, pageSize=100, **query)
            assert answer.status_code == 200, answer.text
            found += answer.json()["data"]
            if not answer.json()["pagination"]["hasMore"]:
                return found
        raise AssertionError(f"{resource} does not end")

    def created(self, resource: str, body: Any) -> Row:
        """A new object."""
        answer = self.post(resource, body)
        assert answer.status_code == 201, answer.text
        found: Row = answer.json()
        return found

    def updated(self, resource: str, identifier: str, **changes: Any) -> Row:
        """The object after a change."""
        answer = self.patch(f"{resource}/{identifier}", changes)
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        return found

    def request(self, resource: str, verb: str, identifier: str, body: Any = None) -> httpx.Response:
        """One of a resource's operations by its letter in VERBS."""
        path = resource if verb in "LC" else f"{resource}/{identifier}"
        return self.send(METHODS[verb], path, json=body) if verb in "CU" else self.send(METHODS[verb], path)


class Sandbox:
    """A running mock as one test sees it."""

    verbs = VERBS
    operations = OPERATIONS

    def __init__(self, http: httpx.Client, control: str) -> None:
        self.name = uuid.uuid4().hex
        self.http = http
        self._control = control
        self.owner = self.key("cc_test_northlight_owner_0001")
        self.peer = self.key("cc_test_thornfield_owner_0001")
        self.reader = self.key("cc_test_northlight_reader_0001")
        self.anonymous = self.caller({})

    def caller(self, headers: Mapping[str, str]) -> Caller:
        return Caller(self.http, {"X-Troth-Sandbox": self.name, **headers})

    def key(self, secret: str) -> Caller:
        return self.caller({"x-api-key": secret})

    def scoped(self, *scopes: str, tenant: str = "northlight", **more: Any) -> Caller:
        """A new key with these scopes."""
        secret = f"cc_test_{uuid.uuid4().hex}"
        given = {"name": secret[-8:], "key": secret, "tenant": tenant, "scopes": list(scopes), **more}
        self.control("POST", "/principals", **given)
        return self.key(secret)

    def control(self, method: str, path: str, **body: Any) -> Row:
        """One call of the control plane."""
        headers = {"X-Troth-Sandbox": self.name}
        answer = self.http.request(method, self._control + path, headers=headers, json=body)
        assert answer.is_success, answer.text
        found: Row = answer.json()
        return found

    def advance(self, by: str) -> None:
        self.control("POST", "/clock/advance", by=by)

    def now(self) -> datetime:
        return datetime.fromisoformat(self.control("GET", "/clock")["now"])

    def deliveries(self, event: str | None = None) -> list[Row]:
        found: list[Row] = self.control("GET", "/deliveries")["deliveries"]
        return [delivery for delivery in found if event in (None, delivery["event"])]

    def seeded(self, resource: str, index: int, tenant: str = "northlight") -> str:
        """The id of a row of the seed data by its position, as the comments there count."""
        return stable_uuid("clientcasa", tenant, resource, index)

    def body(self, resource: str, tenant: str = "northlight") -> Row:
        """The least that creates an object."""
        client, project = self.seeded("clients", 3, tenant), self.seeded("projects", 3, tenant)
        return {
            "clients": {"name": "Harrow Lane Pottery"},
            "contacts": {"name": "Ada Marsh"},
            "projects": {"name": "Kiln house", "clientId": client},
            "invoices": {
                "clientId": client,
                "lineItems": [{"description": "Survey", "quantity": 1, "unitPrice": 100}],
            },
            "contracts": {"title": "Design agreement", "clientId": client},
            "payments": {"clientId": client, "amount": 50, "receivedDate": "2026-06-14", "method": "check"},
            "time-entries": {"projectId": project, "memberId": MEMBER, "date": "2026-06-14", "hours": 1.5},
            "milestones": {
                "parentType": "projects",
                "parentId": project,
                "title": "Permit granted",
                "date": "2026-07-01",
            },
            "calendar-events": {
                "title": "Site meeting",
                "startDateTime": "2026-07-01T10:00:00Z",
                "endDateTime": "2026-07-01T11:00:00Z",
            },
            "transactions": {"name": "Plotter paper", "amount": 42, "direction": "cost"},
            "catalog-items": {"name": "Measured survey", "type": "charge"},
            "webhooks": {
                "name": "Bookkeeping",
                "url": "https://hooks.example.test/new",
                "events": ["invoice_paid"],
            },
        }[resource]

    @staticmethod
    def refused(answer: httpx.Response, status: int, code: str) -> Row:
        """The error of a refusal, after a look at its whole envelope."""
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        assert set(answer.json()) == {"error"}
        error: Row = answer.json()["error"]
        assert {"code", "message", "requestId"} <= set(error) <= {"code", "message", "requestId", "details"}
        assert error["code"] == code
        assert error["message"].strip()
        assert error["requestId"].startswith("req_")
        assert len(error["requestId"]) > 8
        return error


@contextmanager
def serving(*arguments: str) -> Iterator[Callable[[], Sandbox]]:
    """A mock in a child process for as long as the block lasts; gives a maker of sandboxes."""
    command = [sys.executable, "-m", "troth", "mock", *arguments, "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        told = json.loads(line or "{}")
        assert "url" in told, f"{' '.join(command)}: {line or 'ended without a word'}"
        with httpx.Client(base_url=told["url"], timeout=30, trust_env=False) as http:
            yield lambda: Sandbox(http, told["control"])
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Callable[[], Sandbox]]:
    """One mock for the session; its clock stands at 2026-06-15T09:00:00Z until a sandbox moves its own."""
    with serving("clientcasa", "--seed", "7") as maker:
        yield maker


@pytest.fixture
def mock(sandboxes: Callable[[], Sandbox]) -> Sandbox:
    return sandboxes()


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    """For tests that need a mock with other options."""
    return serving


@pytest.fixture(params=VERBS)
def resource(request: pytest.FixtureRequest) -> str:
    """Each of the 17 resources."""
    return str(request.param)


@pytest.fixture(params=[name for name, verbs in VERBS.items() if "C" in verbs])
def creatable(request: pytest.FixtureRequest) -> str:
    """Each of the resources that can be created."""
    return str(request.param)


@pytest.fixture(params=OPERATIONS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def operation(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Each of the 69 operations as (resource, verb)."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Waits for what happens in the background; gives the first true value or fails."""

    def wait(condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 20
        while not (found := condition()):
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.02)
        return found

    return wait


@pytest.fixture(scope="session")
def troth() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line in a child process."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "troth", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT, timeout=120)

    return run
