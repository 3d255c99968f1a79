"""How long a verdict takes: the probes over loopback, one fault in this process, and stock Schemathesis beside them.

    python tests/benchmarks/conformance.py [CONTRACT] [--faults N [--everywhere]]
        [--schemathesis [--caught N] [--fault NAME]]

Seconds are of the clock and of one core: the processor time of suite and mock together, which other work on the
machine does not lengthen. Schemathesis runs as ``schemathesis run`` with its default settings and one credential.
What a tool reports about the correct mock is no catch when it reports the same about a faulty one.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from troth.conformance.crew import bench_of
from troth.conformance.rival import one_credential
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


@dataclass(frozen=True, slots=True)
class Run:
    """One tool against one served mock: what it reports, each with the operation, and what that took."""

    tool: str
    reported: frozenset[str]
    requests: int
    seconds: float
    core: float
    note: str = ""

    def line(self) -> str:
        effort = f"{self.seconds:7.1f} s {self.core:7.1f} s of one core {self.requests:7d} requests"
        return f"{self.tool:<28} {effort}  {len(self.reported)} reported{self.note}"


def troth(contract: str, faults: Sequence[str], *, fuzz: bool) -> Run:
    """``troth verify``: the probes alone, or everything."""

    def work() -> Any:
        with mocked(contract, *faulty(faults)) as mock:
            words = [
                "verify",
                contract,
                "--base-url",
                mock["url"],
                "--json",
                *([] if fuzz else ["--no-fuzz"]),
            ]
            done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
        return json.loads(done.stdout)

    report, clock, core = timed(work)
    summary = report["summary"]
    told = frozenset(str(finding["clause"]) for finding in report["findings"])
    note = f", {summary['conform'] + summary['violate']} of {sum(summary.values())} clauses judged"
    return Run(f"troth verify{'' if fuzz else ' --no-fuzz'}", told, report["requests"], clock, core, note)


def stock(contract: str, faults: Sequence[str]) -> Run:
    """``schemathesis run`` with its default settings and one credential; no rate limit stands in its way."""
    loaded = load_contract(contract)

    def work() -> Any:
        with (
            mocked(contract, "--rate-limit", "off", *faulty(faults)) as mock,
            tempfile.TemporaryDirectory() as folder,
        ):
            document = Path(folder) / "openapi.json"
            document.write_text(json.dumps(loaded.document, default=str), encoding="utf-8")
            headers = one_credential(loaded, mock["credentials"])
            given = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
            command = [sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", mock["url"]]
            reports = ["--report", "json", "--report-dir", folder]
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [*command, *given, *reports],
                    capture_output=True,
                    check=False,
                    timeout=LONGEST,
                    cwd=folder,
                )
            found = next(Path(folder).glob("json-*.json"), None)
            return json.loads(found.read_bytes()) if found else None

    report, clock, core = timed(work)
    if report is None:
        return Run("schemathesis run", frozenset(), 0, clock, core, f", no report in {LONGEST} s")
    told = {f"{one['title']}@{operation}" for one in report["failures"] for operation in one["operations"]}
    return Run("schemathesis run", frozenset(told), report["test_cases"]["generated"], clock, core)


def side_by_side(contract: str, faults: Sequence[str]) -> None:
    """Both tools on the correct mock, then on each fault; what is reported about the correct one is no catch."""
    subjects = {subject.name: subject for subject in subjects_of(bench_of(contract).instruments)}
    tools: dict[str, Callable[[Sequence[str]], Run]] = {
        "troth": lambda given: troth(contract, given, fuzz=False),
        "schemathesis": lambda given: stock(contract, given),
    }
    correct = {name: tool(()) for name, tool in tools.items()}
    for run in (correct["troth"], troth(contract, (), fuzz=True), correct["schemathesis"]):
        print(run.line(), flush=True)
    caught = dict.fromkeys(tools, 0)
    for fault in faults:
        print(f"\n{fault} ({subjects[fault].summary})")
        for name, tool in tools.items():
            run = tool([fault])
            new = sorted(run.reported - correct[name].reported)
            caught[name] += bool(new)
            shown = ", ".join(new[:3]) + (f" and {len(new) - 3} more" if len(new) > 3 else "")
            print(
                f"  {name:<13} {run.seconds:6.1f} s {run.requests:6d} requests  {shown or 'nothing'}",
                flush=True,
            )
    if faults:
        print("\n" + ", ".join(f"{name} caught {count} of {len(faults)}" for name, count in caught.items()))


def faulty(faults: Sequence[str]) -> list[str]:
    return [word for fault in faults for word in ("--fault", fault)]


def spread(contract: str, count: int) -> list[str]:
    """So many faults of a contract, taken evenly from all of them."""
    names = [subject.name for subject in subjects_of(bench_of(contract).instruments)]
    return names[:: max(1, len(names) // count)][:count] if count else []


@dataclass(frozen=True, slots=True)
class Spent:
    """What trials of faults took in this process, in seconds of one core."""

    label: str
    seconds: tuple[float, ...]

    def line(self) -> str:
        middle, mean = statistics.median(self.seconds), statistics.mean(self.seconds)
        told = f"{middle:.2f} s in the middle, {mean:.2f} on average, {max(self.seconds):.2f} at most"
        return (
            f"{self.label:<28} {len(self.seconds):4d} faults {sum(self.seconds):7.1f} s of one core, {told}"
        )


def self_test(contract: str, count: int, *, everywhere: bool) -> Iterator[Spent]:
    """One fault after the other, everything read already; beside it every clause judged, whatever the fault shows."""
    bench = bench_of(contract)
    subjects = subjects_of(bench.instruments)
    bench.tried(subjects[0])
    for label, whole in (("self-test", False), ("self-test, every clause", True))[: 1 + everywhere]:
        spent = []
        for subject in subjects[:: max(1, len(subjects) // count)]:
            before = time.process_time()
            bench.tried(subject, everywhere=whole)
            spent.append(time.process_time() - before)
        yield Spent(label, tuple(spent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("contract", nargs="?", default="clientcasa")
    parser.add_argument("--schemathesis", action="store_true", help="run it too, which takes minutes a fault")
    parser.add_argument("--caught", type=int, default=0, metavar="N", help="on so many faults, side by side")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="on this one, side by side"
    )
    parser.add_argument("--faults", type=int, default=20, help="how many are tried in this process")
    parser.add_argument("--everywhere", action="store_true", help="beside it, every clause for every fault")
    options = parser.parse_args()
    if options.schemathesis:
        side_by_side(options.contract, [*options.fault, *spread(options.contract, options.caught)])
    else:
        print(troth(options.contract, (), fuzz=False).line())
    if options.faults:
        for spent in self_test(options.contract, options.faults, everywhere=options.everywhere):
            print(spent.line(), flush=True)


if __name__ == "__main__":
    main()
