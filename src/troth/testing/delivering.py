"""Webhook deliveries in a test: what is due goes to a function or to an httpx client, and the outcome is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from troth.engine import Engine
from troth.engine.deliveries import Delivery
from troth.engine.state import State

__all__ = ["Receiver", "deliver", "deliver_async"]

#: Gets each delivery; a function answers with a response, a status, or nothing for 204.
Receiver = httpx.Client | Callable[[httpx.Request], httpx.Response | int | None]

_NO_CONTENT = 204


def deliver(engine: Engine, state: State, receiver: Receiver, below: str) -> list[Delivery]:
    """One attempt for everything that is due. What the function raises, apart from httpx errors, goes to the caller."""
    taken = _take(engine, state, below)
    for delivery in taken:
        request, status, error = _request(engine, state, delivery), None, None
        answered: Mapping[str, str] = {}
        try:
            answer = _send(receiver, request)
            status, answered = answer.status_code, answer.headers
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = f"{type(failure).__name__}: {failure}"
        finally:
            engine.delivered(state, delivery, dict(request.headers), status, error, answered)
    return taken


async def deliver_async(
    engine: Engine, state: State, receiver: httpx.AsyncClient, below: str
) -> list[Delivery]:
    """As :func:`deliver`, through an asynchronous client (``httpx.ASGITransport`` for an application in-process)."""
    taken = _take(engine, state, below)
    for delivery in taken:
        request, status, error = _request(engine, state, delivery), None, None
        answered: Mapping[str, str] = {}
        try:
            answer = await receiver.send(request, follow_redirects=False)
            status, answered = answer.status_code, answer.headers
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = f"{type(failure).__name__}: {failure}"
        finally:
            engine.delivered(state, delivery, dict(request.headers), status, error, answered)
    return taken


def _take(engine: Engine, state: State, below: str) -> list[Delivery]:
    """What is due, and what the server would never try because its host cannot exist: here it is only a name."""
    with state.lock:
        program = engine.program()
        for delivery in program.dispatcher.log(state):
            if delivery.outcome == "unreachable" and delivery.url.startswith(below):
                delivery.reached = True
                state.pending[delivery.id] = delivery
        taken = [delivery for delivery in program.sender.due(state) if delivery.url.startswith(below)]
        for delivery in taken:
            delivery.sending = True
    return taken


def _request(engine: Engine, state: State, delivery: Delivery) -> httpx.Request:
    headers = engine.program().sender.headers(state, delivery)
    return httpx.Request("POST", delivery.url, headers=headers, content=delivery.body)


def _send(receiver: Receiver, request: httpx.Request) -> httpx.Response:
    if isinstance(receiver, httpx.Client):
        return receiver.send(request, follow_redirects=False)
    answer = receiver(request)
    if isinstance(answer, httpx.Response):
        return answer
    return httpx.Response(_NO_CONTENT if answer is None else answer)
