"""Media types of one message on both sides: which are the same, which went or came, which range took in or gave up.

``*/*`` and ``text/*`` are ranges (RFC 9110 section 12.5.1). A range that became one of its members, or the other way
round, is one edit, and the two schemas are compared with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from troth.contract.model import Media

__all__ = ["MediaPairs", "pair_media"]


@dataclass(frozen=True, slots=True)
class MediaPairs:
    """``same`` are of one name on both sides; ``narrowed`` and ``widened`` map a range to its members there."""

    same: tuple[tuple[str, str], ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    narrowed: Mapping[str, tuple[str, ...]]
    widened: Mapping[str, tuple[str, ...]]


def pair_media(old: Mapping[str, Media], new: Mapping[str, Media]) -> MediaPairs:
    """Media types matched by what they name: case, and a charset of UTF-8, which holds anyway, name nothing."""
    before, after = {_plain(name): name for name in old}, {_plain(name): name for name in new}
    shared = sorted(before.keys() & after.keys())
    gone, come = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    narrowed = {wide: members for wide in gone if (members := _members(wide, after))}
    widened = {wide: members for wide in come if (members := _members(wide, before))}
    told = {
        *narrowed,
        *widened,
        *(name for part in (narrowed, widened) for found in part.values() for name in found),
    }
    return MediaPairs(
        tuple((before[name], after[name]) for name in shared),
        tuple(before[name] for name in gone if name not in told),
        tuple(after[name] for name in come if name not in told),
        {before[wide]: tuple(after[name] for name in members) for wide, members in narrowed.items()},
        {after[wide]: tuple(before[name] for name in members) for wide, members in widened.items()},
    )


def _plain(name: str) -> str:
    essence, *parameters = (part.strip() for part in name.split(";"))
    said = sorted(part for part in parameters if part.lower().replace('"', "") != "charset=utf-8")
    return ";".join((essence.lower(), *said))


def _members(wide: str, names: Mapping[str, str]) -> tuple[str, ...]:
    kind, _, rest = wide.partition("/")
    if rest != "*":
        return ()
    return tuple(
        name for name in sorted(names) if name != wide and (kind == "*" or name.startswith(f"{kind}/"))
    )
