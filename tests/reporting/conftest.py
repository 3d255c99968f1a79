"""One finding of each kind, as an engine would emit it."""

from __future__ import annotations

import pytest

from troth.findings import Case, Finding, Location


@pytest.fixture
def violation() -> Finding:
    return Finding(
        id="page-larger-than-maximum",
        severity="error",
        title="A page holds more rows than the maximum",
        detail="Asked for 500, got 250; the contract says at most 100.",
        location=Location("spec/shop/behaviour.overlay.yaml", "/x-behaviour/pagination/max", 41),
        operation="listClients",
        clause="pagination.max-size@listClients",
        evidence={
            "principal": "acme",
            "rows": 250,
            "request": {"method": "GET", "url": "http://127.0.0.1/v1/clients?limit=500", "headers": {}},
            "response": {
                "status": 200,
                "headers": {"content-type": "application/json"},
                "body": {"data": []},
            },
        },
    )


@pytest.fixture
def comparison() -> Finding:
    return Finding(
        id="request-property-became-required",
        severity="breaking",
        title="The property 'email' <must> be | sent & is new",
        location=Location("new/openapi.yaml", "/components/schemas/Client/required", 7),
        verdict="proved",
        witness={"name": "A*b"},
        reach=("createClient", "updateClient"),
    )


@pytest.fixture
def remark() -> Finding:
    return Finding(id="unused-component", severity="info", title="A component is never referred to")


@pytest.fixture
def cases(violation: Finding) -> tuple[Case, ...]:
    return (
        Case("pagination.max-size@listClients", "pagination", "violate", (violation,), seconds=0.25),
        Case("pagination.order@listClients", "pagination", "conform", seconds=0.5),
        Case("tenancy.isolation@getClient", "tenancy", "inconclusive", detail="the target answered 429"),
        Case("webhooks.signature", "webhooks", "not-exercised", detail="no control plane"),
    )
