"""Who may call: requirements of operations, their alternatives and scopes, and the schemes themselves.

A requirement is a set of alternatives. A caller who satisfied an old alternative is still let in when some new
alternative asks for no more schemes and no more scopes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from troth.compatibility.facts import Fact
from troth.compatibility.operations import OperationPair
from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = ["renamed_schemes", "scheme_facts", "security_facts"]

JSON = Any
Alternative = Mapping[str, tuple[str, ...]]


def renamed_schemes(old: Contract, new: Contract) -> Mapping[str, str]:
    """Old names of schemes that say the same under another name, with the new ones: no client knows their names."""
    gone = {name: scheme for name, scheme in old.security_schemes.items() if name not in new.security_schemes}
    come = {name: scheme for name, scheme in new.security_schemes.items() if name not in old.security_schemes}
    found: dict[str, str] = {}
    for name, scheme in gone.items():
        other = next((each for each in come if _undescribed(come[each]) == _undescribed(scheme)), None)
        if other is not None:
            found[name] = other
            del come[other]
    return found


def _undescribed(scheme: JSON) -> JSON:
    """A scheme without the words about it and its scopes."""
    if not isinstance(scheme, Mapping):
        return scheme
    plain = {
        key: _undescribed(value) for key, value in scheme.items() if key not in ("description", "scopes")
    }
    scopes = scheme.get("scopes")
    return plain | ({"scopes": sorted(scopes)} if isinstance(scopes, Mapping) else {})


def security_facts(pair: OperationPair, renamed: Mapping[str, str]) -> Iterator[Fact]:
    """How the requirement of one operation changed, scopes apart from alternatives."""
    old, new = _alternatives(pair.old.security), _alternatives(pair.new.security)
    old = [{renamed.get(name, name): scopes for name, scopes in one.items()} for one in old]
    if _alike(old, new):
        return
    label = f"{pair.new.method.upper()} {pair.new.path}"

    def fact(subject: str, action: str, before: JSON, after: JSON, names: Iterable[str] = ()) -> Fact:
        return Fact(
            subject,
            action,
            label,
            before,
            after,
            join(pair.old.pointer, "security"),
            join(pair.new.pointer, "security"),
            pair.new.id,
            names=(label, pair.new.path, *names),
        )

    if _is_open(old) or _is_open(new):
        if _is_open(old) != _is_open(new):
            yield fact("security", "added" if _is_open(old) else "removed", _shown(old), _shown(new))
        return
    gone, come = _without(old, new), _without(new, old)
    for one, other in _paired(gone, come):
        gone.remove(one)
        come.remove(other)
        yield from _rescoped(fact, one, other, new)
    for alternative in gone:
        lets_in = any(_asks_no_more(other, alternative) for other in new)
        subject = "relaxed-security-alternative" if lets_in else "security-alternative"
        yield fact(subject, "removed", _words(alternative, old), None, alternative)
    for alternative in come:
        yield fact("security-alternative", "added", None, _words(alternative, new), alternative)


def _rescoped(
    fact: Callable[..., Fact], old: Alternative, new: Alternative, offered: list[Alternative]
) -> Iterator[Fact]:
    """Scopes that an alternative asks for now, unless another one takes the old ones; and those that it waives."""
    added = {scope for name in old for scope in set(new[name]) - set(old[name])}
    removed = {scope for name in old for scope in set(old[name]) - set(new[name])}
    if added and not any(_asks_no_more(other, old) for other in offered):
        yield fact("scope", "added", None, sorted(added), added)
    if removed:
        yield fact("scope", "removed", sorted(removed), None, removed)


def _paired(gone: list[Alternative], come: list[Alternative]) -> list[tuple[Alternative, Alternative]]:
    """Alternatives of the same schemes with other scopes: the one of its kind, or those that share a scope."""
    pairs: list[tuple[Alternative, Alternative]] = []
    left, right = list(gone), list(come)
    for one in gone:
        alike = [other for other in right if one.keys() == other.keys()]
        lone = len(alike) == 1 and sum(one.keys() == other.keys() for other in left) == 1
        best = max(alike, key=lambda other: _shared(one, other), default=None)
        if best is not None and (lone or _shared(one, best)):
            pairs.append((one, best))
            left.remove(one)
            right.remove(best)
    return pairs


def _shared(one: Alternative, other: Alternative) -> int:
    return sum(len(set(one[name]) & set(other[name])) for name in one)


def _without(here: list[Alternative], there: list[Alternative]) -> list[Alternative]:
    """The alternatives that the other side does not have as they are."""
    return [one for one in here if not any(_same(one, other) for other in there)]


def _alternatives(security: Iterable[Alternative]) -> list[Alternative]:
    return list(security) or [{}]


def _is_open(alternatives: list[Alternative]) -> bool:
    return any(not alternative for alternative in alternatives)


def _alike(old: list[Alternative], new: list[Alternative]) -> bool:
    return all(any(_same(a, b) for b in new) for a in old) and all(any(_same(a, b) for a in old) for b in new)


def _same(one: Alternative, other: Alternative) -> bool:
    return one.keys() == other.keys() and all(set(one[name]) == set(other[name]) for name in one)


def _asks_no_more(new: Alternative, old: Alternative) -> bool:
    return all(name in old and set(scopes) <= set(old[name]) for name, scopes in new.items())


def _words(alternative: Alternative, among: Iterable[Alternative] = ()) -> str:
    """The schemes of an alternative, with their scopes where another alternative is of the same schemes."""
    alone = sum(alternative.keys() == other.keys() for other in among) < 2  # noqa: PLR2004 - itself and another
    named = [
        name if alone or not alternative[name] else f"{name} ({', '.join(sorted(alternative[name]))})"
        for name in sorted(alternative)
    ]
    return " and ".join(named) or "no credentials"


def _shown(alternatives: list[Alternative]) -> list[str]:
    return [_words(alternative, alternatives) for alternative in alternatives]


def scheme_facts(old: Contract, new: Contract, renamed: Mapping[str, str]) -> Iterator[Fact]:
    """Security schemes of the document: added, removed, sent differently, and the scopes they offer."""
    same = renamed.keys() | set(renamed.values())
    for name in sorted((old.security_schemes.keys() | new.security_schemes.keys()) - same):
        before, after = old.security_schemes.get(name), new.security_schemes.get(name)
        pointer = join("/components/securitySchemes", name)
        if before is None or after is None:
            action = "added" if before is None else "removed"
            yield Fact(
                "security-scheme",
                action,
                f"security scheme {name}",
                before,
                after,
                pointer if before is not None else None,
                pointer if after is not None else None,
                names=(name,),
            )
            continue
        yield from _scheme(name, pointer, before, after)


def _scheme(name: str, pointer: str, old: Mapping[str, JSON], new: Mapping[str, JSON]) -> Iterator[Fact]:
    place = f"security scheme {name}"
    for key in ("type", "in", "name", "scheme", "bearerFormat", "openIdConnectUrl"):
        if old.get(key) != new.get(key):
            subject = (
                "security-scheme-detail" if key in ("bearerFormat", "openIdConnectUrl") else "security-scheme"
            )
            yield Fact(
                subject,
                "changed",
                place,
                {key: old.get(key)},
                {key: new.get(key)},
                pointer,
                pointer,
                names=(name,),
            )
            if key == "type":  # what a scheme of another type says besides is part of being another
                return
    ended = old.get("deprecated") is True, new.get("deprecated") is True
    if ended[0] != ended[1]:
        action = "added" if ended[1] else "removed"
        subject = "security-scheme-deprecation"
        yield Fact(subject, action, place, *ended, pointer, pointer, names=(name,))
    before, after = old.get("flows") or {}, new.get("flows") or {}
    for flow in sorted(before.keys() | after.keys()):
        where = join(pointer, "flows", flow)
        if flow not in before or flow not in after:
            yield Fact(
                "security-flow",
                "added" if flow not in before else "removed",
                f"flow {flow} of {place}",
                None,
                None,
                where if flow in before else pointer,
                where if flow in after else pointer,
                names=(flow,),
            )
            continue
        yield from _flow(f"flow {flow} of {place}", where, before[flow], after[flow])


def _flow(place: str, pointer: str, old: Mapping[str, JSON], new: Mapping[str, JSON]) -> Iterator[Fact]:
    for key in ("authorizationUrl", "tokenUrl", "refreshUrl"):
        if old.get(key) != new.get(key):
            yield Fact(
                "security-flow-url",
                "changed",
                place,
                old.get(key),
                new.get(key),
                join(pointer, key),
                join(pointer, key),
                names=(key,),
            )
    before, after = old.get("scopes") or {}, new.get("scopes") or {}
    for scope in sorted(after.keys() - before.keys()):
        yield Fact(
            "offered-scope",
            "added",
            place,
            None,
            scope,
            pointer,
            join(pointer, "scopes", scope),
            names=(scope,),
        )
    for scope in sorted(before.keys() - after.keys()):
        yield Fact(
            "offered-scope",
            "removed",
            place,
            scope,
            None,
            join(pointer, "scopes", scope),
            pointer,
            names=(scope,),
        )
