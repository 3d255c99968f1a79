"""Clio: what a restricted user sees of contacts, of the hours and rates of others, row by row of the changelog.

R7 to R46: contacts visibility came with 4.0.9, activity hours visibility with 4.0.8, billing rates with 4.0.5.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from troth.testing import Mock

FIELDS = "id,name,type,first_name,last_name,primary_email_address"
NAMED = f"{{{FIELDS}}}"
HOURS = (
    "quantity",
    "rounded_quantity",
    "quantity_in_hours",
    "rounded_quantity_in_hours",
    "total",
    "non_billable_total",
)


@pytest.fixture(scope="module")
def served() -> Mock:
    return Mock("clio")


class Office:
    """The partner sees everything; the clerk, another user of the same firm, sees contacts of its matters only."""

    def __init__(self, mock: Mock, clerk: str = "tomas") -> None:
        self.mock = mock
        self.partner = mock.client("halden-partner")
        users = self.rows(self.partner, "/users.json?fields=id,email,contact{id}")
        self.users = {user["email"].partition("@")[0]: user["id"] for user in users}
        self.clerk = self.user(clerk, contacts_visibility="restricted")
        every = {row["id"] for row in self.rows(self.partner, "/contacts.json")}
        self.seen = {row["id"] for row in self.rows(self.clerk, "/contacts.json")}
        self.unseen = sorted(every - self.seen)
        self.whole = {row["id"]: row for row in self.rows(self.partner, f"/contacts.json?fields={FIELDS}")}

    def user(self, name: str, **settings: str) -> httpx.Client:
        settings_ = {"user": self.users[name], **settings}
        made = self.mock.add_principal(
            f"{name}-{len(self.mock.credentials)}", tenant="halden", settings=settings_
        )
        return self.mock.client(made.name)

    def rows(self, client: httpx.Client, path: str) -> list[dict[str, Any]]:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        found = answer.json()["data"]
        return found if isinstance(found, list) else [found]

    def secrets(self) -> set[str]:
        """Names and addresses of contacts out of sight, less those that a user of the firm has as well."""
        names = ("name", "primary_email_address")
        found = {self.whole[i][name] for i in self.unseen for name in names} - {None}
        users = self.rows(self.partner, "/users.json?fields=id,name,email")
        return found - {user[name] for user in users for name in ("name", "email")}

    def redacted(self, identifier: int) -> dict[str, Any]:
        """What is left of a contact: its id and type, asterisks for each letter of its name, and the mark."""
        own = self.whole[identifier]
        return {"id": identifier, "name": "*" * len(own["name"]), "type": own["type"], "redacted": True}


@pytest.fixture
def office(served: Mock) -> Office:
    return Office(served.fork())


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON value, the outer before the inner."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from objects(inner)


def texts(node: Any) -> Iterator[str]:
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from texts(inner)
    if isinstance(node, str):
        yield node


# -- contacts themselves (R7 to R11) ---------------------------------------------------------------------------------


def test_a_restricted_user_lists_the_contacts_of_its_matters(office: Office) -> None:
    """Those it made, clients of its matters, related contacts, and contacts in custom fields; nobody else (R8, R9)."""
    me = office.users["tomas"]
    people = "responsible_attorney{id},originating_attorney{id},user{id}"
    path = f"/matters.json?fields=id,client{{id}},custom_field_values{{id,contact}},{people}"
    matters = office.rows(office.partner, path)
    names = ("responsible_attorney", "originating_attorney", "user")
    own = [m for m in matters if me in [(m[name] or {}).get("id") for name in names]]
    reached = {m["client"]["id"] for m in own}
    reached |= {v["contact"]["id"] for m in own for v in m["custom_field_values"] if v.get("contact")}
    related = office.rows(office.partner, "/relationships.json?fields=id,matter{id},contact{id}")
    reached |= {r["contact"]["id"] for r in related if r["matter"]["id"] in {m["id"] for m in own}}
    assert reached
    assert reached <= office.seen
    assert office.seen < office.whole.keys()
    beyond = office.seen - reached
    assert len(beyond) < len(office.seen), "what it made itself comes on top"


def test_nothing_is_withheld_from_users_with_all(office: Office) -> None:
    """Contacts Visibility "all" is how it was before (R7)."""
    other = office.user("tomas", contacts_visibility="all")
    assert len(office.rows(other, "/contacts.json")) == len(office.whole)
    assert "redacted" not in other.get(f"/contacts/{office.unseen[0]}.json?fields={FIELDS}").text


def test_counts_and_searches_know_what_is_seen_only(office: Office) -> None:
    """The number of records, and a search by name."""
    hidden = office.unseen[0]
    name = office.whole[hidden]["name"]
    assert office.clerk.get("/contacts.json?limit=1").json()["meta"]["records"] == len(office.seen)
    assert [row["id"] for row in office.rows(office.partner, f"/contacts.json?query={name}")] == [hidden]
    assert office.rows(office.clerk, f"/contacts.json?query={name}") == []


def test_a_contact_out_of_sight_reads_redacted(office: Office) -> None:
    """Whatever fields are asked for (R10, R11)."""
    for identifier, query in itertools.product(office.unseen[:3], ("", f"?fields={FIELDS}", "?fields=id")):
        answer = office.clerk.get(f"/contacts/{identifier}.json{query}")
        assert (answer.status_code, answer.json()["data"]) == (200, office.redacted(identifier))
    own = office.clerk.get(f"/contacts/{min(office.seen)}.json?fields={FIELDS}").json()["data"]
    assert own == office.whole[min(office.seen)]


def test_the_tag_of_a_redacted_contact_tells_nothing(office: Office) -> None:
    """It is one of what is shown: it stays when something hidden changes, and the partner's means another state."""
    path = f"/contacts/{office.unseen[0]}.json"
    before, whole = office.clerk.get(path).headers["etag"], office.partner.get(path).headers["etag"]
    assert before != whole
    assert office.clerk.get(path, headers={"if-none-match": whole}).status_code == 200
    assert office.clerk.get(path, headers={"if-none-match": before}).status_code == 304
    assert office.partner.patch(path, json={"data": {"title": "Changed"}}).status_code == 200
    assert office.clerk.get(path).headers["etag"] == before
    assert office.partner.get(path).headers["etag"] != whole


def test_what_the_user_enters_it_sees(office: Office) -> None:
    """And another restricted user does not (R8)."""
    body = {"data": {"name": "Walk-in", "type": "Company"}}
    made = office.clerk.post("/contacts.json?fields=id,name", json=body)
    assert made.status_code == 201
    identifier = made.json()["data"]["id"]
    assert identifier in {row["id"] for row in office.rows(office.clerk, "/contacts.json")}
    other = office.user("saanvi", contacts_visibility="restricted")
    assert identifier not in {row["id"] for row in office.rows(other, "/contacts.json")}


# -- contacts inside other rows (R12 to R33) -------------------------------------------------------------------------

#: (list or row, the field that shows contacts, what is selected of it, what makes a row with an invisible contact)
NESTED = [
    ("/activities.json", f"vendor{NAMED}", "vendor"),
    ("/allocations.json", f"contact{NAMED}", ""),
    ("/bank_transactions.json", f"client{NAMED}", ""),
    ("/bank_transfers/1.json", f"client{NAMED}", ""),
    ("/bills.json", f"client{NAMED}", ""),
    ("/billable_matters.json", f"client{NAMED}", ""),
    ("/calendar_entries.json", f"attendees{NAMED}", "attendees"),
    ("/communications.json", f"senders{NAMED}", "senders"),
    ("/communications.json", f"receivers{NAMED}", "receivers"),
    ("/conversations.json", "memberships{id,member}", ""),
    ("/conversation_messages.json", f"sender{NAMED}", ""),
    ("/conversation_messages.json", f"receivers{NAMED}", ""),
    ("/credit_memos.json", f"contact{NAMED}", ""),
    ("/documents.json", f"contact{NAMED}", ""),
    ("/folders.json", f"contact{NAMED}", ""),
    ("/matters.json", f"client{NAMED}", ""),
    ("/notes.json?type=Contact", f"contact{NAMED}", ""),
    ("/outstanding_client_balances.json", f"contact{NAMED}", ""),
    ("/relationships.json", f"contact{NAMED}", ""),
    ("/tasks.json", f"assignee{NAMED}", "assignee"),
    ("/trust_line_items.json", f"client{NAMED}", ""),
    ("/users.json", f"contact{NAMED}", ""),
]


def prepare(office: Office, what: str, hidden: int) -> None:
    """A row that names an invisible contact, made by the partner, where the data of the mock may have none."""
    somebody = {"id": hidden, "type": "Contact"}
    writes: dict[str, tuple[str, dict[str, Any]]] = {
        "vendor": ("/activities.json", {"type": "ExpenseEntry", "date": "2026-06-01", "vendor": {"id": hidden}}),
        "senders": ("/communications.json", {"type": "PhoneCommunication", "subject": "s", "body": "b",
                                             "senders": [somebody]}),
        "receivers": ("/communications.json", {"type": "PhoneCommunication", "subject": "s", "body": "b",
                                               "receivers": [somebody]}),
        "assignee": ("/tasks.json", {"name": "n", "description": "d", "assignee": somebody}),
        "attendees": ("/calendar_entries.json", {"summary": "s", "start_at": "2026-06-20T10:00:00Z",
                                                 "end_at": "2026-06-20T11:00:00Z", "calendar_owner": {"id": 1},
                                                 "attendees": [somebody]}),
    }  # fmt: skip
    if what:
        path, data = writes[what]
        made = office.partner.post(path, json={"data": data})
        assert made.status_code == 201, made.text


@pytest.mark.parametrize(("path", "selected", "needs"), NESTED, ids=[f"{p}-{s[:9]}" for p, s, _ in NESTED])
def test_a_nested_contact_out_of_sight_is_redacted(
    served: Mock, path: str, selected: str, needs: str
) -> None:
    """Only id, name in asterisks, type, and the mark; no name, no address of it anywhere in the answer."""
    office = Office(served.fork(), "hugh")  # the bookkeeper, who has no matters
    hidden = office.unseen[0]
    prepare(office, needs, hidden)
    query = f"{path}{'&' if '?' in path else '?'}fields=id,{selected}"
    answer = office.clerk.get(query)
    assert answer.status_code == 200, answer.text
    found = [one for one in objects(answer.json()) if one.get("redacted")]
    assert found, f"{query} shows no redacted contact"
    for one in found:
        assert one.keys() == {"id", "name", "type", "redacted"}
        assert set(one["name"]) == {"*"}
    assert office.secrets().isdisjoint(texts(answer.json()["data"]))
    assert not any(one.get("redacted") for one in objects(office.partner.get(query).json()))


def test_the_contacts_of_a_contact_are_redacted(office: Office) -> None:
    """Company, related contacts and custom fields of one that is seen (R20)."""
    hidden, mine = office.unseen[0], min(office.seen)
    changes = {"company": {"id": hidden}}
    body = {
        "data": {"name": "Reached", "type": "Person", "first_name": "Rea", "last_name": "Ched", **changes}
    }
    made = office.clerk.post("/contacts.json", json=body)
    assert made.status_code == 422, "the clerk may not name it either"
    made = office.partner.post("/contacts.json?fields=id", json=body)
    assert made.status_code == 201, made.text
    identifier = made.json()["data"]["id"]
    matter = office.rows(office.clerk, "/matters.json?fields=id,responsible_attorney{id}")
    own = next(
        m["id"] for m in matter if (m["responsible_attorney"] or {}).get("id") == office.users["tomas"]
    )
    related = {"data": {"description": "Witness", "matter": {"id": own}, "contact": {"id": identifier}}}
    assert office.partner.post("/relationships.json", json=related).status_code == 201
    shown = office.clerk.get(f"/contacts/{identifier}.json?fields=id,name,company{NAMED}").json()["data"]
    assert (shown["name"], shown["company"]) == ("Reached", office.redacted(hidden))
    assert office.rows(office.clerk, f"/contacts/{mine}.json?fields={FIELDS}") == [office.whole[mine]]


# -- what a restricted user may write (R37 to R41) -------------------------------------------------------------------


WRITES = [
    ("/activities.json", {"type": "ExpenseEntry", "date": "2026-06-01"}, "vendor", 422),
    ("/calendar_entries.json", {"summary": "s", "start_at": "2026-06-20T10:00:00Z", "end_at": "2026-06-20T11:00:00Z",
                                "calendar_owner": {"id": 1}}, "attendees", 422),
    ("/conversation_messages.json", {"subject": "s", "body": "b"}, "receivers", 422),
    ("/tasks.json", {"name": "n", "description": "d"}, "assignee", 422),
    ("/communications.json", {"type": "PhoneCommunication", "subject": "s", "body": "b"}, "senders", 404),
    ("/communications.json", {"type": "PhoneCommunication", "subject": "s", "body": "b"}, "receivers", 404),
]  # fmt: skip


@pytest.mark.parametrize(("path", "data", "field", "status"), WRITES, ids=[f"{w[0]}-{w[2]}" for w in WRITES])
def test_a_contact_out_of_sight_cannot_be_named(
    office: Office, path: str, data: dict[str, Any], field: str, status: int
) -> None:
    """With a contact in sight the same request is fine; the partner may name either."""
    many = field not in ("vendor", "assignee")

    def send(client: httpx.Client, identifier: int) -> httpx.Response:
        one = {"id": identifier, "type": "Contact"} if field != "vendor" else {"id": identifier}
        return client.post(path, json={"data": {**data, field: [one] if many else one}})

    refused = send(office.clerk, office.unseen[0])
    assert refused.status_code == status, refused.text
    assert set(refused.json()["error"]) == {"type", "message"}
    assert office.whole[office.unseen[0]]["name"] not in refused.text
    assert send(office.clerk, min(office.seen)).status_code == 201
    assert send(office.partner, office.unseen[0]).status_code == 201


@pytest.mark.parametrize(
    ("path", "field", "status"),
    [("/activities", "vendor", 422), ("/tasks", "assignee", 422), ("/communications", "receivers", 404),
     ("/communications", "senders", 404), ("/calendar_entries", "attendees", 422)],
)  # fmt: skip
def test_nor_in_a_change(office: Office, path: str, field: str, status: int) -> None:
    identifier = office.rows(office.partner, f"{path}.json?limit=1&fields=id")[0]["id"]
    one = {"id": office.unseen[0], "type": "Contact"} if field != "vendor" else {"id": office.unseen[0]}
    body = {"data": {field: one if field in ("vendor", "assignee") else [one]}}
    refused = office.clerk.patch(f"{path}/{identifier}.json", json=body)
    assert refused.status_code == status, refused.text
    assert office.partner.patch(f"{path}/{identifier}.json", json=body).status_code == 200


# -- hours and rates of others (R42 to R46, R49) ---------------------------------------------------------------------


def entries(office: Office, client: httpx.Client) -> list[dict[str, Any]]:
    wanted = (
        f"id,type,price,note,quantity_redacted,user{{id}},matter{{id,responsible_attorney}},{','.join(HOURS)}"
    )
    return office.rows(client, f"/activities.json?fields={wanted}")


def attorneys(office: Office) -> dict[int, int | None]:
    rows = office.rows(office.partner, "/matters.json?fields=id,responsible_attorney{id}")
    return {row["id"]: (row["responsible_attorney"] or {}).get("id") for row in rows}


def test_hours_of_others_are_null_and_marked(office: Office) -> None:
    """Own entries, those of matters that the user is responsible for, and expenses are shown (R42, R43)."""
    me, responsible = office.users["saanvi"], attorneys(office)
    junior = office.user("saanvi", activity_hours_visibility="own_and_responsible")
    shown, whole = entries(office, junior), {one["id"]: one for one in entries(office, office.partner)}
    counted = {True: 0, False: 0}
    for one in shown:
        matter = (one["matter"] or {}).get("id")
        hidden = one["type"] == "TimeEntry" and one["user"]["id"] != me and responsible.get(matter) != me
        counted[hidden] += 1
        assert bool(one.get("quantity_redacted")) is hidden
        if hidden:
            assert [one[name] for name in HOURS] == [None] * len(HOURS)
        else:
            assert {name: one[name] for name in HOURS} == {name: whole[one["id"]][name] for name in HOURS}
    assert all(counted.values()), counted
    assert not any(one.get("quantity_redacted") for one in whole.values())


def test_hours_of_others_cannot_be_changed(office: Office) -> None:
    """403 for each listed field; other fields of the same entry can be (R44)."""
    junior = office.user("saanvi", activity_hours_visibility="own_and_responsible")
    hidden = next(one for one in entries(office, junior) if one.get("quantity_redacted"))
    path = f"/activities/{hidden['id']}.json"
    refused = junior.patch(path, json={"data": {"quantity": 60}})
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "ForbiddenError")
    changed = junior.patch(f"{path}?fields=id,note,quantity", json={"data": {"note": "Looked at"}})
    assert changed.status_code == 200
    assert (changed.json()["data"]["note"], changed.json()["data"]["quantity"]) == ("Looked at", None)
    assert office.partner.patch(path, json={"data": {"quantity": 60}}).status_code == 200


@pytest.mark.parametrize("path", ["/calendar_entries", "/communications", "/notes", "/tasks"])
def test_hours_inside_other_rows_are_withheld_too(office: Office, path: str) -> None:
    """The time entries of calendar entries, communications, notes and tasks (R45)."""
    junior = office.user("hugh", activity_hours_visibility="own_and_responsible")
    query = f"{path}.json?fields=id,time_entries{{id,quantity,total,note}}" + (
        "&type=Matter" if path == "/notes" else ""
    )
    hidden = {one["id"] for one in entries(office, junior) if one.get("quantity_redacted")}
    shown = {e["id"]: e for row in office.rows(junior, query) for e in row["time_entries"]}
    whole = {e["id"]: e for row in office.rows(office.partner, query) for e in row["time_entries"]}
    assert shown.keys() == whole.keys()
    assert hidden & shown.keys()
    for identifier, entry in shown.items():
        if identifier in hidden:
            assert (entry["quantity"], entry["total"], entry["quantity_redacted"]) == (None, None, True)
        else:
            assert entry == whole[identifier]


def test_rates_of_others_are_withheld(office: Office) -> None:
    """Price and total of activities (R49)."""
    clerk = office.user("leila", billing_rate_visibility="own")
    shown = entries(office, clerk)
    foreign = [one for one in shown if one["user"] and one["user"]["id"] != office.users["leila"]]
    assert foreign
    assert {(one["price"], one["total"]) for one in foreign} == {(None, None)}
    assert any(one["quantity"] for one in foreign)


# -- versions --------------------------------------------------------------------------------------------------------


def test_the_rules_came_with_their_versions_and_hold_for_all_from_their_day(office: Office) -> None:
    """Contacts from 4.0.9, hours from 4.0.8; before the day of the backfill an older version shows everything (R5)."""
    hidden = office.unseen[0]
    junior = office.user("saanvi", activity_hours_visibility="own_and_responsible")

    def seen(version: str) -> tuple[bool, bool]:
        headers = {"x-api-version": version}
        contact = office.clerk.get(f"/contacts/{hidden}.json?fields=id,name", headers=headers).json()["data"]
        found = junior.get("/activities.json?fields=id,quantity", headers=headers).json()["data"]
        return contact["name"] == office.whole[hidden]["name"], all(
            one["quantity"] is not None for one in found
        )

    office.mock.freeze("2022-12-01T00:00:00Z")
    assert seen("4.0.9") == (False, False)
    assert seen("4.0.8") == (True, False)
    office.mock.freeze("2022-05-01T00:00:00Z")
    assert seen("4.0.7") == (True, True)
    office.mock.freeze("2023-03-01T00:00:00Z")
    assert seen("4.0.7") == (False, False)


# -- permissions of applications (R1, R3) ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "/clio_payments/links.json", ["Clio Payments", "Accounting"]),
        ("POST", "/clio_payments/links.json", ["Clio Payments", "Accounting"]),
        ("GET", "/clio_payments/payments.json", ["Clio Payments", "Accounting"]),
        ("GET", "/medical_records_details.json", ["Personal Injury", "Matters", "Documents", "Contacts"]),
        ("GET", "/damages.json", ["Personal Injury", "Matters", "Documents", "Contacts"]),
        ("DELETE", "/damages/1.json", ["Personal Injury", "Matters", "Documents", "Contacts"]),
        ("PATCH", "/medical_records/1.json", ["Personal Injury", "Matters", "Documents", "Contacts"]),
        ("DELETE", "/medical_bills/1.json", ["Personal Injury", "Matters", "Documents", "Contacts"]),
    ],
)
def test_an_application_needs_every_permission(
    office: Office, method: str, path: str, needed: list[str]
) -> None:
    """Each one missing is 403, whichever it is; with all of them nobody is turned away at the door."""
    body = {"data": {}} if method in ("POST", "PATCH") else None
    for missing in needed:
        granted = [name for name in needed if name != missing]
        made = office.mock.add_principal(f"app without {missing}", tenant="halden", permissions=granted)
        answer = office.mock.client(made.name).request(method, path, json=body)
        assert (answer.status_code, answer.json()["error"]["type"]) == (403, "ForbiddenError"), missing
    made = office.mock.add_principal("app with all", tenant="halden", permissions=needed)
    answer = office.mock.client(made.name).request(method, path, json=body)
    assert answer.status_code != 403


def test_what_one_caller_was_shown_is_not_shown_to_another(office: Office) -> None:
    """The same list for both, asked for in turns: each sees what it may see, whoever came first."""
    path = f"/matters.json?fields=id,client{NAMED}"
    for first, second in (("partner", "clerk"), ("clerk", "partner")):
        shown = {name: office.rows(getattr(office, name), path) for name in (first, second)}
        assert not office.secrets() & set(texts(shown["clerk"]))
        assert office.secrets() & set(texts(shown["partner"]))
