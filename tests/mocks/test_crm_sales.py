"""Leads, contracts, estimates, proposals, subscriptions and credit notes."""

from __future__ import annotations

from typing import Any

import pytest

LINES = [
    {"description": "Hour of joinery", "qty": 2, "rate": 90.0},
    {"description": "Varnish", "qty": 1, "rate": 24.5},
]


def is_pdf(answer: Any, name: str) -> bool:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.pdf"'
    return bool(answer.content.startswith(b"%PDF-") and answer.content.rstrip().endswith(b"%%EOF"))


def test_r10_leads_are_managed(crm: Any) -> None:
    """The documented body comes back, status and assignee as numbers."""
    body = {"name": "Ida Coil", "email": "ida@coil.example", "company": "Coil Yachts", "source": "website",
            "status": 1, "assigned": 1}  # fmt: skip
    made = crm.office.made("leads", **body)
    assert {name: made[name] for name in body} == body
    assert crm.office.changed(f"leads/{made['id']}", status=2)["status"] == 2
    assert [a["description"] for a in crm.office.data(f"leads/{made['id']}/activities")] == [
        "Lead entered.", "Moved to another stage."
    ]  # fmt: skip
    crm.refused(crm.office.post("leads", {**body, "status": "new"}), 400, "status")
    assert crm.office.delete(f"leads/{made['id']}").status_code == 200
    crm.refused(crm.office.get(f"leads/{made['id']}"), 404)


def test_r10_a_lead_is_converted_once(crm: Any) -> None:
    """It becomes a customer with its name and address; the lead says so, and a second time is refused."""
    lead = crm.office.made("leads", name="Ida Coil", email="ida@coil.example", company="Coil Yachts")
    before = crm.office.get("customers").json()["meta"]["total"]
    answer = crm.office.post(f"leads/{lead['id']}/convert", None)
    assert answer.status_code == 201
    customer = answer.json()["data"]
    assert (customer["company"], customer["email"], customer["leadid"]) == (
        "Coil Yachts",
        "ida@coil.example",
        lead["id"],
    )
    assert crm.office.data(f"customers/{customer['id']}") == customer
    after = crm.office.data(f"leads/{lead['id']}")
    assert (after["client_id"], after["date_converted"]) == (
        customer["id"],
        crm.now().strftime("%Y-%m-%d %H:%M:%S"),
    )
    crm.refused(crm.office.post(f"leads/{lead['id']}/convert", None), 400)
    assert crm.office.get("customers").json()["meta"]["total"] == before + 1
    assert (
        crm.office.data(f"leads/{lead['id']}/activities")[-1]["description"]
        == f"Converted to customer {customer['id']}."
    )
    nameless = crm.office.made("leads", name="Ann Gull")
    assert crm.office.post(f"leads/{nameless['id']}/convert", None).json()["data"]["company"] == "Ann Gull"


def test_r10_notes_are_the_leads_own(crm: Any) -> None:
    """Notes about other things with the same number are not among them."""
    crm.office.made("notes", rel_type="lead", rel_id=1, description="Call back.")
    crm.office.made("notes", rel_type="customer", rel_id=1, description="Pays late.")
    notes = [n for n in crm.office.every("notes") if (n["rel_type"], n["rel_id"]) == ("lead", 1)]
    assert crm.office.data("leads/1/notes") == notes
    assert "Call back." in [n["description"] for n in notes]


def dated(crm: Any, end: str | None) -> Any:
    body = {
        "client": 1,
        "subject": "Mooring",
        "contract_type": 1,
        "datestart": "2025-06-15",
        "contract_value": 1200.0,
    }
    return crm.office.made("contracts", **body, **({"dateend": end} if end else {}))


def ids(rows: Any) -> set[int]:
    return {row["id"] for row in rows}


def test_r12_contracts_are_managed(crm: Any) -> None:
    """The documented fields come back; an end before the start is refused."""
    made = dated(crm, "2027-06-15")
    assert (made["client"], made["contract_value"], made["signed"]) == (1, 1200.0, 0)
    crm.refused(crm.office.put(f"contracts/{made['id']}", dateend="2025-01-01"), 400, "dateend")
    assert crm.office.delete(f"contracts/{made['id']}").status_code == 200


def test_r12_expiring_and_expired_are_apart(crm: Any) -> None:
    """Expired ended before today, expiring ends within 30 days (or as many as asked); the days move with the clock."""
    today = crm.now().date().isoformat()
    late, last, soon, far, open_ = (
        dated(crm, d)["id"] for d in ("2026-06-14", today, "2026-07-15", "2026-07-16", None)
    )
    expired, expiring = ids(crm.office.data("contracts/expired")), ids(crm.office.data("contracts/expiring"))
    assert not expired & expiring
    assert {late} <= expired
    assert {last, soon} <= expiring
    assert not {far, open_} & (expired | expiring)
    assert far in ids(crm.office.data("contracts/expiring", days=31))
    assert soon not in ids(crm.office.data("contracts/expiring", days=29))
    crm.advance("1d")
    assert last in ids(crm.office.data("contracts/expired"))
    assert far in ids(crm.office.data("contracts/expiring"))
    everything = crm.office.every("contracts")
    ended = {c["id"] for c in everything if c["dateend"] is not None and c["dateend"] <= today}
    assert ids(crm.office.data("contracts/expired")) == ended


def test_r12_a_contract_is_renewed(crm: Any) -> None:
    """``renew`` moves the last day on, never back, and says when."""
    made = dated(crm, "2026-06-14")
    renewed = crm.office.done(f"contracts/{made['id']}/renew", dateend="2027-06-14")
    assert renewed["dateend"] == "2027-06-14"
    assert renewed["last_renewed"] == crm.now().strftime("%Y-%m-%d %H:%M:%S")
    for day in ("2027-06-14", "2026-12-31"):
        crm.refused(crm.office.post(f"contracts/{made['id']}/renew", {"dateend": day}), 400, "dateend")
    crm.refused(crm.office.post(f"contracts/{made['id']}/renew", {}), 400, "dateend")
    assert crm.office.data(f"contracts/{made['id']}") == renewed


def test_r12_a_contract_is_signed_once(crm: Any) -> None:
    """``sign`` sets the flag and the moment."""
    made = dated(crm, "2027-06-14")
    signed = crm.office.done(f"contracts/{made['id']}/sign")
    assert (signed["signed"], signed["acceptance_date"]) == (1, crm.now().strftime("%Y-%m-%d %H:%M:%S"))
    crm.refused(crm.office.post(f"contracts/{made['id']}/sign", None), 400)
    for path in ("attachments", "comments"):
        rows = [r for n in range(1, 30) for r in crm.office.data(f"contracts/{n}/{path}")]
        assert {r["rel_type"] for r in rows} == {"contract"}


def test_r13_expenses_are_managed(crm: Any) -> None:
    """The documented fields come back; the category is one of the list."""
    body = {
        "category": 3,
        "amount": 42.5,
        "currency": "USD",
        "date": "2026-06-15",
        "clientid": 1,
        "note": "Paint",
    }
    made = crm.office.made("expenses", **body)
    assert {name: made[name] for name in body} == body
    assert 3 in ids(crm.office.data("expenses/categories"))
    for field in ("category", "amount", "date"):
        crm.refused(crm.office.post("expenses", {k: v for k, v in body.items() if k != field}), 400, field)
    assert crm.office.changed(f"expenses/{made['id']}", amount=50.0)["amount"] == 50.0
    assert crm.office.delete(f"expenses/{made['id']}").status_code == 200


def estimate(crm: Any, **given: Any) -> Any:
    body = {"clientid": 1, "number": "EST-900", "date": "2026-06-15", "expirydate": "2026-07-15", "status": 1}
    return crm.office.made("estimates", **{**body, "items": LINES, **given})


def test_r14_estimates_are_managed(crm: Any) -> None:
    """The total is that of the lines, and cannot be written."""
    made = estimate(crm)
    assert made["total"] == 204.5
    assert [(i["description"], i["qty"], i["rate"]) for i in made["items"]] == [
        tuple(line.values()) for line in LINES
    ]
    assert crm.office.changed(f"estimates/{made['id']}", items=LINES[:1])["total"] == 180.0
    crm.refused(crm.office.put(f"estimates/{made['id']}", total=1.0), 400, "total")
    sent = crm.office.done(f"estimates/{made['id']}/send")
    assert (sent["sent"], sent["status"]) == (1, 2)
    assert is_pdf(crm.office.get(f"estimates/{made['id']}/pdf"), f"estimate-{made['id']}")
    assert crm.office.delete(f"estimates/{made['id']}").status_code == 200


def test_r14_an_estimate_becomes_an_invoice_once(crm: Any) -> None:
    """The invoice has the same customer, lines and total; the estimate is accepted and knows it."""
    made = estimate(crm)
    answer = crm.office.post(f"estimates/{made['id']}/convert", None)
    assert answer.status_code == 201
    invoice = answer.json()["data"]
    assert (invoice["customer_id"], invoice["items"], invoice["total"]) == (1, made["items"], 204.5)
    assert all(isinstance(line["qty"], int) for line in invoice["items"])
    assert invoice in crm.office.data("invoices")
    after = crm.office.data(f"estimates/{made['id']}")
    assert (after["invoiceid"], after["status"]) == (invoice["id"], 4)
    crm.refused(crm.office.post(f"estimates/{made['id']}/convert", None), 400)


def proposal(crm: Any) -> Any:
    body = {"subject": "Refit", "rel_type": "customer", "rel_id": 1, "date": "2026-06-15", "open_till": "2026-07-15",
            "content": "<p>What we would do.</p>"}  # fmt: skip
    made = crm.office.made("proposals", **body)
    assert {name: made[name] for name in body} == body
    return made


@pytest.mark.parametrize(("word", "status"), [("accept", 3), ("decline", 2)])
def test_r17_a_proposal_is_decided_once(crm: Any, word: str, status: int) -> None:
    """After either word both are refused, and so is sending it again."""
    at = f"proposals/{proposal(crm)['id']}"
    sent = crm.office.done(f"{at}/send")
    assert (sent["status"], sent["datesend"]) == (4, crm.now().strftime("%Y-%m-%d %H:%M:%S"))
    decided = crm.office.done(f"{at}/{word}")
    assert decided["status"] == status
    assert (decided["acceptance_date"] is None) is (word == "decline")
    for again in ("accept", "decline", "send"):
        crm.refused(crm.office.post(f"{at}/{again}", None), 400, "status")
    crm.refused(crm.office.put(at, status=1), 400, "status")
    assert crm.office.data(at) == decided


def test_r17_proposals_are_managed(crm: Any) -> None:
    """They close no sooner than they begin, have a document and comments of their own."""
    made = proposal(crm)
    crm.refused(crm.office.put(f"proposals/{made['id']}", open_till="2026-06-01"), 400, "open_till")
    assert is_pdf(crm.office.get(f"proposals/{made['id']}/pdf"), f"proposal-{made['id']}")
    rows = [r for n in range(1, 29) for r in crm.office.data(f"proposals/{n}/comments")]
    assert {r["rel_type"] for r in rows} == {"proposal"}
    assert crm.office.delete(f"proposals/{made['id']}").status_code == 200


def test_r18_subscriptions_are_managed(crm: Any) -> None:
    """The documented fields come back."""
    body = {"name": "Winter storage", "clientid": 1, "quantity": 2, "date": "2026-06-15"}
    made = crm.office.made("subscriptions", **body)
    assert {name: made[name] for name in body} == body
    assert crm.office.changed(f"subscriptions/{made['id']}", quantity=3)["quantity"] == 3
    for field in ("name", "clientid"):
        crm.refused(
            crm.office.post("subscriptions", {k: v for k, v in body.items() if k != field}), 400, field
        )
    assert crm.office.delete(f"subscriptions/{made['id']}").status_code == 200


def test_r19_credit_notes_are_managed(crm: Any) -> None:
    """Refunds and applied credits are listed, and what remains is the total less both."""
    body = {"clientid": 1, "number": "CN-900", "date": "2026-06-15", "items": LINES, "status": 1}
    made = crm.office.made("credit-notes", **body)
    assert (made["total"], made["remaining_amount"]) == (204.5, 204.5)
    assert is_pdf(crm.office.get(f"credit-notes/{made['id']}/pdf"), f"credit-note-{made['id']}")
    judged = 0
    for note in crm.office.data("credit-notes"):
        refunds, credits_ = (
            crm.office.data(f"credit-notes/{note['id']}/{p}") for p in ("refunds", "credits")
        )
        judged += len(refunds) + len(credits_)
        spent = sum(r["amount"] for r in (*refunds, *credits_))
        assert note["remaining_amount"] == pytest.approx(note["total"] - spent)
    assert judged > 5
    assert crm.office.delete(f"credit-notes/{made['id']}").status_code == 200


def test_r14_an_estimate_below_zero_makes_no_invoice(crm: Any) -> None:
    """What an invoice could not hold is refused, and nothing is made."""
    made = estimate(crm, items=[{"description": "Rebate", "qty": 1, "rate": -5.0}])
    before = crm.office.data("invoices")
    crm.refused(crm.office.post(f"estimates/{made['id']}/convert", None), 400)
    assert crm.office.data("invoices") == before
    assert crm.office.data(f"estimates/{made['id']}") == made
