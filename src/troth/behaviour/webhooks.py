"""The root's ``webhooks``: read once, completed with defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.profiles import on, seconds
from troth.behaviour.signing import Signing, signing_of
from troth.behaviour.subscriptions import Disabling, Mode, Webhooks
from troth.contract.model import Contract
from troth.errors import BehaviourError

__all__ = ["CONTROLLED", "webhooks"]

#: The name under which subscriptions are kept that no operation makes; no resource can have it.
CONTROLLED = "$subscriptions"

_AT = "/x-behaviour/webhooks"
_STATES = ("active", "pending", "disabled")
#: What the control plane calls the states of its own subscriptions where they have to be confirmed.
_OWN = {"active": "active"}


def webhooks(contract: Contract) -> Webhooks | None:
    """The profile of a contract, None without one. Raises BehaviourError for what cannot be meant."""
    given = contract.extension.get("webhooks")
    if not isinstance(given, Mapping):
        return None
    controlled = given.get("subscriptions") == "control"
    fields: Mapping[str, Any] = {} if controlled else given.get("subscription") or {}
    found = Webhooks(
        resource=CONTROLLED if controlled else str(given.get("resource", "webhooks")),
        controlled=controlled,
        url=str(fields.get("url", "url")),
        events=str(fields.get("events", "events")),
        enabled=str(fields.get("enabled", "enabled")),
        secret=str(fields.get("secret", "secret")),
        subject=str(fields.get("subject", "")),
        expires="expires" if controlled else str(fields.get("expires", "")),
        mode="mode" if controlled else str(fields.get("mode", "")),
        states=_states(fields.get("states") or (_OWN if controlled and given.get("handshake") else {})),
        payload=given.get("payload", {"event": "$event", "timestamp": "$timestamp", "data": "$row"}),
        signing=_signing(contract, given.get("signing")),
        retries=tuple(
            seconds(delay, contract, f"{_AT}/retries/{number}")
            for number, delay in sorted((given.get("retries") or {}).items(), key=lambda item: int(item[0]))
        ),
        tracking={str(k): str(v) for k, v in (given.get("tracking") or {}).items()},
        handshake=str((given.get("handshake") or {}).get("header", "")).lower(),
        disabling=_disabling(given.get("disable")),
        modes=_modes(contract, given.get("modes") or {}),
        ordered=bool(given.get("ordered", False)),
    )
    if found.handshake and not found.states:
        raise BehaviourError(
            "a handshake leaves a subscription pending, so 'subscription.states' must say what pending is called.",
            contract.locate(f"{_AT}/handshake"),
        )
    return found


def _states(given: Mapping[str, Any]) -> Mapping[str, str]:
    """The words of the switch; every state that is not named is called what it is."""
    return {state: str(given.get(state, state)) for state in _STATES} if given else {}


def _signing(contract: Contract, given: Any) -> Signing | None:
    if not isinstance(given, Mapping):
        return None
    at = f"{_AT}/signing"
    overlap = seconds(given.get("overlap", 0), contract, f"{at}/overlap")
    tolerance = given.get("tolerance")
    told = None if tolerance is None else seconds(tolerance, contract, f"{at}/tolerance")
    return signing_of(given, overlap, told)


def _disabling(given: Any) -> Disabling | None:
    if not isinstance(given, Mapping):
        return None
    return Disabling(
        int(given.get("failures", 0)), frozenset(int(status) for status in on(given.get("statuses")))
    )


def _modes(contract: Contract, given: Mapping[str, Any]) -> tuple[Mode, ...]:
    """The modes in their order, of which the first is the usual one."""
    found = [
        Mode(
            str(name),
            seconds(about.get("debounce", 0), contract, f"{_AT}/modes/{name}/debounce"),
            bool(about.get("beforeAnswer", False)),
        )
        for name, about in given.items()
    ]
    return tuple(found) or (Mode(""),)
