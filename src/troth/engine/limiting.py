"""Rate limits: fixed windows that open with a partition's first request."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from troth.behaviour.model import RateLimit
from troth.engine.authenticating import Principal
from troth.engine.messages import Request
from troth.engine.refusing import Refusal
from troth.engine.state import State

__all__ = ["Limiter"]

Headers = tuple[tuple[bytes, bytes], ...]

#: How many requests before the end of a window a race begins: only there does it show, and it takes time.
_NEARLY_ALL = 4


_PARTITIONS: Mapping[str, Callable[[Principal, Request], str]] = {
    "credential": lambda principal, _request: principal.secret,
    "tenant": lambda principal, _request: principal.tenant,
    "address": lambda _principal, request: request.client,
}


def _everybody(_principal: Principal, _request: Request) -> str:
    return "everybody"


class Limiter:
    """One compiled policy. Counts a request before anything else is done with it."""

    def __init__(self, policy: RateLimit, faults: frozenset[str]) -> None:
        self.policy = policy
        self.partition = _everybody if "limit-shared" in faults else _PARTITIONS[policy.per]
        self._faults = faults
        self._races = "race-on-limit" in faults
        names = policy.headers
        self._limit = (
            (names["limit"].lower().encode(), str(policy.limit).encode()) if "limit" in names else None
        )
        self._remaining = names["remaining"].lower().encode() if "remaining" in names else None
        self._reset = names["reset"].lower().encode() if "reset" in names else None

        # The three headers with an epoch, and no fault among them: made without looking anything up.
        bent = {"rate-limit-headers-missing", "remaining-stuck", "reset-far", "reset-moves"} & faults
        self._usual: tuple[tuple[bytes, bytes], bytes, bytes] | None = None
        if self._limit and self._remaining and self._reset and policy.reset == "epoch" and not bent:
            self._usual = self._limit, self._remaining, self._reset

    def take(self, state: State, partition: str) -> Headers:
        """Count one request and give the headers of its response. Raises Refusal when the window is used up."""
        now = state.clock.now()
        key = (self.policy.name, partition)
        window = state.windows.get(key)
        if window is None or now >= window[0]:
            carried = window is not None and "window-carried" in self._faults
            used = float(self.policy.limit // 2) if carried else 0.0
            window = state.windows[key] = [float(math.floor(now) + self.policy.window), used]
        if self._races and self.policy.limit - window[1] <= _NEARLY_ALL:
            counted = window[1]
            state.open_window()
            window[1] = counted
        used = window[1] = window[1] + 1
        left = self.policy.limit - int(used)
        if left >= 0 and self._usual is not None:
            limit, remaining, reset = self._usual
            return (limit, (remaining, b"%d" % left), (reset, b"%d" % window[0]))
        headers = self._headers(max(left, 0), window[0], now)
        if left < 0 and "rate-limit-unenforced" not in self._faults:
            window[1] = float(self.policy.limit)
            wait = max(1, math.ceil(window[0] - now))
            wait = max(1, wait // 2) if "retry-after-early" in self._faults else wait
            after = () if "retry-after-missing" in self._faults else ((b"retry-after", str(wait).encode()),)
            raise Refusal(
                "rate-limited",
                f"The limit of {self.policy.limit} requests is used up.",
                None,
                headers + after,
            )
        return headers

    def _headers(self, left: int, resets: float, now: float) -> Headers:
        if "rate-limit-headers-missing" in self._faults:
            return ()
        if "remaining-stuck" in self._faults:
            left = self.policy.limit
        made = [self._limit] if self._limit else []
        if self._remaining:
            made.append((self._remaining, b"%d" % left))
        if self._reset:
            resets += self.policy.window if "reset-far" in self._faults else 0
            resets = now + self.policy.window if "reset-moves" in self._faults else resets
            shown = resets if self.policy.reset == "epoch" else max(0, math.ceil(resets - now))
            made.append((self._reset, b"%d" % shown))
        return tuple(made)
