"""The order in which a list comes while nobody asks for one is a promise like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.clauses import clauses_of
from troth.conformance import Outcome
from troth.contract import Contract, load_contract

Held = Callable[..., Outcome]
CLAUSE = "list.ordered@listCustomers"


@pytest.fixture
def ordered(tmp_path: Path) -> Callable[[str], Contract]:
    """Billing with an order of its customers."""

    def made(order: str) -> Contract:
        overlay = tmp_path / "order.overlay.yaml"
        overlay.write_text(
            'overlay: 1.0.0\ninfo: {title: An order, version: "1"}\nactions:\n'
            f"  - target: $.components.schemas.Customer\n    update: {{x-behaviour: {{order: {order!r}}}}}\n"
        )
        return load_contract("billing", overlays=[overlay])

    return made


@pytest.mark.parametrize("order", ["-name", "name", "email,-name"])
def test_a_list_the_other_way_round_is_named(
    held: Held, ordered: Callable[[str], Contract], order: str
) -> None:
    contract = ordered(order)
    (finding,) = held(["list-reversed"], contract, only=[CLAUSE], reproduce=False).findings
    assert "is listed before one with" in finding.title
    assert [case.verdict for case in held([], contract, only=[CLAUSE]).cases] == ["conform"]


def test_only_what_rows_show_is_an_order(ordered: Callable[[str], Contract]) -> None:
    contract = ordered("-name")
    named = [one.name for one in clauses_of(contract, behaviour_of(contract)) if one.id == "list.ordered"]
    assert named == [CLAUSE]
    plain = load_contract("billing")
    assert not [one for one in clauses_of(plain, behaviour_of(plain)) if one.id == "list.ordered"]
