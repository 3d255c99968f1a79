"""A server of notes that tells subscribers, written without the engine: the standard library and Standard Webhooks.

``BUGS`` are what it may be made to do wrong. Deliveries go out in threads; a refused one comes again after a second.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

__all__ = ["BUGS", "Lighthouse"]

#: Each with the clause that must notice it.
BUGS = {
    "twice": "webhooks.delivered",
    "silent": "webhooks.delivered",
    "everybody": "webhooks.isolated",
    "unasked": "webhooks.subscribed",
    "bare": "webhooks.payload",
    "unsigned": "webhooks.signature",
    "stale": "webhooks.timestamp",
    "once": "webhooks.retried",
    "clinging": "webhooks.ended",
    "open": "fields.shown-once",
}
KEYS = {"north-key": "north", "south-key": "south"}
EVENTS = {"note.created", "note.updated", "note.raised", "note.deleted"}
PAUSE = 1.0

Row = dict[str, Any]


class Lighthouse:
    """The server and its rows; ``bug`` is one of BUGS or empty."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.notes: dict[str, tuple[str, Row]] = {}
        self.hooks: dict[str, tuple[str, Row]] = {}
        lighthouse = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(length)
                status, value = lighthouse.respond(
                    self.command, self.path.partition("?")[0], self.headers.get("x-key"), raw
                )
                body = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                if body:
                    self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names of the standard library

            def log_message(self, *_: Any) -> None:
                """Requests are not printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/beacon"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # -- the API ----------------------------------------------------------------------------------------------------

    def respond(self, method: str, path: str, key: str | None, raw: bytes) -> tuple[int, Any]:
        tenant = KEYS.get(key or "")
        if tenant is None:
            return 401, error("unauthenticated")
        kind, _, identifier = path.removeprefix("/beacon/").partition("/")
        table = {"notes": self.notes, "hooks": self.hooks}.get(kind)
        if table is None:
            return 404, error("not_found")
        try:
            given = json.loads(raw) if raw else {}
        except ValueError:
            return 400, error("malformed")
        if not identifier:
            return self.collection(method, kind, table, tenant, given)
        return self.item(method, kind, table, tenant, identifier, given)

    def item(
        self,
        method: str,
        kind: str,
        table: dict[str, tuple[str, Row]],
        tenant: str,
        identifier: str,
        given: Row,
    ) -> tuple[int, Any]:
        owner, row = table.get(identifier, ("", {}))
        if owner != tenant:
            return 404, error("not_found")
        if method == "DELETE":
            del table[identifier]
            if kind == "notes":
                self.tell("note.deleted", tenant, row)
            return 204, None
        old = dict(row)
        row.update(given)
        if method == "PATCH" and kind == "notes":
            self.tell("note.updated", tenant, row)
            if row["urgent"] and not old["urgent"]:
                self.tell("note.raised", tenant, row)
        return 200, self.shown(row)

    def collection(
        self, method: str, kind: str, table: dict[str, tuple[str, Row]], tenant: str, given: Row
    ) -> tuple[int, Any]:
        if method == "GET":
            return 200, [self.shown(row) for owner, row in table.values() if owner == tenant]
        if kind == "hooks":
            secret = "whsec_" + base64.b64encode(uuid.uuid4().bytes * 2).decode()
            row = {"status": "enabled", "secret": secret, **given, "id": uuid.uuid4().hex}
            table[row["id"]] = (tenant, row)
            return 201, row
        row = {"urgent": False, "dueOn": None, "late": False, **given, "id": uuid.uuid4().hex}
        table[row["id"]] = (tenant, row)
        self.tell("note.created", tenant, row)
        return 201, row

    def shown(self, row: Row) -> Row:
        return {name: value for name, value in row.items() if name != "secret" or self.bug == "open"}

    # -- deliveries -------------------------------------------------------------------------------------------------

    def tell(self, event: str, tenant: str, row: Row) -> None:
        body = {"type": event, "timestamp": datetime.now(UTC).isoformat(), "data": dict(row)}
        text = json.dumps({} if self.bug == "bare" else body)
        for identifier, (owner, hook) in list(self.hooks.items()):
            asked = {f"{hook['about']}.{name}" for name in hook["events"]}
            wanted = event in asked or self.bug == "unasked"
            if wanted and hook["status"] == "enabled" and (owner == tenant or self.bug == "everybody"):
                for _ in range({"twice": 2, "silent": 0}.get(self.bug, 1)):
                    message = f"msg_{uuid.uuid4().hex}"
                    threading.Thread(
                        target=self.deliver, args=(identifier, hook, message, text), daemon=True
                    ).start()

    def deliver(self, identifier: str, hook: Row, message: str, text: str) -> None:
        for attempt in range(2):
            if attempt:
                time.sleep(PAUSE)
                if self.bug == "once" or (identifier not in self.hooks and self.bug != "clinging"):
                    return
            moment = datetime.fromtimestamp(time.time() - (7200 if self.bug == "stale" else 0), UTC)
            headers = {
                "content-type": "application/json",
                "webhook-id": message,
                "webhook-timestamp": str(int(moment.timestamp())),
                "webhook-signature": "v1,bm90aGluZw=="
                if self.bug == "unsigned"
                else Webhook(hook["secret"]).sign(message, moment, text),
            }
            request = urllib.request.Request(hook["url"], text.encode(), headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=10):
                    return
            except (urllib.error.URLError, OSError):
                continue


def error(code: str) -> Row:
    return {"error": {"code": code, "message": code.replace("_", " ")}}
