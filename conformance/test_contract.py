"""The target keeps the contract: one test a clause, named ``clause@operation``."""

from __future__ import annotations

import pytest

from troth.conformance import Case, Run, account


def test_clause(case: Case) -> None:
    """The target keeps the promise; what could not be judged is skipped with the reason."""
    if case.verdict == "violate":
        pytest.fail(account(case), pytrace=False)
    if case.verdict != "conform":
        pytest.skip(f"{case.verdict}: {case.detail}")


def test_enough_was_exercised(run: Run, judged: list[Case]) -> None:
    """A run that could hardly ask anything is no success."""
    assert not run.shortfall(judged)
