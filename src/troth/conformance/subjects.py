"""The faults that a contract brings with it: those of the catalogue that it can have, and those derived from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from troth.behaviour.aftermaths import referring
from troth.behaviour.bending import OPERATORS, Operator, bends_of
from troth.behaviour.model import Behaviour, Binding, Kind
from troth.behaviour.moves import undeclared_moves
from troth.behaviour.occasions import written_references
from troth.conformance.instruments import Instruments
from troth.conformance.needs import NEEDS
from troth.conformance.paging import holds_slot
from troth.conformance.probes.authentication import challenges
from troth.engine.faults import FAULTS
from troth.errors import UsageError, did_you_mean

__all__ = ["OPERATORS", "Subject", "chosen", "operator_of", "subjects_of"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One fault. Any of ``clauses`` names it rightly; the first is the expected one."""

    name: str
    operator: Operator
    clauses: tuple[str, ...]
    summary: str

    @property
    def clause(self) -> str:
        return self.clauses[0]


#: What a fault of the catalogue does to its clause, where it does not simply drop it.
_OPERATORS: Mapping[Operator, str] = MappingProxyType(
    {
        "invert": "has-more-wrong foreign-forbidden foreign-action-forbidden foreign-parent-forbidden "
        "foreign-reference-told method-not-found moment-exact",
        "widen": "total-unfiltered "
        "page-size-unbounded bad-credential-accepted hidden-shown page-repeats-row cursor-repeats-row "
        "update-clobbers filters-ored list-appended key-any-case "
        "unknown-condition-accepted action-unchecked transition-unchecked event-unasked event-repeated "
        "code-reusable code-unbound scope-widened code-lasts token-lasts bearer-lasts key-lasts",
        "off-by-one": "offset-dropped "
        "page-skips-row filter-drops-row total-wrong shared-apart retry-hasty key-forgotten "
        "has-more-when-full",
        "stale": "remaining-stuck create-not-persisted update-not-persisted delete-noop record-lost effect-ignored "
        "frozen-followed signature-stale computed-stale computed-left-behind first-value-follows "
        "updated-stuck list-stale deleted-found deleted-counted reset-moves",
        "swap-identity": "leak-foreign-read leak-foreign-list leak-foreign-write leak-foreign-action "
        "foreign-reference-accepted stranger-accepted idempotency-cross-tenant error-code-wrong "
        "leak-foreign-event leak-foreign-below leak-foreign-condition leak-foreign-total limit-shared "
        "unique-across-tenants foreign-told state-told stranger-acts",
    }
)


def _has_slot(template: object, slot: str) -> bool:
    if isinstance(template, Mapping):
        return any(_has_slot(inner, slot) for inner in template.values())
    if isinstance(template, list):
        return any(_has_slot(inner, slot) for inner in template)
    return template == f"${slot}"


def _rotates(behaviour: Behaviour) -> bool:
    oauth = behaviour.authentication.oauth
    return oauth is not None and oauth.rotate


def _positioned(behaviour: Behaviour) -> bool:
    """Whether a list is cut into pages by number or offset."""
    pages = (b.pagination for b in behaviour.bindings.values() if b.kind is Kind.LIST and b.pagination)
    return any(page.position and page.size and page.style != "cursor" for page in pages)


def _challenges(behaviour: Behaviour) -> bool:
    """Whether an operation that takes a credential documents the challenge of its 401."""
    secured = (b for b in behaviour.bindings.values() if b.operation.security and all(b.operation.security))
    return any(challenges(binding) for binding in secured)


def _totalled(behaviour: Behaviour) -> Iterator[Binding]:
    """Lists that say how many rows there are."""
    for binding in behaviour.bindings.values():
        if binding.kind is Kind.LIST and holds_slot(binding, "total"):
            yield binding


def _says(behaviour: Behaviour, *slots: str) -> bool:
    """Whether pages say something of their place."""
    lists = [b for b in behaviour.bindings.values() if b.kind is Kind.LIST]
    return any(holds_slot(binding, slot) for binding in lists for slot in slots)


def _narrows(binding: Binding) -> bool:
    """Whether a list has a filter for equality, or conditions."""
    plain = any(one.op == "eq" and not (one.where or one.separator) for one in binding.filters)
    return plain or binding.query.conditions is not None


def _sorts_withheld(behaviour: Behaviour) -> bool:
    """Whether a list shows rows of which something is withheld, and can be put in order."""
    return any(
        binding.kind is Kind.LIST and binding.query.sort and rule.listed == "redact"
        for binding in behaviour.bindings.values()
        for rule in (binding.resource.visibility if binding.resource else ())
    )


def _reads(behaviour: Behaviour, rights: str) -> bool:
    """Whether reading a row by its id takes rights of a kind."""
    return any(
        b.kind is Kind.READ and b.id_parameter and getattr(b, rights) for b in behaviour.bindings.values()
    )


def _told(behaviour: Behaviour) -> bool:
    return any(policy.headers for policy in behaviour.rate_limits)


def _moves(instruments: Instruments) -> bool:
    """Whether an update may ask for a move that the lifecycle alone refuses."""
    bindings = instruments.behaviour.bindings.values()
    return any(undeclared_moves(instruments.contract, binding) for binding in bindings)


def _follows(word: str) -> Callable[[Instruments], bool]:
    """Whether something is deleted that rows name whose reference says so."""

    def found(instruments: Instruments) -> bool:
        contract, behaviour = instruments.contract, instruments.behaviour
        gone = (b.resource.name for b in behaviour.bindings.values() if b.kind is Kind.DELETE and b.resource)
        named = (reference for name in gone for _, reference in referring(contract, behaviour, name))
        return any(reference.on_delete == word for reference in named)

    return found


def _refers(*kinds: Kind) -> Callable[[Instruments], bool]:
    """Whether a write of a kind can name a row by its id alone, so that it can be refused for that."""

    def found(instruments: Instruments) -> bool:
        bindings = (b for b in instruments.behaviour.bindings.values() if b.kind in kinds)
        named = (r for binding in bindings for r in written_references(instruments.contract, binding))
        return any(reference.at is None for reference in named)

    return found


def _clears(instruments: Instruments) -> bool:
    return _follows("restrict")(instruments) and (
        _follows("cascade")(instruments) or _follows("nullify")(instruments)
    )


def _acts(behaviour: Behaviour) -> bool:
    return any(b.kind is Kind.ACTION and b.effect and b.id_parameter for b in behaviour.bindings.values())


def _conditions_writes(behaviour: Behaviour) -> bool:
    return any(b.preconditions and b.writes for b in behaviour.bindings.values())


def _hides(behaviour: Behaviour) -> bool:
    """Whether a rule hides rows from somebody who reads them by id; others redact what is read."""
    return any(
        rule.read == "hide" and behaviour.binding(one.name, Kind.READ) is not None
        for one in behaviour.resources.values()
        for rule in one.visibility
    )


#: What a contract must say for a fault to show, beyond having its clause.
_NEEDS: Mapping[str, Callable[[Behaviour], bool]] = MappingProxyType(
    {
        "hidden-read": _hides,
        "foreign-action-forbidden": _acts,
        "foreign-parent-forbidden": lambda b: any(len(one.parents) == 1 for one in b.bindings.values()),
        "foreign-told": lambda b: _has_slot(b.errors.envelope, "message"),
        "state-told": _conditions_writes,
        "page-misnumbered": lambda b: _says(b, "page", "offset"),
        "pages-short": lambda b: _says(b, "pages"),
        "previous-lost": lambda b: _says(b, "hasPrevious", "previousPage"),
        "leak-foreign-condition": lambda b: any(one.query.conditions for one in b.bindings.values()),
        "hidden-counted": lambda b: any(one.resource and one.resource.visibility for one in _totalled(b)),
        "request-id-missing": lambda b: _has_slot(b.errors.envelope, "requestId"),
        "error-code-wrong": lambda b: _has_slot(b.errors.envelope, "code"),
        "rate-limit-headers-missing": _told,
        "reset-far": lambda b: any("reset" in policy.headers for policy in b.rate_limits),
        "window-carried": lambda b: len(b.rate_limits) == 1 and "remaining" in b.rate_limits[0].headers,
        "page-reversed": _positioned,
        "page-gap": _positioned,
        "challenge-missing": _challenges,
        "error-status-wrong": lambda b: _has_slot(b.errors.envelope, "status"),
        "total-unfiltered": lambda b: any(_narrows(one) for one in _totalled(b)),
        "leak-foreign-total": lambda b: any(_totalled(b)),
        "hidden-sorted": _sorts_withheld,
        "missing-before-scope": lambda b: _reads(b, "scopes"),
        "missing-before-permission": lambda b: _reads(b, "permissions"),
        "sent-when-gone": lambda b: b.webhooks is not None and bool(b.webhooks.retries),
        "refresh-reusable": _rotates,
        "family-survives": _rotates,
    }
)

#: The same, where it takes the document.
_NEEDS_OF: Mapping[str, Callable[[Instruments], bool]] = MappingProxyType(
    {
        "transition-unchecked": _moves,
        "restriction-ignored": _follows("restrict"),
        "cascade-ignored": _follows("cascade"),
        "nullify-ignored": _follows("nullify"),
        "refused-delete-clears": _clears,
        "refused-create-kept": _refers(Kind.CREATE),
        **NEEDS,
        "refused-update-kept": _refers(Kind.UPDATE, Kind.REPLACE),
    }
)

#: Clauses that name a fault as rightly as its own: what it bends is promised twice.
_ALSO: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "computed-stale": ("fields.frozen",),
        "deleted-found": ("filter.exact",),
        "null-passed-over": ("fields.emptied",),
        "initially-ignored": ("fields.computed",),
        "leak-foreign-below": ("filter.exact",),
        "leak-foreign-condition": ("conditions.exact",),
        "leak-foreign-total": ("tenancy.list",),
        "bad-credential-accepted": ("authentication.token",),
        "anonymous-accepted": ("tenancy.header",),
        "action-unchecked": ("rules.held",),
        "invalid-acts": ("validation.rejected",),
        "rule-ignored": ("action.refused",),
        "answer-bare": ("schema.response",),
        "document-plain": ("schema.response",),
        "moment-exact": ("schema.response",),
    }
)


def _shows(name: str, instruments: Instruments) -> bool:
    needed, of = _NEEDS.get(name), _NEEDS_OF.get(name)
    return (needed is None or needed(instruments.behaviour)) and (of is None or of(instruments))


def operator_of(name: str) -> Operator:
    """What a fault of the catalogue does to its clause."""
    return next((operator for operator, names in _OPERATORS.items() if name in names.split()), "drop")


def subjects_of(instruments: Instruments) -> tuple[Subject, ...]:
    """Every fault of a contract: by clause in the order of the clauses."""
    behaviour, ids = instruments.behaviour, {clause.id: None for clause in instruments.clauses}
    found = [
        Subject(
            fault.name, operator_of(fault.name), (fault.clause, *_ALSO.get(fault.name, ())), fault.summary
        )
        for fault in FAULTS.values()
        if fault.clause in ids and _shows(fault.name, instruments)
    ]
    found += [
        Subject(bend.name, bend.operator, bend.clauses, bend.summary)
        for bend in bends_of(instruments.contract, behaviour).values()
    ]
    order = {clause: index for index, clause in enumerate(ids)}
    return tuple(sorted(found, key=lambda subject: order.get(subject.clause, len(order))))


def chosen(subjects: Iterable[Subject], only: Iterable[str]) -> tuple[Subject, ...]:
    """The faults that any pattern means, by name, clause, concept or operator. Raises UsageError for one without."""
    known, patterns = tuple(subjects), tuple(only)
    for pattern in patterns:
        if not any(_is_meant(pattern, subject) for subject in known):
            words = {word for subject in known for word in _words(subject)}
            raise UsageError(
                f"No fault of this contract is called {pattern!r}.{did_you_mean(pattern, words)}"
            )
    return tuple(s for s in known if not patterns or any(_is_meant(pattern, s) for pattern in patterns))


def _words(subject: Subject) -> tuple[str, ...]:
    return subject.name, subject.operator, subject.clause, subject.clause.partition(".")[0]


def _is_meant(pattern: str, subject: Subject) -> bool:
    return any(fnmatchcase(word, pattern) for word in _words(subject))
