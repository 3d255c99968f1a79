"""The table of report formats and the one function that renders a report in any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from troth.errors import UsageError, did_you_mean
from troth.findings import Case, Finding
from troth.reporting import github, html, json, junit, markdown, sarif, singleline, text, yaml
from troth.reporting.report import Report

__all__ = ["ALIASES", "FORMATS", "render"]

FORMATS: Mapping[str, Callable[[Report], str]] = MappingProxyType(
    {
        "text": text.write,
        "json": json.write,
        "junit": junit.write,
        "markdown": markdown.write,
        "html": html.write,
        "github": github.write,
        "sarif": sarif.write,
        "singleline": singleline.write,
        "yaml": yaml.write,
    }
)
ALIASES: Mapping[str, str] = MappingProxyType({"githubactions": "github", "markup": "markdown"})
"""What oasdiff calls the same format, so that a job can change tools and keep its options."""


def render(
    findings: Sequence[Finding],
    form: str,
    *,
    title: str,
    cases: Sequence[Case] = (),
    head: Mapping[str, Any] | None = None,
    coloured: bool = False,
) -> str:
    """The report as text that ends with a newline. Raises UsageError for an unknown format.

    ``cases`` are what was judged, passing or not; ``head`` is JSON about the run (contract, seed, verdict);
    ``coloured`` adds terminal colours to ``text`` and changes nothing in the other formats.
    """
    form = ALIASES.get(form, form)
    report = Report.of(findings, title=title, cases=cases, head=head)
    if form == "text" and coloured:
        return text.write_coloured(report)
    write = FORMATS.get(form)
    if write is None:
        known = ", ".join(FORMATS)
        raise UsageError(f"Unknown report format {form!r}; known are {known}.{did_you_mean(form, FORMATS)}")
    return write(report)
