"""Requests per second and p99 of four servers in one run, each pinned to one core, with ``wrk`` on the other.

(a) a bare ASGI application, (b) this mock with authentication, rate limit, validation and store on, (c) stock
Connexion, (d) Prism where ``--prism`` or PATH has it. Rounds are interleaved so that a noisy machine hits all alike;
each figure is the median of its rounds. The CPU time of a request is what a loaded machine disturbs least.

Usage: ``python tests/benchmarks/throughput.py --rounds 3 --seconds 4``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KINDS = ("one", "list", "create")
KEY = "cc_test_northlight_owner_0001"
BODY = {"name": "Harbour Street Bakery", "status": "active", "notes": "Prefers calls before ten."}


@dataclass
class Server:
    """One candidate: how to start it, and its figures by kind: (requests/s, p99 in ms, CPU in us a request)."""

    name: str
    command: list[str]
    base: str
    figures: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    pid: int = 0
    ready: float = 0.0
    memory: float = 0.0
    peak: float = 0.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def lowered(node: Any) -> Any:
    """A 3.1 document as 3.0, as far as this benchmark needs it."""
    if isinstance(node, list):
        return [lowered(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: lowered(value)
        for key, value in node.items()
        if key not in ("examples", "example", "x-behaviour")
    }
    if isinstance(made.get("type"), list):
        made["nullable"] = True
        made["type"] = next(kind for kind in made["type"] if kind != "null")
        if None in made.get("enum", ()):
            made["enum"] = [value for value in made["enum"] if value is not None]
    branches = made.get("anyOf")
    if isinstance(branches, list) and {"type": "null"} in branches:
        made.pop("anyOf")
        made |= {"nullable": True, "allOf": [branch for branch in branches if branch != {"type": "null"}]}
    if isinstance(made.get("exclusiveMinimum"), int | float) and not isinstance(
        made["exclusiveMinimum"], bool
    ):
        made |= {"minimum": made["exclusiveMinimum"], "exclusiveMinimum": True}
    return made


def write_fixtures(folder: Path) -> str:
    """The bodies that every server answers with, taken from the mock itself; gives the id of one client."""
    from troth.contract import load_contract, shipped  # noqa: PLC0415 - after argument parsing
    from troth.engine import Engine, Request, Settings  # noqa: PLC0415

    engine = Engine(
        load_contract("clientcasa"), Settings(seed=1, seed_file=shipped().mocks / "clientcasa" / "seed.yaml")
    )
    headers = {"x-api-key": KEY, "content-type": "application/json"}
    listed = engine.handle(Request("GET", "/api/v1/clients", headers=headers))
    identifier = str(listed.json()["data"][0]["id"])
    one = engine.handle(Request("GET", f"/api/v1/clients/{identifier}", headers=headers))
    created = engine.handle(
        Request("POST", "/api/v1/clients", headers=headers, body=json.dumps(BODY).encode())
    )
    for name, response in zip(KINDS, (one, listed, created), strict=True):
        (folder / name).write_bytes(response.body)
    document = lowered(json.loads(json.dumps(dict(load_contract("clientcasa", behaviour=False).document))))
    info = {"title": "bench", "version": "1"}
    document |= {"openapi": "3.0.3", "info": info, "servers": [{"url": "/api"}], "security": []}
    document["components"]["securitySchemes"] = {
        "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "x-apikeyInfoFunc": "stock.accept"}
    }
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["security"] = [{"apiKey": []}]
    (folder / "openapi30.json").write_text(json.dumps(document))
    script = f'wrk.method = "POST"\nwrk.body = [[{json.dumps(BODY)}]]\n'
    (folder / "create.lua").write_text(script + 'wrk.headers["content-type"] = "application/json"\n')
    return identifier


def servers(folder: Path, prism: str | None) -> list[Server]:
    found = []
    uvicorn = [
        sys.executable,
        "-m",
        "uvicorn",
        "--log-level",
        "error",
        "--no-access-log",
        "--lifespan",
        "off",
    ]
    for name, module in (("a bare ASGI", "bare:app"), ("c stock Connexion", "stock:app")):
        port = free_port()
        command = [*uvicorn, "--app-dir", str(HERE), "--port", str(port), module]
        found.append(Server(name, command, f"http://127.0.0.1:{port}/api"))
    port = free_port()
    mock = [sys.executable, "-m", "troth", "mock", "clientcasa", "--port", str(port), "--json"]
    mock += ["--rate-limit", "1000000000/1h"]
    found.insert(1, Server("b troth mock", mock, f"http://127.0.0.1:{port}/api"))
    if prism:
        port = free_port()
        command = [prism, "mock", "-p", str(port), str(folder / "openapi30.json")]
        found.append(Server("d Prism", command, f"http://127.0.0.1:{port}"))
    return found


@contextlib.contextmanager
def running(server: Server, folder: Path, identifier: str) -> Iterator[None]:
    """The server on core 0, ready to answer; its start-up time and memory are noted."""
    environment = {**os.environ, "BENCH_BODIES": str(folder)}
    started = time.monotonic()
    command = ["taskset", "-c", "0", *server.command]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        request = urllib.request.Request(f"{server.base}/v1/clients/{identifier}", headers={"x-api-key": KEY})
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5):
                break
            if process.poll() is not None or time.monotonic() - started > 30:
                raise SystemExit(f"{server.name} did not start: {' '.join(server.command)}")
            time.sleep(0.02)
        server.ready = time.monotonic() - started
        server.pid = process.pid
        server.memory = megabytes(process.pid, "VmRSS")
        yield
        server.peak = megabytes(process.pid, "VmHWM")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def megabytes(pid: int, what: str) -> float:
    """Resident memory of a process: ``VmRSS`` now, ``VmHWM`` at its highest."""
    found = re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(server: Server, kind: str, folder: Path, identifier: str, seconds: int) -> None:
    path = {"one": f"/v1/clients/{identifier}", "list": "/v1/clients", "create": "/v1/clients"}[kind]
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "-t1",
        "-c16",
        f"-d{seconds}s",
        "--latency",
        "-H",
        f"x-api-key: {KEY}",
    ]
    if kind == "create":
        command += ["-s", str(folder / "create.lua")]
    before = cpu_seconds(server.pid)
    output = subprocess.run([*command, server.base + path], capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(server.pid) - before
    answered = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    if rate is None or tail is None or answered is None or "Non-2xx" in output:
        raise SystemExit(f"{server.name} {kind}: {output}")
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[tail[2]]
    cpu = used / int(answered[1]) * 1e6
    server.figures.setdefault(kind, []).append((float(rate[1]), float(tail[1]) * scale, cpu))


def report(found: list[Server], *, as_json: bool) -> None:
    def median(server: Server, kind: str, index: int) -> float:
        return statistics.median(figure[index] for figure in server.figures[kind])

    if as_json:
        print(json.dumps([{**vars(server)} for server in found], indent=2))
        return
    print(
        f"{'':20}"
        + "".join(f"{'GET ' + k if k != 'create' else 'POST create':>29}" for k in KINDS)
        + "   ready  memory ready, peak"
    )
    for server in found:
        cells = "".join(
            f"{median(server, k, 0):>9,.0f}/s {median(server, k, 1):>6.2f} ms {median(server, k, 2):>4.0f} us"
            for k in KINDS
        )
        print(f"{server.name:20}{cells}  {server.ready:5.2f} s {server.memory:5.0f} MB {server.peak:5.0f} MB")
    ours = next(server for server in found if server.name.startswith("b"))
    for server in found:
        if server is not ours:
            ratios = "  ".join(f"{k} {median(ours, k, 0) / median(server, k, 0):.2f}" for k in KINDS)
            cheaper = "  ".join(f"{k} {median(server, k, 2) / median(ours, k, 2):.2f}" for k in KINDS)
            print(f"this mock / {server.name}: {ratios}   (by CPU time: {cheaper})")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument(
        "--prism", default=shutil.which("prism"), help="the prism executable of @stoplight/prism-cli"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing; install it with: apt-get install wrk")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        identifier = write_fixtures(folder)
        found = servers(folder, given.prism)
        for _ in range(given.rounds):
            for server in found:
                with running(server, folder, identifier):
                    for kind in KINDS:
                        load(server, kind, folder, identifier, given.seconds)
        report(found, as_json=given.json)


if __name__ == "__main__":
    main()
