"""Who might learn or do what is not theirs, and by which way: the clause that judges each cell, or why none does.

A cell names a clause at an operation of one of the shipped contracts and the fault that leaks through just that
channel. A sentence in its place says why the channel means nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["ACTORS", "CHANNELS", "TABLE", "Cell"]


class Cell(NamedTuple):
    """A clause at an operation, the contract that has it, and the fault that it must notice."""

    contract: str
    clause: str
    fault: str


#: Actor, and the concept that keeps things from it.
ACTORS = (
    ("peer tenant", "rows"),
    ("peer tenant", "references"),
    ("other role", "scopes"),
    ("other role", "permissions"),
    ("anonymous", "credentials"),
    ("limited viewer", "visibility"),
    ("anybody", "secrets"),
)

CHANNELS = (
    "read", "list", "total", "filter", "condition", "sort", "below", "embedded", "create", "update", "delete",
    "action", "conflict", "replay", "tag", "condition on a write", "text of a refusal", "existence",
    "existence below", "existence in an action", "behind a refusal", "delivery", "quota", "number", "token",
)  # fmt: skip

_LIST_REFUSED = "the list is refused as a whole, so nothing in it can tell"
_BY_REFERENCE = (
    "rows stand inside others by reference, and what a reference may name is the row of references"
)
_OPAQUE = "a tag is opaque, is that of what the caller sees, and comes only with a row that is shown"
_TENANTS = "subscriptions belong to a tenant, whoever made them"
_GAPS = "no contract promises numbers without gaps, so a gap tells nothing"
_OWN = "what a tenant has is counted for it alone, and it may know that"

PEER: Mapping[str, Cell | str] = {
    "read": Cell("clientcasa", "tenancy.read@getClient", "leak-foreign-read"),
    "list": Cell("clientcasa", "tenancy.list@listClients", "leak-foreign-list"),
    "total": Cell("clientcasa", "pagination.total@listClients", "leak-foreign-total"),
    "filter": Cell("clientcasa", "tenancy.list@listInvoices", "leak-foreign-below"),
    "condition": Cell("clearmargin", "tenancy.list@listClients", "leak-foreign-condition"),
    "sort": "an order has the rows of the list, whatever they are sorted by",
    "below": Cell("crm", "tenancy.list@listCustomerContacts", "leak-foreign-below"),
    "embedded": _BY_REFERENCE,
    "create": "a create is about no row but those that it refers to",
    "update": Cell("clientcasa", "tenancy.write@updateClient", "leak-foreign-write"),
    "delete": Cell("clientcasa", "tenancy.write@deleteClient", "leak-foreign-write"),
    "action": Cell("crm", "tenancy.action@sendInvoice", "leak-foreign-action"),
    "conflict": Cell("billing", "tenancy.unique@createInvoice", "unique-across-tenants"),
    "replay": Cell("clientcasa", "idempotency.scope@createClient", "idempotency-cross-tenant"),
    "tag": Cell("clio", "tenancy.conditional@getContact", "tag-leaked"),
    "condition on a write": Cell("clio", "tenancy.conditional@updateContact", "state-told"),
    "text of a refusal": Cell("clientcasa", "tenancy.indistinguishable@getClient", "foreign-told"),
    "existence": Cell("clientcasa", "tenancy.indistinguishable@updateClient", "foreign-forbidden"),
    "existence below": Cell(
        "crm", "tenancy.indistinguishable@listCustomerContacts", "foreign-parent-forbidden"
    ),
    "existence in an action": Cell(
        "crm", "tenancy.indistinguishable@sendInvoice", "foreign-action-forbidden"
    ),
    "behind a refusal": "tenancy.write and tenancy.action read the row again as its owner",
    "delivery": Cell("billing", "webhooks.isolated@createInvoice", "leak-foreign-event"),
    "quota": Cell("clientcasa", "rate-limit.scope@listClients", "limit-shared"),
    "number": _GAPS,
    "token": Cell("billing", "tenancy.header@listCustomers", "stranger-accepted"),
}

REFERENCES: Mapping[str, Cell | str] = {
    "create": Cell("clientcasa", "tenancy.reference@createContact", "foreign-reference-accepted"),
    "update": Cell("clientcasa", "tenancy.reference@updateContact", "foreign-reference-accepted"),
    "existence": Cell("clientcasa", "tenancy.reference@createContact", "foreign-reference-told"),
    "behind a refusal": Cell("clientcasa", "resource.atomic@createContact", "refused-create-kept"),
    "delete": Cell("clientcasa", "references.deleted@deleteClient", "restriction-ignored"),
    "action": "what an action is sent is held to the references of the fields that it ends up in",
    "text of a refusal": "a refusal may repeat what was sent, which is the id and nothing else",
    "embedded": "a reference that was refused shows nothing",
    **dict.fromkeys(
        ("read", "list", "total", "filter", "condition", "sort", "below"), "reading brings no reference with it"
    ),
    **dict.fromkeys(
        ("conflict", "replay", "tag", "condition on a write", "existence below", "existence in an action",
         "delivery", "quota", "number", "token"),
        "no reference is looked up there",
    ),
}  # fmt: skip

SCOPES: Mapping[str, Cell | str] = {
    "read": Cell("clientcasa", "scopes.required@getClient", "scope-ignored"),
    "list": Cell("clientcasa", "scopes.required@listClients", "scope-ignored"),
    "create": Cell("clientcasa", "scopes.required@createClient", "scope-ignored"),
    "update": Cell("clientcasa", "scopes.required@updateClient", "scope-ignored"),
    "delete": Cell("clientcasa", "scopes.required@deleteClient", "scope-ignored"),
    "action": "no shipped contract has an action that takes a scope; permissions are asked for with them",
    "existence": Cell("clientcasa", "scopes.required@getClient", "missing-before-scope"),
    "behind a refusal": Cell("clientcasa", "resource.atomic@createClient", "stranger-acts"),
    "replay": Cell("clientcasa", "idempotency.rights@createClient", "replay-before-rights"),
    "token": Cell("clientcasa", "oauth.scope@listClients", "scope-widened"),
    **dict.fromkeys(("total", "filter", "condition", "sort", "below", "existence below"), _LIST_REFUSED),
    "embedded": "no contract says that what a right opens ends inside another row",
    "conflict": "the refusal comes before anything is looked up: scopes.required sends what would be accepted",
    **dict.fromkeys(("tag", "condition on a write"), "it is refused whatever it is conditioned on"),
    "text of a refusal": "the refusal is the same for every row, there or not: scopes.required compares the two",
    "existence in an action": "no shipped contract has an action that takes a right",
    "delivery": _TENANTS,
    "quota": _OWN,
    "number": _OWN,
}

PERMISSIONS: Mapping[str, Cell | str] = {
    **{channel: cell for channel, cell in SCOPES.items() if isinstance(cell, str)},
    "read": Cell("clio", "permissions.required@getDamage", "permission-ignored"),
    "list": Cell("clio", "permissions.required@listDamages", "permission-ignored"),
    "create": Cell("clio", "permissions.required@createDamage", "permission-any"),
    "update": Cell("clio", "permissions.required@updateDamage", "permission-ignored"),
    "delete": Cell("clio", "permissions.required@deleteDamage", "permission-ignored"),
    "existence": Cell("clio", "permissions.required@getDamage", "missing-before-permission"),
    "behind a refusal": Cell("clio", "resource.atomic@createDamage", "stranger-acts"),
    "replay": "no shipped contract has keys and permissions; idempotency.rights is for both",
    "token": "permissions are the caller's, whatever its token was granted",
}

ANONYMOUS: Mapping[str, Cell | str] = {
    "read": Cell("billing", "authentication.required@getCustomer", "anonymous-accepted"),
    "list": Cell("billing", "authentication.required@listCustomers", "anonymous-accepted"),
    "create": Cell("billing", "authentication.required@createCustomer", "anonymous-accepted"),
    "update": Cell("billing", "authentication.required@updateCustomer", "anonymous-accepted"),
    "delete": Cell("billing", "authentication.required@deleteInvoice", "anonymous-accepted"),
    "action": Cell("crm", "authentication.required@sendInvoice", "anonymous-accepted"),
    "existence": Cell("billing", "authentication.required@getCustomer", "missing-before-credential"),
    "existence in an action": "a write without a credential is about a missing row already, and must get the same",
    "behind a refusal": Cell("billing", "resource.atomic@updateCustomer", "stranger-acts"),
    "token": Cell("billing", "authentication.token@listCustomers", "token-unchecked"),
    "text of a refusal": "the refusal comes before the row is looked for, which existence judges",
    **dict.fromkeys(("total", "filter", "condition", "sort", "below", "existence below"), _LIST_REFUSED),
    **dict.fromkeys(("embedded", "tag"), "nothing is read without a credential"),
    **dict.fromkeys(
        ("conflict", "condition on a write"), "nothing is written without a credential, however it is asked"
    ),
    "replay": "a key belongs to the tenant of the credential, so without one there is none to find",
    "delivery": "nobody subscribes without a credential",
    "quota": "limits are those of credentials",
    "number": "nothing is made without a credential",
}

VIEWER: Mapping[str, Cell | str] = {
    "read": Cell("clio", "visibility.redacted@getContact", "redaction-dropped"),
    "list": Cell("clio", "visibility.listed@listContacts", "hidden-listed"),
    "total": Cell("clio", "visibility.listed@listContacts", "hidden-counted"),
    "filter": Cell("clio", "visibility.searched@listContacts", "hidden-searched"),
    "sort": Cell("clio", "visibility.searched@listActivities", "hidden-sorted"),
    "embedded": Cell("clio", "visibility.redacted@getMatter", "redaction-dropped"),
    "create": Cell("clio", "visibility.reference@createMatter", "hidden-reference-accepted"),
    "update": Cell("clio", "visibility.write@updateContact", "hidden-written"),
    "delete": Cell("clio", "visibility.write@deleteContact", "hidden-written"),
    "condition": "no shipped contract has both; where one has, visibility.searched tries conditions too",
    "below": "a list below a row shows rows by the rules of their own resource, which embedded judges",
    "action": "no shipped contract has an action on rows with rules of visibility",
    "conflict": "no shipped contract has unique values of rows with rules of visibility",
    "replay": "no shipped contract has keys and rules of visibility",
    "tag": _OPAQUE,
    "condition on a write": _OPAQUE,
    "text of a refusal": "visibility.write compares what it refuses with what is declared",
    "existence": "a redacted row may be known to be there; where it may not, its read answers as a missing one",
    "existence below": "as for single rows",
    "existence in an action": "no shipped contract has an action on such rows",
    "behind a refusal": "visibility.write reads the row again as its owner",
    "delivery": _TENANTS,
    "quota": _OWN,
    "number": _OWN,
    "token": "settings belong to the caller, not to its token",
}

SECRETS: Mapping[str, Cell | str] = {
    "read": Cell("clientcasa", "fields.write-only@getWebhook", "write-only-leaked"),
    "list": Cell("clientcasa", "fields.write-only@listWebhooks", "write-only-listed"),
    "create": Cell("clientcasa", "fields.write-only@createWebhook", "write-only-leaked"),
    "update": Cell("clientcasa", "fields.write-only@updateWebhook", "write-only-leaked"),
    "total": "totals count rows, and which rows must stay hidden is what resource.visible judges",
    "filter": "no filter is on a field that is never shown, which coherence makes sure of",
    "condition": "conditions on what is never shown are refused: conditions.unknown",
    "sort": "no list is sorted by what is never shown",
    "below": "the rows are those of the list",
    "embedded": "a row inside another one is judged to be the row itself: populate.depth and select.embedded",
    "delete": "what a delete answers is the row as reading shows it",
    "action": "what an action answers is the row as reading shows it",
    "conflict": "no secret is unique",
    "replay": "a replay is the first answer, byte for byte: idempotency.replay",
    "tag": _OPAQUE,
    "condition on a write": _OPAQUE,
    "text of a refusal": "a refusal may repeat what was sent to whoever sent it",
    "existence": "whether there is a secret may be told where a field says so",
    "existence below": "as for single rows",
    "existence in an action": "as for single rows",
    "behind a refusal": "what is not done shows nothing",
    "delivery": "a delivery shows the row as reading shows it, which webhooks.payload compares",
    "quota": "a secret takes nothing from a limit",
    "number": "a secret has no number",
    "token": "tokens are given out to be shown to their owner once",
}

TABLE: Mapping[tuple[str, str], Mapping[str, Cell | str]] = dict(
    zip(ACTORS, (PEER, REFERENCES, SCOPES, PERMISSIONS, ANONYMOUS, VIEWER, SECRETS), strict=True)
)
