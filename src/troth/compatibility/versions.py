"""What a new version says about itself: fields whose values were others before it, and the days that it names.

Versions that are served side by side stand in the root ``x-behaviour`` (``versions.releases``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from troth.compatibility.facts import Fact
from troth.contract.model import Contract
from troth.contract.pointers import join

if TYPE_CHECKING:
    from troth.compatibility.meanings import Meanings

__all__ = ["ROOT", "kind_of_version", "releases_of", "value_facts"]

JSON = Any
ROOT = "/x-behaviour/versions/releases"


def releases_of(contract: Contract) -> Mapping[str, Mapping[str, JSON]]:
    """The versions by name; empty where a contract has none."""
    versions = contract.extension.get("versions")
    releases = versions.get("releases") if isinstance(versions, Mapping) else None
    return releases if isinstance(releases, Mapping) else {}


def kind_of_version(about: JSON) -> str:
    """What a version is called that comes or goes: one that callers get who name none, one that nobody gets, or any."""
    if not isinstance(about, Mapping):
        return "version"
    if "retired" in about and "released" not in about:
        return "retired-version"
    return "default-version" if "default" in about else "version"


def value_facts(old: Contract, new: Contract) -> Iterator[Fact]:
    """The fields that have other values since a version that only the new contract has.

    What the change edits in the document as well is told there.
    """
    known = releases_of(old)
    meanings: Meanings | None = None
    for version, about in releases_of(new).items():
        changes = about.get("changes") if isinstance(about, Mapping) and version not in known else None
        for name, change in (changes or {}).items():
            told = set(_keys(change.get("before")))
            for resource, fields in (change.get("values") or {}).items():
                for field in (one for one in fields if one not in told):
                    meanings = meanings or _meanings(new)
                    yield _fact(meanings, (version, name, resource, field), str(change.get("summary", "")))


def _meanings(contract: Contract) -> Meanings:
    # Expressions take a third of a second to import, which most comparisons need not pay.
    from troth.compatibility.meanings import Meanings  # noqa: PLC0415

    return Meanings(contract)


def _keys(node: JSON) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            yield from _keys(value)


def _fact(meanings: Meanings, at: tuple[str, str, str, str], summary: str) -> Fact:
    version, change, resource, field = at
    context: dict[str, JSON] = {"summary": summary, "version": version}
    example = meanings.example(*at)
    return Fact(
        "field-value",
        "changed",
        f"{resource}.{field}",
        meanings.formula(*at),
        version,
        None,
        join(ROOT, version, "changes", change, "values", resource, field),
        uses=meanings.uses(resource),
        names=(field, f"{resource}.{field}"),
        context=context | ({"example": example} if example else {}),
    )
