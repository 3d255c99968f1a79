"""A target that shows nothing is never green, whatever it answers; and the ending says why and what to do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import httpx
import pytest

from troth.conformance import Principal, Target, verify
from troth.conformance.instruments import Instruments
from troth.conformance.patience import PatientTransport
from troth.contract import Contract, load_contract
from troth.errors import TargetError, UsageError

from .conftest import BASE
from .servers.plain import Answer, Asked, plain

KNOWN = tuple(
    Principal(name, name, {"x-api-key": name, "authorization": f"Bearer {name}"})
    for name in ("acme", "globex")
)
JSON = {"content-type": "application/json"}
EMPTY = {
    "data": [], "docs": [], "pagination": {"page": 1, "pageSize": 20, "total": 0, "totalPages": 0, "hasMore": False},
    "meta": {"page": 1, "per_page": 25, "total": 0, "limit": 100, "offset": 0, "records": 0, "paging": {}},
    "totalDocs": 0, "limit": 10, "totalPages": 1, "page": 1, "pagingCounter": 1, "hasPrevPage": False,
    "hasNextPage": False, "prevPage": None, "nextPage": None,
}  # fmt: skip


def refusing(status: int, **headers: str) -> Answer:
    error = {"code": "no", "message": "No.", "requestId": f"req_{status}"}
    body = json.dumps({"error": error, "errors": [error], "message": "No."}).encode()
    return Answer(status, body, {**JSON, **headers})


#: Name to (answer to everything, what the ending says).
VACUOUS: dict[str, tuple[Answer, str]] = {
    "401": (refusing(401), "Check the credentials"),
    "403": (refusing(403), "Check the credentials"),
    "404": (refusing(404), "Check the base URL"),
    "429": (refusing(429, **{"retry-after": "60"}), "Lower --rate"),
    "500": (refusing(500), "its own log says why"),
    "503 without a body": (Answer(503), "its own log says why"),
    "200 without a body": (Answer(200, headers=JSON), "check the base URL"),
    "204": (Answer(204), "check the base URL"),
    "200 {}": (Answer(200, b"{}", JSON), "check the base URL"),
    "200 []": (Answer(200, b"[]", JSON), "check the base URL"),
    "200 null": (Answer(200, b"null", JSON), "check the base URL"),
    "no JSON": (Answer(200, b"\xff\xfe{", JSON), "check the base URL"),
    "empty lists": (Answer(200, json.dumps(EMPTY).encode(), JSON), "check the base URL"),
    "a page": (Answer(200, b"<!doctype html><p>Hello", {"content-type": "text/html"}), "not to a page"),
    "a redirect": (Answer(302, headers={"location": "http://elsewhere.test/"}), "not followed"),
}
SHIPPED = ("billing", "clearmargin", "clientcasa", "clio", "crm")
#: Enough of a large contract for every concept that a vacuous answer could satisfy.
FEW = ("tenancy.read", "authentication.required", "validation.rejected", "resource.delete")


@cache
def instruments(contract: str) -> Instruments:
    return Instruments.of(load_contract(contract))


def transport(answer: Answer, hosts: set[str] | None = None) -> httpx.MockTransport:
    def answered(request: httpx.Request) -> httpx.Response:
        if hosts is not None:
            hosts.add(request.url.host)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

    return httpx.MockTransport(answered)


@pytest.mark.parametrize("name", VACUOUS)
def test_no_vacuous_target_is_green(name: str) -> None:
    """Every clause of a small contract, against one answer to everything."""
    answer, told = VACUOUS[name]
    tools, hosts = instruments("billing"), set[str]()
    target = Target(f"{BASE}{tools.contract.base_path}", KNOWN, transport=transport(answer, hosts))
    outcome = verify(tools.contract, target, instruments=tools)
    assert outcome.exit_code in (1, 5)
    assert outcome.shortfall
    assert outcome.shortfall in outcome.sentence
    assert told in outcome.sentence
    assert hosts == {"mock.test"}


@pytest.mark.parametrize("contract", SHIPPED)
@pytest.mark.parametrize("name", ["401", "empty lists"])
def test_no_contract_is_satisfied_by_nothing(name: str, contract: str) -> None:
    """The clauses that a refusal or an empty answer could satisfy prove nothing by themselves."""
    tools = instruments(contract)
    loaded = tools.contract
    target = Target(f"{BASE}{loaded.base_path}", KNOWN, transport=transport(VACUOUS[name][0]))
    outcome = verify(loaded, target, only=FEW, reproduce=False, instruments=tools)
    assert outcome.exit_code in (1, 5)
    assert outcome.shortfall


@pytest.mark.parametrize("name", ["401", "200 {}", "a page"])
def test_fuzzing_makes_no_vacuous_target_green(name: str) -> None:
    """Over the network, with Schemathesis and the walks beside the reference model."""
    tools, answer = instruments("billing"), VACUOUS[name][0]
    only = [f"*@{verb}Customer*" for verb in ("list", "get", "create", "update")]
    with plain(lambda _: answer) as server:
        target = Target(f"{server.origin}{tools.contract.base_path}", KNOWN)
        outcome = verify(tools.contract, target, only=only, reproduce=False, instruments=tools)
    assert outcome.exit_code in (1, 5)
    assert outcome.shortfall
    assert VACUOUS[name][1] in outcome.sentence


def test_a_limit_that_never_ends_is_waited_for_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with a short Retry-After to everything: the run gives up waiting, not each request anew."""
    slept: list[float] = []
    monkeypatch.setattr("troth.conformance.client.time.sleep", slept.append)
    contract = load_contract("billing")
    answer = refusing(429, **{"retry-after": "1"})
    outcome = verify(contract, Target(f"{BASE}{contract.base_path}", KNOWN, transport=transport(answer)))
    assert outcome.exit_code == 5
    assert "Lower --rate" in outcome.sentence
    assert sum(slept) < 10


def test_a_refused_connection_is_an_error(clientcasa: Contract) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(TargetError, match=r"Nothing answers at .* Is the server running"):
        verify(clientcasa, Target(f"http://127.0.0.1:{port}/api", KNOWN))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def dripping(first: bytes, drop: bytes) -> Iterator[str]:
    """A server that begins an answer and goes on with a drop of it again and again."""
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(first)
                while not stop.wait(0.01):
                    connection.sendall(drop)
            except OSError:
                return

    def accept(server: socket.socket) -> None:
        while not stop.is_set():
            try:
                drips.append(threading.Thread(target=drip, args=(server.accept()[0],)))
            except OSError:
                return
            drips[-1].start()

    drips: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        accepting = threading.Thread(target=_until, args=(stop, accept, server))
        accepting.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stop.set()
            accepting.join()
            for one in drips:
                one.join()


def _until(stop: threading.Event, accept: Callable[[socket.socket], None], server: socket.socket) -> None:
    while not stop.is_set():
        accept(server)


@pytest.mark.parametrize(
    ("first", "drop", "error"),
    [
        (b"", b"", httpx.ReadTimeout),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", httpx.ReadTimeout),
        (HEAD + b"Content-Length: 100000\r\n\r\n", b" ", httpx.ReadTimeout),
        (HEAD + b"\r\n", b"x" * 50_000, httpx.ReadError),
    ],
    ids=["silence", "slow headers", "a slow body", "an endless body"],
)
def test_no_answer_is_waited_for_without_end(first: bytes, drop: bytes, error: type[Exception]) -> None:
    """The time and the size of an answer as a whole are limited, not only the pause between two reads."""
    patient = PatientTransport(longest=0.4, largest=1_000_000)
    with (
        dripping(first, drop) as origin,
        httpx.Client(transport=patient, timeout=5) as client,
        pytest.raises(error),
    ):
        client.get(origin)


def test_a_patient_client_gets_what_is_sent_in_time() -> None:
    """Several answers over one connection, each with its own time."""
    patient = PatientTransport(longest=5, largest=1000)
    with plain(lambda asked: Answer(200, asked.body)) as server, httpx.Client(transport=patient) as client:
        for _ in range(3):
            assert client.post(server.origin, content=b"x" * 600).content == b"x" * 600


def test_what_answers_is_asked_and_nobody_else() -> None:
    """A server that redirects every request to another one, by 302, 307 and 308: that other one hears nothing."""
    contract = load_contract("billing")
    turns = iter(range(10**9))

    with plain(lambda _: Answer(200, b"{}", JSON)) as other:

        def elsewhere(_: Asked) -> Answer:
            return Answer((302, 307, 308)[next(turns) % 3], headers={"location": f"{other.origin}/login"})

        with plain(elsewhere) as server:
            outcome = verify(contract, Target(f"{server.origin}{contract.base_path}", KNOWN))
    assert outcome.exit_code in (1, 5)
    assert "not followed" in outcome.sentence
    assert server.asked
    assert other.asked == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/api", "127.0.0.1:4010/api", "http:///api"])
def test_what_is_no_address_is_an_error_of_the_caller(clientcasa: Contract, url: str) -> None:
    with pytest.raises(UsageError, match=r"is not an http\(s\) URL"):
        verify(clientcasa, Target(url, KNOWN))
