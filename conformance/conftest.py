"""Options and fixtures: ``pytest conformance --contract clientcasa --base-url http://127.0.0.1:4010/api``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from troth.conformance import Case, Clause, Run, add_options, clauses_from, run_from


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "clause" in metafunc.fixturenames:
        clauses = clauses_from(metafunc.config)
        metafunc.parametrize("clause", clauses, ids=[clause.name for clause in clauses])


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """One connection to the target for the whole session."""
    with run_from(request.config) as made:
        yield made


@pytest.fixture(scope="session")
def judged() -> list[Case]:
    """The verdicts so far."""
    return []


@pytest.fixture
def case(run: Run, clause: Clause, judged: list[Case]) -> Case:
    """The verdict on one clause."""
    judged.append(run.judge(clause))
    return judged[-1]
