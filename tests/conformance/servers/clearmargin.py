"""A Clearmargin server of dictionaries, which shares no line with the engine: four of the ten collections.

Clients, projects, catalog items and time entries, with ``where``, ``sort``, ``depth`` and pages, were written from
the OpenAPI document and from what the product says about itself. ``Clearmargin(bugs)`` builds it; each bug is a
mistake that people make, by name.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["BUGS", "KEYS", "Clearmargin"]

BUGS = {
    "deletes-by-id-alone": "DELETE looks the id up without the organization.",
    "or-escapes-organization": "where[or] stands beside the organization, not below it.",
    "count-of-everybody": "totalDocs counts the documents of all organizations.",
    "foreign-relation-accepted": "A project may name a client of another organization.",
    "read-key-writes": "A write asks for the read permission.",
    "minus-ignored": "sort=-field sorts ascending.",
    "numbers-sorted-as-text": "Hours are sorted by their digits.",
    "like-minds-case": "like compares upper and lower case.",
    "less-than-or-equal": "less_than keeps what is equal.",
    "in-takes-one": "in looks at the first value of the list only.",
    "limit-unbounded": "A limit above 100 is served.",
    "last-page-has-next": "A page that is exactly full is thought to have a next one.",
    "depth-zero-is-one": "depth=0 is taken for a missing depth.",
    "deleted-hours-count": "Deleting a time entry leaves the hours of its project.",
    "one-quota-for-all": "The requests of all keys are counted together.",
}
KEYS = {
    "key-atelier-owner": ("atelier", ["*"]),
    "key-atelier-reader": (
        "atelier",
        ["clients:read", "projects:read", "catalog-items:read", "time-entries:read"],
    ),
    "key-atelier-clients": ("atelier", ["clients:read"]),
    "key-foundry-owner": ("foundry", ["*"]),
    "key-foundry-reader": (
        "foundry",
        ["clients:read", "projects:read", "catalog-items:read", "time-entries:read"],
    ),
}
SCHEMAS = {
    "clients": "Client",
    "projects": "Project",
    "catalog-items": "CatalogItem",
    "time-entries": "TimeEntry",
}
LABELS = {
    "clients": "Client",
    "projects": "Project",
    "catalog-items": "Catalog Item",
    "time-entries": "Time Entry",
}
RELATIONS = {
    "clients": {},
    "projects": {"client": "clients"},
    "catalog-items": {"client": "clients"},
    "time-entries": {"project": "projects", "client": "clients", "catalogItem": "catalog-items"},
}
OPERATORS = {
    "equals", "not_equals", "greater_than", "greater_than_equal", "less_than", "less_than_equal", "like", "contains",
    "in", "exists",
}  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {
    "clients": {
        "taxSettings": {"defaultTaxable": False, "overrideTaxRate": False, "taxRate": None},
        "status": "active",
    },
    "projects": {"status": "active", "hoursLogged": 0},
    "catalog-items": {
        "unit": "flat",
        "defaultFrequency": "one-time",
        "pricingMode": "fixed",
        "composition": "atom",
        "status": "active",
    },
    "time-entries": {"billable": True, "rateType": "standard"},
}
SPEC = Path(__file__).parents[3] / "spec" / "clearmargin" / "openapi.yaml"
Doc = dict[str, Any]


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.answer = JSONResponse({"errors": [{**more, "message": message}]}, status)


def invalid(collection: str, paths: Iterable[tuple[str, str]]) -> RefusedError:
    entries = [
        {"label": path.rpartition(".")[2].capitalize(), "message": text, "path": path} for path, text in paths
    ]
    several = "fields are" if len(entries) > 1 else "field is"
    message = f"The following {several} invalid: {', '.join(entry['label'] for entry in entries)}"
    return RefusedError(
        400, message, name="ValidationError", data={"collection": collection, "errors": entries}
    )


class Clearmargin:
    """The documents of two organizations; ``app`` is the ASGI application.

    ``limit`` is how many requests each key has a minute.
    """

    def __init__(self, bugs: Iterable[str] = (), limit: int = 100) -> None:
        self.bugs = frozenset(bugs)
        assert self.bugs <= BUGS.keys()
        self.limit = limit
        self.windows: dict[str, tuple[int, int]] = {}
        document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
        self.schemas = document["components"]["schemas"]
        self.docs: dict[str, list[Doc]] = {collection: [] for collection in SCHEMAS}
        self.ids = itertools.count(0x6650C1A2F0B4D7E8A9000000)
        for organization in ("atelier", "foundry"):
            self.fill(organization)
        routes = []
        for collection in SCHEMAS:
            many, one = self.endpoint(collection, self.many), self.endpoint(collection, self.one)
            routes.append(Route(f"/api/{collection}", many, methods=["GET", "POST"]))
            routes.append(Route(f"/api/{collection}/{{id}}", one, methods=["GET", "PATCH", "DELETE"]))
        self.app = Starlette(routes=routes, exception_handlers={HTTPException: nowhere})

    def endpoint(self, collection: str, work: Callable[..., Any]) -> Any:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                key = identified(request)
            except RefusedError as refused:
                return refused.answer
            headers, over = self.counted(key)
            try:
                self.admitted(request, collection, key, over=over)
                answer: Response = work(request, collection, KEYS[key][0], body)
            except RefusedError as refused:
                answer = refused.answer
            answer.headers.update(headers)
            return answer

        return endpoint

    def admitted(self, request: Request, collection: str, key: str, *, over: bool) -> None:
        """A request within the quota, and one that the key may make."""
        if over:
            raise RefusedError(429, "Too many requests, please try again later.")
        reads = request.method in ("GET", "HEAD") or "read-key-writes" in self.bugs
        needed = f"{collection}:{'read' if reads else 'write'}"
        if "*" not in KEYS[key][1] and needed not in KEYS[key][1]:
            raise RefusedError(403, "You are not allowed to perform this action.")

    def counted(self, key: str) -> tuple[dict[str, str], bool]:
        """The quota headers of a request, and whether it is one too many."""
        bucket = "all" if "one-quota-for-all" in self.bugs else key
        moment = time.time()
        start, used = self.windows.get(bucket, (int(moment), 0))
        if moment >= start + 60:
            start, used = int(moment), 0
        self.windows[bucket] = (start, used + 1)
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - used - 1, 0)),
            "X-RateLimit-Reset": str(start + 60),
        }
        if used < self.limit:
            return headers, False
        return headers | {"Retry-After": str(max(start + 60 - int(moment), 1))}, True

    # A collection

    def many(self, request: Request, collection: str, organization: str, body: bytes) -> Response:
        depth = self.depth(request, collection)
        if request.method != "POST":
            return self.listed(request, collection, organization, depth)
        given = self.checked(collection, "Create", body, organization)
        doc = self.added(collection, organization, given)
        message = f"{LABELS[collection]} successfully created."
        return JSONResponse({"doc": self.shown(collection, doc, depth), "message": message}, 201)

    def one(self, request: Request, collection: str, organization: str, body: bytes) -> Response:
        depth = self.depth(request, collection)
        anywhere = request.method == "DELETE" and "deletes-by-id-alone" in self.bugs
        doc = self.found(collection, request.path_params["id"], None if anywhere else organization)
        if doc is None:
            raise RefusedError(404, "Not Found")
        if request.method == "PATCH":
            doc.update(self.checked(collection, "Update", body, organization))
            doc["updatedAt"] = now()
            self.recount()
            message = "Updated successfully."
        elif request.method == "DELETE":
            shown = self.shown(collection, doc, depth)
            self.docs[collection].remove(doc)
            if "deleted-hours-count" not in self.bugs:
                self.recount()
            return JSONResponse({"doc": shown, "message": "Deleted successfully."})
        else:
            return JSONResponse(self.shown(collection, doc, depth))
        return JSONResponse({"doc": self.shown(collection, doc, depth), "message": message})

    def added(self, collection: str, organization: str, given: Doc) -> Doc:
        moment = now()
        fields = self.schemas[SCHEMAS[collection]]["properties"]
        doc = dict.fromkeys(fields) | DEFAULTS[collection] | given
        doc |= {"id": f"{next(self.ids):024x}", "createdAt": moment, "updatedAt": moment}
        doc["organization"] = organization
        if collection == "time-entries":
            project = self.found("projects", doc["project"], organization)
            doc["client"] = project and project["client"]
        self.docs[collection].append(doc)
        self.recount()
        return doc

    def recount(self) -> None:
        """The hours of a project are those of its time entries."""
        for project in self.docs["projects"]:
            entries = [e for e in self.docs["time-entries"] if e["project"] == project["id"]]
            total = sum((Decimal(str(entry["hours"])) for entry in entries), Decimal(0))
            project["hoursLogged"] = float(total.quantize(Decimal("0.01"), ROUND_HALF_UP))

    def shown(self, collection: str, doc: Doc, depth: int) -> Doc:
        shown = {key: value for key, value in doc.items() if key != "organization"}
        if collection == "projects":
            scope = doc["scopeHours"]
            shown["overScope"] = scope is not None and doc["hoursLogged"] > scope
        if collection == "time-entries":
            item = self.found("catalog-items", doc["catalogItem"], doc["organization"])
            shown["effectiveRate"] = doc["rateOverride"]
            if doc["rateOverride"] is None:
                shown["effectiveRate"] = item and item["defaultRate"]
        for field, target in RELATIONS[collection].items() if depth else ():
            related = self.found(target, doc[field], doc["organization"])
            if related is not None:
                shown[field] = self.shown(target, related, depth - 1)
        return shown

    def found(self, collection: str, key: Any, organization: str | None) -> Doc | None:
        for doc in self.docs[collection]:
            if doc["id"] == key and organization in (None, doc["organization"]):
                return doc
        return None

    # Lists

    def depth(self, request: Request, collection: str) -> int:
        depth = whole(request, collection, "depth", 1, 0)
        if depth == 0 and "depth-zero-is-one" in self.bugs:
            depth = 1
        return min(depth, 3)

    def listed(self, request: Request, collection: str, organization: str, depth: int) -> Response:
        limit = whole(request, collection, "limit", 10, 0)
        number = whole(request, collection, "page", 1, 1)
        limit = limit or 100
        limit = limit if "limit-unbounded" in self.bugs else min(limit, 100)
        docs = self.kept(request, collection, organization)
        for field in reversed(request.query_params.get("sort", "-createdAt").split(",")):
            docs = self.ordered(collection, docs, field.strip(), organization)
        total = len(docs)
        if "count-of-everybody" in self.bugs:
            total = len(self.docs[collection])
        pages = -(-total // limit)
        more = number < pages
        if "last-page-has-next" in self.bugs:
            more = len(docs[(number - 1) * limit :]) >= limit
        window = docs[(number - 1) * limit : number * limit]
        return JSONResponse(
            {
                "docs": [self.shown(collection, doc, depth) for doc in window],
                "totalDocs": total,
                "limit": limit,
                "totalPages": pages,
                "page": number,
                "pagingCounter": (number - 1) * limit + 1,
                "hasPrevPage": number > 1,
                "hasNextPage": more,
                "prevPage": number - 1 if number > 1 else None,
                "nextPage": number + 1 if more else None,
            }
        )

    def ordered(self, collection: str, docs: list[Doc], field: str, organization: str) -> list[Doc]:
        down, name = field.startswith("-"), field.removeprefix("-")
        if not self.known(collection, name):
            return docs
        if name in ("createdAt", "id"):
            docs = sorted(docs, key=lambda doc: doc["id"])

        def rank(doc: Doc) -> Any:
            value = self.value(collection, doc, name, organization)
            if isinstance(value, dict | list):
                value = json.dumps(value)
            text = str(value) if "numbers-sorted-as-text" in self.bugs else value
            return (value is not None, 0 if value is None else text)

        down = down and "minus-ignored" not in self.bugs
        return docs[::-1] if name == "createdAt" and down else sorted(docs, key=rank, reverse=down)

    # Conditions

    def kept(self, request: Request, collection: str, organization: str) -> list[Doc]:
        where = conditions(request)
        wrong = sorted(set(self.unknown(collection, where)))
        if wrong:
            several = "paths" if len(wrong) > 1 else "path"
            message = f"The following {several} cannot be queried: {', '.join(wrong)}"
            raise RefusedError(400, message, name="QueryError", data=[{"path": path} for path in wrong])
        escapes = "or-escapes-organization" in self.bugs and any(key.lower() == "or" for key in where)
        return [
            doc
            for doc in self.docs[collection]
            if (escapes or doc["organization"] == organization)
            and self.holds(collection, doc, where, organization)
        ]

    def unknown(self, collection: str, where: Any) -> Iterable[str]:
        if not isinstance(where, dict):
            yield "where"
            return
        for key, inner in where.items():
            if key.lower() in ("and", "or"):
                for part in members(inner):
                    yield from self.unknown(collection, part)
            elif not self.known(collection, key) or not isinstance(inner, dict):
                yield key
            else:
                yield from (f"{key}.{operator}" for operator in inner if operator not in OPERATORS)

    def known(self, collection: str, path: str) -> bool:
        name, _, rest = path.partition(".")
        properties = self.schemas[SCHEMAS[collection]]["properties"]
        if name not in properties:
            return False
        if not rest:
            return True
        if name in RELATIONS[collection]:
            return self.known(RELATIONS[collection][name], rest)
        return name == "taxSettings" and rest in ("defaultTaxable", "overrideTaxRate", "taxRate")

    def value(self, collection: str, doc: Doc, path: str, organization: str) -> Any:
        name, _, rest = path.partition(".")
        shown = self.shown(collection, doc, 0)
        if not rest:
            return shown[name]
        if name in RELATIONS[collection]:
            target = RELATIONS[collection][name]
            related = self.found(target, shown[name], organization)
            return None if related is None else self.value(target, related, rest, organization)
        return (shown[name] or {}).get(rest)

    def holds(self, collection: str, doc: Doc, where: Doc, organization: str) -> bool:
        for key, inner in where.items():
            if key.lower() == "or":
                parts = members(inner)
                if parts and not any(self.holds(collection, doc, part, organization) for part in parts):
                    return False
            elif key.lower() == "and":
                if not all(self.holds(collection, doc, part, organization) for part in members(inner)):
                    return False
            else:
                value = self.value(collection, doc, key, organization)
                if not all(self.compared(value, operator, operand) for operator, operand in inner.items()):
                    return False
        return True

    def compared(self, value: Any, operator: str, operand: Any) -> bool:
        if operator == "exists":
            return (value not in (None, "", [])) == (str(operand).lower() == "true")
        if operator == "in":
            operands = operand if isinstance(operand, list) else str(operand).split(",")
            if isinstance(operand, dict):
                operands = list(operand.values())
            if "in-takes-one" in self.bugs:
                operands = operands[:1]
            return any(same(value, one) for one in operands)
        if operator in ("equals", "not_equals"):
            return same(value, operand) == (operator == "equals")
        if operator in ("like", "contains"):
            return self.occurs(value, str(operand), whole_text=operator == "contains")
        left, right = alike(value, operand)
        if left is None or right is None:
            return False
        return bool(
            {
                "greater_than": left > right,
                "greater_than_equal": left >= right,
                "less_than": left <= right if "less-than-or-equal" in self.bugs else left < right,
                "less_than_equal": left <= right,
            }[operator]
        )

    def occurs(self, value: Any, operand: str, *, whole_text: bool) -> bool:
        if not isinstance(value, str):
            return False
        fold = (lambda text: text) if "like-minds-case" in self.bugs and not whole_text else str.lower
        return all(fold(word) in fold(value) for word in ([operand] if whole_text else operand.split()))

    # Bodies

    def checked(self, collection: str, kind: str, body: bytes, organization: str) -> Doc:
        try:
            given = json.loads(body, parse_constant=refuse)
            json.dumps(given, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, "Invalid JSON") from error
        schema = {
            "$ref": f"#/components/schemas/{SCHEMAS[collection]}{kind}",
            "components": {"schemas": self.schemas},
        }
        formats = FormatChecker(["date"])
        formats.checks("email")(
            lambda text: not isinstance(text, str) or bool(re.fullmatch(r"[\w.+'-]+@[\w-]+(\.[\w-]+)+", text))
        )
        problems = list(Draft202012Validator(schema, format_checker=formats).iter_errors(given))
        if problems:
            raise invalid(collection, [(place(problem), "This field is invalid.") for problem in problems])
        writable = self.schemas[SCHEMAS[collection] + kind]["properties"]
        given = {key: value for key, value in given.items() if key in writable}
        owner = None if "foreign-relation-accepted" in self.bugs else organization
        lost = [
            (field, "This field has an invalid selection.")
            for field, target in RELATIONS[collection].items()
            if given.get(field) is not None and self.found(target, given[field], owner) is None
        ]
        if lost:
            raise invalid(collection, lost)
        return given

    # What is there from the beginning

    def fill(self, organization: str) -> None:
        add = self.added
        names = ("Acme Corp", "Blue Sky", "acme labs", "Delta")
        clients = [add("clients", organization, {"name": f"{name} {organization}"})["id"] for name in names]
        item = add("catalog-items", organization, {"name": "Design", "type": "charge", "defaultRate": 90})[
            "id"
        ]
        for n in range(4):
            about = {"name": f"Project {n}", "client": clients[n % 4], "scopeHours": 10.5}
            project = add("projects", organization, about)["id"]
            for hours in (9.5, 10, 2.25):
                add(
                    "time-entries",
                    organization,
                    {"project": project, "date": f"2026-03-{n + 10}", "hours": hours, "catalogItem": item},
                )


async def nowhere(request: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return JSONResponse({"message": f'Route not found "{request.url.path}"'}, 404)
    return JSONResponse({"errors": [{"message": error.detail}]}, error.status_code, headers=error.headers)


def identified(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = token.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
    if key not in KEYS:
        raise RefusedError(401, "Unauthorized, you must be logged in to make this request.")
    return key


def conditions(request: Request) -> Doc:
    """The tree of ``where[a][b]=c`` parameters, or of one JSON object."""
    tree: Doc = {}
    for name, value in request.query_params.multi_items():
        if name == "where":
            try:
                found = json.loads(value)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise RefusedError(400, "where is no object.", name="QueryError", data=[{"path": "where"}])
            return found
        if not re.fullmatch(r"where(\[[^\[\]]*\])+", name):
            continue
        keys = re.findall(r"\[([^\[\]]*)\]", name)
        node = tree
        for key in keys[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                raise RefusedError(400, "where is no tree.", name="QueryError", data=[{"path": key}])
        last = keys[-1] or str(len(node))
        node[last] = value
    return tree


def members(inner: Any) -> list[Any]:
    if isinstance(inner, dict):
        return list(inner.values())
    return inner if isinstance(inner, list) else [inner]


def same(value: Any, operand: Any) -> bool:
    if operand in (None, "null"):
        return value is None
    left, right = alike(value, operand)
    return bool(left is not None and left == right)


def alike(value: Any, operand: Any) -> tuple[Any, Any]:  # noqa: PLR0911 - one return a type
    """Both sides as what the field is; nothing where they cannot be compared."""
    if isinstance(value, bool):
        text = str(operand).lower()
        return (value, text == "true") if text in ("true", "false") else (None, None)
    if isinstance(value, int | float):
        try:
            return value, float(operand)
        except (TypeError, ValueError):
            return None, None
    if isinstance(value, str) and isinstance(operand, str):
        if re.match(r"\d{4}-\d\d-\d\dT", value):
            try:
                moments = [datetime.fromisoformat(text) for text in (value, operand)]
            except ValueError:
                return value, operand
            return tuple(moment.replace(tzinfo=moment.tzinfo or UTC) for moment in moments)  # type: ignore[return-value]
        return value, operand
    return None, None


def whole(request: Request, collection: str, name: str, default: int, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text) or int(text) < least:
        raise invalid(collection, [(name, "Please enter a valid number.")])
    return int(text)


def place(problem: ValidationError) -> str:
    path = [str(part) for part in problem.absolute_path]
    if problem.validator == "required":
        path.append(problem.message.split("'")[1])
    return ".".join(path) or "body"


def refuse(constant: str) -> Any:
    raise ValueError(constant)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
