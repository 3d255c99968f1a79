"""Which tenant a request is about, where a header says so: it must be there, be known, and be one of the caller's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from troth.behaviour.model import Tenancy
from troth.engine.authenticating import ANONYMOUS, Principal
from troth.engine.messages import Request
from troth.engine.refusing import Refusal

__all__ = ["Admission"]


class Admission:
    """The compiled tenant header of one contract. ``tenants`` are the slugs that exist."""

    def __init__(self, tenancy: Tenancy, tenants: Collection[str], faults: frozenset[str]) -> None:
        self._tenancy = tenancy
        self._tenants = tenants
        self._optional = "tenant-header-optional" in faults
        self._open = "stranger-accepted" in faults

    def admit(self, principal: Principal, request: Request) -> Principal:
        """The same caller, at work for the tenant that the header names. Raises Refusal."""
        tenancy = self._tenancy
        slug = request.headers.get(tenancy.header, "").strip()
        if not slug:
            if self._optional and principal.tenant:
                return principal
            raise Refusal(tenancy.missing, f"The header {tenancy.header} is required.")
        if slug == principal.tenant:
            return principal
        if slug not in self._tenants:
            raise Refusal(tenancy.unknown, f"There is no tenant {slug!r}.")
        if slug not in principal.tenants and principal is not ANONYMOUS and not self._open:
            raise Refusal(tenancy.stranger, f"The caller does not belong to {slug!r}.")
        return replace(principal, tenant=slug)
