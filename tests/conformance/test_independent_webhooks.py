"""Webhooks of a server that shares nothing with the engine: it conforms, and each of its bugs has its clause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from troth.conformance import Outcome, Principal, Target, verify
from troth.contract import Contract, load_contract

from .servers.lighthouse import BUGS, Lighthouse

BEACON = Path(__file__).parent / "beacon" / "openapi.yaml"
KNOWN = (
    Principal("north", "north", {"x-key": "north-key"}),
    Principal("south", "south", {"x-key": "south-key"}),
)
PROFILE = """\
  webhooks:
    resource: hooks
    subscription: {url: url, events: events, subject: about, enabled: status, secret: secret,
                   states: {active: enabled, disabled: suspended}}
    payload: {type: $event, timestamp: $timestamp, data: $row}
    signing: {profile: standard-webhooks}
    retries: {1: 1s}
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The beacon contract with a plainer webhook profile."""
    text = BEACON.read_text(encoding="utf-8")
    text = text[: text.index("  webhooks:\n")] + PROFILE + text[text.index("paths:\n") :]
    path = tmp_path_factory.mktemp("plain") / "openapi.yaml"
    path.write_text(
        text.replace("readOnly: true, x-behaviour: {initial: pending}", "readOnly: true"), "utf-8"
    )
    return load_contract(path)


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Lighthouse]:
    server = Lighthouse(getattr(request, "param", ""))
    yield server
    server.close()


def held(plain: Contract, server: Lighthouse, *only: str) -> Outcome:
    return verify(plain, Target(server.url, KNOWN), only=only, fuzz=False)


def test_a_correct_server_conforms(plain: Contract, served: Lighthouse) -> None:
    """Over the network and without a control plane; only what waits for days is left open."""
    outcome = held(plain, served, "webhooks", "fields.shown-once")
    assert [finding.title for finding in outcome.findings] == []
    left = {case.name.partition("@")[0]: case.detail for case in outcome.cases if case.verdict != "conform"}
    assert set(left) == {"webhooks.timed"}
    assert "moving the clock" in left["webhooks.timed"]
    assert served.hooks == {}, "what was subscribed is taken back"


@pytest.mark.parametrize(("served", "clause"), BUGS.items(), indirect=["served"])
def test_a_bug_has_its_clause(plain: Contract, served: Lighthouse, clause: str) -> None:
    outcome = held(plain, served, clause)
    assert {str(finding.clause).partition("@")[0] for finding in outcome.findings} == {clause}
