"""JUnit XML, in the subset that every CI server reads: suites by group, a case a clause or a finding."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree as ET

from troth.findings import Case, Finding
from troth.reporting.exchanges import curl, transcript
from troth.reporting.paragraphs import paragraphs, steps
from troth.reporting.places import rule_of, subject_of
from troth.reporting.report import Report

__all__ = ["write"]

# Characters that XML 1.0 cannot carry even escaped (section 2.2), lone surrogates included.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report) -> str:
    """``testsuites`` of ``testsuite`` of ``testcase``; what was not judged is skipped, with the reason."""
    root = ET.Element("testsuites", name=_legal(report.title))
    for group, members in groupby(
        sorted(_cases(report), key=lambda case: case.group), key=lambda case: case.group
    ):
        _suite(root, group, tuple(members))
    _count(root, root.iter("testcase"))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _cases(report: Report) -> list[Case]:
    """The cases judged, then one for each loose finding; never none, an empty file reads as a crash."""
    held = [finding for case in report.cases for finding in case.findings]
    loose = [finding for finding in report.findings if finding not in held]
    cases = [*report.cases, *(_case_of(finding) for finding in loose)]
    return cases or [Case(report.title, report.title, "conform")]


def _case_of(finding: Finding) -> Case:
    grave = finding.severity in {"breaking", "error"}
    group = rule_of(finding).partition(".")[0]
    return Case(subject_of(finding), group, "violate" if grave else "conform", (finding,))


def _suite(root: ET.Element, group: str, cases: tuple[Case, ...]) -> None:
    suite = ET.SubElement(root, "testsuite", name=_legal(group))
    for case in cases:
        _case(suite, case)
    _count(suite, suite.iter("testcase"))


def _case(suite: ET.Element, case: Case) -> None:
    element = ET.SubElement(
        suite, "testcase", name=_legal(case.name), classname=_legal(case.group), time=f"{case.seconds:.3f}"
    )
    accepted = bool(case.findings) and all(finding.severity == "info" for finding in case.findings)
    if case.verdict == "violate" and not accepted:
        titles = "; ".join(finding.title for finding in case.findings) or case.detail
        failure = ET.SubElement(element, "failure", message=_legal(titles), type=_legal(case.name))
        failure.text = _legal("\n\n".join([*filter(None, [case.detail]), *map(_account, case.findings)]))
    elif case.verdict == "conform":
        if case.findings:
            ET.SubElement(element, "system-out").text = _legal("\n\n".join(map(_account, case.findings)))
    else:
        ET.SubElement(element, "skipped", message=_legal(f"{case.verdict}: {case.detail}".rstrip(": ")))


def _account(finding: Finding) -> str:
    lines = [f"{finding.severity}: {finding.title}", *paragraphs(finding)]
    for exchange in steps(finding):
        lines.append(curl(exchange["request"], exchange.get("principal")))
        if isinstance(exchange.get("response"), dict):
            lines.append(transcript(exchange["response"]))
    return "\n".join(lines)


def _count(element: ET.Element, cases: Iterable[ET.Element]) -> None:
    every = list(cases)
    element.set("tests", str(len(every)))
    element.set("failures", str(sum(case.find("failure") is not None for case in every)))
    element.set("errors", "0")
    element.set("skipped", str(sum(case.find("skipped") is not None for case in every)))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in every):.3f}")


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
