"""One finding a line, as compilers write them: for ``grep``, for editors, and for problem matchers of a CI system."""

from __future__ import annotations

from troth.findings import Finding
from troth.reporting.places import path_of, subject_of
from troth.reporting.report import Report

__all__ = ["write"]


def write(report: Report) -> str:
    """``FILE:LINE: severity: title. detail [rule]`` a finding; nothing else, so that no line means nothing found."""
    return "".join(f"{_line(finding)}\n" for finding in report.findings)


def _line(finding: Finding) -> str:
    where = finding.location
    steps = (path_of(where.document) or where.document, where.line) if where else ()
    place = ":".join(str(step) for step in steps if step)
    said = " ".join(f"{finding.title.rstrip('.')}. {finding.detail}".split())
    return f"{place}{': ' if place else ''}{finding.severity}: {said} [{subject_of(finding)}]"
