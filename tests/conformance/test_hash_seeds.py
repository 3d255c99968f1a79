"""The plan of a run is the same in other processes, where sets and dictionaries of hashes have other orders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parent / "servers" / "plan_of_requests.py"
SHARDS = ("1/4", "2/4", "3/4", "4/4")


def plan(
    hash_seed: int, contract: str, shard: str = "1/1", *, seed: int = 3, walks: bool = True
) -> dict[str, Any]:
    """What a run sends, by ground: how many requests, and a digest of them."""
    words = [
        sys.executable,
        "-W",
        "ignore",
        str(PROGRAM),
        contract,
        str(seed),
        shard,
        *(["walks"] if walks else []),
    ]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_ten_processes_send_the_same_bytes() -> None:
    """Probes and walks, each time under another hash seed; another seed of the run sends others."""
    with ThreadPoolExecutor(2) as pool:
        plans = list(pool.map(lambda number: plan(number, "billing"), range(10)))
    assert sum(count for count, _ in plans[0].values()) > 900
    assert any(name.startswith("walks-") for name in plans[0])
    assert plans == [plans[0]] * 10
    assert plan(0, "billing", seed=4) != plans[0]


def test_four_shards_in_processes_of_their_own_send_what_one_run_sends() -> None:
    """Ground by ground, walks as well: nothing that the whole does not send, and nothing less."""
    with ThreadPoolExecutor(2) as pool:
        whole, *shards = pool.map(
            lambda number: plan(20 + number, "billing", ("1/1", *SHARDS)[number]), range(5)
        )
    joined: dict[str, Any] = {}
    for shard in shards:
        assert all(whole[ground] == sent for ground, sent in shard.items())
        joined |= shard
    assert joined == whole
