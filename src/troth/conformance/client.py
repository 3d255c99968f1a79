"""The one place that sends requests: paced, recorded, and patient with rate limits."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from troth.behaviour.model import RateLimit
from troth.conformance.actors import Actor, Cast
from troth.conformance.connections import Connection
from troth.conformance.control import SANDBOX, Control
from troth.conformance.exchanges import Exchange
from troth.conformance.secrecy import given_out
from troth.conformance.target import Target
from troth.conformance.timeline import Entry
from troth.conformance.verdicts import Inconclusive, Throttled
from troth.errors import TargetError

__all__ = ["Client"]

_PATIENCE = 3.0
#: How often in a row a refusal for the limit is waited for; a target that does nothing else gets no more patience.
_WAITS = 6
_RESERVE = 4
_TOO_MANY = 429
_LOST_IN_A_ROW = 5
#: How much longer a gap is than the rate asks for: requests do not take equally long to arrive.
_SPARING = 1.02
#: How many requests find out where a target is and what it can do.
_FINDING = 3

ABSENT: Any = object()


class Client:
    """Sends requests as actors. A used-up credential is replaced where the target allows it."""

    def __init__(
        self,
        target: Target,
        connection: Connection,
        control: Control | None,
        cast: Cast,
        limits: Sequence[RateLimit],
    ) -> None:
        self.base_url = target.base_url.rstrip("/")
        self.gap = _SPARING / target.rate if target.rate else 0.0
        #: What has found the target has been sent already.
        self._next = time.monotonic() + _FINDING * self.gap
        self._turn = threading.Lock()
        self._origin = urlsplit(self.base_url)[:2]
        self._beginning = "{}://{}/".format(*self._origin)
        self._connection = connection
        self._cast = cast
        #: Where requests go on a target that has sandboxes.
        self.sandbox = control.sandbox if control else None
        self._remaining = [
            limit.headers["remaining"].lower() for limit in limits if "remaining" in limit.headers
        ]
        #: The version that requests name unless they name another one, and where: header or query parameter.
        self.version: tuple[str, str, str] | None = None
        self._lost = 0
        self._waited = 0
        #: How often known actors got an answer of a status and a media type.
        self.answers: Counter[tuple[int, str]] = Counter()
        self.log: list[Entry] = []
        #: The first success of each credential, whatever it was about.
        self.earliest: dict[tuple[str, ...], Exchange] = {}
        #: Whether somebody has let time pass so that a window may be seen to stand.
        self.rested = False
        self._batches = 0
        self._networked = target.networked
        self._opened = 1
        self._pool: tuple[int, ThreadPoolExecutor] | None = None
        #: Everybody who has spoken, by name.
        self.actors: dict[str, Actor] = {}
        self.sent = 0
        self.starved = False

    def send(
        self,
        actor: Actor | None,
        method: str,
        path: str,
        *,
        operation: str | None = None,
        query: Sequence[tuple[str, Any]] = (),
        headers: Mapping[str, str | None] | None = None,
        body: Any = ABSENT,
        raw: bytes | None = None,
        patient: bool = True,
        root: str | None = None,
    ) -> Exchange:
        """One exchange; a header that is None is left out, and ``root`` stands in the place of the base URL.

        Raises Throttled when the limit stands in the way, unless ``patient`` is False.
        """
        query, extra = self._versioned(query)
        start = self.base_url if root is None else root
        url = start + path
        if query:  # some documents have paths with a query
            url += ("&" if "?" in path else "?") + "&".join(_pair(k, _text(v)) for k, v in query)
        content = raw if raw is not None else b"" if body is ABSENT else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if content else {}
        extra |= {SANDBOX: self.sandbox} if self.sandbox else {}
        wanted = {"Accept": "application/json", **extra, **(headers or {})}
        given |= {name: value for name, value in wanted.items() if value is not None}
        for _attempt in range(3):
            if patient and actor and actor.remaining is not None and actor.remaining < _RESERVE:
                self._cast.renew(actor)
            found = self._exchange(actor, operation, method, url, given, content)
            if found.status != _TOO_MANY or not patient:
                self._waited = 0 if found.status != _TOO_MANY else self._waited
                return found
            if not (actor and self._cast.renew(actor)):
                self._wait(found)
        self.starved = True
        raise Throttled(f"the target answers 429 to {method} {path}")

    @property
    def version_name(self) -> str | None:
        """The header or parameter that names a version, where there are several."""
        return self.version[1] if self.version else None

    def _versioned(
        self, query: Sequence[tuple[str, Any]]
    ) -> tuple[Sequence[tuple[str, Any]], dict[str, str]]:
        """The query and the headers that name the version of the contract."""
        if self.version is None:
            return query, {}
        place, name, value = self.version
        if place == "header":
            return query, {name: value}
        named = [pair for pair in query if pair[0] == name] or [(name, value)]
        rest = [pair for pair in query if pair[0] != name]
        return [*rest, *(pair for pair in named if pair[1] is not None)], {}

    def _exchange(
        self,
        actor: Actor | None,
        operation: str | None,
        method: str,
        url: str,
        given: Mapping[str, str],
        content: bytes,
    ) -> Exchange:
        own, taken = actor.headers if actor else {}, _lower(given)
        headers = {**given, **{name: value for name, value in own.items() if name.lower() not in taken}}
        if not self._is_named(url):
            raise Inconclusive(f"{url} is on a host that was not named, so nothing is sent there")
        self.pace()
        try:
            response = self._connection.request(method, url, headers=headers, content=content)
        except httpx.HTTPError as error:
            self._lost += 1
            if self._lost >= _LOST_IN_A_ROW:
                raise TargetError(
                    f"The target at {self.base_url} stopped answering: {str(error).rstrip('.')}."
                ) from error
            raise Inconclusive(f"{method} {url} got no answer: {error or type(error).__name__}") from error
        self._lost = 0
        self.sent += 1
        found = Exchange(
            actor.name if actor else "anonymous", operation, method, url, headers, content,
            response.status_code, dict(response.headers), response.content, self._cast.secrets,
        )  # fmt: skip
        self._cast.secrets |= given_out(found.response_headers, found.content)
        self.log.append(found)
        if actor is not None:
            self.actors[actor.name] = actor
            if found.ok:
                self.earliest.setdefault((actor.name, *own.values()), found)
            self.answers[found.status, (found.header("content-type") or "").partition(";")[0].strip()] += 1
            actor.remaining = self.left(found)
        return found

    def spare(self, actor: Actor, count: int) -> None:
        """Give an actor an unused credential where its own may not last for some requests more."""
        if actor.remaining is not None and actor.remaining < _RESERVE + count:
            self._cast.renew(actor)

    def at_once(self, requests: Sequence[Callable[[], Exchange]], gap: float = 0.0) -> list[Exchange]:
        """The answers to requests that leave together, each on a thread of its own; ``gap``: seconds between them."""
        self._open_up(len(requests))
        ready = threading.Barrier(len(requests))

        def sent(number: int) -> Exchange:
            ready.wait()
            if gap * number:
                time.sleep(gap * number)
            return requests[number]()

        since, self._batches = len(self.log), self._batches + 1
        pool = self._threads(len(requests))
        begun = [pool.submit(sent, number) for number in range(len(requests))]
        wait(begun)  # all of them have ended when one of them raises
        found = [replace(one.result(), batch=self._batches) for one in begun]
        self.log[since:] = found  # in this order, whoever was first
        for one in found:
            left, actor = self.left(one), self.actors.get(one.principal)
            if actor is not None and left is not None:
                actor.remaining = min(left, left if actor.remaining is None else actor.remaining)
        return found

    def _open_up(self, count: int) -> None:
        """Have so many connections: those of a batch would not leave together if some had to be opened first."""
        if not self._networked or count <= self._opened:
            return

        def ask(_number: int) -> None:
            ready.wait()
            self.pace()
            with suppress(httpx.HTTPError):
                self._connection.request("GET", self.base_url)

        ready, self._opened = threading.Barrier(count), count
        self.sent += count
        list(self._threads(count).map(ask, range(count)))

    def _threads(self, count: int) -> ThreadPoolExecutor:
        """So many threads at least, the same ones for every batch."""
        if self._pool is None or self._pool[0] < count:
            self.close()
            self._pool = count, ThreadPoolExecutor(count)
        return self._pool[1]

    def close(self) -> None:
        """No batch is sent any more."""
        if self._pool is not None:
            self._pool[1].shutdown()
            self._pool = None

    def _is_named(self, url: str) -> bool:
        """Whether a URL is on the host of the target, at its port."""
        return url.startswith(self._beginning) or urlsplit(url)[:2] == self._origin

    def left(self, exchange: Exchange) -> int | None:
        """What the answer says is left of the tightest limit; None when it does not say."""
        told = [value for name in self._remaining if (value := exchange.header(name)) and value.isdigit()]
        return min(map(int, told)) if told else None

    def pace(self) -> None:
        """Wait until the next request may leave, whoever else waits: those of a batch leave one after the other too."""
        if not self.gap:
            return
        with self._turn:
            now = time.monotonic()
            leaves = max(now, self._next)
            self._next = leaves + self.gap
        time.sleep(leaves - now)

    def _wait(self, exchange: Exchange) -> None:
        after = exchange.header("retry-after") or ""
        self._waited += 1
        if not after.isdigit() or int(after) > _PATIENCE or self._waited > _WAITS:
            self.starved = True
            raise Throttled(
                f"the target's limit is used up (Retry-After: {after or 'not given'}); use --rate or more credentials"
            )
        time.sleep(int(after))


def _lower(headers: Mapping[str, str]) -> set[str]:
    return {name.lower() for name in headers}


@lru_cache(maxsize=1024)
def _pair(name: str, value: str) -> str:
    """One parameter of a query."""
    return urlencode([(name, value)], safe=",")


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) or value is None else str(value)
