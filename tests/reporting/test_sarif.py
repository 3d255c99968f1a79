"""SARIF reports satisfy what code-scanning services ask of them (SARIF 2.1.0, sections 3.13 to 3.30)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from troth import __version__
from troth.findings import Finding, Location
from troth.reporting import render

# The properties that consumers require, as a schema; names, types and enumerations as in the standard.
ESSENTIALS = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/run"}},
    },
    "$defs": {
        "run": {
            "type": "object",
            "required": ["tool", "results"],
            "properties": {
                "tool": {"required": ["driver"], "properties": {"driver": {"$ref": "#/$defs/driver"}}},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            },
        },
        "driver": {
            "required": ["name", "semanticVersion", "rules"],
            "properties": {
                "rules": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {"required": ["id"], "properties": {"id": {"type": "string", "minLength": 1}}},
                }
            },
        },
        "result": {
            "type": "object",
            "required": ["ruleId", "ruleIndex", "level", "message", "partialFingerprints"],
            "properties": {
                "level": {"enum": ["none", "note", "warning", "error"]},
                "message": {"required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
                "locations": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/location"}},
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "location": {
            "required": ["physicalLocation"],
            "properties": {
                "physicalLocation": {
                    "required": ["artifactLocation"],
                    "properties": {
                        "artifactLocation": {
                            "required": ["uri"],
                            "properties": {"uri": {"pattern": "^[^ ]+$"}},
                        },
                        "region": {"properties": {"startLine": {"type": "integer", "minimum": 1}}},
                    },
                },
            },
        },
    },
}


def run_of(*findings: Finding) -> dict[str, Any]:
    document = json.loads(render(findings, "sarif", title="shop"))
    jsonschema.Draft202012Validator(ESSENTIALS).validate(document)
    run: dict[str, Any] = document["runs"][0]
    return run


def test_results_refer_to_their_rules(violation: Finding, comparison: Finding, remark: Finding) -> None:
    """Each index leads to the rule that its result names: the id, or the clause without its operation."""
    run = run_of(violation, comparison, remark)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert not any(
        rule.get("name") == rule["id"] for rule in run["tool"]["driver"]["rules"]
    )  # section 3.49.7
    assert set(rules) == {"pagination.max-size", "request-property-became-required", "unused-component"}
    assert [result["level"] for result in run["results"]] == ["error", "error", "note"]
    assert run["tool"]["driver"]["semanticVersion"] == __version__


def test_a_result_has_place_and_pointer(violation: Finding) -> None:
    """File and line are physical, the JSON pointer is logical."""
    (location,) = run_of(violation)["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "spec/shop/behaviour.overlay.yaml"
    assert location["physicalLocation"]["region"] == {"startLine": 41}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "/x-behaviour/pagination/max"


@pytest.mark.parametrize(
    ("document", "uri"),
    [
        ("a folder/b.yaml", "a%20folder/b.yaml"),
        ("/elsewhere/b.yaml", "file:///elsewhere/b.yaml"),
        ("https://example.com/b.yaml", "https://example.com/b.yaml"),
        ("git:v1:spec/b.yaml", "spec/b.yaml"),
        (str(Path.cwd() / "spec" / "b.yaml"), "spec/b.yaml"),
    ],
)
def test_a_document_is_a_uri_inside_the_checkout(document: str, uri: str) -> None:
    """Services match results to files by a relative URI reference."""
    run = run_of(Finding("a", "error", "t", location=Location(document)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_finding_that_moves_keeps_its_fingerprint(violation: Finding) -> None:
    """A line number changes with every edit above it; the finding is still the same one."""
    moved = replace(
        violation, location=Location("spec/shop/behaviour.overlay.yaml", "/x-behaviour/pagination/max", 99)
    )
    other = replace(violation, clause="pagination.max-size@listInvoices")
    prints = [run_of(finding)["results"][0]["partialFingerprints"] for finding in (violation, moved, other)]
    assert prints[0] == prints[1]
    assert prints[0] != prints[2]
