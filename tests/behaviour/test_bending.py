"""Derived faults: every statement of a contract bends in a way that its clauses name."""

from __future__ import annotations

import re

import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.bending import OPERATORS, bends_of
from troth.behaviour.clauses import CLAUSE_IDS
from troth.contract import load_contract, shipped


@pytest.mark.parametrize("name", shipped().names())
def test_every_bend_changes_the_behaviour(name: str) -> None:
    """The bent behaviour is another one, and the name tells clause and operator."""
    contract = load_contract(name)
    behaviour = behaviour_of(contract)
    bends = bends_of(contract, behaviour)
    assert len(bends) > 15
    for key, bend in bends.items():
        assert key == bend.name
        assert re.fullmatch(r"[a-z-]+\.[a-z-]+:[a-z-]+:[][\w.+-]+", key), key
        assert bend.operator in OPERATORS
        assert set(bend.clauses) <= set(CLAUSE_IDS)
        assert bend.apply(behaviour) != behaviour


def test_a_rule_that_is_dropped_is_gone_from_every_operation() -> None:
    """A resource stands in the map and in its operations: a bend reaches both."""
    contract = load_contract("billing")
    behaviour = behaviour_of(contract)
    name, bend = next(
        (name, bend)
        for name, bend in bends_of(contract, behaviour).items()
        if name.startswith("rules.held:drop:")
    )
    resource, _, rule = name.rpartition(":")[2].partition(".")
    bent = bend.apply(behaviour)
    assert rule in {one.name for one in behaviour.resources[resource].rules}
    assert rule not in {one.name for one in bent.resources[resource].rules}
    held = [b.resource for b in bent.bindings.values() if b.resource and b.resource.name == resource]
    assert held
    assert all(one is bent.resources[resource] for one in held)
