"""Where the deliveries of a replay arrive, and who has signed them.

It needs nothing but Python's standard library, so that scripts carry it along.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

__all__ = ["Inboxes", "Listening", "made_secret", "moment_of", "shown", "signed"]


class Inboxes(Protocol):
    """Where deliveries arrive. Names of headers are in lower case."""

    def address(self, control: str, sandbox: str) -> tuple[str, Mapping[str, str]]:
        """The URL below which the server can deliver, and what the control plane has to lead where for that."""

    def open(self, path: str, answers: Sequence[int], handshake: str, *, silent: bool, held: float) -> None:
        """Take what comes to a path, each after so many seconds; the last of the answers holds for good."""

    def release(self) -> None:
        """Let no delivery wait any more."""

    def got(self, path: str) -> list[tuple[Mapping[str, str], bytes]]:
        """The deliveries in their order, handshakes left out."""

    def greeted(self, path: str) -> bool:
        """Whether a handshake came."""


class Listening:
    """A small HTTP server on this machine that takes deliveries until it is closed."""

    #: A name that never resolves: where subscriptions point while the control plane leads them here.
    public = "https://receiver.troth.test"

    def __init__(self) -> None:
        self._got: dict[str, list[tuple[dict[str, str], bytes]]] = {}
        self._about: dict[str, tuple[list[int], str, bool]] = {}
        self._held: dict[str, tuple[float, threading.Event]] = {}
        self._greeted: set[str] = set()
        listening = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, told = listening.take(self.path, headers, body)
                self.send_response(status)
                for name, value in {**told, "content-length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """What comes in is kept, not printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Keep one request; gives the answer to it."""
        answers, handshake, silent = self._about.get(path, ([204], "", False))
        if handshake and handshake in headers:
            self._greeted.add(path)
            return 200, {} if silent else {handshake: headers[handshake]}
        if path in self._held:
            seconds, released = self._held[path]
            released.wait(seconds)
        status = answers.pop(0) if len(answers) > 1 else answers[0]
        self._got.setdefault(path, []).append((headers, body))
        return status, {}

    def address(self, control: str, _sandbox: str) -> tuple[str, Mapping[str, str]]:
        here = f"http://127.0.0.1:{self._server.server_port}"
        return (self.public, {self.public: here}) if control else (here, {})

    def open(self, path: str, answers: Sequence[int], handshake: str, *, silent: bool, held: float) -> None:
        self._about[path] = (list(answers) or [204], handshake, silent)
        self._held[path] = held, threading.Event()

    def release(self) -> None:
        for _, released in self._held.values():
            released.set()

    def got(self, path: str) -> list[tuple[Mapping[str, str], bytes]]:
        return list(self._got.get(path, ()))

    def greeted(self, path: str) -> bool:
        return path in self._greeted

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def made_secret(mark: str) -> str:
    """A new secret: words in hexadecimal, or in base64 behind a mark."""
    made = secrets.token_bytes(32)
    return mark + base64.b64encode(made).decode() if mark else made.hex()[:48]


def signed(signing: Mapping[str, Any], secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a delivery carries a signature that fits its time, its id, its body and a secret."""
    told = headers.get(signing["header"].lower(), "")
    identifier = headers.get(signing["identifier"].lower(), "") if signing["identifier"] else ""
    content = b""
    for part in re.split(r"(\{body\}|\{timestamp\}|\{id\})", signing["content"]):
        filled = {
            "{body}": body,
            "{timestamp}": moment_of(signing, headers).encode(),
            "{id}": identifier.encode(),
        }
        content += filled.get(part, part.encode())
    key = secret.encode()
    if signing["decoded"]:
        try:
            key = base64.b64decode(secret.removeprefix(signing["mark"]), validate=True)
        except ValueError:
            key = secret.encode()
    digest = hmac.new(key, content, hashlib.sha256).digest()
    wanted = digest.hex() if signing["encoding"] == "hex" else base64.b64encode(digest).decode()
    parts = told.split(signing["separator"]) if signing["separator"] else [told]
    return any(
        hmac.compare_digest(f"{signing['prefix']}{wanted}".encode(), one.strip().encode()) for one in parts
    )


def moment_of(signing: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """When a delivery says that it was signed, in Unix seconds; empty when it does not."""
    if not signing["timed"]:
        return ""
    if signing["timestamp"]:
        return headers.get(signing["timestamp"].lower(), "")
    pairs = (part.partition("=") for part in headers.get(signing["header"].lower(), "").split(","))
    return next((value for name, _, value in pairs if name.strip() == "t"), "")


def shown(
    about: Mapping[str, Any], known: Mapping[str, str], now: float, headers: Mapping[str, str], body: bytes
) -> dict[str, Any]:
    """One delivery as JSON: its body, which of the known secrets have signed it, and whether it did so just now."""
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = body.decode("utf-8", "replace")
    found: dict[str, Any] = {"body": parsed}
    signing = about.get("signing")
    if signing:
        found["signed"] = {name: signed(signing, secret, headers, body) for name, secret in known.items()}
        found["signedOtherwise"] = signed(signing, "another secret", headers, body) or any(
            signed(signing, secret, headers, body + b" ") for secret in known.values()
        )
        moment = moment_of(signing, headers)
        if moment:
            found["fresh"] = moment.isdigit() and abs(now - int(moment)) <= signing["tolerance"]
    return found
