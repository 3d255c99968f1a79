"""Requests at once are held to what some order of them would do: on servers that wait at the wrong moment, and not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from troth.conformance import Outcome, Target, verify
from troth.conformance.client import Client
from troth.conformance.reproduction import Reproduction, player, script
from troth.conformance.reproduction.replaying import replayed
from troth.conformance.reproduction.steps import Contest
from troth.conformance.target import Principal
from troth.contract import Contract, load_contract
from troth.engine.faults import FAULTS, RACES
from troth.mock.edge import build_application
from troth.mock.protocol import JoiningProtocol

from .conftest import engine_of
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
ORDERS = [bug for bug, (_, clause) in TILL.BUGS.items() if clause.startswith("concurrency.order")]


@pytest.fixture(scope="module")
def till() -> Contract:
    return load_contract(str(HERE / "till"))


PRINCIPALS = tuple(Principal(name, name, {"x-key": f"{name}-key"}) for name in TILL.KEYS.values())


@contextmanager
def announced(server: Any) -> Iterator[None]:
    """The server is told how many requests leave together, so that it need not guess when all of them have come."""

    def announcing(send: Callable[..., Any], place: int) -> Callable[..., Any]:
        def sent(*given: Any) -> Any:
            server.expect(len(given[place]))
            try:
                return send(*given)
            finally:
                server.expect(0)

        return sent

    server.expect(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "at_once", announcing(Client.at_once, 1))
        patch.setattr(player, "staggered", announcing(player.staggered, 0))
        yield


def held(contract: Contract, *bugs: str, **options: Any) -> Outcome:
    """What the clauses about concurrency say of a till with some bugs."""
    till = TILL.Till(bugs)
    with serving(till.app) as origin, announced(till):
        target = Target(f"{origin}/till", PRINCIPALS)
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


@pytest.mark.parametrize("bug", ORDERS)
def test_a_script_shows_a_race_again_and_again(till: Contract, bug: str, tmp_path: Path) -> None:
    """It sends the requests at once until no order explains them: on the faulty server, never on the correct one."""
    (finding, *_) = (f for f in held(till, bug).findings if f.clause == TILL.BUGS[bug][1])
    reproduction = Reproduction.from_json(json.loads(json.dumps(finding.evidence["reproduction"])))
    path = tmp_path / "again.py"
    path.write_text(script(reproduction, name="again", title=finding.title), encoding="utf-8")
    codes = []
    for bugs in ((bug,), ()):
        with serving(TILL.Till(bugs).app) as origin:
            keys = {"EAST_X_KEY": "east-key", "WEST_X_KEY": "west-key", "PATH": os.environ["PATH"]}
            command = [sys.executable, str(path), f"{origin}/till"]
            done = subprocess.run(command, env=keys, capture_output=True, text=True, check=False)
            codes.append((done.returncode, done.stderr))
    assert codes == [(1, ""), (0, "")]


def test_a_race_is_replayed(till: Contract) -> None:
    """`troth replay` sends a contest as the script does."""
    (finding,) = (f for f in held(till, "paid-twice").findings if f.clause == "concurrency.order@payBill")
    reproduction = Reproduction.from_json(finding.evidence["reproduction"])
    assert isinstance(reproduction.steps[0], Contest)
    verdicts = []
    for bugs in (("paid-twice",), ()):
        with serving(TILL.Till(bugs).app) as origin:
            verdicts.append(replayed(reproduction, Target(f"{origin}/till", PRINCIPALS)).verdict)
    assert verdicts == ["wrong", "right"]


@pytest.mark.parametrize("race", ["race-on-unique", "race-on-sequence"])
def test_races_are_met_on_a_mock_that_is_served(race: str) -> None:
    """What waits inside one request does not hold up the others, which one thread reads."""
    contract = load_contract("billing")
    for faults in ((race,), ()):
        mock = build_application(engine_of(contract, *faults))
        with serving(mock, http=JoiningProtocol) as origin:
            target = Target(f"{origin}{contract.base_path}")
            outcome = verify(contract, target, only=["concurrency"], fuzz=False, reproduce=False)
        found = {str(finding.clause).partition("@")[0] for finding in outcome.findings}
        assert found == {FAULTS[fault].clause for fault in faults}


def test_the_catalogue_knows_its_races() -> None:
    """They are the faults of the clauses about concurrency, and no others."""
    assert {name for name, fault in FAULTS.items() if fault.clause.startswith("concurrency.")} == RACES
