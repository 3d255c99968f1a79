"""From what the command line asks for to an application that is ready to serve."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from troth.contract import load_contract, shipped
from troth.engine import Engine, Settings
from troth.engine.faults import check_faults
from troth.mock.edge import MockApplication, build_application

__all__ = ["StartOptions", "build_engine", "prepare", "seed_file_for"]


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


def seed_file_for(contract: str) -> Path | None:
    """The seed data that lies in ``mocks/<name>/`` for a shipped name, or beside a contract's directory."""
    name = contract.partition("@")[0]
    if name in shipped().names():
        found = shipped().mocks / name / "seed.yaml"
        return found if found.is_file() else None
    beside = Path(contract) / "seed.yaml" if Path(contract).is_dir() else Path(contract).parent / "seed.yaml"
    return beside if "://" not in contract and beside.is_file() else None


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


def prepare(options: StartOptions) -> MockApplication:
    """The application for ``troth mock``."""
    return build_application(build_engine(options), control=not options.no_control)
