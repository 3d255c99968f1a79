"""Seed rows, expanded the same way every time and planted in a state.

A value may be a directive, an object with one ``$`` key: ``$cycle`` (the i-th of a list), ``$row`` (the id of a row
of another resource), ``$day`` and ``$time`` (relative to today), ``$text`` (with ``{i}`` and ``{n}``) and ``$value``
(a CEL expression over i and n). A contract without seed data gets two tenants and a few sampled rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import cel

from troth.behaviour.model import Behaviour, Parent, Resource
from troth.behaviour.moments import moment_writer
from troth.engine.authenticating import Principal
from troth.engine.clock import instant, parse_instant
from troth.engine.identity import stable_uuid
from troth.engine.keeping import Keeper
from troth.engine.rows import seeded_identifier
from troth.engine.seed_files import Seed
from troth.engine.state import Row, State
from troth.engine.world import TenantWorld
from troth.errors import SeedError, did_you_mean
from troth.findings import Location

__all__ = ["Expanded", "plant", "settled_callers"]

_DAY = 86_400

#: What the blocks of a seed come to, by the day and the form of moments that they were expanded for.
Expanded = dict[tuple[float, str], dict[tuple[str, str], list[dict[str, Any]]]]


class _Expansion:
    """Directives of one seed, expanded against the ids that its blocks will have."""

    def __init__(
        self, ids: Mapping[tuple[str, str], list[Any]], start_of_today: float, source: str, moment: str
    ) -> None:
        self._ids = ids
        self._moment = moment_writer(moment)
        self._today = start_of_today
        self._source = source
        self._programs: dict[str, Any] = {}

    def number(self, text: Any, i: int) -> Any:
        if isinstance(text, int | float):
            return text
        program = self._programs.get(text)
        try:
            if program is None:
                program = self._programs[text] = cel.compile(str(text))
            return program.execute({"i": i, "n": i + 1})
        except (ValueError, TypeError, RuntimeError) as error:
            raise SeedError(f"the expression {text!r} fails: {error}", Location(self._source)) from error

    def value(self, given: Any, tenant: str, i: int) -> Any:
        kind = type(given)
        if kind is str or kind is int or given is None:
            return given
        if isinstance(given, list):
            return [self.value(item, tenant, i) for item in given]
        if not isinstance(given, Mapping):
            return given
        word = next((key for key in given if str(key).startswith("$") and key not in ("$at", "$by")), None)
        if word is None:
            return {key: self.value(item, tenant, i) for key, item in given.items()}
        return self._directive(str(word), given, tenant, i)

    def _directive(self, word: str, given: Mapping[str, Any], tenant: str, i: int) -> Any:
        subject = given[word]
        if word == "$cycle":
            index = int(self.number(given["$by"], i)) if "$by" in given else i
            return self.value(subject[index % len(subject)], tenant, i)
        if word == "$row":
            ids = self._ids.get((tenant, str(subject))) or self._ids.get(("", str(subject)))
            if not ids:
                raise SeedError(
                    f"$row names {subject!r}, which has no rows for {tenant!r}.", Location(self._source)
                )
            return ids[int(self.number(given.get("$at", i), i)) % len(ids)]
        if word == "$day":
            return instant(self._today + int(self.number(subject, i)) * _DAY)[:10]
        if word == "$time":
            day = instant(self._today + int(self.number(subject, i)) * _DAY)[:10]
            return self._moment(f"{day}T{given.get('$at', '09:00:00')}.000Z")
        if word == "$text":
            return str(subject).replace("{i}", str(i)).replace("{n}", str(i + 1))
        if word == "$value":
            return self.number(subject, i)
        known = ("$cycle", "$row", "$day", "$time", "$text", "$value")
        raise SeedError(f"unknown directive {word!r}.{did_you_mean(word, known)}", Location(self._source))


def _blocks(blocks: list[Any]) -> Iterator[tuple[Mapping[str, Any], int]]:
    for block in blocks:
        for i in range(int(block.get("count", 1))):
            yield block["row"], i


def _identifiers(seed: Seed, api: str, behaviour: Behaviour) -> dict[tuple[str, str], list[Any]]:
    """The ids that the rows of a seed will have, by tenant and resource. Raises SeedError on an unknown resource."""
    ids: dict[tuple[str, str], list[Any]] = {}
    for name, by_tenant in seed.rows.items():
        resource = behaviour.resources.get(name)
        if resource is None and not seed.lenient:
            raise SeedError(
                f"unknown resource {name!r}.{did_you_mean(name, behaviour.resources)}", Location(seed.source)
            )
        start = 0
        for tenant, blocks in by_tenant.items():
            count = sum(int(block.get("count", 1)) for block in blocks)
            ids[tenant, name] = [
                seeded_identifier(resource, api, tenant, k, start)
                if resource
                else stable_uuid(api, tenant, name, k)
                for k in range(count)
            ]
            start += count
    return ids


def settled_callers(seed: Seed, api: str, behaviour: Behaviour) -> Seed:
    """The seed with the ids that settings of callers ask for as ``$row``."""
    callers = [*seed.principals.values(), *seed.users.values()]
    if not any(isinstance(value, Mapping) for one in callers for value in one.settings.values()):
        return seed
    expansion = _Expansion(_identifiers(seed, api, behaviour), 0.0, seed.source, behaviour.moment)

    def settled(callers: Mapping[str, Principal]) -> dict[str, Principal]:
        return {
            name: replace(one, settings=expansion.value(one.settings, one.tenant, 0))
            for name, one in callers.items()
        }

    return replace(seed, principals=settled(seed.principals), users=settled(seed.users))


def plant(
    seed: Seed, api: str, behaviour: Behaviour, keeper: Keeper, state: State, expanded: Expanded | None = None
) -> None:
    """Fill a state with the seed's rows. Raises SeedError on a resource or field that the contract does not know.

    ``expanded`` remembers what the seed's blocks come to, for another state of the same contract.
    """
    ids = _identifiers(seed, api, behaviour)
    seed = replace(seed, rows={name: rows for name, rows in seed.rows.items() if name in behaviour.resources})
    if not seed.lenient:
        _check_fields(seed, behaviour)
    today = parse_instant(state.clock.today())
    expansion = _Expansion(ids, today, seed.source, behaviour.moment)
    known = {} if expanded is None else expanded.setdefault((today, behaviour.moment), {})
    for name, by_tenant in seed.rows.items():
        for tenant, blocks in by_tenant.items():
            if (tenant, name) not in known:
                known[tenant, name] = _expanded(blocks, tenant, expansion)
            _plant_rows(behaviour.resources[name], tenant, known[tenant, name], ids[tenant, name], state)
    _settle(seed, behaviour, keeper, state)
    if not seed.rows:
        _invent(seed, behaviour, keeper, state)
    state.swept = state.clock.today()


def _check_fields(seed: Seed, behaviour: Behaviour) -> None:
    """Every field of every row is one that its resource has."""
    for name, by_tenant in seed.rows.items():
        known = behaviour.resources[name].fields
        for word in (word for blocks in by_tenant.values() for block in blocks for word in block["row"]):
            if known and word not in known:
                hint = did_you_mean(str(word), known)
                raise SeedError(f"rows of {name!r} have no field {word!r}.{hint}", Location(seed.source))


def _expanded(blocks: list[Any], tenant: str, expansion: _Expansion) -> list[dict[str, Any]]:
    return [
        {name: expansion.value(value, tenant, i) for name, value in row.items()} for row, i in _blocks(blocks)
    ]


def _plant_rows(
    resource: Resource, tenant: str, rows: list[dict[str, Any]], ids: list[Any], state: State
) -> None:
    """Store the rows as they are written; computing waits until every row is there."""
    table = state.table(tenant, resource.name)
    for identifier, data in zip(ids, rows, strict=True):
        known = {**data, resource.id_field: identifier}
        table.put(Row(resource.key(known), known))
    if resource.id_kind == "integer" and ids:
        state.sequences["", resource.name, "$id"] = max(
            state.sequences.get(("", resource.name, "$id"), 0), ids[-1]
        )


def _settle(seed: Seed, behaviour: Behaviour, keeper: Keeper, state: State) -> None:
    """Complete the planted rows: first what reads only the row itself, then what reads related rows."""
    for name, by_tenant in seed.rows.items():
        resource = behaviour.resources[name]
        for tenant in by_tenant:
            world = keeper.world(state, tenant)
            for row in list(state.table(tenant, name).all()):
                identifier = row.data[resource.id_field]
                kind = keeper.kinds[name]
                state.table(tenant, name).put(
                    kind.make(kind.filled(row.data, world, identifier=identifier), world)
                )
    for name, by_tenant in seed.rows.items():
        for tenant in by_tenant:
            world = keeper.world(state, tenant)
            for row in list(state.table(tenant, name).all()):
                kind = keeper.kinds[name]
                fresh = Row(row.id, row.data, visible=row.visible)
                state.table(tenant, name).put(kind.stamp(fresh, world))


def _invent(seed: Seed, behaviour: Behaviour, keeper: Keeper, state: State) -> None:
    """Three sampled rows of every resource for each tenant, so that a plain document has something to show."""
    parents = {name: _parents(name, behaviour) for name in behaviour.resources}
    ordered = sorted(behaviour.resources.values(), key=lambda resource: len(parents[resource.name]))
    for tenant in seed.tenants:
        world = keeper.world(state, tenant)
        for resource in ordered:
            if resource.shared and tenant != next(iter(seed.tenants)):
                continue
            for index in range(3):
                _invent_row(resource, index, parents[resource.name], keeper, world)


def _parents(name: str, behaviour: Behaviour) -> tuple[Parent, ...]:
    """The parents of the most deeply nested collection of a resource."""
    found = [b.parents for b in behaviour.bindings.values() if b.resource and b.resource.name == name]
    return max(found, key=len, default=())


def _invent_row(
    resource: Resource, index: int, parents: tuple[Parent, ...], keeper: Keeper, world: TenantWorld
) -> None:
    sample = keeper.sampler.sample(resource.schema_pointer)
    data = dict(sample) if isinstance(sample, Mapping) else {}
    for reference in resource.references:
        data.pop(reference.field, None)
    for parent in parents:
        rows = list(world.state.table(world.tenant, parent.resource or "").all())
        if rows and parent.resource in keeper.kinds:
            data[parent.field] = rows[0].data[keeper.kinds[parent.resource].resource.id_field]
    if resource.id_kind == "integer":
        identifier: Any = world.state.next("", resource.name, "$id")
    else:
        identifier = seeded_identifier(resource, "sample", world.tenant, index, 0)
    kind = keeper.kinds[resource.name]
    filled = kind.filled(
        {k: v for k, v in data.items() if k != resource.id_field}, world, identifier=identifier
    )
    keeper.add(resource, filled, world, quiet=True)
