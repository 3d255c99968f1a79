"""Faults that a probe could miss are noticed: each by its own clause, at the operation that shows it."""

from __future__ import annotations

from functools import cache

import pytest

from troth.behaviour.moves import undeclared_moves
from troth.conformance.connections import Loopback
from troth.conformance.crew import bench_of
from troth.conformance.selftest import Bench
from troth.conformance.subjects import chosen, subjects_of


@cache
def bench(name: str) -> Bench:
    return bench_of(name)


def broken(name: str, *faults: str, only: str) -> set[str]:
    """The clauses that are found broken, of those that are judged at all."""
    made = bench(name)
    return {
        str(one.clause) for one in made.held(Loopback(made.engine.misbehaving(faults)), only=[only]).findings
    }


def names(contract: str) -> set[str]:
    return {subject.name for subject in subjects_of(bench(contract).instruments)}


@pytest.mark.parametrize(
    ("fault", "clause"),
    [
        # What a new row computes from what no answer shows: from what was sent, or from its own first value.
        ("fields.computed:invert:webhooks.hasSecret", "fields.computed@getWebhook"),
        ("fields.computed:off-by-one:invoices.taxAmount", "fields.computed@getInvoice"),
        # A reference that only some rows may have: the body is changed until the rules are kept.
        ("references.exists:drop:payments.refundOfId", "references.exists@createPayment"),
        # A rule that can be broken alone only by changing what the others read as well.
        ("rules.held:drop:payments.refund-negative", "rules.held@createPayment"),
        ("rules.held:drop:payments.refund-names-original", "rules.held@createPayment"),
        ("lifecycle.transition:widen:invoices.send", "lifecycle.transition@updateInvoice"),
    ],
)
def test_a_fault_that_hides_is_noticed(fault: str, clause: str) -> None:
    assert clause in broken("clientcasa", fault, only=clause)
    assert broken("clientcasa", only=clause) == set()


@pytest.mark.parametrize(
    ("contract", "fault", "clause"),
    [
        # What an expression gives whatever a hidden field holds.
        ("clearmargin", "fields.computed:off-by-one:invoices.amountPaid", "fields.computed@getInvoice"),
        # A narrowed list that is narrowed by conditions alone.
        ("clearmargin", "leak-foreign-below", "tenancy.list@listClients"),
        # What a body leaves out has a first value that is made from other fields.
        ("clio", "rules.held:drop:contacts.has-name", "rules.held@createContact"),
        # Most rows that break one rule break the other as well.
        ("clio", "rules.held:drop:folders.root-stays", "rules.held@deleteFolder"),
        # The field takes numbers, and the rows that it names have texts for ids.
        ("clio", "references.exists:drop:activities.calendar_entry", "references.exists@createActivity"),
        # No operation makes rows that could be changed.
        ("clio", "references.exists:drop:bills.bill_theme", "references.exists@updateBill"),
        # Rows that are listed below another one alone, and that name what made them in a field that stays hidden.
        (
            "clio",
            "fields.computed:invert:matter-contacts.is_client",
            "fields.computed@listMattersContacts",
        ),
        ("clio", "fields.computed:off-by-one:matter-contacts.id", "fields.computed@listMattersContacts"),
        # First values that a rule holds against the rest of the body, or that are looked up in a list.
        ("crm", "initially-ignored", "fields.initial@createEstimate"),
        ("crm", "initially-ignored", "fields.initial@createPayment"),
        # The order of a list that nobody asked for another one.
        ("clearmargin", "list-reversed", "list.ordered@listClients"),
        # A row that is listed once others name it.
        ("clio", "records.written:drop:matters.billable", "records.written@createMatter"),
    ],
)
def test_a_fault_that_hides_elsewhere_is_noticed(contract: str, fault: str, clause: str) -> None:
    assert clause in broken(contract, fault, only=clause)
    assert broken(contract, only=clause) == set()


@pytest.mark.parametrize(
    ("contract", "fault", "innocent"),
    [
        ("clearmargin", "page-size-ignored", "pagination.past-end@listTimeEntries"),
        ("clearmargin", "answer-bare", "schema.response@createClient"),
        ("clearmargin", "depth-ignored", "fields.computed@getProject"),
        ("clearmargin", "leak-foreign-list", "resource.read@getClient"),
        ("clearmargin", "leak-foreign-below", "conditions.exact@listClients"),
        ("clientcasa", "bad-credential-accepted", "oauth.token-expiry"),
        ("clientcasa", "errors.code:off-by-one:unauthenticated.status", "oauth.token-expiry"),
        ("clientcasa", "scope-ignored", "oauth.scope"),
        ("clientcasa", "scopes.sufficient:widen:listClients", "oauth.refresh"),
        ("clientcasa", "update-not-persisted", "webhooks.ended"),
        ("clientcasa", "delete-noop", "webhooks.ended"),
        ("clearmargin", "page-reversed", "sort.ordered@listClients"),
        ("clearmargin", "has-more-wrong", "pagination.place@listClients"),
        ("clientcasa", "errors.code:off-by-one:invalid.status", "rules.held@createPayment"),
        ("clio", "errors.code:off-by-one:not-found.status", "visibility.reference@createCommunication"),
        ("clio", "total-unfiltered", "tenancy.list@listDocumentsVersions"),
        ("clio", "foreign-forbidden", "tenancy.conditional@getActivity"),
        ("clio", "create-not-persisted", "records.written@createRelationship"),
        ("billing", "update-not-persisted", "fields.emptied"),
        ("billing", "update-not-persisted", "shorthand.equal"),
        ("billing", "filter.exact:drop:listInvoices.status", "filter.echo"),
    ],
)
def test_one_cause_is_blamed_once(contract: str, fault: str, innocent: str) -> None:
    """A clause that could not hold while another is broken says so, and names the other one."""
    made = bench(contract)
    outcome = made.held(Loopback(made.engine.misbehaving([fault])), only=[innocent])
    assert outcome.findings == ()
    assert any(
        "which is what" in case.detail or "opens nothing" in case.detail for case in outcome.cases
    ) or (fault.startswith("errors.code"))


def test_a_reference_that_nobody_heeds_is_told_once() -> None:
    """Where it may name anything, what follows from it is not asked; where it is heeded, a delete still has to."""
    fault = "references.exists:drop:contacts.clientId"
    found = {one.partition("@")[0] for one in broken("clientcasa", fault, only="references")}
    assert found == {"references.exists"}
    deletes = "references.deleted@deleteClient"
    assert broken("clientcasa", fault, "restriction-ignored", only=deletes) == {deletes}


def test_what_nobody_could_notice_is_no_fault() -> None:
    """A rule over what no answer shows; every change of state where another rule refuses all of them."""
    assert not {name for name in names("clientcasa") if "frozen" in name and name.startswith("rules.held")}
    assert "transition-unchecked" in names("clientcasa")
    assert "transition-unchecked" not in names("billing")


def test_moves_that_nothing_but_the_lifecycle_refuses() -> None:
    """From states that rows are brought into; not those that follow from other facts, nor where a rule says no."""
    for contract, operation, moves in (
        ("clientcasa", "updateInvoice", {("sent", "draft"), ("void", "draft"), ("void", "sent")}),
        ("billing", "updateInvoice", set()),
    ):
        made = bench(contract).instruments
        assert undeclared_moves(made.contract, made.behaviour.bindings[operation]) == moves


def test_faults_are_judged_by_some_clauses_alone() -> None:
    made = bench("billing")
    fault = chosen(subjects_of(made.instruments), ["delete-noop"])[0]
    outcome = made.held(Loopback(made.engine.misbehaving([fault.name])), only=["resource.delete"])
    assert {case.name.partition("@")[0] for case in outcome.cases} == {"resource.delete"}
    assert outcome.violated
