"""Every kind of refusal is held to the declared envelope, whichever clause brings it about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from troth.conformance import Outcome
from troth.conformance.instruments import Instruments
from troth.conformance.subjects import subjects_of
from troth.contract import Contract, load_contract

Held = Callable[..., Outcome]

_OVERLAY = """\
overlay: 1.0.0
info: {title: Media types are refused, version: "1"}
actions:
  - target: $.paths['/customers'].post.responses
    update: {"415": {description: The media type is not supported.}}
"""


@pytest.fixture(scope="module")
def billing(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    overlay = tmp_path_factory.mktemp("billing") / "media.overlay.yaml"
    overlay.write_text(_OVERLAY)
    return load_contract("billing", overlays=[overlay])


@pytest.mark.parametrize(
    ("contract", "kind", "operation"),
    [
        ("clientcasa", "forbidden", "deleteWebhook"),
        ("clientcasa", "method-not-allowed", "getWebhook"),
        ("clientcasa", "conflict", "createWebhook"),
        ("clio", "precondition-failed", "updateNote"),
        ("crm", "conflict", "createContact"),
        ("", "unsupported-media-type", "createCustomer"),
    ],
)
def test_one_kind_with_a_body_of_its_own_is_named(
    held: Held, billing: Contract, contract: str, kind: str, operation: str
) -> None:
    made = load_contract(contract) if contract else billing
    (finding,) = held([f"errors.envelope:drop:{kind}"], made, only=[operation], reproduce=False).findings
    assert finding.clause == f"errors.envelope@{operation}"
    assert "does not have the declared form" in finding.title
    assert held([], made, only=[operation], reproduce=False).findings == ()


def test_only_kinds_that_are_declared_and_brought_about_are_bent(billing: Contract) -> None:
    names = {one.name for one in subjects_of(Instruments.of(billing))}
    assert "errors.envelope:drop:unsupported-media-type" in names
    assert "errors.envelope:drop:precondition-failed" not in names
