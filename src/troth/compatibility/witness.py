"""A concrete value that one schema admits and another refuses, checked with the validator before it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any, Literal

import orjson

from troth.compatibility.containment import covers, validator
from troth.compatibility.depths import deeper
from troth.compatibility.samples import edges, sample
from troth.compatibility.saturation import reason_undecided, with_words

__all__ = ["MISSING", "Judgement", "find_witness", "first_witness", "judge"]

JSON = Any
Schema = Mapping[str, JSON]
MISSING = object()
DEEP_CANDIDATES = 6000


@dataclass(frozen=True, slots=True)
class Judgement:
    """``proved``: every value is still admitted; ``refuted``: the witness is not; ``unknown``: with the reason."""

    verdict: Literal["proved", "refuted", "unknown"]
    witness: JSON = None
    reason: str = ""


def judge(admitted: Schema, by: Schema) -> Judgement:
    """Whether every value that ``admitted`` admits is admitted ``by`` the other schema."""
    if covers(by, admitted):
        return Judgement("proved")
    found = find_witness((admitted,), (by,))
    if found is not MISSING:
        return Judgement("refuted", found)
    reason = reason_undecided(admitted, by)
    return Judgement(
        "unknown", reason=reason or "containment is not decided for these schemas, and no witness was found"
    )


def find_witness(accepting: Sequence[Schema], refusing: Sequence[Schema], *, deep: bool = True) -> JSON:
    """A small value that each ``accepting`` schema admits and each ``refusing`` one refuses, else MISSING.

    ``deep`` looks further than one level, which costs some milliseconds where there is nothing to find.
    """
    yes, no = [validator(schema) for schema in accepting], [validator(schema) for schema in refusing]
    if None in yes or None in no:
        return MISSING

    def fits(value: JSON) -> bool:
        return all(schema is not None and schema.is_valid(value) for schema in yes) and not any(
            schema is not None and schema.is_valid(value) for schema in no
        )

    schemas = _with_words(accepting, refusing)
    fitting = [value for value in _distinct(_candidates(schemas)) if fits(value)]
    if fitting or not deep:
        return min(fitting, key=_length, default=MISSING)
    further = (value for turn in zip_longest(*map(deeper, schemas)) for value in turn)
    return next((value for value in _distinct(islice(further, DEEP_CANDIDATES)) if fits(value)), MISSING)


def _with_words(accepting: Sequence[Schema], refusing: Sequence[Schema]) -> tuple[Schema, ...]:
    """All schemas, with texts beside their patterns that tell the two sides apart; the refusing ones come first."""
    taking, leaving = with_words({"allOf": list(accepting)}, {"allOf": list(refusing)})
    return (*leaving["allOf"], *taking["allOf"])


def first_witness(
    accepting: Mapping[str, JSON], refusing: Mapping[str, JSON], candidates: Iterable[JSON]
) -> JSON:
    """The first of the candidates that ``accepting`` admits and ``refusing`` refuses, else ``MISSING``."""
    yes, no = validator(accepting), validator(refusing)
    if yes is None or no is None:
        return MISSING
    return next((value for value in candidates if yes.is_valid(value) and not no.is_valid(value)), MISSING)


def _candidates(schemas: Sequence[Schema]) -> Iterator[JSON]:
    """Values at the edges of each schema in turn, then one of each type."""
    yield from (value for turn in zip_longest(*map(edges, schemas)) for value in turn)
    for schema in schemas:
        for kind in ("object", "array", "string", "number", "boolean"):
            yield sample({**schema, "type": kind})


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
