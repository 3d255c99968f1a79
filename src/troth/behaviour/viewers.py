"""Callers: the settings that a contract knows of them, and the permissions that operations ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Resource
from troth.behaviour.profiles import on
from troth.behaviour.seeing import Setting
from troth.contract.model import Contract, Operation
from troth.contract.pointers import join
from troth.errors import did_you_mean

__all__ = ["permissions_of", "viewer_of", "wrong_setting"]


def viewer_of(contract: Contract) -> Mapping[str, Setting]:
    """The settings under ``viewer`` at the root, by name."""
    given = contract.extension.get("viewer")
    return {
        str(name): Setting(
            str(name),
            on(about.get("values")),
            about.get("default"),
            about.get("row"),
            join("/x-behaviour/viewer", name),
        )
        for name, about in (given.items() if isinstance(given, Mapping) else ())
    }


def permissions_of(contract: Contract, operation: Operation, resource: Resource | None) -> frozenset[str]:
    """What an operation asks for: the permissions of its resource and its own; false takes one away."""
    own = _given(contract, resource).get("permissions")
    further = operation.extension.get("permissions")
    asked = {name: True for given in (own, further) for name in on(given)}
    refused = further.items() if isinstance(further, Mapping) else ()
    return frozenset(asked.keys() - {str(name) for name, wanted in refused if not wanted})


def _given(contract: Contract, resource: Resource | None) -> Mapping[str, Any]:
    """The resource's ``x-behaviour``, empty where there is none."""
    try:
        found = contract.node(resource.pointer) if resource is not None else None
    except KeyError:
        return {}
    return found if isinstance(found, Mapping) else {}


def wrong_setting(known: Mapping[str, Setting], given: Mapping[str, Any]) -> str | None:
    """What is wrong with a caller's settings, as the end of a sentence; None when nothing is."""
    for name, value in given.items():
        setting = known.get(name)
        if setting is None:
            words = f" Known are {', '.join(known)}." if known else " The contract has none."
            return f"has the unknown setting {name!r}.{did_you_mean(name, known) or words}"
        if setting.values and value not in setting.values:
            hint = did_you_mean(str(value), setting.values) or f" It can be {', '.join(setting.values)}."
            return f"has {value!r} for the setting {name!r}.{hint}"
    return None
