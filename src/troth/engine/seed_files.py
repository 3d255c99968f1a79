"""Seed files: who and what a mock starts with, read from ``mocks/<api>/seed.yaml`` and checked.

``tenants`` maps slugs to ``{id}``, ``principals`` names to ``{tenant, tenants, key, scopes, permissions, settings}``,
``oauth.users`` likewise without key and scopes, ``rows`` resources to tenants to blocks of ``{count, row}``. A
resource's blocks may stand without a tenant: every tenant then has such rows. Blocks under ``*`` are rows that all
tenants share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from troth.behaviour.model import Behaviour
from troth.contract import shipped
from troth.engine.authenticating import Principal
from troth.engine.oauth import Client
from troth.errors import SeedError, did_you_mean
from troth.findings import Location

__all__ = ["Seed", "invented_seed", "read_seed", "seed_file_for"]

_BLOCK = ("count", "row")


@dataclass(frozen=True)
class Seed:
    """What a mock starts with. ``tenants`` maps a slug to the tenant's id on the wire.

    ``lenient``: the contract is an older release, so rows and fields that came later are left out.
    """

    tenants: Mapping[str, str]
    principals: Mapping[str, Principal]
    clients: Mapping[str, Client] = field(default_factory=dict)
    users: Mapping[str, Principal] = field(default_factory=dict)
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


def invented_seed(behaviour: Behaviour) -> Seed:
    """Two tenants with one key each, for a contract that comes without seed data."""
    if behaviour.tenancy.source == "none":
        return Seed({"": ""}, {"demo": Principal("demo", "", "demo-key", frozenset("*"))})
    tenants = {"alpha": "alpha", "beta": "beta"}
    principals = {
        f"{slug}-owner": Principal(f"{slug}-owner", slug, f"{slug}-key", frozenset("*")) for slug in tenants
    }
    return Seed(tenants, principals)


def read_seed(path: Path, *, lenient: bool = False) -> Seed:
    """Read a seed file; see Seed for ``lenient``. Raises SeedError with the file and what is wrong."""
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        given = yaml.load(path.read_text("utf-8"), loader)  # noqa: S506 - a safe loader either way
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise SeedError(f"cannot be read: {error}", Location(str(path))) from error
    return _Reader(str(path)).seed(given, lenient=lenient)


class _Reader:
    """Turns the content of one file into a Seed; knows its name for errors."""

    def __init__(self, source: str) -> None:
        self._source = source

    def _wrong(self, message: str) -> SeedError:
        return SeedError(message, Location(self._source))

    def _map(self, given: Any, what: str) -> Mapping[str, Any]:
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            raise self._wrong(f"{what} is a map; found {given!r}.")
        return {str(key): value for key, value in given.items()}

    def seed(self, content: Any, *, lenient: bool) -> Seed:
        if not isinstance(content, Mapping):
            raise self._wrong("a map with tenants, principals and rows is expected.")
        known = ("tenants", "principals", "oauth", "rows")
        for word in content:
            if word not in known:
                raise self._wrong(f"unknown key {word!r}.{did_you_mean(str(word), known)}")
        about = {slug: self._map(found, f"tenant {slug!r}") for slug, found in self._maps(content, "tenants")}
        tenants = {slug: str(found.get("id", slug)) for slug, found in about.items()} or {"": ""}
        oauth = self._map(content.get("oauth"), "oauth")
        clients = {name: self._client(name, found) for name, found in self._maps(oauth, "clients")}
        users = {
            name: self._caller(f"user {name!r}", name, found, tenants)
            for name, found in self._maps(oauth, "users")
        }
        principals = {
            name: self._principal(name, given, tenants) for name, given in self._maps(content, "principals")
        }
        rows = {name: self._blocks(name, found, tenants) for name, found in self._maps(content, "rows")}
        return Seed(tenants, principals, clients, users, rows, self._source, lenient)

    def _maps(self, content: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
        return list(self._map(content.get(key), key).items())

    def _tenant(self, who: str, about: Mapping[str, Any], tenants: Mapping[str, str]) -> str:
        tenant = str(about.get("tenant", "" if "" in tenants else None))
        if tenant not in tenants:
            hint = did_you_mean(tenant, tenants)
            raise self._wrong(f"{who} names the tenant {tenant!r}, which does not exist.{hint}")
        return tenant

    def _principal(self, name: str, given: Any, tenants: Mapping[str, str]) -> Principal:
        who = f"principal {name!r}"
        about = self._map(given, who)
        found = self._caller(who, name, about, tenants)
        if not about.get("key"):
            raise self._wrong(f"{who} has no key.")
        members = frozenset(
            self._tenant(who, {"tenant": slug}, tenants) for slug in self._list(about, "tenants", who)
        )
        scopes = self._list(about, "scopes", who) or frozenset("*")
        return replace(found, secret=str(about["key"]), scopes=scopes, tenants=members)

    def _caller(self, who: str, name: str, given: Any, tenants: Mapping[str, str]) -> Principal:
        """Somebody without a credential yet: a tenant, settings and permissions."""
        about = self._map(given, who)
        tenant = self._tenant(who, about, tenants)
        settings = self._map(about.get("settings"), f"settings of {who}")
        permissions = self._list(about, "permissions", who) or frozenset("*")
        return Principal(name, tenant, "", frozenset("*"), settings=settings, permissions=permissions)

    def _list(self, about: Mapping[str, Any], key: str, who: str) -> frozenset[str]:
        found = about.get(key) or ()
        if not isinstance(found, list | tuple):
            raise self._wrong(f"the {key} of {who} are a list; found {found!r}.")
        return frozenset(str(word) for word in found)

    def _client(self, name: str, given: Any) -> Client:
        who = f"client {name!r}"
        about = self._map(given, who)
        permissions = self._list(about, "permissions", who) or frozenset("*")
        return Client(name, frozenset(about.get("redirectUris") or ()), about.get("secret"), permissions)

    def _blocks(self, resource: str, given: Any, tenants: Mapping[str, str]) -> Mapping[str, list[Any]]:
        if isinstance(given, list):
            given = dict.fromkeys(tenants, given)
        found: dict[str, list[Any]] = {}
        for slug, blocks in self._map(given, f"rows of {resource!r}").items():
            tenant = "" if slug == "*" else slug
            if tenant and tenant not in tenants:
                hint = did_you_mean(tenant, tenants)
                raise self._wrong(
                    f"rows of {resource!r} name the tenant {tenant!r}, which does not exist.{hint}"
                )
            if not isinstance(blocks, list):
                raise self._wrong(
                    f"rows of {resource!r} for {tenant!r} are a list of blocks; found {blocks!r}."
                )
            for place, block in enumerate(blocks):
                self._block(f"block {place} of {resource!r} for {tenant!r}", block)
            found[tenant] = blocks
        return found

    def _block(self, where: str, block: Any) -> None:
        about = self._map(block, where)
        for word in about:
            if word not in _BLOCK:
                hint = did_you_mean(word, _BLOCK)
                raise self._wrong(f"{where} has the unknown key {word!r}; known: count, row.{hint}")
        if not isinstance(about.get("row"), Mapping):
            raise self._wrong(f"{where} needs a row, a map of fields to values.")
        count = about.get("count", 1)
        if not isinstance(count, int) or count < 0:
            raise self._wrong(f"the count of {where} is a whole number; found {count!r}.")
