"""What can go wrong, drawn once; each leaf says what to do next.

TrothError
├── UsageError
├── ContractError
│   ├── DocumentError
│   ├── ReferenceError
│   ├── OverlayError
│   ├── BehaviourError
│   └── SeedError
└── TargetError

``UsageError`` and ``ContractError`` end a command with exit code 2, ``TargetError`` with 3.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troth.findings import Location

__all__ = [
    "BehaviourError",
    "ContractError",
    "DocumentError",
    "OverlayError",
    "ReferenceError",
    "SeedError",
    "TargetError",
    "TrothError",
    "UsageError",
    "did_you_mean",
]


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """A sentence with the nearest valid word, or an empty string: `` Did you mean 'paid'?``."""
    near = get_close_matches(str(found), sorted({str(word) for word in known}), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


class TrothError(Exception):
    """Any error that Troth raises on purpose. ``message`` is one or more whole sentences."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(TrothError):
    """The command line or a call asked for something that does not exist."""


class ContractError(TrothError):
    """A document cannot be used. ``location`` points at the place that must be mended."""

    def __init__(self, message: str, location: Location | None = None) -> None:
        super().__init__(f"{location}: {message}" if location else message)
        self.location = location
        self.reason = message


class DocumentError(ContractError):
    """A file is missing, is not YAML or JSON, or is not an OpenAPI document."""


class ReferenceError(ContractError):  # noqa: A001 - the field's word; the builtin is about weak references
    """A ``$ref`` leads nowhere."""


class OverlayError(ContractError):
    """An Overlay document is malformed, or one of its targets matches nothing."""


class BehaviourError(ContractError):
    """An ``x-behaviour`` value says something that the vocabulary or the document does not allow."""


class SeedError(ContractError):
    """The seed data of a mock does not fit its contract."""


class TargetError(TrothError):
    """The server under test cannot be reached."""
