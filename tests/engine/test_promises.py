"""Whatever is asked, in whatever order, the answer is one that the contract documents."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.contract import load_contract, validators
from troth.contract.model import Operation
from troth.engine.sampling import Sampler
from troth.testing import Mock

HERE = Path(__file__).parent
HEAD = 'openapi: 3.1.0\ninfo: {title: Plain, version: "1"}\n'
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1e308,
        2**63,
        2**70,
        0.1,
        "",
        "x",
        "\0",
        "é" * 300,
        [],
        {},
        [None],
        {"": None},
    ),
    *("2026-02-30", "2026-01-01", "9999-12-31", "2026-01-01T00:00:00Z", "draft", "sent", "void", "active"),
)


class Wanderer:
    """A caller without a plan: valid requests, bent at random, about rows that exist more often than not."""

    def __init__(self, mock: Mock, seed: int) -> None:
        self.mock = mock
        self.client = mock.client()
        self.random = random.Random(seed)
        self.sampler = Sampler(mock.contract, self.random)
        self.ids: list[str] = ["x", "%00", "1"]

    def ask(self, operation: Operation) -> httpx.Response:
        path, query = operation.path, {}
        for parameter in operation.parameters:
            if parameter.location == "path":
                path = path.replace(f"{{{parameter.name}}}", self.random.choice(self.ids))
            elif parameter.location == "query" and self.random.random() < 0.3:
                sampled = self.sampler.sample(parameter.schema_pointer) if parameter.schema_pointer else "x"
                query[parameter.name] = str(self.random.choice([*ODD, *self.ids[-3:], sampled, sampled]))
        content, headers = None, {}
        media = next(iter(operation.body.media.values()), None) if operation.body else None
        if media is not None:
            value = self.sampler.sample(media.schema_pointer) if media.schema_pointer else {}
            content, headers = json.dumps(self.bent(value)).encode(), {"content-type": media.content_type}
        return self.client.request(operation.method, path, params=query, content=content, headers=headers)

    def bent(self, value: Any) -> Any:
        chance = self.random.random()
        if chance < 0.08:
            return self.random.choice(ODD)
        if isinstance(value, dict):
            kept = {name: inner for name, inner in value.items() if self.random.random() > 0.08}
            return {name: self.known(name) or self.bent(inner) for name, inner in kept.items()}
        return [self.bent(item) for item in value] if isinstance(value, list) else value

    def known(self, name: str) -> str | None:
        """An id of a row for what looks like a reference."""
        return self.random.choice(self.ids) if name.endswith("Id") and self.random.random() < 0.8 else None

    def learn(self, value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("id"), str | int):
                self.ids.append(str(value["id"]))
            value = list(value.values())
        for inner in value if isinstance(value, list) else ():
            self.learn(inner)

    def wander(self, steps: int) -> Iterator[tuple[Operation, httpx.Response]]:
        operations = self.mock.contract.operations
        lists = [o for o in operations if o.method == "GET" and "{" not in o.path]
        for step in range(steps):
            operation = lists[step] if step < len(lists) else self.random.choice(operations)
            answer = self.ask(operation)
            if "json" in answer.headers.get("content-type", ""):
                self.learn(answer.json())
            self.ids = self.ids[:3] + self.ids[3:][-200:]
            yield operation, answer
            if step % 100 == 99:
                self.mock.advance(self.random.choice(["1d", "40d", "-10d", "1h"]))


def complaints(operation: Operation, answer: httpx.Response, checks: Any, *, strict: bool) -> list[str]:
    """How an answer differs from what is documented; without ``strict``, undocumented refusals are in order."""
    if answer.status_code >= 500:
        return [f"status {answer.status_code}"]
    documented = operation.response_for(answer.status_code)
    if documented is None:
        return [f"status {answer.status_code} is not documented"] if strict else []
    media = next(iter(documented.media.values()), None)
    if media is None:
        return ["a body that is not documented"] if answer.content and answer.status_code < 300 else []
    if media.schema_pointer is None or (not strict and answer.status_code >= 300):
        return []
    missing = [
        name for name, header in documented.headers.items() if header.required and name not in answer.headers
    ]
    violations = checks.at(media.schema_pointer, "response").violations(answer.json())
    return [f"header {name} is missing" for name in missing] + [
        f"{v.pointer}: {v.message}" for v in violations
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_clientcasa_answers_as_documented(seed: int) -> None:
    """Statuses, headers and bodies of 1,200 answers; every status that a caller can bring about occurs."""
    mock = Mock("clientcasa", rate_limit="1000000/1h")
    checks = validators(mock.contract)
    statuses = set()
    for operation, answer in Wanderer(mock, seed).wander(1200):
        statuses.add(answer.status_code)
        assert complaints(operation, answer, checks, strict=True) == [], (
            operation.id,
            answer.request,
            answer.text,
        )
    assert statuses >= {200, 201, 204, 400, 404, 409}


@pytest.mark.parametrize("name", ["pets", "store", "wrapped"])
def test_a_plain_document_is_kept_to(tmp_path: Path, name: str) -> None:
    """Successes as documented; refusals in a form of our own where the document has none."""
    path = tmp_path / f"{name}.yaml"
    path.write_text(HEAD + (HERE / f"{name}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    mock = Mock(load_contract(path))
    checks = validators(mock.contract)
    successes = 0
    for operation, answer in Wanderer(mock, 1).wander(600):
        successes += answer.is_success
        assert complaints(operation, answer, checks, strict=False) == [], (
            operation.id,
            answer.request,
            answer.text,
        )
    assert successes > 100
