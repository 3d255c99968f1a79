"""JUnit reports are read by parsers, so these tests parse them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from troth.findings import Case, Finding
from troth.reporting import render


def parsed(findings: list[Finding], cases: tuple[Case, ...] = ()) -> ET.Element:
    return ET.fromstring(render(findings, "junit", title="shop", cases=cases))


def counts(element: ET.Element) -> tuple[str | None, ...]:
    return tuple(element.get(key) for key in ("tests", "failures", "errors", "skipped"))


def test_one_test_case_a_clause(cases: tuple[Case, ...]) -> None:
    """What conforms passes, what violates fails, what was not judged is skipped with its reason."""
    root = parsed([], cases)
    found = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert found == {
        "pagination.max-size@listClients": ["failure"],
        "pagination.order@listClients": [],
        "tenancy.isolation@getClient": ["skipped"],
        "webhooks.signature": ["skipped"],
    }
    skipped = [element.get("message") for element in root.iter("skipped")]
    assert skipped == ["inconclusive: the target answered 429", "not-exercised: no control plane"]


def test_the_counts_are_those_of_the_cases(cases: tuple[Case, ...]) -> None:
    """Root and suites add up; times are sums."""
    root = parsed([], cases)
    assert counts(root) == ("4", "1", "0", "2")
    assert [(suite.get("name"), *counts(suite)) for suite in root.iter("testsuite")] == [
        ("pagination", "2", "1", "0", "0"),
        ("tenancy", "1", "0", "0", "1"),
        ("webhooks", "1", "0", "0", "1"),
    ]
    assert root.get("time") == "0.750"


def test_a_failure_can_be_acted_on(cases: tuple[Case, ...]) -> None:
    """The failure has the place and the request to repeat."""
    failure = next(parsed([], cases).iter("failure"))
    assert failure.get("message") == "A page holds more rows than the maximum"
    assert "spec/shop/behaviour.overlay.yaml:41" in str(failure.text)
    assert "curl -i 'http://127.0.0.1/v1/clients?limit=500'" in str(failure.text)


def test_findings_without_cases_become_cases(
    violation: Finding, remark: Finding, comparison: Finding
) -> None:
    """Breaking and error fail; a remark passes and is still readable."""
    root = parsed([violation, remark, comparison])
    assert counts(root) == ("3", "2", "0", "0")
    assert "never referred to" in str(next(root.iter("system-out")).text)


def test_a_clean_report_has_one_passing_case() -> None:
    """A file without any case is what a crashed run leaves, so a clean one differs from it."""
    root = parsed([])
    assert counts(root) == ("1", "0", "0", "0")
    assert next(root.iter("testcase")).get("name") == "shop"


def test_characters_that_xml_cannot_carry_are_replaced() -> None:
    """A body with control characters or a lone surrogate still gives a file that parses."""
    root = parsed([Finding("a", "error", "bad \x00 \x1b[31m \ud800 <&> end")])
    assert next(root.iter("failure")).get("message") == "bad \ufffd \ufffd[31m \ufffd <&> end"
