"""Where a caller shows its credential, so that no operation of the contract turns it away for showing too little."""

from __future__ import annotations

from collections.abc import Iterable

from troth.behaviour.model import Authentication
from troth.contract.model import Operation

__all__ = ["Carrier", "carriers_shown"]

#: ``(place, name, prefix)``, such as ``("header", "x-api-key", "")``.
Carrier = tuple[str, str, str]


def carriers_shown(authentication: Authentication, operations: Iterable[Operation]) -> tuple[Carrier, ...]:
    """The carriers that one caller uses: the first header that is asked for, and what else any operation asks for.

    A header holds one credential, so an operation that wants it in another form stays closed to the caller.
    """
    ways = [_ways(authentication, operation) for operation in operations]
    asked = {carrier for alternatives in ways for way in alternatives for carrier in way}
    headers = [carrier for carrier in authentication.carriers.values() if carrier[0] == "header"]
    wanted = [carrier for carrier in headers if carrier in asked or not asked]
    shown: dict[tuple[str, str], Carrier] = {carrier[:2]: carrier for carrier in wanted[:1]}
    for alternatives in ways:
        if any(all(shown.get(carrier[:2]) == carrier for carrier in way) for way in alternatives):
            continue
        free = [way for way in alternatives if all(shown.get(c[:2], c) == c for c in way)]
        if free:
            shown |= {carrier[:2]: carrier for carrier in min(free, key=len)}
    return tuple(shown.values())


def _ways(authentication: Authentication, operation: Operation) -> list[tuple[Carrier, ...]]:
    """What each alternative of an operation asks for; none where it is open to everybody."""
    carriers = authentication.carriers
    if any(not alternative for alternative in operation.security):
        return []
    known = [a for a in operation.security if all(name in carriers for name in a)]
    return [tuple(dict.fromkeys(carriers[name] for name in alternative)) for alternative in known]
