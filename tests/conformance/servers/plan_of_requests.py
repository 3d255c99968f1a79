"""Prints what one run sends, as JSON: for each operation's ground the number of requests and a digest of their bytes.

    python plan_of_requests.py CONTRACT SEED I/N [walks]

A program of its own, so that a test can run it under another hash seed: the order of a set must not matter.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from troth.conformance import Target, verify
from troth.conformance.connections import Loopback, Reply
from troth.conformance.crew import bench_of
from troth.engine import Engine

SANDBOX = "X-Troth-Sandbox"
#: The target gives credentials out, and a sandbox has a name that no run has used before.
UNPLANNED = {"x-api-key", "authorization", SANDBOX.lower()}


class Listening(Loopback):
    """Takes down every request that is not the control plane's, by the ground that it was sent on."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.heard: dict[str, list[str]] = {}

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
            ground = headers.get(SANDBOX, "").partition("-")[2].partition("-")[2]
            shown = sorted((k, v) for k, v in headers.items() if k.lower() not in UNPLANNED)
            self.heard.setdefault(ground, []).append(repr((method, url, shown, content)))
        return super().request(method, url, headers=headers, content=content, json=json)


def main(source: str, seed: str, shard: str, *walks: str) -> None:
    bench = bench_of(source)
    connection = Listening(bench.engine.fork())
    target = Target(f"http://mock.test{bench.contract.base_path}", connection=connection)
    index, count = map(int, shard.split("/"))
    verify(
        bench.contract, target, seed=int(seed), shard=(index, count), walks=bool(walks),
        instruments=bench.instruments,
    )  # fmt: skip
    plan = {
        ground: [len(sent), hashlib.sha256("\n".join(sent).encode()).hexdigest()]
        for ground, sent in connection.heard.items()
    }
    sys.stdout.write(json.dumps(plan, sort_keys=True))


main(*sys.argv[1:])
