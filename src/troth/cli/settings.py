"""The target file: the nearest ``troth.toml``, or ``[tool.troth]`` of the nearest ``pyproject.toml``."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from troth.cli.tables import Table, expand
from troth.errors import UsageError

# What verifies takes half a second to import, which only a file that names a target has to pay.
if TYPE_CHECKING:
    from troth.conformance import Application, Principal, Skip

__all__ = ["Settings", "load_settings", "parse_rate", "settings_table"]

_RATE = re.compile(r"(?P<count>\d+(?:\.\d+)?)/(?P<every>[1-9]\d*)?(?P<unit>s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the target file says; everything may be absent. ``rate`` is requests per second."""

    contract: str | None = None
    budget: str | None = None
    base_url: str | None = None
    rate: float | None = None
    control_url: str | None = None
    receiver_url: str | None = None
    listen: str | None = None
    cleanup: bool = True
    principals: Mapping[str, Principal] = field(default_factory=lambda: MappingProxyType({}))
    applications: Mapping[str, Application] = field(default_factory=lambda: MappingProxyType({}))
    skips: Mapping[str, Skip] = field(default_factory=lambda: MappingProxyType({}))
    source: Path | None = None


def load_settings(
    path: str | Path | None = None,
    *,
    start: Path | None = None,
    environment: Mapping[str, str] | None = None,
    target: bool = True,
) -> Settings:
    """The settings of a file, or of the nearest one at or above ``start``; empty where there is none.

    ``target=False`` reads the contract only, so a command that calls no server needs no variables of the
    environment. Raises UsageError naming file, line and key for unknown keys, wrong types, missing variables.
    """
    table = settings_table(path, start=start)
    if table is None:
        return Settings()
    table = table.without("diff") if target else table.without("target", "skip", "budget", "diff")
    variables = os.environ if environment is None else environment
    content = expand(table.content, variables, lambda keys: table.where(*keys))
    return _settings(Table(content, table.path, table.text, table.prefix))


def settings_table(path: str | Path | None = None, *, start: Path | None = None) -> Table | None:
    """The whole file, or the nearest one, as it is written. Raises UsageError for a key at its top that is unknown."""
    found = _read(Path(path)) if path is not None else _nearest(start or Path.cwd())
    if found is None:
        return None
    table = Table(found.content, found.path, found.text, found.prefix)
    table.only("contract", "budget", "target", "skip", "diff")
    return table


def parse_rate(text: str) -> float:
    """Requests per second of ``20/s``, ``600/m`` or ``100/15m``. Raises UsageError for anything else."""
    match = _RATE.fullmatch(text.strip())
    rate = float(match["count"]) / (int(match["every"] or 1) * _SECONDS[match["unit"]]) if match else 0
    if not rate:
        raise UsageError(
            f"{text!r} is no rate; expected a number per window, such as '20/s', '600/m' or '100/15m'."
        )
    return rate


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    text: str
    content: Mapping[str, Any]
    prefix: tuple[str, ...] = ()


def _nearest(start: Path) -> _Source | None:
    for directory in (start, *start.parents):
        if (directory / "troth.toml").is_file():
            return _read(directory / "troth.toml")
        if (directory / "pyproject.toml").is_file():
            found = _read(directory / "pyproject.toml")
            if found.content:
                return found
    return None


def _read(path: Path) -> _Source:
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: the target file cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}.") from error
    if path.name != "pyproject.toml":
        return _Source(path, text, content)
    tool = content.get("tool", {}).get("troth", {})
    return _Source(path, text, tool, ("tool", "troth"))


def _settings(table: Table) -> Settings:
    target = table.table("target")
    target.only("base-url", "rate", "cleanup", "control", "receiver", "principals", "applications")
    control = target.table("control")
    control.only("url")
    receiver = target.table("receiver")
    receiver.only("url", "listen")
    rate = target.string("rate")
    return Settings(
        contract=table.string("contract"),
        budget=_budget(table),
        base_url=target.string("base-url"),
        rate=target.checked("rate", parse_rate, rate) if rate is not None else None,
        control_url=control.string("url"),
        receiver_url=receiver.string("url"),
        listen=receiver.string("listen"),
        cleanup=target.flag("cleanup", default=True),
        principals=MappingProxyType(
            {name: _principal(name, inner) for name, inner in target.tables("principals")}
        ),
        applications=MappingProxyType(
            {name: _application(inner) for name, inner in target.tables("applications")}
        ),
        skips=MappingProxyType({clause: _skip(clause, inner) for clause, inner in table.tables("skip")}),
        source=table.path,
    )


def _budget(table: Table) -> str | None:
    budget = table.string("budget")
    if budget not in (None, "pr", "nightly"):
        raise UsageError(f"{table.where('budget')}: expected 'pr' or 'nightly', found {budget!r}.")
    return budget


def _principal(name: str, table: Table) -> Principal:
    from troth.conformance import Principal  # noqa: PLC0415 - as above

    table.only("tenant", "headers", "query", "scopes", "permissions", "settings", "known")
    headers = {key: table.table("headers").string(key) or "" for key in table.table("headers").content}
    query = table.table("query")
    headers |= {f"?{key}": query.string(key) or "" for key in query.content}
    scopes, permissions = (table.strings(word, ("*",)) for word in ("scopes", "permissions"))
    known = MappingProxyType(dict(table.table("settings").content))
    rows = {name: table.table("known").strings(name, ()) for name in table.table("known").content}
    return Principal(
        name,
        table.string("tenant"),
        MappingProxyType(headers),
        scopes,
        permissions,
        known,
        MappingProxyType(rows),
    )


def _application(table: Table) -> Application:
    from troth.conformance import Application  # noqa: PLC0415 - as above

    table.only("client-id", "redirect-uri", "client-secret", "user")
    for name in ("client-id", "redirect-uri"):
        if table.string(name) is None:
            raise UsageError(f"{table.where()}: an application needs {name}.")
    return Application(
        table.string("client-id") or "",
        table.string("redirect-uri") or "",
        table.string("client-secret"),
        table.string("user"),
    )


def _skip(clause: str, table: Table) -> Skip:
    from troth.conformance import Skip  # noqa: PLC0415 - as above

    table.only("reason", "until")
    reason = table.string("reason")
    if not reason:
        raise UsageError(f'{table.where()}: a skipped clause needs a reason. Add reason = "…".')
    return Skip(clause, reason, table.day("until"))
