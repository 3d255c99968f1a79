"""What in the contract an exchange departs from: the keyword of a schema, behind every reference.

So ten operations that share a schema are told about once (see :mod:`troth.conformance.causes`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from troth.contract import Contract, Validators
from troth.contract.model import Media, Operation
from troth.contract.parameters import ParameterReader, compile_parameters
from troth.contract.validation import Direction

__all__ = ["Blame", "Message"]

_REQUEST = "negative_data_rejection"
_RESPONSE = "response_schema_conformance"


@dataclass(frozen=True, slots=True)
class Message:
    """One half of an exchange. ``url`` is a request's, ``status`` an answer's."""

    media: str
    body: bytes
    url: str = ""
    status: int = 0


class Blame:
    """Finds the causes of what one tool reports about one contract."""

    def __init__(self, contract: Contract, validators: Validators) -> None:
        self._contract = contract
        self._validators = validators
        self._readers: dict[str, ParameterReader] = {}

    def cause(self, check: str, operation: Operation, asked: Message, answer: Message) -> str:
        """A text that is the same for the same cause; empty where nothing tells it."""
        if check == "status_code_conformance":
            return f"status {answer.status}"
        if check == "content_type_conformance":
            return f"{answer.status} {_plain(answer.media)}"
        if check == _RESPONSE:
            documented = operation.response_for(answer.status)
            return self._broken(documented.media if documented else {}, "response", answer)
        return self._accepted(operation, asked) if check == _REQUEST else ""

    def _broken(self, documented: Mapping[str, Media], direction: Direction, told: Message) -> str:
        """The first keyword that a body does not satisfy as JSON."""
        schemas = {_plain(name): media.schema_pointer for name, media in documented.items()}
        pointer = schemas.get(_plain(told.media))
        try:
            value = json.loads(told.body)
        except ValueError:
            return ""
        if pointer is None:
            return ""
        return min(
            (one.rule for one in self._validators.at(pointer, direction).violations(value)), default=""
        )

    def _accepted(self, operation: Operation, asked: Message) -> str:
        """The keyword that an accepted request breaks: of a query parameter, else of the body."""
        if operation.id not in self._readers:
            self._readers[operation.id] = compile_parameters(self._contract, self._validators, operation)
        raw = urlsplit(asked.url).query
        query = parse_qsl(raw, keep_blank_values=True)
        _, violations = self._readers[operation.id].read({}, query, {}, raw_query=raw)
        found = [one.rule for one in violations if one.location == "query" and one.rule]
        if found:
            return min(found)
        return self._broken(operation.body.media if operation.body else {}, "request", asked)


def _plain(media: str) -> str:
    """A media type without its parameters."""
    return media.partition(";")[0].strip().lower()
