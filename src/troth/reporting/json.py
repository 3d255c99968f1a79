"""The JSON report: the head of the run, a summary, the cases if any, the findings."""

from __future__ import annotations

import json
from typing import Any

from troth.reporting.paragraphs import record
from troth.reporting.report import Report

__all__ = ["write"]


def write(report: Report) -> str:
    """``{...head, "summary", "cases", "findings"}``; ``cases`` is there only when something was judged."""
    document: dict[str, Any] = {"title": report.title, **report.head, "summary": report.summary}
    if report.cases:
        document["cases"] = [case.as_json() for case in report.cases]
    document["findings"] = [record(finding) for finding in report.findings]
    return json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n"
