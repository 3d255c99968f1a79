"""Callers from whom a rule of visibility withholds something, and what it withholds from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from troth.behaviour.expressions import SEEN
from troth.behaviour.model import Behaviour, Field, Kind, Resource
from troth.behaviour.seeing import Visibility
from troth.conformance.actors import Actor, Onlooker
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import NotExercised

__all__ = ["Limited", "limited", "looked", "rows_within", "secrets", "told_hidden"]

_SETTING = re.compile(r"\bviewer\.(\w+)")
_TRIED = 4
_DEEPEST = 3
_SHORTEST = 4
_UNSAFE = ("enum", "format", "const")


@dataclass(frozen=True, slots=True)
class Limited:
    """A caller to whom a rule applies. ``rows`` are those of the owner by id, ``unseen`` the ids of invisible ones."""

    actor: Actor
    rows: Mapping[str, Row]
    unseen: tuple[str, ...]

    @property
    def seen(self) -> tuple[str, ...]:
        return tuple(identifier for identifier in self.rows if identifier not in self.unseen)


def limited(scene: Scene, resource: Resource, rule: Visibility) -> Limited:
    """A caller who does not see some rows of a resource. Raises NotExercised where nobody is found."""
    key = f"limited {rule.pointer}"
    if key not in scene.memory:
        scene.memory[key] = _found(scene, resource, rule)
    found = scene.memory[key]
    if not isinstance(found, Limited):
        raise NotExercised(str(found))
    return found


def _found(scene: Scene, resource: Resource, rule: Visibility) -> Limited | str:
    full = {str(row.get(resource.id_field)): row for row in scene.rows(resource, scene.owner)}
    if not full:
        return f"there are no rows of {resource.name}"
    best: Limited | None = None
    for settings in islice(_settings(scene, rule), _TRIED):
        actor = scene.cast.with_settings(settings, lambda one: _applies(scene, rule, one.settings))
        if actor is None or not _applies(scene, rule, actor.settings):
            continue
        found = looked(scene, resource, rule, actor, full)
        if found.unseen and (best is None or _tells(found) > _tells(best)):
            best = found
    return (
        best or f"nobody was found to whom the rule {rule.name!r} of {resource.name} applies and hides a row"
    )


def _tells(found: Limited) -> tuple[bool, int]:
    """Somebody who sees something tells more than who sees nothing, and who sees little more than who sees much."""
    return bool(found.seen), len(found.unseen)


def looked(
    scene: Scene,
    resource: Resource,
    rule: Visibility,
    actor: Actor,
    full: Mapping[str, Row] | None = None,
) -> Limited:
    """What a caller sees now of the rows that the owner sees."""
    name = resource.id_field
    if full is None:
        full = {str(row.get(name)): row for row in scene.rows(resource, scene.owner)}
    hidden = told_hidden(scene, resource, rule, actor, full)
    if hidden is not None:
        return Limited(actor, full, hidden)
    shown = {str(row.get(name)): row for row in scene.rows(resource, actor)}
    unseen = tuple(i for i, row in full.items() if i not in shown or _is_marked(rule, shown[i], row))
    return Limited(actor, full, unseen)


def told_hidden(
    scene: Scene, resource: Resource, rule: Visibility, actor: Actor, full: Mapping[str, Row]
) -> tuple[str, ...] | None:
    """The rows that a rule hides from a caller, where everything that it reads can be seen; None elsewhere."""
    open_ = {name for name, field in resource.fields.items() if not (field.hidden or field.write_only)}
    condition = rule.visible
    world = Questions(scene, scene.owner)
    world.viewer = Questions(scene, actor).viewer
    if rule.namings or (condition is not None and set(condition.variables) - {"viewer"} - open_):
        return None
    if condition is None:
        return tuple(full)
    if not world.reaches(condition):
        return None
    own = resource.id_field
    return tuple(i for i, row in full.items() if not condition.holds({**row, "$id": row.get(own)}, world))


def _applies(scene: Scene, rule: Visibility, settings: Mapping[str, Any]) -> bool:
    return rule.when is None or rule.when.holds({}, Onlooker(scene.behaviour, settings))


def _is_marked(rule: Visibility, shown: Row, full: Row) -> bool:
    """Whether a listed row is a redacted one, as far as its mark or what it does not show tells."""
    if rule.mark and all(shown.get(name) == value for name, value in rule.mark.items()):
        return True
    return any(shown.get(name) != value for name, value in full.items() if rule.conceals(name))


def _settings(scene: Scene, rule: Visibility) -> Iterator[dict[str, Any]]:
    """Settings for which the rule applies: every value that is read where the rule is decided."""
    texts = list(_texts(scene.behaviour, rule))
    read = dict.fromkeys(name for text in texts for name in _SETTING.findall(text))
    known = scene.behaviour.viewer
    choices = [[(name, value) for value in _values(scene, name)] for name in read if name in known]
    for chosen in product(*choices):
        settings = {**scene.owner.settings, **dict(chosen)}
        if _applies(scene, rule, settings):
            yield settings


def _texts(behaviour: Behaviour, rule: Visibility) -> Iterator[str]:
    """The expressions that decide a rule, and those of the rows that must be seen for it."""
    own = [e.text for e in (rule.when, rule.visible, *(n.when for n in rule.namings)) if e is not None]
    yield from own
    asked = {name for text in own for name in SEEN.findall(text)} | {n.source for n in rule.namings}
    for name in sorted(asked & behaviour.resources.keys()):
        for other in behaviour.resources[name].visibility:
            yield from (e.text for e in (other.when, other.visible) if e is not None and other is not rule)


def _values(scene: Scene, name: str) -> list[Any]:
    """What a setting can be: its texts, ids of some rows, or what the owner has."""
    setting = scene.behaviour.viewer[name]
    if setting.values:
        return list(setting.values)
    target = scene.behaviour.resources.get(setting.row or "")
    if target is None or scene.behaviour.binding(target.name, Kind.LIST) is None:
        return [scene.owner.settings.get(name, setting.default)]
    ids = [row.get(target.id_field) for row in scene.rows(target, scene.owner)]
    return [ids[at] for at in sorted({0, len(ids) // 2, len(ids) - 1})] if ids else [setting.default]


def secrets(resource: Resource, rule: Visibility, found: Limited) -> dict[str, tuple[str, str]]:
    """Texts that must not be shown, each with the field and the id of the row that has it and is the only one."""
    told: dict[str, list[tuple[str, str]]] = {}
    unseen = frozenset(found.unseen)
    for identifier, row in found.rows.items():
        for name, value in row.items():
            if isinstance(value, str) and len(value) >= _SHORTEST:
                told.setdefault(value, []).append((name, identifier))
    safe = {name for name, field in resource.fields.items() if not any(w in field.schema for w in _UNSAFE)}
    return {
        text: places[0]
        for text, places in told.items()
        if len(places) == 1
        and places[0][1] in unseen
        and rule.conceals(places[0][0])
        and places[0][0] in safe
    }


def rows_within(
    behaviour: Behaviour, resource: Resource, wanted: str, rows: list[Any], pointer: str = "", depth: int = 0
) -> Iterator[tuple[str, Row]]:
    """Every row of a resource in an answer, the rows themselves and those inside them, each with its place."""
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            continue
        if resource.name == wanted:
            yield f"{pointer}/{index}" if pointer or len(rows) > 1 else pointer or "/", row
        for field in resource.fields.values() if depth < _DEEPEST else ():
            for at, name, inner in _referred(field, row, f"{pointer}/{index}/{field.name}"):
                if name in behaviour.resources:
                    target = behaviour.resources[name]
                    yield from rows_within(behaviour, target, wanted, [inner], at, depth + 1)


def _referred(field: Field, row: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, str, Any]]:
    """(place, resource, row) of what stands where a field refers to other rows."""
    value, reference = row.get(field.name), field.reference
    items = value if isinstance(value, list) else [value]
    for item in items:
        if not isinstance(item, Mapping):
            continue
        if reference is None:
            for inner in (field.items or {}).values():
                yield from _referred(inner, item, f"{pointer}/{inner.name}")
            continue
        holder = row if reference.at is None else item
        word = "" if reference.by is None else str(holder.get(reference.by))
        if word in reference.to:
            yield pointer, reference.to[word], item
