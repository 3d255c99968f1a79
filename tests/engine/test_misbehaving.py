"""A mock with faults is another one: what it compiles goes with it."""

from __future__ import annotations

import gc
import json
import weakref

from troth.contract import load_contract
from troth.engine import Engine, Request


def test_programs_of_older_versions_go_with_the_mock_that_has_the_faults() -> None:
    """One after the other is made for a self-test, hundreds of them."""
    correct = Engine(load_contract("clio"))
    headers = {**correct.credentials()[0]["headers"], "x-api-version": "4.0.6"}
    bent = correct.misbehaving(["filter-ignored"])
    asked = Request("GET", f"{correct.contract.base_path}/users.json", "", headers, b"")
    assert bent.handle(asked).status == 200
    program = weakref.ref(bent.program())
    del bent
    gc.collect()
    assert program() is None
    assert correct.handle(asked).status == 200


def test_a_wrong_code_stands_in_the_form_that_the_contract_declares() -> None:
    """So that nothing else about the refusal is wrong."""
    correct = Engine(load_contract("clio"))
    asked = Request("GET", f"{correct.contract.base_path}/users.json", "", {"x-api-version": "4.0.9"}, b"")
    told = json.loads(correct.handle(asked).body)
    bent = json.loads(correct.misbehaving(["error-code-wrong"]).handle(asked).body)
    assert told["error"]["type"] == "Unauthorized"
    assert bent == {"error": {**told["error"], "type": "oops"}}
