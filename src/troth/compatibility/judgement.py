"""Turns facts into findings: looks up the rule of each, asks the oracle where values decide, shows a witness.

A rule says what a fact means by its kind; containment overrules it where it proves that no value is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from troth.compatibility.delta import Delta
from troth.compatibility.facts import Fact
from troth.compatibility.lifecycle import dated
from troth.compatibility.oracle import Oracle
from troth.compatibility.policies import Policy
from troth.compatibility.rules import Rule, rule_for
from troth.compatibility.witness import Judgement
from troth.findings import SEVERITIES, Finding, Location, Severity

__all__ = ["Judged", "judge_all"]

JSON = Any
Verdict = Literal["proved", "refuted", "unknown"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A fact with its rule and its finding."""

    fact: Fact
    rule: Rule
    finding: Finding


def judge_all(found: Delta, policy: Policy, as_of: date | None = None) -> tuple[Judged, ...]:
    """One judgement for each fact that a rule knows, the gravest first, otherwise in the order of the facts.

    ``as_of`` is the day on which announced ends are judged; without it they are judged by themselves only.
    """
    bench = _Bench(found, policy)
    facts = (dated(fact, as_of, policy.notice) for fact in found.facts)
    judged = [item for fact in facts if (item := bench.judge(fact)) is not None]
    return tuple(sorted(judged, key=lambda item: SEVERITIES.index(item.finding.severity)))


class _Bench:
    """One delta, one policy: what each of its facts means."""

    def __init__(self, found: Delta, policy: Policy) -> None:
        self.delta, self.policy, self.oracle = found, policy, Oracle(found.sides)

    def judge(self, fact: Fact) -> Judged | None:
        """The gravest of the directions in which a fact travels. A fact that reaches nothing weighs nothing."""
        reached = fact.directions
        rulings = rule_for(fact.subject, fact.action, reached or ("request", "response"))
        if not rulings and "keyword" in fact.context:  # an edit of behaviour is never passed over
            rulings = rule_for("behaviour", fact.action, ())
        if not rulings:
            return None
        weighed = [(rule, *self._weigh(fact, rule)) for rule in rulings]
        rule, severity, judgement = min(
            weighed, key=lambda one: (SEVERITIES.index(one[1]), one[2] is None or one[2].verdict != "refuted")
        )
        if (rule.direction is not None and not reached) or "unused" in fact.context:
            severity, judgement = "info", None
        return Judged(fact, rule, self._finding(fact, rule, severity, judgement))

    def _weigh(self, fact: Fact, rule: Rule) -> tuple[Severity, Judgement | None]:
        severity = self.policy.severity(rule)
        if rule.direction is None or fact.pair is None or rule.severity == "info":
            return severity, None
        judgement = self.oracle.ask(fact, fact.pair, rule.direction)
        harmless = judgement is not None and judgement.verdict == "proved"
        return ("info" if harmless else severity), judgement

    def _finding(self, fact: Fact, rule: Rule, severity: Severity, judgement: Judgement | None) -> Finding:
        verdict, witness, reason = _told(severity, judgement, fact)
        evidence = {"before": fact.old, "after": fact.new, "decided-by": reason}
        return Finding(
            rule.id,
            severity,
            _title(rule, fact),
            _detail(fact, rule, severity, judgement),
            self._location(fact),
            fact.operation,
            evidence={key: value for key, value in evidence.items() if value is not None},
            verdict=verdict,
            witness=witness,
            reach=fact.reach_in(rule.direction),
            nearest=self._nearest(fact),
        )

    def _nearest(self, fact: Fact) -> Location | None:
        """Where in the new contract something that is gone would stand: the nearest place above it that is there."""
        if fact.action != "removed":
            return None
        at = fact.new_pointer or fact.old_pointer or ""
        while at and at not in self.delta.new.positions:
            at = at.rpartition("/")[0]
        return self.delta.new.locate(at)

    def _location(self, fact: Fact) -> Any:
        if fact.action != "removed" and fact.new_pointer is not None:
            return self.delta.new.locate(fact.new_pointer)
        if fact.old_pointer is not None:
            return self.delta.old.locate(fact.old_pointer)
        return self.delta.new.locate(fact.new_pointer or "")


def _told(severity: Severity, judgement: Judgement | None, fact: Fact) -> tuple[Verdict, JSON, str]:
    """The verdict to show. Without values to compare the rule decides, and the edit itself is the witness."""
    if judgement is not None:
        return (
            judgement.verdict,
            judgement.witness,
            "rule" if judgement.verdict == "unknown" else judgement.reason or "containment",
        )
    if severity in ("info", "warning"):
        return ("proved" if severity == "info" else "unknown"), None, "rule"
    if fact.subject in ("operation", "deprecated-operation", "early-operation"):
        return "refuted", {"request": fact.place}, "rule"
    if "example" in fact.context:
        return "refuted", fact.context["example"], "rule"
    edit = {"place": fact.place, "before": fact.old, "after": fact.new}
    return "refuted", {key: value for key, value in edit.items() if value is not None}, "rule"


def _title(rule: Rule, fact: Fact) -> str:
    return rule.title.format(place=fact.place, old=words(fact.old), new=words(fact.new))


def words(value: JSON) -> str:
    """A JSON value in a sentence: listed values with commas, text in quotes only where it could be misread."""
    if value is None or value in ("", [], {}):
        return "none" if value is None else '""' if value == "" else "nothing"
    if isinstance(value, Mapping):
        if "branch" in value:
            return str(value["branch"])
        if set(value) == {"exclusive"}:
            return f"{value['exclusive']} (exclusive)"
        return ", ".join(f"{key} {words(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(words(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _detail(fact: Fact, rule: Rule, severity: Severity, judgement: Judgement | None) -> str:
    sentences = list(_sentences(fact, rule, severity, judgement))
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences)


def _sentences(fact: Fact, rule: Rule, severity: Severity, judgement: Judgement | None) -> Iterator[str]:
    if judgement is not None and judgement.verdict == "proved":
        yield "every value that was possible is still possible: containment proves that nothing is lost."
    elif (rule.direction is not None and not fact.directions) or "unused" in fact.context:
        yield (
            "nothing of it travels as XML."
            if fact.subject == "xml-form"
            else "no operation of both contracts uses it."
        )
    else:
        yield f"{rule.reason}."
        if fact.context.get("summary"):
            yield f"{str(fact.context['summary']).rstrip('.')}."
    if judgement is not None and judgement.verdict == "unknown" and severity != "info":
        yield f"{judgement.reason}."
