"""Every format says the same things in its own way."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import yaml

from troth.errors import UsageError
from troth.findings import Case, Finding, Location
from troth.reporting import ALIASES, FORMATS, render

HEAD = {"contract": "shop", "seed": 7, "verdict": "violate"}


@pytest.mark.parametrize("form", [*FORMATS])
def test_each_format_says_what_and_where(form: str, violation: Finding) -> None:
    """Title, clause, file, line and detail are in every format."""
    report = render([violation], form, title="shop")
    for fact in (
        violation.title,
        "pagination.max-size",
        "spec/shop/behaviour.overlay.yaml",
        "41",
        violation.detail,
    ):
        assert fact in report
    assert report.endswith("\n")


def test_an_unknown_format_is_answered_with_the_nearest() -> None:
    """A wrong format name gets the word that was probably meant."""
    with pytest.raises(UsageError, match=r"Unknown report format 'jnuit'.*Did you mean 'junit'\?"):
        render([], "jnuit", title="shop")


@pytest.mark.parametrize(("alias", "form"), ALIASES.items())
def test_a_name_of_another_tool_writes_the_same_format(alias: str, form: str, violation: Finding) -> None:
    """What oasdiff calls ``githubactions`` is ``github`` here."""
    assert render([violation], alias, title="shop") == render([violation], form, title="shop")


class TestSingleLine:
    def test_a_finding_is_one_line_that_editors_understand(
        self, comparison: Finding, violation: Finding
    ) -> None:
        """Place, severity, words, rule; the gravest first."""
        lines = render([violation, comparison], "singleline", title="shop").splitlines()
        assert len(lines) == 2
        assert lines[1].startswith("spec/shop/behaviour.overlay.yaml:41: error: ")
        assert re.fullmatch(r"(\S+: )?breaking: .+ \[\S+\]", lines[0])

    def test_nothing_found_is_no_line(self) -> None:
        assert render([], "singleline", title="shop") == ""


class TestYaml:
    def test_it_says_what_the_json_report_says(self, comparison: Finding, cases: tuple[Case, ...]) -> None:
        told = render([comparison], "yaml", title="shop", cases=cases, head=HEAD)
        assert yaml.safe_load(told) == json.loads(
            render([comparison], "json", title="shop", cases=cases, head=HEAD)
        )


class TestText:
    def test_the_gravest_come_first(self, remark: Finding, violation: Finding, comparison: Finding) -> None:
        """Breaking before error before info, whatever the order of discovery."""
        report = render([remark, violation, comparison], "text", title="shop")
        found = [report.index(finding.title) for finding in (comparison, violation, remark)]
        assert found == sorted(found)
        assert report.endswith("1 breaking change, 1 error, 1 info\n")

    def test_a_comparison_shows_verdict_witness_and_reach(self, comparison: Finding) -> None:
        """The proof is printed with the claim."""
        report = render([comparison], "text", title="shop")
        assert 'Proved; witness: {"name": "A*b"}' in report
        assert "Reaches createClient, updateClient." in report

    def test_colour_adds_nothing_but_colour(self, cases: tuple[Case, ...]) -> None:
        """Without its escape sequences the coloured report is the plain one."""
        coloured = render([], "text", title="shop", cases=cases, coloured=True)
        plain = render([], "text", title="shop", cases=cases)
        assert coloured != plain
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain

    def test_what_was_not_judged_says_why(self, cases: tuple[Case, ...]) -> None:
        """A verdict that is neither way comes with its reason; the summary counts all four."""
        report = render([], "text", title="shop", cases=cases)
        assert "inconclusive  tenancy.isolation@getClient: the target answered 429" in report
        assert report.endswith("1 conform, 1 violate, 1 inconclusive, 1 not exercised\n")

    def test_nothing_found_is_said(self) -> None:
        """An empty report is not an empty text."""
        assert render([], "text", title="shop") == "shop\n\nnothing found\n"


class TestJson:
    def test_the_report_of_a_run_has_head_summary_cases_and_findings(self, cases: tuple[Case, ...]) -> None:
        """The findings of the cases are listed once, in the common form."""
        report = json.loads(render([], "json", title="shop", cases=cases, head=HEAD))
        assert {key: report[key] for key in HEAD} == HEAD
        assert report["summary"] == {"conform": 1, "violate": 1, "inconclusive": 1, "not-exercised": 1}
        assert [case["verdict"] for case in report["cases"]] == [
            "violate",
            "conform",
            "inconclusive",
            "not-exercised",
        ]
        assert [finding["clause"] for finding in report["findings"]] == ["pagination.max-size@listClients"]
        assert report["cases"][0]["findings"] == ["page-larger-than-maximum"]

    def test_a_finding_that_two_cases_share_is_listed_once(self, violation: Finding) -> None:
        """The list of findings is a set; the cases keep their reference to it."""
        cases = [Case(name, "pagination", "violate", (violation,)) for name in ("a", "b")]
        report = json.loads(render([violation], "json", title="shop", cases=cases))
        assert len(report["findings"]) == 1
        assert [case["findings"] for case in report["cases"]] == [[violation.id], [violation.id]]

    def test_a_comparison_has_verdict_witness_and_reach(self, comparison: Finding, remark: Finding) -> None:
        """These three keys belong to a comparison only."""
        report = json.loads(render([comparison, remark], "json", title="diff"))
        first, second = report["findings"]
        assert (first["verdict"], first["witness"]) == ("proved", {"name": "A*b"})
        assert first["reach"] == ["createClient", "updateClient"]
        assert "verdict" not in second
        assert report["summary"] == {"breaking": 1, "error": 0, "warning": 0, "info": 1}


class TestGithub:
    def test_an_annotation_points_at_its_line(self, violation: Finding) -> None:
        """Message and properties are escaped as workflow commands demand, so each stays on one line."""
        first, last = render([violation], "github", title="shop: a, b").splitlines()
        assert first.startswith(
            "::error file=spec/shop/behaviour.overlay.yaml,line=41,title=pagination.max-size@listClients::"
        )
        assert "%0A" in first
        assert last == "::notice title=shop%3A a%2C b::1 error"

    def test_a_document_of_another_revision_is_shown_at_this_one(self) -> None:
        """``git:REF:path`` is the same path in the checkout; a URL has no place in it."""
        reports = [
            render([Finding("a", "warning", "t", location=Location(name, "", 3))], "github", title="t")
            for name in ("git:main:spec/a.yaml", "https://example.com/a.yaml")
        ]
        assert reports[0].startswith("::warning file=spec/a.yaml,line=3,title=a::")
        assert reports[1].startswith("::warning title=a::")


class TestMarkdown:
    def test_text_is_shown_as_it_is(self, comparison: Finding) -> None:
        """Markup in a title or a witness is escaped, not rendered."""
        report = render([comparison], "markdown", title="a_b")
        assert r"## a\_b" in report
        assert r"The property 'email' \<must\> be \| sent & is new" in report

    def test_a_fence_outlasts_the_backticks_inside(self, violation: Finding) -> None:
        """A body with a code block in it cannot break out of its own."""
        evidence = {**violation.evidence, "response": {"status": 200, "body": "````"}}
        report = render([Finding("a", "error", "t", evidence=evidence)], "markdown", title="t")
        assert "`````http\nHTTP 200\n\n````\n`````" in report


class TestHtml:
    def test_the_page_is_whole_and_alone(self, cases: tuple[Case, ...], comparison: Finding) -> None:
        """Every element is closed, nothing is fetched, no text becomes markup."""
        page = render([comparison], "html", title="<shop>", cases=cases, head=HEAD)
        reader = Tags()
        reader.feed(page)
        assert reader.open == []
        assert [link for link in reader.fetched if not link.startswith("#")] == []
        assert "<must>" not in page
        assert "<h1>&lt;shop&gt;</h1>" in page
        assert "tenancy.isolation@getClient" in page


class Tags(HTMLParser):
    """Which tags are still open, and which would fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(value) for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_what_is_gone_is_annotated_where_it_would_stand(violation: Finding) -> None:
    """An annotation can only point into the new document; the old place is told beside."""
    gone = replace(violation, nearest=Location("api.yaml", "/components/schemas/Order", 12))
    assert render([gone], "github", title="shop").startswith("::error file=api.yaml,line=12,")
    (result,) = json.loads(render([gone], "sarif", title="shop"))["runs"][0]["results"]
    regions = [found[0]["physicalLocation"]["region"]["startLine"]
               for found in (result["locations"], result["relatedLocations"])]  # fmt: skip
    assert regions == [12, 41]
