"""Refusals: raised anywhere in the engine, rendered once in the API's own envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from troth.behaviour.model import ErrorBody, ErrorKind, Errors, Field, Resource, in_words
from troth.contract.pointers import split
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
    if isinstance(template, str) and "{path}" in template:
        return lambda slots: template.replace("{path}", str(slots.get("path", "")))
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


def _reasons(details: Any) -> dict[str, str]:
    """The first sentence about each field or parameter, by its dotted path."""
    found: dict[str, str] = {}
    for entry in details if isinstance(details, list) else ():
        if isinstance(entry, Mapping):
            name = entry.get("name") or str(entry.get("pointer", "")).strip("/").replace("/", ".")
            found.setdefault(str(name), str(entry.get("message", "")))
    return {name: message for name, message in found.items() if name}


def refusal_renderer(errors: Errors, *, misstated: int = 0) -> Callable[..., Response]:
    """A function ``(refusal, request id, path, resource) -> response`` for one contract's envelopes and codes.

    ``misstated``: by how much the status in a body is wrong.
    """
    usual = compile_template(errors.envelope)
    own = {name: _own_body(body, errors) for name, body in errors.bodies.items()}
    content_type = (b"content-type", errors.media_type.encode())

    def render(
        refusal: Refusal, request_id: str, path: str = "", resource: Resource | None = None
    ) -> Response:
        kind: ErrorKind = errors.kinds[refusal.kind]
        slots = {
            "code": kind.code,
            "status": kind.status + misstated,
            "title": kind.message,
            "message": refusal.message or kind.message,
            "requestId": request_id,
            "details": refusal.details,
            "reasons": _reasons(refusal.details) if refusal.details else None,
            "resource": resource.name if resource else None,
        }
        special = own.get(refusal.kind)
        body = special(slots, refusal, path, resource) if special else None
        return Response(
            kind.status, [content_type, *refusal.headers], dump(usual(slots) if body is None else body)
        )

    return render


def _own_body(body: ErrorBody, errors: Errors) -> _OwnBody:
    """The body of a kind that has its own, with one entry a field; None where it has none to show but should."""
    envelope, shape = compile_template(body.envelope), compile_template(body.detail)

    def render(slots: Slots, refusal: Refusal, path: str, resource: Resource | None) -> Any:
        given = [one for one in refusal.details or () if one.get("pointer") or one.get("name")]
        by_path: dict[str, dict[str, Any]] = {}
        for entry in given:
            one = _told(entry, errors, resource)
            known = by_path.setdefault(one["path"], one)
            if one["fixed"] and not known["fixed"]:
                by_path[one["path"]] = one
        told = list(by_path.values())
        if body.needs_details and not told:
            return None
        filled = {**slots, "details": [shape(one) for one in told], "path": path}
        labels, paths = (list(dict.fromkeys(one[word] for one in told)) for word in ("label", "path"))
        sentence = body.one if len(paths) == 1 else body.many
        if sentence is not None:
            sentence = sentence.replace("{labels}", ", ".join(labels))
            filled["message"] = sentence.replace("{paths}", ", ".join(paths))
        return envelope(filled)

    return render


_OwnBody = Callable[[Slots, Refusal, str, Resource | None], Any]


def _told(given: Mapping[str, Any], errors: Errors, resource: Resource | None) -> dict[str, Any]:
    """The slots of one entry: a dotted path, the label of the field, and the sentence for the broken rule."""
    pointer = str(given.get("pointer", "")) if "name" not in given else f"/{given['name']}{given['pointer']}"
    steps = split(pointer)
    rule = str(given.get("rule", ""))
    field = _field(resource.fields, steps) if resource else None
    sentence = errors.sentences.get(f"{rule}.{_wanted(field, rule)}") or errors.sentences.get(rule)
    words = [step for step in steps if not step.isdigit()]
    return {
        "pointer": pointer,
        "path": ".".join(steps),
        "label": " > ".join(in_words(word) for word in words),
        "rule": rule,
        "message": sentence or given.get("message", ""),
        "detail": dict(given),
        "fixed": sentence is not None,
    }


def _field(fields: Mapping[str, Field], steps: Sequence[str]) -> Field | None:
    """The field that a path leads to, through the objects of a list."""
    found = fields.get(steps[0]) if steps else None
    if found is None or len(steps) == 1:
        return found
    return _field(found.items, steps[2:]) if found.items and len(steps) > 2 else None  # noqa: PLR2004 - list, index, member


def _wanted(field: Field | None, rule: str) -> str:
    """What a rule wanted of a field: its format, or its type."""
    if field is None:
        return ""
    found = field.schema.get("format" if rule == "format" else "type", "")
    return next((str(one) for one in found if one != "null"), "") if isinstance(found, list) else str(found)
