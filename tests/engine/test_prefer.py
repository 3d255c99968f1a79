"""``Prefer`` as it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.engine.forcing import Preference, parse_prefer


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Preference()),
        ("code=404", Preference(code="404")),
        ('code="404"', Preference(code="404")),
        ("CODE = 404", Preference(code="404")),
        ("code=404, code=500", Preference(code="404")),
        ("code=201; example=first", Preference(code="201", example="first")),
        ('example="with space"', Preference(example="with space")),
        ("dynamic=true, seed=5", Preference(dynamic=True, seed=5)),
        ("dynamic=no, seed=-5", Preference()),
        ("wait=250ms", Preference(wait=0.25)),
        ("wait=2", Preference(wait=2.0)),
        ("wait=1.5s", Preference(wait=1.5)),
        ("wait=3600", Preference(wait=60.0)),
        ("wait=soon", Preference()),
        ("fault=crash, fault=total-wrong", Preference(faults=frozenset({"crash", "total-wrong"}))),
        ("return=minimal, respond-async", Preference()),
    ],
)
def test_a_header_means_this(header: str, expected: Preference) -> None:
    """RFC 7240: names are case-insensitive, the first of a repeated one counts, unknown ones are ignored."""
    assert parse_prefer(header) == expected


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=60))
def test_no_header_is_too_strange(header: str) -> None:
    """Whatever it says, it is read; the wait stays within a minute."""
    found = parse_prefer(header)
    assert 0 <= found.wait <= 60
    assert found.seed is None or found.seed >= 0


@pytest.mark.parametrize(
    ("preference", "forces"),
    [
        (Preference(), False),
        (Preference(wait=1, faults=frozenset({"crash"})), False),
        (Preference(code="200"), True),
        (Preference(example="x"), True),
        (Preference(dynamic=True), True),
    ],
)
def test_waiting_and_faults_force_nothing(preference: Preference, forces: bool) -> None:
    """They bend the way, not the answer."""
    assert preference.forces is forces
