"""A depot of dictionaries, which shares no line with the engine, behind a document without a word of behaviour.

It keeps organisations apart though the document does not say so, refuses strangers in plain text, wraps each row of a
list and shows a part of it there, tells two actions apart by ``?action=``, and names stock by warehouse and number.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NoReturn

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

__all__ = ["BUGS", "KEYS", "Depot"]

KEYS = {"key-a": "acme", "key-b": "globex"}
#: What goes wrong, and the promise of the plain document that it breaks.
BUGS = {
    "anonymous-reads": "authentication.required@listBins",
    "wrong-default": "fields.default@createBin",
    "label-any-length": "validation.rejected@createBin",
    "negative-volume": "validation.rejected@createBin",
    "answers-other": "resource.create@createBin",
    "patch-clears": "resource.merge@updateBin",
    "patch-lost": "resource.update@updateBin",
    "delete-noop": "resource.delete@deleteBin",
    "stock-not-kept": "resource.create@addStock",
}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
FAR = 10**30
Row = dict[str, Any]


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.answer = JSONResponse({"message": message}, status)


def refuse(message: str, status: int = 400) -> NoReturn:
    raise RefusedError(status, message)


def demand(holds: object, message: str) -> None:
    if not holds:
        refuse(message)


def whole(text: str, low: int, high: int) -> int:
    demand(text.isascii() and text.removeprefix("-").isdigit(), f"{text} is no whole number")
    demand(low <= int(text) <= high, f"{text} is out of range")
    return int(text)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def no_constant(word: str) -> NoReturn:
    raise ValueError(word)


async def members(request: Request) -> Row:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        refuse("send JSON", 415)
    try:
        found = json.loads(await request.body(), parse_constant=no_constant)
    except (ValueError, RecursionError):
        refuse("no JSON")
    demand(isinstance(found, dict), "no object")
    return dict(found)


def shown(row: Row) -> Row:
    return {"bin": {name: value for name, value in row.items() if name != "owner"}}


class Depot:
    """The server; ``app`` is its application."""

    def __init__(self, bugs: Iterable[str] = ()) -> None:
        self.bugs = frozenset(bugs)
        self.bins: dict[int, Row] = {}
        self.stock: dict[str, dict[tuple[str, str], Row]] = {tenant: {} for tenant in KEYS.values()}
        self.ids = itertools.count(1)
        for tenant, number in itertools.product(KEYS.values(), range(4)):
            self.add(tenant, {"label": f"{tenant} {number}", "volume": number})
        places = {
            "/bins": (self.all_bins, "GET, POST"),
            "/bins/{id}": (self.one_bin, "GET, PATCH, DELETE, POST"),
            "/stock": (self.all_stock, "GET, POST"),
            "/stock/{warehouse}/{sku:path}": (self.one_stock, "GET, DELETE"),
        }
        self.app = Starlette(
            routes=[Route(path, self.behind(*held), methods=METHODS) for path, held in places.items()]
        )

    def behind(self, answer: Any, methods: str) -> Any:
        """An answer for those who have a key and ask with one of the methods."""

        async def guarded(request: Request) -> Response:
            tenant = KEYS.get(request.headers.get("x-api-key", ""))
            if tenant is None and not ("anonymous-reads" in self.bugs and request.method == "GET"):
                return PlainTextResponse("Who are you?", 401)
            if request.method.replace("HEAD", "GET") not in methods.split(", "):
                return JSONResponse({"message": "not here"}, 405, {"allow": f"{methods}, HEAD, OPTIONS"})
            try:
                answered: Response = await answer(request, tenant or "acme")
            except RefusedError as refusal:
                return refusal.answer
            return answered

        return guarded

    def add(self, tenant: str, given: Row) -> Row:
        usual = "cold" if "wrong-default" in self.bugs else "dry"
        row = {
            "id": next(self.ids), "label": given["label"], "kind": given.get("kind", usual),
            "volume": given.get("volume"), "locked": False, "owner": tenant,
            "created_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        self.bins[row["id"]] = row
        return row

    def check(self, given: Row) -> Row:
        demand(given.keys() <= {"label", "kind", "volume"}, "unknown member")
        label, volume = given.get("label", "x"), given.get("volume", 0)
        longest = FAR if "label-any-length" in self.bugs else 60
        demand(isinstance(label, str) and 1 <= len(label) <= longest, "label")
        demand(given.get("kind", "dry") in ("cold", "dry"), "kind")
        demand(is_number(volume) and (volume >= 0 or "negative-volume" in self.bugs), "volume")
        return given

    async def all_bins(self, request: Request, tenant: str) -> Response:
        if request.method in ("GET", "HEAD"):
            asked = request.query_params
            page, size = whole(asked.get("page", "1"), 1, FAR), whole(asked.get("per_page", "10"), 1, 50)
            kind = asked.get("kind")
            demand(kind in (None, "cold", "dry"), "kind")
            rows = [r for r in self.bins.values() if r["owner"] == tenant and kind in (None, r["kind"])]
            told = [
                {"bin": {"id": r["id"], "label": r["label"]}} for r in rows[(page - 1) * size : page * size]
            ]
            return JSONResponse({"total": len(rows), "bins": told})
        given = self.check(await members(request))
        demand("label" in given, "label is missing")
        made = shown(self.add(tenant, given))
        if "answers-other" in self.bugs:
            made["bin"]["label"] = made["bin"]["label"].upper()
        return JSONResponse(made, 201)

    async def one_bin(self, request: Request, tenant: str) -> Response:
        row = self.bins.get(whole(request.path_params["id"], -FAR, FAR))
        given = self.check(await members(request)) if request.method == "PATCH" else {}
        action = request.query_params.get("action")
        demand(request.method != "POST" or action in ("lock", "unlock"), "which action?")
        if row is None or row["owner"] != tenant:
            refuse("no such bin", 404)
        if request.method == "DELETE":
            if "delete-noop" not in self.bugs:
                del self.bins[row["id"]]
            return Response(status_code=204)
        changes: Row = {"locked": action == "lock"} if request.method == "POST" else given
        if "patch-clears" in self.bugs and request.method == "PATCH":
            changes = {"volume": None, **changes}
        new = {**row, **changes}
        if "patch-lost" not in self.bugs or request.method != "PATCH":
            row.update(new)
        return JSONResponse(shown(new))

    async def all_stock(self, request: Request, tenant: str) -> Response:
        mine = self.stock[tenant]
        if request.method in ("GET", "HEAD"):
            return JSONResponse(list(mine.values()))
        given = await members(request)
        key, amount = (given.get("warehouse"), given.get("sku")), given.get("amount")
        demand(all(isinstance(part, str) and part for part in key), "names")
        demand(is_number(amount) and amount == int(amount) and amount >= 0, "amount")
        if key in mine:
            return Response(status_code=409)
        row = {"warehouse": key[0], "sku": key[1], "amount": int(amount or 0)}
        if "stock-not-kept" not in self.bugs:
            mine[str(key[0]), str(key[1])] = row
        return JSONResponse(row, 201)

    async def one_stock(self, request: Request, tenant: str) -> Response:
        mine, key = self.stock[tenant], (request.path_params["warehouse"], request.path_params["sku"])
        if key not in mine:
            refuse("no such stock", 404)
        if request.method == "DELETE":
            del mine[key]
            return Response(status_code=204)
        return JSONResponse(mine[key])
