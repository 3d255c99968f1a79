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


def test_what_a_fault_remembers_of_deleted_rows_goes_with_a_reset() -> None:
    """It belongs to the sandbox: no other one counts them, and none does after the seed is back."""
    bent = Engine(load_contract("clientcasa")).misbehaving(["deleted-counted"])
    base, headers = bent.contract.base_path, bent.credentials()[0]["headers"]

    def total(sandbox: str = "") -> int:
        asked = Request("GET", f"{base}/v1/clients", "", {**headers, "x-troth-sandbox": sandbox}, b"")
        return int(json.loads(bent.handle(asked).body)["pagination"]["total"])

    made = bent.handle(Request("POST", f"{base}/v1/clients", "", headers, b'{"name": "Gone soon"}'))
    before = total()
    path = f"{base}/v1/clients/{json.loads(made.body)['id']}"
    assert bent.handle(Request("DELETE", path, "", headers, b"")).status == 204
    assert total() == before
    assert total("another") == before - 1
    bent.reset()
    assert total() == before - 1
