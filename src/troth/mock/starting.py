"""From what the command line asks for to an application that is ready to serve."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from troth.contract import Contract, load_contract
from troth.engine import Engine, Settings
from troth.engine.seed_files import seed_file_for
from troth.mock.edge import MockApplication, build_application
from troth.mock.mounting import Mounts, prefixes
from troth.mock.watching import Watcher

__all__ = ["StartOptions", "build_engine", "prepare", "prepare_several"]

_SHOWN = 3

_log = logging.getLogger("troth.mock")

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StartOptions:
    """The options of ``troth mock``, as they are written."""

    contract: str
    overlays: tuple[str, ...] = ()
    seed: int | None = None
    faults: tuple[str, ...] = ()
    seed_file: Path | None = None
    empty: bool = False
    validate: str = "strict"
    rate_limit: str = "contract"
    no_control: bool = False
    watch: bool = False


def _load(options: StartOptions) -> Contract:
    return load_contract(options.contract, overlays=options.overlays)


def _engine(contract: Contract, options: StartOptions) -> Engine:
    settings = Settings(
        seed=options.seed,
        faults=frozenset(options.faults),
        rate_limit=options.rate_limit,
        seed_file=options.seed_file or seed_file_for(options.contract),
        empty=options.empty,
        validate=options.validate,
    )
    return Engine(contract, settings)


def build_engine(options: StartOptions, mount: str = "") -> Engine:
    """Load, check and compile. Raises ContractError or UsageError."""
    return _engine(_load(options).mounted(mount), options)


def prepare(options: StartOptions, report: Report = _log.warning) -> MockApplication:
    """The application for ``troth mock``; with ``watch``, what happens to the contract's files is reported."""
    return _application(build_engine(options), options, report)


def prepare_several(several: Iterable[StartOptions], report: Report = _log.warning) -> Mounts:
    """One application for several contracts, each below its name."""
    loaded = [(options, _load(options)) for options in several]
    mounts = prefixes(contract for _, contract in loaded)
    return Mounts(
        _application(_engine(contract.mounted(mount), options), options, report)
        for (options, contract), mount in zip(loaded, mounts, strict=True)
    )


def _warn(contract: Contract, report: Report) -> None:
    """Say what is wrong with a document that can be served all the same."""
    for flaw in contract.flaws[:_SHOWN]:
        report(f"{flaw.location}: {flaw.title}")
    if len(contract.flaws) > _SHOWN:
        report(f"and {len(contract.flaws) - _SHOWN} more flaws of this kind; troth lint lists them")


def _application(engine: Engine, options: StartOptions, report: Report) -> MockApplication:
    application = build_application(engine, control=not options.no_control)
    _warn(engine.contract, report)
    if options.watch:
        watcher = Watcher(
            engine,
            load=partial(build_engine, options, engine.contract.mount),
            swap=application.swap,
            report=report,
            others=options.overlays,
        )
        application.companions.append(watcher)
    return application
