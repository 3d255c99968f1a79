"""Side channels: what is withheld shows neither in an order, nor in a condition, nor in a total, nor in a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from troth.conformance import Outcome
from troth.conformance.onlookers import Limited
from troth.conformance.probes.visibility_order import _rises, _telling
from troth.contract import Contract, load_contract

from .conftest import OWN

FIRM = next(path for path in OWN if path.name == "firm")


@pytest.fixture(scope="module")
def firm() -> Contract:
    return load_contract(str(FIRM))


Held = Callable[..., Outcome]


def only_finding(outcome: Outcome) -> str:
    (finding,) = outcome.findings
    return finding.title


def test_an_order_by_what_is_withheld_is_found(held: Held, firm: Contract) -> None:
    """The clerk sorts entries by hours that are redacted, and one of them stands between two that are not."""
    outcome = held(["hidden-sorted"], contract=firm, only=["visibility.searched@listEntries"])
    assert only_finding(outcome) == "sort=quantity puts rows in the order of what is withheld"


def test_a_condition_on_what_is_withheld_is_found(held: Held, firm: Contract) -> None:
    """Where a list has no filter at all, its conditions are tried."""
    outcome = held(["hidden-searched"], contract=firm, only=["visibility.searched@listContacts"])
    assert "finds a row by what is withheld" in only_finding(outcome)


def test_a_total_under_a_filter_is_that_of_the_filter(held: Held) -> None:
    outcome = held(["total-unfiltered"], only=["pagination.total@listInvoices"])
    assert "=" in only_finding(outcome)
    assert "the total is" in only_finding(outcome)


@pytest.mark.parametrize(
    ("fault", "clause", "told"),
    [
        ("missing-before-credential", "authentication.required@getClient", "404 instead of 401"),
        ("missing-before-scope", "scopes.required@getClient", "403 for a row that is there and 404"),
    ],
)
def test_who_may_not_read_is_not_told_what_exists(held: Held, fault: str, clause: str, told: str) -> None:
    assert told in only_finding(held([fault], only=[clause]))


VALUES = {"a": 10, "b": 20, "c": 30, "d": 40, "e": 50}


@pytest.mark.parametrize(
    ("unseen", "plain", "tells"),
    [
        ("c", "abcde", True),  # it belongs between others, and nothing would put it there by itself
        ("e", "abcde", False),  # at the end, where a server puts what has no value
        ("abcde", "abcde", False),  # as they were made, and as they would be sorted
        ("abcde", "edcba", False),  # the other way round
        ("abcde", "bdace", True),
        ("ab", "baced", False),  # two are always in one order or the other
    ],
)
def test_only_an_order_that_does_not_come_by_itself_tells(unseen: str, plain: str, tells: bool) -> None:
    rows: Mapping[str, Mapping[str, object]] = {one: {"id": one, "value": VALUES[one]} for one in VALUES}
    found = Limited(None, rows, tuple(unseen))  # type: ignore[arg-type] - nobody asks
    assert _telling(VALUES, found, list(plain)) is tells


def test_rows_without_a_value_are_passed_over() -> None:
    assert _rises(["a", "x", "b"], VALUES)
    assert not _rises(["b", "x", "a"], VALUES)
