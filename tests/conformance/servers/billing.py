"""A Cloud Billing server of dictionaries, which shares no line with the engine: customers and invoices.

It was written from the OpenAPI document and from what the product says about itself. ``Billing(bugs)`` builds it;
each bug is a mistake that people make, by name.
"""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["BUGS", "TOKENS", "Billing"]

BUGS = {
    "reads-by-id-alone": "GET /invoices/{id} looks the id up without the workspace.",
    "writes-by-id-alone": "PATCH /customers/{id} looks the id up without the workspace.",
    "list-forgets-workspace": "GET /customers lists the customers of everybody.",
    "foreign-customer-accepted": "An invoice may go to a customer of another workspace.",
    "membership-unchecked": "Any valid token opens any workspace.",
    "bankers-rounding": "Half a cent is rounded to the even neighbour.",
    "tax-on-the-sum": "Tax is worked out once, on the subtotal, instead of line by line.",
    "offset-counts-pages": "The offset is multiplied by the limit.",
    "limit-unchecked": "A limit of a thousand is served.",
    "commas-not-split": "Several states in one parameter match nothing.",
    "issued-stays-editable": "PATCH /invoices/{id} does not look at the status.",
    "snapshot-follows-customer": "The customer of an issued invoice is looked up anew.",
    "number-not-unique": "Two invoices may have one number.",
    "patch-clears-the-rest": "PATCH /customers/{id} writes null where the body has no e-mail address.",
    "draft-by-default": "An invoice without a status is a draft.",
}
TOKENS = {
    "tok-quay-owner": ["quay"],
    "tok-quay-clerk": ["quay"],
    "tok-mill-owner": ["mill"],
    "tok-mill-clerk": ["mill"],
}
WORKSPACES = ("quay", "mill")
LINE = ("description", "quantity", "unit_price", "tax_rate")
READ_ONLY = {
    "customers": {"id", "created_at", "updated_at"},
    "invoices": {"id", "subtotal", "tax_total", "total", "issued_at", "paid_at", "created_at", "updated_at"}
    | {"customer"},
    "line": {"id", "net", "tax", "total"},
}  # fmt: skip
SPEC = Path(__file__).parents[3] / "spec" / "billing" / "openapi.yaml"
Row = dict[str, Any]


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = JSONResponse({"error": {"code": code, "message": message}}, status)


def invalid(message: str) -> RefusedError:
    return RefusedError(400, "invalid_request", message)


def missing() -> RefusedError:
    return RefusedError(404, "not_found", "There is no such row.")


def validators() -> dict[str, Draft202012Validator]:
    """The request bodies of the document, by schema name."""
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    formats = FormatChecker(["date", "uuid"])
    formats.checks("email")(lambda text: bool(re.fullmatch(r"[\w.+'-]+@[\w-]+(\.[\w-]+)+", str(text))))
    names = ("CustomerCreate", "CustomerUpdate", "InvoiceCreate", "InvoiceUpdate")
    root = {"components": document["components"]}
    return {
        name: Draft202012Validator({"$ref": f"#/components/schemas/{name}", **root}, format_checker=formats)
        for name in names
    }


class Billing:
    """Customers and invoices of two workspaces; ``app`` is the ASGI application."""

    def __init__(self, bugs: Iterable[str] = ()) -> None:
        self.bugs = frozenset(bugs)
        assert self.bugs <= BUGS.keys()
        self.validators = validators()
        self.customers: list[Row] = []
        self.invoices: list[Row] = []
        self.serials = itertools.count(1)
        self.numbers = dict.fromkeys(WORKSPACES, 0)
        self.started = datetime.now(UTC) - timedelta(days=30)
        for workspace in WORKSPACES:
            self.fill(workspace)
        routes = [
            Route("/api/v1/customers", self.guarded(self.list_customers), methods=["GET"]),
            Route("/api/v1/customers", self.guarded(self.create_customer), methods=["POST"]),
            Route("/api/v1/customers/{id}", self.guarded(self.get_customer), methods=["GET"]),
            Route("/api/v1/customers/{id}", self.guarded(self.update_customer), methods=["PATCH"]),
            Route("/api/v1/invoices", self.guarded(self.list_invoices), methods=["GET"]),
            Route("/api/v1/invoices", self.guarded(self.create_invoice), methods=["POST"]),
            Route("/api/v1/invoices/{id}", self.guarded(self.get_invoice), methods=["GET"]),
            Route("/api/v1/invoices/{id}", self.guarded(self.update_invoice), methods=["PATCH"]),
            Route("/api/v1/invoices/{id}", self.guarded(self.delete_invoice), methods=["DELETE"]),
        ]
        self.app = Starlette(routes=merged(routes), exception_handlers={HTTPException: nowhere})

    # Who is asking

    def guarded(self, work: Callable[[Request, str], Awaitable[Response]]) -> Any:
        async def endpoint(request: Request) -> Response:
            try:
                return await work(request, self.workspace(request))
            except RefusedError as refused:
                return refused.answer

        return endpoint

    def workspace(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token.strip() not in TOKENS:
            raise RefusedError(401, "unauthorized", "A valid access token is required.")
        slug = request.headers.get("x-tenant-slug", "")
        if not slug:
            raise invalid("x-tenant-slug is required.")
        if slug not in WORKSPACES:
            raise RefusedError(404, "not_found", "There is no workspace with this slug.")
        if slug not in TOKENS[token.strip()] and "membership-unchecked" not in self.bugs:
            raise RefusedError(403, "forbidden", "You are not a member of this workspace.")
        return slug

    # Customers

    async def list_customers(self, request: Request, workspace: str) -> Response:
        everybody = "list-forgets-workspace" in self.bugs
        rows = [row for row in self.customers if everybody or row["workspace"] == workspace]
        return self.listed(request, rows, shown_customer, {})

    async def create_customer(self, request: Request, workspace: str) -> Response:
        body = await self.body(request, "CustomerCreate", "customers")
        row = self.add_customer(workspace, body["name"], body.get("email"))
        return JSONResponse(shown_customer(row), 201)

    async def get_customer(self, request: Request, workspace: str) -> Response:
        return JSONResponse(shown_customer(self.found(self.customers, request, workspace)))

    async def update_customer(self, request: Request, workspace: str) -> Response:
        body = await self.body(request, "CustomerUpdate", "customers")
        row = self.found(self.customers, request, None if "writes-by-id-alone" in self.bugs else workspace)
        if "name" in body:
            row["name"] = body["name"]
        if "email" in body or "patch-clears-the-rest" in self.bugs:
            row["email"] = body.get("email") or None
        row["updated_at"] = now()
        return JSONResponse(shown_customer(row))

    def add_customer(self, workspace: str, name: str, email: str | None) -> Row:
        moment = now()
        row = {
            "id": str(uuid.uuid4()),
            "serial": next(self.serials),
            "workspace": workspace,
            "name": name,
            "email": email or None,
            "created_at": moment,
            "updated_at": moment,
        }
        self.customers.append(row)
        return row

    # Invoices

    async def list_invoices(self, request: Request, workspace: str) -> Response:
        rows = [row for row in self.invoices if row["workspace"] == workspace]
        wanted = self.statuses(request)
        if not wanted:
            return self.listed(request, rows, self.summary, {})
        rows = [row for row in rows if row["status"] in wanted]
        return self.listed(request, rows, self.summary, {"status": [s for s in wanted if "," not in s]})

    def statuses(self, request: Request) -> list[str]:
        found: list[str] = []
        for text in request.query_params.getlist("status"):
            states = text.split(",")
            if any(state not in ("draft", "issued", "paid") for state in states):
                raise invalid("status must be draft, issued or paid.")
            found += [text] if "commas-not-split" in self.bugs else states
        return found

    async def create_invoice(self, request: Request, workspace: str) -> Response:
        body = await self.body(request, "InvoiceCreate", "invoices")
        owners = WORKSPACES if "foreign-customer-accepted" in self.bugs else (workspace,)
        if not any(row["id"] == body["customer_id"] and row["workspace"] in owners for row in self.customers):
            raise invalid("customer_id leads nowhere.")
        lines = body.get("lines") or [{key: body[key] for key in LINE if key in body}]
        row = self.add_invoice(workspace, body, lines)
        return JSONResponse(self.whole(row), 201)

    async def get_invoice(self, request: Request, workspace: str) -> Response:
        anywhere = "reads-by-id-alone" in self.bugs
        return JSONResponse(self.whole(self.found(self.invoices, request, None if anywhere else workspace)))

    async def update_invoice(self, request: Request, workspace: str) -> Response:
        row = self.found(self.invoices, request, workspace)
        body = await self.body(request, "InvoiceUpdate", "invoices")
        for key in ("customer_id", "number"):
            if key in body and body[key] != row[key]:
                raise invalid(f"{key} cannot be changed.")
        if row["status"] != "draft" and "issued-stays-editable" not in self.bugs:
            raise RefusedError(409, "conflict", "Only a draft invoice can be edited.")
        single = {key: body[key] for key in LINE if key in body}
        if single and len(row["lines"]) != 1:
            raise invalid("The invoice has several rows; send lines.")
        if "lines" in body:
            row["lines"] = [line(given) for given in body["lines"]]
        elif single:
            row["lines"][0].update(single)
        row.update({key: body[key] for key in ("due_date", "notes") if key in body})
        row["updated_at"] = now()
        if body.get("status") == "issued" and row["status"] == "draft":
            self.issue(row)
        return JSONResponse(self.whole(row))

    async def delete_invoice(self, request: Request, workspace: str) -> Response:
        row = self.found(self.invoices, request, workspace)
        if row["status"] != "draft":
            raise RefusedError(409, "conflict", "Only a draft invoice can be deleted.")
        self.invoices.remove(row)
        return Response(status_code=204)

    def add_invoice(self, workspace: str, body: Row, lines: list[Row]) -> Row:
        number = body.get("number") or self.next_number(workspace)
        taken = any(row["workspace"] == workspace and row["number"] == number for row in self.invoices)
        if taken and "number-not-unique" not in self.bugs:
            raise RefusedError(409, "conflict", "The number is taken.")
        moment = now()
        row = {
            "id": str(uuid.uuid4()),
            "serial": next(self.serials),
            "workspace": workspace,
            "customer_id": body["customer_id"],
            "number": number,
            "status": "draft",
            "due_date": body.get("due_date"),
            "notes": body.get("notes"),
            "issued_at": None,
            "paid_at": None,
            "created_at": moment,
            "updated_at": moment,
            "lines": [line(given) for given in lines],
            "snapshot": None,
        }
        if body.get("status", "draft" if "draft-by-default" in self.bugs else "issued") == "issued":
            self.issue(row)
        self.invoices.append(row)
        return row

    def next_number(self, workspace: str) -> str:
        taken = {row["number"] for row in self.invoices if row["workspace"] == workspace}
        while True:
            self.numbers[workspace] += 1
            number = f"INV-{self.numbers[workspace]:04d}"
            if number not in taken:
                return number

    def issue(self, row: Row) -> None:
        row["snapshot"] = self.customer_of(row)
        row["status"] = "issued"
        row["issued_at"] = now()

    def customer_of(self, row: Row) -> Row:
        (customer,) = (c for c in self.customers if c["id"] == row["customer_id"])
        return {key: customer[key] for key in ("id", "name", "email")}

    # What is shown

    def whole(self, row: Row) -> Row:
        live = row["snapshot"] is None or "snapshot-follows-customer" in self.bugs
        lines = [self.priced(given) for given in row["lines"]]
        return {
            **self.summary(row),
            "customer": self.customer_of(row) if live else row["snapshot"],
            "lines": [{key: plain(value) for key, value in priced.items()} for priced in lines],
        }

    def summary(self, row: Row) -> Row:
        lines = [self.priced(given) for given in row["lines"]]
        subtotal = sum((priced["net"] for priced in lines), Decimal(0))
        tax = sum((priced["tax"] for priced in lines), Decimal(0))
        if "tax-on-the-sum" in self.bugs:
            raw = sum(
                (g["quantity"] * g["unit_price"] * g["tax_rate"] / 100 for g in row["lines"]), Decimal(0)
            )
            tax = self.cents(raw)
        keys = ("id", "customer_id", "number", "status", "due_date", "notes", "issued_at", "paid_at")
        money = {"subtotal": plain(subtotal), "tax_total": plain(tax), "total": plain(subtotal + tax)}
        stamps = {key: row[key] for key in ("created_at", "updated_at")}
        return {key: row[key] for key in keys} | money | stamps

    def priced(self, given: Row) -> Row:
        net = self.cents(given["quantity"] * given["unit_price"])
        tax = self.cents(net * given["tax_rate"] / 100)
        return {**given, "net": net, "tax": tax, "total": net + tax}

    def cents(self, amount: Decimal) -> Decimal:
        rounding = ROUND_HALF_EVEN if "bankers-rounding" in self.bugs else ROUND_HALF_UP
        return amount.quantize(Decimal("0.01"), rounding)

    # Windows over rows

    def listed(self, request: Request, rows: list[Row], show: Callable[[Row], Row], meta: Row) -> Response:
        most = 10**6 if "limit-unchecked" in self.bugs else 100
        limit = whole_number(request, "limit", 100, 1, most)
        offset = whole_number(request, "offset", 0, 0, None)
        meta = {"limit": limit, "offset": offset, **meta}
        cursor = request.query_params.get("cursor")
        if cursor is not None:
            if "offset" in request.query_params:
                raise invalid("cursor and offset exclude each other.")
            if not re.fullmatch(r"(after-[0-9]{1,12})?", cursor):
                raise invalid("This cursor leads nowhere.")
            last = int(cursor.partition("-")[2] or 0)
            start = sum(row["serial"] <= last for row in rows)
            if start + limit < len(rows):
                meta["next_cursor"] = f"after-{rows[start + limit - 1]['serial']}"
        else:
            start = offset * limit if "offset-counts-pages" in self.bugs else offset
        window = rows[start : start + limit]
        return JSONResponse({"data": [show(row) for row in window], "meta": meta})

    def found(self, rows: list[Row], request: Request, workspace: str | None) -> Row:
        for row in rows:
            if row["id"] == request.path_params["id"] and workspace in (None, row["workspace"]):
                return row
        raise missing()

    async def body(self, request: Request, schema: str, resource: str) -> Row:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise invalid("The body must be application/json.")
        try:
            body = json.loads(
                await request.body(), parse_float=Decimal, parse_int=Decimal, parse_constant=refuse
            )
            json.dumps(body, ensure_ascii=False, default=str).encode()
        except (ValueError, RecursionError) as error:
            raise invalid("The body is not JSON.") from error
        problem = next(self.validators[schema].iter_errors(body), None)
        if problem is not None:
            raise invalid(f"{problem.json_path}: {problem.message}"[:300])
        lines = body.get("lines", []) if resource == "invoices" else []
        read_only = READ_ONLY[resource] & body.keys() | {
            k for g in lines for k in g.keys() & READ_ONLY["line"]
        }
        if read_only:
            raise invalid(f"{', '.join(sorted(read_only))} cannot be written.")
        return dict(body)

    # What is there from the beginning

    def fill(self, workspace: str) -> None:
        people = [self.add_customer(workspace, f"{workspace} customer {n}", None) for n in range(4)]
        for n, status in enumerate(("draft", "issued", "paid", "draft", "issued", "paid")):
            given = {"description": "Work", "unit_price": Decimal("19.99"), "tax_rate": Decimal(n)}
            body = {"customer_id": people[n % 4]["id"], "status": "issued" if status == "paid" else status}
            row = self.add_invoice(workspace, body, [given])
            if status == "paid":
                row.update(status="paid", paid_at=now())


def merged(routes: list[Route]) -> list[Route]:
    """One route a path, so that another method is 405 with all that are allowed."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        for method in (route.methods or set()) - {"HEAD"}:
            paths.setdefault(route.path, {})[method] = route.endpoint

    def chosen(endpoints: dict[str, Any]) -> Any:
        async def endpoint(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            answer: Response = await endpoints[method](request)
            return answer

        return endpoint

    return [Route(path, chosen(by), methods=list(by)) for path, by in paths.items()]


async def nowhere(_: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    assert isinstance(error, HTTPException)
    code = "method_not_allowed" if error.status_code == 405 else "not_found"
    content = {"error": {"code": code, "message": error.detail}}
    return JSONResponse(content, error.status_code, headers=error.headers)


def line(given: Row) -> Row:
    return {
        "id": str(uuid.uuid4()),
        "description": given["description"],
        "quantity": given.get("quantity", Decimal(1)),
        "unit_price": given["unit_price"],
        "tax_rate": given.get("tax_rate", Decimal(0)),
    }


def shown_customer(row: Row) -> Row:
    return {key: row[key] for key in ("id", "name", "email", "created_at", "updated_at")}


def whole_number(request: Request, name: str, default: int, least: int, most: int | None) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text) or int(text) < least or (most and int(text) > most):
        raise invalid(f"{name} is out of range.")
    return int(text)


def plain(value: Any) -> Any:
    """A decimal as a number of JSON."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def refuse(constant: str) -> Any:
    raise ValueError(constant)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
