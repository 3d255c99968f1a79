"""Where deliveries of the target arrive, and how long to wait for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from troth.conformance.addresses import is_loopback
from troth.conformance.connections import Connection, Loopback
from troth.conformance.control import Control
from troth.conformance.listening import Listener
from troth.conformance.mailbox import Mailbox
from troth.conformance.target import Target
from troth.conformance.timeline import Looked
from troth.conformance.verdicts import NotExercised
from troth.errors import UsageError

__all__ = ["PUBLIC", "Post"]

#: What subscriptions are told where the control plane leads it to the receiver: a name that never resolves.
PUBLIC = "https://receiver.troth.test"
_PATIENCE = 3.0
_GRACE = 0.3
_PAUSE = 0.02


class Post:
    """The receiver of one run: it starts to listen when the first probe asks for an address."""

    def __init__(self, target: Target, connection: Connection, handshake: str = "") -> None:
        self.mailbox = Mailbox(handshake)
        self._target = target
        self._connection = connection
        self._listener: Listener | None = None
        self._bases: dict[str, str] = {}
        self.patience = _PATIENCE
        #: Is told when somebody has waited for what is due.
        self.noticed: Callable[[Looked], None] = lambda _looked: None

    def address(self, control: Control | None) -> str:
        """The URL below which the target can deliver. Raises NotExercised where it cannot."""
        sandbox = control.sandbox if control else ""
        if sandbox not in self._bases:
            self._bases[sandbox] = self._opened(control)
        return self._bases[sandbox]

    def _opened(self, control: Control | None) -> str:
        target = self._target
        if isinstance(self._connection, Loopback):
            if control is None or not control.lead({PUBLIC: "http://127.0.0.1"}):
                raise NotExercised("deliveries within one process take a control plane")
            self._connection.receivers[control.sandbox], self._connection.public = self.mailbox, PUBLIC
            return PUBLIC
        if not target.networked:
            raise NotExercised("deliveries need a network, and this target is asked without one")
        if target.receiver_url is not None:
            self._listen(urlsplit(target.receiver_url).path.rstrip("/"))
            return target.receiver_url.rstrip("/")
        if target.listen is None and not is_loopback(urlsplit(target.base_url).hostname or ""):
            raise NotExercised(
                "the target is on another host and cannot reach a receiver here; "
                "give --receiver URL, or url under [target.receiver]"
            )
        here = self._listen("")
        return PUBLIC if control is not None and control.lead({PUBLIC: here}) else here

    def _listen(self, prefix: str) -> str:
        if self._listener is None:
            host, port = _host_and_port(self._target.listen or "127.0.0.1:0")
            self._listener = Listener(self.mailbox, host, port, prefix)
        return self._listener.url

    def settle(self, control: Control | None, arrived: Callable[[], bool]) -> None:
        """Let everything that is due arrive: at once through a control plane, else by waiting for what is expected."""
        self.mailbox.release()
        if control is None or not control.flush():
            end = time.monotonic() + self.patience
            while not arrived() and time.monotonic() < end:
                time.sleep(_PAUSE)
            time.sleep(_GRACE)
        self.noticed(Looked())

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise UsageError(f"{text!r} is no address to listen at; write HOST:PORT, such as 127.0.0.1:9000.")
    return host, int(port)
