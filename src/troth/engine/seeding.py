"""Seed data: tenants, principals and rows from ``mocks/<api>/seed.yaml``, expanded the same way every time.

A value may be a directive, an object with one ``$`` key: ``$cycle`` (the i-th of a list), ``$row`` (the id of a row
of another resource), ``$day`` and ``$time`` (relative to today), ``$text`` (with ``{i}`` and ``{n}``) and ``$value``
(a CEL expression over i and n). A contract without seed data gets two tenants and a few sampled rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cel
import yaml

from troth.behaviour.model import Behaviour, Parent, Resource
from troth.behaviour.moments import moment_writer
from troth.contract import shipped
from troth.engine.authenticating import Principal
from troth.engine.clock import instant, parse_instant
from troth.engine.identity import stable_uuid
from troth.engine.keeping import Keeper
from troth.engine.oauth import Client
from troth.engine.rows import seeded_identifier
from troth.engine.state import Row, State
from troth.engine.world import TenantWorld
from troth.errors import SeedError, did_you_mean
from troth.findings import Location

__all__ = ["Seed", "invented_seed", "plant", "read_seed", "seed_file_for"]

_DAY = 86_400


@dataclass(frozen=True)
class Seed:
    """What a mock starts with. ``tenants`` maps a slug to the tenant's id on the wire.

    ``lenient``: the contract is an older release, so rows of resources that came later are left out.
    """

    tenants: Mapping[str, str]
    principals: Mapping[str, Principal]
    clients: Mapping[str, Client] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, list[Any]]] = field(default_factory=dict)
    source: str = ""
    lenient: bool = False


def seed_file_for(contract: str) -> Path | None:
    """The seed data that lies in ``mocks/<name>/`` for a shipped name, or beside a contract's directory."""
    name = contract.partition("@")[0]
    if name in shipped().names():
        found = shipped().mocks / name / "seed.yaml"
        return found if found.is_file() else None
    beside = Path(contract) / "seed.yaml" if Path(contract).is_dir() else Path(contract).parent / "seed.yaml"
    return beside if "://" not in contract and beside.is_file() else None


def read_seed(path: Path, *, lenient: bool = False) -> Seed:
    """Read a seed file; see Seed for ``lenient``. Raises SeedError with the file and what is wrong."""
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        given = yaml.load(path.read_text("utf-8"), loader)  # noqa: S506 - a safe loader either way
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise SeedError(f"cannot be read: {error}", Location(str(path))) from error
    if not isinstance(given, Mapping):
        raise SeedError("a map with tenants, principals and rows is expected.", Location(str(path)))
    tenants = given.get("tenants") or {}
    oauth = given.get("oauth") or {}
    return Seed(
        tenants={slug: str(about.get("id", slug)) for slug, about in tenants.items()},
        principals=_principals(given.get("principals") or {}, tenants, path),
        clients={
            name: Client(name, frozenset(about.get("redirectUris") or ()), about.get("secret"))
            for name, about in (oauth.get("clients") or {}).items()
        },
        users={name: str(about.get("tenant")) for name, about in (oauth.get("users") or {}).items()},
        rows=_rows(given.get("rows") or {}),
        source=str(path),
        lenient=lenient,
    )


def _rows(given: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """Blocks by resource and tenant; those under ``*`` belong to all tenants, which the empty slug stands for."""
    return {
        name: {"" if tenant == "*" else tenant: blocks for tenant, blocks in (by_tenant or {}).items()}
        for name, by_tenant in given.items()
    }


def _principals(given: Mapping[str, Any], tenants: Mapping[str, Any], path: Path) -> dict[str, Principal]:
    found = {}
    for name, about in given.items():
        tenant = str(about.get("tenant", ""))
        further = frozenset(str(slug) for slug in about.get("tenants") or ())
        for slug in (tenant, *sorted(further)):
            if slug not in tenants:
                hint = did_you_mean(slug, tenants)
                raise SeedError(
                    f"principal {name!r} names the tenant {slug!r}, which does not exist.{hint}",
                    Location(str(path)),
                )
        scopes = frozenset(about.get("scopes") or ("*",))
        found[name] = Principal(name, tenant, str(about["key"]), scopes, tenants=further)
    return found


def invented_seed(behaviour: Behaviour) -> Seed:
    """Two tenants with one key each, for a contract that comes without seed data."""
    if behaviour.tenancy.source == "none":
        return Seed({"": ""}, {"demo": Principal("demo", "", "demo-key", frozenset("*"))})
    tenants = {"alpha": "alpha", "beta": "beta"}
    principals = {
        f"{slug}-owner": Principal(f"{slug}-owner", slug, f"{slug}-key", frozenset("*")) for slug in tenants
    }
    return Seed(tenants, principals)


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


def plant(seed: Seed, api: str, behaviour: Behaviour, keeper: Keeper, state: State) -> None:
    """Fill a state with the seed's rows. Raises SeedError on a resource or field that the contract does not know."""
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
    seed = replace(seed, rows={name: rows for name, rows in seed.rows.items() if name in behaviour.resources})
    today = parse_instant(state.clock.today())
    expansion = _Expansion(ids, today, seed.source, behaviour.moment)
    for name, by_tenant in seed.rows.items():
        for tenant, blocks in by_tenant.items():
            _plant_rows(behaviour.resources[name], tenant, blocks, ids[tenant, name], expansion, state)
    _settle(seed, behaviour, keeper, state)
    if not seed.rows:
        _invent(seed, behaviour, keeper, state)
    state.swept = state.clock.today()


def _plant_rows(
    resource: Resource,
    tenant: str,
    blocks: list[Any],
    ids: list[Any],
    expansion: _Expansion,
    state: State,
) -> None:
    """Store the rows as they are written; computing waits until every row is there."""
    table = state.table(tenant, resource.name)
    for identifier, (row, i) in zip(ids, _blocks(blocks), strict=True):
        data = {name: expansion.value(value, tenant, i) for name, value in row.items()}
        table.put(Row(str(identifier), {**data, resource.id_field: identifier}))
    if resource.id_kind == "integer":
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
