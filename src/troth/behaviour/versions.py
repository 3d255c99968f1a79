"""Versions of an API that one server offers side by side: dates, the parameter that selects one, and what changed.

The document describes the newest version. Each version brings changes by name, and a change says what was before it:
a patch of the document, and expressions between the values of a row now and then. Which changes an answer has is a
function of the version and the day, because a change may reach older versions later (``backfilled``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from troth.behaviour.expressions import Expression

__all__ = ["Change", "Conversion", "Release", "Versions"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """A field whose values were others before: ``shown`` makes the old value of a row as it is now.

    ``taken`` makes the value of now of what a request in an old version sends.
    """

    shown: Expression | None
    taken: Expression | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Change:
    """A named change. ``before`` patches the document with it to the one without (RFC 7396).

    ``values`` maps resources to their fields with other values.
    """

    name: str
    summary: str
    before: Mapping[str, Any]
    values: Mapping[str, Mapping[str, Conversion]]
    pointer: str


@dataclass(frozen=True, slots=True)
class Release:
    """One version with its days, all ISO 8601: released, the default from a day on, its changes backfilled, retired.

    ``released`` is empty for a version that is older than any day told of it.
    """

    name: str
    released: str
    default: str | None
    backfilled: str | None
    retired: str | None
    changes: tuple[Change, ...]
    pointer: str

    def is_offered(self, day: str) -> bool:
        return self.released <= day and not self.is_retired(day)

    def is_retired(self, day: str) -> bool:
        return self.retired is not None and self.retired <= day


@dataclass(frozen=True, slots=True)
class Versions:
    """``place`` and ``parameter`` say how a request names its version, ``echo`` is the header that answers name it in.

    ``releases`` are in order, the oldest first.
    """

    place: Literal["header", "query"]
    parameter: str
    echo: str | None
    releases: tuple[Release, ...]
    pointer: str

    @property
    def newest(self) -> Release:
        """The version that the document describes."""
        return self.releases[-1]

    def release(self, name: str) -> Release | None:
        return next((release for release in self.releases if release.name == name), None)

    def default(self, day: str) -> Release:
        """The version of a request that names none: the one promoted last, and before any was, the oldest."""
        promoted = [r for r in self.releases if r.default is not None and r.default <= day]
        offered = [r for r in promoted if r.is_offered(day)] or promoted
        order = {release.name: index for index, release in enumerate(self.releases)}
        return max(offered, key=lambda r: (r.default or "", order[r.name]), default=self.releases[0])

    def lacking(self, release: Release, day: str) -> tuple[Change, ...]:
        """The changes that a version does not have on a day, the latest first."""
        later = self.releases[self.releases.index(release) + 1 :]
        absent = [one for one in later if one.backfilled is None or day < one.backfilled]
        return tuple(change for one in reversed(absent) for change in reversed(one.changes))
