"""Requests at once are held to what some order of them would do: on servers that wait at the wrong moment, and not."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from troth.conformance import Outcome, Target, verify
from troth.conformance.target import Principal
from troth.contract import Contract, load_contract

from .test_independent import serving

HERE = Path(__file__).parent


def module(name: str) -> ModuleType:
    spec = util.spec_from_file_location(f"independent_{name}", HERE / "servers" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


TILL = module("till")


@pytest.fixture(scope="module")
def till() -> Contract:
    return load_contract(str(HERE / "till"))


def held(contract: Contract, *bugs: str, **options: Any) -> Outcome:
    """What the clauses about concurrency say of a till with some bugs."""
    principals = tuple(Principal(name, name, {"x-key": f"{name}-key"}) for name in TILL.KEYS.values())
    with serving(TILL.Till(bugs).app) as origin:
        target = Target(f"{origin}/till", principals)
        return verify(contract, target, only=["concurrency"], fuzz=False, **options)


def test_a_server_on_which_every_request_happens_at_once_conforms(till: Contract) -> None:
    """Over many runs: whoever comes first, some order explains it."""
    for seed in range(5):
        outcome = held(till, seed=seed)
        assert [f"{case.name}: {case.detail}" for case in outcome.cases if case.verdict != "conform"] == []


@pytest.mark.parametrize("bug", TILL.BUGS)
def test_a_race_breaks_the_promise_that_it_is_about(till: Contract, bug: str) -> None:
    """Each of them, and no other operation is blamed but those that meet the same race."""
    outcome = held(till, bug, reproduce=False)
    assert TILL.BUGS[bug][1] in {finding.clause for finding in outcome.findings}
    concept = TILL.BUGS[bug][1].partition("@")[0]
    assert {str(finding.clause).partition("@")[0] for finding in outcome.findings} == {concept}
