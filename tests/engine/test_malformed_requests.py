"""No request, however odd, makes a mock fail: each operation of the five APIs, with odd parameters, headers, bodies."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from troth.contract import Contract, load_contract
from troth.contract.model import Operation
from troth.contract.pointers import resolve
from troth.engine import Engine, Request, Settings
from troth.engine.sampling import Sampler

TEXTS = (
    "", "0", "-1", "1e400", "NaN", "9" * 26, "1" + "0" * 400, "null", "true", "[]", "{}", "\x00", "é", "\u0663",
    "\xb2", "a" * 5000, "2024-02-30", "9999-12-31", "0000-00-00", "2024-13-01T99:99:99Z", "2024-01-01T00:00:00+99:99",
    "-999999999-01-01", "id,", "id{", "id{{}}", "}{", "*", "-id", "../../x", "%00", "1,2", "1..2", ">=5", "\u2028",
    " ", "\t", "&", "0x10",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1e300, -0.0, 1.5, 2**63, "", "x" * 5000, "\x00", "é", "2024-02-30", "1", "{{x}}",
    "9999-12-31T23:59:59Z", "0001-01-01", "\U0001f600", [], {}, [[]], [None], {"id": None}, {"": ""}, [{"id": 1}],
)  # fmt: skip
BODIES = (
    b"", b"null", b"[]", b"{}", b"0", b'"x"', b"[" * 3000 + b"]" * 3000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b"{",
    b"\xff\xfe", b'{"a":1e999}', b'{"id":99999999999999999999999999}', b'{"":""}', b"\xef\xbb\xbf{}", b'{"a":NaN}',
    b'{"\\ud800":1}', b'{"a":"\\ud800"}', b"a=b&c=d", b"--x\r\n",
)  # fmt: skip
HEADERS = (
    "if-match",
    "if-none-match",
    "idempotency-key",
    "prefer",
    "accept",
    "range",
    "x-forwarded-for",
    "cookie",
)
PLACE = re.compile(r"\{[^}]*\}")


def wire(text: str) -> str:
    """A header field as the engine gets it: bytes read as Latin-1."""
    return text.encode().decode("latin-1")


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in members:
        yield from places(inner, (*at, key))


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = put(copy[at[0]], at[1:], new)
    return copy


class Caller:
    """The first credential of an engine, which knows an id of each collection."""

    def __init__(self, contract: Contract) -> None:
        self._engine = Engine(contract, Settings(seed=1, rate_limit="off"))
        self._headers = {k.lower(): v for k, v in self._engine.credentials()[0]["headers"].items()}
        self._base = contract.base_path
        self._lists = {operation.path for operation in contract.operations if operation.method == "GET"}
        self._ids: dict[str, str] = {}

    def path(self, template: str) -> str:
        """The template with ids of rows that there are."""
        return self._base + PLACE.sub(lambda place: self._id(template[: place.start()].rstrip("/")), template)

    def _id(self, collection: str) -> str:
        if collection not in self._ids:
            self._ids[collection] = "1"
            if collection in self._lists:
                shown = self._engine.handle(Request("GET", self.path(collection), headers=self._headers)).body
                found = re.search(rb'"id":\s*"?([^",}]+)', shown)
                self._ids[collection] = found[1].decode() if found else "1"
        return self._ids[collection]

    def send(self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> str | None:
        """What went wrong, if anything did."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self._engine.handle(Request(method, path, query, self._headers | named, body))
        if response.status == 500:
            return f"{method} {path[:100]}?{query[:100]} {named} {body[:300]!r}"
        return None


def odd_queries(operation: Operation, rng: random.Random) -> Iterator[str]:
    names = [p.name for p in operation.parameters if p.location == "query"]
    for name in names:
        yield from (f"{quote(name)}={quote(text)}" for text in rng.sample(TEXTS, 12))
    for _ in range(10 if names else 0):
        some = rng.sample(names, min(3, len(names)))
        yield "&".join(f"{quote(name)}={quote(rng.choice(TEXTS))}" for name in some)
    yield from (f"{quote(text, safe='&=')}={quote(text)}" for text in rng.sample(TEXTS, 5))


def odd_bodies(contract: Contract, operation: Operation, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    for kind, media in (operation.body.media if operation.body else {}).items():
        yield from ((kind, body) for body in BODIES)
        if "json" not in kind or media.schema_pointer is None:
            continue
        plain = json.loads(json.dumps(Sampler(contract).sample(media.schema_pointer)))
        yield kind, json.dumps(plain).encode()
        spots = list(places(plain))
        schema = resolve(contract.document, contract.follow(media.schema_pointer)[0])
        names = list(schema.get("properties") or ()) if isinstance(plain, dict) else []
        changed = [
            *(
                put(plain, at, value)
                for at in rng.sample(spots, min(12, len(spots)))
                for value in rng.sample(VALUES, 6)
            ),
            *({**plain, name: value} for name in names for value in rng.sample(VALUES, 3)),
        ]
        yield from ((kind, json.dumps(body).encode()) for body in changed)


@pytest.mark.parametrize("name", ["billing", "clearmargin", "clientcasa", "clio", "crm"])
def test_nothing_makes_a_mock_fail(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Odd ids, parameters, header fields and bodies get a refusal or an answer, never a 500."""
    contract, rng = load_contract(name), random.Random(7)
    caller, failed = Caller(contract), []
    for operation in sorted(contract.operations, key=lambda one: one.method == "DELETE"):
        method, path = operation.method, caller.path(operation.path)
        for text in rng.sample(TEXTS, 8) if "{" in operation.path else ():
            odd = contract.base_path + PLACE.sub(quote(text, safe=""), operation.path)
            failed.append(caller.send(method, odd))
        failed += [caller.send(method, path, query) for query in odd_queries(operation, rng)]
        for text in rng.sample(TEXTS, 6):
            failed += [caller.send(method, path, **{header: wire(text)}) for header in HEADERS]
            failed.append(caller.send(method, path, prefer=f"code={wire(text)}"))
        for kind, body in odd_bodies(contract, operation, rng):
            failed.append(caller.send(method, path, body=body, content_type=kind))
    assert [one for one in failed if one] == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
