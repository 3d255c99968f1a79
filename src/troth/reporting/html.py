"""The report as one self-contained HTML page: no script, no request to anywhere, readable in the dark."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any

from troth.findings import Case, Finding
from troth.reporting.exchanges import curl, redact, transcript
from troth.reporting.matrix import STYLE, anchor, matrix
from troth.reporting.paragraphs import compact, paragraphs, steps
from troth.reporting.places import subject_of
from troth.reporting.report import Report

__all__ = ["write"]

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; --edge: #8884; --quiet: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 0; }
article { border: 1px solid var(--edge); border-left-width: .4rem; border-radius: .3rem; }
article { padding: 1rem; margin: 1rem 0; }
.breaking, .error { border-left-color: #d33; }
.warning { border-left-color: #d90; }
.info { border-left-color: #38c; }
pre { background: var(--quiet); padding: .8rem; overflow: auto; }
code { overflow-wrap: anywhere; }
p { margin: .5rem 0; white-space: pre-wrap; }
dl { display: flex; gap: 2rem; flex-wrap: wrap; }
dt { font-size: .85rem; opacity: .7; }
dd { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .3rem .6rem; border-top: 1px solid var(--edge); }
$style
</style>
</head>
<body>
<h1>$title</h1>
<dl>$head</dl>
<p><strong>$sentence</strong></p>
$matrix
$findings
$cases
</body>
</html>
""")


def write(report: Report) -> str:
    """The page: facts of the run, the summary, an article a finding, a table of the cases."""
    facts = {name: value for name, value in report.head.items() if isinstance(value, str | int | float)}
    return _PAGE.substitute(
        title=escape(report.title),
        head="".join(
            f"<div><dt>{escape(_spaced(name))}</dt><dd>{escape(_said(value))}</dd></div>"
            for name, value in facts.items()
        ),
        sentence=escape(report.sentence),
        style=STYLE,
        matrix=matrix(report.cases),
        findings="\n".join(_finding(finding) for finding in report.findings),
        cases=_table(report.cases),
    )


def _spaced(name: str) -> str:
    """``exitCode`` as a reader says it: exit code."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _said(value: str | float) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _finding(finding: Finding) -> str:
    place = str(finding.location) if finding.location else ""
    parts = [
        f"<h2>{finding.severity}: {escape(finding.title)}</h2>",
        f"<p><code>{escape(subject_of(finding))}</code></p>",
    ]
    for paragraph in paragraphs(finding):
        text = escape(paragraph)
        parts.append(f"<p><code>{text}</code></p>" if paragraph == place else f"<p>{text}</p>")
    parts += [_contract(finding), _reproduction(finding)]
    parts += [_exchange(exchange) for exchange in steps(finding)]
    inside = "\n".join(filter(None, parts))
    return f'<article class="{finding.severity}" id="{anchor(subject_of(finding))}">\n{inside}\n</article>'


def _contract(finding: Finding) -> str:
    """What the contract itself says, where the finding brings its text along."""
    text = finding.evidence.get("contract")
    return f"<p>The contract says:</p><pre>{escape(text)}</pre>" if isinstance(text, str) and text else ""


def _reproduction(finding: Finding) -> str:
    """The fewest steps that show it, each with its answer, and what was expected of the telling one."""
    given = redact(finding.evidence.get("reproduction") or {})
    if not isinstance(given, dict) or not given.get("steps"):
        return ""
    expects, answers = given.get("expects") or {}, given.get("answers") or []
    items = []
    for number, step in enumerate(given["steps"]):
        text = "\n".join(_requests(step)) or f"# {_happening(step)}"
        answer = f"<pre>{escape(_answer(answers[number]))}</pre>" if number < len(answers) else ""
        told = ""
        if "relation" in expects and number == max(expects["of"].values()):
            told = f"<p><strong>{escape(str(expects['wrong']))}</strong></p>"
        elif number == expects.get("step"):
            wanted, found = compact(expects.get("right")), compact(expects.get("wrong"))
            told = f"<p><strong>{escape(str(expects['at']))} is {escape(found)}, expected {escape(wanted)}</strong></p>"
        items.append(f"<li><pre>{escape(text)}</pre>{answer}{told}</li>")
    return "<p>The fewest steps that show it:</p><ol>" + "".join(items) + "</ol>"


def _requests(step: Mapping[str, Any]) -> list[str]:
    """The requests of a step, each as a command: one, or several that leave together."""
    found = []
    every = [one for word in ("before", "together", "then") for one in step.get(word) or ()]
    for one in every or [step]:
        if "method" not in one:
            continue
        times = f" ({one['times']} times)" if one.get("times", 1) > 1 else ""
        at_once = " (at once)" if one in (step.get("together") or ()) else ""
        sent = {name: value for name, value in (one.get("headers") or {}).items() if value is not None}
        request = {**one, "url": one["path"], "body": one.get("send"), "headers": sent}
        found.append(f"# as {one['as'] or 'nobody'}{times}{at_once}\n{curl(request, one['as'])}")
    return found


def _happening(step: Mapping[str, Any]) -> str:
    """A step that is no request."""
    if "clock" in step:
        return "the clock moves: " + ", ".join(f"{word} {value}" for word, value in step["clock"].items())
    if "inbox" in step:
        return f"{step['inbox']}, an address for deliveries, is opened"
    if "close" in step:
        return f"the subscription of {step['close']} ends"
    return "what has been delivered"


def _answer(answer: Mapping[str, Any]) -> str:
    if "shows" not in answer:
        return transcript(answer)
    return json.dumps(answer["shows"], ensure_ascii=False, indent=2) if answer["shows"] is not None else ""


def _exchange(exchange: Mapping[str, Any]) -> str:
    who = f"# as {exchange['principal']}\n" if exchange.get("principal") else ""
    request = f"<pre>{escape(who + curl(exchange['request'], exchange.get('principal')))}</pre>"
    response = exchange.get("response")
    shown = f"<pre>{escape(transcript(response))}</pre>" if isinstance(response, dict) else ""
    return f"<details><summary>Recorded exchange</summary>{request}{shown}</details>"


def _table(cases: tuple[Case, ...]) -> str:
    if not cases:
        return ""
    rows = "\n".join(
        f"<tr><td><code>{escape(case.name)}</code></td><td>{case.verdict.replace('-', ' ')}</td>"
        f"<td>{escape(case.detail)}</td><td>{case.seconds:.2f} s</td></tr>"
        for case in cases
    )
    return f"<table>\n<tr><th>judged</th><th>verdict</th><th>why</th><th>time</th></tr>\n{rows}\n</table>"
