"""A concrete value that one schema admits and another refuses, checked with the validator before it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

import orjson

from troth.compatibility.containment import covers, validator
from troth.compatibility.samples import edges, sample

__all__ = ["MISSING", "Judgement", "find_witness", "first_witness", "judge"]

JSON = Any
MISSING = object()


@dataclass(frozen=True, slots=True)
class Judgement:
    """``proved``: every value is still admitted; ``refuted``: the witness is not; ``unknown``: with the reason."""

    verdict: Literal["proved", "refuted", "unknown"]
    witness: JSON = None
    reason: str = ""


def judge(admitted: Mapping[str, JSON], by: Mapping[str, JSON], hints: Iterable[JSON] = ()) -> Judgement:
    """Whether every value that ``admitted`` admits is admitted ``by`` the other schema."""
    found = find_witness(admitted, by, hints)
    if found is not MISSING:
        return Judgement("refuted", found)
    if covers(by, admitted):
        return Judgement("proved")
    return Judgement(
        "unknown", reason="containment is not decided for these schemas, and no witness was found"
    )


def find_witness(
    accepting: Mapping[str, JSON], refusing: Mapping[str, JSON], hints: Iterable[JSON] = ()
) -> JSON:
    """The first and smallest candidate that ``accepting`` admits and ``refusing`` refuses, else ``MISSING``."""
    yes, no = validator(accepting), validator(refusing)
    if yes is None or no is None:
        return MISSING
    fitting = [
        value
        for value in _distinct(_candidates(accepting, refusing, hints))
        if yes.is_valid(value) and not no.is_valid(value)
    ]
    return min(fitting, key=_length, default=MISSING)


def first_witness(
    accepting: Mapping[str, JSON], refusing: Mapping[str, JSON], candidates: Iterable[JSON]
) -> JSON:
    """The first of the candidates that ``accepting`` admits and ``refusing`` refuses, else ``MISSING``."""
    yes, no = validator(accepting), validator(refusing)
    if yes is None or no is None:
        return MISSING
    return next((value for value in candidates if yes.is_valid(value) and not no.is_valid(value)), MISSING)


def _candidates(
    accepting: Mapping[str, JSON], refusing: Mapping[str, JSON], hints: Iterable[JSON]
) -> Iterator[JSON]:
    yield from hints
    yield from (value for pair in zip_longest(edges(refusing), edges(accepting)) for value in pair)
    for kind in ("object", "array", "string", "number", "boolean"):
        if kind in _kinds(accepting) - _kinds(refusing):
            yield sample({**accepting, "type": kind})


def _kinds(schema: Mapping[str, JSON]) -> set[str]:
    stated = schema.get("type", ["object", "array", "string", "number", "boolean", "null"])
    return {stated} if isinstance(stated, str) else set(stated)


def _distinct(values: Iterable[JSON]) -> Iterator[JSON]:
    seen: set[bytes] = set()
    for value in values:
        try:
            text = orjson.dumps(value)
        except (orjson.JSONEncodeError, TypeError):
            continue
        if text not in seen:
            seen.add(text)
            yield value


def _length(value: JSON) -> int:
    return len(orjson.dumps(value))
