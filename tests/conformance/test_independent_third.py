"""A third server that shares no line with the engine: correct, it conforms; each of 25 bugs breaks a promise by name.

The server, its bugs and the clause expected for each were written before the probes were read. Eight of the 25 were
told then; the probes that tell the others were made for any contract.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from troth.conformance import Outcome, Principal, Target, verify
from troth.conformance.instruments import Instruments
from troth.contract import Contract, load_contract

from .servers.clientcasa import BUGS, Clientcasa
from .test_independent import serving

HERE = Path(__file__).parent / "servers"
SPEC = Path(__file__).parents[2] / "spec" / "clientcasa"
#: The clause that tells each bug.
CATCHES = {
    "pages-rounded-down": "pagination.total@listClients",
    "deleted-still-count": "pagination.total@listClients",
    "filters-ored": "filter.exact@listTimeEntries",
    "last-day-left-out": "filter.exact@listTimeEntries",
    "offset-dropped": "filter.exact@listCalendarEvents",
    "keys-any-case": "idempotency.mismatch@createClient",
    "stored-then-refused": "references.exists@createInvoice",
    "stale-lists": "resource.update@updateClient",
    "patch-unscoped": "scopes.required@updateClient",
    "deleted-reappear": "resource.delete@deleteProject",
    "total-before-filter": "filter.exact@listClients",
    "null-ignored": "resource.update@updateInvoice",
    "updated-at-stays": "resource.update@updateClient",
    "empty-body-crashes": "validation.no-server-error@createClient",
    "refusal-as-bad-request": "rules.held@deleteInvoice",
    "replay-is-200": "idempotency.replay@createClient",
    "cents-cut": "fields.computed@getInvoice",
    "refunds-not-taken-off": "fields.computed@getInvoice",
    "due-today-is-overdue": "fields.computed@getInvoice",
    "tax-of-today": "fields.computed@getInvoice",
    "paid-can-be-voided": "lifecycle.transition@updateInvoice",
    "contact-unchecked-on-update": "tenancy.reference@updateInvoice",
    "client-stays-behind": "fields.computed@getTimeEntry",
    "false-is-no-filter": "filter.exact@listTimeEntries",
    "reset-moves": "rate-limit.headers@listClients",
}
#: Told by a clause that names the broken promise, though another one was expected.
INSTEAD = {
    "pages-rounded-down": "pagination.place@listClients",  # a clause that the contract did not have then
    "stored-then-refused": "resource.atomic@createInvoice",  # another one
    "total-before-filter": "pagination.total@listClients",  # the rows of a filtered list are the right ones
    "contact-unchecked-on-update": "references.exists@updateInvoice",  # what is not looked up need not even exist
    "false-is-no-filter": "filter.exact@listInvoices",  # of an overdue=false, which is dropped in the same way
}


@cache
def contract() -> Contract:
    overlays = [SPEC / "behaviour.overlay.yaml", HERE / "clientcasa.overlay.yaml"]
    return load_contract(str(SPEC / "openapi.yaml"), overlays=overlays)


@cache
def instruments() -> Instruments:
    return Instruments.of(contract())


def principals() -> Iterable[Principal]:
    known: dict[str, Any] = tomllib.loads((HERE / "clientcasa.toml").read_text("utf-8"))["target"][
        "principals"
    ]
    for name, one in known.items():
        yield Principal(name, one["tenant"], one["headers"], tuple(one.get("scopes", ["*"])))


def verified(*bugs: str, only: Iterable[str] = (), **options: Any) -> Outcome:
    with serving(Clientcasa(bugs, limit=100_000).app) as origin:
        target = Target(f"{origin}/api", tuple(principals()))
        return verify(contract(), target, only=only, instruments=instruments(), reproduce=False, **options)


def told(outcome: Outcome) -> set[str]:
    """Every clause that does not hold."""
    return {case.name for case in outcome.cases if case.verdict == "violate"}


def test_a_correct_server_conforms() -> None:
    """With nothing but credentials: nothing false, and nothing that could not be settled."""
    outcome = verified(fuzz=False)
    assert [f"{finding.clause}: {finding.title}" for finding in outcome.findings] == []
    assert [case.name for case in outcome.cases if case.verdict == "inconclusive"] == []
    assert outcome.exit_code == 0


@pytest.mark.slow
def test_a_correct_server_conforms_to_fuzzers_and_walks() -> None:
    assert [f"{finding.clause}: {finding.title}" for finding in verified(fuzz=True).findings] == []


@pytest.mark.parametrize("bug", CATCHES)
def test_each_bug_fails_the_clause_that_it_breaks(bug: str) -> None:
    """A mistake that real teams ship is told by the promise that it breaks, in one finding."""
    wanted = INSTEAD.get(bug, CATCHES[bug])
    outcome = verified(bug, only=[wanted], fuzz=False)
    assert told(outcome) == {wanted}


@pytest.mark.slow
@pytest.mark.parametrize("bug", CATCHES)
def test_a_bug_is_about_one_finding(bug: str) -> None:
    """In a whole run, however many operations it reaches."""
    found = [str(finding.clause).partition("@")[0] for finding in verified(bug, fuzz=False).findings]
    assert INSTEAD.get(bug, CATCHES[bug]).partition("@")[0] in found
    assert len(found) <= 2


def test_each_bug_has_a_clause() -> None:
    """At least 24 of the 25 are told, and all but five by the very clause that was expected before."""
    assert CATCHES.keys() == BUGS.keys()
    assert len(CATCHES) == 25
    assert len(INSTEAD) <= 5
