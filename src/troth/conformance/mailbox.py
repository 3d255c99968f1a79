"""What a receiver of deliveries got, by address, and what it answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["Hook", "Mailbox"]

_ACCEPTED = 204


@dataclass(frozen=True)
class Hook:
    """One delivery as it arrived. Header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int

    @cached_property
    def json(self) -> Any:
        """The body, None when it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def as_fact(self) -> dict[str, Any]:
        """The delivery as evidence."""
        return {
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.body.decode("utf-8", "replace"),
        }


class Mailbox:
    """Addresses are paths. Unless told otherwise a delivery is accepted, and a handshake repeated."""

    def __init__(self, handshake: str = "") -> None:
        self._handshake = handshake
        self._lock = threading.Lock()
        self._got: dict[str, list[Hook]] = {}
        self._answers: dict[str, list[int]] = {}
        self._silent: set[str] = set()
        self._held: dict[str, tuple[float, threading.Event]] = {}

    def answer(self, path: str, *statuses: int) -> None:
        """What an address answers from now on, the last status for good."""
        with self._lock:
            self._answers[path] = list(statuses)

    def silence(self, path: str) -> None:
        """Let an address accept handshakes without repeating the secret."""
        self._silent.add(path)

    def hold(self, path: str, seconds: float) -> None:
        """Let each delivery to an address wait so long before it is taken and answered, or until all are released."""
        self._held[path] = seconds, threading.Event()

    def release(self) -> None:
        """Let no delivery wait any more."""
        for _, released in self._held.values():
            released.set()

    def wait(self, path: str, headers: Mapping[str, str]) -> None:
        """Wait as a delivery to an address has to; a handshake does not."""
        greets = bool(self._handshake) and any(name.lower() == self._handshake for name in headers)
        if path in self._held and not greets:
            seconds, released = self._held[path]
            released.wait(seconds)

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Take one request; gives status and headers of the answer."""
        given = {name.lower(): value for name, value in headers.items()}
        secret = given.get(self._handshake) if self._handshake else None
        if secret is not None:
            with self._lock:
                self._got.setdefault(path, []).append(Hook(path, given, body, 200))
            return 200, {} if path in self._silent else {self._handshake: secret}
        with self._lock:
            answers = self._answers.get(path, [_ACCEPTED])
            status = answers.pop(0) if len(answers) > 1 else answers[0]
            self._got.setdefault(path, []).append(Hook(path, given, body, status))
        return status, {}

    def got(self, path: str) -> list[Hook]:
        """The deliveries to an address in their order, handshakes left out."""
        with self._lock:
            found = list(self._got.get(path, ()))
        return [hook for hook in found if not (self._handshake and self._handshake in hook.headers)]

    def greeted(self, path: str) -> bool:
        """Whether a handshake came to an address."""
        with self._lock:
            return any(self._handshake in hook.headers for hook in self._got.get(path, ()))
