"""A small HTTP server in a thread of its own: what comes in goes into a mailbox."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from troth.conformance.mailbox import Mailbox
from troth.errors import UsageError

__all__ = ["Listener"]

_LONGEST = 5_000_000


class Listener:
    """Listens from its making until it is closed. Raises UsageError where nothing can listen."""

    def __init__(self, mailbox: Mailbox, host: str = "127.0.0.1", port: int = 0, prefix: str = "") -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 15

            def do_POST(self) -> None:
                length = self.headers.get("content-length", "0")
                body = self.rfile.read(min(int(length), _LONGEST)) if length.isdigit() else b""
                path, given = self.path.removeprefix(prefix), dict(self.headers.items())
                mailbox.wait(path, given)
                status, headers = mailbox.take(path, given, body)
                self.send_response(status)
                for name, value in {**headers, "content-length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """What comes in is kept, not printed."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise UsageError(f"Nothing can listen at {host}:{port}: {error.strerror}.") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        self.url = f"http://{host}:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
