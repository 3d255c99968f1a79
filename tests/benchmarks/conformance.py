"""How long a verdict takes: the probes over loopback, one fault in this process, and stock Schemathesis beside them.

    python tests/benchmarks/conformance.py [CONTRACT] [--schemathesis] [--faults N]

Seconds are of the clock and of one core: the processor time of suite and mock together, which other work on the
machine does not lengthen. Schemathesis runs as ``schemathesis run`` with its default settings and one credential.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from troth.conformance.crew import bench_of
from troth.conformance.subjects import subjects_of
from troth.contract import load_contract

COMMAND = [sys.executable, "-m", "troth"]
LONGEST = 1800


@contextmanager
def mocked(contract: str, *options: str) -> Iterator[dict[str, Any]]:
    command = [*COMMAND, "mock", contract, "--port", "0", "--seed", "7", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def used() -> float:
    """The processor time of every child that has ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """(what came of it, seconds of the clock, seconds of one core); the work ends the processes that it starts."""
    clock, core = time.perf_counter(), used()
    found = work()
    return found, time.perf_counter() - clock, used() - core


def probes(contract: str) -> tuple[int, int]:
    """(clauses judged, requests) of a full run of the probes over loopback."""
    with mocked(contract) as mock:
        words = ["verify", contract, "--base-url", mock["url"], "--no-fuzz", "--json"]
        done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    judged = report["summary"]["conform"] + report["summary"]["violate"]
    return judged, report["requests"]


def stock(contract: str) -> str:
    """The last lines of ``schemathesis run`` on the same mock."""
    loaded = load_contract(contract)
    with mocked(contract, "--rate-limit", "off") as mock, tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        document.write_text(json.dumps(loaded.document, default=str), encoding="utf-8")
        owner = max(mock["credentials"], key=lambda one: ("*" in one["scopes"], len(one["scopes"])))
        headers = [
            word for name, value in owner["headers"].items() for word in ("--header", f"{name}: {value}")
        ]
        command = ["schemathesis", "run", str(document), "--url", mock["url"], *headers]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=LONGEST, cwd=folder
            )
        except subprocess.TimeoutExpired:
            return f"stopped after {LONGEST} s"
    lines = [line for line in done.stdout.splitlines() if line.strip(" =")]
    return " / ".join(lines[-2:])


def self_test(contract: str, count: int) -> tuple[float, float]:
    """(median, largest) seconds of one core for one fault in this process, everything read already."""
    bench = bench_of(contract)
    bench.alarms()
    subjects = subjects_of(bench.instruments)
    spent = []
    for subject in subjects[:: max(1, len(subjects) // count)]:
        before = time.process_time()
        bench.tried(subject)
        spent.append(time.process_time() - before)
    return statistics.median(spent), max(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("contract", nargs="?", default="clientcasa")
    parser.add_argument("--schemathesis", action="store_true", help="run it too, which takes minutes")
    parser.add_argument("--faults", type=int, default=20)
    options = parser.parse_args()
    (judged, requests), clock, core = timed(lambda: probes(options.contract))
    print(
        f"troth verify --no-fuzz   {clock:7.1f} s  {core:7.1f} s of one core  {judged} clauses, {requests} requests"
    )
    median, most = self_test(options.contract, options.faults)
    print(f"one fault, in process    {median:7.2f} s of one core in the middle, {most:.2f} s at most")
    if options.schemathesis:
        told, clock, core = timed(lambda: stock(options.contract))
        print(f"schemathesis run         {clock:7.1f} s  {core:7.1f} s of one core  {told}")


if __name__ == "__main__":
    main()
