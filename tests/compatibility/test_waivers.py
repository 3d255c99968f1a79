"""A waiver takes one finding on somebody until a day; afterwards, or without a finding, it is an error."""

# ruff: noqa: E501 - one row a case: a table is read across
from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from troth.compatibility import compare, read_waivers
from troth.errors import DocumentError, UsageError

JSON = Any
WAIVER = """
[[waiver]]
rule = "parameter-removed"
pointer = "/paths/~1orders/get/parameters/0"
reason = "Nobody sends it."
owner = "orders@example.com"
expires = 2027-01-01
"""


def shop(*names: str) -> dict[str, JSON]:
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
    return {
        "paths": {
            "/orders": {"get": {"operationId": "listOrders", "parameters": parameters, "responses": {}}}
        }
    }


def judged(contract: Any, path: Path, text: str, on: str) -> list[tuple[str, str]]:
    path.write_text(text, encoding="utf-8")
    found = compare(
        contract(shop("old", "kept")),
        contract(shop("kept")),
        as_of=date.fromisoformat(on),
        waivers=read_waivers(path),
    )
    return [(finding.id, finding.severity) for finding in found.findings]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "waivers.toml"


def test_a_waived_finding_is_told_and_weighs_nothing(contract: Any, path: Path) -> None:
    path.write_text(WAIVER, encoding="utf-8")
    found = compare(
        contract(shop("old")), contract(shop()), as_of=date(2026, 6, 1), waivers=read_waivers(path)
    )
    (finding,) = found.findings
    assert (finding.id, finding.severity, found.remarks) == ("parameter-removed", "info", ())
    assert "Waived by orders@example.com until 2027-01-01: Nobody sends it." in finding.detail
    assert finding.evidence["waived"]["severity"] == "breaking"


@pytest.mark.parametrize(
    ("change", "on", "expected"),
    [
        (("", ""), "2027-01-01", [("parameter-removed", "info")]),
        (("", ""), "2027-01-02", [("parameter-removed", "breaking"), ("waiver-expired", "error")]),
        (("/0", "/1"), "2026-01-01", [("parameter-removed", "breaking"), ("waiver-stale", "error")]),
        (("parameter-removed", "body-removed"), "2026-01-01", [("parameter-removed", "breaking"), ("waiver-stale", "error")]),
    ],
)  # fmt: skip
def test_a_waiver_holds_for_its_rule_its_place_and_its_time(
    change: tuple[str, str], on: str, expected: list[tuple[str, str]], contract: Any, path: Path
) -> None:
    assert judged(contract, path, WAIVER.replace(*change) if change[0] else WAIVER, on) == expected


def test_a_stale_waiver_names_its_line_and_the_nearest_place(contract: Any, path: Path) -> None:
    path.write_text(f"# Known.\n{WAIVER.replace('orders/get', 'order/get')}", encoding="utf-8")
    found = compare(
        contract(shop("old")), contract(shop()), as_of=date(2026, 1, 1), waivers=read_waivers(path)
    )
    (remark,) = found.remarks
    assert remark.location is not None
    assert remark.location.line == 3
    assert "Did you mean '/paths/~1orders/get/parameters/0'?" in remark.detail


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WAIVER.replace("owner", "keeper"), "line 2|:2: a waiver has no 'keeper'"),
        (WAIVER.replace('owner = "orders@example.com"\n', ""), "needs 'owner'"),
        (WAIVER.replace("parameter-removed", "parameter-removd"), "Did you mean 'parameter-removed'"),
        (WAIVER.replace("2027-01-01", '"next year"'), "must be a date such as 2027-01-01"),
        ("waivers = 3", "unknown key 'waivers'"),
        ("waiver = 3", "array of tables"),
        ("[[waiver", "not valid TOML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(text: str, message: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match=message):
        read_waivers(path)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        read_waivers(path)


def test_waivers_without_a_day_cannot_be_judged(contract: Any, path: Path) -> None:
    path.write_text(WAIVER, encoding="utf-8")
    with pytest.raises(UsageError, match="as_of"):
        compare(contract(shop()), contract(shop()), waivers=read_waivers(path))
