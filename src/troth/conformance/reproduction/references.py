"""Correct mocks of a contract in this process: what a server answers that keeps every promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from troth.conformance.connections import Loopback
from troth.conformance.control import Control
from troth.conformance.instruments import Instruments
from troth.conformance.post import Post
from troth.conformance.reproduction.playing import Stage
from troth.conformance.target import Principal, Target
from troth.engine import Engine, Settings
from troth.engine.seed_files import seed_file_for

__all__ = ["bare", "references"]

_MOCK = "http://reference.invalid"
#: What no replay uses up, told in the same headers.
_GENEROUS = "1000000/1m"


def references(
    instruments: Instruments, tenants: Sequence[str], now: Callable[[], datetime], *, limited: bool
) -> list[Stage]:
    """Two mocks that make up different ids, so that what depends on these shows.

    ``tenants`` are the target's own names, and ``now`` where its clock stands; ``limited`` where the contract's rate
    limits hold.
    """
    return [_reference(instruments, seed, tenants, now, limited=limited) for seed in (0, 1)]


def bare(instruments: Instruments, tenants: Sequence[str], now: Callable[[], datetime]) -> Stage:
    """A correct mock without a row, so that what depends on rows that were there before shows."""
    return _reference(instruments, 2, tenants, now, limited=False, empty=True)


def _reference(
    instruments: Instruments,
    seed: int,
    tenants: Sequence[str],
    now: Callable[[], datetime],
    *,
    limited: bool,
    empty: bool = False,
) -> Stage:
    contract, hooks = instruments.contract, instruments.behaviour.webhooks
    seed_file = seed_file_for(contract.name) or seed_file_for(contract.source)
    limit = "contract" if limited else _GENEROUS
    engine = Engine(contract, Settings(seed=seed, seed_file=seed_file, rate_limit=limit, empty=empty))
    connection = Loopback(engine)
    control = Control(connection, f"{_MOCK}/__troth", "reference")
    principals = [Principal(*about[:4]) for about in control.principals()]
    own = list(engine.seed.tenants)
    named = {
        tenant: tenant if tenant in own else own[index % len(own)]
        for index, tenant in enumerate(tenants)
        if own
    }

    def prepared(sandbox: str) -> None:
        control.at(sandbox).freeze(now())

    target = Target(_MOCK + contract.base_path, connection=connection)
    return Stage(
        connection, target.base_url, principals, control, tenants=named, prepare=prepared,
        post=Post(target, connection, hooks.handshake) if hooks else None,
    )  # fmt: skip
