"""A server of a few lines: what it answers is a function of the request, and it remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from troth.engine import Engine, Request
from troth.engine.control import CONTROL_PATH, Control


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are in lower case."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plain:
    """A server that listens; ``asked`` grows."""

    origin: str
    asked: list[Asked]


@contextmanager
def plain(answer: Callable[[Asked], Answer]) -> Iterator[Plain]:
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            asked.append(Asked(self.command, self.path, headers, body))
            found = answer(asked[-1])
            self.send_response(found.status)
            for name, value in {**found.headers, "content-length": str(len(found.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.body)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Plain(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def serving(engine: Engine) -> Callable[[Asked], Answer]:
    """What an engine and its control plane answer."""
    control = Control(engine)

    def answer(asked: Asked) -> Answer:
        path, _, query = asked.target.partition("?")
        made = Request(asked.method, path, query, asked.headers, asked.body, "127.0.0.1")
        found = (control if path.startswith(CONTROL_PATH) else engine).handle(made)
        skipped = (b"content-length", b"date", b"server")
        headers = {
            n.decode("latin-1"): v.decode("latin-1") for n, v in found.headers if n.lower() not in skipped
        }
        return Answer(found.status, found.body, headers)

    return answer
