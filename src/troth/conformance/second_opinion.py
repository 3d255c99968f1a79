"""openapi-core as a second judge of answers, so that a bug of one validator is not taken for a promise kept.

It reads the same document with another JSON Schema implementation. Where the two disagree, nothing is proved.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from troth.conformance.exchanges import Exchange
from troth.contract import Contract

__all__ = ["SecondOpinion"]


@dataclass(frozen=True, slots=True)
class _Request:
    """What openapi-core wants to know of a request to find its operation."""

    host_url: str
    path: str
    method: str
    parameters: Any
    content_type: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class _Response:
    status_code: int
    headers: httpx.Headers
    content_type: str
    data: bytes | None


class SecondOpinion:
    """One contract, served at ``base_url``."""

    def __init__(self, contract: Contract, base_url: str) -> None:
        # Loading has raised the schemas of older documents to 3.1.
        self._document = {
            **contract.document,
            "openapi": "3.1.0",
            "servers": [{"url": base_url.rstrip("/")}],
        }
        answers = [
            one for o in contract.operations for response in o.responses.values() if (one := response.json)
        ]
        self._json = {one.content_type.partition(";")[0].strip().lower() for one in answers}
        self._given: dict[tuple[object, ...], str | None] = {}

    @cached_property
    def _core(self) -> Any:
        # Half a second of imports, paid only by who verifies.
        from openapi_core import Config, OpenAPI  # noqa: PLC0415

        # It knows two names of JSON; a document may have others, or take any type.
        readers: dict[str, Callable[[bytes], Any]] = dict.fromkeys(self._json, json.loads)
        config = Config(spec_validator_cls=None, extra_media_type_deserializers=readers)
        return OpenAPI.from_dict(self._document, config=config)

    def objection(self, exchange: Exchange) -> str | None:
        """Why the body of an answer does not satisfy the document, None when it does or cannot be judged."""
        key = (exchange.method, exchange.url, exchange.status, exchange.content)
        if key not in self._given:
            self._given[key] = self._asked(exchange)
        return self._given[key]

    def _asked(self, exchange: Exchange) -> str | None:
        from openapi_core.datatypes import RequestParameters  # noqa: PLC0415
        from openapi_core.exceptions import OpenAPIError  # noqa: PLC0415
        from openapi_core.validation.response.exceptions import DataValidationError  # noqa: PLC0415

        url = urlsplit(exchange.url)
        content_type = exchange.header("content-type") or ""
        request = _Request(
            f"{url.scheme}://{url.netloc}", url.path, exchange.method.lower(), RequestParameters(), "", None
        )
        headers = httpx.Headers(dict(exchange.response_headers))
        response = _Response(exchange.status, headers, content_type, exchange.content or None)
        try:
            errors = list(self._core.iter_response_errors(request, response))
        except (OpenAPIError, TypeError, ValueError, LookupError, AttributeError):
            # Headers, paths and media types are judged elsewhere, and openapi-core stumbles over some legal documents
            # (a schema whose type is a list, below a list): no opinion then.
            return None
        found = next((error for error in errors if isinstance(error, DataValidationError)), None)
        return None if found is None else _reason(found)


def _reason(error: BaseException) -> str:
    cause = error.__cause__
    inner = next(iter(getattr(cause, "schema_errors", None) or ()), None)
    return str(getattr(inner, "message", None) or cause or error)
