"""The HTTP server around the mock: bind, announce, serve until told to stop."""

from __future__ import annotations

import gc
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn

from troth.errors import UsageError
from troth.mock.edge import MockApplication
from troth.mock.mounting import Mounts
from troth.mock.protocol import JoiningProtocol

__all__ = ["listen", "serve"]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises UsageError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(1024)
    except OSError as error:
        found.close()
        reason = error.strerror or str(error)
        raise UsageError(
            f"{host}:{port} cannot be used: {reason}. Choose another --port, or 0 for a free one."
        ) from error
    return found


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As uvicorn does, but the signal is not raised again afterwards: being told to stop is no failure."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(application: MockApplication | Mounts, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is called once connections are answered."""
    config = uvicorn.Config(
        application,
        interface="asgi3",
        http=JoiningProtocol,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        date_header=True,
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    # What start-up has built stays: keep the collector from walking it again and again under load.
    gc.collect()
    gc.freeze()
    # Rows stay as well, and none of them is part of a circle: whole collections find next to nothing under load.
    gc.set_threshold(20_000, 20, 500)
    _Server(config, ready).run(sockets=[listening])
