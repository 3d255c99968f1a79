"""Mistakes that no fault of the catalogue makes: each is made by hand in front of the mock, and its clause tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import pytest

from troth.conformance import Outcome, Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.crew import bench_of
from troth.conformance.selftest import Bench
from troth.engine import Engine, Request, Response

bench = cache(bench_of)

Answer = Callable[[Request], Response]


class Bent(Loopback):
    """A mock behind something that changes what is asked and answered; it may remember things, by sandbox."""

    def __init__(self, engine: Engine, bend: Bend) -> None:
        super().__init__(engine)
        if isinstance(bend, AnyWriteScope):
            bend.engine = engine
        self._bend = bend
        self._known: dict[str, dict[Any, Any]] = {}

    def handled(self, made: Request, sandbox: str) -> Response:
        if made.path.startswith("/__troth"):
            return super().handled(made, sandbox)
        known = self._known.setdefault(sandbox, {})
        return self._bend(made, lambda asked: super(Bent, self).handled(asked, sandbox), known)


Bend = Callable[[Request, Answer, dict[Any, Any]], Response]


def query_of(asked: Request) -> dict[str, str]:
    return dict(parse_qsl(asked.query, keep_blank_values=True))


def asking(asked: Request, query: dict[str, str]) -> Request:
    return replace(asked, query=urlencode(query))


def sent(asked: Request) -> dict[str, Any]:
    """The object in a request's body; empty where there is none."""
    try:
        found = json.loads(asked.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def sending(asked: Request, body: dict[str, Any]) -> Request:
    return replace(asked, body=json.dumps(body).encode())


def saying(given: Response, value: Any) -> Response:
    return Response(given.status, given.headers, json.dumps(value, separators=(",", ":")).encode())


def headed(given: Response, name: str, value: str | None) -> Response:
    kept = [(key, one) for key, one in given.headers if key != name.encode()]
    return Response(
        given.status, [*kept, *([(name.encode(), value.encode())] if value is not None else [])], given.body
    )


def as_owner(asked: Request) -> Request:
    known = {name: value for name, value in asked.headers.items() if name != "authorization"}
    return replace(asked, headers={**known, "x-api-key": "cc_test_northlight_owner_0001"})


def first_page_reversed(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """Without a page the rows of the first one come the other way round."""
    given = answer(asked)
    if asked.method != "GET" or "page" in query_of(asked) or not asked.path.endswith("/v1/clients"):
        return given
    found = json.loads(given.body)
    return saying(given, {**found, "data": found.get("data", [])[::-1]})


def total_of_all(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """Under one of several filters the total is that of the whole list."""
    given, query = answer(asked), query_of(asked)
    if asked.method != "GET" or "status" not in query or not asked.path.endswith("/v1/invoices"):
        return given
    found = json.loads(given.body)
    del query["status"]
    found["pagination"]["total"] = json.loads(answer(asking(asked, query)).body)["pagination"]["total"]
    return saying(given, found)


def everything_is_ten(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """A list of everything has ten rows, and says that it has all."""
    given = answer(asked)
    if query_of(asked).get("limit") != "0":
        return given
    found = json.loads(given.body)
    return saying(given, {**found, "docs": found.get("docs", [])[:10]})


def cursor_crashes(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """What is no cursor brings the server down."""
    given = answer(asked)
    crashed = "cursor" in query_of(asked) and given.status == 400
    return Response(500, given.headers, given.body) if crashed else given


def replay_in_other_words(asked: Request, answer: Answer, known: dict[Any, Any]) -> Response:
    """What a key has kept comes back with its members in another order."""
    given, key = answer(asked), (asked.headers.get("idempotency-key"), asked.path)
    if key[0] is None or given.status != 201 or known.setdefault(key, asked) is asked:
        return given
    return saying(given, dict(sorted(json.loads(given.body).items())))


def key_of_any_row(asked: Request, answer: Answer, known: dict[Any, Any]) -> Response:
    """A key is looked up by the body alone, whatever the row."""
    key = (asked.headers.get("idempotency-key"), asked.body)
    if key[0] is None or asked.method != "PATCH":
        return answer(asked)
    if key not in known:
        known[key] = answer(asked)
    found: Response = known[key]
    return found


def something_left(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """A refusal for the limit says that seven requests are left."""
    given = answer(asked)
    return headed(given, "x-ratelimit-remaining", "7") if given.status == 429 else given


def nothing_said(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """A refusal for the limit says nothing of what is left."""
    given = answer(asked)
    return headed(given, "x-ratelimit-remaining", None) if given.status == 429 else given


def writes_uncounted(asked: Request, answer: Answer, known: dict[Any, Any]) -> Response:
    """Only reads are taken from the limit."""
    given, key = answer(asked), asked.headers.get("x-api-key")
    known[key] = known.get(key, 0) + (asked.method != "GET")
    left = given.header("x-ratelimit-remaining")
    return headed(given, "x-ratelimit-remaining", str(int(left) + known[key])) if left else given


def empty_credential(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """Whoever shows an empty credential is the owner."""
    return answer(as_owner(asked) if asked.headers.get("x-api-key") == "" else asked)


def credential_by_prefix(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """Credentials are compared as far as their beginning goes."""
    given = answer(asked)
    shown = asked.headers.get("x-api-key", "")
    return answer(as_owner(asked)) if given.status == 401 and shown.endswith("-x") else given


class AnyWriteScope:
    """Whoever may write anything may make clients; the engine says who may do what."""

    def __init__(self) -> None:
        self.engine: Engine | None = None

    __name__ = "any_write_scope"

    def __call__(self, asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
        given = answer(asked)
        known = self.engine.principals.get(asked.headers.get("x-api-key", "")) if self.engine else None
        writes = known is not None and any(scope.endswith(":write") for scope in known.scopes)
        return answer(as_owner(asked)) if given.status == 403 and writes else given


def deleted_twice(asked: Request, answer: Answer, known: dict[Any, Any]) -> Response:
    """Whoever deletes again hears that it was done."""
    given = answer(asked)
    if asked.method != "DELETE" or given.status not in (204, 404):
        return given
    if given.status == 204:
        known[asked.path] = given
    found: Response = known.get(asked.path, given)
    return found


def deleted_written(asked: Request, answer: Answer, known: dict[Any, Any]) -> Response:
    """What is deleted can be changed, or so it is said."""
    if asked.method == "DELETE":
        known.setdefault(asked.path, answer(replace(asked, method="GET")))
    given = answer(asked)
    found: Response = known.get(asked.path, given)
    return found if asked.method == "PATCH" and given.status == 404 else given


def made_anew(asked: Request, answer: Answer, known: dict[Any, Any]) -> Response:
    """A change makes the row as young as that."""
    given = answer(asked)
    if asked.method == "PATCH" and given.status == 200:
        known[asked.path] = True
    if asked.method != "GET" or asked.path not in known or given.status != 200:
        return given
    return saying(given, {**json.loads(given.body), "createdAt": "2026-06-20T00:00:00.000Z"})


def nothing_of_zero(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """A zero in a change is taken for a field that was not sent."""
    body = sent(asked)
    if asked.method != "PATCH" or not any(value == 0 and value is not False for value in body.values()):
        return answer(asked)
    return answer(sending(asked, {n: v for n, v in body.items() if v != 0 or v is False}))


def no_is_nothing(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """A filter for what is not so keeps everything."""
    query = query_of(asked)
    return answer(asking(asked, {n: v for n, v in query.items() if v != "false"}))


def secret_in_a_header(asked: Request, answer: Answer, known: dict[Any, Any]) -> Response:
    """What is never shown stands in a header."""
    given, secret = answer(asked), sent(asked).get("secret")
    if isinstance(secret, str) and given.status < 300:
        known["secret"] = secret
    return headed(given, "x-debug", known["secret"]) if "secret" in known and asked.method == "GET" else given


def link_without_size(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """Links to the next page forget how long pages are to be."""
    given = answer(asked)
    text = given.body.decode()
    if asked.method != "GET" or '"next":"' not in text:
        return given
    before, _, rest = text.partition('"next":"')
    link, _, behind = rest.partition('"')
    start, _, query = link.partition("?")
    kept = urlencode([pair for pair in parse_qsl(query) if pair[0] != "limit"])
    return Response(given.status, given.headers, f'{before}"next":"{start}?{kept}"{behind}'.encode())


def head_of_its_own(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """HEAD is answered by what answers every HEAD alike."""
    return Response(204, []) if asked.method == "HEAD" else answer(asked)


def no_head(asked: Request, answer: Answer, _known: dict[Any, Any]) -> Response:
    """HEAD is something that the server does not do."""
    return Response(501, []) if asked.method == "HEAD" else answer(asked)


class Mistake(NamedTuple):
    contract: str
    clause: str
    bend: Bend
    told: str


MISTAKES = (
    Mistake("clientcasa", "pagination.size@listClients", first_page_reversed, "is not that of page=1"),
    Mistake("clientcasa", "pagination.total@listInvoices", total_of_all, "With status="),
    Mistake("clearmargin", "pagination.max-size@listClients", everything_is_ten, "has 10 of"),
    Mistake("clio", "pagination.links@listTasks", link_without_size, "were asked for"),
    Mistake("clientcasa", "idempotency.replay@createClient", replay_in_other_words, "in other bytes"),
    Mistake("clientcasa", "idempotency.mismatch@updateClient", key_of_any_row, "for another one"),
    Mistake("clientcasa", "rate-limit.retry-after@listClients", something_left, "Remaining: 7"),
    Mistake("clientcasa", "rate-limit.retry-after@listClients", nothing_said, "comes without"),
    Mistake("clientcasa", "rate-limit.remaining@createClient", writes_uncounted, "and then"),
    Mistake("clientcasa", "authentication.invalid@listClients", empty_credential, "an empty credential"),
    Mistake("clientcasa", "authentication.invalid@listClients", credential_by_prefix, "something behind it"),
    Mistake("clientcasa", "scopes.required@createClient", AnyWriteScope(), "without clients:write gets"),
    Mistake("clientcasa", "resource.delete@deleteClient", deleted_twice, "answers 204, of one that never"),
    Mistake("clientcasa", "resource.delete@deleteClient", deleted_written, "updateClient of a deleted row"),
    Mistake("clientcasa", "resource.merge@updateClient", made_anew, "also changed 'createdAt'"),
    Mistake("clientcasa", "resource.update@updateProject", nothing_of_zero, "and then to 0"),
    Mistake("clientcasa", "filter.exact@listTimeEntries", no_is_nothing, "billable=False"),
    Mistake("clientcasa", "fields.write-only@getWebhook", secret_in_a_header, "comes back"),
    Mistake("clientcasa", "routing.head@getClient", head_of_its_own, "204 where GET answers 200"),
)


def held(mistake: Mistake, *only: str, bent: bool = True) -> Outcome:
    made: Bench = bench(mistake.contract)
    engine = made.engine.misbehaving(())
    connection = Bent(engine, mistake.bend) if bent else Loopback(engine)
    target = Target(f"http://mock.invalid{made.contract.base_path}", connection=connection)
    return verify(
        made.contract, target, only=only, reproduce=False, nonce="00000007", instruments=made.instruments
    )


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: getattr(one.bend, "__name__", ""))
def test_a_mistake_made_by_hand_is_named(mistake: Mistake) -> None:
    (finding,) = held(mistake, mistake.clause).findings
    assert mistake.told in finding.title
    assert [case.verdict for case in held(mistake, mistake.clause, bent=False).cases] == ["conform"]


def test_a_server_may_leave_head_unanswered() -> None:
    """Nothing is promised of HEAD but that it is answered as GET is, if at all: 501 is no failure of the server's."""
    clauses = ["routing.head@getClient", "validation.no-server-error@getClient", "errors.envelope@getClient"]
    outcome = held(Mistake("clientcasa", clauses[0], no_head, ""), *clauses)
    assert {case.name: case.verdict for case in outcome.cases} == {
        clauses[0]: "not-exercised",
        clauses[1]: "conform",
        clauses[2]: "conform",
    }
    levels = {clause.name: clause.level for clause in bench("clientcasa").instruments.clauses}
    assert levels[clauses[0]] == "MAY"


def test_a_server_error_is_told_whatever_was_being_judged() -> None:
    """The probe of cursors can conclude nothing from a 500; the operation has broken its word all the same."""
    clauses = [f"{one}@listCustomers" for one in ("pagination.unknown-cursor", "validation.no-server-error")]
    mistake = Mistake("billing", clauses[0], cursor_crashes, "answers 500")
    outcome = held(mistake, *clauses)
    assert {case.name: case.verdict for case in outcome.cases} == {
        clauses[0]: "inconclusive",
        clauses[1]: "violate",
    }
    (finding,) = outcome.findings
    assert finding.title == "GET listCustomers answers 500"
    assert held(mistake, *clauses, bent=False).findings == ()
