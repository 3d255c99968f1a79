"""Requests that compete for places, money, states and keys: each race is found on a server that shares no line."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.contests import excludes, takers
from troth.conformance import Outcome, Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.exchanges import Exchange
from troth.conformance.running import Budget, Run
from troth.conformance.target import Principal
from troth.contract import Contract, load_contract

from .conftest import engine_of
from .test_independent import serving
from .test_orders import HERE, announced, module

STUDIO = module("studio")
PRINCIPALS = tuple(Principal(name, name, {"x-key": f"{name}-key"}) for name in STUDIO.KEYS.values())


@pytest.fixture(scope="module")
def studio() -> Contract:
    return load_contract(str(HERE / "studio"))


def held(contract: Contract, *bugs: str, only: tuple[str, ...] = ("concurrency",), **options: Any) -> Outcome:
    """What some clauses say of a studio with some bugs."""
    studio = STUDIO.Studio(bugs)
    with serving(studio.app) as origin, announced(studio):
        target = Target(f"{origin}/studio", PRINCIPALS)
        return verify(contract, target, only=only, fuzz=False, reproduce=False, **options)


def test_a_studio_on_which_every_request_happens_at_once_conforms(studio: Contract) -> None:
    """Over several seeds, each of which draws other batches; keys are heeded one after the other as well."""
    for seed in range(3):
        outcome = held(studio, only=("concurrency", "idempotency.unspent"), seed=seed)
        assert [f"{case.name}: {case.detail}" for case in outcome.cases if case.verdict != "conform"] == []


@pytest.mark.parametrize("bug", STUDIO.BUGS)
def test_a_race_breaks_the_promise_that_it_is_about(studio: Contract, bug: str) -> None:
    """A short run finds it."""
    clause = STUDIO.BUGS[bug][1]
    outcome = held(studio, bug, only=(clause,))
    assert [finding.clause for finding in outcome.findings] == [clause]


def test_a_finding_names_the_batch_its_answers_and_the_nearest_order(studio: Contract) -> None:
    """What was sent together, what each request was answered, and where the best order of them differs."""
    outcome = held(studio, "balance-looked-at", only=("concurrency.order@spendFromWallet",))
    (finding,) = outcome.findings
    assert finding.title.startswith("No order of spendFromWallet and spendFromWallet at once explains them: ")
    assert "Sent together: 1. POST /studio/wallets/" in finding.detail
    assert "answers 200; 2. POST /studio/wallets/" in finding.detail
    assert "The nearest order is " in finding.detail


def drawn(contract: Contract, seed: int, budget: Budget = "pr") -> list[list[tuple[str, str, bytes]]]:
    """The batches about one operation, in the order in which they left."""
    target = Target(f"http://mock.test{contract.base_path}", connection=Loopback(engine_of(contract)))
    with Run(contract, target, seed=seed, budget=budget, nonce="drawn") as run:
        clause = next(one for one in run.clauses if one.name == "concurrency.order@updateCourse")
        assert run.judge(clause).verdict == "conform"
        sent = [entry for entry in run.client.log if isinstance(entry, Exchange) and entry.batch is not None]
    return [
        [(one.method, one.url, one.body) for one in batch]
        for _, batch in groupby(sent, key=lambda one: one.batch)
    ]


def test_batches_are_drawn_from_the_seed(studio: Contract) -> None:
    """The same seed sends the same bytes, another one something else; two to four requests at once, at night more."""
    once, nightly = drawn(studio, 1), drawn(studio, 1, "nightly")
    assert once == drawn(studio, 1)
    shapes = {tuple(method for method, _, _ in drawn(studio, seed)[-1]) for seed in range(6)}
    assert len(shapes) > 2
    assert {len(batch) for batch in (*once, *nightly)} <= {2, 3, 4}
    assert len(nightly) > 3 * len(once)


def test_actions_exclude_each_other_where_either_can_be_done_and_not_both(studio: Contract) -> None:
    """By the lifecycle, in the state that a row is in."""
    bindings = behaviour_of(studio).bindings
    publish, withdraw, mark = (bindings[f"{verb}Course"] for verb in ("publish", "withdraw", "mark"))
    assert excludes(publish, withdraw, "draft")
    assert excludes(withdraw, publish, "draft")
    assert not excludes(publish, withdraw, "open")
    assert not excludes(publish, mark, "draft")


def test_what_an_action_takes_is_told_by_the_rule_about_what_is_left(studio: Contract) -> None:
    """The field, and the member of the body."""
    bindings = behaviour_of(studio).bindings
    assert list(takers(bindings["spendFromWallet"])) == [("balance", "amount")]
    assert list(takers(bindings["markCourse"])) == []
