"""A filtered list is exactly the rows of the whole list that satisfy the filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import combinations
from typing import Any, NamedTuple

import pytest

UNKNOWN = "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"
Test = Callable[[dict[str, Any], str], bool]


class Filter(NamedTuple):
    """One filter: whether a row satisfies a value, and the values that the rows suggest. ``kind`` is its type."""

    resource: str
    name: str
    kind: str
    holds: Test
    values: Callable[[list[dict[str, Any]]], Iterable[Any]]


def equal(field: str) -> Test:
    return lambda row, value: row[field] == value


def flag(field: str) -> Test:
    return lambda row, value: row[field] is (value == "true")


def spread(found: Iterable[Any]) -> list[Any]:
    """A few of the values: the ends and some between."""
    ordered = sorted(set(found) - {None})
    return ordered[:: max(1, len(ordered) // 4)] + ordered[-1:]


def of(field: str) -> Callable[[list[dict[str, Any]]], Iterable[Any]]:
    return lambda rows: spread(row[field] for row in rows)


def fixed(*values: str) -> Callable[[list[dict[str, Any]]], Iterable[Any]]:
    return lambda _rows: values


def ids(resource: str, *fields: str) -> list[Filter]:
    return [Filter(resource, field, "uuid", equal(field), of(field)) for field in fields]


def enum(resource: str, name: str, values: str) -> Filter:
    return Filter(resource, name, "enum", equal(name), fixed(*values.split()))


def boolean(resource: str, name: str) -> Filter:
    return Filter(resource, name, "boolean", flag(name), fixed("true", "false"))


def day(resource: str, name: str, field: str, holds: Callable[[str, str], bool]) -> Filter:
    def test(row: dict[str, Any], value: str) -> bool:
        return row[field] is not None and holds(row[field], value)

    return Filter(resource, name, "date", test, of(field))


def moment(name: str, holds: Callable[[datetime, datetime], bool]) -> Filter:
    def test(row: dict[str, Any], value: str) -> bool:
        return holds(datetime.fromisoformat(row["startDateTime"]), datetime.fromisoformat(value))

    return Filter("calendar-events", name, "date-time", test, of("startDateTime"))


def version_of(name: str, kind: str) -> Filter:
    """Versions of one document of one type: by its id, whether as typed link or as reference."""

    def owner(row: dict[str, Any]) -> str | None:
        return row["documentRef"]["value"] if row["documentRef"] else None

    def test(row: dict[str, Any], value: str) -> bool:
        return row["documentType"] == kind and owner(row) == value

    def values(rows: list[dict[str, Any]]) -> Iterable[Any]:
        return spread(owner(row) for row in rows if row["documentType"] == kind)

    return Filter("document-versions", name, "uuid", test, values)


FILTERS = [
    enum("clients", "status", "new contacted qualified active inactive declined spam"),
    *ids("contacts", "clientId"),
    enum("contacts", "role", "primary billing other"),
    *ids("projects", "clientId"),
    enum("projects", "status", "active paused completed"),
    *ids("invoices", "clientId", "supersedesInvoice"),
    enum("invoices", "status", "draft sent partial paid overdue void"),
    boolean("invoices", "overdue"),
    *ids("contracts", "clientId"),
    enum("contracts", "status", "draft sent viewed active completed expired voided"),
    *ids("client-documents", "clientId", "contactId"),
    enum("client-documents", "status", "draft sent viewed in_progress accepted completed expired void"),
    enum("document-versions", "documentType", "smart-file invoice standalone-contract"),
    *ids("document-versions", "documentId"),
    version_of("invoiceId", "invoice"),
    version_of("contractId", "standalone-contract"),
    enum("forms", "kind", "inquiry questionnaire"),
    Filter("forms", "slug", "text", equal("slug"), of("slug")),
    *ids("form-submissions", "formId", "contactId"),
    enum("form-submissions", "kind", "inquiry questionnaire"),
    enum("form-submissions", "status", "in_progress submitted"),
    *ids("payments", "clientId", "invoiceId"),
    enum("payments", "status", "pending processing succeeded failed"),
    enum("payments", "kind", "payment refund chargeback dispute_fee adjustment"),
    enum("payouts", "status", "pending in_transit paid failed canceled"),
    day("payouts", "arrivalDateFrom", "arrivalDate", lambda found, limit: found >= limit),
    day("payouts", "arrivalDateTo", "arrivalDate", lambda found, limit: found <= limit),
    *ids("time-entries", "projectId", "clientId", "memberId"),
    day("time-entries", "dateFrom", "date", lambda found, limit: found >= limit),
    day("time-entries", "dateTo", "date", lambda found, limit: found <= limit),
    boolean("time-entries", "billable"),
    enum("milestones", "parentType", "projects client-documents"),
    *ids("milestones", "parentId"),
    enum("milestones", "status", "pending in-progress completed"),
    *ids("calendar-events", "projectId", "clientId"),
    moment("startsAfter", lambda found, limit: found > limit),
    moment("startsBefore", lambda found, limit: found < limit),
    enum("transactions", "direction", "cost revenue"),
    enum("transactions", "status", "active paused archived"),
    enum("transactions", "frequency", "one-time monthly quarterly annual"),
    enum("catalog-items", "type", "expense charge"),
    enum("catalog-items", "status", "active paused archived"),
    enum("catalog-items", "composition", "atom bundle"),
    *ids("catalog-items", "clientId"),
    boolean("webhooks", "enabled"),
    Filter(
        "webhooks", "event", "enum", lambda row, value: value in row["events"],
        lambda rows: spread(event for row in rows for event in row["events"]),
    ),
]  # fmt: skip
BY_RESOURCE = {f.resource: [g for g in FILTERS if g.resource == f.resource] for f in FILTERS}
PAIRS = [pair for filters in BY_RESOURCE.values() for pair in combinations(filters, 2)]


def named(one: Any) -> str:
    return f"{one.resource}-{one.name}" if isinstance(one, Filter) else str(one)


@pytest.mark.parametrize("one", FILTERS, ids=named)
def test_r39_a_filter_is_exact(mock: Any, one: Filter) -> None:
    """For every value that occurs: no row too many, none missing, in the list's order, in both organisations."""
    for caller in (mock.owner, mock.peer):
        everything = caller.rows(one.resource)
        narrowed = 0
        for value in one.values(everything):
            expected = [row for row in everything if one.holds(row, value)]
            assert caller.rows(one.resource, **{one.name: value}) == expected, value
            narrowed += 0 < len(expected) < len(everything)
        assert narrowed, "the seed has no value that tells rows apart"


@pytest.mark.parametrize("one", [f for f in FILTERS if f.kind == "enum"], ids=named)
def test_r39_every_documented_value_occurs(mock: Any, one: Filter) -> None:
    """The seed has a row for each value of each enumeration, so no value is filtered by in vain."""
    everything = mock.owner.rows(one.resource)
    assert all(any(one.holds(row, value) for row in everything) for value in one.values(everything))


@pytest.mark.parametrize("one", FILTERS, ids=named)
def test_r39_a_value_of_the_wrong_form_is_refused(mock: Any, one: Filter) -> None:
    """Unknown enumeration values, bad ids, dates and flags are 400 and name the parameter; nothing is ignored."""
    wrong = {
        "enum": ["nonsense", "", "ACTIVE"],
        "uuid": ["x", "123", f"{UNKNOWN}0"],
        "boolean": ["maybe", "1", ""],
        "date": ["soon", "2026-13-01", "2026-02-30", "01.02.2026"],
        "date-time": ["soon", "2026-01-01", "2026-01-01T25:00:00Z"],
        "text": [],
    }[one.kind]
    for value in wrong:
        error = mock.refused(mock.owner.get(one.resource, **{one.name: value}), 400, "invalid_request")
        assert one.name in str(error)


@pytest.mark.parametrize("one", [f for f in FILTERS if f.kind in ("uuid", "text")], ids=named)
def test_r39_a_value_that_nothing_has_finds_nothing(mock: Any, one: Filter) -> None:
    """An id that names no row gives an empty list, not an error."""
    answer = mock.owner.get(one.resource, **{one.name: UNKNOWN})
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert answer.json()["pagination"]["total"] == answer.json()["pagination"]["totalPages"] == 0


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "+".join(map(named, pair)))
def test_r39_two_filters_are_both_satisfied(mock: Any, pair: tuple[Filter, Filter]) -> None:
    """Filters are joined by and: for values of the same row, and for values of different rows."""
    first, second = pair
    everything = mock.owner.rows(first.resource)
    lefts, rights = list(first.values(everything)), list(second.values(everything))
    for left, right in {*zip(lefts, rights, strict=False), (lefts[0], rights[-1]), (lefts[-1], rights[0])}:
        expected = [row for row in everything if first.holds(row, left) and second.holds(row, right)]
        assert mock.owner.rows(first.resource, **{first.name: left, second.name: right}) == expected


def test_r39_moments_compare_across_offsets(mock: Any) -> None:
    """The same instant written with another offset is the same limit."""
    for limit in ("2026-06-15T10:00:00Z", "2026-06-15T12:00:00+02:00", "2026-06-15T05:30:00-04:30"):
        after = mock.owner.rows("calendar-events", startsAfter=limit)
        assert after == mock.owner.rows("calendar-events", startsAfter="2026-06-15T10:00:00.000Z")
        assert after


def test_r39_a_change_moves_a_row_between_filters(mock: Any) -> None:
    """A row leaves one value and joins another in the moment it is written."""
    made = mock.owner.created("projects", mock.body("projects"))
    assert made["id"] in {row["id"] for row in mock.owner.rows("projects", status="active")}
    mock.owner.updated("projects", made["id"], status="paused")
    assert made["id"] not in {row["id"] for row in mock.owner.rows("projects", status="active")}
    assert made["id"] in {row["id"] for row in mock.owner.rows("projects", status="paused")}


def test_r39_an_unknown_parameter_does_not_filter(mock: Any) -> None:
    """What is no filter is refused or ignored, never half applied."""
    answer = mock.owner.get("clients", name="Calloway Residence", pageSize=100)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json()["data"] == mock.owner.rows("clients")
