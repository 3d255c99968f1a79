"""Contacts visibility: who is restricted sees the contacts of own matters, and the rest only redacted."""

from __future__ import annotations

from typing import Any

import pytest

#: Tomas Brandt, whose token is the associate's.
TOMAS = 2
PLAIN = "{id,name,type,first_name}"

#: Where contacts are nested: the path and the field; a star stands for an id.
NESTED = {
    "r12": ("activities", "vendor"),
    "r13": ("allocations", "contact"),
    "r14": ("bank_transactions", "client"),
    "r15": ("bank_transfers/*", "client"),
    "r16": ("bills", "client"),
    "r17": ("billable_matters", "client"),
    "r18": ("calendar_entries", "attendees"),
    "r19-senders": ("communications", "senders"),
    "r19-receivers": ("communications", "receivers"),
    "r20-company": ("contacts/*", "company"),
    "r20-related": ("contacts/*", "related_contacts"),
    "r20-custom": ("contacts/*", "custom_field_values.contact"),
    "r21": ("conversations", "memberships.member"),
    "r22-sender": ("conversation_messages", "sender"),
    "r22-receivers": ("conversation_messages", "receivers"),
    "r23": ("credit_memos", "contact"),
    "r24": ("documents", "contact"),
    "r24-grants": ("documents", "access_grants"),
    "r25": ("folders", "contact"),
    "r25-grants": ("folders", "access_grants"),
    "r26": ("matters", "client"),
    "r26-custom": ("matters", "custom_field_values.contact"),
    "r27": ("matters/*/client", ""),
    "r27-company": ("matters/*/client", "company"),
    "r28": ("notes", "contact"),
    "r29": ("outstanding_client_balances", "contact"),
    "r30": ("relationships", "contact"),
    "r31": ("tasks", "assignee"),
    "r32": ("trust_line_items", "client"),
    "r33": ("users", "contact"),
}


def rows(clio: Any, who: Any, path: str, field: str) -> list[Any]:
    """What a caller sees at a path, with one field of the nested contacts laid open."""
    first, _, inner = field.partition(".")
    asked = {"": "id,name,type,first_name"}.get(field) or (
        f"id,{first}{{id,{inner}}}" if inner else f"id,{first}{PLAIN}"
    )
    if "*" not in path:
        return who.data(path, asked)
    above = path.split("/", maxsplit=1)[0]
    ids = range(1, 9) if above == "bank_transfers" else clio.partner.ids(above)
    return [who.data(path.replace("*", str(identifier)), asked) for identifier in ids]


def contacts(found: Any, field: str) -> list[dict[str, Any]]:
    """The contacts in a field of rows; users and calendars beside them are left out."""
    if not field:
        return list(found)
    first, _, rest = field.partition(".")
    values = [row.get(first) for row in found]
    if first == "memberships":
        values = [members[1:] for members in values]  # the first of each is a user
    flat = [one for value in values for one in (value if isinstance(value, list) else [value]) if one]
    return (
        contacts(flat, rest) if rest else [one for one in flat if one.get("type") not in ("User", "Calendar")]
    )


def seen(clio: Any) -> set[int]:
    return set(clio.associate.ids("contacts"))


def test_r7_visibility_is_set_for_each_user(clio: Any) -> None:
    """A partner sees all 48 contacts of the firm, an associate fewer, and no setting at all means everything."""
    assert len(clio.partner.ids("contacts")) == 48
    assert 0 < len(seen(clio)) < 48
    assert seen(clio) < set(clio.partner.ids("contacts"))
    assert set(clio.bookkeeper.ids("contacts")) == set(clio.partner.ids("contacts"))


def test_r8_own_contacts_and_those_of_own_matters_are_seen(clio: Any) -> None:
    """Clients, related contacts and those in custom fields of matters that the associate has to do with."""
    fields = "id,client{id},responsible_attorney{id},originating_attorney{id},user{id},custom_field_values{contact}"
    wanted: set[int] = set()
    own: set[int] = set()
    for matter in clio.partner.data("matters", fields):
        people = [matter[name]["id"] for name in ("responsible_attorney", "originating_attorney", "user")]
        if TOMAS in people:
            own.add(matter["id"])
            wanted |= {
                matter["client"]["id"],
                *(c["id"] for c in contacts([matter], "custom_field_values.contact")),
            }
    for relationship in clio.partner.data("relationships", "matter{id},contact{id}"):
        wanted |= {relationship["contact"]["id"]} if relationship["matter"]["id"] in own else set()
    assert wanted <= seen(clio)
    made = seen(clio) - wanted
    assert made  # those that the associate has entered
    new = clio.associate.made("contacts", "id", type="Person", first_name="Greta", last_name="Lund")
    assert new["id"] in seen(clio)


def test_r8_a_matter_brings_its_contacts_along(clio: Any) -> None:
    """Once the associate answers for a matter its client shows; the moment that ends it is hidden again."""
    hidden = next(
        m for m in clio.partner.data("matters", "id,client{id}") if m["client"]["id"] not in seen(clio)
    )
    path = f"matters/{hidden['id']}"
    assert clio.partner.changing(path, responsible_attorney={"id": TOMAS}).status_code == 200
    assert hidden["client"]["id"] in seen(clio)
    assert clio.partner.changing(path, responsible_attorney={"id": 1}).status_code == 200
    assert hidden["client"]["id"] not in seen(clio)


def test_r9_lists_of_contacts_leave_the_others_out(clio: Any) -> None:
    """They are neither listed nor counted nor found by a filter, at contacts and at matters/{id}/contacts."""
    answer = clio.associate.send("GET", "contacts", params={"fields": "id,name,redacted"}).json()
    assert answer["meta"]["records"] == len(answer["data"]) == len(seen(clio))
    assert not any("redacted" in row for row in answer["data"])
    hidden = next(c for c in clio.partner.data("contacts", "id,name") if c["id"] not in seen(clio))
    assert clio.associate.ids("contacts", {"query": hidden["name"]}) == []
    shorter = 0
    for matter in clio.partner.ids("matters"):
        everybody, mine = (who.ids(f"matters/{matter}/contacts") for who in (clio.partner, clio.associate))
        assert set(mine) == set(everybody) & seen(clio)
        shorter += len(mine) < len(everybody)
    assert shorter


@pytest.mark.parametrize("requirement", NESTED)
def test_r12_to_r33_nested_contacts_are_redacted(clio: Any, requirement: str) -> None:
    """Every contact that the associate does not see is redacted, every other one is as the partner sees it."""
    path, field = NESTED[requirement]
    whole = contacts(rows(clio, clio.partner, path, field), field)
    shown = contacts(rows(clio, clio.associate, path, field), field)
    if "*" not in path:
        assert [one["id"] for one in shown] == [one["id"] for one in whole]
    visible = seen(clio)
    hidden = [one for one in shown if one["id"] not in visible]
    assert hidden, "the seed data has nothing to redact here"
    for one in hidden:
        assert set(one) == {"id", "name", "type", "redacted"}
        assert one["redacted"] is True
        assert set(one["name"]) == {"*"}
        assert one["type"] in ("Person", "Company", "Contact")
    for one in shown:
        assert one in whole or one in hidden


def test_r10_the_name_of_a_redacted_contact_is_nowhere(clio: Any) -> None:
    """Not in any answer about matters, whatever fields are asked for; masks are as long as the names."""
    names = {
        c["id"]: c["name"] for c in clio.partner.data("contacts", "id,name") if c["id"] not in seen(clio)
    }
    found = clio.associate.data(
        "matters", "id,client{id,name,initials,primary_email_address,custom_field_values}"
    )
    for matter in found:
        if matter["client"]["id"] in names:
            assert matter["client"]["name"] == "*" * len(names[matter["client"]["id"]])
            assert set(matter["client"]) == {"id", "name", "type", "redacted"}
    text = clio.associate.send("GET", "matters", params={"fields": "id,client{name},relationships"}).text
    assert [name for name in names.values() if name in text] == []


def test_r11_reading_an_invisible_contact_shows_it_redacted(clio: Any) -> None:
    """With 200, and whatever fields are asked for; one that does not exist is 404."""
    hidden = next(i for i in clio.partner.ids("contacts") if i not in seen(clio))
    for fields in (None, "id", "first_name,email_addresses"):
        row = clio.associate.data(f"contacts/{hidden}", fields)
        assert set(row) == {"id", "name", "type", "redacted"}
        assert set(row["name"]) == {"*"}
    clio.refused(clio.associate.get("contacts/987654"), 404, "RecordNotFound")
    assert "redacted" not in clio.associate.data(f"contacts/{min(seen(clio))}", "id,name,redacted")


def unseen(clio: Any) -> int:
    return next(i for i in clio.partner.ids("contacts") if i not in seen(clio))


BODIES = {
    "activities": lambda i: {
        "type": "ExpenseEntry",
        "date": "2026-06-01",
        "quantity": 1,
        "price": 5,
        "vendor": {"id": i},
    },
    "calendar_entries": lambda i: {
        "summary": "Site visit",
        "start_at": "2026-06-20T10:00:00Z",
        "end_at": "2026-06-20T11:00:00Z",
        "calendar_owner": {"id": 1},
        "attendees": [{"id": i, "type": "Contact"}],
    },
    "conversation_messages": lambda i: {
        "subject": "Papers",
        "body": "Please sign.",
        "receivers": [{"id": i, "type": "Contact"}],
    },
    "tasks": lambda i: {
        "name": "Call",
        "description": "Before noon",
        "assignee": {"id": i, "type": "Contact"},
    },
    "communications": lambda i: {
        "type": "PhoneCommunication",
        "subject": "Call",
        "body": "About the offer.",
        "senders": [{"id": 1, "type": "User"}],
        "receivers": [{"id": i, "type": "Contact"}],
    },
}
STATUS = {
    "activities": 422,
    "calendar_entries": 422,
    "conversation_messages": 422,
    "tasks": 422,
    "communications": 404,
}


@pytest.mark.parametrize("path", BODIES)
def test_r37_r38_r39_r40_r41_an_invisible_contact_cannot_be_named(clio: Any, path: str) -> None:
    """422, or 404 for communications; with a contact that is visible, or by a partner, it works."""
    before = clio.partner.ids(path)
    clio.refused(clio.associate.making(path, **BODIES[path](unseen(clio))), STATUS[path])
    assert clio.partner.ids(path) == before
    assert clio.associate.making(path, **BODIES[path](min(seen(clio)))).status_code == 201
    assert clio.partner.making(path, **BODIES[path](unseen(clio))).status_code == 201


@pytest.mark.parametrize("path", [path for path in BODIES if path != "conversation_messages"])
def test_r37_r38_r40_r41_nor_in_a_change(clio: Any, path: str) -> None:
    """PATCH answers the same as POST, and changes nothing."""
    body = BODIES[path](min(seen(clio)))
    made = clio.associate.made(path, "id,etag", **body)
    field = next(name for name in ("vendor", "attendees", "assignee", "receivers") if name in body)
    change = {field: BODIES[path](unseen(clio))[field]}
    clio.refused(clio.associate.changing(f"{path}/{made['id']}", **change), STATUS[path])
    assert clio.associate.data(f"{path}/{made['id']}") == made
