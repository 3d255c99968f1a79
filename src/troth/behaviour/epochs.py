"""Where the clauses about versions apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.model import Kind
from troth.behaviour.occasions import Place
from troth.behaviour.versions import Change, Release
from troth.contract.pointers import join

__all__ = ["changed", "dated_default", "echoed_version", "retiring", "touching", "versioned"]


def versioned(at: Place) -> str | None:
    """All operations choose a version alike, so it is tried out with one of them: a list where there is one."""
    versions = at.behaviour.versions
    if versions is None:
        return None
    readers = (
        b for b in at.behaviour.bindings.values() if b.kind in (Kind.LIST, Kind.READ) and not b.parents
    )
    chosen = min(readers, key=lambda b: b.kind is not Kind.LIST, default=None)
    return versions.pointer if chosen is at.binding else None


def dated_default(at: Place) -> str | None:
    """Where answers say which version a request without one got."""
    return versioned(at) if at.behaviour.versions and at.behaviour.versions.echo else None


def echoed_version(at: Place) -> str | None:
    found, declared = dated_default(at), at.contract.extension.get("versions")
    named = isinstance(declared, Mapping) and "echo" in declared
    return join(found, "echo") if found and named else found


def retiring(at: Place) -> str | None:
    """Where a version ends."""
    releases = at.behaviour.versions.releases if at.behaviour.versions else ()
    found = next((release for release in releases if release.retired is not None), None)
    return join(found.pointer, "retired") if found and versioned(at) else None


def changed(at: Place) -> str | None:
    """Where an operation, or the rows that it shows, were others before a change."""
    return next((change.pointer for _, change in touching(at) if _shows(at, change)), None)


def _shows(at: Place, change: Change) -> bool:
    """Whether answers of the operation show that a version lacks the change."""
    if _removes(change, at):
        return at.kind in (Kind.LIST, Kind.READ, Kind.CREATE)
    resource = at.binding.resource
    if at.kind is Kind.UPDATE:
        return resource is not None and resource.name in change.values
    return at.kind in (Kind.LIST, Kind.READ)


def touching(at: Place) -> Iterator[tuple[Release, Change]]:
    """The changes that an operation, or the rows that it works on, went through, oldest first."""
    for release in at.behaviour.versions.releases if at.behaviour.versions else ():
        for change in release.changes:
            if _touches(change, at):
                yield release, change


def _touches(change: Change, at: Place) -> bool:
    resource = at.binding.resource
    if _removes(change, at) or (resource is not None and resource.name in change.values):
        return True
    if resource is None:
        return False
    objects = {field.pointer.rpartition("/")[0] for field in resource.fields.values()}
    objects.add(join(resource.schema_pointer, "properties"))
    return any(
        (pointer + "/").startswith(above + "/") or _above(pointer, above)
        for pointer in _patched(change.before)
        for above in objects
    )


def _removes(change: Change, at: Place) -> bool:
    return any(_above(pointer, at.operation) for pointer in _patched(change.before))


def _above(pointer: str, below: str) -> bool:
    """Whether a patch takes away the operation or its path."""
    return (below + "/").startswith(pointer + "/")


def _patched(patch: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The pointers at which a patch puts something in the place of what was there."""
    for name, value in patch.items():
        at = join(above, name)
        if isinstance(value, Mapping):
            yield from _patched(value, at)
        else:
            yield at
