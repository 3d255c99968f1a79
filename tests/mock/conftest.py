"""Mocks in child processes, spoken to over HTTP as anybody would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "error", "NO_COLOR": "1"}


@dataclass
class Answer:
    """What came back over a raw socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Running:
    """A mock in a child process; ``first`` is its first line."""

    def __init__(self, *words: str) -> None:
        self._clients: dict[str, httpx.Client] = {}
        self._errors: str | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "troth", "mock", *words, "--port", "0", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.stop())
        self.first: dict[str, Any] = json.loads(line)
        self.url: str = self.first["url"]
        self.origin = self.url.removesuffix(urlsplit(self.url).path)
        self.control = f"{self.origin}/__troth"
        parts = urlsplit(self.url)
        self.address = (str(parts.hostname), int(parts.port or 0))
        self.headers = {c["name"]: c["headers"] for c in self.first.get("credentials", ())}

    def client(self, name: str = "northlight-owner") -> httpx.Client:
        """A client of one caller, closed with the mock."""
        if name not in self._clients:
            headers = self.headers.get(name, {})
            self._clients[name] = httpx.Client(
                base_url=self.url, headers=headers, trust_env=False, timeout=20
            )
        return self._clients[name]

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=10)

    def raw(self, request: bytes, method: str = "GET") -> Answer:
        """Send bytes as they are, and read one response."""
        with self.connect() as connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have heard enough
                connection.sendall(request)
            return read(connection, method)

    def healthy(self) -> bool:
        return httpx.get(f"{self.control}/health", trust_env=False).status_code == 200

    def stop(self) -> str:
        """End the process; gives what it wrote to stderr."""
        for client in self._clients.values():
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        if self._errors is None:
            _, self._errors = self.process.communicate(timeout=10)
        return self._errors


def read(connection: socket.socket, method: str = "GET") -> Answer:
    """One response from a socket."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    body = response.read()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)


Serve = Callable[..., Running]


@pytest.fixture
def launch() -> Iterator[Serve]:
    """A function that starts ``troth mock WORDS…``; what it started ends with the test."""
    started: list[Running] = []

    def start(*words: str) -> Running:
        started.append(Running(*words))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def serve(launch: Serve) -> Iterator[Serve]:
    """As ``launch``, and the mock must have nothing to say on stderr."""
    started: list[Running] = []

    def start(*words: str) -> Running:
        started.append(launch(*words))
        return started[-1]

    yield start
    errors = [running.stop() for running in started]
    assert errors == [""] * len(errors)


@pytest.fixture(scope="package")
def server() -> Iterator[Running]:
    """One seeded mock without rate limit for the tests that leave no trace; no traceback ever reaches its stderr."""
    running = Running("clientcasa", "--seed", "1", "--rate-limit", "off")
    yield running
    assert running.stop() == ""


@pytest.fixture(scope="package")
def mounted() -> Iterator[Running]:
    """Every shipped contract from one process, seeded and without rate limits."""
    running = Running("--all", "--seed", "1", "--rate-limit", "off")
    yield running
    assert running.stop() == ""
