"""From what the command line asks for to an application that is ready to serve."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from troth.contract import load_contract
from troth.engine import Engine, Settings
from troth.engine.faults import check_faults
from troth.engine.seed_files import seed_file_for
from troth.mock.edge import MockApplication, build_application
from troth.mock.watching import Watcher

__all__ = ["StartOptions", "build_engine", "prepare"]

_log = logging.getLogger("troth.mock")


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


def build_engine(options: StartOptions) -> Engine:
    """Load, check and compile. Raises ContractError or UsageError."""
    faults = check_faults(options.faults)
    contract = load_contract(options.contract, overlays=options.overlays)
    settings = Settings(
        seed=options.seed,
        faults=faults,
        rate_limit=options.rate_limit,
        seed_file=options.seed_file or seed_file_for(options.contract),
        empty=options.empty,
        validate=options.validate,
    )
    return Engine(contract, settings)


def prepare(options: StartOptions, report: Callable[[str], None] = _log.warning) -> MockApplication:
    """The application for ``troth mock``; with ``watch``, what happens to the contract's files is reported."""
    application = build_application(build_engine(options), control=not options.no_control)
    if options.watch:
        watcher = Watcher(
            application.engine,
            load=lambda: build_engine(options),
            swap=application.swap,
            report=report,
            others=options.overlays,
        )
        application.companions.append(watcher)
    return application
