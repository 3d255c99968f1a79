"""Answers of operations that nobody described are made to fit the schema that the document gives for them.

Documents in the wild have examples that their own schemas refuse, creates that answer something else than the row,
and lists whose totals may not be null. What is there is kept where it fits, written as the other type where it can
be, and sampled where it cannot.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import orjson

from troth.contract import Validators
from troth.contract.model import Contract, Operation
from troth.contract.pointers import join
from troth.engine.messages import Response, dump
from troth.engine.sampling import Sampler
from troth.errors import DocumentError

__all__ = ["Fit", "Repair"]

_REMEMBERED = 1024
_DEEPEST = 12
_NO_CONTENT = 204
_DRAWN = 4


class Repair:
    """The compiled answers of one operation. ``fitted`` gives the response as it is when nothing is wrong with it."""

    def __init__(self, contract: Contract, validators: Validators, operation: Operation) -> None:
        self._operation = operation
        self._fit = Fit(contract, validators)
        self._known: dict[tuple[int, bytes], bytes] = {}

    def fitted(self, response: Response) -> Response:
        """The response with a body that its schema takes."""
        if response.status == _NO_CONTENT or not response.body:
            return response
        key = (response.status, response.body)
        body = self._known.get(key)
        if body is None:
            body = self._body(response)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = body
        return response if body is response.body else Response(response.status, response.headers, body)

    def _body(self, response: Response) -> bytes:
        pointer = self._schema(response)
        if pointer is None:
            return response.body
        try:
            value = orjson.loads(response.body)
            fitted = self._fit.whole(pointer, value)
        except (orjson.JSONDecodeError, DocumentError):
            return response.body  # not JSON, or a schema that cannot be compiled: nothing to hold it against
        return response.body if fitted is value else dump(fitted)

    def _schema(self, response: Response) -> str | None:
        """Where the schema of a JSON answer stands."""
        documented = self._operation.response_for(response.status)
        sent = (response.header("content-type") or "").partition(";")[0]
        if documented is None or "json" not in sent:
            return None
        found = documented.media.get(sent) or documented.json
        return found.schema_pointer if found else None


class Fit:
    """Values laid into schemas of one contract."""

    def __init__(self, contract: Contract, validators: Validators) -> None:
        self._contract = contract
        self._validators = validators
        self._exemplary = Sampler(contract)
        self._plain = Sampler(contract, exemplary=False)
        #: They take other alternatives, where a value of the first one is one of another as well.
        self._drawn = [Sampler(contract, exemplary=False, sparse=True)]
        for seed in range(_DRAWN):
            self._drawn.append(Sampler(contract, random.Random(seed), sparse=bool(seed % 2)))  # noqa: S311 - sample data

    def parts(self, pointer: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The schema at a pointer and all that must hold with it, each with its place."""
        return self._exemplary.parts(pointer)

    def kind(self, parts: list[tuple[str, Mapping[str, Any]]]) -> str:
        """The type of a value that all parts take."""
        return self._exemplary.kind(parts)

    def whole(self, pointer: str, value: Any) -> Any:
        """The value itself when it fits; else what is nearest to it, or a sample, whichever fits first."""
        if self._fits(pointer, value):
            return value
        nearest = self._laid(pointer, value, 0)
        if self._fits(pointer, nearest):
            return nearest
        for sampler in (self._exemplary, self._plain, *self._drawn):
            sample = self._laid(pointer, sampler.sample(pointer), 0)
            if self._fits(pointer, sample):
                return sample
        return nearest

    def _fits(self, pointer: str, value: Any) -> bool:
        return self._validators.at(pointer, "response").is_valid(value)

    def _laid(self, pointer: str, value: Any, depth: int) -> Any:
        if depth > _DEEPEST or self._fits(pointer, value):
            return value
        parts = self.parts(pointer)
        places = {
            str(n): join(at, "properties", n) for at, part in parts for n in part.get("properties") or {}
        }
        kind = self.kind(parts)
        if kind == "object" or (places and isinstance(value, Mapping)):
            made = self._object(pointer, parts, places, value, depth)
            return made if self._fits(pointer, made) else self._overlaid(pointer, made)
        items = next((join(at, "items") for at, part in parts if "items" in part), None)
        if kind == "array" and items is not None:
            listed = value if isinstance(value, list) else [] if value is None else [value]
            laid = [self._laid(items, one, depth + 1) for one in listed]
            if self._fits(pointer, laid):
                return laid
            laid = [self._overlaid(items, one) for one in laid]
            return laid if self._fits(pointer, laid) else self._sampled(pointer)
        return self._scalar(pointer, value)

    def _object(
        self,
        pointer: str,
        parts: list[tuple[str, Mapping[str, Any]]],
        places: Mapping[str, str],
        value: Any,
        depth: int,
    ) -> Any:
        if not isinstance(value, Mapping):
            # An id in a request stands for the object that has it.
            sample = self._sampled(pointer)
            named = isinstance(sample, dict) and isinstance(value, str | int) and "id" in places
            return {**sample, "id": self._laid(places["id"], value, depth + 1)} if named else sample
        required = {str(name) for _, part in parts for name in part.get("required") or ()}
        closed = any(part.get("additionalProperties") is False for _, part in parts)
        made: dict[str, Any] = {}
        for name, inner in value.items():
            if name not in places:
                if not closed:
                    made[name] = inner
            elif self._fits(places[name], inner):
                made[name] = inner
            elif inner is not None or name in required:
                made[name] = self._laid(places[name], inner, depth + 1)
        for name in required - made.keys():
            made[name] = self._sampled(places[name]) if name in places else None
        return made

    def _overlaid(self, pointer: str, value: Any) -> Any:
        """A sample with the scalars of an object that does not fit, where those fit: who it is can still be told."""
        if not isinstance(value, Mapping) or self._fits(pointer, value):
            return value
        sample = self._sampled(pointer)
        if not isinstance(sample, dict):
            return sample
        scalars = {n: v for n, v in value.items() if n in sample and not isinstance(v, dict | list)}
        for own in (scalars, {n: v for n, v in scalars.items() if n == "id"}):
            if self._fits(pointer, sample | own):
                return sample | own
        return sample

    def _scalar(self, pointer: str, value: Any) -> Any:
        return next((v for v in _spellings(value) if self._fits(pointer, v)), self._sampled(pointer))

    def _sampled(self, pointer: str) -> Any:
        """A sample, from examples when they fit."""
        for sampler in (self._exemplary, self._plain, *self._drawn):
            sample = sampler.sample(pointer)
            if self._fits(pointer, sample):
                return sample
        return self._plain.sample(pointer)


def _spellings(value: Any) -> list[Any]:
    """The same value as the other scalar types write it."""
    if isinstance(value, str):
        try:
            return [orjson.loads(value)]
        except orjson.JSONDecodeError:
            return []
    return [dump(value).decode()] if isinstance(value, int | float) else []
