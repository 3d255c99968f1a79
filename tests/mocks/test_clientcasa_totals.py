"""What an invoice costs is computed from its lines and the client's tax rate, to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

CENT = Decimal("0.01")


def cents(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(CENT, rounding=ROUND_HALF_UP)


LINES = [
    [(1, 100, False, None)],
    [(3, 19.99, True, None), (2, 5, False, None)],
    [(1.5, 80, True, 10), (1, 33.33, True, 12.5), (2, 7.77, False, 33.3)],
    [(1, 0, True, None), (0.25, 0.1, True, 50)],
    [(1, 0.125, True, None), (1, 2.675, False, 100)],
    [(7, 1234.56, True, 99.9)],
]


@pytest.mark.parametrize("rate", [None, 0, 8.5, 11.375])
@pytest.mark.parametrize("lines", LINES)
def test_r40_totals_are_computed(mock: Any, lines: Any, rate: float | None) -> None:
    """Line totals, subtotal, discount, tax on taxable lines at the client's rate, and total, all to the cent."""
    tax = {"defaultTaxable": False, "overrideTaxRate": rate is not None, "taxRate": rate}
    client = mock.owner.created("clients", {"name": "A", "taxSettings": tax})
    items = [
        {"description": "Work", "quantity": q, "unitPrice": p, "taxable": t}
        | ({} if d is None else {"discountPercent": d})
        for q, p, t, d in lines
    ]
    made = mock.owner.created("invoices", {"clientId": client["id"], "lineItems": items})
    totals = [
        cents(Decimal(str(q)) * Decimal(str(p)) * (100 - Decimal(str(d or 0))) / 100) for q, p, _, d in lines
    ]
    assert [cents(item["total"]) for item in made["lineItems"]] == totals
    subtotal = cents(sum(Decimal(str(q)) * Decimal(str(p)) for q, p, _, _ in lines))
    taxed = sum((t for t, line in zip(totals, lines, strict=True) if line[2]), Decimal(0))
    due = cents(taxed * Decimal(str(rate or 0)) / 100)
    assert cents(made["subtotal"]) == subtotal
    assert cents(made["discountAmount"]) == subtotal - sum(totals, Decimal(0))
    assert cents(made["taxAmount"]) == due
    assert cents(made["total"]) == cents(made["balanceDue"]) == sum(totals, due)
    for name in ("subtotal", "discountAmount", "taxAmount", "total", "balanceDue"):
        assert round(made[name], 2) == made[name]
    assert mock.owner.row("invoices", made["id"]) == made


def test_r40_line_items_are_complete(mock: Any) -> None:
    """Each line gets an id; what the request left out is there with its initial value."""
    made = mock.owner.created("invoices", mock.body("invoices"))
    (line,) = made["lineItems"]
    assert {**line, "id": ""} == {
        "id": "", "description": "Survey", "quantity": 1, "unitPrice": 100, "taxable": False,
        "discountPercent": None, "total": 100,
    }  # fmt: skip
    assert len(line["id"]) == 36


@pytest.mark.parametrize(
    "lines",
    [
        [],
        None,
        [{"description": "A", "quantity": 0, "unitPrice": 1}],
        [{"description": "A", "quantity": -1, "unitPrice": 1}],
        [{"description": "A", "quantity": 1, "unitPrice": -0.01}],
        [{"description": "A", "quantity": 1, "unitPrice": 1, "discountPercent": 101}],
        [{"description": "A", "quantity": 1, "unitPrice": 1, "discountPercent": -1}],
        [{"description": "", "quantity": 1, "unitPrice": 1}],
        [{"quantity": 1, "unitPrice": 1}],
        [{"description": "A", "quantity": "1", "unitPrice": 1}],
        [{"description": "A", "quantity": 1, "unitPrice": 1}, {"description": "B", "quantity": 1}],
    ],
)
def test_r40_an_invoice_has_valid_lines(mock: Any, lines: Any) -> None:
    """At least one line, a quantity above 0, a price of at least 0, a discount of 0 to 100."""
    body = {**mock.body("invoices"), "lineItems": lines}
    assert "lineItems" in str(mock.refused(mock.owner.post("invoices", body), 400, "invalid_request"))


def test_r40_numbers_are_assigned_and_unique(mock: Any) -> None:
    """Each invoice of an organisation has its own number, new ones included."""
    for caller, tenant in ((mock.owner, "northlight"), (mock.peer, "thornfield")):
        for _ in range(3):
            caller.created("invoices", mock.body("invoices", tenant))
        numbers = [row["invoiceNumber"] for row in caller.rows("invoices")]
        assert all(numbers)
        assert len(set(numbers)) == len(numbers)


def test_r40_dates_have_initial_values(mock: Any) -> None:
    """Without dates an invoice is of today and due later; what is sent is kept."""
    made = mock.owner.created("invoices", mock.body("invoices"))
    assert made["issueDate"] == "2026-06-15"
    assert made["dueDate"] > made["issueDate"]
    dated = mock.owner.created(
        "invoices", {**mock.body("invoices"), "issueDate": "2026-05-01", "dueDate": "2026-05-02"}
    )
    assert (dated["issueDate"], dated["dueDate"]) == ("2026-05-01", "2026-05-02")


def test_r40_an_invoice_keeps_the_tax_it_was_made_with(mock: Any) -> None:
    """When the client's rate changes, an invoice keeps its amounts, also through an edit, and stays paid."""
    tax = {"defaultTaxable": True, "overrideTaxRate": True, "taxRate": 10}
    client = mock.owner.created("clients", {"name": "A", "taxSettings": tax})
    body = {
        "clientId": client["id"],
        "status": "sent",
        "lineItems": [{"description": "Work", "quantity": 1, "unitPrice": 100, "taxable": True}],
    }
    made = mock.owner.created("invoices", body)
    assert (made["taxAmount"], made["total"]) == (10, 110)
    mock.owner.created(
        "payments",
        {**mock.body("payments"), "clientId": client["id"], "invoiceId": made["id"], "amount": 110},
    )
    mock.owner.updated("clients", client["id"], taxSettings={**tax, "taxRate": 20})
    changed = mock.owner.updated("invoices", made["id"], notes="n")
    assert (changed["taxAmount"], changed["total"], changed["status"]) == (10, 110, "paid")
    assert mock.owner.created("invoices", body)["taxAmount"] == 20
