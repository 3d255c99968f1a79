"""A till of dictionaries, which shares no line with the engine: accounts and their bills, on one event loop.

Nothing waits between looking and writing, so every request happens at once; each bug waits there, as a server does
that asks its database twice. ``Till(bugs)`` builds it.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["BUGS", "KEYS", "Till"]

#: What happens where requests meet, and the promise that it breaks.
BUGS = {
    "key-noted-late": ("A key is known once its request is done.", "concurrency.key@createBill"),
    "code-looked-up": (
        "Whether a code is free is asked before the row is made.",
        "concurrency.unique@createAccount",
    ),
    "numbers-counted": ("The next number is the highest plus one.", "concurrency.sequence@createBill"),
    "tag-looked-at": ("The tag is compared before the row is changed.", "concurrency.match@updateAccount"),
    "row-written-whole": (
        "A change writes every field back as it was read.",
        "concurrency.order@updateAccount",
    ),
    "visits-read": ("A visit writes what it has read, plus one.", "concurrency.order@visitAccount"),
    "sum-kept": ("A new bill adds its amount to a sum that was read before.", "concurrency.order@createBill"),
    "paid-twice": ("Whether a bill is open is asked before it is paid.", "concurrency.order@payBill"),
    "deleted-returns": (
        "A change puts the row back that was deleted meanwhile.",
        "concurrency.order@deleteBill",
    ),
    "paid-and-deleted": (
        "Whether a bill is open is asked before it is deleted.",
        "concurrency.order@deleteBill",
    ),
}
KEYS = {"east-key": "east", "west-key": "west"}
PAUSE, LONGEST_WAIT = 0.03, 10
Row = dict[str, Any]


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.answer = JSONResponse({"error": {"code": code, "message": code}}, status)


class Till:
    """Accounts and bills of two tenants; ``app`` is the ASGI application."""

    def __init__(self, bugs: Iterable[str] = ()) -> None:
        self.bugs = frozenset(bugs)
        assert self.bugs <= BUGS.keys()
        self.expect(None)
        self.accounts: dict[str, Row] = {}
        self.bills: dict[str, Row] = {}
        self.numbers = {tenant: itertools.count(1) for tenant in KEYS.values()}
        self.sums: dict[str, float] = {}
        self.keys: dict[tuple[str, str], tuple[bytes, Response]] = {}
        self.locks: dict[tuple[str, str], asyncio.Lock] = {}
        for tenant in KEYS.values():
            row = {
                "id": str(uuid.uuid4()),
                "tenant": tenant,
                "code": "first",
                "name": "The first",
                "phone": None,
            }
            self.accounts[row["id"]] = {**row, "visits": 0}
        self.app = Starlette(
            routes=[
                Route("/till/accounts", self.guarded(self.list_accounts), methods=["GET"]),
                Route("/till/accounts", self.guarded(self.create_account), methods=["POST"]),
                Route("/till/accounts/{id}", self.guarded(self.get_account), methods=["GET"]),
                Route("/till/accounts/{id}", self.guarded(self.update_account), methods=["PATCH"]),
                Route("/till/accounts/{id}/visit", self.guarded(self.visit_account), methods=["POST"]),
                Route("/till/bills", self.guarded(self.list_bills), methods=["GET"]),
                Route("/till/bills", self.guarded(self.create_bill), methods=["POST"]),
                Route("/till/bills/{id}", self.guarded(self.get_bill), methods=["GET"]),
                Route("/till/bills/{id}", self.guarded(self.update_bill), methods=["PATCH"]),
                Route("/till/bills/{id}", self.guarded(self.delete_bill), methods=["DELETE"]),
                Route("/till/bills/{id}/pay", self.guarded(self.pay_bill), methods=["POST"]),
            ]
        )

    def guarded(self, work: Callable[[Request, str], Awaitable[Response]]) -> Any:
        async def endpoint(request: Request) -> Response:
            tenant = KEYS.get(request.headers.get("x-key", ""))
            if tenant is None:
                return RefusedError(401, "unauthenticated").answer
            try:
                await request.body()  # from here on nothing waits, unless a bug does
                self.come += 1
                return await self.keyed(work, request, tenant)
            except RefusedError as refused:
                return refused.answer

        return endpoint

    async def window(self, bug: str) -> None:
        """Wait until all that leave together have come, or a while where nobody has said how many there are."""
        if bug not in self.bugs or self.together == 0:
            return
        await self.gathered()
        await asyncio.sleep(PAUSE)

    async def turn(self, bug: str) -> None:
        """What comes in between waits until there is something to come in between of."""
        if bug in self.bugs and self.together:
            await self.gathered()
            await asyncio.sleep(PAUSE / 2)

    async def gathered(self) -> None:
        end = time.monotonic() + LONGEST_WAIT
        while self.together is not None and self.come < self.together and time.monotonic() < end:  # noqa: ASYNC110 - told by another thread
            await asyncio.sleep(0.001)

    def expect(self, together: int | None) -> None:
        """So many requests leave at once now."""
        self.come, self.together = 0, together

    async def keyed(
        self, work: Callable[[Request, str], Awaitable[Response]], request: Request, tenant: str
    ) -> Response:
        key = request.headers.get("idempotency-key")
        if key is None or request.method != "POST":
            return await work(request, tenant)
        place, body = (tenant, f"{request.url.path} {key}"), await request.body()
        if "key-noted-late" in self.bugs:
            return await self.once(work, request, place, body)
        async with self.locks.setdefault(
            place, asyncio.Lock()
        ):  # what others do wrong is not for keys to show
            return await self.once(work, request, place, body)

    async def once(
        self,
        work: Callable[[Request, str], Awaitable[Response]],
        request: Request,
        place: tuple[str, str],
        body: bytes,
    ) -> Response:
        if place in self.keys:
            known, answer = self.keys[place]
            if known != body:
                raise RefusedError(409, "conflict")
            return answer
        await self.window("key-noted-late")
        answer = await work(request, place[0])
        self.keys[place] = body, answer
        return answer

    # Accounts

    async def list_accounts(self, _request: Request, tenant: str) -> Response:
        return JSONResponse([self.account(row) for row in self.accounts.values() if row["tenant"] == tenant])

    async def create_account(self, request: Request, tenant: str) -> Response:
        body = taken(await request.body(), {"code": str, "name": str}, {"phone": str})
        if any(row["tenant"] == tenant and row["code"] == body["code"] for row in self.accounts.values()):
            raise RefusedError(409, "conflict")
        await self.window("code-looked-up")
        row = {"id": str(uuid.uuid4()), "tenant": tenant, "phone": None, "visits": 0, **body}
        self.accounts[row["id"]] = row
        return self.answer(row, 201)

    async def get_account(self, request: Request, tenant: str) -> Response:
        return self.answer(self.found(self.accounts, request, tenant))

    async def update_account(self, request: Request, tenant: str) -> Response:
        row = self.found(self.accounts, request, tenant)
        body = taken(await request.body(), {}, {"name": str, "phone": str})
        wanted = request.headers.get("if-match")
        if not means(wanted, self.account(row)):
            raise RefusedError(412, "precondition_failed")
        if wanted is not None:
            await self.window("tag-looked-at")
        if "row-written-whole" in self.bugs and wanted is None:
            body = {**row, **body}
            await self.window("row-written-whole")
        row.update(body)
        return self.answer(row)

    async def visit_account(self, request: Request, tenant: str) -> Response:
        row = self.found(self.accounts, request, tenant)
        visits = row["visits"]
        await self.window("visits-read")
        row["visits"] = visits + 1
        return self.answer(row)

    def account(self, row: Row) -> Row:
        billed = sum(bill["amount"] for bill in self.bills.values() if bill["accountId"] == row["id"])
        if "sum-kept" in self.bugs:
            billed = self.sums.get(row["id"], 0)
        return {**shown(row), "billed": billed}

    def answer(self, row: Row, status: int = 200) -> Response:
        whole = self.account(row)
        return JSONResponse(whole, status, headers={"ETag": tag(whole)})

    # Bills

    async def list_bills(self, _request: Request, tenant: str) -> Response:
        return JSONResponse([shown(row) for row in self.bills.values() if row["tenant"] == tenant])

    async def create_bill(self, request: Request, tenant: str) -> Response:
        body = taken(await request.body(), {"accountId": str, "amount": (int, float)}, {"note": str})
        account = self.accounts.get(body["accountId"])
        if account is None or account["tenant"] != tenant:
            raise RefusedError(400, "invalid_request")
        before = self.sums.get(account["id"], 0)
        highest = max(
            (int(row["number"][2:]) for row in self.bills.values() if row["tenant"] == tenant), default=0
        )
        await self.window("sum-kept")
        await self.window("numbers-counted")
        number = highest + 1 if "numbers-counted" in self.bugs else next(self.numbers[tenant])
        row = {
            "id": str(uuid.uuid4()), "tenant": tenant, "number": f"B-{number:05d}", "note": None, "status": "open",
            **body,
        }  # fmt: skip
        self.bills[row["id"]] = row
        self.sums[account["id"]] = before + row["amount"]
        return JSONResponse(shown(row), 201)

    async def get_bill(self, request: Request, tenant: str) -> Response:
        row = self.found(self.bills, request, tenant)
        return JSONResponse(shown(row), headers={"ETag": tag(shown(row))})

    async def update_bill(self, request: Request, tenant: str) -> Response:
        row = self.found(self.bills, request, tenant)
        body = taken(await request.body(), {}, {"amount": (int, float), "note": str})
        if not means(request.headers.get("if-match"), shown(row)):
            raise RefusedError(412, "precondition_failed")
        self.sums[row["accountId"]] = self.sums.get(row["accountId"], 0) - row["amount"]
        row.update(body)
        self.sums[row["accountId"]] += row["amount"]
        await self.window("deleted-returns")
        if "deleted-returns" in self.bugs:
            self.bills[row["id"]] = row
        return JSONResponse(shown(row), headers={"ETag": tag(shown(row))})

    async def delete_bill(self, request: Request, tenant: str) -> Response:
        await self.turn("deleted-returns")
        row = self.found(self.bills, request, tenant)
        if not means(request.headers.get("if-match"), shown(row)):
            raise RefusedError(412, "precondition_failed")
        if row["status"] != "open":
            raise RefusedError(409, "conflict")
        await self.window("paid-and-deleted")
        self.bills.pop(row["id"], None)
        self.sums[row["accountId"]] = self.sums.get(row["accountId"], 0) - row["amount"]
        return Response(status_code=204)

    async def pay_bill(self, request: Request, tenant: str) -> Response:
        await self.turn("paid-and-deleted")
        row = self.found(self.bills, request, tenant)
        if row["status"] != "open":
            raise RefusedError(409, "conflict")
        await self.window("paid-twice")
        row["status"] = "paid"
        return JSONResponse(shown(row))

    def found(self, rows: dict[str, Row], request: Request, tenant: str) -> Row:
        row = rows.get(request.path_params["id"])
        if row is None or row["tenant"] != tenant:
            raise RefusedError(404, "not_found")
        return row


def shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "tenant"}


def tag(row: Row) -> str:
    return f'"{hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]}"'


def means(wanted: str | None, row: Row) -> bool:
    """Whether If-Match, which may list several tags, lets the state of a row through."""
    return wanted in (None, "*") or tag(row) in [one.strip() for one in str(wanted).split(",")]


def taken(raw: bytes, needed: dict[str, Any], further: dict[str, Any]) -> Row:
    """The members of a body that may be written; those that must be there, and those that may be null."""
    try:
        body = json.loads(raw)
    except ValueError:
        raise RefusedError(400, "invalid_request") from None
    kinds = {**needed, **further}
    if not isinstance(body, dict) or not needed.keys() <= body.keys():
        raise RefusedError(400, "invalid_request")
    for name, value in body.items():
        nullable = name in further and name in ("phone", "note")
        if name in kinds and not (value is None and nullable) and not isinstance(value, kinds[name]):
            raise RefusedError(400, "invalid_request")
    return {name: value for name, value in body.items() if name in kinds}
