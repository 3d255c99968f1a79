"""What is left behind: a refused write does nothing, and what names a deleted row follows as declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from troth.behaviour.clauses import clauses_of
from troth.behaviour.inference import behaviour_of
from troth.conformance import Outcome, Target, verify
from troth.contract import Contract

from .conftest import BASE, EngineTransport, engine_of

Held = Callable[..., Outcome]


@pytest.mark.parametrize(
    ("fault", "clause", "told"),
    [
        ("refused-create-kept", "resource.atomic@createContact", "names nothing answers 404 and leaves its row"),
        ("refused-update-kept", "resource.atomic@updateContact", "names nothing answers 404 and changes 'name'"),
        ("refused-delete-clears", "resource.atomic@deleteClient", "contacts stands answers 409 and changes 'clientId'"),
        ("invalid-acts", "resource.atomic@createClient", "with an invalid body answers 400 and leaves its row"),
        ("invalid-acts", "resource.atomic@updateClient", "with an invalid body answers 400 and changes 'name'"),
        ("stranger-acts", "resource.atomic@createClient", "without a credential answers 401 and leaves its row"),
        ("stranger-acts", "resource.atomic@deleteClient", "without a credential answers 401, and the row is gone"),
        ("restriction-ignored", "references.deleted@deleteClient", "A row is deleted that 'clientId' of projects"),
        ("cascade-ignored", "references.deleted@deleteProject", "its 'parentId' of milestones names"),
        ("nullify-ignored", "references.deleted@deleteClient", "'clientId' of contacts goes on naming a deleted row"),
    ],
)  # fmt: skip
def test_what_is_left_behind_is_named(held: Held, fault: str, clause: str, told: str) -> None:
    (finding,) = held([fault], only=[clause]).findings
    assert told in finding.title
    assert [case.verdict for case in held([], only=[clause]).cases] == ["conform"]


@pytest.mark.parametrize(
    "clause",
    ["rate-limit.retry-after", "errors.code", "pagination.max-size", "oauth.state", "routing.method"],
)
def test_clauses_that_only_refuse_are_judged_alone(held: Held, clause: str) -> None:
    """None of their requests succeeds as the owner's, so one is sent that does."""
    assert held([], only=[clause]).exit_code == 0


def test_a_target_that_serves_nobody_is_found_out_alone(clientcasa: Contract) -> None:
    """The request that is sent beside proves nothing where it is refused."""
    target = Target(f"{BASE}/api", transport=EngineTransport(engine_of(clientcasa), controlled=False))
    outcome = verify(clientcasa, target, only=["errors.code@listClients"], reproduce=False)
    assert outcome.exit_code == 5
    assert not outcome.served


def test_only_writes_that_can_be_looked_after_are_promised_to_do_nothing(clientcasa: Contract) -> None:
    """Each create has a list of all rows, each change and delete a read."""
    behaviour = behaviour_of(clientcasa)
    promised = {c.operation for c in clauses_of(clientcasa, behaviour) if c.id == "resource.atomic"}
    writes = {name for name, one in behaviour.bindings.items() if one.writes and one.resource}
    assert promised
    assert promised <= writes
