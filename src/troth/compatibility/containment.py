"""Decides whether one set of JSON values holds another: proved, or not decided.

The oracle is :func:`jsonschema_rs.canonicalize`: canonical forms are sets, ``covers`` and ``subtract`` work on them.
What it does not know about patterns is spelt out for it (:mod:`troth.compatibility.saturation`). It is trusted for a
*yes* only; a *no* is believed when a witness shows it (see :mod:`troth.compatibility.witness`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson
from jsonschema_rs import CanonicalSchema, canonical

from troth.compatibility.monotony import follows_from_parts
from troth.compatibility.saturation import saturated

__all__ = ["ASSERTED_FORMATS", "covers", "equal_values", "validator"]

JSON = Any

ASSERTED_FORMATS = frozenset(
    {"date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
     "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer", "relative-json-pointer", "regex"},
)  # fmt: skip
"""The formats that the validator checks. Any other is an annotation to it, so it can prove nothing about them."""


def covers(wide: Mapping[str, JSON] | bool, narrow: Mapping[str, JSON] | bool) -> bool:
    """Whether every value of ``narrow`` is proved to be a value of ``wide``. False means: not proved."""
    if _covers(wide, narrow):
        return True
    spelt_out = saturated(wide, narrow)
    if spelt_out is not None and _covers(*spelt_out):
        return True
    return follows_from_parts(wide, narrow, covers)


def _covers(wide: Mapping[str, JSON] | bool, narrow: Mapping[str, JSON] | bool) -> bool:
    left, right = _canonical(wide), _canonical(narrow)
    if left is None or right is None:
        return False
    try:
        if left.covers(right) == canonical.Containment.YES:
            return True
        return right.subtract(left).satisfiability() == canonical.Satisfiability.NO
    except (canonical.UnsupportedOperand, canonical.UnsupportedResult, canonical.IncompatibleOperands):
        return False


def equal_values(one: Mapping[str, JSON] | bool, other: Mapping[str, JSON] | bool) -> bool:
    """Whether two schemas are proved to admit exactly the same values."""
    if one == other:
        return True
    left, right = _canonical(one), _canonical(other)
    if left is None or right is None:
        return False
    return left == right or (covers(one, other) and covers(other, one))


@lru_cache(maxsize=4096)
def _parsed(text: bytes) -> CanonicalSchema | None:
    try:
        return jsonschema_rs.canonicalize(
            orjson.loads(text), draft=jsonschema_rs.Draft202012, validate_formats=True
        )
    except (jsonschema_rs.ValidationError, canonical.CanonicalizationError, jsonschema_rs.ReferencingError):
        return None


def _canonical(schema: Mapping[str, JSON] | bool) -> CanonicalSchema | None:
    try:
        return _parsed(orjson.dumps(schema, option=orjson.OPT_SORT_KEYS))
    except orjson.JSONEncodeError:  # an integer beyond 64 bits: rare enough to leave undecided
        return None


@lru_cache(maxsize=1024)
def _compiled(text: bytes) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator(orjson.loads(text), validate_formats=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return None


def validator(schema: Mapping[str, JSON] | bool) -> jsonschema_rs.Draft202012Validator | None:
    """A validator that checks formats, or None when the schema itself is not valid."""
    try:
        return _compiled(orjson.dumps(schema, option=orjson.OPT_SORT_KEYS))
    except orjson.JSONEncodeError:
        return None
