"""Forms: objects as ``application/x-www-form-urlencoded`` (WHATWG URL section 5), read and written by a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from troth.contract.coercion import Coercion
from troth.contract.model import Contract
from troth.contract.serialization import text_of
from troth.contract.validation import Validators

__all__ = ["FORM", "Forms", "written"]

FORM = "application/x-www-form-urlencoded"


class Forms:
    """The forms of one contract. A member is a plain value or a list of such, which repeats its name."""

    def __init__(self, contract: Contract, validators: Validators) -> None:
        self._coercion = Coercion(contract, validators)

    def read(self, body: bytes, pointer: str | None) -> Any:
        """The object: list fields collect repeated names, text becomes what the schema at the pointer says."""
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        if pointer is None:
            return dict(pairs)
        reading = self._coercion.reading(pointer)
        made: dict[str, Any] = {}
        for name, text in pairs:
            place = reading.properties.get(name, reading.additional)
            many = place is not None and self._coercion.reading(place).kind == "array"
            made.setdefault(name, []).append(text) if many else made.update({name: text})
        return self._coercion.coerce(made, pointer)

    def expressible(self, value: Any, pointer: str | None) -> Any:
        """The object as it arrives, less what a form has no words for: null, objects, empty lists."""
        return self.read(written(value), pointer) if isinstance(value, Mapping) else None


def written(value: Mapping[str, Any]) -> bytes:
    """The form of an object, less what a form has no words for."""
    pairs = [
        (name, text_of(item))
        for name, member in value.items()
        for item in (member if isinstance(member, list) else [member])
        if item is not None and not isinstance(item, Mapping | list)
    ]
    return urlencode(pairs).encode()
