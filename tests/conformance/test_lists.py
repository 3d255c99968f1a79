"""What lists keep is asked for in the parameter's own spelling, and one broken filter is one cause."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from troth.behaviour.filters import filters_of
from troth.conformance.connections import Loopback
from troth.conformance.crew import bench_of
from troth.conformance.selftest import Bench
from troth.conformance.subjects import chosen, subjects_of
from troth.contract import load_contract

LIBRARY = Path(__file__).parent / "library"


@cache
def bench() -> Bench:
    return Bench(load_contract(str(LIBRARY)), LIBRARY / "seed.yaml")


def violated(fault: str) -> tuple[str, ...]:
    (subject,) = chosen(subjects_of(bench().instruments), [fault])
    return bench().tried(subject).violated


def test_the_library_conforms() -> None:
    outcome = bench().alarms()
    assert outcome == ()


@pytest.mark.parametrize(
    ("parameter", "why"),
    [
        ("status", "rows have another spelling than the parameter"),
        ("bought?", "a value begins with a sign"),
        ("ids?", "no row has an id that the parameter takes, so that nothing may be kept"),
        ("shelf", "the links of a list under that filter are none the worse for it"),
    ],
)
def test_a_filter_that_does_nothing_is_the_only_cause(parameter: str, why: str) -> None:
    fault = f"filter.exact:drop:listBooks.{parameter.replace('?', '[[]]')}"
    assert violated(fault) == ("filter.exact",), why


@pytest.mark.parametrize(
    "condition",
    [
        "!has(query.lent) || query.lent == (reader != null)",
        "!has(query.letter) || title.startsWith(query.letter)",
        "!('without[]' in query) || !(id in query['without[]'])",
    ],
)
def test_a_condition_is_tried_with_the_parameter_that_it_reads(condition: str, tmp_path: Path) -> None:
    """Without the parameter every row satisfies it, so nothing could be told."""
    text = (LIBRARY / "openapi.yaml").read_text("utf-8")
    before, after = text.index("        where: >-"), text.index("      parameters:\n        - {name: offset")
    (tmp_path / "openapi.yaml").write_text(
        f'{text[:before]}        where: "{condition}"\n{text[after:]}', "utf-8"
    )
    made = Bench(load_contract(str(tmp_path)), LIBRARY / "seed.yaml")
    (subject,) = chosen(subjects_of(made.instruments), ["list.where:drop:listBooks"])
    assert made.alarms() == ()
    assert made.tried(subject).violated == ("list.where",)


def test_links_that_forget_the_filter_are_told_of_the_links() -> None:
    assert violated("link-drops-query") == ("pagination.links",)


@cache
def clio() -> Bench:
    return bench_of("clio")


@pytest.mark.parametrize(
    ("fault", "innocent"),
    [
        ("total-wrong", "visibility.listed"),
        ("total-wrong", "visibility.searched"),
        ("cursor-repeats-row", "pagination.links"),
        ("cursor-repeats-row", "pagination.survivors"),
        ("bad-credential-accepted", "oauth.revoked"),
    ],
)
def test_what_another_clause_explains_is_told_of_that_clause_alone(fault: str, innocent: str) -> None:
    made = clio()
    outcome = made.held(Loopback(made.engine.misbehaving([fault])), only=[innocent])
    assert outcome.findings == ()
    assert any("judges" in case.detail for case in outcome.cases)


def test_records_without_a_sign_of_their_origin_are_looked_for_below_the_new_row() -> None:
    """A list below another row has such rows already, so only that below the new one tells."""
    made = clio()
    correct = made.held(Loopback(made.engine.misbehaving([])), only=["records.written"])
    bent = made.held(Loopback(made.engine.misbehaving(["record-lost"])), only=["records.written"])
    assert correct.findings == ()
    assert "records.written@createMatter" in {
        case.name for case in correct.cases if case.verdict == "conform"
    }
    assert "records.written@createMatter" in {finding.clause for finding in bent.findings}


def test_a_fault_that_no_rule_lets_show_is_not_derived() -> None:
    """Clio's rules redact what is read, they hide nothing."""
    names = {subject.name for subject in subjects_of(clio().instruments)}
    assert "hidden-read" not in names
    assert "redaction-dropped" in names


def test_a_parameter_with_members_is_a_filter_only_where_it_is_declared() -> None:
    contacts = clio().engine.behaviour.bindings["listContacts"].operation
    resource = clio().engine.behaviour.resources["contacts"]
    names = {one.parameter for one in filters_of(contacts, resource)}
    assert "type" in names
    assert "custom_field_values" not in names


def test_a_text_is_no_list_of_what_its_name_is_the_plural_of() -> None:
    """``initials`` is a text, so ``initial`` does not look for one of several."""
    contacts = clio().engine.behaviour.bindings["listContacts"].operation
    resource = clio().engine.behaviour.resources["contacts"]
    assert "initial" not in {one.parameter for one in filters_of(contacts, resource)}
