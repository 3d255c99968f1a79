"""One probe for each clause: a short scenario that returns when the clause holds and raises a verdict otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from troth.behaviour.model import Binding
from troth.conformance.probes import (
    actions,
    authentication,
    errors,
    fields,
    filtering,
    freezing,
    idempotency,
    lifecycle,
    limits,
    pagination,
    populating,
    querying,
    records,
    references,
    resources,
    routing,
    rules,
    schemas,
    spellings,
    tenancy,
    validation,
    views,
)
from troth.conformance.scene import Scene

__all__ = ["PROBES", "Probe"]

Probe = Callable[[Scene, Binding], None]

#: Clause id to its probe.
PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        "routing.method": routing.method,
        "authentication.required": authentication.required,
        "authentication.invalid": authentication.invalid,
        "authentication.token": authentication.token,
        "scopes.required": authentication.scope,
        "scopes.sufficient": authentication.sufficient,
        "permissions.required": authentication.permission,
        "pagination.complete": pagination.complete,
        "pagination.cursor": pagination.cursor,
        "pagination.size": pagination.size,
        "pagination.max-size": pagination.max_size,
        "pagination.total": pagination.total,
        "pagination.has-more": pagination.has_more,
        "filter.exact": filtering.exact,
        "filter.echo": filtering.echo,
        "list.where": views.where,
        "conditions.exact": querying.exact,
        "conditions.unknown": querying.unknown,
        "sort.ordered": querying.ordered,
        "populate.depth": populating.depth,
        "resource.read": resources.read,
        "resource.visible": resources.visible,
        "fields.computed": fields.computed,
        "tenancy.list": tenancy.listing,
        "tenancy.shared": views.shared,
        "resource.printed": actions.printed,
        "tenancy.read": tenancy.reading,
        "tenancy.header": tenancy.header,
        "tenancy.indistinguishable": tenancy.indistinguishable,
        "errors.envelope": errors.envelope,
        "errors.code": errors.code,
        "rate-limit.headers": limits.headers,
        "rate-limit.remaining": limits.remaining,
        "schema.response": schemas.response,
        "validation.no-server-error": validation.no_server_error,
        "validation.rejected": validation.rejected,
        "resource.create": resources.create,
        "answers.form": populating.answer,
        "resource.update": resources.update,
        "resource.merge": resources.merge,
        "resource.delete": resources.delete,
        "tenancy.write": tenancy.writing_foreign,
        "action.effect": actions.effect,
        "action.refused": actions.refused,
        "tenancy.action": actions.isolated,
        "records.written": records.written,
        "formats.moment": records.moment,
        "tenancy.reference": tenancy.reference,
        "references.exists": references.exists,
        "fields.read-only": fields.read_only,
        "fields.write-only": fields.write_only,
        "fields.immutable": fields.immutable,
        "fields.emptied": spellings.emptied,
        "fields.frozen": freezing.frozen,
        "shorthand.equal": spellings.equal,
        "idempotency.replay": idempotency.replay,
        "idempotency.mismatch": idempotency.mismatch,
        "idempotency.scope": idempotency.scope,
        "lifecycle.transition": lifecycle.transition,
        "rules.held": rules.held,
        "rate-limit.enforced": limits.enforced,
        "rate-limit.retry-after": limits.retry_after,
    }
)
