"""SARIF 2.1.0 (OASIS) as code-scanning services read it: rules once, results with places, fingerprints."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from troth import __version__
from troth.findings import Finding, Location
from troth.reporting.paragraphs import paragraphs, record
from troth.reporting.places import rule_of, subject_of, uri_of
from troth.reporting.report import Report

__all__ = ["write"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"breaking": "error", "error": "error", "warning": "warning", "info": "note"}


def write(report: Report) -> str:
    """A log with one run; results refer to their rule by index."""
    rules = sorted({rule_of(finding) for finding in report.findings})
    driver = {
        "name": "troth",
        "semanticVersion": __version__,
        "rules": [{"id": rule} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"description": {"text": report.title}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, rules) for finding in report.findings],
    }
    return (
        json.dumps(
            {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2, default=str
        )
        + "\n"
    )


def _result(finding: Finding, rules: list[str]) -> dict[str, Any]:
    rule = rule_of(finding)
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join([finding.title, *paragraphs(finding)])},
        "partialFingerprints": {"trothFinding/v1": _fingerprint(finding)},
        "properties": record(finding),
    }
    where = finding.nearest or finding.location
    if where:
        result["locations"] = [_location(where)]
    if finding.nearest and finding.location:
        result["relatedLocations"] = [_location(finding.location)]
    return result


def _location(where: Location) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri_of(where.document)}}
    if where.line:
        physical["region"] = {"startLine": where.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if where.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": where.pointer, "kind": "object"}]
    return location


def _fingerprint(finding: Finding) -> str:
    """The same finding tomorrow: its identity, else what and where by pointer, without the line, which moves."""
    if finding.identity:
        return hashlib.sha256(finding.identity.encode()).hexdigest()[:32]
    pointer = finding.location.pointer if finding.location else ""
    return hashlib.sha256(
        f"{finding.id}\0{subject_of(finding)}\0{pointer}\0{finding.title}".encode()
    ).hexdigest()[:32]
