"""Words of the vocabulary about single fields and pages are judged, and what breaks them is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from troth.behaviour.clauses import clauses_of
from troth.behaviour.inference import behaviour_of
from troth.conformance import Outcome
from troth.contract import Contract, load_contract

Held = Callable[..., Outcome]


@pytest.mark.parametrize(
    ("contract", "fault", "clause", "told"),
    [
        ("clientcasa", "initially-ignored", "fields.initial@createInvoice", "'issueDate' is None where none is"),
        ("clientcasa", "stamp-lost", "fields.stamped@getMilestone", "empty though it holds that status =="),
        ("clientcasa", "editable-always", "fields.editable@updateContract", "'title' is changed although"),
        ("clientcasa", "list-unmasked", "fields.in-list@listFormSubmissions", "shows a value of 'answers'"),
        ("billing", "list-unmasked", "fields.in-list@listInvoices", "shows 'customer', which it leaves out"),
        ("clientcasa", "hidden-field-shown", "fields.hidden@getInvoice", "'appliedTaxRate' is shown"),
        ("crm", "parent-ignored", "list.below@listCustomerContacts", "below another one than its 'userid' names"),
        ("clientcasa", "pages-short", "pagination.place@listClients", "'pages' is 3 instead of 4"),
        ("billing", "page-misnumbered", "pagination.place@listCustomers", "'offset' is 1 instead of 0"),
        ("clearmargin", "previous-lost", "pagination.place@listClients", "'hasPrevious' is False instead of True"),
        ("clientcasa", "key-unbounded", "idempotency.form@createClient", "A key of 256 characters is accepted"),
    ],
)  # fmt: skip
def test_a_broken_word_is_named(held: Held, contract: str, fault: str, clause: str, told: str) -> None:
    made = load_contract(contract)
    (finding,) = held([fault], made, only=[clause]).findings
    assert told in finding.title
    assert [case.verdict for case in held([], made, only=[clause]).cases] == ["conform"]


def test_a_name_alone_places_no_row_below_another(clientcasa: Contract) -> None:
    """Without a declared reference a field may mean something else than the parameter of the path."""
    crm = load_contract("crm")
    named = {c.operation for c in clauses_of(crm, behaviour_of(crm)) if c.id == "list.below"}
    bindings = behaviour_of(crm).bindings
    assert named
    for operation in named:
        resource, (parent,) = bindings[operation].resource, bindings[operation].parents
        assert resource is not None
        assert any(r.field == parent.field and parent.resource in r.to.values() for r in resource.references)
    assert not [c for c in clauses_of(clientcasa, behaviour_of(clientcasa)) if c.id == "list.below"]
