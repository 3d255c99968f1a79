"""What Hypothesis draws within a run hangs on the seed, and not on which modules are near."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from troth.conformance.constants import no_local_constants

_LOCAL = 123_456_789_012


def drawn() -> list[int]:
    """What one seed draws."""
    found: list[int] = []

    @settings(
        max_examples=200, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @seed(7)
    @given(st.integers())
    def take(value: int) -> None:
        found.append(value)

    take()
    return found


def test_constants_of_modules_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A constant that some module near has is drawn by Hypothesis, and not within a run."""
    inside: Any = providers
    local = inside.Constants()
    local.integers.add(_LOCAL)
    monkeypatch.setattr(inside, "CONSTANTS_CACHE", type(inside.CONSTANTS_CACHE)(99))
    monkeypatch.setattr(inside, "_get_local_constants", lambda: local)
    assert _LOCAL in drawn()
    with no_local_constants():
        within = drawn()
    assert _LOCAL not in within
    local.integers.clear()
    with no_local_constants():
        assert drawn() == within


def test_a_run_leaves_no_file_of_constants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with no_local_constants():
        drawn()
    assert list(tmp_path.iterdir()) == []
