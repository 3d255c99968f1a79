"""Properties of two objects: which came, which went, which must be there, and which changed the way they travel."""

from __future__ import annotations

from collections.abc import Iterator

from troth.compatibility.expansion import guarded
from troth.compatibility.extensions import lifecycle_of
from troth.compatibility.facts import DIRECTIONS, Direction, Fact, Found, Pair, Pointers
from troth.compatibility.nodes import Node
from troth.compatibility.normal import Normaliser, parts_of
from troth.compatibility.places import place_of
from troth.compatibility.sides import Sides
from troth.contract.pointers import join

__all__ = ["property_facts"]

TRAVEL: tuple[tuple[str, str, Direction], ...] = (
    ("readOnly", "read-only", "request"),
    ("writeOnly", "write-only", "response"),
)


def property_facts(sides: Sides, pair: Pair, old: Node, new: Node) -> Iterator[Found]:
    """The facts of one pair of objects; what is inside a property that stays is another pair."""
    for name in sorted(new.properties.keys() - old.properties.keys()):
        yield _came(pair, name, new, sides.new)
    for name in sorted(old.properties.keys() - new.properties.keys()):
        yield _went(pair, name, old, sides.old)
    alone = (old.required ^ new.required) - (old.properties.keys() ^ new.properties.keys())
    for name in sorted(alone):
        yield _requirement(sides, pair, name, (old, new))
    for name in sorted(old.properties.keys() & new.properties.keys()):
        yield from _travel(sides, pair, name, (old, new))


def _came(pair: Pair, name: str, node: Node, reader: Normaliser) -> Found:
    subject = "required-property" if name in node.required else "property"
    pointer = node.where.get(f"properties/{name}", node.properties[name][0])
    place = place_of(reader.contract, pointer)
    fact = Fact(subject, "added", place, None, name, pair.old[0], pointer, pair=pair, names=(name,))
    return Found(fact, pair, _silent(reader, node, name))


def _went(pair: Pair, name: str, node: Node, reader: Normaliser) -> Found:
    subject = "required-property" if name in node.required else "property"
    pointer = node.where.get(f"properties/{name}", node.properties[name][0])
    place = place_of(reader.contract, pointer)
    ended = lifecycle_of(reader.node(reader.key(node.properties[name])).annotations)
    fact = Fact(
        subject, "removed", place, name, None, pointer, pair.new[0], pair=pair, names=(name,), context=ended
    )
    return Found(fact, pair, _silent(reader, node, name))


def _silent(reader: Normaliser, node: Node, name: str) -> frozenset[Direction]:
    """The directions in which a property does not travel; none for one that is required but not described."""
    pointers = node.properties.get(name)
    annotations = reader.node(reader.key(pointers)).annotations if pointers else {}
    return frozenset(direction for direction in DIRECTIONS if guarded(annotations, direction))


def _requirement(sides: Sides, pair: Pair, name: str, nodes: tuple[Node, Node]) -> Found:
    old, new = nodes
    became = name in new.required
    node, reader = (new, sides.new) if became else (old, sides.old)
    pointer_old = old.where.get(f"properties/{name}", pair.old[0])
    pointer_new = new.where.get(f"properties/{name}", pair.new[0])
    stating = _demanding(reader, pair.new if became else pair.old, name)
    described = (pointer_new if became else pointer_old).rpartition("/properties/")[0]
    if stating is None or stating == described or name not in node.properties:
        place = place_of(sides.new.contract, pointer_new)
    else:  # the property is described elsewhere, for others too: the edit is where it is demanded
        place = place_of(reader.contract, join(stating, "properties", name))
        pointer_old, pointer_new = (
            (pointer_old, join(stating, "required")) if became else (join(stating, "required"), pointer_new)
        )
    fact = Fact(
        "required",
        "added" if became else "removed",
        place if name in node.properties else f"{place}.{name}",
        not became,
        became,
        pointer_old,
        pointer_new,
        pair=pair,
        names=(name,),
    )
    return Found(fact, pair, _silent(reader, node, name))


def _demanding(reader: Normaliser, pointers: Pointers, name: str) -> str | None:
    """The schema that demands a property, among the parts that make up a conjunction."""
    waiting, seen = list(pointers), set()
    while waiting:
        at = waiting.pop(0)
        schema = reader.raw(at)
        if at in seen or not isinstance(schema, dict):
            continue
        seen.add(at)
        if name in schema.get("required", ()):
            return at
        waiting += parts_of(schema, at)
    return None


def _stating(reader: Normaliser, node: Node, name: str, keyword: str) -> str:
    """The one of a property's schemas that says a keyword, where several parts of an object describe it."""
    said = (
        at for at in node.properties[name] if isinstance(schema := reader.raw(at), dict) and keyword in schema
    )
    return next(said, node.where[f"properties/{name}"])


def _travel(sides: Sides, pair: Pair, name: str, nodes: tuple[Node, Node]) -> Iterator[Found]:
    """``readOnly`` and ``writeOnly`` set or lifted: the property leaves or enters one direction."""
    old, new = nodes
    one = sides.old.node(sides.old.key(old.properties[name])).annotations
    other = sides.new.node(sides.new.key(new.properties[name])).annotations
    for keyword, subject, direction in TRAVEL:
        where = _stating(sides.old, old, name, keyword), _stating(sides.new, new, name, keyword)
        before, after = one.get(keyword) is True, other.get(keyword) is True
        if before == after:
            continue
        required = "required-" if before and name in new.required else ""
        action = "added" if after else "removed"
        place = place_of(sides.new.contract, where[1])
        fact = Fact(required + subject, action, place, before, after, *where, names=(name,))
        yield Found(fact, pair, frozenset(DIRECTIONS) - {direction})
