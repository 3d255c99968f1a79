r"""General categories of Unicode as sets of characters, as a pattern names them: ``\p{L}``, ``\p{Lu}``, ``\p{Letter}``.

What is not assigned yet is no category here, since what it means changes with each version of Unicode.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from troth.compatibility.characters import ANY, Characters, union

__all__ = ["category"]

NAMES = {
    "Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Nonspacing_Mark": "Mn", "Spacing_Mark": "Mc",
    "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd", "Letter_Number": "Nl",
    "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc", "Dash_Punctuation": "Pd",
    "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi", "Final_Punctuation": "Pf",
    "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm", "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk",
    "Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs", "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp", "Control": "Cc", "cntrl": "Cc", "Format": "Cf",
}  # fmt: skip
UNSTABLE = frozenset({"Cn", "Co", "Cs"})


def category(name: str) -> Characters | None:
    """The characters of a category by its short or long name; None for what is none, or not the same for ever."""
    wanted = name.removeprefix("General_Category=").removeprefix("gc=")
    wanted = NAMES.get(wanted, wanted)
    known = _categories()
    if wanted in known:
        return known[wanted]
    parts = ("Lu", "Ll", "Lt") if wanted == "LC" else [one for one in known if one[0] == wanted]
    return union(known[one] for one in parts) if parts and wanted != "C" else None


@cache
def _categories() -> Mapping[str, Characters]:
    """Every category of two letters. To ask for all characters takes a quarter of a second, once."""
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for low, high in ANY.ranges:
        begun, held = low, unicodedata.category(chr(low))
        for code in range(low + 1, high + 1):
            other = unicodedata.category(chr(code))
            if other != held:
                found[held].append((begun, code - 1))
                begun, held = code, other
        found[held].append((begun, high))
    return {name: Characters(tuple(ranges)) for name, ranges in found.items() if name not in UNSTABLE}
