"""Tenant headers, shorthands, texts that stand for null, frozen fields, echoes: what is wrong with them is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from troth.behaviour.inference import behaviour_of
from troth.behaviour.model import Tenancy
from troth.contract.model import Contract
from troth.findings import Finding

ORDER = "/components/schemas/Order"
UPDATE = "/paths/~1customers~1{customerId}~1orders~1{id}/patch/x-behaviour"
ORDERS = "$.paths['/customers/{customerId}/orders/{id}'].patch"
ROOT = "        pagination:\n"
SHORT = "shorthand: {into: lines, fields: {price: true}}"
ECHO = "envelope: {data: $items, caled: $filter.caled}"
SUBSCRIPTION = "subscription: {url: url, events: events}\n          tracking: {at: lastTry}\n"
HOOKS = "  - target: $.components.schemas.Hook\n"

Found = Callable[..., list[Finding]]
Change = tuple[str, str]


def on_update(shorthand: str) -> Change:
    """The shop with a shorthand of the update of an order."""
    return HOOKS, f'  - target: "{ORDERS}"\n    update: {{x-behaviour: {{shorthand: {shorthand}}}}}\n{HOOKS}'


@pytest.mark.parametrize(
    ("change", "identifier", "pointer", "message"),
    [
        (
            ("name: {x-behaviour: {unique: tenant}}", "name: {x-behaviour: {emptied: ''}}"),
            "emptied-not-nullable",
            "/components/schemas/Customer/properties/name/x-behaviour/emptied",
            "'name' is emptied to null, but its schema does not allow null.",
        ),
        (
            ('number: {x-behaviour: {sequence: "N-{}"}}', 'number: {x-behaviour: {frozenWhen: "net > 1.0"}}'),
            "keyword-without-effect",
            f"{ORDER}/properties/number/x-behaviour/frozenWhen",
            "'number' is not computed, so there is nothing to freeze.",
        ),
        (
            ("tax: {x-behaviour: {computed", 'tax: {x-behaviour: {frozenWhen: "nett > 1.0", computed'),
            "unknown-name",
            f"{ORDER}/properties/tax/x-behaviour/frozenWhen",
            "unknown field 'nett'. Did you mean 'net'?",
        ),
        (
            ("sum: {x-behaviour: {computed", 'sum: {x-behaviour: {frozenWhen: "price > 1.0", computed'),
            "keyword-without-effect",
            f"{ORDER}/properties/lines/items/properties/sum/x-behaviour/frozenWhen",
            "'sum' is a field of listed objects, for which this does nothing.",
        ),
        (
            on_update("{into: lnes, fields: {price: true}}"),
            "unknown-field",
            f"{UPDATE}/shorthand/into",
            "unknown list of objects 'lnes'. Did you mean 'lines'?",
        ),
        (
            on_update("{into: lines, fields: {prce: true}}"),
            "unknown-field",
            f"{UPDATE}/shorthand/fields/prce",
            "unknown field of lines 'prce'. Did you mean 'price'?",
        ),
        (
            on_update("{into: lines, fields: {price: true}}"),
            "unknown-field",
            f"{UPDATE}/shorthand/fields/price",
            "unknown member of the body 'price'.",
        ),
        (
            ("filters:\n          called:", f"{SHORT}\n        filters:\n          called:"),
            "keyword-without-effect",
            "/paths/~1customers/get/x-behaviour/shorthand",
            "'shorthand' is about bodies of rows, but this operation is a list.",
        ),
        (
            (ROOT, f"        tenancy: {{from: header, header: X-Shop}}\n{ROOT}"),
            "undeclared-header",
            "/x-behaviour/tenancy/header",
            "the header 'x-shop' is no parameter of listCustomers",
        ),
        (
            ("            maxSize: 50\n", f"            maxSize: 50\n            {ECHO}\n"),
            "unknown-parameter",
            "/x-behaviour/pagination/default/envelope/caled",
            "unknown filter 'caled'. Did you mean 'called'?",
        ),
        (
            ("resource: hooks\n          subscription", "subscriptions: control\n          subscription"),
            "keyword-without-effect",
            "/x-behaviour/webhooks/subscription",
            "'subscription' is about a resource of subscriptions",
        ),
    ],
)  # fmt: skip
def test_an_incoherence_is_found_where_it_stands(
    found: Found, change: Change, identifier: str, pointer: str, message: str
) -> None:
    """With its place and the way out."""
    told = [one for one in found(change) if one.id == identifier and one.location]
    assert pointer in [one.location.pointer for one in told if one.location]
    assert [one for one in told if one.title.startswith(message)] != []


def test_the_documented_events_are_those_that_a_controlled_subscription_can_have(found: Found) -> None:
    """Where the document lists webhooks, an event that is not among them is unknown."""
    controlled = (f"resource: hooks\n          {SUBSCRIPTION}", "subscriptions: control\n")
    listed = (
        "components:\n  sec",
        "webhooks: {order_payd: {post: {responses: {2XX: {description: Ok.}}}}}\ncomponents:\n  sec",
    )
    unknown = sorted(one.title for one in found(controlled, listed) if one.id == "unknown-event")
    assert len(unknown) == 2
    assert unknown[0].startswith("unknown event 'order_late'.")
    assert unknown[1] == "unknown event 'order_paid'. Did you mean 'order_payd'?"
    assert [one for one in found(controlled) if one.id == "unknown-event"] == []


def test_a_header_names_the_tenant_with_three_answers(shop: Callable[..., Contract]) -> None:
    """Their kinds of refusal are those stated, else 400, 404 and 403."""
    header = "from: header, header: X-Shop"
    usual = behaviour_of(shop((ROOT, f"        tenancy: {{{header}}}\n{ROOT}"))).tenancy
    assert usual == Tenancy(
        "header",
        "tenant",
        "not-found",
        "not-found",
        "not-found",
        "x-shop",
        "invalid",
        "not-found",
        "forbidden",
    )
    stated = behaviour_of(
        shop(
            (
                ROOT,
                f"        tenancy: {{{header}, missing: forbidden, unknown: gone, stranger: not-found}}\n{ROOT}",
            )
        )
    ).tenancy
    assert (stated.missing, stated.unknown, stated.stranger) == ("forbidden", "gone", "not-found")
