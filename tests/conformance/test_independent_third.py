"""A third server that shares no line with the engine: correct, it conforms; each of 25 bugs breaks a promise by name.

The server and its bugs were written before the probes were read.
"""

from __future__ import annotations

from pathlib import Path

from .servers.clientcasa import BUGS

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


def test_each_bug_has_a_clause() -> None:
    """Each is told by a clause, and each clause is one that the contract has or should have."""
    assert CATCHES.keys() == BUGS.keys()
    assert len(CATCHES) == 25
