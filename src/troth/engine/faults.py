"""The catalogue of named misbehaviours: each bends one clause of a contract, for chaos and to prove the suite.

A fault is switched on for a whole mock (``--fault NAME``) or for one request (``Prefer: fault=NAME``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from troth.errors import UsageError, did_you_mean

__all__ = ["FAULTS", "RACES", "Fault", "check_faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """``clause`` is the clause that must catch it."""

    name: str
    clause: str
    summary: str


_ROWS = (
    ("leak-foreign-read", "tenancy.read", "reading by id finds other tenants' rows"),
    ("leak-foreign-list", "tenancy.list", "lists include other tenants' rows"),
    ("leak-foreign-below", "tenancy.list", "lists that are narrowed include other tenants' rows"),
    ("leak-foreign-condition", "tenancy.list", "lists under a condition include other tenants' rows"),
    ("leak-foreign-write", "tenancy.write", "updating and deleting reach other tenants' rows"),
    (
        "foreign-forbidden",
        "tenancy.indistinguishable",
        "a foreign row answers 403 instead of what a missing one does",
    ),
    (
        "foreign-action-forbidden",
        "tenancy.indistinguishable",
        "acting on a foreign row answers 403 instead of what a missing one does",
    ),
    (
        "foreign-parent-forbidden",
        "tenancy.indistinguishable",
        "what stands below a foreign row answers 403 instead of what a missing one does",
    ),
    ("foreign-told", "tenancy.indistinguishable", "the refusal for a foreign row names what is in it"),
    (
        "foreign-reference-told",
        "tenancy.reference",
        "a reference to a foreign row is refused with 403, one to a missing row as declared",
    ),
    ("foreign-reference-accepted", "tenancy.reference", "a write may name another tenant's row"),
    ("stranger-accepted", "tenancy.header", "a caller may name a tenant that is not its own"),
    ("anonymous-accepted", "authentication.required", "requests without a credential are served"),
    ("challenge-missing", "authentication.required", "401 does not say how to show a credential"),
    ("bad-credential-accepted", "authentication.invalid", "any credential is served"),
    ("token-unchecked", "authentication.token", "the signature of a token is not looked at"),
    (
        "missing-before-credential",
        "authentication.required",
        "a missing row is told to callers without a credential",
    ),
    ("missing-before-scope", "scopes.required", "a missing row is told to credentials without the scope"),
    (
        "missing-before-permission",
        "permissions.required",
        "a missing row is told to credentials without the permissions",
    ),
    ("scope-ignored", "scopes.required", "a credential without the scope is served"),
    ("permission-ignored", "permissions.required", "a credential without the permissions is served"),
    ("permission-any", "permissions.required", "one of several permissions is enough"),
    ("page-skips-row", "pagination.complete", "the first row of every later page is lost"),
    ("page-repeats-row", "pagination.complete", "every later page begins with the row before it"),
    ("page-reversed", "pagination.complete", "every later page has its rows the other way round"),
    (
        "page-gap",
        "pagination.complete",
        "the second page lacks a row, which is left out after the list is cut",
    ),
    ("cursor-repeats-row", "pagination.cursor", "what follows a cursor begins with the row before it"),
    (
        "cursor-skips-row",
        "pagination.survivors",
        "what follows a cursor whose row is gone begins one row too late",
    ),
    (
        "unknown-cursor-accepted",
        "pagination.unknown-cursor",
        "any text is taken for a cursor at the beginning",
    ),
    ("link-drops-query", "pagination.links", "links to other pages keep nothing of what was asked"),
    ("link-beyond", "pagination.links", "the last page has a link to a next one"),
    ("offset-unbounded", "pagination.max-offset", "a page may begin as far away as it likes"),
    ("past-end-missing", "pagination.past-end", "a page behind the last one answers that there is none"),
    ("page-size-ignored", "pagination.size", "the page size that was asked for is ignored"),
    ("page-size-unbounded", "pagination.max-size", "any page size is accepted"),
    (
        "total-unfiltered",
        "pagination.total",
        "the total of a filtered list counts the rows of the whole list",
    ),
    ("leak-foreign-total", "pagination.total", "totals count other tenants' rows"),
    ("total-wrong", "pagination.total", "the total counts one row too many"),
    (
        "has-more-when-full",
        "pagination.has-more",
        "a page that is just full is said to be followed by another",
    ),
    ("page-misnumbered", "pagination.place", "pages say that they are one farther on"),
    ("pages-short", "pagination.place", "a last page that is not full is not counted among the pages"),
    ("previous-lost", "pagination.place", "no page says that another stands before it"),
    ("has-more-wrong", "pagination.has-more", "the flag for a next page is inverted"),
    ("filter-ignored", "filter.exact", "filters do nothing"),
    ("filter-drops-row", "filter.exact", "a filtered list loses its first row"),
    ("filter-echo-missing", "filter.echo", "a filtered list does not say so"),
    ("conditions-ignored", "conditions.exact", "conditions do nothing"),
    ("unknown-condition-accepted", "conditions.unknown", "a condition on what does not exist is passed over"),
    ("sort-ignored", "sort.ordered", "lists keep their order whatever is asked for"),
    ("depth-ignored", "populate.depth", "references are always filled in to the usual depth"),
    ("selection-ignored", "select.exact", "answers have more members than were asked for"),
    ("usual-selection-ignored", "select.default", "answers have all members when none are asked for"),
    ("embedded-whole", "select.embedded", "rows inside others have all their members whatever is asked for"),
    ("unknown-selection-accepted", "select.refused", "members that do not exist are passed over"),
    ("answer-bare", "answers.form", "writes answer with the row alone"),
    ("etag-frozen", "conditional.tag", "the tag of a row stays when the row changes"),
    ("not-modified-ignored", "conditional.not-modified", "If-None-Match does nothing"),
    ("modified-since-ignored", "conditional.modified-since", "If-Modified-Since does nothing"),
    ("stale-accepted", "conditional.stale", "If-Match does nothing, so the last write wins"),
    ("weak-match-accepted", "conditional.stale", "If-Match takes a weak tag for the strong one"),
    ("none-match-ignored", "conditional.none-match", "writes take no notice of If-None-Match"),
    (
        "unmodified-since-ignored",
        "conditional.unmodified-since",
        "writes take no notice of If-Unmodified-Since",
    ),
    ("precondition-optional", "conditional.required", "changes without If-Match are accepted"),
    ("tag-leaked", "tenancy.conditional", "another tenant's tag is answered with 304"),
    (
        "state-told",
        "tenancy.conditional",
        "conditions on another tenant's row are looked at: 412 instead of 404",
    ),
    ("error-envelope-broken", "errors.envelope", "errors are plain text"),
    ("error-status-wrong", "errors.envelope", "problem details name another status than the answer has"),
    ("error-code-wrong", "errors.code", "every error has the same made-up code"),
    ("request-id-missing", "errors.envelope", "errors carry no request id"),
    ("idempotency-ignored", "idempotency.replay", "a repeated key acts again"),
    ("replay-acts", "idempotency.replay", "a repeated key gives the first answer and acts all the same"),
    (
        "mismatch-acts",
        "idempotency.mismatch",
        "a key is refused with a different request, which acts all the same",
    ),
    ("idempotency-mismatch-accepted", "idempotency.mismatch", "a key replays for any request"),
    ("idempotency-cross-tenant", "idempotency.scope", "one tenant's key replays for another"),
    ("replay-before-rights", "idempotency.rights", "a key gives its answer to callers without the rights"),
    ("refusal-spends-key", "idempotency.unspent", "a request that is refused as invalid uses up its key"),
    ("key-unbounded", "idempotency.form", "keys may be as long as they like"),
    ("key-on-read", "idempotency.reads", "reads are replayed by key as writes are"),
    ("replay-announces", "idempotency.announced", "a replay announces the created row once more"),
    ("remaining-stuck", "rate-limit.remaining", "the number of remaining requests never falls"),
    ("limit-shared", "rate-limit.scope", "the requests of all callers are counted together"),
    ("rate-limit-headers-missing", "rate-limit.headers", "the rate limit headers are missing"),
    ("reset-far", "rate-limit.headers", "the window is said to end one window too late"),
    ("window-carried", "rate-limit.retry-after", "a new window begins half used up"),
    ("rate-limit-unenforced", "rate-limit.enforced", "the limit is announced but never enforced"),
    ("limited-acts", "rate-limit.refused", "what is refused for the limit is carried out all the same"),
    ("retry-after-missing", "rate-limit.retry-after", "429 comes without Retry-After"),
    ("read-only-accepted", "fields.read-only", "read-only fields are taken from the request"),
    ("write-only-leaked", "fields.write-only", "write-only fields come back"),
    ("write-only-listed", "fields.write-only", "lists show write-only fields"),
    ("immutable-changed", "fields.immutable", "immutable fields can be changed"),
    ("emptied-kept", "fields.emptied", "the text that stands for null is stored as it is"),
    (
        "computed-stale",
        "fields.computed",
        "computed fields keep the value that they had when the row was written",
    ),
    (
        "default-other",
        "fields.default",
        "fields that a create leaves out get another value than their default",
    ),
    ("initially-ignored", "fields.initial", "fields that begin with the value of an expression begin empty"),
    ("stamp-lost", "fields.stamped", "moments that something came about are not kept"),
    ("editable-always", "fields.editable", "fields can be changed in every state"),
    ("list-unmasked", "fields.in-list", "lists show rows as reading does"),
    ("hidden-field-shown", "fields.hidden", "fields that stay hidden are shown"),
    ("parent-ignored", "list.below", "a list below a row has the rows below every other one as well"),
    ("unique-ignored", "fields.unique", "a value that must be unique is taken again"),
    ("sequence-repeats", "fields.sequence", "the same number is given again"),
    ("unique-across-tenants", "tenancy.unique", "what another tenant has taken is refused"),
    ("frozen-followed", "fields.frozen", "frozen fields go on following what they were computed from"),
    ("shorthand-ignored", "shorthand.equal", "members that stand for a single object do nothing"),
    ("dangling-reference-accepted", "references.exists", "a reference to nothing is accepted"),
    ("create-not-persisted", "resource.create", "a created row is gone"),
    ("update-not-persisted", "resource.update", "an update is echoed but not kept"),
    ("update-clobbers", "resource.merge", "an update loses the fields that it does not name"),
    ("refused-create-kept", "resource.atomic", "a create that a check refuses leaves its row behind"),
    ("refused-update-kept", "resource.atomic", "an update that a check refuses is kept all the same"),
    ("refused-delete-clears", "resource.atomic", "a refused delete takes what stands below the row"),
    ("refused-action-kept", "action.refused", "an action is refused and done all the same"),
    ("invalid-acts", "resource.atomic", "what is refused as invalid is done all the same"),
    (
        "stranger-acts",
        "resource.atomic",
        "what callers ask who lack a credential or the rights is refused and done all the same",
    ),
    ("retry-after-early", "rate-limit.retry-after", "429 tells callers to come back before the window ends"),
    ("restriction-ignored", "references.deleted", "rows are deleted though others must keep them"),
    ("cascade-ignored", "references.deleted", "what stands below a deleted row stays"),
    ("nullify-ignored", "references.deleted", "rows go on naming a deleted row"),
    ("delete-noop", "resource.delete", "a deleted row is still there"),
    ("invalid-accepted", "validation.rejected", "bodies that break the schema are accepted"),
    ("valid-refused", "validation.accepted", "creates with more than one member are refused as invalid"),
    ("race-on-key", "concurrency.key", "of parallel requests with one key, each acts"),
    ("race-on-unique", "concurrency.unique", "parallel creates may take the same unique value"),
    ("race-on-sequence", "concurrency.sequence", "parallel creates may get the same number"),
    ("race-on-limit", "concurrency.limit", "parallel requests at the end of a window are counted as one"),
    ("race-on-match", "concurrency.match", "parallel writes for one state of a row are all accepted"),
    (
        "race-on-row",
        "concurrency.order",
        "parallel requests about a row go by what each found before the others",
    ),
    ("transition-unchecked", "lifecycle.transition", "every change of state is accepted"),
    ("rule-ignored", "rules.held", "declared rules do not hold"),
    ("hidden-shown", "resource.visible", "rows that must stay hidden are listed and read"),
    ("method-not-found", "routing.method", "a wrong method answers 404 without Allow"),
    ("effect-ignored", "action.effect", "actions answer without doing anything"),
    ("action-unchecked", "action.refused", "actions are accepted in every state"),
    ("leak-foreign-action", "tenancy.action", "actions reach other tenants' rows"),
    ("document-plain", "resource.printed", "documents are plain text"),
    ("another-followed", "resource.through", "another row than the one referred to is shown"),
    ("moment-exact", "formats.moment", "moments are RFC 3339 whatever the contract says"),
    ("shared-apart", "tenancy.shared", "the first of the shared rows is there for one tenant only"),
    ("where-ignored", "list.where", "lists have rows that do not belong into them"),
    ("record-lost", "records.written", "writes leave no row behind"),
    ("version-default-fixed", "versions.default", "requests without a version get the newest on every day"),
    ("version-echo-missing", "versions.echo", "answers do not name their version"),
    ("version-unknown-accepted", "versions.unknown", "a version that does not exist is the default one"),
    ("version-retired-accepted", "versions.retired", "a retired version is served"),
    ("version-change-ignored", "versions.change", "every version answers as the newest does"),
    ("redaction-dropped", "visibility.redacted", "rows that a caller may not see are shown as they are"),
    (
        "emptied-shown",
        "visibility.redacted",
        "withheld values stand beside the mark that says they are withheld",
    ),
    ("hidden-read", "visibility.redacted", "reading a row that must stay hidden finds it"),
    ("hidden-listed", "visibility.listed", "lists have and count rows that the caller may not see"),
    ("hidden-counted", "visibility.listed", "totals count rows that the caller may not see"),
    ("hidden-searched", "visibility.searched", "filters look at what is withheld"),
    ("hidden-sorted", "visibility.searched", "lists are put in order by what is withheld"),
    (
        "hidden-reference-accepted",
        "visibility.reference",
        "a write may name a row that the caller does not see",
    ),
    ("hidden-written", "visibility.write", "withheld fields can be written"),
    ("event-lost", "webhooks.delivered", "no write is announced"),
    ("event-repeated", "webhooks.delivered", "every write is announced twice"),
    ("event-unasked", "webhooks.subscribed", "subscriptions are told of events that they do not list"),
    ("leak-foreign-event", "webhooks.isolated", "events are announced to other tenants too"),
    ("payload-emptied", "webhooks.payload", "deliveries have an empty body"),
    ("signature-wrong", "webhooks.signature", "deliveries are signed with another key"),
    ("signature-stale", "webhooks.timestamp", "deliveries are signed as of an hour ago"),
    ("retry-dropped", "webhooks.retried", "a refused delivery never comes again"),
    ("retry-hasty", "webhooks.retried", "a refused delivery comes again at once"),
    ("failures-ignored", "webhooks.disabled", "failures never switch a subscription off"),
    ("sent-when-gone", "webhooks.ended", "what waits is sent to subscriptions that are gone"),
    ("handshake-skipped", "webhooks.handshake", "subscriptions are told before their receiver agrees"),
    ("mode-ignored", "webhooks.modes", "every delivery goes out by itself, after the answer"),
    ("delivery-overtakes", "webhooks.ordered", "deliveries go out newest first"),
    ("old-secret-dropped", "webhooks.rotated", "a replaced secret signs no more at once"),
    ("timed-event-lost", "webhooks.timed", "what time brings about is not announced"),
    ("secret-shown", "fields.shown-once", "a secret that is shown once is shown again"),
    ("redirect-uri-unchecked", "oauth.redirect-uri", "browsers are sent to any address that is asked for"),
    ("state-lost", "oauth.state", "redirects do not carry the state"),
    ("oauth-error-wrong", "oauth.errors", "every refusal of the flow has one code"),
    ("verifier-unchecked", "oauth.verifier", "codes are redeemed with any verifier"),
    ("code-reusable", "oauth.code-once", "codes are redeemed again and again"),
    ("code-unbound", "oauth.code-bound", "codes are redeemed for any address and client"),
    ("scope-widened", "oauth.scope", "a renewal gives whatever scope is asked for"),
    ("refresh-reusable", "oauth.refresh", "an old refresh token goes on working"),
    ("family-survives", "oauth.refresh", "using an old refresh token ends no other"),
    ("revocation-ignored", "oauth.revoked", "revoked tokens go on working"),
    ("token-cached", "oauth.uncached", "answers with tokens may be stored"),
    ("code-lasts", "oauth.code-expiry", "codes never end"),
    ("token-lasts", "oauth.token-expiry", "access tokens of the flow never end"),
    ("bearer-lasts", "authentication.expiry", "tokens never end"),
    ("key-lasts", "idempotency.expiry", "keys are never forgotten"),
    ("key-forgotten", "idempotency.expiry", "keys are forgotten after half of their time"),
    ("crash", "validation.no-server-error", "reading an unknown id answers 500"),
)

#: Every fault by name.
FAULTS: Mapping[str, Fault] = MappingProxyType({row[0]: Fault(*row) for row in _ROWS})

#: Those that let other requests in while one is being answered.
RACES = frozenset(name for name in FAULTS if name.startswith("race-on-"))


def check_faults(names: Iterable[str], derived: Collection[str] = ()) -> frozenset[str]:
    """The names as a set; ``derived`` are known beside the catalogue. Raises UsageError with the nearest one."""
    wanted = frozenset(names)
    for name in sorted(wanted - FAULTS.keys()):
        if name not in derived:
            hint = did_you_mean(name, [*FAULTS, *derived])
            listed = " `troth selftest CONTRACT --list` prints those of a contract."
            raise UsageError(f"There is no fault {name!r}.{hint or listed}")
    return wanted
