"""A small shop whose contract is coherent, and a way to change one word of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from troth.behaviour.coherence import lint
from troth.contract import load_contract
from troth.contract.model import Contract
from troth.findings import Finding

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: "1.0.0"}
servers: [{url: https://shop.example/api}]
security: [{key: []}]
paths:
  /customers:
    get:
      operationId: listCustomers
      parameters:
        - {$ref: "#/components/parameters/Page"}
        - {$ref: "#/components/parameters/Size"}
        - {name: called, in: query, schema: {type: string}, example: Ada}
      responses:
        "200":
          description: Customers.
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Customer"}}
                  total: {type: integer}
    post:
      operationId: createCustomer
      parameters: [{$ref: "#/components/parameters/Key"}]
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Customer"}
            example: {name: Ada}
      responses:
        "201":
          description: The customer.
          headers:
            X-Left: {schema: {type: integer}, example: 7}
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Customer"}
              examples: {ada: {$ref: "#/components/examples/Ada"}}
        "400": {$ref: "#/components/responses/Problem"}
  /customers/{customerId}:
    parameters: [{name: customerId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getCustomer
      security: [{login: ["customers:read"]}]
      responses:
        "200":
          description: The customer.
          content: {application/json: {schema: {$ref: "#/components/schemas/Customer"}}}
        "404": {$ref: "#/components/responses/Problem"}
  /customers/{customerId}/orders:
    parameters: [{name: customerId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: listOrders
      parameters:
        - {$ref: "#/components/parameters/Page"}
        - {$ref: "#/components/parameters/Size"}
        - {name: since, in: query, schema: {type: string, format: date}}
      responses:
        "200":
          description: Orders.
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Order"}}
                  total: {type: integer}
    post:
      operationId: createOrder
      parameters: [{$ref: "#/components/parameters/Key"}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses:
        "201":
          description: The order.
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
  /customers/{customerId}/orders/{id}:
    parameters:
      - {name: customerId, in: path, required: true, schema: {type: string}}
      - {name: id, in: path, required: true, schema: {type: string}}
    patch:
      operationId: updateOrder
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses:
        "200":
          description: The order.
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
  /hooks:
    get:
      operationId: listHooks
      parameters:
        - {$ref: "#/components/parameters/Page"}
        - {$ref: "#/components/parameters/Size"}
      responses:
        "200":
          description: Hooks.
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Hook"}}
                  total: {type: integer}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    login:
      type: oauth2
      flows:
        authorizationCode:
          authorizationUrl: /authorize
          tokenUrl: /token
          scopes: {"customers:read": Read., "customers:write": Write.}
  parameters:
    Page: {name: page, in: query, schema: {type: integer, default: 1}}
    Size: {name: size, in: query, schema: {type: integer, maximum: 50, default: 10}}
    Key: {name: Once-Key, in: header, schema: {type: string}}
  examples:
    Ada: {value: {id: c1, name: Ada}}
  responses:
    Problem:
      description: What is wrong.
      content:
        application/json:
          schema:
            type: object
            required: [error]
            properties:
              error:
                type: object
                required: [code, message]
                properties:
                  code: {type: string, enum: [bad, unknown]}
                  message: {type: string}
  schemas:
    State: {type: string, enum: [draft, paid, void]}
    Customer:
      type: object
      required: [id, name]
      properties:
        id: {type: string, readOnly: true}
        name: {type: string}
        tier: {type: string, enum: [gold, plain], default: plain}
        address: {type: object, properties: {city: {type: string}}}
        spent: {type: number, readOnly: true}
      example: {id: c1, name: Ada}
    Order:
      type: object
      properties:
        id: {type: string, readOnly: true}
        number: {type: string}
        customerId: {type: string}
        ownerKind: {type: string, enum: [customer, order]}
        owner: {type: string}
        status: {$ref: "#/components/schemas/State"}
        placed: {type: string, format: date}
        net: {type: number}
        tax: {type: number}
        gross: {type: number}
        lines:
          type: array
          items:
            type: object
            properties:
              price: {type: number}
              amount: {type: number}
              sum: {type: number}
    Hook:
      type: object
      properties:
        id: {type: string}
        url: {type: string}
        events: {type: array, items: {type: string, enum: [order_paid, order_late]}}
        lastTry: {type: [string, "null"]}
"""

BEHAVIOUR = """\
overlay: 1.0.0
info: {title: How the shop behaves, version: 1.0.0}
actions:
  - target: $
    update:
      x-behaviour:
        pagination:
          default:
            style: page
            position: page
            size: size
            maxSize: 50
        errors:
          envelope: {error: {code: $code, message: $message}}
          kinds:
            invalid: {code: bad}
            malformed: {code: bad}
            not-found: {code: unknown, message: There is no such thing.}
            no-route: {code: unknown}
        idempotency: {header: Once-Key, methods: {POST: true}}
        webhooks:
          resource: hooks
          subscription: {url: url, events: events}
          tracking: {at: lastTry}
  - target: $.components.schemas.Customer
    update:
      x-behaviour: {resource: customers, id: id, order: "name,-id", visible: "name != ''"}
      properties:
        name: {x-behaviour: {unique: tenant}}
        tier: {x-behaviour: {initial: plain}}
        spent: {x-behaviour: {computed: "sum(related('orders', 'customerId').map(o, o.gross))"}}
  - target: $.components.schemas.Order
    update:
      x-behaviour:
        resource: orders
        lifecycle:
          field: status
          transitions:
            pay: {from: {draft: true}, to: paid}
            cancel: {from: {draft: true, paid: true}, to: void, when: "gross > 0.0"}
        rules:
          positive: {require: "net >= 0.0 && (old == null || old.status != 'void')", field: net}
        events:
          order_paid: {on: {update: true}, when: "status == 'paid' && old.status != 'paid'"}
          order_late: {on: {time: true}, when: "placed < today()"}
      properties:
        number: {x-behaviour: {sequence: "N-{}"}}
        customerId: {x-behaviour: {references: customers}}
        owner: {x-behaviour: {references: {by: ownerKind, to: {customer: customers, order: orders}}}}
        tax: {x-behaviour: {computed: "round(net * 0.2, 2)"}}
        gross: {x-behaviour: {computed: "lookup('customers', customerId).tier == 'gold' ? net : net + tax"}}
        lines:
          items:
            properties:
              sum: {x-behaviour: {computed: "price * amount"}}
  - target: $.components.schemas.Hook
    update: {x-behaviour: {resource: hooks}}
  - target: $.paths['/customers'].get
    update:
      x-behaviour:
        filters:
          called: {field: name, op: contains, where: {tier: gold}}
  - target: $.paths['/customers/{customerId}/orders'].get
    update:
      x-behaviour:
        pagination: default
        parents: {customerId: customerId}
        filters:
          since: {field: placed, op: from}
"""

Shop = Callable[..., Contract]


def write_shop(folder: Path, *changes: tuple[str, str]) -> Path:
    """The shop's two files; each change replaces a text that occurs in exactly one place."""
    texts = {"openapi.yaml": DOCUMENT, "behaviour.overlay.yaml": BEHAVIOUR}
    for old, new in changes:
        assert sum(text.count(old) for text in texts.values()) == 1, old
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Loads the shop with changes."""
    return lambda *changes: load_contract(write_shop(tmp_path, *changes))


@pytest.fixture(scope="session")
def whole_shop(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The shop as it is."""
    return load_contract(write_shop(tmp_path_factory.mktemp("shop")))


@pytest.fixture
def found(shop: Shop) -> Callable[..., list[Finding]]:
    """What lint says about the changed shop, infos included."""
    return lambda *changes: lint(shop(*changes))
