"""What callers with other settings are shown: lists, single rows, rows inside rows, and what filters find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.occasions import Place
from troth.behaviour.seeing import Visibility
from troth.behaviour.sightings import embedding
from troth.conformance.assurances import assure
from troth.conformance.exchanges import Exchange
from troth.conformance.onlookers import Limited, limited, rows_within, secrets, told_hidden
from troth.conformance.paging import holds_slot, items_of, slot_of
from troth.conformance.probes.totals import total as counted
from troth.conformance.probes.visibility_order import unsorted
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["listed", "redacted", "searched"]

_TRIED = 3
_READ = 5


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only where there is one
    return binding.resource


def _each(scene: Scene, resource: Resource) -> Iterator[tuple[Visibility, Limited]]:
    """Each rule of a resource with a caller to whom it applies. Raises NotExercised when there is none for any."""
    reasons, found = [], []
    for rule in resource.visibility:
        try:
            found.append((rule, limited(scene, resource, rule)))
        except NotExercised as reason:
            reasons.append(str(reason))
    if not found:
        raise NotExercised("; ".join(reasons))
    yield from found


def listed(scene: Scene, binding: Binding) -> None:
    """No redacted row, no row that the rule excludes, every row that it includes, and as many as are counted."""
    resource, name = _resource(binding), _resource(binding).id_field
    for rule, found in _each(scene, resource):
        if rule.listed != "hide":
            continue
        rows, exchanges = scene.listed(binding, found.actor)
        for row in rows:
            full = found.rows.get(str(row.get(name)))
            if full is not None and _is_redacted(rule, row, full):
                raise Violated(
                    "An invisible row is listed",
                    exchanges[0],
                    row=dict(row),
                    deviation="extra",
                )
        total = slot_of(binding, exchanges[0], "total") if holds_slot(binding, "total") else len(rows)
        if total != len(rows):
            assure(scene, binding, counted, "pagination.total")
            raise Violated(
                f"The list has {len(rows)} rows and counts {total}",
                exchanges[0],
                deviation="count",
            )
        _as_ruled(scene, binding, rule, found, {str(row.get(name)) for row in rows}, exchanges[0])


def _is_redacted(rule: Visibility, row: Row, full: Row) -> bool:
    return any(row.get(n) == v != full.get(n) for n, v in rule.mark.items()) or set(row) < set(full)


def _as_ruled(
    scene: Scene, binding: Binding, rule: Visibility, found: Limited, shown: set[str], exchange: Exchange
) -> None:
    """The rows listed are those for which the rule's condition holds, where that can be told from outside."""
    resource = _resource(binding)
    if len(resource.visibility) > 1:
        return
    hidden = told_hidden(scene, resource, rule, found.actor, found.rows)
    for identifier, row in found.rows.items() if hidden is not None else ():
        if (identifier in (hidden or ())) is (identifier in shown):
            how = "has an invisible" if identifier in shown else "leaves out a visible"
            told = rule.visible.text if rule.visible else ""
            raise Violated(f"The list {how} row: {told}", exchange, row=dict(row))


def redacted(scene: Scene, binding: Binding) -> None:
    """Invisible rows are shown as the rule says: alone, in a list, and wherever another row shows them."""
    resource = _resource(binding)
    tried, reasons = 0, []
    place = Place(scene.contract, scene.behaviour, binding)
    targets = [resource, *(target for _, target in embedding(place))]
    for target in {one.name: one for one in targets if one.visibility}.values():
        try:
            for rule, found in _each(scene, target):
                alone = target is resource and binding.kind is Kind.READ
                if alone:
                    _read(scene, binding, rule, found)
                tried += alone + _within(scene, binding, target, rule, found)
        except NotExercised as reason:
            reasons.append(str(reason))
    if not tried:
        raise NotExercised("; ".join(reasons) or "no answer shows a row that is withheld from somebody")


def _read(scene: Scene, binding: Binding, rule: Visibility, found: Limited) -> None:
    """One invisible row by its id; the owner reads the same row as it is."""
    full = found.rows[found.unseen[0]]
    identifier = full[_resource(binding).id_field]
    answer = scene.call(found.actor, binding, identifier=identifier, row=full)
    whole = scene.call(scene.owner, binding, identifier=identifier, row=full)
    if rule.read == "hide":
        wanted = scene.kind(scene.behaviour.tenancy.foreign_read).status
        if answer.status != wanted:
            raise Violated(f"An invisible row answers {answer.status} instead of {wanted}", answer)
        return
    row, own = scene.unwrapped(binding, answer), scene.unwrapped(binding, whole)
    problem = _departure(rule, row, own)
    if problem:
        raise Violated(
            f"An invisible row is not redacted as declared: {problem}",
            answer,
            whole,
            deviation="value",
        )
    if any(own.get(name) == value for name, value in rule.mark.items()):
        raise Violated("A row is redacted for a caller who may see it", whole, deviation="missing")


def _departure(rule: Visibility, row: Row, full: Row) -> str:
    """What is wrong with a redacted row, in words; empty when nothing is."""
    for name, value in rule.mark.items():
        if row.get(name) != value:
            return f"'{name}' is {row.get(name)!r} instead of {value!r}"
    for name in row.keys() - rule.mark.keys():
        if rule.keep is not None and name not in rule.keep:
            return f"'{name}' is shown"
        if name in rule.empty and row[name] is not None:
            return f"'{name}' is not null"
        if name in rule.mask and full.get(name) and not _is_masked(row[name], rule.mask[name]):
            return f"'{name}' is not masked"
    return ""


def _is_masked(value: Any, mask: str) -> bool:
    return value is None or value == mask or (isinstance(value, str) and set(value) == set(mask))


def _within(scene: Scene, binding: Binding, target: Resource, rule: Visibility, found: Limited) -> int:
    """How many invisible rows an answer shows, each of them redacted and without a text that must stay hidden."""
    hidden, count = secrets(target, rule, found), 0
    for rows, answer in _answers(scene, binding, found):
        for pointer, row in rows_within(scene.behaviour, _resource(binding), target.name, rows):
            identifier = str(row.get(target.id_field))
            if identifier not in found.unseen:
                continue
            count += 1
            where = f"{pointer} (one of {target.name})"
            if problem := _departure(rule, row, found.rows[identifier]):
                raise Violated(f"An invisible row is not redacted as declared at {where}: {problem}", answer)
            told = next((text for _, text in _texts(row) if text in hidden), None)
            if told is not None:
                raise Violated(
                    f"'{hidden[told][0]}' of an invisible row is shown at {where}",
                    answer,
                    deviation="extra",
                )
    return count


def _answers(scene: Scene, binding: Binding, found: Limited) -> Iterator[tuple[list[Any], Exchange]]:
    """What the operation answers to the caller, with rows inside rows as deep as they go."""
    profile, resource = binding.query.populate, _resource(binding)
    query: list[tuple[str, Any]] = [(profile.parameter, profile.most)] if profile else []
    query += scene.deep_selection(binding)
    if binding.kind is Kind.LIST:
        answer = scene.call(found.actor, binding, query=query, plain=False)
        yield list(items_of(binding, answer)), answer
        return
    for row in scene.rows(resource, scene.owner)[:_READ]:
        answer = scene.call(
            found.actor, binding, identifier=row[resource.id_field], row=row, query=query, plain=False
        )
        if answer.ok:
            yield [scene.unwrapped(binding, answer)], answer


def _texts(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer or "/", value
    items = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, inner in items:
        yield from _texts(inner, f"{pointer}/{name}")


def searched(scene: Scene, binding: Binding) -> None:
    """No filter, condition or order by a value that the caller may not see shows anything of it."""
    resource, tried = _resource(binding), 0
    for rule, found in _each(scene, resource):
        tried += _unconditioned(scene, binding, rule, found)
        tried += unsorted(scene, binding, rule, found) if rule.listed == "redact" else 0
        texts = {identifier: text for text, (_, identifier) in secrets(resource, rule, found).items()}
        for one in binding.filters:
            for identifier in found.unseen[:_TRIED]:
                value = texts.get(identifier)
                if one.op in ("eq", "in"):
                    value = found.rows[identifier].get(one.field) if rule.conceals(one.field) else None
                if isinstance(value, str | int | float) and one.op in ("eq", "in", "search", "contains"):
                    tried += _silent(scene, binding, found, (one.parameter, value), identifier)
    if not tried:
        raise NotExercised("no filter finds an invisible row even for a caller who sees it")


def _unconditioned(scene: Scene, binding: Binding, rule: Visibility, found: Limited) -> int:
    """The same for conditions: one for each withheld value of an invisible row."""
    profile, tried = binding.query.conditions, 0
    row = found.rows[found.unseen[0]]
    for name, value in row.items() if profile else ():
        if profile and rule.conceals(name) and isinstance(value, str | int | float) and str(value):
            told = str(value).lower() if isinstance(value, bool) else value
            query = (f"{profile.parameter}[{name}][equals]", told)
            tried += _silent(scene, binding, found, query, found.unseen[0])
    return tried


def _silent(scene: Scene, binding: Binding, found: Limited, asked: tuple[str, Any], identifier: str) -> int:
    name = _resource(binding).id_field
    query = [asked]
    own, _ = scene.listed(binding, scene.owner, query=query)
    if identifier not in {str(row.get(name)) for row in own}:
        return 0
    rows, exchanges = scene.listed(binding, found.actor, query=query)
    if identifier in {str(row.get(name)) for row in rows}:
        raise Violated(
            f"'{asked[0]}' finds a row by what is withheld of it",
            exchanges[0],
            deviation="extra",
            field=asked[0],
        )
    total = slot_of(binding, exchanges[0], "total")
    if isinstance(total, int) and total > len(rows):
        assure(scene, binding, counted, "pagination.total")
        raise Violated(
            f"'{asked[0]}' counts a row that the caller may not see",
            exchanges[0],
            deviation="count",
            field=asked[0],
        )
    if not exchanges[0].ok:
        raise Inconclusive(f"answers {exchanges[0].status}")
    return 1
