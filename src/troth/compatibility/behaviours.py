"""Differences of ``x-behaviour``: by pointer, named by the concept that the keyword belongs to.

:data:`CONCEPTS` says which keyword paths are one thing and how it is measured. A path that no row knows is still
reported, as a plain change of behaviour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from troth.compatibility.facts import Fact
from troth.compatibility.versions import kind_of_version
from troth.contract.pointers import join

__all__ = ["CONCEPTS", "Concept", "behaviour_facts"]

JSON = Any
Measure = Literal["amount", "value", "whole", "member", "silent"]
DURATION = re.compile(r"^(\d+)\s*([smhdw]?)$")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class Concept:
    """``path`` may hold ``*`` for one step and end in ``**`` for any more.

    ``measure``: an *amount* grows and shrinks, a *value* changes, a *whole* is a value that is not compared further
    inside, a *member* comes and goes (and is compared further inside while it stays), a *silent* one is nothing that
    a client meets.
    """

    path: tuple[str, ...]
    subject: str
    measure: Measure


def _rows(*lines: str) -> tuple[Concept, ...]:
    return tuple(
        Concept(tuple(path.split(".")), subject, measure)  # type: ignore[arg-type]
        for path, subject, measure in (line.split() for line in lines)
    )


CONCEPTS: Mapping[str, tuple[Concept, ...]] = {
    "root": _rows(
        "changelog.** - silent",
        "clock.** - silent",
        "pagination.* pagination member",
        "pagination.*.maxSize page-maximum amount",
        "pagination.*.maxOffset page-reach amount",
        "pagination.*.linkHeader page-links member",
        "pagination.*.defaultSize page-default value",
        "pagination.*.oversize page-overflow value",
        "pagination.*.** pagination value",
        "query.* querying member",
        "query.populate.max populate-depth amount",
        "query.select.depth populate-depth amount",
        "query.select.default.* usual-member member",
        "query.sort.default order value",
        "query.** querying value",
        "conditional conditional member",
        "conditional.lastModified conditional member",
        "conditional.required.* required-precondition member",
        "conditional.** conditional value",
        "answers.** answer-form value",
        "idempotency idempotency member",
        "idempotency.ttl replay-window amount",
        "idempotency.maxLength key-length amount",
        "idempotency.methods.* idempotent-method member",
        "idempotency.** idempotency value",
        "rateLimits.* rate-limit member",
        "rateLimits.*.limit rate-limit amount",
        "rateLimits.*.window rate-window amount",
        "rateLimits.*.headers.* rate-header value",
        "rateLimits.*.** rate-limit value",
        "oauth token member",
        "oauth.codeTtl token-lifetime amount",
        "oauth.accessTtl token-lifetime amount",
        "oauth.refreshTtl token-lifetime amount",
        "oauth.** token value",
        "tokens token member",
        "tokens.ttl token-lifetime amount",
        "tokens.** token value",
        "tenancy tenancy member",
        "tenancy.** tenancy value",
        "scopes.read scope-template value",
        "scopes.write scope-template value",
        "scopes.aliases.* scope-alias member",
        "errors.envelope.** error-envelope value",
        "errors.mediaType error-envelope value",
        "errors.requestId.** error-envelope value",
        "errors.kinds.*.message error-message value",
        "errors.kinds.*.summary.* error-message value",
        "errors.kinds.*.envelope.** error-envelope value",
        "errors.kinds.*.detail.** error-envelope value",
        "errors.sentences.* error-message value",
        "errors.kinds.*.** error-code value",
        "versions versions member",
        "versions.releases.* version member",
        "versions.releases.*.released version-date value",
        "versions.releases.*.default promotion value",
        "versions.releases.*.backfilled backfill value",
        "versions.releases.*.retired retirement value",
        "versions.releases.*.changes.* version-change member",
        "versions.releases.*.changes.*.summary - silent",
        "versions.releases.*.changes.*.before version-difference whole",
        "versions.releases.*.changes.*.values.*.* version-difference whole",
        "versions.releases.*.changes.*.** version-difference value",
        "versions.* version-selector value",
        "writes.* write-policy value",
        "viewer.* caller-setting member",
        "viewer.*.values.* caller-setting-value member",
        "viewer.*.** caller-setting value",
        "formats.* written-form value",
        "webhooks.retries.* retry value",
        "webhooks.signing.tolerance signature-tolerance amount",
        "webhooks.signing.overlap secret-overlap amount",
        "webhooks.disable.failures failure-limit amount",
        "webhooks.modes.* delivery-mode member",
        "webhooks.modes.*.** delivery-mode value",
        "webhooks.** delivery value",
    ),
    "schema": _rows(
        "resource resource value",
        "id resource value",
        "lifecycle lifecycle member",
        "lifecycle.transitions.* transition member",
        "lifecycle.transitions.*.from.* transition-origin member",
        "lifecycle.transitions.*.to transition value",
        "lifecycle.transitions.*.when guard value",
        "lifecycle.** lifecycle value",
        "rules.* invariant member",
        "rules.*.message error-message value",
        "rules.*.refused error-code value",
        "rules.*.** invariant value",
        "events.* event member",
        "events.*.data delivery value",
        "events.*.** event value",
        "eventData delivery value",
        "filters.* filter value",
        "records.* record member",
        "records.*.** record value",
        "shared sharing member",
        "permissions.* required-permission member",
        "visible visibility value",
        "visibility.* redaction member",
        "visibility.*.namedBy.* sight member",
        "visibility.*.namedBy.*.** redaction value",
        "visibility.*.redaction.keep.* kept-field member",
        "visibility.*.redaction.mask.* withheld-field member",
        "visibility.*.redaction.empty.* withheld-field member",
        "visibility.*.reference error-code value",
        "visibility.*.write error-code value",
        "visibility.*.** redaction value",
        "order order value",
        "immutable immutability member",
        "references reference value",
        "references.** reference value",
        "computed computation value",
        "stamped computation value",
        "frozenWhen computation value",
        "emptied spelling value",
        "initial computation value",
        "initially computation value",
        "generated generation value",
        "sequence generation value",
        "editableWhile guard value",
        "inList list-form value",
        "unique uniqueness value",
        "secret.** secret value",
        "unit unit value",
    ),
    "operation": _rows(
        "through reference value",
        "parents.* reference value",
        "pagination pagination value",
        "scopes.* required-scope member",
        "permissions.* required-permission member",
        "filters.* filter value",
        "filters.*.** filter value",
        "idempotency idempotency value",
        "shorthand spelling member",
        "shorthand.into spelling value",
        "shorthand.fields.* spelling member",
        "success success-code value",
        "resource resource value",
        "kind resource value",
        "where visibility value",
        "rules.* invariant member",
        "rules.*.message error-message value",
        "rules.*.refused error-code value",
        "rules.*.** invariant value",
        "effect effect member",
        "effect.transition effect value",
        "effect.create.* effect value",
        "effect.** effect value",
        "rateLimit rate-limit value",
    ),
}


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a pair of ``x-behaviour`` maps stands: its scope, its words, both pointers."""

    scope: str
    place: str
    old: str
    new: str


def behaviour_facts(scope: str, place: str, old: tuple[JSON, str], new: tuple[JSON, str]) -> Iterator[Fact]:
    """The facts between two ``x-behaviour`` maps, each given with its pointer; an absent map is empty."""
    site = _Site(scope, place, old[1], new[1])
    before, after = (value if isinstance(value, Mapping) else {} for value in (old[0], new[0]))
    for name in _names(before, after):
        yield from _compare(site, (name,), before.get(name), after.get(name))


def _names(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> list[str]:
    return list(dict.fromkeys((*old, *new)))


def _compare(site: _Site, path: tuple[str, ...], old: JSON, new: JSON) -> Iterator[Fact]:
    if old == new and isinstance(old, bool) is isinstance(new, bool):
        return
    concept = _concept(site.scope, path)
    if concept is not None and concept.measure == "silent":
        return
    if concept is not None and concept.measure == "amount" and amount(old) == amount(new) is not None:
        return  # 24h and 1d are one window
    if concept is not None and concept.measure == "member" and (_absent(old) or _absent(new)):
        if _absent(old) is not _absent(new):
            subject = concept.subject
            if subject == "version":
                subject = kind_of_version(new if _absent(old) else old)
            yield _fact(site, path, subject, old, new)
        return
    entire = concept is not None and concept.measure == "whole"
    if not entire and isinstance(old, (Mapping, type(None))) and isinstance(new, (Mapping, type(None))):
        before, after = old or {}, new or {}
        if before or after:
            for name in _names(before, after):
                yield from _compare(site, (*path, str(name)), before.get(name), after.get(name))
            return
    yield _fact(site, path, concept.subject if concept else "behaviour", old, new, concept)


def _absent(value: JSON) -> bool:
    """Sets are maps to true: a member set to false is not in it."""
    return value is None or value is False


def _concept(scope: str, path: tuple[str, ...]) -> Concept | None:
    """The first row that matches exactly, else the first that matches with ``**``."""
    rows = CONCEPTS[scope]
    exact = (row for row in rows if "**" not in row.path and _matches(row.path, path))
    loose = (
        row for row in rows if row.path[-1] == "**" and _matches(row.path[:-1], path[: len(row.path) - 1])
    )
    return next(exact, None) or next(loose, None)


def _matches(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(pattern) == len(path) and all(
        step in ("*", given) for step, given in zip(pattern, path, strict=True)
    )


def _fact(
    site: _Site, path: tuple[str, ...], subject: str, old: JSON, new: JSON, concept: Concept | None = None
) -> Fact:
    member = concept is None or concept.measure == "member"
    action = _action(old, new, concept, membership=member and subject != "behaviour")
    words = path[-1] if subject in _NAMED and action in ("added", "removed") else None
    shown_old = (words or old) if action != "added" else None
    shown_new = (words or new) if action != "removed" else None
    named = path[:-1] if words else path
    place = ": ".join(filter(None, (site.place, ".".join(named)))) or words or path[-1]
    names = tuple(dict.fromkeys((path[-1], *path, site.place, site.place.rpartition(".")[2])))
    return Fact(
        subject,
        action,
        place,
        shown_old,
        shown_new,
        join(site.old, *path),
        join(site.new, *path),
        names=names,
        context={"keyword": ".".join(path), "scope": site.scope},
    )


_NAMED = frozenset(
    {"transition", "transition-origin", "invariant", "event", "record", "idempotent-method", "usual-member",
     "scope-alias", "required-scope", "rate-header", "pagination", "filter", "error-envelope", "delivery", "retry",
     "rate-limit", "spelling", "required-permission", "caller-setting", "caller-setting-value",
     "version", "default-version", "retired-version", "version-change", "redaction", "sight", "kept-field",
     "withheld-field"},
)  # fmt: skip
"""Subjects whose last step is the name of the thing that came or went."""


def _action(old: JSON, new: JSON, concept: Concept | None, *, membership: bool) -> str:
    if old is None or (membership and _absent(old)):
        return "added"
    if new is None or (membership and _absent(new)):
        return "removed"
    if concept is not None and concept.measure == "amount":
        before, after = amount(old), amount(new)
        if before is not None and after is not None:
            return "increased" if after > before else "decreased"
    return "changed"


def amount(value: JSON) -> float | None:
    """A number, or a duration such as ``24h`` in seconds; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    found = DURATION.match(str(value).strip())
    return int(found[1]) * SECONDS[found[2]] if found else None
