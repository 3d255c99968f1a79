"""Walks beside the reference model: silent on correct mocks, and they find what no probe asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from troth.behaviour import behaviour_of
from troth.conformance import Outcome, Target, verify
from troth.conformance.comparing import leaning_of
from troth.conformance.reproduction import Reproduction
from troth.conformance.reproduction.replaying import replayed
from troth.conformance.running import Run
from troth.conformance.walks import Walked, walk_target
from troth.contract import Contract, load_contract

from .conftest import BASE, EngineTransport, engine_of

CRASH = object()
APIS = ("clientcasa", "crm", "clearmargin", "billing")


class Subtle(EngineTransport):
    """A mock that spoils some requests before it looks at them, or some answers after that."""

    def __init__(self, contract: Contract, spoil: Callable[[str, Any], Any] | None = None) -> None:
        super().__init__(engine_of(contract))
        self.spoil = spoil

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        if self.spoil is None or not body or "/__troth" in request.url.path:
            return super().handle_request(request)
        try:
            given = json.loads(body)
        except ValueError:
            return super().handle_request(request)
        made = self.spoil(request.method, given)
        if made is CRASH:
            return httpx.Response(500)
        headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        return super().handle_request(
            httpx.Request(request.method, request.url, headers=headers, content=json.dumps(made))
        )


def scalars(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for inner in value.values() for one in scalars(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in scalars(inner)]
    return [value]


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: mapped(inner, change) for name, inner in value.items()}
    return [mapped(inner, change) for inner in value] if isinstance(value, list) else change(value)


def crash_at_77(_: str, body: Any) -> Any:
    return CRASH if 77 in scalars(body) else body


def null_means_absent(method: str, body: Any) -> Any:
    kept = (
        {name: value for name, value in body.items() if value is not None} if isinstance(body, dict) else body
    )
    return kept if method == "PATCH" and kept else body


def ascii_alone(_: str, body: Any) -> Any:
    return mapped(body, lambda one: one.encode("ascii", "ignore").decode() if isinstance(one, str) else one)


def leap_day_lost(_: str, body: Any) -> Any:
    return mapped(body, lambda one: "2024-02-28" if one == "2024-02-29" else one)


def thousands_lose_cents(_: str, body: Any) -> Any:
    return mapped(body, lambda one: float(int(one)) if isinstance(one, float) and one > 1000 else one)


SUBTLE = {
    "a number that crashes": (crash_at_77, {"validation.no-server-error"}),
    "null taken for nothing": (null_means_absent, {"resource.update", "fields.computed"}),
    "letters beyond ASCII lost": (ascii_alone, {"resource.create", "resource.update"}),
    "the leap day lost": (leap_day_lost, {"resource.create", "resource.update"}),
    "large amounts without cents": (
        thousands_lose_cents,
        {"resource.create", "resource.update", "fields.computed"},
    ),
}


def walked(
    contract: Contract, seed: int, transport: httpx.BaseTransport, examples: int | None = None
) -> Walked:
    target = Target(f"{BASE}{contract.base_path}", transport=transport)
    with Run(contract, target, seed=seed, nonce="0000abcd") as run:
        operations = frozenset(run.behaviour.bindings)
        return walk_target(
            run.scene,
            chosen_seed=seed,
            budget="pr",
            operations=operations,
            tell=lambda _: None,
            examples=examples,
        )


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("api", APIS)
def test_a_correct_mock_never_parts_from_the_model(api: str, seed: int) -> None:
    """Hundreds of steps, valid and invalid, as three callers and nobody: the same answers up to ids."""
    contract = load_contract(api)
    found = walked(contract, seed, EngineTransport(engine_of(contract)), 3)
    assert [flaw.title for flaw in found.flaws.values()] == []
    assert found.steps > 50


@pytest.mark.parametrize("bug", SUBTLE)
def test_a_bug_of_single_values_is_found_by_walking_alone(bug: str, clientcasa: Contract) -> None:
    """No probe sees it; a walk does, tells the clause, and shows it in a few requests."""
    spoil, clauses = SUBTLE[bug]
    probed = verify(clientcasa, Target(f"{BASE}/api", transport=Subtle(clientcasa, spoil)))
    assert [finding.clause for finding in probed.findings] == []
    tried = (walked(clientcasa, seed, Subtle(clientcasa, spoil), 8) for seed in (1, 2, 3, 4))
    found = next((walk for walk in tried if walk.flaws), None)
    assert found is not None
    assert {clause for clause, _, _ in found.flaws} <= clauses
    assert min(len(flaw.exchanges) for flaw in found.flaws.values()) <= 6


def test_a_run_with_walks_tells_the_clause_and_the_steps(
    held: Callable[..., Outcome], clientcasa: Contract
) -> None:
    """The case of the clause is violated, with the shortest exchanges that show it as evidence."""
    target = Target(f"{BASE}/api", transport=Subtle(clientcasa, ascii_alone))
    outcome = verify(
        clientcasa, target, only=["createClient", "updateClient"], walks=True, budget="pr", seed=3
    )
    assert outcome.exit_code == 1
    for finding in outcome.findings:
        assert str(finding.clause).partition("@")[0] in SUBTLE["letters beyond ASCII lost"][1]
        assert 1 <= len(finding.evidence["exchanges"]) <= 8
        steps = Reproduction.from_json(finding.evidence["reproduction"])
        assert (
            replayed(steps, Target(f"{BASE}/api", transport=Subtle(clientcasa, ascii_alone))).verdict
            == "wrong"
        )
        assert replayed(steps, Target(f"{BASE}/api", transport=Subtle(clientcasa))).verdict == "right"
    assert held(walks=True, only=["listClients", "createClient"]).exit_code == 0


def test_one_seed_takes_the_same_steps(clientcasa: Contract) -> None:
    """Byte for byte."""

    def requests() -> list[tuple[str, str, str, bytes]]:
        transport = EngineTransport(engine_of(clientcasa))
        walked(clientcasa, 5, transport, 1)
        return transport.requests

    first = requests()
    assert len(first) > 100
    assert requests() == first


def test_what_a_probe_has_found_is_not_told_again(held: Callable[..., Outcome]) -> None:
    """A fault shows in many walks; the run names the clauses of the probes and no other."""
    only = ["getClient", "updateClient", "listClients"]
    probed = {finding.clause for finding in held(["update-not-persisted"], only=only).findings}
    outcome = held(["update-not-persisted"], walks=True, only=only)
    assert "resource.update@updateClient" in probed
    assert {finding.clause for finding in outcome.findings} == probed


def test_what_old_rows_compute_over_others_is_not_expected(clientcasa: Contract) -> None:
    """However many steps away: what is left to pay hangs on the payments, which the model may not know."""
    invoices = behaviour_of(clientcasa).resources["invoices"]
    assert {"amountPaid", "balanceDue"} <= leaning_of(invoices, rows=True)
    assert not {"amountPaid", "balanceDue", "total"} & leaning_of(invoices, rows=False)
    assert "overdue" in leaning_of(invoices, rows=False)
