"""Who sees which rows: lists, single rows, rows inside rows, filters, writes, replays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.testing import Mock

FIRM = Path(__file__).parents[1] / "conformance" / "firm"
#: The contacts that the clerk may not see.
HIDDEN = {5: "Elspeth Quarles", 6: "Fenwick Tarn", 7: "Gisela Horn", 8: "Hale Imber"}


@pytest.fixture(scope="module")
def served() -> Mock:
    return Mock(FIRM, seed_file=FIRM / "seed.yaml")


@pytest.fixture
def firm(served: Mock) -> Mock:
    return served.fork()


@pytest.fixture
def partner(firm: Mock) -> httpx.Client:
    """Sees everything."""
    return firm.client("partner")


@pytest.fixture
def clerk(firm: Mock) -> httpx.Client:
    """Sees contacts of his own matters, and hours of his own."""
    return firm.client("clerk")


def data(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json().get("data", answer.json())


def ids(client: httpx.Client, path: str) -> list[int]:
    return [row["id"] for row in data(client, path)]


def redacted(identifier: int) -> dict[str, Any]:
    name, kind = HIDDEN[identifier], "Company" if identifier == 6 else "Person"
    return {"id": identifier, "name": "*" * len(name), "type": kind, "redacted": True}


def values(node: Any) -> Iterator[Any]:
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from values(inner)
    if not isinstance(node, dict | list):
        yield node


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_a_list_has_and_counts_what_the_caller_sees(clerk: httpx.Client, partner: httpx.Client) -> None:
    """His own, the client of his matter, what is related to it, and what is named among its values."""
    assert ids(clerk, "/contacts") == [1, 2, 3, 4]
    assert clerk.get("/contacts?size=3").json()["total"] == 4
    assert ids(clerk, "/contacts?size=3&page=2") == [4]
    assert ids(partner, "/contacts") == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_row_that_is_not_seen_reads_redacted(clerk: httpx.Client, partner: httpx.Client) -> None:
    """Only what is kept, the name masked letter by letter, and a mark; whole for who may see it."""
    assert data(clerk, "/contacts/5") == redacted(5)
    assert data(clerk, "/contacts/2")["email"] == "bram@oduya.test"
    whole = data(partner, "/contacts/5?depth=0")
    assert (whole["name"], whole["company"], "redacted" in whole) == (HIDDEN[5], 6, False)


def test_a_hidden_row_reads_as_a_missing_one(clerk: httpx.Client) -> None:
    """The same status and the same body, so that nobody learns that it is there."""
    unseen, missing = clerk.get("/matters/2"), clerk.get("/matters/999")
    assert (unseen.status_code, missing.status_code) == (404, 404)
    assert {**unseen.json(), "requestId": 0} == {**missing.json(), "requestId": 0}
    assert ids(clerk, "/matters") == [1]


def test_rows_inside_rows_are_redacted_at_any_depth(clerk: httpx.Client) -> None:
    """In a reference, in a list of them, and below a row that is seen."""
    matter = data(clerk, "/matters/1?depth=2")
    assert matter["client"]["name"] == "Bram Oduya"
    assert [party.get("redacted", False) for party in matter["parties"]] == [False, True]
    assert matter["parties"][1] == redacted(5)
    assert matter["values"][0]["contact"]["name"] == "Dunstan Weir"
    assert data(clerk, "/contacts/1?depth=1")["company"] == redacted(6)
    assert data(clerk, "/letters")[1]["sender"] == redacted(5)


def test_a_row_whose_place_is_hidden_leaves_its_id(clerk: httpx.Client, partner: httpx.Client) -> None:
    """What stands there is what stands for a row that is gone."""
    assert [row["matter"] for row in data(clerk, "/relationships?depth=1")][1] == 2
    assert data(partner, "/relationships?depth=1")[1]["matter"]["title"] == "Ines's"


@pytest.mark.parametrize(
    "path", ["/contacts", "/contacts/5", "/contacts/6?depth=3", "/matters?depth=3", "/relationships?depth=3",
             "/letters?depth=3", "/letters?depth=0", "/contacts?query=e&depth=3"],
)  # fmt: skip
def test_no_hidden_value_is_in_any_answer(clerk: httpx.Client, partner: httpx.Client, path: str) -> None:
    """Neither names nor addresses; the owner's answers have some, so there was something to hide."""
    secrets = {row[name] for row in data(partner, "/contacts?depth=0") for name in ("name", "email")
               if row["id"] in HIDDEN}  # fmt: skip
    assert len(secrets) == 8
    answer = clerk.get(path)
    assert answer.status_code == 200
    assert secrets.isdisjoint(values(answer.json()))
    assert not any(secret in answer.text for secret in secrets)


def test_withheld_fields_are_null_and_marked(clerk: httpx.Client, partner: httpx.Client) -> None:
    """Own hours, those of an own matter and expenses are shown; computed values of what is withheld are not."""
    shown = {row["id"]: row for row in data(clerk, "/entries")}
    assert {i: row["quantity_redacted"] for i, row in shown.items()} == {
        1: False,
        2: False,
        3: True,
        4: False,
    }
    assert (shown[3]["quantity"], shown[3]["total"], shown[3]["note"]) == (None, None, "foreign")
    assert data(clerk, "/entries/3") == shown[3]
    assert data(partner, "/entries/3")["total"] == 160.0


def test_what_a_caller_makes_it_sees(clerk: httpx.Client, partner: httpx.Client) -> None:
    """The rule reads who made the row; what somebody else makes is not seen until it is in reach."""
    mine = clerk.post("/contacts", json={"name": "Mine"}).json()
    theirs = partner.post("/contacts", json={"name": "Theirs"}).json()
    assert ids(clerk, "/contacts")[-1] == mine["id"]
    assert partner.patch("/matters/1", json={"client": theirs["id"]}).status_code == 200
    assert ids(clerk, "/contacts") == [1, 3, 4, mine["id"], theirs["id"]]


def test_settings_are_read_at_every_request(firm: Mock) -> None:
    """Nobody in particular has the defaults; another user sees other rows."""
    plain = firm.add_principal("plain", tenant="north")
    other = firm.add_principal("ines", tenant="north", settings={"user": 1, "contacts": "restricted"})
    assert len(ids(firm.client(plain.name), "/contacts")) == 8
    assert ids(firm.client(other.name), "/contacts") == [5, 7, 8]


def test_tenants_stay_apart(firm: Mock) -> None:
    limited = firm.add_principal("limited", tenant="south", settings={"contacts": "restricted"})
    assert ids(firm.client(limited.name), "/contacts") == []
    assert firm.client(limited.name).get("/contacts/5").status_code == 404


def test_a_rule_asks_whether_another_row_is_seen(tmp_path: Path) -> None:
    """Letters are shown to who sees their sender; a circle of such questions shows nothing."""
    text = (FIRM / "openapi.yaml").read_text("utf-8")
    letters = "x-behaviour: {resource: letters}"
    rule = (
        "visibility: {known: {when: viewer.contacts == 'restricted', visible: \"seen('contacts', sender)\"}}"
    )
    assert letters in text
    (tmp_path / "openapi.yaml").write_text(text.replace(letters, letters[:-1] + f", {rule}}}"), "utf-8")
    firm = Mock(tmp_path / "openapi.yaml", seed_file=FIRM / "seed.yaml")
    assert ids(firm.client("clerk"), "/letters") == [1]
    assert ids(firm.client("partner"), "/letters") == [1, 2]


def test_a_rule_may_be_one_of_a_version(tmp_path: Path) -> None:
    """An older version shows what the rule withholds, until the day from which it holds for every version."""
    text = (FIRM / "openapi.yaml").read_text("utf-8")
    before = "{components: {schemas: {Contact: {x-behaviour: {visibility: null}}}}}"
    versions = f"""
  versions:
    header: X-API-Version
    releases:
      "1.0": {{released: 2026-01-01, default: 2026-01-01}}
      "1.1": {{released: 2026-02-01, default: 2026-03-01, backfilled: 2026-08-01,
        changes: {{contacts: {{summary: Contacts may be withheld., before: {before}}}}}}}
  tenancy:"""
    (tmp_path / "openapi.yaml").write_text(text.replace("\n  tenancy:", versions, 1), "utf-8")
    firm = Mock(tmp_path / "openapi.yaml", seed_file=FIRM / "seed.yaml")
    clerk = firm.client("clerk")

    def shown(version: str) -> tuple[list[int], Any]:
        headers = {"x-api-version": version}
        rows = clerk.get("/contacts?depth=0", headers=headers).json()["data"]
        return [row["id"] for row in rows], clerk.get("/contacts/5?depth=0", headers=headers).json()["name"]

    assert shown("1.1") == ([1, 2, 3, 4], "*" * 15)
    assert shown("1.0") == ([1, 2, 3, 4, 5, 6, 7, 8], "Elspeth Quarles")
    assert clerk.post("/matters", json={"client": 5}, headers={"x-api-version": "1.1"}).status_code == 422
    assert clerk.post("/matters", json={"client": 5}, headers={"x-api-version": "1.0"}).status_code == 201
    firm.freeze("2026-08-02T00:00:00Z")
    assert len(shown("1.0")[0]) < 8


# -- what filters find ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["name=Gisela%20Horn", "query=gisela", "where[name][equals]=Gisela Horn", "where[email][like]=gisela",
              "where[id][equals]=7", "where[company][exists]=true&where[id][greater_than]=4"],
)  # fmt: skip
def test_filters_find_no_hidden_row(clerk: httpx.Client, partner: httpx.Client, query: str) -> None:
    """What finds it for the partner finds and counts nothing for the clerk."""
    assert ids(partner, f"/contacts?{query}")
    answer = clerk.get(f"/contacts?{query}").json()
    assert (answer["data"], answer["total"]) == ([], 0)


def test_filters_see_what_is_shown_of_a_redacted_row(clerk: httpx.Client, partner: httpx.Client) -> None:
    """A withheld number is found neither by its value nor by a bound, and sorts like nothing."""
    for query in ("quantity=80", "where[quantity][equals]=80", "where[quantity][greater_than]=75"):
        assert 3 in ids(partner, f"/entries?{query}")
        assert 3 not in ids(clerk, f"/entries?{query}")
    assert ids(partner, "/entries?sort=quantity") == [1, 2, 3, 4]
    assert ids(clerk, "/entries?sort=quantity") == [3, 1, 2, 4]


def test_a_condition_through_a_reference_sees_the_redacted_row(
    clerk: httpx.Client, partner: httpx.Client
) -> None:
    """The name behind an id is as hidden as the name itself."""
    for query in ("where[parties.name][equals]=Elspeth Quarles", "where[parties.company][equals]=6"):
        assert 1 in ids(partner, f"/matters?{query}")
        assert ids(clerk, f"/matters?{query}") == []
    assert ids(clerk, "/matters?where[client.name][equals]=Bram Oduya") == [1]


# -- what can be written ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/matters", {"title": "x", "client": 5}, 422),
        ("POST", "/matters", {"title": "x", "parties": [1, 5]}, 422),
        ("POST", "/matters", {"title": "x", "values": [{"contact": 5}]}, 422),
        ("PATCH", "/matters/1", {"client": 5}, 422),
        ("POST", "/letters", {"text": "x", "sender": 5}, 404),
        ("POST", "/entries", {"matter": 2}, 404),
        ("POST", "/matters", {"title": "x", "client": 1}, 201),
        ("POST", "/letters", {"text": "x", "sender": 1}, 201),
    ],
)
def test_a_write_names_no_row_that_is_not_seen(
    clerk: httpx.Client, partner: httpx.Client, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    """With the answer of the reference, else of the rule; who sees the row may name it."""
    assert clerk.request(method, path, json=body).status_code == status
    assert partner.request(method, path, json=body).status_code in (200, 201)


def test_a_reference_to_what_is_not_seen_is_told_like_one_to_nothing(clerk: httpx.Client) -> None:
    """The same words in the same place."""
    unseen = clerk.post("/letters", json={"sender": 5}).json()
    missing = clerk.post("/letters", json={"sender": 999}).json()
    assert {**unseen, "requestId": 0} == {**missing, "requestId": 0}


@pytest.mark.parametrize("field", ["quantity"])
def test_withheld_fields_cannot_be_written_and_others_can(clerk: httpx.Client, field: str) -> None:
    """403 naming the field, and nothing changes; the rest of the row is the caller's to write."""
    refused = clerk.patch("/entries/3", json={field: 1, "note": "changed"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (403, f"/{field}")
    changed = clerk.patch("/entries/3", json={"note": "changed"}).json()
    assert (changed["note"], changed["quantity"], changed["quantity_redacted"]) == ("changed", None, True)
    assert clerk.patch("/entries/1", json={field: 1}).json()["quantity"] == 1
    assert clerk.delete("/entries/3").status_code == 204


def test_a_row_of_which_only_a_part_is_kept_cannot_be_written(
    clerk: httpx.Client, partner: httpx.Client
) -> None:
    """Neither changed nor replaced nor deleted; a hidden one is not even there."""
    before = data(partner, "/contacts/5")
    answers = [
        clerk.patch("/contacts/5", json={"email": "x@y.test"}),
        clerk.patch("/contacts/5", json={"name": "x"}),
        clerk.put("/contacts/5", json={"name": "x"}),
        clerk.delete("/contacts/5"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert clerk.patch("/matters/2", json={"title": "x"}).status_code == 404
    assert data(partner, "/contacts/5") == before


def test_no_refusal_tells_a_hidden_value(clerk: httpx.Client, partner: httpx.Client) -> None:
    name = data(partner, "/contacts/5")["name"]
    bodies: list[dict[str, Any]] = [{"name": name}, {"company": 5}, {"type": "Person"}]
    for body in bodies:
        assert name not in clerk.patch("/contacts/5", json=body).text


def test_an_answer_is_replayed_to_callers_who_see_the_same(
    firm: Mock, clerk: httpx.Client, partner: httpx.Client
) -> None:
    """The key of somebody who sees more gives nothing away: it counts as another key."""
    body, key = {"title": "Shared", "parties": [2]}, {"idempotency-key": "k"}
    partner.patch("/matters/1", json={"client": None, "parties": []})
    first = partner.post("/matters?depth=1", json=body, headers=key)
    assert first.json()["parties"][0]["name"] == "Bram Oduya"
    assert partner.post("/matters?depth=1", json=body, headers=key).content == first.content
    assert clerk.post("/matters?depth=1", json=body, headers=key).status_code == 422
    again = firm.add_principal("again", tenant="north", settings={"user": 1})
    assert firm.client(again.name).post("/matters?depth=1", json=body, headers=key).content == first.content


# -- how it is worked out ---------------------------------------------------------------------------------------------


def test_what_is_seen_is_worked_out_once(firm: Mock, clerk: httpx.Client) -> None:
    """A second request looks nothing up again; after a write it is worked out anew."""
    gazes = firm._engine.state().gazes
    gazes.clear()  # other tests have sandboxes with the same rows
    ids(clerk, "/contacts")
    (kept,) = gazes.values()
    ids(clerk, "/contacts?name=x")
    data(clerk, "/contacts/5")
    assert list(gazes.values()) == [kept]
    clerk.post("/contacts", json={"name": "New"})
    ids(clerk, "/contacts")
    assert len(gazes) == 2


def test_what_is_seen_is_worked_out_once_for_sandboxes_with_the_same_rows(
    firm: Mock, clerk: httpx.Client
) -> None:
    """A sandbox that nobody has written to shows what the seed shows; writes to another do not show in it."""
    here, there = ({"x-troth-sandbox": name} for name in ("here", "there"))
    firm._engine.state().gazes.clear()
    seen = clerk.get("/contacts", headers=here).json()
    assert clerk.get("/contacts", headers=there).json() == seen
    gazes = firm._engine.state("here").gazes
    assert gazes is firm._engine.state("there").gazes
    assert len(gazes) == 1
    assert clerk.post("/contacts", json={"name": "New"}, headers=here).status_code == 201
    assert clerk.get("/contacts", headers=here).json() != seen
    assert clerk.get("/contacts", headers=there).json() == seen


def test_a_page_is_not_kept_for_callers_who_see_less(tmp_path: Path) -> None:
    """Where a selection reaches other rows inside the objects of a list, each caller gets its own page."""
    text = (FIRM / "openapi.yaml").read_text("utf-8")
    fields = "{name: fields, in: query, schema: {type: string}}, "
    changes = {
        "populate: {parameter: depth, default: 1, max: 3}": "select: {parameter: fields}",
        "    conditions: {parameter: where}\n    sort: {parameter: sort}\n": "",
        "listMatters\n      parameters: [": "listMatters\n      parameters: [" + fields,
        "              listed: {resource: matters, field: values.contact}\n": "",
    }
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    text = re.sub(r"        visibility:\n          theirs: .*\n", "", text)
    (tmp_path / "openapi.yaml").write_text(text, "utf-8")
    firm = Mock(tmp_path / "openapi.yaml", seed_file=FIRM / "seed.yaml")
    path = "/matters?fields=id,values{contact{name}}"
    whole, less, again = (data(firm.client(name), path) for name in ("partner", "clerk", "partner"))
    assert whole == again
    assert whole[1]["values"] == [{"contact": {"name": "Hale Imber"}}]
    assert less[1]["values"] == [{"contact": redacted(8)}]


def test_a_restored_state_is_seen_as_it_is(firm: Mock, clerk: httpx.Client, partner: httpx.Client) -> None:
    before = firm.snapshot()
    partner.patch("/matters/1", json={"client": 5})
    assert ids(clerk, "/contacts") == [1, 3, 4, 5]
    firm.restore(before)
    assert ids(clerk, "/contacts") == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("fault", "path", "shown"),
    [
        ("redaction-dropped", "/contacts/5", HIDDEN[5]),
        ("redaction-dropped", "/letters", HIDDEN[5]),
        ("emptied-shown", "/entries/3", "80"),
        ("hidden-read", "/matters/2", "Ines's"),
        ("hidden-listed", "/contacts", "redacted"),
        ("hidden-searched", "/contacts?name=Gisela Horn", "redacted"),
    ],
)
def test_a_fault_bends_what_it_names(
    firm: Mock, clerk: httpx.Client, fault: str, path: str, shown: str
) -> None:
    """Each shows one thing that must not be shown."""
    assert shown not in clerk.get(path).text
    firm.faults = {fault}
    assert shown in json.dumps(clerk.get(path).json())
