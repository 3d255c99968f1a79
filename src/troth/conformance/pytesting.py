"""What the thin pytest files of ``conformance/`` need: options, clauses, a run, and a failure in words."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NoReturn

from troth.behaviour import behaviour_of
from troth.behaviour.clauses import Clause, chosen_clauses, clauses_of
from troth.conformance.running import Run
from troth.conformance.target import Target, principal_of
from troth.contract import load_contract
from troth.errors import TargetError, TrothError
from troth.findings import Case

if TYPE_CHECKING:
    import pytest

__all__ = ["account", "add_options", "clauses_from", "run_from"]

_UNREACHABLE, _USAGE = 3, 4


def add_options(parser: pytest.Parser) -> None:
    """``--contract``, ``--base-url`` and the rest, as ``troth verify`` has them."""
    group = parser.getgroup("troth", "conformance to a contract")
    group.addoption(
        "--contract", default="clientcasa", help="a shipped name, file, directory, URL or git:REF:path"
    )
    group.addoption("--base-url", default=None, help="where the API is, its base path included")
    group.addoption(
        "--principal", action="append", default=[], help="NAME,tenant=T,scopes=A+B,header=K:V; may repeat"
    )
    group.addoption(
        "--control", default=None, help="the target's control plane; a Troth mock's is found by itself"
    )
    group.addoption("--receiver", default=None, help="where the target reaches this machine with webhooks")
    group.addoption("--listen", default=None, help="HOST:PORT to listen at for webhooks")
    group.addoption("--rate", type=float, default=None, help="requests per second, at most")
    group.addoption(
        "--only",
        action="append",
        default=[],
        help="a concept, clause, operation or clause@operation; may repeat",
    )
    group.addoption("--nightly", action="store_true", help="try as much as is useful")


def clauses_from(config: pytest.Config) -> tuple[Clause, ...]:
    """The clauses that the options choose."""
    try:
        contract = load_contract(config.getoption("--contract"))
        return chosen_clauses(clauses_of(contract, behaviour_of(contract)), config.getoption("--only"))
    except TrothError as error:
        _end(error)


def run_from(config: pytest.Config) -> Run:
    """A run against the target of the options. Ends the session when there is none."""
    url = config.getoption("--base-url")
    try:
        principals = tuple(principal_of(text, os.environ) for text in config.getoption("--principal"))
        target = Target(
            url or "",
            principals,
            config.getoption("--rate"),
            config.getoption("--control"),
            receiver_url=config.getoption("--receiver"),
            listen=config.getoption("--listen"),
        )
        contract = load_contract(config.getoption("--contract"))
        return Run(contract, target, budget="nightly" if config.getoption("--nightly") else "pr")
    except TrothError as error:
        _end(error)


def _end(error: TrothError) -> NoReturn:
    import pytest  # noqa: PLC0415 - only where pytest runs anyway

    pytest.exit(str(error), returncode=_UNREACHABLE if isinstance(error, TargetError) else _USAGE)


def account(case: Case) -> str:
    """A violation as a failure message: what, where in the contract, and the exchanges that prove it."""
    lines = []
    for finding in case.findings:
        lines += [f"{case.name}: {finding.title}", str(finding.location or ""), finding.detail]
        for exchange in finding.evidence.get("exchanges", ()):
            request, response = exchange["request"], exchange["response"]
            lines.append(
                f"{exchange['principal']}: {request['method']} {request['url']} {request['body']}".rstrip()
            )
            lines.append(f"  {response['status']} {response['body'][:600]}".rstrip())
        rest = {key: value for key, value in finding.evidence.items() if key != "exchanges"}
        lines += [json.dumps(rest, default=str)] if rest else []
    return "\n".join(line for line in lines if line)
