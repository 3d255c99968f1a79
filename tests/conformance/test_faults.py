"""The suite is proved against the catalogue of faults: each is caught by the clause that is named for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from troth.behaviour.clauses import CLAUSE_IDS
from troth.conformance import Outcome
from troth.conformance.probes import PROBES
from troth.contract import Contract, load_contract
from troth.engine.faults import FAULTS

#: What a fault breaks beside its own clause, and why that is true as well.
ALSO = {
    # where a cursor is the only way through a list, every walk and every link goes by it
    "cursor-repeats-row": {"pagination.complete", "pagination.links", "pagination.survivors"},
    # what is computed from a first value is computed from none
    "initially-ignored": {"fields.computed"},
    # a wrong credential is answered as none is
    "challenge-missing": {"authentication.invalid"},
    # an action that reaches a foreign row tells that it is there, also where its input is refused then
    "leak-foreign-action": {"tenancy.indistinguishable"},
}

#: Faults that show only where a document tells of what they leave out, and a contract that does.
TOLD_OF = {
    **dict.fromkeys(("challenge-missing", "error-status-wrong"), str(Path(__file__).parent / "gate")),
    **dict.fromkeys(("previous-lost", "leak-foreign-condition"), "clearmargin"),
    **dict.fromkeys(("foreign-action-forbidden", "foreign-parent-forbidden"), "crm"),
    "computed-left-behind": "clearmargin",
}


@pytest.fixture(autouse=True)
def _calm(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="troth.engine")  # the fault 'crash' logs a traceback a request


def violated(outcome: Outcome) -> set[str]:
    return {str(finding.clause).partition("@")[0] for finding in outcome.findings}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught_by_its_clause(
    name: str, held: Callable[..., Outcome], promising: Callable[[str], Contract]
) -> None:
    """Within the fault's concept its own clause is violated, and no other but what goes with it."""
    wanted = FAULTS[name].clause
    told = TOLD_OF.get(name)
    contract = load_contract(told) if told else promising(wanted)
    outcome = held([name], contract=contract, only=[wanted.partition(".")[0]], reproduce=False)
    assert outcome.exit_code == 1
    assert wanted in violated(outcome)
    assert violated(outcome) <= {wanted} | ALSO.get(name, set())


@pytest.mark.parametrize(
    "name", ["hidden-shown", "create-not-persisted", "idempotency-ignored", "anonymous-accepted"]
)
def test_a_fault_blames_no_other_clause(name: str, held: Callable[..., Outcome]) -> None:
    """In a full run as well, one cause has one name."""
    outcome = held([name], reproduce=False)
    assert violated(outcome) == {FAULTS[name].clause} | ALSO.get(name, set())


def test_every_fault_has_a_clause_and_every_clause_a_probe() -> None:
    """The three tables agree."""
    assert {fault.clause for fault in FAULTS.values()} <= set(CLAUSE_IDS)
    assert set(PROBES) == set(CLAUSE_IDS)


#: Clauses without a fault yet; a row here goes away with the fault that breaks it.
WITHOUT_FAULT = {"resource.read", "schema.response", "scopes.sufficient"}


def test_every_clause_has_a_fault_but_for_the_waived() -> None:
    assert set(CLAUSE_IDS) - {fault.clause for fault in FAULTS.values()} == WITHOUT_FAULT
