"""Refusals as a document words them that declares no envelope: its own schema, filled with what is known.

Members are known by their names, since there is nothing else to know them by: ``message``, ``code``, ``status`` and
their like, also inside ``error`` or the only object of a list ``errors``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import plain
from troth.contract import Validators
from troth.contract.model import Contract, Operation
from troth.contract.pointers import join
from troth.engine.messages import Response, dump
from troth.engine.repairing import Fit
from troth.errors import DocumentError

__all__ = ["Wording"]

#: What else a document may answer to a request that is not valid (RFC 9110 sections 15.5.1 and 15.5.21).
_INSTEAD = {400: (422,), 422: (400,)}
_SLOTS = {
    "message": (
        "message", "errormessage", "detail", "details", "description", "errordescription", "title", "error",
        "reason", "msg", "text", "userfacingerror", "developermessage",
    ),
    "code": ("code", "errorcode", "type", "name", "key", "id"),
    "status": ("status", "statuscode", "httpstatus", "httpstatuscode", "httpcode"),
    "requestId": ("requestid", "traceid", "correlationid", "instance"),
}  # fmt: skip
_KNOWN = {name: slot for slot, names in _SLOTS.items() for name in names}
_DEEPEST = 3


class Wording:
    """The refusals of one contract."""

    def __init__(self, contract: Contract, validators: Validators) -> None:
        self._contract = contract
        self._fit = Fit(contract, validators)

    def worded(self, response: Response, operation: Operation, slots: Mapping[str, Any]) -> Response:
        """The response as the operation documents it; as it was where it documents none. Headers stay."""
        status, documented = response.status, operation.response_for(response.status)
        for other in _INSTEAD.get(status, ()):
            if str(status) not in operation.responses and str(other) in operation.responses:
                status, documented = other, operation.responses[str(other)]
        found = documented.json if documented else None
        if found is None:
            return Response(status, response.headers, response.body)
        headers = [(name, value) for name, value in response.headers if name != b"content-type"]
        headers.insert(0, (b"content-type", found.spelling.encode()))
        body = response.body
        if found.schema_pointer is not None:
            known = {**slots, "status": status}
            try:
                filled = self._filled(found.schema_pointer, known, 0)
                body = dump(self._fit.whole(found.schema_pointer, filled))
            except DocumentError:
                pass  # a schema that cannot be compiled: nothing to lay the refusal into
        return Response(status, headers, body)

    def _filled(self, pointer: str, slots: Mapping[str, Any], depth: int) -> Any:
        parts = self._fit.parts(pointer)
        kind = self._fit.kind(parts)
        if kind == "array" and depth < _DEEPEST:
            items = next((join(at, "items") for at, part in parts if "items" in part), None)
            return [] if items is None else [self._filled(items, slots, depth + 1)]
        if kind != "object":
            return slots["message"]
        made: dict[str, Any] = {}
        for at, part in parts:
            for name in part.get("properties") or {}:
                value = self._member(str(name), join(at, "properties", name), slots, depth)
                if value is not None:
                    made[str(name)] = value
        return made

    def _member(self, name: str, pointer: str, slots: Mapping[str, Any], depth: int) -> Any:
        kind = self._fit.kind(self._fit.parts(pointer))
        if kind in ("object", "array"):
            inside = plain(name) in ("error", "errors", "fault", "data") and depth < _DEEPEST
            return self._filled(pointer, slots, depth + 1) if inside else None
        slot = _KNOWN.get(plain(name))
        if slot is None:
            return None
        # A code that is a number is the status, and a status that is a text is as good as a code.
        numeric = kind in ("integer", "number")
        return slots["status"] if numeric and slot != "requestId" else str(slots.get(slot, ""))
