"""Which version of the API a request is answered in: the one that it names, or the default of the day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from troth.behaviour.versions import Change, Release, Versions
from troth.engine.messages import Request
from troth.engine.refusing import Refusal
from troth.errors import did_you_mean

__all__ = ["Choice", "Chooser"]

_REMEMBERED = 64


class Choice(NamedTuple):
    """A version on a day. ``lacking`` are the changes that it does not have, ``echo`` is a header of the answer."""

    release: Release
    lacking: tuple[Change, ...]
    echo: tuple[tuple[bytes, bytes], ...]

    @property
    def key(self) -> tuple[str, ...]:
        """The same for all versions that lack the same changes."""
        return tuple(change.pointer for change in self.lacking)


class Chooser:
    """The versions of one contract."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._header = versions.parameter.lower() if versions.place == "header" else None
        self._known: dict[tuple[str, str, frozenset[str]], Choice] = {}

    def choose(self, request: Request, day: str, faults: frozenset[str]) -> Choice:
        """The version of a request. Raises Refusal for one that does not exist, or not yet, or not any more."""
        key = (self._named(request), day, faults)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = self.on(self._release(*key), day, faults)
        return found

    def all(self, day: str) -> list[Choice]:
        """Every version as it is on a day."""
        return [self.on(release, day) for release in self._versions.releases]

    def on(self, release: Release, day: str, faults: frozenset[str] = frozenset()) -> Choice:
        versions = self._versions
        lacking = () if "version-change-ignored" in faults else versions.lacking(release, day)
        echoed = versions.echo is not None and "version-echo-missing" not in faults
        name = (versions.echo or "").lower().encode("latin-1", "replace")
        return Choice(release, lacking, ((name, release.name.encode()),) if echoed else ())

    def _named(self, request: Request) -> str:
        if self._header is not None:
            return request.headers.get(self._header, "").strip()
        found: Mapping[str, str] = dict(request.pairs())
        return found.get(self._versions.parameter, "")

    def _release(self, name: str, day: str, faults: frozenset[str]) -> Release:
        versions = self._versions
        if name:
            release = versions.release(name)
        elif "version-default-fixed" in faults:
            release = versions.newest
        else:
            release = versions.default(day)
        if release is not None and release.is_retired(day) and "version-retired-accepted" not in faults:
            raise Refusal("retired-version", f"The version {release.name} was retired on {release.retired}.")
        if release is not None and (release.released <= day or not name):
            return release
        if "version-unknown-accepted" in faults:
            return versions.default(day)
        offered = [one.name for one in versions.releases if one.is_offered(day)]
        hint = did_you_mean(name, offered)
        raise Refusal("unknown-version", f"There is no version {name!r}.{hint}")
