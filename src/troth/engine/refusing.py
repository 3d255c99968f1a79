"""Refusals: raised anywhere in the engine, rendered once in the API's own envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from troth.behaviour.model import ErrorKind, Errors
from troth.engine.messages import Response, dump

__all__ = ["Refusal", "compile_template", "refusal_renderer"]

Slots = Mapping[str, Any]


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """The request is answered with an error. ``details`` is what the envelope shows under ``$details``."""

    def __init__(
        self,
        kind: str,
        message: str | None = None,
        details: Any = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.message = message
        self.details = details
        self.headers = headers


def compile_template(template: Any) -> Callable[[Slots], Any]:
    """A function from slots to a JSON value. ``$name`` is a slot; a key that ends in ``?`` goes when it is empty."""
    if isinstance(template, str) and template.startswith("$"):
        name = template[1:]
        return lambda slots: slots.get(name)
    if isinstance(template, Mapping):
        parts = [
            (str(k).removesuffix("?"), str(k).endswith("?"), compile_template(v)) for k, v in template.items()
        ]

        def build(slots: Slots) -> dict[str, Any]:
            made = {}
            for key, optional, part in parts:
                value = part(slots)
                if not optional or value not in (None, [], {}):
                    made[key] = value
            return made

        return build
    if isinstance(template, list):
        inner = [compile_template(item) for item in template]
        return lambda slots: [part(slots) for part in inner]
    return lambda _slots: template


def refusal_renderer(errors: Errors) -> Callable[[Refusal, str], Response]:
    """A function ``(refusal, request id) -> response`` for one contract's envelope and code table."""
    envelope = compile_template(errors.envelope)
    content_type = (b"content-type", errors.media_type.encode())

    def render(refusal: Refusal, request_id: str) -> Response:
        kind: ErrorKind = errors.kinds[refusal.kind]
        body = envelope(
            {
                "code": kind.code,
                "status": kind.status,
                "title": kind.message,
                "message": refusal.message or kind.message,
                "requestId": request_id,
                "details": refusal.details,
            }
        )
        return Response(kind.status, [content_type, *refusal.headers], dump(body))

    return render
