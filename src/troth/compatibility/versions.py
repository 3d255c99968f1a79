"""What a new version says about itself: fields whose values were others before it, and the days that it names.

Versions that are served side by side stand in the root ``x-behaviour`` (``versions.releases``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.facts import Fact
from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = ["ROOT", "releases_of", "value_facts"]

JSON = Any
ROOT = "/x-behaviour/versions/releases"


def releases_of(contract: Contract) -> Mapping[str, Mapping[str, JSON]]:
    """The versions by name; empty where a contract has none."""
    versions = contract.extension.get("versions")
    releases = versions.get("releases") if isinstance(versions, Mapping) else None
    return releases if isinstance(releases, Mapping) else {}


def value_facts(old: Contract, new: Contract) -> Iterator[Fact]:
    """The fields that have other values since a version that only the new contract has.

    What the change edits in the document as well is told there.
    """
    known = releases_of(old)
    for version, about in releases_of(new).items():
        changes = about.get("changes") if isinstance(about, Mapping) and version not in known else None
        for name, change in (changes or {}).items():
            for resource, fields in (change.get("values") or {}).items():
                for field in fields:
                    if field in set(_keys(change.get("before"))):
                        continue
                    where = join(ROOT, version, "changes", name, "values", resource, field)
                    yield _fact(version, (resource, field), str(change.get("summary", "")), where)


def _keys(node: JSON) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            yield from _keys(value)


def _fact(version: str, member: tuple[str, str], summary: str, pointer: str) -> Fact:
    resource, field = member
    return Fact(
        "field-value",
        "changed",
        f"{resource}.{field}",
        None,
        version,
        None,
        pointer,
        names=(field, f"{resource}.{field}"),
        context={"summary": summary, "version": version},
    )
