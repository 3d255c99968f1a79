"""Webhooks of a target: received over the network or in this process, and honest where nothing can be received."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from troth.behaviour.signing import SIGNINGS
from troth.conformance import Outcome, Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.listening import Listener
from troth.conformance.mailbox import Mailbox
from troth.conformance.post import Post
from troth.conformance.signatures import Problem, signed_at
from troth.conformance.signatures import verify as check
from troth.conformance.verdicts import NotExercised
from troth.contract import Contract, load_contract
from troth.errors import UsageError

from .conftest import BASE, EngineTransport, engine_of

BEACON = Path(__file__).parent / "beacon" / "openapi.yaml"
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


@pytest.fixture(scope="module")
def beacon() -> Contract:
    return load_contract(BEACON)


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The beacon's mock in a process of its own."""
    command = [sys.executable, "-m", "troth", "mock", str(BEACON), "--port", "0", "--seed", "7"]
    command += ["--seed-file", str(BEACON.with_name("seed.yaml"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None
        yield f"{found[0]}/beacon"
        process.terminate()


def test_every_promise_is_judged_over_the_network(served: str, beacon: Contract) -> None:
    """A receiver on this machine takes what a mock in another process delivers."""
    outcome = verify(beacon, Target(served), only=["webhooks", "fields.shown-once"], fuzz=False)
    assert {case.detail for case in outcome.cases if case.verdict != "conform"} == set()
    assert len(outcome.cases) > 15


def test_the_same_promises_hold_in_this_process(beacon: Contract) -> None:
    connection = Loopback(engine_of(beacon))
    outcome = verify(beacon, Target(f"{BASE}{beacon.base_path}", connection=connection), only=["webhooks"])
    assert {case.verdict for case in outcome.cases} == {"conform"}


def test_without_a_network_nothing_is_passed(beacon: Contract) -> None:
    """Where deliveries cannot arrive, each clause is not exercised and says why."""
    target = Target(f"{BASE}{beacon.base_path}", transport=EngineTransport(engine_of(beacon)))
    outcome = verify(beacon, target, only=["webhooks"])
    assert {case.verdict for case in outcome.cases} == {"not-exercised"}
    assert all("network" in case.detail for case in outcome.cases)
    assert outcome.exit_code == 5


def test_a_receiver_listens_where_the_target_is() -> None:
    """A target on this machine needs to be told nothing."""
    with httpx.Client() as connection:
        post = Post(Target("http://127.0.0.1:1"), connection)
        assert post.address(None).startswith("http://127.0.0.1:")
        post.close()


def test_a_target_elsewhere_needs_to_be_told_of_a_receiver() -> None:
    """Another host cannot reach a port here; the reason names the option."""
    with httpx.Client() as connection, pytest.raises(NotExercised, match="--receiver URL"):
        Post(Target("https://api.example.com/v1"), connection).address(None)


def test_a_receiver_behind_a_public_address() -> None:
    """The public URL is what subscriptions are told; its path is taken off what arrives."""
    with httpx.Client() as connection:
        target = Target(
            "https://api.example.com",
            receiver_url="https://hooks.example.com/in/",
            listen="127.0.0.1:0",
        )
        post = Post(target, connection)
        assert post.address(None) == "https://hooks.example.com/in"
        listener = post._listener
        assert listener is not None
        assert connection.post(f"{listener.url}/in/a/1", content=b"{}").status_code == 204
        assert [hook.body for hook in post.mailbox.got("/a/1")] == [b"{}"]
        post.close()


def test_a_port_that_is_taken_is_a_usage_error() -> None:
    first = Listener(Mailbox())
    port = int(first.url.rpartition(":")[2])
    with pytest.raises(UsageError, match="Nothing can listen at"):
        Listener(Mailbox(), port=port)
    first.close()
    with pytest.raises(UsageError, match="HOST:PORT"), httpx.Client() as connection:
        Post(Target("http://127.0.0.1:1", listen="nonsense"), connection).address(None)


def test_waiting_ends_when_what_is_expected_has_arrived() -> None:
    """And at the latest when patience does."""
    with httpx.Client() as connection:
        post = Post(Target("http://127.0.0.1:1"), connection)
        asked = []

        def arrived() -> bool:
            asked.append(1)
            return len(asked) > 2

        post.settle(None, arrived)
        assert len(asked) == 3
        post.patience = 0.05
        post.settle(None, lambda: False)


def test_a_mailbox_repeats_a_handshake_unless_told_not_to() -> None:
    mailbox = Mailbox("x-hook-secret")
    mailbox.silence("/b")
    assert mailbox.take("/a", {"X-Hook-Secret": "s"}, b"{}") == (200, {"x-hook-secret": "s"})
    assert mailbox.take("/b", {"X-Hook-Secret": "s"}, b"{}") == (200, {})
    mailbox.answer("/a", 500, 204)
    assert [mailbox.take("/a", {}, b"x")[0] for _ in range(3)] == [500, 204, 204]
    assert len(mailbox.got("/a")) == 3
    assert mailbox.greeted("/b")
    assert not mailbox.got("/b")


def test_signatures_of_the_package_are_accepted() -> None:
    """The checking side knows what the vendor's own package signs, and nothing else."""
    signing = SIGNINGS["standard-webhooks"]
    moment, body = datetime.fromtimestamp(int(time.time()), UTC), b'{"a":1}'
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": "v1,bm90aGluZw== " + Webhook(SECRET).sign("msg_1", moment, body.decode()),
    }
    check(signing, SECRET, headers, body)
    assert signed_at(signing, headers) == int(moment.timestamp())
    for wrong in (
        {**headers, "webhook-id": "msg_2"},
        {**headers, "webhook-signature": "v2,abc"},
        {**headers, "webhook-timestamp": "yesterday"},
        {},
    ):
        with pytest.raises(Problem):
            check(signing, SECRET, wrong, body)
    with pytest.raises(Problem, match="no signature fits"):
        check(signing, SECRET, headers, body + b" ")


def test_a_stripe_header_is_taken_apart() -> None:
    """Its own example of a header: time and signature by hand (HMAC of ``1492774577.{}`` under ``k``)."""
    headers = {
        "stripe-signature": "t=1492774577,"
        "v1=3ceb1cb1ae2cb3d7d2a5ee5da3b4ff2a9d0d4f4b6b6cdc6c4f05f0c8c46a3f6f,v0=6ffb"
    }
    assert signed_at(SIGNINGS["stripe"], headers) == 1_492_774_577
    with pytest.raises(Problem, match="no signature fits"):
        check(SIGNINGS["stripe"], "k", headers, b"{}")


@pytest.mark.parametrize("name", ["event-lost", "signature-wrong", "sent-when-gone"])
def test_a_fault_blames_no_other_clause_than_its_own(
    name: str, held: Callable[..., Outcome], beacon: Contract
) -> None:
    """Clauses that rest on what is broken are inconclusive and name the clause that judges it."""
    outcome = held([name], contract=beacon, only=["webhooks"])
    assert len({str(finding.clause).partition("@")[0] for finding in outcome.findings}) == 1
    details = [case.detail for case in outcome.cases if case.verdict == "inconclusive"]
    assert all("judges" in detail or "nothing arrives" in detail for detail in details)
