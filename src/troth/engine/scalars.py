"""Numbers and strings that satisfy the keywords of a schema; for the plain value ``rng`` is None."""

from __future__ import annotations

import math
import random
import re
import uuid
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from troth.contract.patterns import matches, random_string, strings_of
from troth.engine.clock import instant, parse_instant

__all__ = ["number", "string"]

_FORMATS: Mapping[str, str] = {
    "date": "2026-05-19",
    "date-time": "2026-05-19T09:30:00.000Z",
    "time": "09:30:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "duration": "PT1H",
    "byte": "dHJvdGg=",
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SPREAD = 1000
_TRIES = 40
_FRACTION = re.compile(r"\.\d+Z$")
_MORE = 8
_DAY = 86_400


def number(kind: str, schema: Mapping[str, Any], rng: random.Random | None) -> int | float:
    """An ``integer`` or ``number`` within its bounds and on its step."""
    step = Fraction(str(schema["multipleOf"])) if schema.get("multipleOf") else None
    if kind == "integer":
        step = Fraction(1) if step is None else step * step.denominator
    if step is None:
        return _between(schema, rng)
    low, high = _counted(schema, step)
    if rng is not None:
        first = low if low is not None else high - _SPREAD if high is not None else 0
        count = rng.randint(first, max(first, high) if high is not None else first + _SPREAD)
    elif low is not None:
        count = low
    else:
        count = 1 if high is None else min(0, high)
    found = count * step
    return int(found) if found.denominator == 1 else float(found)


def _counted(schema: Mapping[str, Any], step: Fraction) -> tuple[int | None, int | None]:
    """The bounds in steps, both included."""
    lows = [math.ceil(Fraction(str(schema["minimum"])) / step)] if "minimum" in schema else []
    highs = [math.floor(Fraction(str(schema["maximum"])) / step)] if "maximum" in schema else []
    if "exclusiveMinimum" in schema:
        lows.append(math.floor(Fraction(str(schema["exclusiveMinimum"])) / step) + 1)
    if "exclusiveMaximum" in schema:
        highs.append(math.ceil(Fraction(str(schema["exclusiveMaximum"])) / step) - 1)
    return max(lows, default=None), min(highs, default=None)


def _between(schema: Mapping[str, Any], rng: random.Random | None) -> int | float:
    """A number without a step: an included bound as it is, else well inside."""
    lows = [float(schema[word]) for word in ("minimum", "exclusiveMinimum") if word in schema]
    highs = [float(schema[word]) for word in ("maximum", "exclusiveMaximum") if word in schema]
    least: int | float = schema.get("minimum", -math.inf)
    if rng is None and lows and least == max(lows) and least != schema.get("exclusiveMinimum"):
        return least
    if not lows and not highs:
        return 0.5 if rng is None else round(rng.uniform(0, _SPREAD), 2)
    high = min(highs) if highs else max(lows) + 1
    low = max(lows) if lows else min(-1.0, high - 1)
    return low + (high - low) * (0.5 if rng is None else rng.uniform(0.01, 0.99))


def string(schema: Mapping[str, Any], rng: random.Random | None) -> str:
    """A string of its format or pattern, and of a length within bounds."""
    least = int(schema.get("minLength", 0))
    most = int(schema.get("maxLength", 1_000_000_000))
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        shaped = _shaped(str(schema.get("format")), None) if rng is None else None
        spelled = () if shaped is None else (shaped, _FRACTION.sub("Z", shaped), _FRACTION.sub("", shaped))
        for text in spelled:
            if least <= len(text) <= most and matches(pattern, text):
                return text
        if rng is not None and (drawn := _drawn(pattern, least, most, rng)) is not None:
            return drawn
        fitting = [
            text for text in strings_of(pattern) if least <= len(text) <= most and matches(pattern, text)
        ]
        if fitting:
            return fitting[0] if rng is None else rng.choice(fitting)
        # No short string of the pattern is long enough: one is drawn, always the same.
        if (drawn := _drawn(pattern, least, most, random.Random(0))) is not None:  # noqa: S311 - sample data
            return drawn
    shaped = _shaped(str(schema.get("format")), rng)
    if shaped is not None and least <= len(shaped) <= most:
        return shaped
    text = "string" if rng is None else "".join(rng.choice(_LETTERS) for _ in range(8))
    return text.ljust(least, "x")[:most]


def _drawn(pattern: str, least: int, most: int, rng: random.Random) -> str | None:
    """A string drawn from a pattern, checked; None when none was found."""
    for attempt in range(_TRIES):
        text = random_string(pattern, rng, least + _MORE if attempt % 2 else _MORE)
        if text is None:
            return None
        if least <= len(text) <= most and matches(pattern, text):
            return text
    return None


def _shaped(form: str, rng: random.Random | None) -> str | None:
    if form == "uuid":
        return str(uuid.UUID(int=rng.getrandbits(128) if rng else 1, version=4))
    if rng is not None and form in ("date", "date-time"):
        moment = instant(parse_instant(_FORMATS["date-time"]) + rng.randint(-365, 365) * _DAY)
        return moment[:10] if form == "date" else moment
    if rng is not None and form == "email":
        return "".join(rng.choice(_LETTERS) for _ in range(6)) + "@example.com"
    return _FORMATS.get(form)
