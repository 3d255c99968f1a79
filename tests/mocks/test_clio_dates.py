"""Each version on its days: which one answers, what each changed, and what reaches older ones."""

from __future__ import annotations

from typing import Any

import pytest

VERSIONS = ("4.0.4", "4.0.5", "4.0.6", "4.0.7", "4.0.8", "4.0.9")


def answering(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.headers["x-api-version"])


@pytest.mark.parametrize(
    ("day", "default"),
    [
        ("2017-08-03", "4.0.3"),
        ("2017-08-04", "4.0.4"),
        ("2017-09-06", "4.0.4"),
        ("2017-09-07", "4.0.5"),
        ("2021-02-01", "4.0.5"),
        ("2021-07-13", "4.0.5"),
        ("2021-07-14", "4.0.7"),
        ("2022-08-11", "4.0.7"),
        ("2022-08-12", "4.0.8"),
        ("2023-02-20", "4.0.8"),
        ("2023-02-21", "4.0.9"),
        ("2026-06-15", "4.0.9"),
    ],
)
def test_r4_the_default_version_follows_the_clock(clio: Any, day: str, default: str) -> None:
    """Each is promoted on its day; 4.0.6 never is."""
    clio.on(day)
    assert answering(clio.partner.get("matters/1")) == default


@pytest.mark.parametrize("version", VERSIONS)
def test_r6_a_request_may_name_a_version(clio: Any, version: str) -> None:
    """And every answer says which one it has."""
    assert answering(clio.partner.at(version).get("matters/1")) == version
    made = clio.partner.at(version).making("notes", type="Matter", matter={"id": 1}, subject="x")
    assert (made.status_code, made.headers["x-api-version"]) == (201, version)


@pytest.mark.parametrize("version", ["4.0.3", "4.0.10", "5", "latest", "4.0.9.1"])
def test_r6_other_versions_are_410(clio: Any, version: str) -> None:
    """Invalid and unsupported ones alike."""
    clio.refused(clio.partner.at(version).get("matters/1"), 410, "InvalidVersion")


@pytest.mark.parametrize(
    ("version", "before", "released"),
    [("4.0.5", "2017-09-06", "2017-09-07"), ("4.0.9", "2022-11-20", "2022-11-21")],
)
def test_r4_a_version_is_there_from_its_release_on(
    clio: Any, version: str, before: str, released: str
) -> None:
    """The day before it is 410."""
    clio.on(before)
    clio.refused(clio.partner.at(version).get("matters/1"), 410, "InvalidVersion")
    clio.on(released)
    assert answering(clio.partner.at(version).get("matters/1")) == version


def hidden(clio: Any) -> int:
    """A contact that the associate does not see now."""
    mine = clio.associate.ids("contacts")
    return next(i for i in clio.partner.ids("contacts") if i not in mine)


def test_r5_contacts_visibility_reaches_every_version(clio: Any) -> None:
    """Until 2023-02-21 only 4.0.9 has it, from then on every version."""
    contact, fields = hidden(clio), "id,name,type"
    clio.on("2022-12-01")
    assert "*" not in clio.associate.at("4.0.8").data(f"contacts/{contact}", fields)["name"]
    assert set(clio.associate.at("4.0.9").data(f"contacts/{contact}", fields)["name"]) == {"*"}
    clio.on("2023-02-21")
    for version in VERSIONS:
        assert set(clio.associate.at(version).data(f"contacts/{contact}", fields)["name"]) == {"*"}


def test_r5_hours_visibility_reaches_every_version(clio: Any) -> None:
    """Until 2022-08-12 only 4.0.8 and later have it, from then on every version."""
    row = next(r["id"] for r in clio.junior.data("activities", "id,quantity") if r["quantity"] is None)
    clio.on("2022-05-01")
    assert clio.junior.at("4.0.7").data(f"activities/{row}", "quantity")["quantity"] is not None
    assert clio.junior.at("4.0.8").data(f"activities/{row}", "quantity")["quantity"] is None
    clio.on("2022-08-12")
    for version in VERSIONS[:5]:
        assert clio.junior.at(version).data(f"activities/{row}", "quantity")["quantity"] is None


def test_r5_r48_versions_of_documents_reach_every_version(clio: Any) -> None:
    """Until 2021-03-03 only 4.0.6 lists them and shows the latest one alone, from then on every version."""
    clio.on("2021-02-15")
    clio.refused(clio.partner.at("4.0.5").get("documents/1/versions"), 404)
    assert len(clio.partner.at("4.0.6").ids("documents/1/versions")) == 2
    assert (
        len(clio.partner.at("4.0.5").data("documents/1", "document_versions{id}")["document_versions"]) == 2
    )
    assert (
        len(clio.partner.at("4.0.6").data("documents/1", "document_versions{id}")["document_versions"]) == 1
    )
    clio.on("2021-03-03")
    for version in VERSIONS[:3]:
        assert len(clio.partner.at(version).ids("documents/1/versions")) == 2
        assert (
            len(clio.partner.at(version).data("documents/1", "document_versions{id}")["document_versions"])
            == 1
        )


def test_r48_the_latest_version_is_the_newest(clio: Any) -> None:
    """A document shows the last version that its list has."""
    every = clio.partner.data("documents/1/versions", "id,version_number,document_id")
    assert {version["document_id"] for version in every} == {1}
    shown = clio.partner.data(
        "documents/1", "document_versions{version_number},latest_document_version{version_number}"
    )
    newest = max(version["version_number"] for version in every)
    assert [one["version_number"] for one in shown["document_versions"]] == [newest]
    assert shown["latest_document_version"]["version_number"] == newest


def test_r47_secure_links_have_another_format_since_4_0_7(clio: Any) -> None:
    """Older versions keep the older one."""

    def link(version: str) -> Any:
        found = clio.partner.at(version).data("documents/2/versions", "put_url")
        return next(one["put_url"] for one in found if one["put_url"])

    assert link("4.0.7") == link("4.0.9")
    assert link("4.0.6") == link("4.0.4") != link("4.0.7")


def test_r49_matter_balances_went_in_4_0_5(clio: Any) -> None:
    """4.0.4 has them on bills; for later versions they are no field."""
    balances = clio.partner.at("4.0.4").data("bills/3", "matter_balances{balance},due")
    assert [one["balance"] for one in balances["matter_balances"]] == [balances["due"]]
    clio.refused(clio.partner.at("4.0.5").get("bills/3", fields="matter_balances"), 400, "InvalidFields")


def test_r49_statuses_are_spelt_in_one_way_since_4_0_5(clio: Any) -> None:
    """4.0.4 shows and takes statuses of two words with a blank."""
    made = clio.partner.at("4.0.4").made(
        "tasks",
        "id,status",
        name="Call",
        description="x",
        assignee={"id": 1, "type": "User"},
        status="in progress",
    )
    assert made["status"] == "in progress"
    assert clio.partner.data(f"tasks/{made['id']}", "status") == {"status": "in_progress"}
    answer = clio.partner.changing(f"tasks/{made['id']}", status="in progress")
    clio.refused(answer, 422)


def test_r49_automations_show_their_documents_since_4_0_5(clio: Any) -> None:
    """Before, there was no such field."""
    assert clio.partner.data("document_automations/6", "documents{id}")["documents"]
    clio.refused(
        clio.partner.at("4.0.4").get("document_automations/6", fields="documents"), 400, "InvalidFields"
    )


def test_r49_rates_may_be_hidden_since_4_0_5(clio: Any) -> None:
    """Who may see only own rates gets null for the price and total of others."""
    rows = clio.paralegal.data("activities", "id,price,total,user{id}")
    for row in rows:
        others = row["user"]["id"] != 3
        assert (row["price"] is None, row["total"] is None) == (others, others)
    assert {row["price"] is None for row in rows} == {True, False}
    assert all(row["price"] is not None for row in clio.paralegal.at("4.0.4").data("activities", "id,price"))


def test_r50_quantities_of_time_were_hours_before_4_0_4(clio: Any) -> None:
    """Shown and taken, also in a change that does not say what the activity is; expenses are counted as they are."""
    row = next(r["id"] for r in clio.partner.data("activities", "id", {"type": "TimeEntry"}))
    spent = next(r["id"] for r in clio.partner.data("activities", "id", {"type": "ExpenseEntry"}))
    clio.on("2017-08-03")
    older = clio.partner.at("4.0.3")
    shown = older.data(f"activities/{row}", "quantity,quantity_in_hours")
    assert shown["quantity"] == pytest.approx(shown["quantity_in_hours"], abs=1e-4)
    assert older.changing(f"activities/{row}", quantity=1.5).status_code == 200
    assert older.changing(f"activities/{spent}", quantity=3).status_code == 200
    made = older.made(
        "activities", "quantity,quantity_in_hours", type="TimeEntry", date="2017-08-01", quantity=2, price=100
    )
    assert made == {"quantity": 2, "quantity_in_hours": 2}
    clio.on("2017-08-04")
    assert clio.partner.data(f"activities/{row}", "quantity")["quantity"] == 5400
    assert clio.partner.data(f"activities/{spent}", "quantity")["quantity"] == 3
    clio.refused(older.get(f"activities/{row}"), 410, "InvalidVersion")


@pytest.mark.parametrize("version", VERSIONS)
def test_r50_quantities_of_time_are_seconds(clio: Any, version: str) -> None:
    """3,600 of them are an hour, in each version from 4.0.4 on."""
    made = clio.partner.at(version).made(
        "activities",
        "quantity,quantity_in_hours",
        type="TimeEntry",
        date="2017-08-04",
        quantity=5400,
        price=100,
    )
    assert made == {"quantity": 5400, "quantity_in_hours": 1.5}
    for row in clio.partner.at(version).data(
        "activities", "quantity,quantity_in_hours", {"type": "TimeEntry"}
    ):
        assert row["quantity"] == pytest.approx(row["quantity_in_hours"] * 3600)
