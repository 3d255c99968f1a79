"""The vocabulary: its schema says what the code reads, and a misspelt word is found where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from troth.behaviour.clauses import CLAUSE_IDS
from troth.behaviour.inference import behaviour_of
from troth.behaviour.places import SCOPES, Scope, extensions
from troth.behaviour.refusals import REFUSALS
from troth.behaviour.vocabulary import (
    check_vocabulary,
    keywords,
    schema_of,
    vocabulary,
    vocabulary_table,
)
from troth.compatibility.policies import ALIASES, POLICIES, policy_of
from troth.contract import load_contract
from troth.contract.model import Contract
from troth.errors import BehaviourError
from troth.findings import Finding

CLAUSE = re.compile(r"\b[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*\b")

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
security: [{key: []}]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - {name: page, in: query, schema: {type: integer}}
        - {name: size, in: query, schema: {type: integer}}
        - {name: since, in: query, schema: {type: string}}
      responses:
        "200":
          description: Orders.
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Order"}}
    post:
      operationId: createOrder
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses: {"201": {description: Created.}}
  /customers/{customer}/orders:
    get:
      operationId: listOrdersOfCustomer
      parameters: [{name: customer, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: Orders.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Order"}}}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getOrder
      responses:
        "200":
          description: An order.
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: key}
    bearer: {type: http, scheme: bearer}
    oauth2:
      type: oauth2
      flows: {authorizationCode: {authorizationUrl: /a, tokenUrl: /t, scopes: {}}}
  schemas:
    Order:
      type: object
      properties:
        id: {type: string}
        status: {type: string, enum: [draft, paid]}
        total: {type: number}
"""

Lay = Callable[[str, Any], Contract]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Loads the document with a value under ``x-behaviour`` at one of the four places (or anywhere else)."""
    targets = {
        "root": "$",
        "resource": "$.components.schemas.Order",
        "property": "$.components.schemas.Order.properties.status",
        "operation": "$.paths['/orders'].get",
    }

    def load(place: str, value: Any) -> Contract:
        (tmp_path / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
        action = {"target": targets.get(place, place), "update": {"x-behaviour": value}}
        overlay = {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": [action]}
        (tmp_path / "laid.overlay.json").write_text(json.dumps(overlay, indent=1), encoding="utf-8")
        return load_contract(tmp_path / "openapi.yaml", overlays=[tmp_path / "laid.overlay.json"])

    return load


def told(contract: Contract) -> list[tuple[str, str]]:
    """Pointer below ``x-behaviour`` and message of each finding."""
    found = []
    for finding in check_vocabulary(contract):
        assert finding.location is not None
        assert finding.severity == "error"
        found.append((finding.location.pointer.partition("x-behaviour")[2], finding.title))
    return found


# -- the schema itself ------------------------------------------------------------------------------------------------


def members(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every keyword below a schema with its path; ``*`` is a free name."""
    for name, inner in (schema.get("properties") or {}).items():
        at = f"{path}.{name}".lstrip(".")
        yield at, inner
        yield from members(inner, at)
    rest = schema.get("additionalProperties")
    if isinstance(rest, Mapping):
        yield from members(rest, f"{path}.*")


def all_members() -> list[tuple[str, str, Mapping[str, Any]]]:
    return [(s, at, inner) for s in SCOPES for at, inner in members(vocabulary()["$defs"][s])]


def test_the_schema_is_a_schema() -> None:
    """It satisfies the meta-schema of JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(vocabulary())


def test_every_keyword_is_described() -> None:
    """Nothing has to be guessed: each keyword has a sentence."""
    assert [
        at for scope, at, inner in all_members() if not str(inner.get("description", "")).endswith(".")
    ] == []


def test_every_object_of_keywords_is_closed() -> None:
    """A misspelt word can never pass as a new one."""
    inner = [vocabulary()["$defs"][scope] for scope in SCOPES] + [schema for _, _, schema in all_members()]
    nested = [schema.get("additionalProperties") for schema in inner]
    every = [schema for schema in [*inner, *nested] if isinstance(schema, Mapping) and "properties" in schema]
    assert len(every) > 15
    assert [schema for schema in every if schema.get("additionalProperties") is not False] == []


def test_every_keyword_has_three_consumers() -> None:
    """The mock does it, conformance judges it, the comparison classifies its change; else a reason says why not."""
    wrong = []
    for scope in SCOPES:
        for name, schema in keywords(scope).items():
            consumers, waived = schema["x-consumers"], schema.get("x-waiver", {})
            if set(consumers) & set(waived) or set(consumers) | set(waived) != {
                "mock",
                "conformance",
                "diff",
            }:
                wrong.append(f"{scope} {name}")
            assert all(len(sentence) > 10 for sentence in [*consumers.values(), *waived.values()])
    assert wrong == []


def test_the_clauses_that_keywords_name_exist() -> None:
    """What a keyword says about conformance is judged by a clause of that id."""
    named = {
        clause
        for scope in SCOPES
        for schema in keywords(scope).values()
        for clause in CLAUSE.findall(schema["x-consumers"].get("conformance", ""))
    }
    assert len(named) > 20
    assert named - set(CLAUSE_IDS) == set()


def test_examples_and_defaults_satisfy_their_own_schema() -> None:
    """What the documentation shows can be written."""
    wrong = []
    for scope, at, inner in all_members():
        schema = {"$defs": vocabulary()["$defs"], **inner}
        values = [*inner.get("examples", ()), *([inner["default"]] if "default" in inner else ())]
        wrong += [
            (scope, at, v) for v in values if not jsonschema_rs.Draft202012Validator(schema).is_valid(v)
        ]
    assert wrong == []


def test_the_words_are_those_of_the_code() -> None:
    """The lists in the schema and in the code are the same."""
    defined = vocabulary()["$defs"]
    assert defined["refusal"]["enum"] == list(REFUSALS)
    policy = keywords("root")["changelog"]["properties"]["policy"]
    assert set(policy["examples"]) <= {*POLICIES, *ALIASES}


# -- the schema and the code ---------------------------------------------------------------------------------------


class Recorder(dict[str, Any]):
    """An object that notes which members are asked for; going through all of them asks for all."""

    def __init__(self, value: Mapping[str, Any], path: str, log: set[str]) -> None:
        super().__init__(
            {key: recorded(item, f"{path}.{key}".lstrip("."), log) for key, item in value.items()}
        )
        self._path, self._log = path, log

    def note(self, key: Any) -> None:
        self._log.add(f"{self._path}.{key}".lstrip("."))

    def get(self, key: Any, default: Any = None) -> Any:
        self.note(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self.note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.note(key)
        return super().__contains__(key)

    def items(self) -> Any:
        for key in self:
            self.note(key)
        return super().items()


def recorded(value: Any, path: str, log: set[str]) -> Any:
    return Recorder(value, path, log) if isinstance(value, Mapping) else value


FULL: Mapping[Scope, Mapping[str, Any]] = {
    "root": {
        "tenancy": {
            "from": "credential",
            "header": "x-org",
            "missing": "invalid",
            "unknown": "gone",
            "stranger": "forbidden",
            "field": "org",
            "foreign": {"read": "gone", "write": "gone", "reference": "gone"},
        },
        "oauth": {
            "scheme": "oauth2",
            "claim": "org",
            "codeTtl": "1m",
            "accessTtl": "1h",
            "refreshTtl": "1d",
            "rotate": True,
            "issuer": "i",
        },
        "scopes": {"read": "{resource}:r", "write": "{resource}:w", "aliases": {"{access}": True}},
        "writes": {"readOnly": "reject", "unknown": "ignore"},
        "versions": {
            "header": "V",
            "query": "v",
            "echo": "V",
            "releases": {
                "2": {
                    "released": "2024-01-01",
                    "default": "2024-02-01",
                    "backfilled": "2024-03-01",
                    "retired": "2030-01-01",
                    "changes": {
                        "renamed": {
                            "summary": "It was called something else.",
                            "before": {"info": {"title": "Something else"}},
                            "values": {"orders": {"total": {"shown": "total", "taken": "total"}}},
                        }
                    },
                }
            },
        },
        "viewer": {"reach": {"values": {"all": True}, "default": "all", "row": "orders"}},
        "tokens": {"scheme": "bearer", "tenant": "org", "subject": "sub", "ttl": "1h"},
        "formats": {"moment": "YYYY-MM-DD hh:mm:ss"},
        "query": {
            "conditions": {"parameter": "since", "grammar": "where-tree"},
            "sort": {"parameter": "since", "default": "-total"},
            "select": {"parameter": "fields", "grammar": "braces", "default": {"id": True}, "depth": 2},
            "populate": {"parameter": "size", "default": 1, "max": 2},
        },
        "conditional": {"etag": "weak", "lastModified": True, "required": {"update": True}},
        "answers": {kind: {"doc": "$row"} for kind in ("create", "update", "replace", "delete")},
        "pagination": {
            "default": {
                "style": "page",
                "position": "page",
                "cursor": "cursor",
                "size": "size",
                "defaultSize": 10,
                "maxSize": 50,
                "oversize": "clamp",
                "zero": "max",
                "maxOffset": 1000,
                "linkHeader": True,
                "envelope": "$items",
            }
        },
        "errors": {
            "envelope": {"code": "$code"},
            "mediaType": "application/json",
            "requestId": {"prefix": "r"},
            "kinds": {
                "gone": {
                    "status": 410,
                    "code": "gone",
                    "message": "Gone.",
                    "envelope": {"list": "$details"},
                    "detail": {"at": "$path"},
                    "summary": {"one": "{labels}", "many": "{paths}"},
                }
            },
            "sentences": {"required": "Needed."},
        },
        "idempotency": {
            "header": "K",
            "methods": {"POST": True},
            "ttl": "1h",
            "maxLength": 9,
            "scope": "tenant",
            "mismatch": "conflict",
        },
        "rateLimits": {
            "hourly": {
                "limit": 1,
                "window": "1h",
                "per": "tenant",
                "reset": "epoch",
                "headers": {"limit": "L", "remaining": "R", "reset": "S"},
            }
        },
        "webhooks": {
            "subscriptions": "resource",
            "resource": "orders",
            "subscription": {
                "url": "url",
                "events": "events",
                "enabled": "enabled",
                "secret": "secret",
                "subject": "kind",
                "expires": "until",
                "mode": "mode",
                "states": {"active": "on", "pending": "new", "disabled": "off"},
            },
            "payload": {"e": "$event"},
            "signing": {
                "profile": "stripe",
                "header": "S",
                "prefix": "p",
                "timestamp": "T",
                "content": "{body}",
                "tolerance": "1m",
                "overlap": "1h",
            },
            "retries": {"1": "1m"},
            "handshake": {"header": "H"},
            "disable": {"failures": 3, "statuses": {"410": True}},
            "modes": {"late": {"debounce": "2s", "beforeAnswer": False}},
            "ordered": True,
            "tracking": {"at": "at", "status": "status", "failures": "failures"},
        },
        "changelog": {"policy": "additive", "sections": {"Added": True}, "severities": {}},
    },
    "resource": {
        "resource": "orders",
        "id": "id",
        "order": "-id",
        "visible": "true",
        "lifecycle": {
            "field": "status",
            "refused": "conflict",
            "transitions": {"pay": {"from": {"draft": True}, "to": "paid", "when": "true"}},
        },
        "rules": {
            "r": {
                "on": {"create": True},
                "when": "true",
                "require": "true",
                "refused": "invalid",
                "message": "m",
                "field": "id",
            }
        },
        "records": {"r": {"on": {"create": True}, "when": "true", "in": "orders", "row": {"total": "1"}}},
        "shared": True,
        "visibility": {
            "r": {
                "when": "true",
                "visible": "true",
                "namedBy": {
                    "o": {"resource": "orders", "field": "status", "when": "true", "seen": {"id": True}}
                },
                "list": "redact",
                "read": "redact",
                "embedded": "hide",
                "redaction": {
                    "keep": {"id": True},
                    "mask": {"id": "*"},
                    "empty": {"id": True},
                    "mark": {"m": True},
                },
                "reference": "invalid",
                "write": "forbidden",
            }
        },
        "permissions": {"Orders": True},
        "events": {"e": {"on": {"create": True}, "when": "true", "data": "{'a': 1}"}},
        "eventData": "{'id': id}",
    },
    "property": {
        "computed": "total",
        "frozenWhen": "true",
        "emptied": "",
        "generated": "id",
        "sequence": "{}",
        "initial": 1,
        "initially": "1",
        "stamped": "true",
        "immutable": True,
        "hidden": True,
        "editableWhile": "true",
        "inList": "omit",
        "unique": "tenant",
        "secret": {"prefix": "k_", "shown": "always"},
        "references": {
            "to": {"a": "orders"},
            "by": "status",
            "at": "id",
            "onDelete": "ignore",
            "refused": "invalid",
        },
    },
    "operation": {
        "kind": "list",
        "scopes": {"s": True},
        "permissions": {"Orders": True},
        "pagination": "default",
        "parents": {"p": "id"},
        "through": "id",
        "where": "true",
        "rules": {
            "r": {"when": "true", "require": "true", "refused": "invalid", "message": "m", "field": "id"}
        },
        "effect": {"transition": "pay", "create": {"orders": {"total": "1"}}, "set": {"total": "2"}},
        "filters": {
            "since": {"field": "id", "op": "from", "where": {"status": "paid"}, "separator": ","},
        },
        "shorthand": {"into": "lines", "fields": {"total": True}},
    },
}
"""Every keyword, each with a value."""


def generic(scope: Scope, path: str) -> str | None:
    """A path as the schema has it, ``*`` for a name that the author chose; None where the schema has no such word."""
    schema: Mapping[str, Any] = vocabulary()["$defs"][scope]
    steps: list[str] = []
    for step in path.split("."):
        if "$ref" in schema:
            schema = {**vocabulary()["$defs"][schema["$ref"].rpartition("/")[2]], **schema}
        named = (schema.get("properties") or {}).get(step)
        if named is None and schema.get("additionalProperties") is False:
            return None
        steps.append("*" if named is None else step)
        rest = schema.get("additionalProperties")
        schema = named or (rest if isinstance(rest, Mapping) else {})
    return ".".join(steps)


@pytest.mark.parametrize("scope", SCOPES)
def test_the_code_reads_what_the_schema_has(lay: Lay, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every keyword of the schema is read by the parsing code, and it reads no other."""
    monkeypatch.setattr("troth.behaviour.inference.check_vocabulary", lambda _: [])
    log: set[str] = set()
    contract = lay(scope, FULL[scope])
    (place,) = extensions(contract)
    holder = contract.node(place.pointer.rpartition("/")[0])
    holder["x-behaviour"] = watched = Recorder(FULL[scope], "", log)
    operations = [
        replace(one, extension=watched) if scope == "operation" else one for one in contract.operations
    ]
    contract = replace(contract, operations=tuple(operations))
    log.clear()
    behaviour_of(contract)
    policy_of(contract)
    assert [path for path in sorted(log) if generic(scope, path) is None] == []
    read = {generic(scope, path) for path in log}
    assert {at for s, at, _ in all_members() if s == scope} - read == set()


# -- what is found -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", SCOPES)
def test_every_keyword_can_be_written(lay: Lay, scope: Scope) -> None:
    """A document that uses all of them is fine, and the sample has all of them."""
    assert check_vocabulary(lay(scope, FULL[scope])) == []
    assert set(FULL[scope]) == set(keywords(scope))


@pytest.mark.parametrize(
    ("scope", "value", "pointer", "message"),
    [
        ("property", {"initally": "1"}, "/initally", "unknown keyword 'initally'. Did you mean 'initially'?"),
        (
            "property",
            {"rules": {}},
            "/rules",
            "unknown keyword 'rules'. It is a keyword of a schema of rows and of an operation.",
        ),
        ("resource", {"rules": {"a": {}}}, "/rules/a", "'require' is missing here."),
        ("operation", {"kind": "lst"}, "/kind", "unknown word 'lst'. Did you mean 'list'?"),
        (
            "root",
            {"errors": {"kinds": {"not-fond": {}}}},
            "/errors/kinds/not-fond",
            "unknown word 'not-fond'. Did you mean 'not-found'?",
        ),
        ("property", {"immutable": 1}, "/immutable", "expected true or false, found a number (1)."),
        ("property", {"unique": None}, "/unique", "expected text, found null."),
        (
            "root",
            {"errors": {"envelope": {"c": "$cod"}}},
            "/errors/envelope/c",
            "unknown word '$cod'. Did you mean '$code'?",
        ),
        ("operation", [], "", "expected an object, found a list."),
        (
            "resource",
            {"lifecycle": {"transitions": {"a": {"from": {"x": True}, "to": "y", "wen": "z"}}}},
            "/lifecycle/transitions/a/wen",
            "unknown keyword 'wen'. Did you mean 'when'?",
        ),
        (
            "resource",
            {"rules": {"a": {"require": "true", "on": {"creat": True}}}},
            "/rules/a/on/creat",
            "unknown word 'creat'. Did you mean 'create'?",
        ),
    ],
)
def test_a_wrong_word_is_found(lay: Lay, scope: str, value: Any, pointer: str, message: str) -> None:
    """The place, what was found, and the nearest valid word."""
    assert told(lay(scope, value)) == [(pointer, message)]


@pytest.mark.parametrize(
    ("scope", "value", "word"),
    [
        ("root", {"idempotency": {"ttl": "a day"}}, "'24h'"),
        ("root", {"scopes": {"read": "{resourc}:read"}}, "{resource}"),
        ("root", {"webhooks": {"signing": {"content": "{ts}.{body}"}}}, "{timestamp}"),
        ("property", {"sequence": "INV-{:5x}"}, "INV-{:05d}"),
        ("property", {"sequence": "INV"}, "INV-{:05d}"),
        ("resource", {"order": "a,,b"}, "-createdAt,id"),
    ],
)
def test_a_wrong_form_is_found_with_an_example(lay: Lay, scope: str, value: Any, word: str) -> None:
    """Durations, templates and sequences say what they should look like."""
    ((_, message),) = told(lay(scope, value))
    assert "does not fit" in message
    assert word in message


@pytest.mark.parametrize(
    "place", ["$.info", "$.paths", "$.paths['/orders'].get.responses['200']", "$.paths['/orders']"]
)
def test_a_misplaced_behaviour_is_found(lay: Lay, place: str) -> None:
    """It belongs to four places; anywhere else it would be read by nobody."""
    (finding,) = check_vocabulary(lay(place, {"kind": "list"}))
    assert finding.id == "misplaced-behaviour"
    assert finding.location is not None
    assert finding.location.pointer.endswith("/x-behaviour")


def test_what_looks_like_a_behaviour_in_an_example_is_left_alone(lay: Lay) -> None:
    """Examples are data."""
    contract = lay("$.components.schemas.Order.properties.total", {})
    node = contract.node("/components/schemas/Order")
    node["example"] = {"x-behaviour": {"nonsense": 1}}
    assert check_vocabulary(contract) == []


def test_a_finding_points_at_the_line_of_the_overlay(lay: Lay, tmp_path: Path) -> None:
    """File and line are those where the word was written, not those of the document that it is laid over."""
    (finding,) = check_vocabulary(lay("property", {"initial": "draft", "uniqe": "tenant"}))
    lines = (tmp_path / "laid.overlay.json").read_text(encoding="utf-8").splitlines()
    assert finding.location is not None
    assert finding.location.document.endswith("laid.overlay.json")
    assert "uniqe" in lines[(finding.location.line or 0) - 1]
    assert finding.evidence["found"] == "uniqe"
    assert "unique" in finding.evidence["expected"]


def test_every_mistake_is_told_at_once(lay: Lay) -> None:
    """Nobody mends one word only to hear of the next."""
    wrong = told(lay("root", {"tenancy": {"form": "x"}, "writes": {"unknown": "allow"}, "pagnation": {}}))
    assert [pointer for pointer, _ in wrong] == ["/tenancy/form", "/writes/unknown", "/pagnation"]


def test_behaviour_is_refused_with_the_first_mistake(lay: Lay) -> None:
    """What starts a mock stops at a misspelt word, with its place."""
    with pytest.raises(
        BehaviourError, match=r"laid\.overlay\.json:\d+ .*/x-behaviour/kind: unknown word 'lst'"
    ):
        behaviour_of(lay("operation", {"kind": "lst"}))


def test_the_shipped_contract_is_well_spelt() -> None:
    """ClientCasa uses the vocabulary as it is documented."""
    contract = load_contract("clientcasa")
    assert sum(place.scope == "property" for place in extensions(contract)) > 50
    assert check_vocabulary(contract) == []


def test_the_table_has_every_keyword() -> None:
    """The documentation of the vocabulary is the schema, in Markdown."""
    table = vocabulary_table()
    rows = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    documented = [at for _, at, _ in all_members()]
    assert [at for at in documented if at not in rows] == []
    keywords_, _, kinds = table.partition("### Kinds of value")
    for part, cells in ((keywords_, 7), (kinds, 3)):
        rows = [line for line in part.splitlines() if line.startswith("|")]
        assert {row.replace("\\|", "").count("|") for row in rows} == {cells}
    assert all(f"`{kind}`" in kinds for kind in REFUSALS)


def test_a_schema_stands_alone() -> None:
    """What validates one place needs nothing else."""
    for scope in SCOPES:
        assert jsonschema_rs.Draft202012Validator(schema_of(scope)).is_valid(FULL[scope])


def test_findings_carry_what_reports_need(lay: Lay) -> None:
    """A stable id, a severity, a place, the evidence."""
    (finding,) = check_vocabulary(lay("operation", {"kind": "lst"}))
    assert isinstance(finding, Finding)
    assert (finding.id, finding.severity, finding.evidence["found"]) == ("unknown-value", "error", "lst")
