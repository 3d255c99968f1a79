"""The catalogue of faults."""

from __future__ import annotations

import re

import pytest

from troth.engine import FAULTS
from troth.engine.faults import check_faults
from troth.errors import UsageError
from troth.testing import Mock


def test_names_clauses_and_summaries_have_their_form() -> None:
    """Kebab-case names, ``concept.rule`` clauses, summaries that are no sentences."""
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert re.fullmatch(r"[a-z-]+\.[a-z-]+", fault.clause), fault
        assert fault.summary
        assert not fault.summary.endswith(".")


def test_any_iterable_of_names_is_checked() -> None:
    """A generator too; the error has the nearest name."""
    assert check_faults(name for name in ["crash", "total-wrong", "crash"]) == {"crash", "total-wrong"}
    assert check_faults(()) == frozenset()
    with pytest.raises(UsageError, match=r"There is no fault 'crahs'\. Did you mean 'crash'\?"):
        check_faults(iter(["total-wrong", "crahs"]))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mock_with_one_fault_still_works(clientcasa: Mock, fault: str) -> None:
    """Every other promise holds: listing, creating, reading and deleting answer, and only ``crash`` is a 500."""
    mock = clientcasa.fork()
    mock.faults = {fault}
    client = mock.client()
    made = client.post("/v1/clients", json={"name": "Still here"}, headers={"idempotency-key": "k"})
    answers = [
        made,
        client.get("/v1/clients?status=active"),
        client.get(f"/v1/clients/{made.json()['id']}"),
        client.patch(f"/v1/clients/{made.json()['id']}", json={"notes": "x"}),
        client.put("/v1/clients"),
        client.get("/v1/clients/none"),
        mock.client("thornfield-owner").get(f"/v1/clients/{made.json()['id']}"),
        mock.client("anonymous").get("/v1/clients"),
        client.delete(f"/v1/clients/{made.json()['id']}"),
    ]
    failed = [answer for answer in answers if answer.status_code >= 500]
    assert bool(failed) is (fault == "crash")
