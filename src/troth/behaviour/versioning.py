"""Reads ``versions`` of the root."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.resources import expression
from troth.behaviour.versions import Change, Conversion, Release, Versions
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.contract.revising import release_order

__all__ = ["versions_of"]


def versions_of(contract: Contract) -> Versions | None:
    """The versions that a contract lists. Raises BehaviourError for an expression that is none."""
    given = contract.extension.get("versions")
    releases = given.get("releases") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(releases, Mapping) or not releases:
        return None
    at = "/x-behaviour/versions"
    query = given.get("query")
    header = str(given.get("header", "X-API-Version"))
    echo = given.get("echo", None if query else header)
    return Versions(
        place="query" if query else "header",
        parameter=str(query or header),
        echo=str(echo) if echo else None,
        releases=tuple(
            _release(contract, name, releases[name], join(at, "releases", name))
            for name in release_order(releases)
        ),
        pointer=at,
    )


def _release(contract: Contract, name: str, given: Mapping[str, Any], at: str) -> Release:
    def day(word: str) -> str | None:
        return str(given[word]) if given.get(word) is not None else None

    changes = given.get("changes") or {}
    return Release(
        name=name,
        released=day("released") or "",
        default=day("default"),
        backfilled=day("backfilled"),
        retired=day("retired"),
        changes=tuple(
            _change(contract, str(key), about, join(at, "changes", key)) for key, about in changes.items()
        ),
        pointer=at,
    )


def _change(contract: Contract, name: str, given: Mapping[str, Any], at: str) -> Change:
    values = given.get("values") or {}
    return Change(
        name=name,
        summary=str(given.get("summary", "")),
        before=given.get("before") or {},
        values={
            str(resource): {
                str(field): _conversion(contract, about, join(at, "values", resource, field))
                for field, about in fields.items()
            }
            for resource, fields in values.items()
        },
        pointer=at,
    )


def _conversion(contract: Contract, given: Mapping[str, Any], at: str) -> Conversion:
    return Conversion(
        shown=expression(contract, given.get("shown"), join(at, "shown")),
        taken=expression(contract, given.get("taken"), join(at, "taken")),
        pointer=at,
    )
