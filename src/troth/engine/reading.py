"""Reading a request against its operation: parameters and body, decoded and validated, all violations at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from troth.contract import ParameterReader, Validator, Validators, Violation, compile_parameters
from troth.contract.forms import Forms
from troth.contract.model import Contract, Media, Operation
from troth.engine.checking import detail
from troth.engine.messages import Request
from troth.engine.refusing import Refusal

__all__ = ["READING_FAULTS", "BodyReader", "RequestReader"]

#: What the mock stores must also be written again, and the writer of JSON stops at 254 levels.
MAX_DEPTH = 200

Values = Mapping[tuple[str, str], Any]


def _is_deeper(value: Any, limit: int) -> bool:
    """Whether objects and lists are nested deeper than a limit; level by level, because recursion has one too."""
    level = [value]
    for _ in range(limit):
        members = (item for inner in level for item in (inner.values() if isinstance(inner, dict) else inner))
        level = [item for item in members if isinstance(item, dict | list)]
    return bool(level)


_REMEMBERED = 4096


def _details(violations: Sequence[Violation]) -> list[dict[str, str]]:
    return [detail(violation.pointer, violation.keyword, violation.message) for violation in violations]


class BodyReader:
    """The compiled body of one operation."""

    def __init__(
        self, contract: Contract, operation: Operation, validators: Validators, *, lenient: bool
    ) -> None:
        self._forms = Forms(contract, validators)
        self._body = operation.body
        self._validators = validators
        self._lenient = lenient
        self._by_type: dict[str, Media] = {}
        self._plain_json: dict[str, Validator] = {}
        self._compiled: dict[str, Validator] = {}

    def read(self, request: Request, warnings: list[str]) -> Any:
        """The decoded body; None when there is none. Raises Refusal, or adds to ``warnings`` when lenient."""
        body = self._body
        if body is None:
            return None
        if not request.body:
            if body.required:
                raise Refusal(
                    "invalid-body",
                    "A request body is required.",
                    [detail("", "required", "The body is missing.")],
                )
            return None
        content_type = request.headers.get("content-type", "")
        usual = self._plain_json.get(content_type)
        if usual is not None:
            value = self._json(request.body)
            if usual.is_valid(value):
                return value
        media = self._by_type.get(content_type) or self._media(content_type)
        if "urlencoded" in media.content_type:
            value = self._forms.read(request.body, media.schema_pointer)
        elif media.content_type.startswith("text/"):
            value = request.body.decode("utf-8", "replace")
        elif _is_json(media):
            value = self._json(request.body)
        else:
            return None  # files and other languages: opaque, and nothing to hold them against
        self._validate(media, value, warnings)
        return value

    def _media(self, content_type: str) -> Media:
        assert self._body is not None  # noqa: S101 - read has looked
        known = self._body.media
        plain = content_type.partition(";")[0].strip().lower()
        if not plain and known:
            return self._body.json or next(iter(known.values()))
        for candidate in (plain, plain.partition("/")[0] + "/*", "*/*"):
            if candidate in known:
                if (
                    content_type == plain
                ):  # parameters may hold anything: only the plain spelling is remembered
                    self._by_type[content_type] = known[candidate]
                return known[candidate]
        accepted = ", ".join(known)
        raise Refusal(
            "unsupported-media-type", f"{plain or 'No media type'} is not accepted here; send {accepted}."
        )

    def _json(self, body: bytes) -> Any:
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            message = f"The body is not JSON in UTF-8: {error.msg} ({where})."
            raise Refusal("malformed", message, [detail("", "json", message)]) from None
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
            message = f"The body is nested deeper than {MAX_DEPTH} levels."
            raise Refusal("malformed", message, [detail("", "depth", message)])
        return value

    def _validate(self, media: Media, value: Any, warnings: list[str]) -> None:
        if media.schema_pointer is None:
            return
        validator = self._compiled.get(media.content_type)
        if validator is None:
            validator = self._compiled[media.content_type] = self._validators.at(
                media.schema_pointer, "request"
            )
        if not validator.is_valid(value):
            violations = validator.violations(value)
            if self._lenient:
                warnings += [f"{v.pointer or '/'}: {v.message}" for v in violations]
                return
            first = violations[0].message if violations else "The body does not satisfy its schema."
            more = f" ({len(violations) - 1} more)" if len(violations) > 1 else ""
            raise Refusal("invalid-body", first + more, _details(violations))
        if self._by_type.get(media.content_type) is media and _is_json(media):
            self._plain_json[media.content_type] = validator


def _is_json(media: Media) -> bool:
    return "json" in media.content_type or media.content_type in ("*/*", "")


def _json_conditions(values: Values, name: str, request: Request) -> Values:
    """Conditions that came as one JSON text, which the style of nested names does not see."""
    text = next((value for key, value in request.pairs() if key == name), None)
    if text is None or ("query", name) in values:
        return {}
    try:
        return {("query", name): orjson.loads(text)}
    except orjson.JSONDecodeError:
        message = f"The parameter '{name}' is not JSON."
        raise Refusal("malformed", None, [detail(f"/{name}", "json", message)]) from None


#: The faults that show in how requests are read.
READING_FAULTS = frozenset({"crash-on-nothing", "invalid-accepted", "page-size-unbounded", "key-unbounded"})


class RequestReader:
    """The compiled parameters and body of one operation."""

    def __init__(
        self,
        contract: Contract,
        validators: Validators,
        operation: Operation,
        faults: frozenset[str],
        validate: str,
        conditions: str | None = None,
    ) -> None:
        self._parameters: ParameterReader = compile_parameters(contract, validators, operation)
        self._missing = "404" in operation.responses
        self._lenient = "invalid-accepted" in faults or validate != "strict"
        self._body = BodyReader(contract, operation, validators, lenient=self._lenient)
        self._rememberable = all(p.location != "cookie" for p in operation.parameters)
        self._headers = tuple(p.name.lower() for p in operation.parameters if p.location == "header")
        self._known: dict[tuple[str, ...], Values] = {}
        self._unbounded = "page-size-unbounded" in faults
        self._endless = "key-unbounded" in faults
        self._conditions = conditions
        self._crashes = "crash-on-nothing" in faults and operation.body is not None

    def parameters(self, path: Mapping[str, str], request: Request, warnings: list[str]) -> Values:
        """All parameter values. A malformed path id is a missing object where the contract documents 404."""
        simple = self._rememberable and not request.query
        if simple and self._headers:
            simple = not any(name in request.headers for name in self._headers)
        key = tuple(path.values())
        if simple and key in self._known:
            return self._known[key]
        values = self._read(path, request, warnings)
        if simple and not warnings:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = values
        return values

    def _read(self, path: Mapping[str, str], request: Request, warnings: list[str]) -> Values:
        values, violations = self._parameters.read(path, request.pairs(), request.headers)
        if self._conditions is not None:
            values |= _json_conditions(values, self._conditions, request)
        if violations and self._lenient:
            warnings += [f"{v.name}: {v.message}" for v in violations]
        elif violations:
            in_path = [v for v in violations if v.location == "path"]
            if in_path and self._missing:
                raise Refusal("not-found")
            if self._unbounded:
                violations = [v for v in violations if v.keyword != "maximum"]
            if self._endless:
                violations = [v for v in violations if v.keyword != "maxLength" or v.location != "header"]
        if violations and not self._lenient:
            details = [
                {**detail(v.pointer, v.keyword, v.message), "in": v.location or "query", "name": v.name or ""}
                for v in violations
            ]
            raise Refusal("invalid", violations[0].message, details)
        return values

    def body(self, request: Request, warnings: list[str]) -> Any:
        if self._crashes and not request.body:
            raise RuntimeError("the fault 'crash-on-nothing' is on")
        return self._body.read(request, warnings)
