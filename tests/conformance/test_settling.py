"""A trial is settled when its fault is named, and every clause judged on two operations that show it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cache

from troth.behaviour.clauses import Clause
from troth.conformance.crew import bench_of
from troth.conformance.selftest import Bench
from troth.conformance.settling import Agenda
from troth.conformance.subjects import chosen, subjects_of


@cache
def bench() -> Bench:
    return bench_of("billing")


def clauses(**by_ground: str) -> Iterator[Clause]:
    like = bench().instruments.clauses[0]
    for ground, ids in by_ground.items():
        yield from (replace(like, id=one, operation=ground) for one in ids.split())


#: Six operations; all but one promise the same three things, and the first of them takes most requests.
AGENDA = Agenda(
    clauses(a="x.one y.one y.two", b="y.one y.two", c="x.one y.one", d="x.one y.two", e="y.one y.two", f="z.one"),
    {"a": 400, "b": 10, "c": 10, "d": 10, "e": 10, "f": 10}.__getitem__,
)  # fmt: skip


def heard(named: str, differing: Collection[str], noticed_on: Collection[str]) -> list[str]:
    """The grounds that a trial asks, where some show its fault and some of those find the named clause broken."""
    found: list[str] = []

    def hear(ground: str, _clauses: Sequence[Clause]) -> bool:
        found.append(ground)
        return ground in differing

    AGENDA.settle([named], "abcdef", hear, lambda: bool(set(found) & set(noticed_on)))
    return found


def test_a_clause_that_was_judged_twice_is_asked_for_nowhere_else() -> None:
    found = heard("x.one", "abcdef", "abcd")
    assert found[0] in "cd"  # the cheapest that promises what names the fault
    assert len(found) == len(set(found)) < len("abcdef")
    assert {"c", "d", "f"} <= set(found)


def test_where_nothing_differs_nothing_was_judged() -> None:
    assert set(heard("z.one", "f", "f")) == set("abcdef")


def test_a_clause_is_asked_for_in_vain_three_times_where_a_fault_may_be_met_anywhere() -> None:
    many = Agenda(clauses(**{f"g{n}": "x.one" for n in range(9)}, own="y.one"), lambda _ground: 10)
    found: list[str] = []
    many.settle(["y.one"], None, lambda ground, _: bool(found.append(ground)), lambda: bool(found))
    assert found[0] == "own"
    assert len(found) == 4


def test_so_it_is_where_a_fault_reaches_many() -> None:
    many = Agenda(clauses(**{f"g{n}": "x.one" for n in range(60)}), lambda _ground: 10)
    found: list[str] = []
    reached = [f"g{n}" for n in range(40)]
    many.settle(["x.two"], reached, lambda ground, _: bool(found.append(ground)), lambda: False)
    assert len(found) == 3
    assert set(found) <= set(reached)


def test_all_that_a_fault_can_reach_is_asked_in_vain_where_these_are_few() -> None:
    many = Agenda(clauses(**{f"g{n}": "x.one" for n in range(9)}), lambda _ground: 10)
    found: list[str] = []
    reached = [f"g{n}" for n in range(7)]
    many.settle(["x.two"], reached, lambda ground, _: bool(found.append(ground)), lambda: False)
    assert sorted(found) == reached


def test_whatever_promises_the_named_clause_is_asked_until_it_is_found_broken() -> None:
    assert heard("x.one", "abcd", "a")[:3] == ["c", "d", "a"]
    assert {"a", "c", "d"} <= set(heard("x.one", "abcd", ""))


def test_grounds_out_of_reach_are_not_asked() -> None:
    found: list[str] = []
    AGENDA.settle(["x.one"], "bc", lambda ground, _: bool(found.append(ground)), lambda: False)
    assert sorted(found) == ["b", "c"]


def test_clauses_after_the_last_one_that_has_something_to_say_are_left_out() -> None:
    asked: dict[str, list[str]] = {}

    def hear(ground: str, first: Sequence[Clause]) -> bool:
        asked[ground] = [one.id for one in first]
        return True

    costs = {"g": 1, "h": 2, "i": 3}
    agenda = Agenda(clauses(g="x.one", h="x.one", i="z.one x.one"), costs.__getitem__)
    agenda.settle(["x.one"], "ghi", hear, lambda: "h" in asked)
    assert asked == {"g": ["x.one"], "h": ["x.one"], "i": ["z.one"]}


def test_a_fault_that_shows_everywhere_is_settled_before_everything_was_judged() -> None:
    subject = chosen(subjects_of(bench().instruments), ["error-envelope-broken"])[0]
    trial, whole = bench().tried(subject), bench().tried(subject, everywhere=True)
    assert trial.killed_by == whole.killed_by == ("errors.envelope",)
    assert trial.extent.judged < trial.extent.grounds == whole.extent.judged
    assert trial.as_json()["grounds"]["judged"] == trial.extent.judged
