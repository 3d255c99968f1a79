"""The identity of a violation: the same tomorrow and under another seed, and another one for another cause.

It is made of the clause and its operation, of who asked, of the kind of deviation and of the field that deviates. No
text, line, value or id is in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from troth.conformance.exchanges import Exchange

if TYPE_CHECKING:  # actors end probes, and how probes end is told with deviations
    from troth.conformance.actors import Actor, Cast

__all__ = ["DEVIATIONS", "ROLES", "Deviation", "deviation_of", "identity_of", "role_of"]

Deviation = Literal[
    "accepted", "refused", "broken", "redirected",  # by the status of the answer that tells
    "missing", "extra", "repeated", "leaked", "count", "order", "value", "form", "status",  # by what it shows
    "early", "late", "stale", "unsigned", "delivered", "undelivered",  # by when and whether it comes
    "otherwise",
]  # fmt: skip
DEVIATIONS: tuple[Deviation, ...] = get_args(Deviation)

Role = Literal["owner", "peer", "colleague", "anonymous", "nobody"]
#: Who asked: the owner of the rows, somebody of another tenant, somebody else of the owner's, no one who is known.
ROLES: tuple[Role, ...] = get_args(Role)

_BY_STATUS: dict[int, Deviation] = {2: "accepted", 3: "redirected", 4: "refused", 5: "broken"}


def deviation_of(exchanges: Sequence[Exchange], deliveries: Sequence[object] | None) -> Deviation:
    """The kind where a probe does not name it: by what was delivered, else by the last answer."""
    if deliveries is not None:
        return "delivered" if deliveries else "undelivered"
    return _BY_STATUS.get(exchanges[-1].status // 100, "otherwise") if exchanges else "otherwise"


def role_of(exchanges: Sequence[Exchange], cast: Cast, actors: dict[str, Actor]) -> Role:
    """Who sent the last request of a proof."""
    if not exchanges:
        return "nobody"
    name = exchanges[-1].principal
    for role, actor in (("owner", cast.owner), ("peer", cast.peer)):
        if actor is not None and actor.name == name:
            return "owner" if role == "owner" else "peer"
    if name not in actors:
        return "anonymous"
    return "colleague" if actors[name].tenant == cast.owner.tenant else "peer"


def identity_of(clause: str, role: Role, deviation: Deviation, field: str = "") -> str:
    """``clause@operation role deviation /field``; the places of items in lists are left out of the field."""
    if not field:
        return f"{clause} {role} {deviation}"
    pointer = field if field.startswith("/") else f"/{field}"
    return f"{clause} {role} {deviation} {re.sub(r'/[0-9]+(?=/|$)', '/*', pointer)}"
