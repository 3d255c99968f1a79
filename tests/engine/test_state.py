"""Tables and states: what is stored, found, forked and taken over."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from troth.engine.clock import Clock
from troth.engine.identity import Identities
from troth.engine.state import MemoryTable, Row, State

values = st.one_of(st.sampled_from(["a", "b", 1, None]), st.lists(st.sampled_from(["a", "b", 1]), max_size=2))
names = st.sampled_from(["x", "y", "z"])


class TableModel(RuleBasedStateMachine):
    """A table behaves as a plain dictionary would, whatever indexes it keeps, and copies stay apart."""

    def __init__(self) -> None:
        super().__init__()
        self.table = MemoryTable()
        self.model: dict[str, tuple[Any, bool]] = {}
        self.copies: list[tuple[MemoryTable, dict[str, tuple[Any, bool]]]] = []

    @rule(name=names, value=values, visible=st.booleans())
    def put(self, name: str, value: Any, visible: bool) -> None:
        version = self.table.version
        self.table.put(Row(name, {"field": value}, visible=visible))
        self.model[name] = (value, visible)
        assert self.table.version > version

    @rule(name=names)
    def drop(self, name: str) -> None:
        self.table.drop(name)
        self.model.pop(name, None)

    @rule(wanted=st.sampled_from(["a", "b", 1, None]))
    def find(self, wanted: Any) -> None:
        found = {row.id for row in self.table.holding("field", wanted)}
        assert found == {
            name
            for name, (value, _) in self.model.items()
            if value == wanted or (isinstance(value, list) and wanted in value)
        }

    @rule()
    def copy(self) -> None:
        self.copies.append((self.table.copy(), dict(self.model)))

    @invariant()
    def everything_is_there_in_order(self) -> None:
        for table, model in [(self.table, self.model), *self.copies]:
            assert [row.id for row in table.all()] == list(model)
            assert sorted(row.id for row in table.shown()) == sorted(
                n for n, (_, seen) in model.items() if seen
            )
            assert all(
                (row := table.get(n)) is not None and row.data["field"] == v for n, (v, _) in model.items()
            )
            assert table.get("none") is None


TestTable = TableModel.TestCase
TestTable.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def filled() -> State:
    state = State(Clock(frozen_at=100.0), Identities(1))
    state.table("t", "things").put(Row("1", {"n": 1}))
    state.next("t", "things", "number")
    state.replays["t", "key"] = "answer"
    state.windows["limit", "t"] = [160.0, 3.0]
    state.tokens["token"] = "grant"
    return state


def essence(state: State) -> Any:
    rows = {key: [row.id for row in table.all()] for key, table in state.tables.items()}
    return (
        rows,
        dict(state.sequences),
        dict(state.replays),
        {k: list(w) for k, w in state.windows.items()},
        dict(state.tokens),
        state.clock.now(),
    )


def change(state: State) -> None:
    state.table("t", "things").put(Row("2", {"n": 2}))
    state.table("t", "others").put(Row("1", {}))
    state.next("t", "things", "number")
    state.replays["t", "other"] = "answer"
    state.windows["limit", "t"][1] += 1
    state.tokens.clear()
    state.clock.advance(10)
    state.identities.word(3)


def test_a_fork_shows_nothing_of_what_happens_to_either() -> None:
    """Rows, sequences, replays, windows, tokens, clock and ids."""
    state = filled()
    before = essence(state)
    twin, other = state.fork(), state.fork()
    change(state)
    assert essence(twin) == before
    change(twin)
    assert essence(other) == before
    assert essence(state) == essence(twin)


def test_a_fork_draws_the_same_ids() -> None:
    """The randomness is part of the state."""
    state = filled()
    assert state.fork().identities.uuid() == state.fork().identities.uuid()


def test_a_snapshot_survives_its_restoring() -> None:
    """A state becomes a snapshot any number of times; journal and log stay."""
    state = filled()
    snapshot = state.fork()
    state.journal.append("entry")
    for _ in range(2):
        change(state)
        state.become(snapshot)
        assert essence(state) == essence(snapshot)
    assert list(state.journal) == ["entry"]


def test_sequences_count_for_each_tenant_and_field() -> None:
    """From 1, without gaps."""
    state = filled()
    assert [state.next("t", "things", "number") for _ in range(2)] == [2, 3]
    assert state.next("u", "things", "number") == 1
    assert state.next("t", "things", "code") == 1


def test_rows_are_found_by_one_of_several_values() -> None:
    """A list holds each of its values while it is there, also one that came after the field was first asked for."""
    table = MemoryTable()
    table.put(Row("1", {"owner": "a"}))
    assert [row.id for row in table.holding("owner", "a")] == ["1"]
    table.put(Row("2", {"owner": ["b", "a"]}))
    assert [row.id for row in table.holding("owner", "a")] == ["1", "2"]
    assert [row.id for row in table.copy().holding("owner", "b")] == ["2"]
    table.put(Row("2", {"owner": "c"}))
    assert [row.id for row in table.holding("owner", "a")] == ["1"]
    assert [row.id for row in table.holding("owner", "c")] == ["2"]
