"""Answers, refusals, conditions, selections, pages, filters and limits of Clio."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from troth.compatibility import read_changelog
from troth.contract import shipped


def walked(clio: Any, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    """The pages of a list, by the links that they carry."""
    answer = clio.partner.get(path, **query)
    pages = []
    while True:
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()["data"])
        link = answer.json()["meta"]["paging"].get("next")
        if link is None:
            return pages
        answer = clio.http.get(link, headers=clio.partner.headers)


def test_r51_objects_stand_under_data(clio: Any) -> None:
    """One row, a list, and what was just made; a delete has no body."""
    assert set(clio.partner.get("matters/1").json()) == {"data"}
    assert set(clio.partner.get("matters").json()) == {"data", "meta"}
    made = clio.partner.making("contacts", type="Company", name="Lark & Sons")
    assert made.status_code == 201
    assert set(made.json()["data"]) == {"id", "etag"}
    gone = clio.partner.delete(f"contacts/{made.json()['data']['id']}")
    assert (gone.status_code, gone.content) == (204, b"")


def test_r51_refusals_have_a_type_and_a_message(clio: Any) -> None:
    """Whatever is wrong."""
    clio.refused(clio.nobody.get("matters"), 401, "Unauthorized")
    clio.refused(clio.partner.get("matters/987654"), 404, "RecordNotFound")
    clio.refused(clio.other.get("matters/1"), 404, "RecordNotFound")
    clio.refused(clio.partner.get("matters", limit=201), 400, "ArgumentError")
    clio.refused(clio.partner.making("tasks", name="x"), 422, "UnprocessableEntity")
    clio.refused(clio.partner.making("notes", type="Matter", subject="Nothing"), 422, "UnprocessableEntity")
    clio.refused(
        clio.partner.making("matters", client={"id": 987654}, description="x"), 422, "UnprocessableEntity"
    )
    clio.refused(
        clio.partner.send("POST", "matters", content=b"{", headers={"content-type": "application/json"}), 400
    )


def test_r51_a_known_row_is_not_sent_again(clio: Any) -> None:
    """304 for its ETag and since its last change; a change brings both anew."""
    first = clio.partner.get("contacts/3")
    tag, moment = first.headers["etag"], first.headers["last-modified"]
    assert clio.partner.send("GET", "contacts/3", headers={"If-None-Match": tag}).status_code == 304
    assert clio.partner.send("GET", "contacts/3", headers={"If-Modified-Since": moment}).status_code == 304
    assert clio.partner.changing("contacts/3", title="Cannery").status_code == 200
    again = clio.partner.send("GET", "contacts/3", headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert again.headers["etag"] != tag
    assert clio.partner.send("GET", "contacts/3", headers={"If-Modified-Since": moment}).status_code == 200


def test_r51_a_stale_change_is_412(clio: Any) -> None:
    """If-Match of an earlier state changes nothing."""
    tag = clio.partner.get("matters/2").headers["etag"]
    assert clio.partner.changing("matters/2", location="Room 1").status_code == 200
    stale = clio.partner.send(
        "PATCH", "matters/2", json={"data": {"location": "Room 2"}}, headers={"If-Match": tag}
    )
    clio.refused(stale, 412, "PreconditionFailed")
    assert clio.partner.data("matters/2", "location") == {"location": "Room 1"}


def test_r51_the_etag_is_a_field_as_well(clio: Any) -> None:
    """As the header has it."""
    answer = clio.partner.get("matters/2", fields="etag")
    assert answer.json() == {"data": {"etag": answer.headers["etag"]}}


def test_r51_folders_and_documents_may_refuse_to_go(clio: Any) -> None:
    """A root folder, one that is not empty, and a locked document answer 409."""
    clio.refused(clio.partner.delete("folders/1"), 409, "ConflictError")
    clio.refused(clio.partner.delete("folders/25"), 409, "ConflictError")
    clio.refused(clio.partner.delete("documents/8"), 409, "ConflictError")
    assert clio.partner.delete("documents/1").status_code == 204


def test_r51_a_folder_without_anything_in_it_goes(clio: Any) -> None:
    """While something is in it, it stays; afterwards it is deleted."""
    made = clio.partner.made("folders", "id", name="Drafts", parent={"id": 25, "type": "Folder"})
    child = clio.partner.made("folders", "id", name="Old", parent={"id": made["id"], "type": "Folder"})
    clio.refused(clio.partner.delete(f"folders/{made['id']}"), 409, "ConflictError")
    assert clio.partner.delete(f"folders/{child['id']}").status_code == 204
    assert clio.partner.delete(f"folders/{made['id']}").status_code == 204


def test_r51_what_was_billed_stays(clio: Any) -> None:
    """An activity on a bill that was sent, and the bill itself, are not deleted: 403."""
    billed = next(a for a in clio.partner.data("activities", "id,billed,bill{id}") if a["billed"])
    clio.refused(clio.partner.delete(f"activities/{billed['id']}"), 403, "ForbiddenError")
    clio.refused(clio.partner.delete(f"bills/{billed['bill']['id']}"), 403, "ForbiddenError")


def test_r52_fields_select_what_is_shown(clio: Any) -> None:
    """Usually id and etag; nested rows in braces, and without braces their id and etag."""
    assert set(clio.partner.data("matters/1")) == {"id", "etag"}
    assert clio.partner.data("matters/1", "id,client{name}") == {
        "id": 1,
        "client": {"name": "Northbank Freight"},
    }
    assert set(clio.partner.data("matters/1", "client")["client"]) == {"id", "etag"}
    made = clio.partner.made("notes", "subject,matter{id}", type="Matter", subject="Call", matter={"id": 2})
    assert made == {"subject": "Call", "matter": {"id": 2}}
    assert clio.partner.changing("notes/1", "subject", subject="New").json() == {"data": {"subject": "New"}}


@pytest.mark.parametrize(
    "fields", ["colour", "id,client{colour}", "client{company{name}}", "client{", "id{name}", ","]
)
def test_r52_other_fields_are_400(clio: Any, fields: str) -> None:
    """Unknown ones, braces within braces, and what cannot be read."""
    clio.refused(clio.partner.get("matters/1", fields=fields), 400, "InvalidFields")


def test_r52_pages_are_linked(clio: Any) -> None:
    """Links lead from page to page, both ways, and end; every row comes once."""
    pages = walked(clio, "activities", limit=20, fields="id")
    rows = [row["id"] for page in pages for row in page]
    assert [len(page) for page in pages] == [20, 20, 20, 20, 16]
    assert rows == sorted(set(rows)) == clio.partner.ids("activities")
    first = clio.partner.get("activities", limit=20).json()["meta"]["paging"]
    assert set(first) == {"next"}
    second = clio.http.get(first["next"], headers=clio.partner.headers).json()["meta"]["paging"]
    assert set(second) == {"next", "previous"}


def test_r52_a_link_may_carry_the_query_twice(clio: Any) -> None:
    """Clients follow a link and add the query again."""
    link = clio.partner.get("activities", limit=5, fields="id").json()["meta"]["paging"]["next"]
    again = clio.http.get(f"{link}&fields=id&limit=5", headers=clio.partner.headers)
    assert [row["id"] for row in again.json()["data"]] == [6, 7, 8, 9, 10]


def test_r52_no_page_is_larger_than_200_or_farther_than_10_000(clio: Any) -> None:
    """201 rows are 400; an offset of 10,001 is 422."""
    clio.refused(clio.partner.get("contacts", limit=201), 400, "ArgumentError")
    clio.refused(clio.partner.get("contacts", offset=10_001), 422, "ArgumentError")
    assert clio.partner.ids("contacts", {"offset": 10_000}) == []


def test_r52_lists_can_be_put_in_order(clio: Any) -> None:
    """By fields of the row and of nested rows, up and down; any other order is 400."""
    names = [
        m["client"]["name"]
        for m in clio.partner.data("matters", "client{name}", {"order": "client.name(asc)"})
    ]
    assert names == sorted(names)
    days = [m["open_date"] for m in clio.partner.data("matters", "open_date", {"order": "open_date(desc)"})]
    assert days == sorted(days, reverse=True)
    clio.refused(clio.partner.get("matters", order="colour(asc)"), 400, "ArgumentError")


def test_r52_lists_can_be_narrowed(clio: Any) -> None:
    """By ids, nested ids, null, moments, days with signs, words, and values whatever their case."""
    tasks = clio.partner.data("tasks", "id,matter{id},priority,status,updated_at,due_at,name")

    def expect(query: dict[str, Any], test: Any) -> None:
        wanted = [task["id"] for task in tasks if test(task)]
        assert 0 < len(wanted) < len(tasks)
        assert clio.partner.ids("tasks", query) == wanted

    expect({"ids[]": [3, 5]}, lambda t: t["id"] in (3, 5))
    expect({"matter_id": 4}, lambda t: t["matter"]["id"] == 4)
    expect({"priority": "high"}, lambda t: t["priority"] == "High")
    expect({"statuses[]": ["pending", "complete"]}, lambda t: t["status"] in ("pending", "complete"))
    expect({"complete": "true"}, lambda t: t["status"] == "complete")
    expect({"due_at_from": "2026-06-20"}, lambda t: t["due_at"] >= "2026-06-20")
    expect({"updated_since": tasks[9]["updated_at"]}, lambda t: t["updated_at"] >= tasks[9]["updated_at"])
    expect({"query": "adjuster"}, lambda t: "adjuster" in t["name"])
    loose = clio.partner.data("activities", "id,matter", {"matter_id": "null"})
    assert loose
    assert {row["matter"] for row in loose} == {None}
    days = [m["open_date"] for m in clio.partner.data("matters", "open_date")]
    low, high = sorted(days)[5], sorted(days)[9]
    found = clio.partner.data("matters", "open_date", {"open_date[]": [f">={low}", f"<{high}"]})
    assert [m["open_date"] for m in found] == [day for day in days if low <= day < high]


def test_r53_fifty_requests_a_minute(serve_clio: Any) -> None:
    """Three headers count down for each token; the 51st is 429 with the seconds to wait."""
    with serve_clio("--seed", "7") as maker:
        clio = maker()
        left = []
        for _ in range(50):
            answer = clio.partner.get("users")
            assert answer.status_code == 200
            assert answer.headers["x-ratelimit-limit"] == "50"
            left.append(int(answer.headers["x-ratelimit-remaining"]))
        assert left == list(range(49, -1, -1))
        refused = clio.partner.get("users")
        clio.refused(refused, 429, "RateLimited")
        assert refused.headers["retry-after"] == "60"
        assert clio.other.get("users").headers["x-ratelimit-remaining"] == "49"
        clio.advance("60s")
        assert clio.partner.get("users").status_code == 200


def test_r54_the_changelog_says_what_changed_where(clio: Any) -> None:
    """Each line of its tables has endpoint, methods, object, fields and description; 29 lines belong to 4.0.9."""
    told = read_changelog(shipped().spec / "clio" / "CHANGELOG.md")
    release = told.release("4.0.9")
    assert release is not None
    assert (release.date, release.promoted, release.backfilled) == ("2022-11-21", "2023-02-21", "2023-02-21")
    rows = [item.row for item in release.items if item.row]
    assert len(rows) == 29
    assert all(row.endpoint and row.methods and row.object and row.description for row in rows)
    assert clio.partner.get("users").headers["x-api-version"] == release.version


def test_an_application_acts_for_a_user(clio: Any) -> None:
    """The code flow gives a token that sees what the user sees; it can be renewed, and ended."""
    app = {"client_id": "clio_test_app_docketeer", "redirect_uri": "http://127.0.0.1:8765/callback"}
    asked = {**app, "response_type": "code", "state": "s", "login_hint": "halden-associate"}
    sandbox = {"X-Troth-Sandbox": clio.name}
    sent = clio.http.get(f"{clio.root}/oauth/authorize", params=asked, headers=sandbox)
    assert sent.status_code == 302
    code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
    form = {
        **app,
        "client_secret": "clio_test_secret_docketeer",
        "grant_type": "authorization_code",
        "code": code,
    }
    given = clio.http.post(f"{clio.root}/oauth/token", data=form, headers=sandbox).json()
    assert given["expires_in"] == 2_592_000
    user = clio.token(given["access_token"])
    assert user.ids("contacts") == clio.associate.ids("contacts")
    renewal = {**form, "grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    for _ in range(2):
        assert clio.http.post(f"{clio.root}/oauth/token", data=renewal, headers=sandbox).status_code == 200
    ended = clio.http.post(f"{clio.root}/oauth/deauthorize", headers=user.headers)
    assert ended.status_code == 200
    clio.refused(user.get("contacts"), 401, "Unauthorized")
    assert clio.http.post(f"{clio.root}/oauth/token", data=renewal, headers=sandbox).status_code == 400
