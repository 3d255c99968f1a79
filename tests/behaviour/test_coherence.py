"""Each kind of incoherence is found where it was written, and nothing else with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from troth.behaviour.coherence import check_coherence, lint
from troth.contract import load_contract
from troth.contract.model import Contract
from troth.findings import Finding

Found = Callable[..., list[Finding]]
Shop = Callable[..., Contract]

ORDER = "/components/schemas/Order"
CUSTOMER = "/components/schemas/Customer"
LIST = "/paths/~1customers/get/x-behaviour"
NESTED = "/paths/~1customers~1{customerId}~1orders/get/x-behaviour"

GET_ONE = "\"$.paths['/customers/{customerId}'].get\""

BEHAVIOUR_OF_WEBHOOKS = """\
        webhooks:
          resource: hooks
          subscription: {url: url, events: events}
          tracking: {at: lastTry}
"""

#: The text that is changed, what it becomes, and the id, pointer and message of the one finding.
ERRORS = {
    "an unknown state that a transition ends in": (
        ("to: paid", "to: payed"),
        "unknown-state",
        f"{ORDER}/x-behaviour/lifecycle/transitions/pay/to",
        "unknown state 'payed'. Did you mean 'paid'?",
    ),
    "an unknown state that a transition starts from": (
        ("from: {draft: true}", "from: {daft: true, draft: true}"),
        "unknown-state",
        f"{ORDER}/x-behaviour/lifecycle/transitions/pay/from/daft",
        "unknown state 'daft'. Did you mean 'draft'?",
    ),
    "a lifecycle of a missing field": (
        ("field: status", "field: sattus"),
        "unknown-field",
        f"{ORDER}/x-behaviour/lifecycle/field",
        "unknown field of orders 'sattus'. Did you mean 'status'?",
    ),
    "a dangling reference": (
        ("references: customers", "references: costumers"),
        "unknown-resource",
        f"{ORDER}/properties/customerId/x-behaviour/references",
        "unknown resource 'costumers'. Did you mean 'customers'?",
    ),
    "a dangling reference of several kinds": (
        ("order: orders", "order: ordres"),
        "unknown-resource",
        f"{ORDER}/properties/owner/x-behaviour/references/to/order",
        "unknown resource 'ordres'. Did you mean 'orders'?",
    ),
    "a kind of reference that its field cannot name": (
        ("order: orders", "oder: orders"),
        "unknown-value",
        f"{ORDER}/properties/owner/x-behaviour/references/to/oder",
        "unknown value of ownerKind 'oder'. Did you mean 'order'?",
    ),
    "a kind of reference in a missing field": (
        ("by: ownerKind", "by: ownKind"),
        "unknown-field",
        f"{ORDER}/properties/owner/x-behaviour/references/by",
        "unknown field of orders 'ownKind'. Did you mean 'ownerKind'?",
    ),
    "kinds of reference without the field": (
        ("{by: ownerKind, to", "{to"),
        "missing-keyword",
        f"{ORDER}/properties/owner/x-behaviour/references",
        "'to' tells resources apart by a field, but 'by' doesn't name it.",
    ),
    "a field of reference without kinds": (
        ("references: customers", "references: {to: customers, by: ownerKind}"),
        "missing-keyword",
        f"{ORDER}/properties/customerId/x-behaviour/references",
        "'by' names the field 'ownerKind', but 'to' doesn't say which value means which resource.",
    ),
    "a filter on a missing field": (
        ("field: placed", "field: placd"),
        "unknown-field",
        f"{NESTED}/filters/since/field",
        "unknown field of orders 'placd'. Did you mean 'placed'?",
    ),
    "a filter inside an object that lacks the field": (
        ("field: name, op", "field: address.town, op"),
        "unknown-field",
        f"{LIST}/filters/called/field",
        "unknown field of customers 'address.town'.",
    ),
    "a filter for an undeclared parameter": (
        ("since: {field", "sine: {field"),
        "unknown-parameter",
        f"{NESTED}/filters/sine",
        "unknown query parameter 'sine'. Did you mean 'since'?",
    ),
    "a filter with a constant for a missing field": (
        ("where: {tier: gold}", "where: {teir: gold}"),
        "unknown-field",
        f"{LIST}/filters/called/where/teir",
        "unknown field of customers 'teir'. Did you mean 'tier'?",
    ),
    "a parent that the path does not have": (
        ("parents: {customerId:", "parents: {customId:"),
        "unknown-parameter",
        f"{NESTED}/parents/customId",
        "unknown path parameter 'customId'. Did you mean 'customerId'?",
    ),
    "a parent in a missing field": (
        ("parents: {customerId: customerId", "parents: {customerId: custmerId"),
        "unknown-field",
        f"{NESTED}/parents/customerId",
        "unknown field of orders 'custmerId'. Did you mean 'customerId'?",
    ),
    "an operation that is said to be a list": (
        ("actions:\n", f"actions:\n  - {{target: {GET_ONE}, update: {{x-behaviour: {{kind: list}}}}}}\n"),
        "not-a-list",
        "/paths/~1customers~1{customerId}/get/x-behaviour/kind",
        "this operation is said to be a list, but its response has no place for rows.",
    ),
    "a computed field over a missing one": (
        ("round(net * 0.2", "round(nett * 0.2"),
        "unknown-name",
        f"{ORDER}/properties/tax/x-behaviour/computed",
        "unknown field 'nett'. Did you mean 'net'?",
    ),
    "a computed field in a list over a missing one": (
        ("price * amount", "prize * amount"),
        "unknown-name",
        f"{ORDER}/properties/lines/items/properties/sum/x-behaviour/computed",
        "unknown field 'prize'. Did you mean 'price'?",
    ),
    "a rule over a missing field": (
        ("net >= 0.0", "ned >= 0.0"),
        "unknown-name",
        f"{ORDER}/x-behaviour/rules/positive/require",
        "unknown field 'ned'. Did you mean 'net'?",
    ),
    "a rule over a missing field of the old row": (
        ("old.status != 'void'", "old.stats != 'void'"),
        "unknown-name",
        f"{ORDER}/x-behaviour/rules/positive/require",
        "unknown field of old 'stats'. Did you mean 'status'?",
    ),
    "a rule that points at a missing field": (
        ("field: net}", "field: neet}"),
        "unknown-field",
        f"{ORDER}/x-behaviour/rules/positive/field",
        "unknown field of orders 'neet'. Did you mean 'net'?",
    ),
    "an event over a missing field": (
        ("status == 'paid' && old", "sttus == 'paid' && old"),
        "unknown-name",
        f"{ORDER}/x-behaviour/events/order_paid/when",
        "unknown field 'sttus'. Did you mean 'status'?",
    ),
    "a guard over a missing field": (
        ("gross > 0.0", "grosss > 0.0"),
        "unknown-name",
        f"{ORDER}/x-behaviour/lifecycle/transitions/cancel/when",
        "unknown field 'grosss'. Did you mean 'gross'?",
    ),
    "rows that are visible by a missing field": (
        ("name != ''", "nam != ''"),
        "unknown-name",
        f"{CUSTOMER}/x-behaviour/visible",
        "unknown field 'nam'. Did you mean 'name'?",
    ),
    "a guard that asks for the row before": (
        ("gross > 0.0", "old.gross > 0.0"),
        "unknown-name",
        f"{ORDER}/x-behaviour/lifecycle/transitions/cancel/when",
        "unknown field 'old'. ",
    ),
    "an unknown function": (
        ("placed < today()", "placed < todai()"),
        "unknown-function",
        f"{ORDER}/x-behaviour/events/order_late/when",
        "unknown function 'todai'. Did you mean 'today'?",
    ),
    "related rows of an unknown resource": (
        ("related('orders'", "related('oders'"),
        "unknown-resource",
        f"{CUSTOMER}/properties/spent/x-behaviour/computed",
        "unknown resource 'oders'. Did you mean 'orders'?",
    ),
    "related rows by a missing field": (
        ("'orders', 'customerId'", "'orders', 'customId'"),
        "unknown-field",
        f"{CUSTOMER}/properties/spent/x-behaviour/computed",
        "unknown field of orders 'customId'. Did you mean 'customerId'?",
    ),
    "related rows by a name that is computed": (
        ("related('orders', 'customerId')", "related('orders', name)"),
        "computed-name",
        f"{CUSTOMER}/properties/spent/x-behaviour/computed",
        "related needs names written out, as in related('resource', 'field').",
    ),
    "a looked-up row of an unknown resource": (
        ("lookup('customers', customerId)", "lookup('customer', customerId)"),
        "unknown-resource",
        f"{ORDER}/properties/gross/x-behaviour/computed",
        "unknown resource 'customer'. Did you mean 'customers'?",
    ),
    "a missing field of a looked-up row": (
        (".tier == 'gold'", ".teir == 'gold'"),
        "unknown-field",
        f"{ORDER}/properties/gross/x-behaviour/computed",
        "unknown field of customers 'teir'. Did you mean 'tier'?",
    ),
    "computed fields in a circle": (
        ("round(net * 0.2", "round(gross * 0.2"),
        "computed-circle",
        f"{ORDER}/properties/tax/x-behaviour/computed",
        "the computed fields go in a circle: 'tax' reads 'gross' reads 'tax'.",
    ),
    "text that is no expression": (
        ("net * 0.2, 2", "net * 0.2,"),
        "behaviour-unreadable",
        f"{ORDER}/properties/tax/x-behaviour/computed",
        "'round(net * 0.2,)' is not a CEL expression",
    ),
    "an unknown pagination profile": (
        ("pagination: default", "pagination: defalt"),
        "behaviour-unreadable",
        f"{NESTED}/pagination",
        "unknown pagination profile 'defalt'. Did you mean 'default'?",
    ),
    "pages turned by an undeclared parameter": (
        ("position: page", "position: pag"),
        "unknown-parameter",
        "/x-behaviour/pagination/default/position",
        "unknown query parameter 'pag'. Did you mean 'page'?",
    ),
    "a usual page that is larger than the largest": (
        ("maxSize: 50\n", "maxSize: 50\n            defaultSize: 60\n"),
        "contradicting-sizes",
        "/x-behaviour/pagination/default/defaultSize",
        "the usual page of 60 rows is larger than the largest of 50.",
    ),
    "a code that no schema of errors has": (
        ("not-found: {code: unknown,", "not-found: {code: unknwn,"),
        "error-outside-schema",
        "/x-behaviour/errors/kinds/not-found/code",
        "an error of the kind 'not-found' does not fit the schema at ",
    ),
    "a message without a slot": (
        ("message: $message}", "message: no}"),
        "error-without-slot",
        "/x-behaviour/errors/kinds/not-found/message",
        "the kind 'not-found' has a message, but the envelope has no slot $message.",
    ),
    "a scope that no flow can give": (
        ('login: ["customers:read"]', 'login: ["customer:read"]'),
        "unknown-scope",
        "/paths/~1customers~1{customerId}/get/security/0/login/0",
        "unknown scope 'customer:read'. Did you mean 'customers:read'?",
    ),
    "a scope of an operation that no flow can give": (
        ("pagination: default\n", "pagination: default\n        scopes: {'customers:raed': true}\n"),
        "unknown-scope",
        f"{NESTED}/scopes",
        "unknown scope 'customers:raed'. Did you mean 'customers:read'?",
    ),
    "subscriptions in an unknown resource": (
        ("resource: hooks\n", "resource: hoks\n"),
        "unknown-resource",
        "/x-behaviour/webhooks/resource",
        "unknown resource 'hoks'. Did you mean 'hooks'?",
    ),
    "subscriptions in a missing field": (
        ("{url: url, events", "{url: uri, events"),
        "unknown-field",
        "/x-behaviour/webhooks/subscription/url",
        "unknown field of hooks 'uri'. Did you mean 'url'?",
    ),
    "deliveries tracked in a missing field": (
        ("{at: lastTry}", "{at: lastTri}"),
        "unknown-field",
        "/x-behaviour/webhooks/tracking/at",
        "unknown field of hooks 'lastTri'. Did you mean 'lastTry'?",
    ),
    "an event that nobody can subscribe to": (
        ("order_paid: {on", "order_payed: {on"),
        "unknown-event",
        f"{ORDER}/x-behaviour/events/order_payed",
        "unknown event 'order_payed'. Did you mean 'order_paid'?",
    ),
    "an event of time without a moment": (
        ('{on: {time: true}, when: "placed < today()"}', "{on: {time: true}}"),
        "missing-keyword",
        f"{ORDER}/x-behaviour/events/order_late",
        "time alone brings this event about, so 'when' must say at which moment.",
    ),
    "an example of a body": (
        ("example: {name: Ada}\n      responses", "example: {name: 7}\n      responses"),
        "invalid-example",
        "/paths/~1customers/post/requestBody/content/application~1json/example/name",
        "the example does not satisfy its schema: /name: ",
    ),
    "an example among the components": (
        ("value: {id: c1, name: Ada}", "value: {id: c1, name: true}"),
        "invalid-example",
        "/components/examples/Ada/value/name",
        "the example does not satisfy its schema: /name: ",
    ),
    "an example of a parameter": (
        ("example: Ada}", "example: [1]}"),
        "invalid-example",
        "/paths/~1customers/get/parameters/2/example",
        "the example does not satisfy its schema: ",
    ),
    "an example of a header": (
        ("example: 7}", "example: seven}"),
        "invalid-example",
        "/paths/~1customers/post/responses/201/headers/X-Left/example",
        "the example does not satisfy its schema: ",
    ),
    "an example of a schema": (
        ("      example: {id: c1, name: Ada}", "      example: {id: c1, nam: Ada}"),
        "invalid-example",
        f"{CUSTOMER}/example/name",
        "the example does not satisfy its schema: /name: the property 'name' is missing.",
    ),
    "a default": (
        ("default: 10}", "default: ten}"),
        "invalid-default",
        "/components/parameters/Size/schema/default",
        "the default does not satisfy its schema: ",
    ),
    "an initial value": (
        ("{initial: plain}", "{initial: plan}"),
        "invalid-initial-value",
        f"{CUSTOMER}/properties/tier/x-behaviour/initial",
        "the initial value does not satisfy its schema: ",
    ),
    "an identifier in a missing field": (
        ("id: id, order", "id: uid, order"),
        "unknown-field",
        f"{CUSTOMER}/x-behaviour/id",
        "unknown field of customers 'uid'. Did you mean 'id'?",
    ),
    "an order by a missing field": (
        ('"name,-id"', '"name,-idd"'),
        "unknown-field",
        f"{CUSTOMER}/x-behaviour/order",
        "unknown field of customers 'idd'. Did you mean 'id'?",
    ),
    "a value that is unique within a missing field": (
        ("unique: tenant", "unique: teir"),
        "unknown-field",
        f"{CUSTOMER}/properties/name/x-behaviour/unique",
        "unknown neighbour field 'teir'. Did you mean 'tier'?",
    ),
}  # fmt: skip

WARNINGS = {
    "a key that no operation takes": (
        ("header: Once-Key", "header: Only-Key"),
        "undeclared-header",
        "/x-behaviour/idempotency/header",
        "the header 'only-key' is no parameter of createCustomer, createOrder. Did you mean 'once-key'?",
    ),
    "pages that some lists cannot turn": (
        ('- {$ref: "#/components/parameters/Size"}\n        - {name: since', "- {name: since"),
        "unknown-parameter",
        "/x-behaviour/pagination/default/size",
        "pages are turned by the query parameter 'size', which listOrders don't declare.",
    ),
    "a filter of what is no list": (
        ("actions:\n", f"actions:\n  - {{target: {GET_ONE}, update: {{x-behaviour: {{filters: {{}}}}}}}}\n"),
        "keyword-without-effect",
        "/paths/~1customers~1{customerId}/get/x-behaviour/filters",
        "'filters' is about lists, but this operation is a read.",
    ),
    "traits of what is no field": (
        ("properties: {city: {type: string}}", "properties: {city: {x-behaviour: {immutable: true}}}"),
        "idle-behaviour",
        f"{CUSTOMER}/properties/address/properties/city/x-behaviour",
        "nothing reads this x-behaviour: this is no field of any resource's rows.",
    ),
    "a resource without operations": (
        ("    State: {", "    Lost: {type: object, x-behaviour: {resource: lost}}\n    State: {"),
        "idle-behaviour",
        "/components/schemas/Lost/x-behaviour",
        "nothing reads this x-behaviour: no operation returns or takes rows of this schema.",
    ),
}  # fmt: skip

#: Changes whose consequence shows at another place.
ELSEWHERE = {"a message without a slot", "pages that some lists cannot turn"}


def test_the_shop_is_coherent(found: Found) -> None:
    """Whatever the tests below find comes from their one change."""
    assert found() == []


@pytest.mark.parametrize("name", [*ERRORS, *WARNINGS])
def test_an_incoherence_is_found_where_it_stands(found: Found, name: str) -> None:
    """One finding that fails the check, with its place and the way out."""
    change, identifier, pointer, message = {**ERRORS, **WARNINGS}[name]
    (finding,) = [one for one in found(change) if one.severity != "info"]
    assert finding.location is not None
    assert finding.severity == ("error" if name in ERRORS else "warning")
    assert (finding.id, finding.location.pointer) == (identifier, pointer)
    assert finding.title.startswith(message)


@pytest.mark.parametrize("name", sorted({*ERRORS, *WARNINGS} - ELSEWHERE))
def test_an_incoherence_is_found_on_its_line(found: Found, name: str) -> None:
    """The line is that of the change, in the overlay or in the document."""
    change, *_ = {**ERRORS, **WARNINGS}[name]
    (finding,) = [one for one in found(change) if one.severity != "info"]
    assert finding.location is not None
    text = Path(finding.location.document).read_text(encoding="utf-8")
    first = text[: text.index(change[1])].count("\n") + 1
    assert first <= (finding.location.line or 0) <= first + change[1].count("\n")


def test_a_transition_that_can_never_be_made_is_a_warning(found: Found) -> None:
    """No create writes the state, nothing leads into it, no other move does."""
    changes = (
        (
            'status: {$ref: "#/components/schemas/State"}',
            'status: {readOnly: true, $ref: "#/components/schemas/State"}',
        ),
        ("enum: [draft, paid, void]", "enum: [draft, paid, void, gone]"),
        ("from: {draft: true, paid: true}", "from: {gone: true}"),
        ('number: {x-behaviour: {sequence: "N-{}"}}', "status: {x-behaviour: {initial: draft}}"),
    )
    (finding,) = found(*changes)
    assert (finding.id, finding.severity) == ("unreachable-transition", "warning")
    assert finding.location is not None
    assert finding.location.pointer == f"{ORDER}/x-behaviour/lifecycle/transitions/cancel"
    assert finding.title == "the transition 'cancel' can never be made: no row gets into the state gone."
    assert finding.evidence == {"reached": ["draft", "paid"]}
    assert found(*changes[:2], ("from: {draft: true, paid: true}", "from: {paid: true}"), changes[3]) == []


def test_two_schemas_cannot_be_one_resource(found: Found) -> None:
    """The later one is told where the earlier one stands."""
    told = found(("x-behaviour: {resource: hooks}", "x-behaviour: {resource: orders}"))
    (finding,) = [one for one in told if one.id == "duplicate-resource"]
    assert finding.location is not None
    assert finding.location.pointer == "/components/schemas/Hook/x-behaviour/resource"
    assert finding.title.startswith("the resource 'orders' is already declared at ")
    assert f"{ORDER}/x-behaviour/resource" in finding.title


def test_events_without_webhooks_go_nowhere(found: Found) -> None:
    """Each is a warning of its own."""
    profile = BEHAVIOUR_OF_WEBHOOKS
    told = found((profile, ""))
    assert [finding.title for finding in told] == [
        "the event 'order_paid' goes nowhere: the root has no 'webhooks'.",
        "the event 'order_late' goes nowhere: the root has no 'webhooks'.",
    ]
    assert {finding.severity for finding in told} == {"warning"}


def test_what_nothing_uses_is_only_mentioned(found: Found) -> None:
    """An unused component or profile is no mistake."""
    told = found(
        ("    State: {", "    Spare: {type: string}\n    State: {"),
        ("          default:\n", "          spare: {style: none}\n          default:\n"),
    )
    assert [(finding.severity, finding.title) for finding in told] == [
        ("info", "no list uses the pagination profile 'spare'."),
        ("info", "nothing refers to the component 'Spare'."),
    ]


def test_every_mistake_is_told_at_once(found: Found) -> None:
    """A misspelt word, a broken expression and a dangling name: none hides the others."""
    told = found(
        ("order: orders", "order: ordres"),
        ("{initial: plain}", "{intial: plain}"),
        ("net * 0.2, 2", "net * 0.2,"),
        ("to: paid", "to: payed"),
        ('require: "net', 'requires: "net'),
        ("example: Ada}", "example: [1]}"),
    )
    assert sorted(finding.id for finding in told) == [
        "behaviour-unreadable",
        "invalid-example",
        "missing-keyword",
        "unknown-keyword",
        "unknown-keyword",
        "unknown-resource",
        "unknown-state",
    ]


def test_findings_come_in_the_order_of_the_text(found: Found) -> None:
    """By document and line, as somebody would go through them."""
    told = found(
        ("to: paid", "to: payed"), ("order: orders", "order: ordres"), ("field: net}", "field: neet}")
    )
    places = [(f.location.document, f.location.line) for f in told if f.location]
    assert len(places) == 3
    assert places == sorted(places)


def test_words_are_left_to_the_vocabulary(shop: Shop) -> None:
    """The two checks together are lint; neither repeats the other."""
    contract = shop(("{initial: plain}", "{intial: plain}"), ("to: paid", "to: payed"))
    assert [finding.id for finding in check_coherence(contract)] == ["unknown-state"]
    assert sorted(finding.id for finding in lint(contract)) == ["unknown-keyword", "unknown-state"]


def test_what_a_later_version_brought_is_no_mistake_in_a_release() -> None:
    """Today's behaviour over yesterday's document: a resource that came later is only mentioned."""
    told = lint(load_contract("clientcasa@1.0.0"))
    assert [finding for finding in told if finding.severity != "info"] == []
    assert "later-resource" in [finding.id for finding in told]


def test_the_shipped_contract_is_coherent() -> None:
    """ClientCasa agrees with itself."""
    assert [finding for finding in lint(load_contract("clientcasa")) if finding.severity != "info"] == []


def test_a_plain_document_is_judged_by_its_examples_alone(tmp_path: Path) -> None:
    """No behaviour, nothing to contradict it."""
    document = tmp_path / "openapi.yaml"
    document.write_text(
        "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n"
        "    A: {type: string, nullable: true, example: null}\n    B: {type: integer, example: one}\n",
        encoding="utf-8",
    )
    told = [finding for finding in lint(load_contract(document)) if finding.severity != "info"]
    assert [(f.id, f.location.line if f.location else 0) for f in told] == [("invalid-example", 7)]
