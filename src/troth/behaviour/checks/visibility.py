"""Rules of visibility speak of fields, rows and callers that exist, withhold something, and don't go in circles."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.checks.formulas import inspected
from troth.behaviour.checks.ground import Ground
from troth.behaviour.expressions import SEEN
from troth.behaviour.model import Field, Reference, Resource
from troth.behaviour.seeing import Naming, Visibility
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_visibility"]


def check_visibility(ground: Ground) -> Iterator[Finding]:
    """Each rule by itself, then the circles that rules make together."""
    for resource in ground.behaviour.resources.values():
        for rule in resource.visibility:
            yield from _formulas(ground, resource, rule)
            yield from _redaction(ground, resource, rule)
            yield from _effects(ground, rule)
            for naming in rule.namings:
                yield from _naming(ground, resource, naming)
        yield from _circle(ground, resource)


def _formulas(ground: Ground, resource: Resource, rule: Visibility) -> Iterator[Finding]:
    """The condition on callers sees no row, the one on rows sees both."""
    if rule.when is not None:
        yield from inspected(ground, rule.when, join(rule.pointer, "when"), {}, {"viewer"})
    if rule.visible is not None:
        yield from inspected(ground, rule.visible, join(rule.pointer, "visible"), resource.fields, {"viewer"})


def _redaction(ground: Ground, resource: Resource, rule: Visibility) -> Iterator[Finding]:
    """Fields that are kept, masked or emptied exist; what is shown redacted is not shown whole."""
    at = join(rule.pointer, "redaction")
    for word, names in (("keep", rule.keep or ()), ("mask", rule.mask), ("empty", rule.empty)):
        for name in sorted(names):
            if resource.fields and name not in resource.fields and not ground.is_earlier_release:
                yield ground.missing_field(join(at, word, name), name, resource)
    lost = sorted((set(rule.mask) | rule.empty) - rule.keep) if rule.keep is not None else []
    for name in lost:
        word = "mask" if name in rule.mask else "empty"
        message = f"{name!r} is not kept, so there is nothing to {word}."
        yield ground.finding("keyword-without-effect", join(at, word, name), message, "warning")
    shows = "redact" in (rule.listed, rule.read, rule.embedded)
    if shows and rule.keep is None and not rule.mask and not rule.empty:
        where = next(
            word
            for word, how in (("list", rule.listed), ("read", rule.read), ("embedded", rule.embedded))
            if how == "redact"
        )
        embeds = any(True for _ in _referring(ground, resource.name))
        if where != "embedded" or embeds or "embedded" in ground.given(rule.pointer):
            message = "what is redacted is shown whole: redaction keeps, masks and empties nothing."
            yield ground.finding("redaction-without-effect", rule.pointer, message)


def _effects(ground: Ground, rule: Visibility) -> Iterator[Finding]:
    given = ground.given(rule.pointer)
    if rule.read == "hide" and "write" in given:
        message = "reading such a row answers what a missing one does, and so does every write to it."
        yield ground.finding("keyword-without-effect", join(rule.pointer, "write"), message, "warning")


def _naming(ground: Ground, resource: Resource, naming: Naming) -> Iterator[Finding]:
    """The rows exist, their field refers to this resource, and what they must name as well is a reference."""
    source = ground.behaviour.resources.get(naming.source)
    if source is None:
        known = ground.behaviour.resources
        yield ground.unknown(
            "unknown-resource", join(naming.pointer, "resource"), "resource", naming.source, known
        )
        return
    found = _field(source, naming.path)
    at = join(naming.pointer, "field")
    if found is None:
        yield ground.missing_field(at, ".".join(naming.path), source)
    elif found.reference is None or resource.name not in found.reference.to.values():
        message = f"'{'.'.join(naming.path)}' of {source.name} is no reference to {resource.name}."
        yield ground.finding("not-a-reference", at, message)
    for name in naming.seen:
        field = source.fields.get(name)
        if field is None:
            yield ground.missing_field(join(naming.pointer, "seen", name), name, source)
        elif field.reference is None:
            message = f"'{name}' of {source.name} is no reference."
            yield ground.finding("not-a-reference", join(naming.pointer, "seen", name), message)
    if naming.when is not None:
        yield from inspected(ground, naming.when, join(naming.pointer, "when"), source.fields, {"viewer"})


def _field(source: Resource, path: tuple[str, ...]) -> Field | None:
    first, *rest = path
    found = source.fields.get(first)
    if found is None or not rest:
        return found
    return (found.items or {}).get(rest[0]) if len(rest) == 1 else None


def _referring(ground: Ground, name: str) -> Iterator[Reference]:
    for resource in ground.behaviour.resources.values():
        for field, _ in ground.fields(resource):
            if field.reference is not None and name in field.reference.to.values():
                yield field.reference


def _circle(ground: Ground, resource: Resource) -> Iterator[Finding]:
    """Rows that must be seen to make others seen cannot wait for those."""
    for rule in resource.visibility:
        if resource.name in _reached(ground, _asked(ground, rule)):
            message = f"whether a row is seen would depend on whether rows of {resource.name} are seen."
            yield ground.finding("visibility-circle", rule.pointer, message)


def _reached(ground: Ground, first: set[str]) -> set[str]:
    """Resources, and those on whose visibility theirs depends in turn."""
    seen: set[str] = set()
    waiting = set(first)
    while waiting:
        name = waiting.pop()
        seen.add(name)
        target = ground.behaviour.resources.get(name)
        for rule in target.visibility if target else ():
            waiting |= _asked(ground, rule) - seen
    return seen


def _asked(ground: Ground, rule: Visibility) -> set[str]:
    """The resources whose visibility a rule asks for."""
    conditions = (rule.visible, *(naming.when for naming in rule.namings))
    found = {name for one in conditions if one for name in SEEN.findall(one.text)}
    for naming in rule.namings:
        source = ground.behaviour.resources.get(naming.source)
        fields = source.fields if source else {}
        references = (fields[name].reference for name in naming.seen if name in fields)
        found |= {naming.source, *(name for one in references if one for name in one.to.values())}
    return found
