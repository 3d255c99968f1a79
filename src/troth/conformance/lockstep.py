"""A fault seen without judging: a bent mock is asked again what the correct one was, and answers are held side by side.

The suite asks what follows from the answers that it got. So on a ground whose every request is answered byte for byte
as by the correct mock, every request would have been the same one, and every verdict stands. This names no clause, no
operation and no fault, so it stays true whatever probes and faults there are. Time stands still in a mock with a seed
unless the suite moves it, and only what lets parallel requests into each other depends on more than their order.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from troth.conformance.connections import Loopback, Receiver
from troth.conformance.reach import Followed
from troth.engine import Engine, Request, Response
from troth.engine.control import CONTROL_PATH

__all__ = ["Delivered", "Recorder", "Step", "departing"]

#: What a mock says of itself names its faults; the suite reads nothing but that there is a control plane.
_HEALTH = f"{CONTROL_PATH}/health"


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery to the suite's receiver, and what that answered."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answered: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a run, the control plane's among them, and all that came of it.

    ``deliveries`` is None where nobody could receive any yet; ``parallel`` requests left together with others;
    ``clause`` names the clause for whose sake it was sent.
    """

    sandbox: str
    request: Request
    answer: tuple[Any, ...]
    deliveries: tuple[Delivered, ...] | None
    parallel: bool = False
    clause: str = ""


class Recorder(Followed):
    """A connection that keeps every step of a run, in the order in which the mock took them."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.steps: list[Step] = []
        #: The name of the clause that is being judged.
        self.clause = ""
        self._lock = threading.Lock()
        self._own = threading.get_ident()

    def handled(self, made: Request, sandbox: str) -> Response:
        if made.path == _HEALTH:
            return super().handled(made, sandbox)
        receiver = self.receivers.get(sandbox)
        with self._lock:  # requests that leave together are taken one after the other anyway
            witness = None if receiver is None else _Witness(receiver)
            if witness is not None:
                self.receivers[sandbox] = witness
            response = super().handled(made, sandbox)
            if receiver is not None:
                self.receivers[sandbox] = receiver
            told = None if witness is None else tuple(witness.seen)
            parallel = threading.get_ident() != self._own
            self.steps.append(Step(sandbox, made, _told(response), told, parallel, self.clause))
        return response


class _Witness:
    """Writes down what a receiver takes."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.seen: list[Delivered] = []

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        status, answered = self._receiver.take(path, headers, body)
        self.seen.append(Delivered(path, dict(headers), body, status, dict(answered)))
        return status, answered


class _Stand:
    """Answers deliveries as the receiver of the run did, as long as they are the same."""

    def __init__(self, expected: Iterable[Delivered]) -> None:
        self._expected = list(expected)
        self._other = False

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        known = self._expected.pop(0) if self._expected else None
        if known is None or (known.path, known.headers, known.body) != (path, headers, body):
            self._other = True
            return 0, {}
        return known.status, dict(known.answered)

    @property
    def departed(self) -> bool:
        """Whether anything else came than what was expected."""
        return self._other or bool(self._expected)


def departing(engine: Engine, steps: Iterable[Step], sandboxes: Collection[str], public: str) -> set[str]:
    """The sandboxes among some in which an engine answers or delivers otherwise than the steps tell.

    The engine has as much behind it as the recorded one had at its beginning. Nothing is asked of a sandbox any more
    once it has departed.
    """
    connection, found, left = Loopback(engine), set[str](), set(sandboxes)
    connection.public = public
    for step in steps:
        if step.sandbox in left and _departs(connection, step):
            left.remove(step.sandbox)
            found.add(step.sandbox)
    return found


def _departs(connection: Loopback, step: Step) -> bool:
    stand = None if step.deliveries is None else _Stand(step.deliveries)
    if stand is not None:
        connection.receivers[step.sandbox] = stand
    state = connection.engine.state(step.sandbox)
    state.alone, state.raced = True, False
    response = connection.handled(step.request, step.sandbox)
    return (
        _told(response) != step.answer
        or (stand is not None and stand.departed)
        or (step.parallel and state.raced)
    )


def _told(response: Response) -> tuple[Any, ...]:
    return response.status, tuple(response.headers), response.body
