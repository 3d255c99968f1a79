"""Ids and words from one source of randomness."""

from __future__ import annotations

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from troth.engine.identity import Identities, stable_uuid


@given(st.integers(), st.lists(st.one_of(st.none(), st.integers(0, 64)), max_size=20))
def test_one_seed_gives_one_sequence(seed: int, lengths: list[int | None]) -> None:
    """Any mixture of ids and words repeats from the seed."""
    first, second = (
        [source.uuid() if n is None else source.word(n) for n in lengths]
        for source in (Identities(seed), Identities(seed))
    )
    assert first == second


@given(st.integers(), st.integers(0, 100))
def test_words_are_lower_case_letters_and_digits(seed: int, length: int) -> None:
    """Of exactly the length asked for."""
    assert re.fullmatch(f"[0-9a-z]{{{length}}}", Identities(seed).word(length))


def test_ids_are_random_uuids() -> None:
    """Version 4, variant RFC 9562, all different."""
    source = Identities(1)
    made = [uuid.UUID(source.uuid()) for _ in range(1000)]
    assert {(one.version, one.variant) for one in made} == {(4, uuid.RFC_4122)}
    assert len(set(made)) == 1000


def test_a_copy_continues_alike_and_apart() -> None:
    """The same next values, whoever draws first."""
    source = Identities(3)
    source.word(5)
    twin = source.copy()
    mine = [source.uuid(), source.word(9)]
    assert [twin.uuid(), twin.word(9)] == mine


def test_without_a_seed_runs_differ() -> None:
    """Two mocks at the same time do not share ids."""
    assert Identities(None).uuid() != Identities(None).uuid()


def test_stable_ids_depend_on_every_word() -> None:
    """The same words in the same order, nothing else."""
    assert stable_uuid("a", "b", 1) == stable_uuid("a", "b", 1)
    assert len({stable_uuid(*words) for words in (("a", "b"), ("b", "a"), ("a", "b", 0), ("a",))}) == 4
