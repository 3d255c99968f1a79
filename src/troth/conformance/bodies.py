"""Request bodies from schemas and examples: valid ones, and other valid ones."""

from __future__ import annotations

import copy
import pickle
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import writable_fields
from troth.conformance.addresses import leading_nowhere
from troth.conformance.values import GUESSES, given, later, number, string, type_of
from troth.contract import Validators
from troth.contract.forms import Forms
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.engine.sampling import Sampler

__all__ = ["Bodies"]

_DEPTH = 6
_FLOOR = 24
_DRAWN = 4
#: Fields that hold free words, so a number at the end makes them unique without breaking a hidden rule.
_WORDS = re.compile(
    r"(name|title|subject|description|notes?|label|summary|reference|memo|text)$", re.IGNORECASE
)


class Bodies:
    """Makes the bodies of one contract; ``nonce`` goes into everything that should be unique."""

    def __init__(
        self, contract: Contract, validators: Validators, nonce: str, known: dict[str, bytes] | None = None
    ) -> None:
        #: The candidates of each operation, the same in every run.
        self._known = {} if known is None else known
        self._contract = contract
        self._validators = validators
        self.forms = Forms(contract, validators)
        self._nonce = nonce
        #: For schemas whose keywords have to be taken together.
        self._samplers = [Sampler(contract, exemplary=False)]
        for seed in range(_DRAWN):
            self._samplers.append(Sampler(contract, random.Random(seed), sparse=bool(seed % 2)))  # noqa: S311 - bodies
        self._count = 0

    # -- valid bodies -----------------------------------------------------------------------------------------------

    def candidates(self, binding: Binding) -> list[Any]:
        """Valid bodies, the most telling first: the documented examples, everything optional, only the required."""
        if binding.id not in self._known:
            self._known[binding.id] = pickle.dumps(self._candidates(binding))
        found: list[Any] = pickle.loads(self._known[binding.id])  # noqa: S301 - written a line above
        return found

    def _candidates(self, binding: Binding) -> list[Any]:
        media = binding.input
        if media is None or media.schema_pointer is None:
            return [leading_nowhere(example) for example in media.examples.values()] if media else []
        pointer = media.schema_pointer
        found = [copy.deepcopy(example) for example in media.examples.values()]
        found += [self.value(pointer, full=full) for full in (True, False)]
        valid = self._validators.at(pointer, "request").is_valid
        if not any(valid(body) for body in found):
            sampled = [sampler.sample(pointer) for sampler in self._samplers]
            found += [self._taken(binding, body) for body in sampled] + sampled
        if binding.is_form:
            found = [self.forms.expressible(body, pointer) for body in found]
        return [self._nowhere(body, pointer) for body in found if valid(body)]

    def _taken(self, binding: Binding, body: Any) -> Any:
        """A sampled body without what only answers show."""
        if not isinstance(body, dict):
            return body
        shown = {
            name
            for name, pointer in writable_fields(self._contract, binding).items()
            if isinstance(schema := self._contract.node(pointer), Mapping) and schema.get("readOnly")
        }
        return {name: value for name, value in body.items() if name not in shown}

    def required(self, binding: Binding) -> frozenset[str]:
        media = binding.input
        if media is None or media.schema_pointer is None:
            return frozenset()
        return frozenset(self._required(media.schema_pointer))

    def is_valid(self, binding: Binding, body: Any) -> bool:
        media = binding.input
        if media is None or media.schema_pointer is None:
            return True
        return self._validators.at(media.schema_pointer, "request").is_valid(body)

    def unique(self, binding: Binding, body: Any) -> Any:
        """The same body with a new number in its free words and in what the contract calls unique."""
        if not isinstance(body, Mapping):
            return body
        made = dict(body)
        fields = binding.resource.fields if binding.resource else {}
        self._count += 1
        for name, pointer in writable_fields(self._contract, binding).items():
            wanted = _WORDS.search(name) or (name in fields and fields[name].unique)
            if name in made and isinstance(made[name], str) and wanted:
                made[name] = self._numbered(made[name], pointer)
            if name in made:
                made[name] = self._nowhere(made[name], pointer)
        return made

    def anew(self, binding: Binding, body: Any) -> Any:
        """The body of a new row without the id that an earlier one may have; with another number where it needs one."""
        name = binding.resource.id_field if binding.resource else ""
        if (
            binding.kind is not Kind.CREATE
            or not isinstance(body, dict)
            or name not in body
            or self._leads(binding, name)
        ):
            return body
        bare = {key: value for key, value in body.items() if key != name}
        if name == "id" and self.is_valid(binding, bare):
            return bare
        given = body[name]
        other: Any = given + self._count if isinstance(given, int) and not isinstance(given, bool) else None
        other = self._numbered(given, self._place(binding, name)) if isinstance(given, str) else other
        changed = body if other is None else {**body, name: other}
        return changed if self.is_valid(binding, changed) else body

    @staticmethod
    def _leads(binding: Binding, name: str) -> bool:
        """Whether a field names another row, so that no new value will do."""
        return binding.resource is not None and any(one.field == name for one in binding.resource.references)

    def _place(self, binding: Binding, name: str) -> str:
        return writable_fields(self._contract, binding)[name]

    def _nowhere(self, value: Any, pointer: str) -> Any:
        """The same value without a host that might resolve, where the schema lets it."""
        made = leading_nowhere(value)
        return made if made != value and self._validators.at(pointer, "request").is_valid(made) else value

    def _numbered(self, text: str, pointer: str) -> str:
        stem = re.sub(r" \[[0-9a-f]+-\d+\]$", "", text)
        mark = f"{self._nonce}-{self._count}"
        for made in (f"{stem} [{mark}]", f"{mark}-{stem}", mark):
            if self._validators.at(pointer, "request").is_valid(made):
                return made
        return text

    def value(self, pointer: str, *, full: bool, depth: int = 0) -> Any:
        """One value for a schema; with ``full`` every optional property is there."""
        try:
            pointer, schema = self._contract.follow(pointer)
        except KeyError:
            return None
        if not isinstance(schema, Mapping) or depth > _FLOOR:
            return None  # what requires itself has no value
        own = given(schema)
        if own is not None and self._validators.at(pointer, "request").is_valid(own[0]):
            return copy.deepcopy(own[0])
        if len(schema.get("allOf") or ()) == 1 and not schema.keys() & {"type", "properties"}:
            return self.value(
                join(pointer, "allOf", 0), full=full, depth=depth + 1
            )  # a reference with words beside
        for word in ("oneOf", "anyOf"):
            for index, branch in enumerate(schema.get(word) or ()):
                if not (isinstance(branch, Mapping) and branch.get("type") == "null"):
                    return (
                        self.value(join(pointer, word, index), full=full, depth=depth + 1)
                        if depth < _DEPTH
                        else None
                    )
        return self._typed(pointer, schema, full=full, depth=depth)

    def least(self, pointer: str) -> dict[str, Any]:
        """What an object of a schema, or of a list's items, cannot do without; nothing where no object belongs."""
        pointer, schema = self._contract.follow(pointer)
        if isinstance(schema, Mapping) and type_of(schema) == "array":
            pointer = join(pointer, "items")
        made = self.value(pointer, full=False)
        wanted = self._required(pointer)
        return {name: made[name] for name in made if name in wanted} if isinstance(made, dict) else {}

    def _typed(self, pointer: str, schema: Mapping[str, Any], *, full: bool, depth: int) -> Any:
        kind = type_of(schema)
        if kind == "object":
            return self._object(pointer, schema, full=full, depth=depth)
        if kind == "array":
            least = max(int(schema.get("minItems", 0)), 1 if full and depth < _DEPTH else 0)
            item = self.value(join(pointer, "items"), full=full, depth=depth + 1) if least else None
            return [copy.deepcopy(item) for _ in range(least)]
        if kind in ("integer", "number"):
            return number(kind, schema)
        if kind == "boolean":
            return True
        return string(schema) if kind in ("string", None) else None

    def _object(self, pointer: str, schema: Mapping[str, Any], *, full: bool, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for index in range(len(schema.get("allOf") or ())):
            part = self.value(join(pointer, "allOf", index), full=full, depth=depth)
            made |= part if isinstance(part, dict) else {}
        required = schema.get("required") or ()
        for name, inner in (schema.get("properties") or {}).items():
            hidden = isinstance(inner, Mapping) and inner.get("readOnly")
            if not hidden and (name in required or (full and depth < _DEPTH)):
                made[str(name)] = self.value(join(pointer, "properties", name), full=full, depth=depth + 1)
        return made

    def _required(self, pointer: str) -> set[str]:
        pointer, schema = self._contract.follow(pointer)
        found = set(schema.get("required") or ()) if isinstance(schema, Mapping) else set()
        for index in range(len(schema.get("allOf") or ()) if isinstance(schema, Mapping) else 0):
            found |= self._required(join(pointer, "allOf", index))
        return found

    def telling(self, binding: Binding, body: Any, names: frozenset[str], numbers: Sequence[float]) -> Any:
        """The body with two objects in each list of objects and the numbers under ``names``; None without any."""
        made, found = copy.deepcopy(body), 0
        for holder in _holders(made):
            spare = iter(numbers)
            for name in [n for n, value in holder.items() if n in names and _is_number(value)]:
                kept, holder[name] = holder[name], next(spare, 1)
                if self.is_valid(binding, made):
                    found += 1
                else:
                    holder[name] = kept
        for items in [value for holder in _holders(made) for value in holder.values() if _is_rows(value)]:
            items.append(copy.deepcopy(items[0]))
            if not self.is_valid(binding, made):
                items.pop()
        return made if found else None

    # -- other valid values -----------------------------------------------------------------------------------------

    def others(self, pointer: str, value: Any) -> Iterator[Any]:
        """Valid values of a schema that differ from a given one."""
        is_valid = self._validators.at(pointer, "request").is_valid
        try:
            schema = self._contract.follow(pointer)[1]
        except KeyError:
            return
        for other in self._variants(pointer, schema if isinstance(schema, Mapping) else {}, value):
            if other != value and is_valid(other):
                yield other

    def _variants(self, pointer: str, schema: Mapping[str, Any], value: Any) -> Iterator[Any]:
        yield from schema.get("enum") or ()
        if isinstance(value, bool):
            yield not value
        elif isinstance(value, int | float):
            step = schema.get("multipleOf") or 1
            yield from (value + step, value - step, value / 2)
        elif isinstance(value, str):
            self._count += 1
            yield from (
                self._numbered(value, pointer),
                later(value),
                f"{self._nonce}{self._count}",
                *GUESSES,
            )
        elif isinstance(value, list) and value:
            yield from ([*value, copy.deepcopy(value[0])], value[:-1])
        plain = self.value(pointer, full=True)
        yield plain
        if isinstance(plain, str) and value is None:
            yield self._numbered(plain, pointer)


def _holders(value: Any) -> list[dict[str, Any]]:
    """Every object in a body, the outermost first."""
    if isinstance(value, list):
        return [holder for item in value for holder in _holders(item)]
    if not isinstance(value, dict):
        return []
    return [value, *(holder for inner in value.values() for holder in _holders(inner))]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)
