"""GitHub workflow commands: each finding becomes an annotation at its line of the pull request."""

from __future__ import annotations

from troth.findings import Case, Finding
from troth.reporting.paragraphs import paragraphs
from troth.reporting.places import path_of, subject_of
from troth.reporting.report import Report

__all__ = ["write"]

_LEVELS = {"breaking": "error", "error": "error", "warning": "warning", "info": "notice"}


def write(report: Report) -> str:
    """One ``::error file=…,line=…,title=…::message`` a finding, then the summary as a notice."""
    lines = [_annotation(finding) for finding in report.findings]
    lines += [f"::notice title={_property(case.name)}::{_data(_reason(case))}" for case in report.unjudged]
    lines.append(f"::notice title={_property(report.title)}::{_data(report.sentence)}")
    return "\n".join(lines) + "\n"


def _annotation(finding: Finding) -> str:
    where = finding.nearest or finding.location
    path = path_of(where.document) if where else None
    properties = {"file": path, "line": where.line if where and path else None, "title": subject_of(finding)}
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    message = "\n".join([finding.title, *paragraphs(finding)])
    return f"::{_LEVELS[finding.severity]} {written}::{_data(message)}"


def _reason(case: Case) -> str:
    return (
        f"{case.verdict.replace('-', ' ')}: {case.detail}" if case.detail else case.verdict.replace("-", " ")
    )


def _data(text: str) -> str:
    """The escapes of a workflow command's message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
