"""Idempotency keys: a repeated request gets the first answer again, a different one under the same key is refused."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from troth.behaviour.model import Idempotency
from troth.engine.messages import Request, Response
from troth.engine.refusing import Refusal
from troth.engine.state import State

__all__ = ["Replays"]


class _Record(NamedTuple):
    fingerprint: bytes
    response: Response
    expires: float


class Replays:
    """The compiled policy. The engine runs one request of a sandbox at a time, so none is ever in flight."""

    def __init__(self, policy: Idempotency, faults: frozenset[str]) -> None:
        self._policy = policy
        self._faults = faults

    def key(self, request: Request) -> str | None:
        """The request's key, None without one. Raises Refusal on an empty or overlong one."""
        key = request.headers.get(self._policy.header)
        if key is None:
            return None
        if not 0 < len(key) <= self._policy.max_length and "key-unbounded" not in self._faults:
            raise Refusal(
                "invalid", f"The key has {len(key)} characters; 1 to {self._policy.max_length} are allowed."
            )
        return None if "idempotency-ignored" in self._faults else key

    def recall(self, state: State, scope: str, key: str, request: Request) -> Response | None:
        """The stored answer, None when the key is new or has expired. Raises Refusal on a mismatch."""
        record: _Record | None = state.replays.get(self._place(scope, key))
        if record is None or (record.expires <= state.clock.now() and "key-lasts" not in self._faults):
            return None
        if (
            record.fingerprint != _fingerprint(request)
            and "idempotency-mismatch-accepted" not in self._faults
        ):
            raise Refusal(self._policy.mismatch, "This key was used for a different request.")
        return record.response

    def stored(self, state: State, request: Request) -> Response | None:
        """The answer that is stored for the same request and key, whoever asked."""
        key, wanted = self.key(request), _fingerprint(request)
        records = (record for (_, known), record in state.replays.items() if known == key)
        return next((one.response for one in records if one.fingerprint == wanted), None)

    def keep(self, state: State, scope: str, key: str, request: Request, response: Response) -> None:
        expires = state.clock.now() + self._policy.ttl * (0.5 if "key-forgotten" in self._faults else 1)
        state.replays[self._place(scope, key)] = _Record(_fingerprint(request), response, expires)

    def _place(self, scope: str, key: str) -> tuple[str, str]:
        key = key.lower() if "key-any-case" in self._faults else key
        return ("" if "idempotency-cross-tenant" in self._faults else scope, key)


def _fingerprint(request: Request) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{request.method} {request.path}?{request.query}\n".encode("utf-8", "surrogatepass"))
    digest.update(request.body)
    return digest.digest()
