"""Same seed, contract and version: the same requests, byte for byte, however often and in however many shards."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pytest

from troth.conformance import Outcome, Target, verify
from troth.conformance.connections import Loopback, Reply
from troth.conformance.instruments import Instruments
from troth.contract import load_contract
from troth.engine import Engine

from .conftest import BASE, engine_of

SHARDS = ((1, 4), (2, 4), (3, 4), (4, 4))
CREDENTIALS = {"x-api-key", "authorization"}  # the target gives them out, in the order of the asking


class Listening(Loopback):
    """Remembers every request that is not the control plane's, by the sandbox that it went to."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._heard: dict[str, list[tuple[bool, tuple[Any, ...]]]] = {}

    @property
    def heard(self) -> dict[str, list[tuple[Any, ...]]]:
        """In the order of their sending; which one of a batch comes first is for the batch to show, so it is sorted."""
        return {
            where: [one for batch in _batched(sent) for one in batch] for where, sent in self._heard.items()
        }

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
    ) -> Reply:
        if "/__troth" not in url and headers:
            shown = tuple(sorted((k, v) for k, v in headers.items() if k.lower() not in CREDENTIALS))
            where = dict(headers).get("X-Troth-Sandbox", "")
            alone = threading.current_thread() is threading.main_thread()
            self._heard.setdefault(where, []).append((alone, (method, url, shown, content)))
        return super().request(method, url, headers=headers, content=content, json=json)


def _batched(sent: list[tuple[bool, tuple[Any, ...]]]) -> list[list[tuple[Any, ...]]]:
    """Requests that were sent alone, and between them batches, sorted."""
    groups = groupby(sent, key=lambda one: one[0])
    return [
        [one for _, one in group] if alone else sorted(one for _, one in group) for alone, group in groups
    ]


class Planned:
    """Runs one contract with one seed again and again, and gives what was sent."""

    def __init__(self, name: str) -> None:
        self.contract = load_contract(name)
        self.instruments = Instruments.of(self.contract)
        self.engine = engine_of(self.contract)

    def run(self, shard: tuple[int, int] = (1, 1)) -> tuple[dict[str, list[tuple[Any, ...]]], Outcome]:
        connection = Listening(self.engine.fork())
        target = Target(f"{BASE}{self.contract.base_path}", connection=connection)
        outcome = verify(
            self.contract, target, seed=3, nonce="0000abcd", shard=shard, instruments=self.instruments
        )
        return connection.heard, outcome


@pytest.fixture(scope="module", params=["billing", "clientcasa"])
def planned(request: pytest.FixtureRequest) -> Planned:
    return Planned(request.param)


def test_ten_runs_send_the_same_requests(planned: Planned) -> None:
    first, _ = planned.run()
    assert sum(map(len, first.values())) > 300
    for _ in range(9):
        assert planned.run()[0] == first


def test_four_shards_send_what_one_run_sends_and_judge_the_same(planned: Planned) -> None:
    """No request more, none less, none different; every clause has the verdict of the whole."""
    whole, outcome = planned.run()
    shards = [planned.run(shard) for shard in SHARDS]
    sent: dict[str, list[tuple[Any, ...]]] = {}
    for heard, _ in shards:
        assert sent.keys().isdisjoint(heard)
        sent |= heard
    assert sent == whole
    verdicts = {case.name: case.verdict for _, part in shards for case in part.cases}
    assert verdicts == {case.name: case.verdict for case in outcome.cases}
