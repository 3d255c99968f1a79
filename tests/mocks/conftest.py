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

from troth.engine.identity import stable_object_id, stable_uuid

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


class Workspaces(Sandbox):
    """A running mock of Cloud Billing as one test sees it; paths begin with a slash."""

    def __init__(self, http: httpx.Client, control: str) -> None:
        super().__init__(http, control)
        self.owner = self.member("brightwater-owner", "brightwater")
        self.peer = self.member("juniper-owner", "juniper")
        self.draft = {"status": "draft", "lines": [{"description": "Survey", "unit_price": 100}]}

    def member(self, name: str, slug: str | None) -> Caller:
        """A user of the seed data at work for a workspace, or for none."""
        key = {"authorization": f"Bearer jwt_test_{name.replace('-', '_')}_0001"}
        return self.caller(key | ({"x-tenant-slug": slug} if slug is not None else {}))

    def seeded(self, resource: str, index: int, tenant: str = "brightwater") -> str:
        return stable_uuid("billing", tenant, resource, index)

    def invoice(self, **given: Any) -> Row:
        """A new draft with one line of 100 for the first customer, unless it says otherwise."""
        lines = {} if {"lines", "unit_price"} & given.keys() else {"lines": self.draft["lines"]}
        body = {"customer_id": self.seeded("customers", 0), "status": "draft", **lines, **given}
        return self.owner.created("/invoices", body)

    @staticmethod
    def refused(answer: httpx.Response, status: int, code: str) -> Row:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert set(answer.json()) == {"error"}
        error: Row = answer.json()["error"]
        assert set(error) == {"code", "message"}
        assert error["code"] == code
        assert error["message"].strip()
        return error


class OfficeCaller(Caller):
    """One credential of the CRM; a path is what follows ``/api/v1/``."""

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **(options.pop("headers", None) or {})}
        return self._http.request(method, f"/api/v1/{path}", headers=headers, **options)

    def put(self, path: str, **changes: Any) -> httpx.Response:
        return self.send("PUT", path, json=changes)

    def data(self, path: str, **query: Any) -> Any:
        """What stands under ``data`` in an answer that must be 200."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def every(self, path: str, **query: Any) -> list[Row]:
        """All pages of a paged list."""
        found: list[Row] = []
        for page in range(1, 100):
            answer = self.get(path, page=page, per_page=100, **query).json()
            found += answer["data"]
            if page >= answer["meta"]["total_pages"]:
                return found
        raise AssertionError(f"{path} does not end")

    def made(self, path: str, **body: Any) -> Row:
        """A new object."""
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        found: Row = answer.json()["data"]
        return found

    def done(self, path: str, **body: Any) -> Row:
        """The object after an action or a change that must succeed."""
        answer = self.post(path, body or None)
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()["data"]
        return found

    def changed(self, path: str, **changes: Any) -> Row:
        """The object after a PUT."""
        answer = self.put(path, **changes)
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()["data"]
        return found


class Installations(Sandbox):
    """A running mock of the CRM as one test sees it."""

    def __init__(self, http: httpx.Client, control: str) -> None:
        super().__init__(http, control)
        self.office = OfficeCaller(http, {**self._sandboxed, "x-api-key": "pk_test_harbourline_office_0001"})
        self.other = OfficeCaller(http, {**self._sandboxed, "x-api-key": "pk_test_quillstone_office_0001"})
        self.nobody = OfficeCaller(http, self._sandboxed)

    @property
    def _sandboxed(self) -> dict[str, str]:
        return {"X-Troth-Sandbox": self.name}

    def with_headers(self, **headers: str) -> OfficeCaller:
        return OfficeCaller(self.http, {**self._sandboxed, **headers})

    def customer(self, **given: Any) -> Row:
        body = {"company": "Tern Rigging", "email": f"{uuid.uuid4().hex[:8]}@tern.example", **given}
        return self.office.made("customers", **body)

    @staticmethod
    def refused(answer: httpx.Response, status: int = 400, code: str = "") -> Row:
        """The body of a refusal, after a look at its envelope; ``code`` is a field that it must name."""
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        body: Row = answer.json()
        assert {"status", "message"} <= set(body) <= {"status", "message", "errors"}
        assert body["status"] is False
        assert body["message"].strip()
        assert not code or code in body["errors"]
        return body


class StudioCaller(Caller):
    """One credential of Clearmargin; a path is what follows ``/api/``."""

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **(options.pop("headers", None) or {})}
        return self._http.request(method, f"/{path}", headers=headers, **options)

    def listed(self, path: str, query: Mapping[str, Any] | None = None, **more: Any) -> Row:
        """One page with its envelope; ``query`` is for names with brackets."""
        answer = self.send("GET", path, params={**(query or {}), **more})
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        return found

    def every(self, path: str, query: Mapping[str, Any] | None = None, **more: Any) -> list[Row]:
        """All pages of a list, with ids in place of related documents."""
        found: list[Row] = []
        for page in range(1, 100):
            body = self.listed(path, query, **{"depth": 0, "limit": 100, **more, "page": page})
            found += body["docs"]
            if not body["hasNextPage"]:
                return found
        raise AssertionError(f"{path} does not end")

    def made(self, path: str, **body: Any) -> Row:
        """A new document, with ids in place of related ones."""
        answer = self.send("POST", path, params={"depth": 0}, json=body)
        assert answer.status_code == 201, answer.text
        found: Row = answer.json()["doc"]
        return found

    def changed(self, path: str, **changes: Any) -> Row:
        """The document after a change."""
        answer = self.send("PATCH", path, params={"depth": 0}, json=changes)
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()["doc"]
        return found

    def shown(self, path: str, depth: int = 0) -> Row:
        """One document that must be there."""
        answer = self.get(path, depth=depth)
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        return found


class Organizations(Sandbox):
    """A running mock of Clearmargin as one test sees it."""

    def __init__(self, http: httpx.Client, control: str) -> None:
        super().__init__(http, control)
        self.studio = self.bearer("sk_test_fernwood_owner_0001")
        self.rival = self.bearer("sk_test_kestrel_owner_0001")
        self.timesheets = self.bearer("sk_test_fernwood_timesheets_0001")
        self.nobody = StudioCaller(http, {"X-Troth-Sandbox": self.name})

    def bearer(self, secret: str) -> StudioCaller:
        return self.with_headers(Authorization=f"Bearer {secret}")

    def with_headers(self, **headers: str) -> StudioCaller:
        return StudioCaller(self.http, {"X-Troth-Sandbox": self.name, **headers})

    def seeded(self, resource: str, index: int, tenant: str = "fernwood") -> str:
        return stable_object_id("clearmargin", tenant, resource, index)

    def invoice(self, **given: Any) -> Row:
        """A new invoice of 100 to the first client, unless it says otherwise."""
        line = {"description": "Workshop", "quantity": 1, "unitPrice": 100}
        body = {"client": self.seeded("clients", 1), "lineItems": [line], **given}
        return self.studio.made("invoices", **body)

    @staticmethod
    def refused(answer: httpx.Response, status: int, message: str = "", name: str | None = None) -> Row:
        """The only error of a refusal, after a look at the whole body."""
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        assert set(answer.json()) == {"errors"}
        (error,) = answer.json()["errors"]
        assert set(error) == ({"message"} if name is None else {"name", "data", "message"})
        assert error.get("name") == name
        assert error["message"].strip()
        assert message in error["message"]
        found: Row = error
        return found


class FirmCaller(Caller):
    """One token of Clio; a path is what follows ``/api/v4/``, less ``.json``."""

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **(options.pop("headers", None) or {})}
        return self._http.request(method, f"/{path}.json", headers=headers, **options)

    def data(self, path: str, fields: str | None = None, query: Mapping[str, Any] | None = None) -> Any:
        """What stands under ``data`` in an answer that must be 200; ``query`` is for names with brackets."""
        asked = {**(query or {}), **({"fields": fields} if fields else {})}
        answer = self.send("GET", path, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def ids(self, path: str, query: Mapping[str, Any] | None = None) -> list[int]:
        return [row["id"] for row in self.data(path, "id", query)]

    def made(self, path: str, fields: str, **data: Any) -> Row:
        """A new object with the fields that are asked for."""
        answer = self.send("POST", path, params={"fields": fields}, json={"data": data})
        assert answer.status_code == 201, answer.text
        found: Row = answer.json()["data"]
        return found

    def changing(self, path: str, fields: str = "id", /, **data: Any) -> httpx.Response:
        return self.send("PATCH", path, params={"fields": fields}, json={"data": data})

    def making(self, path: str, /, **data: Any) -> httpx.Response:
        return self.send("POST", path, json={"data": data})

    def at(self, version: str) -> FirmCaller:
        """The same token, asking for a version."""
        return FirmCaller(self._http, {**self.headers, "X-API-VERSION": version})


class Firms(Sandbox):
    """A running mock of Clio as one test sees it."""

    def __init__(self, http: httpx.Client, control: str) -> None:
        super().__init__(http, control)
        self.root = control.partition("/__troth")[0]
        self.partner, self.associate, self.junior, self.paralegal, self.bookkeeper = (
            self.token(f"clio_test_halden_{role}_0001")
            for role in ("partner", "associate", "junior", "paralegal", "bookkeeper")
        )
        self.other = self.token("clio_test_mercer_partner_0001")
        self.nobody = FirmCaller(http, {"X-Troth-Sandbox": self.name})

    def token(self, secret: str) -> FirmCaller:
        headers = {"X-Troth-Sandbox": self.name, "Authorization": f"Bearer {secret}"}
        return FirmCaller(self.http, headers)

    def on(self, day: str) -> None:
        """The clock of the sandbox at noon of a day."""
        self.control("POST", "/clock/set", at=f"{day}T12:00:00Z")

    @staticmethod
    def refused(answer: httpx.Response, status: int, code: str = "") -> Row:
        """The error of a refusal, after a look at its envelope; ``code`` is its type."""
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        body: Row = answer.json()
        assert set(body) == {"error"}
        assert set(body["error"]) == {"type", "message"}
        assert body["error"]["message"].strip()
        assert code in ("", body["error"]["type"])
        error: Row = body["error"]
        return error


@contextmanager
def serving(*arguments: str, kind: type[Sandbox] = Sandbox) -> Iterator[Callable[[], Sandbox]]:
    """A mock in a child process for as long as the block lasts; gives a maker of sandboxes."""
    command = [sys.executable, "-m", "troth", "mock", *arguments, "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        told = json.loads(line or "{}")
        assert "url" in told, f"{' '.join(command)}: {line or 'ended without a word'}"
        with httpx.Client(base_url=told["url"], timeout=30, trust_env=False) as http:
            yield lambda: kind(http, told["control"])
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
def workspaces() -> Iterator[Callable[[], Sandbox]]:
    """One mock of Cloud Billing for the session."""
    with serving("billing", "--seed", "7", kind=Workspaces) as maker:
        yield maker


@pytest.fixture
def billing(workspaces: Callable[[], Sandbox]) -> Sandbox:
    return workspaces()


@pytest.fixture(scope="session")
def installations() -> Iterator[Callable[[], Sandbox]]:
    """One mock of the CRM for the session; its rate limit is off, so that it does not get in the way."""
    with serving("crm", "--seed", "7", "--rate-limit", "off", kind=Installations) as maker:
        yield maker


@pytest.fixture
def crm(installations: Callable[[], Sandbox]) -> Sandbox:
    return installations()


@pytest.fixture(scope="session")
def serve_crm() -> Callable[..., Any]:
    """For tests that need a mock of the CRM with other options."""
    return lambda *arguments: serving("crm", *arguments, kind=Installations)


@pytest.fixture(scope="session")
def firms() -> Iterator[Callable[[], Sandbox]]:
    """One mock of Clio for the session; its rate limit is off, so that it does not get in the way."""
    with serving("clio", "--seed", "7", "--rate-limit", "off", kind=Firms) as maker:
        yield maker


@pytest.fixture
def clio(firms: Callable[[], Sandbox]) -> Sandbox:
    return firms()


@pytest.fixture(scope="session")
def serve_clio() -> Callable[..., Any]:
    """For tests that need a mock of Clio with other options."""
    return lambda *arguments: serving("clio", *arguments, kind=Firms)


@pytest.fixture(scope="session")
def organizations() -> Iterator[Callable[[], Sandbox]]:
    """One mock of Clearmargin for the session."""
    with serving("clearmargin", "--seed", "7", kind=Organizations) as maker:
        yield maker


@pytest.fixture
def margin(organizations: Callable[[], Sandbox]) -> Sandbox:
    return organizations()


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
