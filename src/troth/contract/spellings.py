"""Regular expressions as documents in the wild spell them, in a spelling that the validator reads.

JSON Schema wants ECMA-262 with Unicode (RFC 8259 texts, draft 2020-12 section 6.4 of Core); many documents use what
only the old, lenient grammar takes (ECMA-262 annex B.1.2), or what only Java takes.
"""

from __future__ import annotations

import re
from functools import lru_cache

import jsonschema_rs

__all__ = ["readable_pattern"]

#: How Java's own documentation names all characters beyond the first plane, half of a pair at a time.
_HALVES = "\\uD800\\uDBFF-\\uDC00\\uDFFF"
_BEYOND = "\\u{10000}-\\u{10FFFF}"
_CLASS_THEN_HYPHEN = re.compile(r"(\\[wdsWDS])-(?=[^\]])")
_JAVA = {r"\p{XDigit}": r"\p{ASCII_Hex_Digit}", r"\p{all}": r"\s\S", r"\A": "^", r"\Z": "$"}


@lru_cache(maxsize=4096)
def readable_pattern(pattern: str) -> str | None:
    """The pattern, or another spelling of it; None when no spelling is known that can be read."""
    if _is_readable(pattern):
        return pattern
    spelling = _CLASS_THEN_HYPHEN.sub(r"\1\\-", pattern.replace(_HALVES, _BEYOND))
    for java, plain in _JAVA.items():
        spelling = spelling.replace(java, plain)
    return spelling if spelling != pattern and _is_readable(spelling) else None


def _is_readable(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True
