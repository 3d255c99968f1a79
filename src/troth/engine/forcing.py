"""``Prefer``: any documented outcome of any operation, forced for one request (RFC 7240; keys as Prism has them).

``code=404``, ``example=name``, ``dynamic=true``, ``wait=250ms``, ``fault=leak-foreign-read``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troth.contract.model import Contract, Media, Operation
from troth.engine.messages import Response, dump
from troth.engine.refusing import Refusal
from troth.engine.sampling import Sampler
from troth.errors import did_you_mean

__all__ = ["Preference", "forced_response", "parse_prefer"]

_PART = re.compile(r'\s*([\w-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;]*)))?')
_WAIT = re.compile(r"^(\d+(?:\.\d+)?)(ms|s)?$")
_ELSEWHERE = re.compile("30[012378]")
_STATUS = re.compile(r"^[1-5][0-9]{2}$")
_SEED = re.compile(r"^[0-9]{1,18}$")
_LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class Preference:
    """What one request asks for. ``wait`` is seconds, at most 60."""

    code: str | None = None
    example: str | None = None
    dynamic: bool = False
    seed: int | None = None
    wait: float = 0.0
    faults: frozenset[str] = frozenset()

    @property
    def forces(self) -> bool:
        return self.code is not None or self.example is not None or self.dynamic


def parse_prefer(header: str) -> Preference:
    """Read a Prefer header; unknown preferences are ignored (RFC 7240 section 2)."""
    found: dict[str, str] = {}
    faults: set[str] = set()
    for part in re.split(r"[,;]", header):
        match = _PART.match(part)
        if match:
            name, value = match[1].lower(), match[2] if match[2] is not None else match[3] or ""
            if name == "fault":
                faults.add(value)
            found.setdefault(name, value)
    wait = _WAIT.match(found.get("wait", ""))
    seconds = float(wait[1]) / (1000 if wait[2] == "ms" else 1) if wait else 0.0
    return Preference(
        code=found.get("code"),
        example=found.get("example"),
        dynamic=found.get("dynamic", "").lower() == "true",
        seed=int(found["seed"]) if _SEED.match(found.get("seed", "")) else None,
        wait=min(seconds, _LONGEST),
        faults=frozenset(faults),
    )


def forced_response(contract: Contract, operation: Operation, wanted: Preference) -> Response:
    """A documented response, from its examples or its schema. Raises Refusal naming what is documented."""
    status = wanted.code or _usual(operation)
    if status is None:
        return Response(204, [])
    response = operation.response_for(int(status)) if _STATUS.match(status) else None
    if response is None:
        known = ", ".join(operation.responses)
        hint = did_you_mean(status, operation.responses)
        raise Refusal(
            "invalid",
            f"Prefer: code={status} is not documented for {operation.id}; documented: {known}.{hint}",
        )
    media = response.json or next(iter(response.media.values()), None)
    headers = [
        (name.lower().encode(), _header_value(contract, h.schema_pointer))
        for name, h in response.headers.items()
    ]
    if media is None:
        return Response(int(status), headers)
    value = _value(contract, media, wanted)
    body = dump(value) if media is response.json else str(value).encode()
    return Response(int(status), [(b"content-type", media.spelling.encode()), *headers], body)


def _usual(operation: Operation) -> str | None:
    """The status of the documented success, or of being led elsewhere; None when only refusals are documented."""
    found = next((s for s in sorted(operation.responses) if s.startswith("2")), None)
    if found is None:
        elsewhere = (s for s in sorted(operation.responses) if _ELSEWHERE.fullmatch(s))
        return "200" if "default" in operation.responses else next(elsewhere, None)
    return found if found.isdigit() else "200"


def _header_value(contract: Contract, pointer: str | None) -> bytes:
    value = Sampler(contract).sample(pointer) if pointer else ""
    return str(value).replace("\n", " ").encode("latin-1", "replace")


def _value(contract: Contract, media: Media, wanted: Preference) -> Any:
    if wanted.example is not None:
        if wanted.example not in media.examples:
            known = ", ".join(media.examples) or "none"
            hint = did_you_mean(wanted.example, media.examples)
            raise Refusal("invalid", f"There is no example {wanted.example!r}; documented: {known}.{hint}")
        return _example(media.examples[wanted.example])
    if wanted.dynamic:
        rng = random.Random(wanted.seed)  # noqa: S311 - sample data
        return Sampler(contract, rng).sample(media.schema_pointer) if media.schema_pointer else None
    if media.examples:
        return _example(next(iter(media.examples.values())))
    return Sampler(contract).sample(media.schema_pointer) if media.schema_pointer else None


def _example(given: Any) -> Any:
    return (
        given["value"]
        if isinstance(given, Mapping)
        and set(given) <= {"value", "summary", "description"}
        and "value" in given
        else given
    )
