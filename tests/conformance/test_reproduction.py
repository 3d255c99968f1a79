"""A violation comes with the fewest steps that show it: they fail on the faulty server and pass on the correct one."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from troth.conformance import Target, verify
from troth.conformance.connections import Loopback, Reply
from troth.conformance.crew import bench_of
from troth.conformance.exchanges import Exchange
from troth.conformance.reproduction import Expectation, Reproduction, Step, script
from troth.conformance.reproduction.anchoring import anchor, standing
from troth.conformance.reproduction.answers import Answer
from troth.conformance.reproduction.comparing import difference
from troth.conformance.reproduction.minimising import delete_one, needed
from troth.conformance.reproduction.playing import Played
from troth.conformance.reproduction.replaying import found_in, replayed
from troth.conformance.selftest import Bench, calm
from troth.conformance.target import Principal
from troth.engine import Engine, Settings
from troth.engine.seed_files import seed_file_for
from troth.errors import UsageError
from troth.findings import Finding

from .servers.plain import Answer as Answered
from .servers.plain import plain as plain_server

#: A fault, the clause to hold the mock to, and the most steps that it takes to show it.
FAULTS = (
    ("leak-foreign-read", "tenancy.read", 2),
    ("delete-noop", "resource.delete", 4),
    ("update-clobbers", "resource.merge", 3),
    ("page-skips-row", "pagination.complete", 3),
    ("total-wrong", "pagination.total", 1),
    ("anonymous-accepted", "authentication.required", 1),
    ("bad-credential-accepted", "authentication.invalid", 1),
    ("rules.held:drop:invoices.edit-draft-only", "rules.held", 3),
    ("unique-across-tenants", "tenancy.unique", 4),
    ("fields.computed:off-by-one:invoices.total", "fields.computed", 3),
    ("race-on-unique", "concurrency.unique", 2),
    ("race-on-sequence", "concurrency.sequence", 2),
)


@cache
def bench() -> Bench:
    return bench_of("billing")


def target(*faults: str) -> Target:
    engine = bench().engine.misbehaving(faults)
    return Target(f"http://mock.invalid{bench().contract.base_path}", connection=Loopback(engine))


@cache
def violation(fault: str, clause: str) -> Finding | None:
    with calm():
        outcome = verify(bench().contract, target(fault), only=[clause], instruments=bench().instruments)
    return next((finding for finding in outcome.findings), None)


CASES = [case for case in FAULTS if case[0] != "total-wrong"]  # billing's lists have no total


@pytest.mark.parametrize(("fault", "clause", "most"), CASES)
def test_it_fails_on_the_faulty_server_and_passes_on_the_correct_one(
    fault: str, clause: str, most: int
) -> None:
    """In few steps, on servers that never saw the rows that the recording was about."""
    found = violation(fault, clause)
    assert found is not None
    reproduction = Reproduction.from_json(found.evidence["reproduction"])
    assert len(reproduction.steps) <= most
    assert replayed(reproduction, target(fault)).verdict == "wrong"
    assert replayed(reproduction, target()).verdict == "right"


class Plain(Loopback):
    """A server without a control plane."""

    def request(self, method: str, url: str, **sent: Any) -> Reply:
        if urlsplit(url).path.startswith("/__troth"):
            return httpx.Response(404)
        return super().request(method, url, **sent)


def plain(fault: str = "", *, empty: bool = False) -> Target:
    """A server with clocks and ids of its own and no control plane: with the seed's rows, or without any."""
    engine = (bare() if empty else bench().engine).misbehaving([fault] if fault else [])
    known = [Principal(one["name"], one["tenant"], one["headers"]) for one in engine.credentials()]
    base = f"http://mock.invalid{bench().contract.base_path}"
    return Target(base, tuple(known), connection=Plain(engine), cleanup=False)


@cache
def bare() -> Engine:
    return Engine(bench().contract, Settings(seed=3, empty=True, seed_file=seed_file_for("billing")))


#: A fault of lists, its clause, and the relation that it breaks.
LISTS = (
    ("page-skips-row", "pagination.complete@listCustomers", "same-rows"),
    ("page-reversed", "pagination.complete@listCustomers", "same-rows"),
    ("cursor-repeats-row", "pagination.cursor@listCustomers", "follows"),
    ("page-size-ignored", "pagination.size@listCustomers", "as-many"),
    ("filter-echo-missing", "filter.echo@listInvoices", "says"),
    ("filter.exact:drop:listInvoices.status", "filter.exact@listInvoices", "kept"),
    ("leak-foreign-list", "tenancy.list@listCustomers", "apart"),
)


@pytest.mark.parametrize(("fault", "clause", "relation"), LISTS)
def test_what_is_wrong_with_a_list_shows_whatever_rows_a_server_has(
    fault: str, clause: str, relation: str
) -> None:
    """The steps make rows of their own, so they tell right from wrong on an empty server as well."""
    with calm():
        found = verify(
            bench().contract, plain(fault), only=[clause], instruments=bench().instruments
        ).findings[0]
    assert "unreproduced" not in found.evidence
    reproduction = Reproduction.from_json(json.loads(json.dumps(found.evidence["reproduction"])))
    assert found.evidence["reproduction"]["expects"]["relation"] == relation
    for empty in (False, True):
        assert replayed(reproduction, plain(fault, empty=empty)).verdict == "wrong"
        assert replayed(reproduction, plain(empty=empty)).verdict == "right"


def test_ids_are_captured_and_marks_are_new() -> None:
    """What an earlier answer gives is a variable, named in the step that gives it."""
    found = violation("update-clobbers", "resource.merge")
    assert found is not None
    steps = found.evidence["reproduction"]["steps"]
    kept = [name for step in steps for name in step.get("keeps", {})]
    assert kept
    assert any(f"{{{{{kept[0]}}}}}" in step["path"] for step in steps)
    assert "{{mark}}" in json.dumps(steps)


def test_no_secret_is_in_a_reproduction_or_a_script() -> None:
    """Callers are named by what they may do, credentials come from the environment."""
    for fault, clause, _ in CASES[:6]:
        found = violation(fault, clause)
        assert found is not None
        given = found.evidence["reproduction"]
        text = script(Reproduction.from_json(given), name="repro", title='A title with a \\ and """')
        compile(text, "repro.py", "exec")
        secrets = [
            value
            for one in bench().engine.credentials()
            for name, value in one["headers"].items()
            if name.lower() != "x-tenant-slug"
        ]
        for shown in (json.dumps(given), text):
            assert "key_" not in shown
            assert not any(secret.partition(" ")[2] in shown for secret in secrets)


def test_a_reproduction_survives_json() -> None:
    found = violation("leak-foreign-read", "tenancy.read")
    assert found is not None
    given = json.loads(json.dumps(found.evidence["reproduction"]))
    assert Reproduction.from_json(given).as_json() == given


def test_a_replay_needs_a_finding_with_a_reproduction() -> None:
    listed = [{"id": "tenancy-read", "clause": "tenancy.read@getInvoice", "evidence": {}}]
    with pytest.raises(UsageError, match=r"has no finding 'tenancy\.list'"):
        found_in(listed, "tenancy.list")
    with pytest.raises(UsageError, match="without a reproduction"):
        found_in(listed, "tenancy.read@getInvoice")


def test_steps_bring_along_what_they_need() -> None:
    """The sources of the variables of a step, and theirs."""
    steps = [
        Step(None, "POST", "/a", keeps={"id1": "/id"}),
        Step(None, "GET", "/b"),
        Step(None, "POST", "/c", send='{"a": "{{id1}}"}', keeps={"id2": "/id"}),
        Step(None, "GET", "/c/{{id2}}"),
    ]
    assert needed(steps, [3]) == [0, 2, 3]
    assert needed(steps, [1]) == [1]


def test_a_refusal_is_preceded_by_a_request_of_its_kind_that_succeeds() -> None:
    """By the same caller, whatever row it is about; steps that succeed on every server have to."""
    steps = (
        Step("owner", "PATCH", "/a/{{id1}}", send="{}"),
        Step("other", "PATCH", "/a/{{id2}}", send="{}"),
        Step("owner", "GET", "/a/{{id2}}"),
        Step("owner", "PATCH", "/a/{{id2}}", send='{"to": 9}'),
    )
    statuses = (200, 200, 404, 422)
    log = [Exchange("", "", "", "", {}, b"", status, {}, b"", set()) for status in statuses]
    assert anchor(Reproduction((), steps), log, 3) == 0
    assert anchor(Reproduction((), steps), log, 0) is None
    play = Played(tuple(Answer(status, {}, None, "") for status in statuses))
    assert standing(steps, [play]) == (0, 1)
    assert standing(steps, [play, replace(play, answers=(Answer(409, {}, None, ""), *play.answers[1:]))]) == (
        1,
    )


def test_a_refusal_tells_nothing_where_what_must_succeed_before_it_is_refused() -> None:
    """A server that refuses everything is neither right nor wrong."""
    steps = (Step(None, "POST", "/a", send="{}"), Step(None, "POST", "/a", send="[]"))
    reproduction = Reproduction((), steps, Expectation(1, "status", 422, 201, stands=(0,)))
    verdicts = []
    for statuses in ((422, 422), (201, 422), (201, 201)):
        given = iter(statuses)
        with plain_server(lambda asked, given=given: Answered(next(given) if asked.body else 404)) as server:
            verdicts.append(replayed(reproduction, Target(server.origin)))
    assert [one.verdict for one in verdicts] == ["stuck", "right", "wrong"]
    assert verdicts[0].reason == "step 1 is answered with 422"


def test_statuses_tell_before_headers_and_bodies() -> None:
    """Also where a header of an earlier answer differs, which may be for reasons of its own."""
    plain, told = Answer(200, {}, {"a": 1}, ""), Answer(200, {"etag": "x"}, {"a": 2}, "")
    right = Played((plain, Answer(404, {}, None, "")))
    for wrong, place in ((Answer(200, {}, None, ""), (1, "status")), (right.answers[1], (0, "header:etag"))):
        found = difference([right], [Played((told, wrong))], [0, 1], [], lambda _: True)
        assert found is not None
        assert (found.step, found.at) == place


@pytest.mark.parametrize("limit", ["off", "contract"])
def test_whether_a_server_has_limits_tells_nothing_about_other_clauses(limit: str) -> None:
    """The limit may be off where a target is tested."""
    bench = bench_of("clearmargin")
    engine = Engine(bench.contract, Settings(rate_limit=limit, seed_file=seed_file_for("clearmargin")))
    bent = Loopback(engine.misbehaving(["leak-foreign-read"]))
    target = Target(f"http://mock.invalid{bench.contract.base_path}", connection=bent)
    with calm():
        outcome = verify(
            bench.contract, target, only=["tenancy.read@getClient"], fuzz=False, instruments=bench.instruments
        )
    (finding,) = outcome.findings
    assert finding.evidence["reproduction"]["expects"]["at"] == "status"


def test_one_step_less_at_a_time() -> None:
    """What is not needed goes, what is essential is never tried, and there is an end to the tries."""
    tried: list[list[int]] = []

    def shows(steps: object) -> bool:
        tried.append(list(steps))  # type: ignore[call-overload]
        return {1, 4} <= set(tried[-1])

    assert delete_one([0, 1, 2, 3, 4], frozenset({4}), shows, 60) == [1, 4]
    assert len(tried) == 4
    assert delete_one(range(10), frozenset(), lambda _: True, 3) == list(range(7))


def test_what_takes_many_requests_is_shortened_less_often() -> None:
    """A limit of a thousand is run against a few times more, not sixty."""
    made = bench_of("clientcasa")
    connection = Loopback(made.engine.misbehaving(["retry-after-missing"]))
    outcome = verify(
        made.contract, Target(f"http://mock.invalid{made.contract.base_path}", connection=connection),
        only=["rate-limit.retry-after"], nonce="00000007", instruments=made.instruments,
    )  # fmt: skip
    (finding,) = outcome.findings
    assert len(finding.evidence["reproduction"]["steps"]) <= 4
    assert 2_000 < outcome.requests < 15_000
