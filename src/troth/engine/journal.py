"""The journal as the control plane shows it: every exchange, without credentials and write-only values."""

from __future__ import annotations

import re
from typing import Any

from troth.behaviour.model import Behaviour
from troth.engine.clock import instant
from troth.engine.engine import Exchange

__all__ = ["shown", "written_secrets"]


def written_secrets(behaviour: Behaviour) -> re.Pattern[str] | None:
    """Matches the members of a JSON text that are write-only in the contract; None when there are none."""
    resources = behaviour.resources.values()
    names = sorted(
        {re.escape(f.name) for resource in resources for f in resource.fields.values() if f.write_only}
    )
    return re.compile(rf'("(?:{"|".join(names)})"\s*:\s*)"(?:[^"\\]|\\.)*"') if names else None


def shown(entry: Exchange, written: re.Pattern[str] | None) -> dict[str, Any]:
    """One exchange as JSON; ``written`` matches what must not be read in it, in the request and in the answer."""
    hidden = {"authorization", "x-api-key", "cookie"}
    sent, answered = (
        written.sub(r'\1"…"', text) if written else text
        for text in (body.decode("utf-8", "replace") for body in (entry.request_body, entry.response_body))
    )
    return {
        "number": entry.number,
        "at": instant(entry.at),
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "operation": entry.operation,
        "principal": entry.principal,
        "request": {
            "headers": {k: "…" if k in hidden else v for k, v in entry.request_headers.items()},
            "body": sent,
        },
        "response": {"body": answered},
    }
