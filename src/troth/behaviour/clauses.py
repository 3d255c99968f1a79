"""Clauses: every promise that a contract's behaviour makes, one row an idea, one clause an operation.

A clause is what conformance judges, what a fault bends and what a report names: ``pagination.max-size@listClients``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from troth.behaviour.aftermaths import all_or_nothing, released
from troth.behaviour.circumstances import (
    acting,
    acting_isolated,
    dated,
    following,
    narrowed,
    printing,
    recording,
    refusable,
    shared,
    tokened,
    unique_elsewhere,
)
from troth.behaviour.contests import contended
from troth.behaviour.epochs import changed, dated_default, echoed_version, retiring, versioned
from troth.behaviour.grants import authorized, authorized_by_scope, keyed_once, revocable
from troth.behaviour.held_fields import begun, below, concealed, editable, masked, stamped
from troth.behaviour.hook_occasions import (
    announcing,
    announcing_apart,
    announcing_first,
    announcing_keyed,
    delivering,
    shown_once,
    speaking_for_all,
    timed,
)
from troth.behaviour.inquiries import (
    answering,
    conditional,
    embedding,
    populated,
    selected,
    sorted_lists,
    usual,
    usually_ordered,
)
from troth.behaviour.model import Behaviour, Kind
from troth.behaviour.occasions import (
    Place,
    Where,
    addressed,
    always,
    computed,
    defaulted,
    due_key,
    echoed,
    emptied,
    exampled,
    filtered,
    first_of_path,
    forgeable,
    frozen,
    headed,
    immutable,
    indistinguishable,
    isolated,
    isolated_reference,
    keyed,
    keyed_by_right,
    keyed_by_tenant,
    keyed_create,
    lifecycle,
    limited_apart,
    limited_beside_create,
    limited_once,
    limited_read,
    limited_told,
    maximum,
    numbered,
    paged,
    permitted,
    read_beside_keys,
    references,
    refusing,
    rules,
    scoped,
    secured,
    shortened,
    sized,
    slotted,
    taking_input,
    unique_values,
    visible,
    when,
    write_only,
)
from troth.behaviour.sightings import (
    named_unseen,
    ruled_lists,
    ruled_searches,
    ruled_writes,
    withheld_somewhere,
)
from troth.behaviour.states import (
    dated_rows,
    demanded,
    excluded,
    guarded,
    guarded_change,
    hidden_state,
    remembered,
    tagged,
    unmodified,
)
from troth.behaviour.turns import bounded, by_number, cursors, linked, placed, pointed, thinned
from troth.contract.model import Contract
from troth.errors import UsageError, did_you_mean

__all__ = [
    "CLAUSE_IDS",
    "Clause",
    "chosen_clauses",
    "clauses_of",
    "is_meant",
]

Level = Literal["MUST", "SHOULD", "MAY"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise of one operation. ``pointer`` leads to the place in the contract that makes it."""

    id: str
    operation: str
    level: Level
    statement: str
    pointer: str

    @property
    def name(self) -> str:
        return f"{self.id}@{self.operation}"

    @property
    def concept(self) -> str:
        """The word before the dot: what the clause is about."""
        return self.id.partition(".")[0]


class Promise(NamedTuple):
    """One row of the table: a clause id, its statement as a template, where it applies, how binding it is."""

    id: str
    statement: str
    where: Where
    level: Level = "MUST"


_CHANGE = (Kind.UPDATE, Kind.REPLACE)

#: In the order in which they are judged: what only reads comes first, what uses up a credential last.
_ROWS = (
    Promise("routing.method", "Another method on {path} answers 405 with Allow.", first_of_path, "SHOULD"),
    Promise("routing.head", "HEAD on {path} may be answered, as GET is and to nobody else.", headed, "MAY"),
    Promise("authentication.required", "Without a credential the answer is a refusal.", secured),
    Promise("authentication.invalid", "An unknown credential is refused.", secured),
    Promise("authentication.token", "A token is good while its signature is.", tokened),
    Promise("scopes.required", "A credential without {scopes} is refused.", scoped),
    Promise("scopes.sufficient", "A credential with {scopes} alone is let through.", scoped),
    Promise("permissions.required", "A credential that lacks one of {permissions} is refused.", permitted),
    Promise("pagination.complete", "Walking the pages of {resource} gives every row once, whatever the size.", paged),
    Promise("pagination.cursor", "A walk by cursor gives every row once, though rows are added meanwhile.", pointed),
    Promise("pagination.survivors", "A row that goes on a walk by cursor takes no other one with it.", thinned),
    Promise("pagination.unknown-cursor", "A cursor that the list has not given is refused.", cursors),
    Promise("pagination.links", "The links of a page lead to those around it and keep what was asked.", linked),
    Promise("pagination.past-end", "A page behind the last one is empty.", by_number, "SHOULD"),
    Promise("pagination.max-offset", "No page begins farther away than behind row {farthest}.", bounded),
    Promise("pagination.size", "A page has as many rows as '{size}' asks for, while there are so many.", sized),
    Promise("pagination.max-size", "A page never has more than {maximum} rows.", maximum),
    Promise("pagination.total", "The total is the number of rows that the walk finds.", slotted("total")),
    Promise("pagination.has-more", "The flag says truly whether another page follows.", slotted("hasMore")),
    Promise("pagination.place", "A page says truly which one it is, and of how many.", placed),
    Promise("filter.exact", "A filter keeps exactly the rows that match it.", filtered),
    Promise("filter.echo", "A list says which filters were used.", echoed),
    Promise("list.where", "The list has the rows that satisfy its condition, and no others.", narrowed),
    Promise("list.below", "The list has the rows of {resource} below one row, and no others.", below),
    Promise("list.ordered", "The list of {resource} comes in its declared order.", usually_ordered),
    Promise("conditions.exact", "Conditions keep exactly the rows that satisfy them.", conditional),
    Promise("conditions.unknown", "A condition on what does not exist is refused.", conditional),
    Promise("sort.ordered", "A sorted list has the rows of the list in the order that is asked for.", sorted_lists),
    Promise("populate.depth", "References show rows as deep as is asked for, and no deeper.", populated),
    Promise("select.exact", "Answers have the members that are asked for, as they are, and no others.", selected),
    Promise("select.default", "Answers have the usual members when none are asked for.", usual),
    Promise("select.embedded", "A row inside another one is the row itself, as far as it is asked for.", embedding),
    Promise("select.refused", "A selection of what does not exist, or that cannot be read, is refused.", selected),
    Promise("resource.read", "Reading one of {resource} shows what the list shows.", when(Kind.READ)),
    Promise("resource.visible", "Hidden rows of {resource} are not listed.", visible),
    Promise("fields.in-list", "Lists of {resource} leave out what only the single row shows.", masked),
    Promise("fields.hidden", "Hidden fields of {resource} are never shown.", concealed),
    Promise("visibility.listed", "A caller's list of {resource} has what it may see, and counts no more.", ruled_lists),
    Promise("visibility.redacted", "What a caller may not see is withheld wherever it is shown.", withheld_somewhere),
    Promise("visibility.searched", "Nothing of {resource} is found or sorted by what is withheld.", ruled_searches),
    Promise("fields.computed", "Computed fields of {resource} have the value that their expression gives.", computed),
    Promise("tenancy.list", "The list of {resource} has only the tenant's own rows.", isolated(Kind.LIST)),
    Promise("tenancy.shared", "Every tenant sees the same rows of {resource}.", shared),
    Promise("resource.through", "What is shown of {resource} is the row that a field names.", following),
    Promise("resource.printed", "The document of one of {resource} is a PDF, and a missing one has none.", printing),
    Promise("tenancy.read", "Another tenant cannot read one of {resource}.", isolated(Kind.READ)),
    Promise("tenancy.header", "Only a member of the tenant that the header names gets beyond it.", addressed),
    Promise("tenancy.indistinguishable", "A foreign row and a missing one get the same answer.", indistinguishable),
    Promise("errors.code", "Every refusal has the declared status and code.", refusing),
    Promise("rate-limit.headers", "Answers say what the limit is and what is left of it.", limited_told),
    Promise("rate-limit.remaining", "Each request takes one from what is left.", limited_read),
    Promise("rate-limit.scope", "What one caller uses is not taken from another.", limited_apart),
    Promise("versions.echo", "Answers name the version that they are given in.", echoed_version),
    Promise("versions.unknown", "A version that does not exist is refused.", versioned),
    Promise("versions.change", "Older versions answer as they did before what changed since.", changed),
    Promise("schema.response", "Answers satisfy the documented status, media type and schema.", always),
    Promise("validation.no-server-error", "No input brings about a server error.", always),
    Promise("validation.rejected", "Input that breaks the schema is refused.", taking_input),
    Promise("validation.accepted", "What the contract gives as an example is accepted.", exampled),
    Promise("resource.create", "A created row of {resource} is there and has what was sent.", when(Kind.CREATE)),
    Promise("conditional.tag", "A tag stands for one state of a row, and changes when the row does.", tagged),
    Promise("conditional.not-modified", "Whoever has the row already is told so, without the row.", remembered),
    Promise("conditional.modified-since", "A row that has not changed since a moment is not sent again.", dated_rows),
    Promise("tenancy.conditional", "Knowing the tag of another tenant's row gives nothing away.", hidden_state),
    Promise("conditional.stale", "A write that means an earlier state of the row is refused.", guarded),
    Promise("conditional.none-match", "A write that excludes the state of the row is refused.", excluded),
    Promise("conditional.unmodified-since", "A write for an earlier moment of the row is refused.", unmodified),
    Promise("conditional.required", "A write that does not say which state it means is refused.", demanded),
    Promise("answers.form", "The answer to a write of {resource} has the declared form.", answering),
    Promise("resource.update", "An update of {resource} is shown and kept.", when(*_CHANGE)),
    Promise("resource.merge", "An update changes only the fields that it names.", when(Kind.UPDATE)),
    Promise("resource.delete", "A deleted row of {resource} is gone.", when(Kind.DELETE)),
    Promise("resource.atomic", "A write of {resource} that is refused does nothing.", all_or_nothing),
    Promise("references.deleted", "What names a deleted row of {resource} follows as declared.", released),
    Promise("tenancy.write", "Another tenant cannot write to one of {resource}.", isolated(*_CHANGE, Kind.DELETE)),
    Promise("action.effect", "Acting on one of {resource} does to it what is declared.", acting),
    Promise("action.refused", "Acting where a rule or the state forbids it is refused and changes nothing.", refusable),
    Promise("tenancy.action", "Another tenant cannot act on one of {resource}.", acting_isolated),
    Promise("records.written", "A write to {resource} leaves the declared rows behind.", recording),
    Promise("formats.moment", "Moments have the declared form.", dated),
    Promise("tenancy.reference", "A write cannot refer to another tenant's row.", isolated_reference),
    Promise("visibility.reference", "A write cannot name a row that its caller may not see.", named_unseen),
    Promise("visibility.write", "What is withheld of {resource} cannot be written, and the rest can.", ruled_writes),
    Promise("references.exists", "A write cannot refer to a row that does not exist.", references),
    Promise("fields.read-only", "Fields that only the server writes cannot be set.", forgeable),
    Promise("fields.write-only", "Write-only fields and their values never come back.", write_only),
    Promise("fields.shown-once", "A secret is in the answer to its create and nowhere after that.", shown_once),
    Promise("fields.immutable", "Immutable fields keep their value.", immutable),
    Promise("fields.emptied", "The text that stands for null is kept as null.", emptied),
    Promise("fields.default", "A field that a create leaves out has its default.", defaulted),
    Promise("fields.initial", "A field that a create leaves out begins with what is declared.", begun),
    Promise("fields.stamped", "A moment is kept when what it stands for comes about.", stamped),
    Promise("fields.editable", "A field is changed only while that is allowed.", editable),
    Promise("fields.unique", "No two rows of {resource} share what is unique.", unique_values),
    Promise("fields.sequence", "Numbers of {resource} have their form and are given once.", numbered),
    Promise("tenancy.unique", "What one tenant has taken is not taken for another.", unique_elsewhere),
    Promise("fields.frozen", "Frozen fields of {resource} keep their value, others follow.", frozen),
    Promise("shorthand.equal", "Both spellings of a single object mean the same.", shortened),
    Promise("idempotency.replay", "A repeated key gives the first answer and acts once.", keyed),
    Promise("idempotency.mismatch", "A key is refused with a different request.", keyed),
    Promise("idempotency.scope", "One tenant's key means nothing to another.", keyed_by_tenant),
    Promise("idempotency.rights", "A key opens nothing to a caller who lacks the rights.", keyed_by_right),
    Promise("idempotency.unspent", "A request that is refused as invalid leaves its key unused.", keyed_create),
    Promise("idempotency.form", "A key that is too long, or missing where it must be there, is refused.", due_key),
    Promise("idempotency.reads", "A key means nothing to a read.", read_beside_keys),
    Promise("idempotency.announced", "A repeated key announces nothing again.", announcing_keyed),
    Promise("concurrency.key", "Parallel requests with one key act once.", keyed_create),
    Promise("concurrency.unique", "Of parallel creates with one unique value one succeeds.", unique_values),
    Promise("concurrency.sequence", "Parallel creates get different numbers.", numbered),
    Promise("concurrency.match", "Of parallel writes for one state of a row one succeeds.", guarded_change),
    Promise("concurrency.order", "Parallel requests about {resource} do what some order of them would.", contended),
    Promise("lifecycle.transition", "Only declared transitions change the state of {resource}.", lifecycle),
    Promise("rules.held", "Declared rules of {resource} hold.", rules),
    Promise("versions.default", "Without a version a request gets the default of the day.", dated_default),
    Promise("versions.retired", "A retired version is refused.", retiring),
    Promise("webhooks.delivered", "What a write brings about is announced once, and nothing else is.", announcing),
    Promise("webhooks.payload", "Deliveries about {resource} have the declared form and content.", announcing_first),
    Promise("webhooks.subscribed", "A subscription is told only of the events that it lists.", speaking_for_all),
    Promise("webhooks.isolated", "A tenant is told of its own rows only.", announcing_apart),
    Promise("webhooks.signature", "A delivery is signed as declared.", delivering("signing")),
    Promise("webhooks.timestamp", "The time of a signature is that of the attempt.", delivering("timestamp")),
    Promise("webhooks.handshake", "Only a receiver that repeats the secret is told anything.", delivering("handshake")),
    Promise("webhooks.modes", "Each mode of delivery does what it says.", delivering("modes")),
    Promise("webhooks.ordered", "A delivery waits for the one before it.", delivering("ordered")),
    Promise("webhooks.retried", "A refused delivery comes again by the schedule.", delivering("retries")),
    Promise("webhooks.disabled", "Failures switch a subscription off as declared.", delivering("disable")),
    Promise("webhooks.ended", "Who has left, or is switched off, is told nothing.", speaking_for_all),
    Promise("webhooks.rotated", "A replaced secret signs for as long as declared.", delivering("overlap")),
    Promise("webhooks.timed", "What time brings about is announced when it comes.", timed),
    Promise("oauth.redirect-uri", "Nobody is redirected to an address that is not registered.", authorized),
    Promise("oauth.state", "The state comes back as it was sent.", authorized),
    Promise("oauth.errors", "The flow's refusals have the codes of RFC 6749.", authorized),
    Promise("oauth.verifier", "A code takes the verifier of its challenge.", authorized),
    Promise("oauth.code-once", "A code is redeemed once.", authorized),
    Promise("oauth.code-bound", "A code belongs to its address and its client.", authorized),
    Promise("oauth.scope", "A token opens what was granted, renewed or not.", authorized_by_scope),
    Promise("oauth.refresh", "A renewal works, and refresh tokens rotate as declared.", authorized),
    Promise("oauth.revoked", "A revoked token opens nothing.", revocable),
    Promise("oauth.uncached", "Answers with tokens are not to be stored.", authorized),
    Promise("oauth.code-expiry", "A code ends when its time is over.", authorized),
    Promise("oauth.token-expiry", "Tokens end when their time is over.", authorized),
    Promise("authentication.expiry", "A token is good until its time is over.", tokened),
    Promise("idempotency.expiry", "A key is remembered for its time and no longer.", keyed_once),
    Promise("rate-limit.enforced", "The request after the last one of a window is refused.", limited_once),
    Promise("concurrency.limit", "Of parallel requests as many pass as are left of the limit.", limited_once),
    Promise("rate-limit.refused", "A request that is refused for the limit does nothing.", limited_beside_create),
    Promise("rate-limit.retry-after", "A refusal for the limit says when to come back: nothing is left.", limited_once),
    # What the clauses before it were refused is held to it as well.
    Promise("errors.envelope", "Every refusal has the declared form.", refusing),
)  # fmt: skip

#: Every clause id, in the order in which clauses are judged.
CLAUSE_IDS: tuple[str, ...] = tuple(row.id for row in _ROWS)


def clauses_of(contract: Contract, behaviour: Behaviour) -> tuple[Clause, ...]:
    """Every clause of a contract: by row of the table, then in the order of the operations that can be reached."""
    reachable = (b for b in behaviour.bindings.values() if b.id not in contract.unreachable)
    places = [Place(contract, behaviour, binding) for binding in reachable]
    return tuple(_applied(places))


def is_meant(pattern: str, clause: Clause) -> bool:
    """Whether a pattern means a clause: its concept, id, operation or ``id@operation``, with ``*`` and ``?``."""
    words = (clause.name, clause.id, clause.concept, clause.operation)
    return any(fnmatchcase(word, pattern) for word in words)


def chosen_clauses(clauses: Sequence[Clause], patterns: Iterable[str]) -> tuple[Clause, ...]:
    """The clauses that any pattern means, all without one. Raises UsageError for a pattern that means nothing."""
    wanted = tuple(patterns)
    for pattern in wanted:
        if not any(is_meant(pattern, clause) for clause in clauses):
            words = {w for c in clauses for w in (c.name, c.id, c.concept, c.operation)}
            raise UsageError(
                f"No clause of this contract is called {pattern!r}.{did_you_mean(pattern, words)}"
            )
    return tuple(c for c in clauses if not wanted or any(is_meant(pattern, c) for pattern in wanted))


def _applied(places: list[Place]) -> Iterator[Clause]:
    for row in _ROWS:
        for at in places:
            pointer = row.where(at)
            if pointer is not None:
                # What HTTP only recommends becomes binding in a contract that says how it refuses.
                binding = row.level == "SHOULD" and at.behaviour.errors.declared
                level: Level = "MUST" if binding else row.level
                yield Clause(row.id, at.binding.id, level, row.statement.format(**_words(at)), pointer)


def _words(at: Place) -> dict[str, object]:
    paging = at.binding.pagination
    return {
        "path": at.binding.operation.path,
        "resource": at.binding.resource.name if at.binding.resource else "the resource",
        "scopes": " and ".join(sorted(at.binding.scopes)),
        "permissions": ", ".join(sorted(at.binding.permissions)),
        "size": paging.size if paging else "",
        "maximum": paging.max_size if paging else "",
        "farthest": paging.max_offset if paging else "",
    }
