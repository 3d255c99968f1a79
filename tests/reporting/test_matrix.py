"""The matrix of clauses and operations, and what its cells lead to."""

from __future__ import annotations

import re

from troth.findings import Case, Finding
from troth.reporting import render

STEP = {"as": "acme-owner", "method": "GET", "path": "/things/{{id1}}", "headers": {"x-api-key": "sesame"}}
REPRODUCTION = {
    "callers": [],
    "steps": [
        {"as": "globex-owner", "method": "POST", "path": "/things", "send": "{}"},
        {**STEP, "times": 3},
    ],
    "answers": [{"status": 201, "body": '{"id": 1}'}, {"status": 200, "body": '{"secret": "open"}'}],
    "expects": {"step": 1, "at": "status", "right": 404, "wrong": 200},
}
EVIDENCE = {"contract": "# /x-behaviour/tenancy\nsource: credential", "reproduction": REPRODUCTION}
BROKEN = Finding(
    "tenancy-read",
    "error",
    "A leak <here>",
    operation="getThing",
    clause="tenancy.read@getThing",
    evidence=EVIDENCE,
)
ACCEPTED = Finding("tenancy-list", "info", "Known", operation="listThings", clause="tenancy.list@listThings")
CASES = [
    Case("tenancy.read@getThing", "tenancy", "violate", (BROKEN,)),
    Case(
        "tenancy.list@listThings",
        "tenancy",
        "violate",
        (ACCEPTED,),
        "accepted until 2027-01-01 by ada: ticket",
    ),
    Case("resource.read@getThing", "resource", "conform"),
    Case("rules.held@listThings", "rules", "not-exercised", (), "no row"),
]
PAGE = render([BROKEN], "html", title="A run", cases=CASES)


def test_a_row_a_clause_and_a_column_an_operation() -> None:
    """A cell for each clause of each operation, empty where there is none."""
    table = re.search(r'<div class="matrix">.*?</div>', PAGE, re.DOTALL)
    assert table is not None
    assert re.findall(r"<th>([^<]+)</th>", table[0]) == [
        "getThing", "listThings", "tenancy.read", "tenancy.list", "resource.read", "rules.held",
    ]  # fmt: skip
    assert table[0].count("<td") == 4 * 2
    assert re.findall(r'<td class="([\w-]+)"', table[0]) == [
        "violate",
        "accepted",
        "conform",
        "not-exercised",
    ]
    assert "rules.held@listThings: not exercised: no row" in table[0]


def test_a_red_cell_leads_to_the_steps_with_their_answers_and_the_contract() -> None:
    """The link's target is the article; it has contract text, requests, responses and what was expected."""
    (target,) = re.findall(r'<td class="violate"[^>]*><a href="#([\w-]+)"', PAGE)
    article = re.search(rf'<article class="error" id="{target}">.*?</article>', PAGE, re.DOTALL)
    assert article is not None
    for text in (
        "source: credential",
        "# as globex-owner",
        "# as acme-owner (3 times)",
        "HTTP 201",
        "HTTP 200",
    ):
        assert text in article[0]
    assert "status is 200, expected 404" in article[0]
    assert "A leak &lt;here&gt;" in article[0]


def test_no_secret_is_in_the_page() -> None:
    """Neither of a step's headers nor of its answer's body."""
    assert "sesame" not in PAGE
    assert "open&quot;" not in PAGE


def test_a_report_without_clauses_has_no_matrix() -> None:
    assert '<div class="matrix">' not in render([BROKEN], "html", title="A comparison")


def test_an_accepted_violation_is_skipped_in_junit() -> None:
    report = render([BROKEN], "junit", title="A run", cases=CASES)
    assert 'failures="1"' in report
    assert "accepted until 2027-01-01 by ada" in report
