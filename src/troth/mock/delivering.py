"""Sends webhook deliveries that are due, in the background, and reports what came back."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from functools import cache

import httpx

from troth.engine import Engine
from troth.engine.deliveries import Delivery
from troth.engine.state import State
from troth.mock.background import Background

__all__ = ["Courier"]

_TIMEOUT = 10.0
_PAUSE = 1.0


@cache
def _trust() -> ssl.SSLContext:
    """Which certificates to believe; reading them takes longer than a delivery, so it is done once."""
    return httpx.create_ssl_context(trust_env=False)


class Courier(Background):
    """One background task an application. Redirects are not followed: 3xx is a failed attempt."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._awake: asyncio.Event | None = None
        self._sending = asyncio.Lock()

    def start(self) -> None:
        self._awake = asyncio.Event()
        super().start()

    def wake(self) -> None:
        """Look at the outboxes soon; cheap, called after every request."""
        if self._awake is not None and not self._awake.is_set() and self._waiting():
            self._awake.set()

    def _waiting(self) -> bool:
        for state in self.engine.sandboxes.values():  # noqa: SIM110 - half the time of any(), after every request
            if state.pending:
                return True
        return False

    async def _run(self) -> None:
        assert self._awake is not None  # noqa: S101 - start has set it
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), _PAUSE if self._waiting() else None)
            self._awake.clear()
            await self.deliver()
            await asyncio.sleep(0.02)

    async def deliver(self, *, prompt: bool = False) -> int:
        """Send everything that is due in every sandbox, until nothing is; gives the number of attempts.

        Whoever calls while a batch is on its way waits for it, and finds only what it left. ``prompt``: only what
        goes out before the request that caused it is answered.
        """
        attempts = 0
        async with self._sending:
            sender = self.engine.program().sender
            while work := [
                (state, delivery)
                for state in list(self.engine.sandboxes.values())
                for delivery in sender.due(state, prompt=prompt)
            ]:
                attempts += len(work)
                async with httpx.AsyncClient(
                    timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=_trust()
                ) as client:
                    await asyncio.gather(
                        *(self._attempt(client, state, delivery) for state, delivery in work)
                    )
        return attempts

    async def _attempt(self, client: httpx.AsyncClient, state: State, delivery: Delivery) -> None:
        sender = self.engine.program().sender
        headers = sender.headers(state, delivery)
        delivery.sending = True
        status: int | None = None
        error: str | None = None
        answered: Mapping[str, str] = {}
        try:
            url = sender.address(state, delivery)
            answer = await client.post(url, content=delivery.body, headers=headers)
            status, answered = answer.status_code, answer.headers
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        self.engine.delivered(state, delivery, headers, status, error, answered)
