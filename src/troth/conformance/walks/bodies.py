"""Bodies of walks: valid ones with values that are easily mishandled, and some with one thing wrong with them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from troth.behaviour.model import Binding, Kind, Reference
from troth.behaviour.occasions import writable_fields
from troth.conformance.scene import Scene
from troth.conformance.walks.steps import Book, Known, Ref

if TYPE_CHECKING:
    from troth.conformance.walks.drawing import Chance

__all__ = ["WalkBodies"]

_NUMBERS = (0, 1, 2, 3, 7, 10, 77, 100, 0.125, 2.5, 19.99, 33.33, 1000.01, 12345.67)
_TEXTS = ("a", "Ünïcode ✓", "O'Hara & Söhne", "<b>bold</b>", "100 %", "null", "0")
_DAYS = ("2026-01-31", "2024-02-29", "2026-06-15", "2031-12-31")
_WRONG: tuple[Any, ...] = ({"no": "object"}, [["no list"]], "no number", 12345.75, True, "")
_LONGEST = 300


class WalkBodies:
    """Draws the bodies of one scene's operations; references lead to rows that ``need`` gives."""

    def __init__(self, scene: Scene, need: Callable[[str, str], Known | None]) -> None:
        self._scene = scene
        self._need = need
        self._candidates: dict[str, list[Any]] = {}
        self._pools: dict[str, list[Any]] = {}

    def plain(self, binding: Binding, book: Book, role: str) -> Any:
        """The first body that fits the schema, with rows of the role in it; None without one."""
        found = self._known(binding)
        if not found or not isinstance(found[0], dict):
            return None
        bodies = self._scene.bodies
        body = bodies.anew(binding, bodies.unique(binding, copy.deepcopy(found[0])))
        return body if self._referring(binding, body, role, book, None) else None

    def draw(self, binding: Binding, book: Book, role: str, chance: Chance) -> tuple[Any, str]:
        """(body, what is wrong with it); None where a reference has nowhere to lead."""
        body = self._start(binding, chance)
        if not isinstance(body, dict):
            return body, ""
        written = writable_fields(self._scene.contract, binding)
        for _ in range(chance.of((1, 2, 3))):
            self._vary(binding, body, written, chance)
        made = self._scene.bodies.anew(binding, self._scene.bodies.unique(binding, body))
        if not self._referring(binding, made, role, book, chance):
            return None, ""
        return self._broken(binding, made, written, chance) if chance.one_in(7) else (made, "")

    def _known(self, binding: Binding) -> list[Any]:
        if binding.id not in self._candidates:
            self._candidates[binding.id] = self._scene.bodies.candidates(binding)
        return self._candidates[binding.id]

    def _start(self, binding: Binding, chance: Chance) -> Any:
        """A change begins with nothing, a new row with any of the known bodies, less a member now and then."""
        if binding.kind is Kind.UPDATE:
            return {}
        known = self._known(binding)
        if not known:
            return None
        body = copy.deepcopy(chance.of(known))
        for name in list(body) if isinstance(body, dict) and binding.kind is Kind.CREATE else ():
            rest = {other: value for other, value in body.items() if other != name}
            if chance.one_in(6) and self._scene.bodies.is_valid(binding, rest):
                body = rest
        return body

    def _vary(
        self, binding: Binding, body: dict[str, Any], written: Mapping[str, str], chance: Chance
    ) -> None:
        """One member of the body is given another valid value."""
        if not written:
            return
        name = chance.of(sorted(written))
        values = self._values(written[name])
        if not values:
            return
        before = dict(body)
        body[name] = copy.deepcopy(chance.of(values))
        if binding.kind is not Kind.UPDATE and not self._scene.bodies.is_valid(binding, body):
            body.clear()
            body.update(before)

    def _values(self, pointer: str) -> list[Any]:
        """A few valid values of a schema: the plain one, its bounds, and some that are easily mishandled."""
        if pointer not in self._pools:
            is_valid = self._scene.validators.at(pointer, "request").is_valid
            found: dict[str, Any] = {}
            for value in self._tried(pointer):
                if is_valid(value):
                    found.setdefault(repr(value), value)
            self._pools[pointer] = list(found.values())
        return self._pools[pointer]

    def _tried(self, pointer: str) -> Iterator[Any]:
        schema = self._schema(pointer)
        plain = self._scene.bodies.value(pointer, full=True)
        yield from (plain, *(schema.get("enum") or ()), None)
        if isinstance(plain, bool):
            yield from (True, False)
        elif isinstance(plain, int | float):
            yield from (*_NUMBERS, schema.get("minimum"), schema.get("maximum"))
        elif isinstance(plain, str):
            most = min(int(schema.get("maxLength", _LONGEST)), _LONGEST)
            yield from (*_TEXTS, "x" * most, *_DAYS, *(f"{day}T10:30:00.000Z" for day in _DAYS))
        elif isinstance(plain, list):
            yield from ([], plain * 2, [self._scene.bodies.value(f"{pointer}/items", full=False)])
        elif isinstance(plain, Mapping):
            yield self._scene.bodies.value(pointer, full=False)

    def _schema(self, pointer: str) -> Mapping[str, Any]:
        schema = self._scene.contract.follow(pointer)[1]
        return schema if isinstance(schema, Mapping) else {}

    def _referring(
        self, binding: Binding, body: dict[str, Any], role: str, book: Book, chance: Chance | None
    ) -> bool:
        """References in the body lead to rows of the walk; False where a needed one cannot."""
        required = self._scene.bodies.required(binding)
        for reference in binding.resource.references if binding.resource else ():
            if reference.identifier(body) in (None, []):
                continue
            target = reference.target(body)
            known = self._need(target, role) if target else None
            if known is None:
                if reference.field in required:
                    return False
                del body[reference.field]
                continue
            if chance is not None and chance.one_in(9):
                known = chance.of([one for one in book.rows.values() if one.resource == target])
            body[reference.field] = _named(reference, body, Ref(known.name))
        return True

    def _broken(
        self, binding: Binding, body: dict[str, Any], written: Mapping[str, str], chance: Chance
    ) -> tuple[Any, str]:
        """The body with one thing wrong: a member of another type, out of bounds, unknown to an enum, or missing."""
        if not written:
            return body, ""
        name = chance.of(sorted(written))
        wrong = [
            (f"'{name}' is {value!r}", {**body, name: value})
            for value in (chance.of(_WRONG), *self._bounds(written[name]))
        ]
        if name in body:
            wrong.append((f"'{name}' is missing", {n: v for n, v in body.items() if n != name}))
        found = [
            (made, told) for told, made in wrong if not self._scene.bodies.is_valid(binding, _bare(made))
        ]
        return chance.of(found) if found else (body, "")

    def _bounds(self, pointer: str) -> Iterator[Any]:
        schema = self._schema(pointer)
        if isinstance(schema.get("maximum"), int | float):
            yield schema["maximum"] + 1
        if isinstance(schema.get("minimum"), int | float):
            yield schema["minimum"] - 1
        if isinstance(schema.get("maxLength"), int) and schema["maxLength"] < _LONGEST:
            yield "x" * (schema["maxLength"] + 1)
        if schema.get("enum"):
            yield "no such value"


def _named(reference: Reference, body: Mapping[str, Any], ref: Ref) -> Any:
    if reference.at is not None:
        return {**body[reference.field], reference.at: ref}
    return [ref] if reference.many else ref


def _bare(value: Any) -> Any:
    """A body with some id where a row is meant."""
    if isinstance(value, Ref):
        return "0" * 24
    if isinstance(value, Mapping):
        return {name: _bare(inner) for name, inner in value.items()}
    return [_bare(inner) for inner in value] if isinstance(value, list) else value
