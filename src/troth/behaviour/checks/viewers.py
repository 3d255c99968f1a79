"""Callers: their settings have values that can be, and permissions are asked of those who show a credential."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.checks.ground import Ground
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_viewers"]


def check_viewers(ground: Ground) -> Iterator[Finding]:
    """Settings of callers, and the permissions of operations."""
    yield from _settings(ground)
    yield from _permissions(ground)


def _settings(ground: Ground) -> Iterator[Finding]:
    """A default is one of the values; a row is one of a resource."""
    for setting in ground.behaviour.viewer.values():
        default = setting.default
        if setting.values and default is not None and default not in setting.values:
            at = join(setting.pointer, "default")
            yield ground.unknown("unknown-setting-value", at, "value", str(default), setting.values)
        known = ground.behaviour.resources
        if setting.row is not None and setting.row not in known:
            at = join(setting.pointer, "row")
            yield ground.unknown("unknown-resource", at, "resource", setting.row, known)


def _permissions(ground: Ground) -> Iterator[Finding]:
    """Without a credential there is nobody to have them; what is taken away must have been asked for."""
    for binding in ground.behaviour.bindings.values():
        own = binding.operation.extension.get("permissions")
        if own is None:
            continue
        at = join(binding.operation.pointer, "x-behaviour", "permissions")
        if not binding.operation.security:
            message = "permissions need a credential, and this operation takes none."
            yield ground.finding("permission-without-credential", at, message, operation=binding.id)
        asked = _asked(ground, binding.resource.pointer if binding.resource else "")
        for name, wanted in own.items() if isinstance(own, dict) else ():
            if not wanted and name not in asked:
                message = f"the permission {name!r} is not asked for, so it cannot be taken away."
                yield ground.finding("keyword-without-effect", join(at, name), message, "warning")


def _asked(ground: Ground, pointer: str) -> set[str]:
    given = ground.given(pointer).get("permissions") if pointer else None
    named = given if isinstance(given, dict | list) else [given]
    return {str(name) for name in named if name is not None}
