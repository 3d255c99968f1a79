"""A studio of dictionaries, which shares no line with the engine: courses, places in them, and money.

Nothing waits between looking and writing, so every request happens at once; each bug waits there. ``Studio(bugs)``
builds it.
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

__all__ = ["BUGS", "KEYS", "Studio"]

#: What happens where requests meet, and the promises that may be named for it.
BUGS = {
    "key-body-compared-late": (
        "Whoever waits for a request under the same key gets its answer, whatever it asked for.",
        "concurrency.key@createCourse",
    ),
    "key-known-late": (
        "Under one key two different bodies are both carried out.",
        "concurrency.key@createCourse",
    ),
    "key-of-everybody": (
        "While a request is under way its key is taken, for other tenants as well.",
        "concurrency.key@createCourse",
    ),
    "keyless-joined": (
        "A request without a key joins one under way with the same body.",
        "concurrency.key@createCourse",
    ),
    "tag-by-field": (
        "A write is compared with those under way for the same field only.",
        "concurrency.match@updateCourse",
    ),
    "tag-before-delete": (
        "A delete compares the tag, and deletes a little later.",
        "concurrency.match@updateCourse",
    ),
    "patch-undoes-put": (
        "A change writes back what it has read, over a replacement.",
        "concurrency.order@updateCourse",
    ),
    "published-and-withdrawn": (
        "Whether a course is a draft is asked before it is published or withdrawn.",
        "concurrency.order@publishCourse",
    ),
    "places-counted": ("The places left are counted before one is taken.", "concurrency.order@createBooking"),
    "balance-looked-at": (
        "What is left is looked at before it is spent.",
        "concurrency.order@spendFromWallet",
    ),
    "taken-kept": (
        "Bookings that come and go change a count that was read before.",
        "concurrency.order@createBooking",
    ),
    "mark-lost": ("A change writes the mark back as it was read.", "concurrency.order@markCourse"),
}
KEYS = {"north-key": "north", "south-key": "south"}
PAUSE, LONGEST_WAIT = 0.08, 10
LEAST = {"places": 1, "amount": 1, "balance": 0}
LONGEST = 80
Row = dict[str, Any]
Work = Callable[[Request, str], Awaitable[Response]]


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.answer = JSONResponse({"error": {"code": code, "message": code}}, status)


class Studio:
    """Courses, bookings and wallets of two tenants; ``app`` is the ASGI application."""

    def __init__(self, bugs: Iterable[str] = ()) -> None:
        self.bugs = frozenset(bugs)
        assert self.bugs <= BUGS.keys()
        self.expect(None)
        self.courses: dict[str, Row] = {}
        self.bookings: dict[str, Row] = {}
        self.wallets: dict[str, Row] = {}
        self.numbers = {tenant: itertools.count(1) for tenant in KEYS.values()}
        self.counts: dict[str, int] = {}
        self.keys: dict[tuple[str, str], tuple[bytes, Response]] = {}
        self.under_way: dict[Any, asyncio.Future[Response]] = {}
        self.writing: dict[tuple[str, str], int] = {}
        for tenant in KEYS.values():
            self.kept(self.courses, tenant, course({"title": "The first", "places": 500}))
        one = "/studio/courses/{id}"
        table: list[tuple[str, str, Work]] = [
            ("GET", "/studio/courses", self.lister(self.courses)),
            ("POST", "/studio/courses", self.create_course),
            ("GET", one, self.get_course),
            ("PUT", one, self.replace_course),
            ("PATCH", one, self.update_course),
            ("DELETE", one, self.delete_course),
            ("POST", f"{one}/publish", self.mover("open")),
            ("POST", f"{one}/withdraw", self.mover("withdrawn")),
            ("POST", f"{one}/mark", self.mark_course),
            ("GET", "/studio/bookings", self.lister(self.bookings)),
            ("POST", "/studio/bookings", self.create_booking),
            ("GET", "/studio/bookings/{id}", self.getter(self.bookings)),
            ("DELETE", "/studio/bookings/{id}", self.delete_booking),
            ("GET", "/studio/wallets", self.lister(self.wallets)),
            ("POST", "/studio/wallets", self.create_wallet),
            ("GET", "/studio/wallets/{id}", self.getter(self.wallets)),
            ("POST", "/studio/wallets/{id}/spend", self.spend),
        ]
        self.app = Starlette(
            routes=[Route(path, self.guarded(work), methods=[method]) for method, path, work in table]
        )

    def guarded(self, work: Work) -> Any:
        async def endpoint(request: Request) -> Response:
            tenant = KEYS.get(request.headers.get("x-key", ""))
            if tenant is None:
                return RefusedError(401, "unauthenticated").answer
            await request.body()  # from here on nothing waits, unless a bug does
            self.come += 1
            return await self.answered(work, request, tenant)

        return endpoint

    async def plainly(self, work: Work, request: Request, tenant: str) -> Response:
        try:
            return await work(request, tenant)
        except RefusedError as refused:
            return refused.answer

    async def window(self, *bugs: str) -> None:
        """Wait until all that leave together have come, or a while where nobody has said how many there are."""
        if not self.bugs & set(bugs) or self.together == 0:
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

    # Keys

    async def answered(self, work: Work, request: Request, tenant: str) -> Response:
        key, body = request.headers.get("idempotency-key"), await request.body()
        keyed = request.method == "POST" and request.url.path.count("/") == 2
        if keyed and "keyless-joined" in self.bugs:
            return await self.joined((tenant, body), work, request, tenant, key)
        if not keyed or key is None:
            return await self.plainly(work, request, tenant)
        if "key-of-everybody" in self.bugs and key in self.under_way:
            return RefusedError(409, "conflict").answer
        if "key-body-compared-late" in self.bugs and (tenant, key) in self.under_way:
            return await self.under_way[tenant, key]
        return await self.once(work, request, tenant, key)

    async def joined(
        self, place: Any, work: Work, request: Request, tenant: str, key: str | None
    ) -> Response:
        if place in self.under_way and key is None:
            return await self.under_way[place]
        if key is not None:
            return await self.once(work, request, tenant, key, place)
        return await self.plainly(work, request, tenant)

    async def once(self, work: Work, request: Request, tenant: str, key: str, place: Any = None) -> Response:
        body, name = await request.body(), (tenant, f"{request.url.path} {key}")
        if name in self.keys:
            known, answer = self.keys[name]
            return answer if known == body else RefusedError(409, "conflict").answer
        if "key-known-late" not in self.bugs:
            self.keys[name] = body, RefusedError(409, "conflict").answer
        own: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        marks = [key, (tenant, key), *([place] if place else [])]
        self.under_way |= dict.fromkeys(marks, own)
        await self.window("key-body-compared-late", "key-known-late", "key-of-everybody", "keyless-joined")
        answer = await self.plainly(work, request, tenant)
        self.keys[name] = body, answer
        if answer.status_code >= 400:
            self.keys.pop(name)
        for mark in marks:
            self.under_way.pop(mark, None)
        own.set_result(answer)
        return answer

    # Courses

    def lister(self, rows: dict[str, Row]) -> Work:
        async def work(_request: Request, tenant: str) -> Response:
            return JSONResponse([self.shown(row) for row in rows.values() if row["tenant"] == tenant])

        return work

    def getter(self, rows: dict[str, Row]) -> Work:
        async def work(request: Request, tenant: str) -> Response:
            return self.answer(found(rows, request.path_params["id"], tenant))

        return work

    def kept(self, rows: dict[str, Row], tenant: str, values: Row) -> Row:
        row = {"id": str(uuid.uuid4()), "tenant": tenant, **values}
        rows[row["id"]] = row
        return row

    async def create_course(self, request: Request, tenant: str) -> Response:
        body = given(await request.body(), {"title": str, "places": int}, {"room": str})
        return self.answer(self.kept(self.courses, tenant, course(body)), 201)

    async def get_course(self, request: Request, tenant: str) -> Response:
        return self.answer(found(self.courses, request.path_params["id"], tenant))

    def matched(self, row: Row, request: Request) -> str | None:
        wanted = request.headers.get("if-match")
        known = [one.strip() for one in wanted.split(",")] if wanted is not None else []
        if wanted not in (None, "*") and tag(self.shown(row)) not in known:
            raise RefusedError(412, "precondition_failed")
        return wanted

    async def replace_course(self, request: Request, tenant: str) -> Response:
        await self.turn("patch-undoes-put")
        row = found(self.courses, request.path_params["id"], tenant)
        body = given(await request.body(), {"title": str, "places": int}, {"room": str})
        self.matched(row, request)
        row |= {"room": None, **body}
        return self.answer(row)

    async def update_course(self, request: Request, tenant: str) -> Response:
        await self.turn("tag-before-delete")
        row = found(self.courses, request.path_params["id"], tenant)
        body = given(await request.body(), {}, {"title": str, "places": int, "room": str}, nullable=("room",))
        conditioned = self.matched(row, request) is not None
        if conditioned and "tag-by-field" in self.bugs:
            places = [(row["id"], name) for name in body]
            if any(self.writing.get(place) for place in places):
                raise RefusedError(412, "precondition_failed")
            self.writing |= dict.fromkeys(places, 1)
            await self.window("tag-by-field")
            self.writing |= dict.fromkeys(places, 0)
        if "patch-undoes-put" in self.bugs and not conditioned and "room" not in body:
            body = {"room": row["room"], **body}
            await self.window("patch-undoes-put")
        if "mark-lost" in self.bugs and not conditioned:
            body = {"marked": row["marked"], **body}
            await self.window("mark-lost")
        row |= body
        return self.answer(row)

    async def delete_course(self, request: Request, tenant: str) -> Response:
        row = found(self.courses, request.path_params["id"], tenant)
        conditioned = self.matched(row, request) is not None
        if any(one["courseId"] == row["id"] for one in self.bookings.values()):
            raise RefusedError(409, "conflict")
        if conditioned:
            await self.window("tag-before-delete")
        self.courses.pop(row["id"], None)
        return Response(status_code=204)

    def mover(self, target: str) -> Work:
        async def work(request: Request, tenant: str) -> Response:
            row = found(self.courses, request.path_params["id"], tenant)
            if row["status"] != "draft":
                raise RefusedError(409, "conflict")
            await self.window("published-and-withdrawn")
            if row["status"] == target:  # the same twice is seen
                raise RefusedError(409, "conflict")
            row["status"] = target
            return self.answer(row)

        return work

    async def mark_course(self, request: Request, tenant: str) -> Response:
        await self.turn("mark-lost")
        row = found(self.courses, request.path_params["id"], tenant)
        row["marked"] = True
        return self.answer(row)

    def shown(self, row: Row) -> Row:
        told = {name: value for name, value in row.items() if name != "tenant"}
        if "places" not in row:
            return told
        taken = sum(one["courseId"] == row["id"] for one in self.bookings.values())
        return {**told, "taken": self.counts.get(row["id"], 0) if "taken-kept" in self.bugs else taken}

    def answer(self, row: Row, status: int = 200) -> Response:
        whole = self.shown(row)
        return JSONResponse(whole, status, headers={"ETag": tag(whole)})

    # Bookings

    async def create_booking(self, request: Request, tenant: str) -> Response:
        body = given(await request.body(), {"courseId": str, "guest": str}, {})
        above = self.courses.get(body["courseId"])
        if above is None or above["tenant"] != tenant:
            raise RefusedError(400, "invalid_request")
        if sum(one["courseId"] == above["id"] for one in self.bookings.values()) >= above["places"]:
            raise RefusedError(409, "conflict")
        before = self.counts.get(above["id"], 0)
        await self.window("places-counted", "taken-kept")
        row = self.kept(self.bookings, tenant, {"number": f"K-{next(self.numbers[tenant]):04d}", **body})
        self.counts[above["id"]] = before + 1
        return self.answer(row, 201)

    async def delete_booking(self, request: Request, tenant: str) -> Response:
        await self.turn("taken-kept")
        row = found(self.bookings, request.path_params["id"], tenant)
        if request.headers.get("if-match") not in (None, "*", tag(self.shown(row))):
            raise RefusedError(412, "precondition_failed")
        self.bookings.pop(row["id"])
        self.counts[row["courseId"]] = self.counts.get(row["courseId"], 0) - 1
        return Response(status_code=204)

    # Wallets

    async def create_wallet(self, request: Request, tenant: str) -> Response:
        body = given(await request.body(), {"holder": str, "balance": int}, {})
        return self.answer(self.kept(self.wallets, tenant, body), 201)

    async def spend(self, request: Request, tenant: str) -> Response:
        row = found(self.wallets, request.path_params["id"], tenant)
        amount = given(await request.body(), {"amount": int}, {})["amount"]
        if row["balance"] < amount:
            raise RefusedError(409, "conflict")
        await self.window("balance-looked-at")
        row["balance"] -= amount
        return self.answer(row)


def course(values: Row) -> Row:
    return {"room": None, "marked": False, "status": "draft", **values}


def found(rows: dict[str, Row], identifier: str, tenant: str) -> Row:
    row = rows.get(identifier)
    if row is None or row["tenant"] != tenant:
        raise RefusedError(404, "not_found")
    return row


def tag(row: Row) -> str:
    return f'"{hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]}"'


def given(
    raw: bytes, needed: dict[str, Any], further: dict[str, Any], nullable: tuple[str, ...] = ("room",)
) -> Row:
    """The members of a body that may be written; those that must be there, and those that may be null."""
    try:
        body = json.loads(raw)
    except ValueError:
        raise RefusedError(400, "invalid_request") from None
    kinds = {**needed, **further}
    if not isinstance(body, dict) or not needed.keys() <= body.keys():
        raise RefusedError(400, "invalid_request")
    for name, value in body.items():
        if name not in kinds or (value is None and name in nullable):
            continue
        if isinstance(value, bool) or not isinstance(value, kinds[name]):
            raise RefusedError(400, "invalid_request")
        if len(value) > LONGEST if isinstance(value, str) else value < LEAST[name]:
            raise RefusedError(400, "invalid_request")
    return {name: value for name, value in body.items() if name in kinds}
