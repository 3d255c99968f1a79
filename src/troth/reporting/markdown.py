"""The report as a comment on a pull request: GitHub-flavoured Markdown, evidence folded away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troth.findings import Finding
from troth.reporting.exchanges import curl, transcript
from troth.reporting.paragraphs import paragraphs, steps
from troth.reporting.places import subject_of
from troth.reporting.report import Report

__all__ = ["write"]


def write(report: Report) -> str:
    """A heading, the summary in one line, a section a finding, the cases without a verdict."""
    blocks = [f"## {_escaped(report.title)}", f"**{_escaped(report.sentence)}**"]
    for finding in report.findings:
        blocks += _finding(finding)
    if report.unjudged:
        rows = [
            f"| `{_cell(case.name)}` | {case.verdict} | {_cell(_escaped(case.detail))} |"
            for case in report.unjudged
        ]
        blocks.append("\n".join(["| not judged | verdict | why |", "|---|---|---|", *rows]))
    return "\n\n".join(blocks) + "\n"


def _finding(finding: Finding) -> list[str]:
    blocks = [f"### {finding.severity}: {_escaped(finding.title)}", f"`{subject_of(finding)}`"]
    place = str(finding.location) if finding.location else ""
    blocks += [f"`{text}`" if text == place else _escaped(text) for text in paragraphs(finding)]
    shown = [_exchange(exchange) for exchange in steps(finding)]
    if shown:
        blocks += ["<details><summary>Recorded exchange</summary>", *shown, "</details>"]
    return blocks


def _exchange(exchange: Mapping[str, Any]) -> str:
    who = f"# as {exchange['principal']}\n" if exchange.get("principal") else ""
    request = _fenced(who + curl(exchange["request"], exchange.get("principal")), "sh")
    response = exchange.get("response")
    return f"{request}\n\n{_fenced(transcript(response), 'http')}" if isinstance(response, dict) else request


def _fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)


def _cell(text: str) -> str:
    return text.replace("\n", " ")
