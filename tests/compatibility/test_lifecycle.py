"""Announced ends: what a removal means before and after its day, and which announcements cannot be true."""

# ruff: noqa: E501 - one row a case: a table is read across
from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from troth.compatibility import POLICIES, compare

JSON = Any
S = {"type": "string"}
END, SINCE = "2026-09-01", "2026-03-01"


def shop(**operation: JSON) -> dict[str, JSON]:
    """A shop whose only order can be read; keywords go to the operation."""
    answer = {
        "type": "object",
        "properties": {"id": S, "note": {"type": "string", "deprecated": True, "x-sunset": END}},
    }
    old = {"name": "old", "in": "query", "deprecated": True, "x-sunset": END, "schema": S}
    found = {
        "operationId": "getOrder",
        "parameters": [old],
        "responses": {"200": {"description": "-", "content": {"application/json": {"schema": answer}}}},
        **operation,
    }
    return {"paths": {"/order": {"get": found}, "/open": {"get": {"operationId": "open", "responses": {}}}}}


def told(
    contract: Any, old: JSON, new: JSON, *, on: str | None, policy: str = "strict"
) -> list[tuple[str, str]]:
    day = date.fromisoformat(on) if on else None
    found = compare(contract(old), contract(new), policy=policy, as_of=day).findings
    return [(finding.id, finding.severity) for finding in found]


GOING = shop(deprecated=True, **{"x-sunset": END})
GONE = {"paths": {"/open": GOING["paths"]["/open"]}}
REMOVALS = {
    None: ("deprecated-operation-removed", "breaking"),
    "2026-08-31": ("early-operation-removed", "breaking"),
    "2026-09-01": ("ended-operation-removed", "info"),
    "2027-01-01": ("ended-operation-removed", "info"),
}


@pytest.mark.parametrize("day", REMOVALS)
def test_an_operation_may_go_from_its_announced_end_on(day: str | None, contract: Any) -> None:
    assert told(contract, GOING, GONE, on=day) == [REMOVALS[day]]


@pytest.mark.parametrize(
    ("day", "kind", "severity"), [("2026-08-31", "early", "breaking"), ("2026-09-01", "ended", "info")]
)
def test_a_parameter_and_a_field_may_go_from_their_announced_end_on(
    day: str, kind: str, severity: str, contract: Any
) -> None:
    less = shop(parameters=[])
    del less["paths"]["/order"]["get"]["responses"]["200"]["content"]["application/json"]["schema"][
        "properties"
    ]["note"]
    assert sorted(told(contract, shop(), less, on=day)) == [
        (f"{kind}-parameter-removed", severity),
        (f"response-{kind}-property-removed", severity),
    ]


ANNOUNCEMENTS = {
    "in time": (END, SINCE, "2026-03-01", "semver", ("operation-sunset-added", "info")),
    "no date": ("soon", SINCE, "2026-03-01", "semver", ("invalid-sunset-added", "error")),
    "before the deprecation": ("2026-02-01", SINCE, "2026-01-01", "semver", ("sunset-before-deprecation-added", "error")),
    "too soon for the policy": (END, SINCE, "2026-07-01", "dated-versions", ("short-notice-added", "breaking")),
    "in time for the policy": (END, SINCE, "2026-06-03", "dated-versions", ("operation-sunset-added", "info")),
    "on no day": (END, SINCE, None, "aip-180", ("operation-sunset-added", "info")),
}  # fmt: skip


@pytest.mark.parametrize("name", ANNOUNCEMENTS)
def test_an_announcement_is_judged_by_its_dates(name: str, contract: Any) -> None:
    end, since, day, policy, expected = ANNOUNCEMENTS[name]
    old = shop(deprecated=True, **{"x-deprecated-since": since})
    new = shop(deprecated=True, **{"x-deprecated-since": since, "x-sunset": end})
    assert told(contract, old, new, on=day, policy=policy) == [expected]


def test_an_end_that_comes_sooner_breaks_and_one_that_comes_later_does_not(contract: Any) -> None:
    sooner = shop(deprecated=True, **{"x-sunset": "2026-08-01"})
    assert told(contract, GOING, sooner, on="2026-01-01") == [("operation-sunset-decreased", "breaking")]
    assert told(contract, sooner, GOING, on="2026-01-01") == [("operation-sunset-increased", "info")]


def test_to_gain_time_is_no_short_notice(contract: Any) -> None:
    later = shop(deprecated=True, **{"x-sunset": "2026-09-10"})
    assert told(contract, GOING, later, on="2026-08-31", policy="dated-versions") == [
        ("operation-sunset-increased", "info")
    ]


def test_the_notice_can_be_chosen(contract: Any) -> None:
    patient = replace(POLICIES["semver"], notice=400)
    old, new = contract(shop()), contract(GOING)
    ids = [f.id for f in compare(old, new, policy=patient, as_of=date(2026, 1, 1)).findings]
    assert "short-notice-added" in ids


def test_the_same_day_gives_the_same_verdict(contract: Any) -> None:
    """Nothing in a comparison asks a clock."""
    old, new = contract(deepcopy(GOING)), contract(deepcopy(GONE))
    first, second = (compare(old, new, as_of=date(2026, 8, 31)).findings for _ in range(2))
    assert first == second
