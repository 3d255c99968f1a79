"""No run makes a server call anybody: addresses in what is sent lead to hosts that never resolve."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from troth.conformance import Run, Target
from troth.conformance.addresses import leading_nowhere, nowhere
from troth.conformance.fuzzing import fuzz
from troth.contract import Contract

from .conftest import engine_of
from .servers.plain import plain, serving

HARMLESS = re.compile(r"(?:.*\.)?(?:invalid|example|test|localhost)|127(?:\.\d+){3}|")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("https://hooks.acme.com/in?a=1", "https://hooks.acme.com.invalid/in?a=1"),
        ("http://93.184.216.34:8080/x", "http://93.184.216.34.invalid:8080/x"),
        ("http://user:word@acme.com/x", "http://user:word@acme.com.invalid/x"),
        ("http://acme.com./x", "http://acme.com.invalid/x"),
        ("http://acme.com:port/x", "http://acme.com.invalid:port/x"),
        ("http://[nothing/x", "http://[nothing/x"),
        ("http://a^b/x", "http://a^b.invalid/x"),
        ("http://[2001:db8::1]/x", "http://made-up.invalid/x"),
        ("HTTP://ACME.COM", "HTTP://ACME.COM.invalid"),
        ("http:\\\\acme.com/x", "http:\\\\acme.com.invalid/x"),
        ("ftp:/acme.com/x", "ftp:/acme.com.invalid/x"),
        (
            "see http://acme.com and http://other.org.",
            "see http://acme.com.invalid and http://other.org.invalid",
        ),
        ("https://receiver.troth.test/x", "https://receiver.troth.test/x"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("http://localhost/x", "http://localhost/x"),
        ("https://here.example/there", "https://here.example/there"),
        ("no address: a/b", "no address: a/b"),
    ],
)
def test_an_address_loses_a_host_that_might_resolve(given: str, made: str) -> None:
    assert nowhere(given) == made
    assert nowhere(made) == made


def test_addresses_are_found_wherever_they_stand() -> None:
    given = {"a": [{"url": "http://acme.com/"}, 1, None], "http://acme.com/": b"http://acme.com/\xff"}
    told = leading_nowhere(given)
    assert told == {
        "a": [{"url": "http://acme.com.invalid/"}, 1, None],
        "http://acme.com.invalid/": b"http://acme.com.invalid/\xff",
    }


def _hosts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {
            host.rpartition("@")[2].partition(":")[0] for host in re.findall(r"^\w+:[/\\]+([^/\\?#]*)", value)
        }
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(_hosts, inner))


def test_fuzzing_makes_up_no_host(clientcasa: Contract) -> None:
    """Schemathesis subscribes with addresses of its own; none of them is one that a server could reach.

    What it meant to be wrong stays wrong, so nothing is blamed on a correct server.
    """
    engine = engine_of(clientcasa, rate_limit="1000000/1h")
    with plain(serving(engine)) as server, Run(clientcasa, Target(f"{server.origin}/api")) as run:
        found = fuzz(
            clientcasa, run.behaviour, run.target, run.scene.cast, run.scene.control,
            seed=0, budget="pr", operations=frozenset({"createWebhook"}), tell=lambda _: None,
            validators=run.instruments.validators, made=lambda _operation, _answer: None,
        )  # fmt: skip
        bodies = [
            asked.body for asked in server.asked if asked.method == "POST" and asked.body.startswith(b"{")
        ]
    assert found.flaws == {}
    hosts = set().union(*(_hosts(json.loads(body)) for body in bodies if body.isascii()))
    assert hosts
    assert {host for host in hosts if not HARMLESS.fullmatch(host)} == set()
