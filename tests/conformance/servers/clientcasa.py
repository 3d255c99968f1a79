"""A ClientCasa server of dictionaries, which shares no line with the engine: eight of the collections.

Clients, contacts, projects, catalog items, invoices, payments, time entries and calendar events were written from the
OpenAPI document and from what the product says about itself. ``Clientcasa(bugs)`` builds it; each bug is a mistake
that real teams ship, by name, and was written down before the probes were read.
"""

from __future__ import annotations

import itertools
import json
import re
import time
import uuid
from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["BUGS", "KEYS", "Clientcasa"]

BUGS = {
    "pages-rounded-down": "totalPages drops the last page where that is not full.",
    "deleted-still-count": "total counts the rows that are marked as deleted.",
    "filters-ored": "A row that passes one of two filters is listed.",
    "last-day-left-out": "dateTo leaves out the entries of that day.",
    "offset-dropped": "The offset of a moment in startsAfter is cut off, not counted.",
    "keys-any-case": "Idempotency keys are compared as the database does: without regard to case.",
    "stored-then-refused": "An invoice is stored before its projects are looked up.",
    "stale-lists": "A list is kept until a row is added or removed; a change does not clear it.",
    "patch-unscoped": "PATCH asks for no scope.",
    "deleted-reappear": "A list with a filter forgets to leave out what is marked as deleted.",
    "total-before-filter": "total is counted before the filters.",
    "null-ignored": "A null in a PATCH is taken for a field that was not sent.",
    "updated-at-stays": "PATCH leaves updatedAt as it is.",
    "empty-body-crashes": "A POST without a body answers 500.",
    "refusal-as-bad-request": "Deleting an invoice that was sent answers 400.",
    "replay-is-200": "A replayed create answers 200.",
    "cents-cut": "Totals of lines are cut to cents instead of rounded.",
    "refunds-not-taken-off": "The amount paid counts payments only.",
    "due-today-is-overdue": "An invoice is overdue on the day that it is due.",
    "tax-of-today": "The tax of an invoice follows its client's settings.",
    "paid-can-be-voided": "void asks only whether the invoice is a draft no longer.",
    "contact-unchecked-on-update": "PATCH takes a contact of another organisation.",
    "client-stays-behind": "A time entry that moves to another project keeps its client.",
    "false-is-no-filter": "billable=false and overdue=false are taken for filters that were not given.",
    "reset-moves": "X-RateLimit-Reset is an hour from now with every request.",
}
COLLECTIONS = {
    "clients": "Client",
    "contacts": "Contact",
    "projects": "Project",
    "catalog-items": "CatalogItem",
    "invoices": "Invoice",
    "payments": "Payment",
    "time-entries": "TimeEntry",
    "calendar-events": "CalendarEvent",
}
READS = [f"{name}:read" for name in COLLECTIONS]
NORTH, SOUTH = "0e2d53a0-4d2f-4a0e-9a57-6a4f5f4b0001", "0e2d53a0-4d2f-4a0e-9a57-6a4f5f4b0002"
KEYS = {
    "cc-north-owner": (NORTH, ["*"]),
    "cc-north-reader": (NORTH, READS),
    "cc-north-clients": (NORTH, ["clients:read"]),
    "cc-north-desk": (
        NORTH,
        ["invoices:read", "invoices:write", "payments:read", "payments:write", "clients:read"],
    ),
    "cc-south-owner": (SOUTH, ["*"]),
    "cc-south-reader": (SOUTH, READS),
}
REFERENCES = {
    "clients": {},
    "contacts": {"clientId": "clients"},
    "projects": {"clientId": "clients"},
    "catalog-items": {"clientId": "clients"},
    "invoices": {"clientId": "clients", "billingContactId": "contacts", "projectIds": "projects"},
    "payments": {"clientId": "clients", "invoiceId": "invoices", "refundOfId": "payments"},
    "time-entries": {"projectId": "projects", "catalogItemId": "catalog-items"},
    "calendar-events": {"projectId": "projects", "clientId": "clients"},
}  # fmt: skip
FILTERS = {
    "clients": {"status"},
    "contacts": {"clientId", "role"},
    "projects": {"clientId", "status"},
    "catalog-items": {"type", "status", "composition", "clientId"},
    "invoices": {"clientId", "status", "overdue", "supersedesInvoice"},
    "payments": {"clientId", "invoiceId", "status", "kind"},
    "time-entries": {"projectId", "clientId", "memberId", "dateFrom", "dateTo", "billable"},
    "calendar-events": {"projectId", "clientId", "startsAfter", "startsBefore"},
}
NO_TAX = {"defaultTaxable": False, "overrideTaxRate": False, "taxRate": None}
DEFAULTS: dict[str, dict[str, Any]] = {
    "clients": {"status": "active", "taxSettings": NO_TAX, "invoiceRemindersEnabled": True},
    "contacts": {"role": "other", "isPrimary": False},
    "projects": {"status": "active"},
    "catalog-items": {
        "unit": "flat",
        "defaultFrequency": "one-time",
        "pricingMode": "fixed",
        "composition": "atom",
        "status": "active",
    },
    "invoices": {"status": "draft", "currency": "USD", "projectIds": []},
    "payments": {"currency": "USD", "kind": "payment", "status": "succeeded"},
    "time-entries": {"billable": True, "rateType": "standard"},
    "calendar-events": {"allDay": False, "actionable": False, "recurring": False, "source": "manual"},
}
SPEC = Path(__file__).parents[3] / "spec" / "clientcasa" / "openapi.yaml"
STATUSES = {
    400: "invalid_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    409: "conflict", 429: "rate_limited", 500: "internal_error",
}  # fmt: skip
FORMATS = FormatChecker(["date"])
Row = dict[str, Any]


@FORMATS.checks("uuid")
def is_uuid(text: object) -> bool:
    return not isinstance(text, str) or bool(
        re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text)
    )


@FORMATS.checks("date-time")
def is_moment(text: object) -> bool:
    return not isinstance(text, str) or moment(text) is not None


@FORMATS.checks("email")
def is_email(text: object) -> bool:
    return not isinstance(text, str) or bool(re.fullmatch(r"[\w.+'-]+@[\w-]+(\.[\w-]+)+", text))


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        error = {"code": STATUSES[status], "message": message, "requestId": f"req_{uuid.uuid4().hex[:24]}"}
        self.answer = JSONResponse({"error": error}, status, headers)


class Clientcasa:
    """The rows of two organisations; ``app`` is the ASGI application, ``limit`` the requests of a key in an hour."""

    def __init__(self, bugs: Iterable[str] = (), limit: int = 1000) -> None:
        self.bugs = frozenset(bugs)
        assert self.bugs <= BUGS.keys()
        self.limit = limit
        self.schemas = yaml.load(SPEC.read_text(encoding="utf-8"), yaml.CSafeLoader)["components"]["schemas"]
        self.validators: dict[str, Draft202012Validator] = {}
        self.rows: dict[str, list[Row]] = {name: [] for name in COLLECTIONS}
        self.numbers = {organisation: itertools.count(1) for organisation in (NORTH, SOUTH)}
        self.windows: dict[str, tuple[int, int]] = {}
        self.answers: dict[tuple[str, str], tuple[Any, int, bytes]] = {}
        self.kept: dict[Any, Any] = {}
        for organisation in (NORTH, SOUTH):
            self.fill(organisation)
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]
        self.app = Starlette(routes=[Route("/{path:path}", self.endpoint, methods=methods)])

    async def endpoint(self, request: Request) -> Response:
        body = await request.body()
        headers: dict[str, str] = {}
        try:
            collection, key = routed(request)
            name = identified(request)
            headers, over = self.counted(name)
            self.admitted(request, collection, name, over=over)
            answer = self.answered(request, collection, key, KEYS[name][0], body)
        except RefusedError as refused:
            answer = refused.answer
        answer.headers.update(headers)
        return answer

    def admitted(self, request: Request, collection: str, name: str, *, over: bool) -> None:
        if over:
            raise RefusedError(429, f"The limit of {self.limit} requests an hour is used up.")
        if request.method == "PATCH" and "patch-unscoped" in self.bugs:
            return
        needed = f"{collection}:{'read' if request.method == 'GET' else 'write'}"
        if "*" not in KEYS[name][1] and needed not in KEYS[name][1]:
            raise RefusedError(403, f"This key does not have the scope {needed}.")

    def counted(self, name: str) -> tuple[dict[str, str], bool]:
        """The quota headers of a request, and whether it is one too many."""
        moment_ = int(time.time())
        start, used = self.windows.get(name, (moment_, 0))
        if moment_ >= start + 3600:
            start, used = moment_, 0
        self.windows[name] = (start, used + 1)
        reset = (moment_ if "reset-moves" in self.bugs else start) + 3600
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - used - 1, 0)),
            "X-RateLimit-Reset": str(reset),
        }
        if used < self.limit:
            return headers, False
        return headers | {"Retry-After": str(max(reset - moment_, 1))}, True

    # One request

    def answered(
        self, request: Request, collection: str, key: str | None, organisation: str, body: bytes
    ) -> Response:
        if request.method == "GET":
            if key is None:
                return JSONResponse(self.listed(request, collection, organisation))
            return JSONResponse(self.shown(collection, self.found(collection, key, organisation)))
        if request.method == "DELETE":
            assert key is not None
            self.delete(collection, self.found(collection, key, organisation))
            return Response(status_code=204)
        row = None if key is None else self.found(collection, key, organisation)
        given = self.checked(collection, row, body)
        once = request.headers.get("idempotency-key")
        if once is None:
            return JSONResponse(*self.written(collection, row, given, organisation))
        if not 1 <= len(once) <= 255:
            raise RefusedError(400, "Idempotency-Key has 1 to 255 characters.")
        once = once.lower() if "keys-any-case" in self.bugs else once
        asked = (request.method, request.url.path, given)
        again = (organisation, once) in self.answers
        if not again:
            content, status = self.written(collection, row, given, organisation)
            self.answers[organisation, once] = (asked, status, json.dumps(content).encode())
        before, status, kept = self.answers[organisation, once]
        if before != asked:
            raise RefusedError(409, "The idempotency key was used for another request.")
        status = 200 if again and "replay-is-200" in self.bugs else status
        return Response(kept, status, media_type="application/json")

    def written(self, collection: str, row: Row | None, given: Row, organisation: str) -> tuple[Row, int]:
        self.linked(collection, row, given, organisation)
        if row is None:
            row = self.added(collection, organisation, given)
            return self.shown(collection, row), 201
        self.change(collection, row, given, organisation)
        return self.shown(collection, row), 200

    def delete(self, collection: str, row: Row) -> None:
        """References that can be empty are emptied, others keep the row."""
        if collection == "invoices" and self.status(row) != "draft":
            status = 400 if "refusal-as-bad-request" in self.bugs else 409
            raise RefusedError(status, "Only a draft invoice can be deleted.")
        self.editable(collection, row)
        users = [
            (other, field)
            for name, fields in REFERENCES.items()
            for field, target in fields.items()
            if target == collection
            for other in self.present(name, row["organisation"])
            if other[field] == row["id"] or (field == "projectIds" and row["id"] in other[field])
        ]
        users = [(other, field) for other, field in users if other is not row]
        if any(field in other["required"] for other, field in users):
            raise RefusedError(409, "Something else needs the object.")
        for other, field in users:
            keeps_list = isinstance(other[field], list)
            other[field] = [one for one in other[field] if one != row["id"]] if keeps_list else None
        row["deleted"] = True
        self.kept.clear()

    def editable(self, collection: str, row: Row) -> None:
        if collection == "calendar-events" and row["source"] != "manual":
            raise RefusedError(409, "The event belongs to another calendar.")
        if collection == "time-entries" and row["billed"] is not None:
            invoice = self.row("invoices", row["billed"], row["organisation"])
            if invoice is not None and self.status(invoice) == "paid":
                raise RefusedError(409, "The time was billed on an invoice that is paid.")

    # Writes

    def checked(self, collection: str, row: Row | None, body: bytes) -> Row:
        """The members of a body that may be written; the rest is ignored or refused."""
        if not body and row is None and "empty-body-crashes" in self.bugs:
            raise RefusedError(500, "Something failed on our side.")
        try:
            given = json.loads(body, parse_constant=refuse)
            json.dumps(given, allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, "The body is no JSON.") from error
        kind = COLLECTIONS[collection] + ("Create" if row is None else "Update")
        shown = self.schemas[COLLECTIONS[collection]]["properties"]
        writable = self.schemas[kind]["properties"]
        if isinstance(given, dict):
            fixed = sorted(given.keys() & shown.keys() - writable.keys())
            if fixed:
                raise RefusedError(400, f"{fixed[0]} cannot be written.")
        if "null-ignored" in self.bugs and row is not None and isinstance(given, dict):
            given = {key: value for key, value in given.items() if value is not None}
        problem = next(self.validator(kind).iter_errors(given), None)
        if problem is not None:
            raise RefusedError(
                400, f"{'.'.join(str(part) for part in problem.absolute_path) or 'body'} is wrong."
            )
        given = {key: value for key, value in given.items() if key in writable}
        if collection == "invoices" and row is None:
            for line in given["lineItems"]:
                if line.keys() & {"id", "total"}:
                    raise RefusedError(400, "id and total of a line cannot be written.")
        self.ruled(collection, row, given)
        return given

    def ruled(self, collection: str, row: Row | None, given: Row) -> None:
        whole = (row or DEFAULTS[collection]) | given
        if collection == "payments" and row is None:
            if (whole["kind"] == "refund") != (whole.get("refundOfId") is not None):
                raise RefusedError(400, "A refund names the payment that it returns, and nothing else does.")
            if whole["kind"] == "refund" and whole["amount"] >= 0:
                raise RefusedError(400, "A refund has a negative amount.")
            if whole["kind"] == "payment" and whole["amount"] <= 0:
                raise RefusedError(400, "A payment has a positive amount.")
        if collection == "calendar-events":
            start, end = moment(whole["startDateTime"]), moment(whole["endDateTime"])
            assert start is not None
            assert end is not None
            if end < start:
                raise RefusedError(400, "endDateTime lies before startDateTime.")

    def linked(self, collection: str, row: Row | None, given: Row, organisation: str) -> None:
        """Whatever a row refers to is there, in the same organisation."""
        for field, target in REFERENCES[collection].items():
            value = given.get(field)
            if field == "billingContactId" and row is not None and "contact-unchecked-on-update" in self.bugs:
                continue
            for key in value if isinstance(value, list) else [value]:
                if key is None or self.row(target, key, organisation) is not None:
                    continue
                if field == "projectIds" and row is None and "stored-then-refused" in self.bugs:
                    self.added(collection, organisation, given)
                status = 400 if field == "refundOfId" else 404
                raise RefusedError(status, f"{field} names nothing that is here.")

    def added(self, collection: str, organisation: str, given: Row) -> Row:
        schema = self.schemas[COLLECTIONS[collection]]["properties"]
        moment_ = now()
        row = dict.fromkeys(schema) | deepcopy(DEFAULTS[collection]) | deepcopy(given)
        row |= {
            "id": str(uuid.uuid4()),
            "createdAt": moment_,
            "updatedAt": moment_,
            "organisation": organisation,
        }
        row |= {"deleted": False, "billed": None}
        needed = self.schemas[COLLECTIONS[collection] + "Create"]["required"]
        row["required"] = needed
        if collection == "invoices":
            self.numbered(row, given)
        if collection == "payments" and row["refundOfId"] is not None and row["invoiceId"] is None:
            original = self.row("payments", row["refundOfId"], organisation)
            row["invoiceId"] = original and original["invoiceId"]
        if collection == "time-entries":
            row["clientId"] = self.row("projects", row["projectId"], organisation)["clientId"]  # type: ignore[index]
        self.rows[collection].append(row)
        self.kept.clear()
        self.settle(organisation)
        return row

    def numbered(self, row: Row, given: Row) -> None:
        """What a new invoice gets: its number, its dates, its lines, and the tax of its client as it is now."""
        row["invoiceNumber"] = f"INV-{next(self.numbers[row['organisation']]):05d}"
        row["issueDate"] = row["issueDate"] or today().isoformat()
        row["dueDate"] = row["dueDate"] or (date.fromisoformat(row["issueDate"]) + timedelta(30)).isoformat()
        empty = {"taxable": False, "discountPercent": None}
        row["lineItems"] = [
            {"id": str(uuid.uuid4())} | empty | {key: line[key] for key in line if key in LINE}
            for line in given["lineItems"]
        ]
        row["rate"] = self.rate(row)

    def rate(self, row: Row) -> float | None:
        client = self.row("clients", row["clientId"], row["organisation"])
        settings = NO_TAX if client is None else client["taxSettings"]
        return settings["taxRate"] if settings["overrideTaxRate"] else None

    def change(self, collection: str, row: Row, given: Row, organisation: str) -> None:
        self.editable(collection, row)
        if collection == "invoices" and "status" in given:
            self.moved(row, given["status"])
            given = {key: value for key, value in given.items() if key != "status"}
        row.update(deepcopy(given))
        if collection == "time-entries" and "client-stays-behind" not in self.bugs:
            row["clientId"] = self.row("projects", row["projectId"], organisation)["clientId"]  # type: ignore[index]
        if collection == "projects":
            for entry in self.rows["time-entries"]:
                if entry["projectId"] == row["id"]:
                    entry["clientId"] = row["clientId"]
        if "updated-at-stays" not in self.bugs:
            row["updatedAt"] = now()
        if "stale-lists" not in self.bugs:
            self.kept.clear()
        self.settle(organisation)

    def moved(self, row: Row, status: str) -> None:
        """A draft is sent; drafts, sent and overdue invoices are voided."""
        present = self.status(row)
        if status == present:
            return
        before = {"sent": {"draft"}, "void": {"draft", "sent", "overdue"}}.get(status, set())
        if status == "void" and "paid-can-be-voided" in self.bugs:
            before = {"draft", "sent", "overdue", "partial", "paid"}
        if present not in before:
            raise RefusedError(409, f"An invoice that is {present} cannot become {status}.")
        row["status"] = status

    # What is shown

    def amounts(self, row: Row) -> Row:
        """Amounts of an invoice, in cents rounded half up."""
        lines = [(line, exact(line["quantity"]) * exact(line["unitPrice"])) for line in row["lineItems"]]
        totals = [
            (
                line,
                self.cents(
                    price * (1 - exact(line["discountPercent"] or 0) / 100), cut="cents-cut" in self.bugs
                ),
            )
            for line, price in lines
        ]
        subtotal = self.cents(sum((price for _, price in lines), Decimal(0)))
        net = sum((total for _, total in totals), Decimal(0))
        rate = self.rate(row) if "tax-of-today" in self.bugs else row["rate"]
        taxable = sum((total for line, total in totals if line["taxable"]), Decimal(0))
        tax = self.cents(taxable * exact(rate or 0) / 100)
        paid = sum(
            (
                exact(payment["amount"])
                for payment in self.present("payments", row["organisation"])
                if payment["invoiceId"] == row["id"] and payment["status"] == "succeeded"
                and (payment["kind"] == "payment" or "refunds-not-taken-off" not in self.bugs)
            ),
            Decimal(0),
        )  # fmt: skip
        total, paid = self.cents(net + tax), self.cents(paid)
        return {
            "lines": [float(total_) for _, total_ in totals],
            "subtotal": float(subtotal),
            "discountAmount": float(self.cents(subtotal - net)),
            "taxAmount": float(tax),
            "total": float(total),
            "amountPaid": float(paid),
            "balanceDue": float(total - paid),
        }

    def cents(self, amount: Decimal, *, cut: bool = False) -> Decimal:
        return amount.quantize(Decimal("0.01"), ROUND_DOWN if cut else ROUND_HALF_UP)

    def status(self, row: Row) -> str:
        if row["status"] != "sent":
            return str(row["status"])
        amounts = self.amounts(row)
        if amounts["amountPaid"] > 0:
            return "paid" if amounts["amountPaid"] >= amounts["total"] else "partial"
        return "overdue" if self.late(row) else "sent"

    def late(self, row: Row) -> bool:
        due = date.fromisoformat(row["dueDate"])
        return due <= today() if "due-today-is-overdue" in self.bugs else due < today()

    def settle(self, organisation: str) -> None:
        """An invoice is marked with the moment from which it is paid."""
        for row in self.present("invoices", organisation):
            paid = self.status(row) == "paid"
            row["paidAt"] = (row["paidAt"] or now()) if paid else None

    def shown(self, collection: str, row: Row) -> Row:
        shown = {key: row[key] for key in self.schemas[COLLECTIONS[collection]]["properties"]}
        if collection == "invoices":
            amounts = self.amounts(row)
            lines = amounts.pop("lines")
            shown["lineItems"] = [
                line | {"total": total} for line, total in zip(row["lineItems"], lines, strict=True)
            ]
            shown |= amounts
            shown["status"] = self.status(row)
            owes = shown["status"] in ("sent", "partial", "overdue") and shown["balanceDue"] > 0
            shown["overdue"] = owes and self.late(row)
        if collection == "time-entries":
            item = self.row("catalog-items", row["catalogItemId"], row["organisation"])
            shown["effectiveRate"] = row["rateOverride"]
            if row["rateOverride"] is None:
                shown["effectiveRate"] = item and item["defaultRate"]
        if collection == "calendar-events":
            shown["readOnly"] = row["source"] != "manual"
        return deepcopy(shown)

    # Rows

    def present(self, collection: str, organisation: str) -> list[Row]:
        return [
            row for row in self.rows[collection] if row["organisation"] == organisation and not row["deleted"]
        ]

    def row(self, collection: str, key: Any, organisation: str) -> Row | None:
        same = str(key).lower()
        return next((row for row in self.present(collection, organisation) if row["id"] == same), None)

    def found(self, collection: str, key: str, organisation: str) -> Row:
        row = self.row(collection, key, organisation)
        if row is None:
            raise RefusedError(404, "There is no such object.")
        return row

    def validator(self, name: str) -> Draft202012Validator:
        if name not in self.validators:
            schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": self.schemas}}
            self.validators[name] = Draft202012Validator(schema, format_checker=FORMATS)
        return self.validators[name]

    def listed(self, request: Request, collection: str, organisation: str) -> Row:
        place = (collection, organisation, str(request.url.query))
        if "stale-lists" in self.bugs and place in self.kept:
            return self.kept[place]  # type: ignore[no-any-return]
        number, size = whole(request, "page", 1, None), whole(request, "pageSize", 25, 100)
        tests = self.tests(request, collection)
        rows = self.present(collection, organisation)
        every = [row for row in self.rows[collection] if row["organisation"] == organisation]
        if tests and "deleted-reappear" in self.bugs:
            rows = every
        match = any if tests and "filters-ored" in self.bugs else all
        shown = [self.shown(collection, row) for row in reversed(rows)]
        passed = [row for row in shown if match(test(row) for test in tests)]
        total = len(passed)
        if "deleted-still-count" in self.bugs:
            shown_ = [self.shown(collection, row) for row in every]
            total = sum(all(test(row) for test in tests) for row in shown_)
        if "total-before-filter" in self.bugs:
            total = len(rows)
        pages = total // size if "pages-rounded-down" in self.bugs else -(-total // size)
        window = passed[(number - 1) * size : number * size]
        meta = {"page": number, "pageSize": size, "total": total, "totalPages": pages}
        self.kept[place] = {"data": window, "pagination": meta | {"hasMore": number * size < len(passed)}}
        return self.kept[place]  # type: ignore[no-any-return]

    def tests(self, request: Request, collection: str) -> list[Any]:
        """A test of a shown row for each filter that is given."""
        tests = []
        for name in sorted(FILTERS[collection] & request.query_params.keys()):
            text = request.query_params[name]
            if name in ("billable", "overdue"):
                if text not in ("true", "false"):
                    raise RefusedError(400, f"{name} is true or false.")
                if text == "false" and "false-is-no-filter" in self.bugs:
                    continue
                tests.append(lambda row, name=name, text=text: row[name] == (text == "true"))
            elif name in ("dateFrom", "dateTo"):
                tests.append(self.day_test(name, text))
            elif name in ("startsAfter", "startsBefore"):
                tests.append(self.moment_test(name, text))
            else:
                self.choice(collection, name, text)
                tests.append(lambda row, name=name, text=text: row[name] == text)
        return tests

    def choice(self, collection: str, name: str, text: str) -> None:
        schema = self.schemas[COLLECTIONS[collection]]["properties"][name]
        wrong = text not in schema["enum"] if "enum" in schema else not is_uuid(text)
        if wrong:
            raise RefusedError(400, f"{name} is none of the values.")

    def day_test(self, name: str, text: str) -> Any:
        try:
            day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
        except ValueError:
            day = None
        if day is None:
            raise RefusedError(400, f"{name} is a day.")
        if name == "dateFrom":
            return lambda row: row["date"] >= text
        if "last-day-left-out" in self.bugs:
            return lambda row: row["date"] < text
        return lambda row: row["date"] <= text

    def moment_test(self, name: str, text: str) -> Any:
        limit = moment(text)
        if limit is None:
            raise RefusedError(400, f"{name} is a moment.")
        if name == "startsAfter" and "offset-dropped" in self.bugs:
            limit = limit.replace(tzinfo=UTC)
        if name == "startsAfter":
            return lambda row: moment(row["startDateTime"]) > limit
        return lambda row: moment(row["startDateTime"]) < limit

    # What is there from the beginning

    def fill(self, organisation: str) -> None:
        def add(collection: str, **given: Any) -> Row:
            return self.added(collection, organisation, given)

        day = today()
        taxed = {"defaultTaxable": True, "overrideTaxRate": True, "taxRate": 8.25}
        names = ("Harbour Bakery", "Osprey Hotel", "Wray & Sons", "Finch Books")
        clients = [
            add("clients", name=name, status=status, taxSettings=settings)["id"]
            for name, status, settings in zip(
                names, ("active", "active", "new", "declined"), (taxed, NO_TAX, taxed, NO_TAX), strict=True
            )
        ]
        contacts = [add("contacts", name=f"Contact {n}", clientId=clients[n])["id"] for n in range(3)]
        item = add("catalog-items", name="Design", type="charge", defaultRate=95)["id"]
        projects = [add("projects", name=f"Project {n}", clientId=clients[n])["id"] for n in range(3)]
        line = {
            "description": "Design",
            "quantity": 2.5,
            "unitPrice": 95,
            "taxable": True,
            "discountPercent": 10,
        }
        for n, (status, due) in enumerate(
            (("draft", 30), ("sent", 30), ("sent", -5), ("sent", 0), ("sent", 14))
        ):
            issued = (day - timedelta(40)).isoformat()
            last = (day + timedelta(due)).isoformat()
            about = {
                "status": status,
                "issueDate": issued,
                "dueDate": last,
                "billingContactId": contacts[n % 3],
            }
            invoice = add(
                "invoices", clientId=clients[n % 3], lineItems=[line], projectIds=[projects[n % 3]], **about
            )
        fact = {"clientId": invoice["clientId"], "invoiceId": invoice["id"], "method": "check"}
        full = self.amounts(invoice)["total"]
        add("payments", amount=full, receivedDate=day.isoformat(), **fact)
        for n in range(6):
            when = (day - timedelta(n)).isoformat()
            entry = {
                "projectId": projects[n % 3],
                "memberId": str(uuid.uuid4()),
                "date": when,
                "hours": 1.5 + n,
            }
            add("time-entries", catalogItemId=item if n % 2 else None, billable=n % 3 != 0, **entry)
        self.rows["time-entries"][-1]["billed"] = invoice["id"]
        for n, source in enumerate(("manual", "manual", "google")):
            hour = f"{(day + timedelta(n)).isoformat()}T{9 + n:02d}"
            about = {
                "startDateTime": f"{hour}:00:00.000Z",
                "endDateTime": f"{hour}:45:00.000Z",
                "source": source,
            }
            add("calendar-events", title=f"Visit {n}", projectId=projects[n], clientId=clients[n], **about)


LINE = ("description", "quantity", "unitPrice", "taxable", "discountPercent")


def routed(request: Request) -> tuple[str, str | None]:
    """The collection and the id that a path names."""
    found = re.fullmatch(r"/api/v1/([a-z-]+)(?:/([^/]+))?", request.url.path)
    if found is None or found[1] not in COLLECTIONS:
        raise RefusedError(404, "There is nothing here.")
    allowed = ["GET", "POST"] if found[2] is None else ["GET", "PATCH", "DELETE"]
    if found[1] == "payments" and found[2] is not None:
        allowed.remove("DELETE")
    if request.method not in allowed:
        raise RefusedError(405, f"{request.method} is not available here.", {"Allow": ", ".join(allowed)})
    return found[1], found[2]


def identified(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    name = token.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
    if name not in KEYS:
        raise RefusedError(401, "No valid API key was given.", {"WWW-Authenticate": "Bearer"})
    return name


def whole(request: Request, name: str, default: int, most: int | None) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1 or (most is not None and int(text) > most):
        raise RefusedError(400, f"{name} is a whole number from 1{'' if most is None else f' to {most}'}.")
    return int(text)


def moment(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def exact(number: float) -> Decimal:
    return Decimal(str(number))


def refuse(constant: str) -> Any:
    raise ValueError(constant)


def today() -> date:
    return datetime.now(UTC).date()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
