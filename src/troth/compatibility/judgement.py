"""Turns facts into findings: looks up the rule of each, asks the oracle where values decide, shows a witness.

A rule says what a fact means by its kind; containment overrules it where it proves that no value is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from troth.compatibility.containment import ASSERTED_FORMATS
from troth.compatibility.delta import Delta
from troth.compatibility.expansion import expand
from troth.compatibility.facts import Direction, Fact, Pair
from troth.compatibility.nodes import Node
from troth.compatibility.policies import Policy
from troth.compatibility.rules import Rule, rule_for
from troth.compatibility.samples import sample
from troth.compatibility.shells import shell, with_subject
from troth.compatibility.witness import MISSING, Judgement, find_witness, first_witness, judge
from troth.findings import SEVERITIES, Finding, Severity

__all__ = ["Judged", "judge_all"]

JSON = Any
Verdict = Literal["proved", "refuted", "unknown"]

SHELLED = frozenset(
    {"type", "null", "enum", "enum-value", "max-length", "min-length", "maximum", "minimum", "max-items", "min-items",
     "max-properties", "min-properties", "multiple-of", "unique-items", "pattern", "format"},
)  # fmt: skip
"""Subjects that one level of a schema decides."""
WHOLE = frozenset({"union", "condition", "items", "prefix-items"})
"""Subjects that need the schema with everything below it."""
MEMBERS = frozenset({"property", "required-property", "required"})
"""Subjects that are shown by an object with or without one property."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A fact with its rule and its finding."""

    fact: Fact
    rule: Rule
    finding: Finding


def judge_all(found: Delta, policy: Policy) -> tuple[Judged, ...]:
    """One judgement for each fact that a rule knows, the gravest first, otherwise in the order of the facts."""
    bench = _Bench(found, policy)
    judged = [item for fact in found.facts if (item := bench.judge(fact)) is not None]
    return tuple(sorted(judged, key=lambda item: SEVERITIES.index(item.finding.severity)))


class _Bench:
    """One delta, one policy: what each of its facts means."""

    def __init__(self, found: Delta, policy: Policy) -> None:
        self.delta, self.policy, self.sides = found, policy, found.sides

    def judge(self, fact: Fact) -> Judged | None:
        """The gravest of the directions in which a fact travels. A fact that reaches nothing weighs nothing."""
        reached = fact.directions
        rulings = rule_for(fact.subject, fact.action, reached or ("request", "response"))
        if not rulings:
            return None
        weighed = [(rule, *self._weigh(fact, rule)) for rule in rulings]
        rule, severity, judgement = min(
            weighed, key=lambda one: (SEVERITIES.index(one[1]), one[2] is None or one[2].verdict != "refuted")
        )
        if rule.direction is not None and not reached:
            severity, judgement = "info", None
        return Judged(fact, rule, self._finding(fact, rule, severity, judgement))

    def _weigh(self, fact: Fact, rule: Rule) -> tuple[Severity, Judgement | None]:
        severity = self.policy.severity(rule)
        if rule.direction is None or fact.pair is None or rule.severity == "info":
            return severity, None
        judgement = self._contain(fact, fact.pair, rule.direction)
        harmless = judgement is not None and judgement.verdict == "proved"
        return ("info" if harmless else severity), judgement

    def _contain(self, fact: Fact, pair: Pair, direction: Direction) -> Judgement | None:
        """Whether a reader of the old contract copes with the one edit; None where values do not decide."""
        if fact.subject == "format" and (unasserted := _unasserted(fact)):
            return Judgement("unknown", reason=f"no validator decides the format {unasserted}")
        if fact.subject in SHELLED:
            old, new = self.sides.old.node(pair.old), self.sides.new.node(pair.new)
            return _over_shells(old, new, fact.subject, direction)
        if fact.subject == "branch":
            return self._branch(fact, pair, direction)
        if fact.subject in WHOLE:
            return _between(*self._whole(pair, direction), direction)
        if fact.subject in MEMBERS and fact.names:
            return self._member(fact, pair, direction)
        return None

    def _whole(self, pair: Pair, direction: Direction) -> tuple[dict[str, JSON], dict[str, JSON]]:
        old, new = expand(self.sides.old, pair.old, direction), expand(self.sides.new, pair.new, direction)
        return old, new

    def _branch(self, fact: Fact, pair: Pair, direction: Direction) -> Judgement:
        """Whether the other side still takes, or already allowed, what the alternative admits."""
        removed = fact.action == "removed"
        here, there = (self.sides.old, self.sides.new) if removed else (self.sides.new, self.sides.old)
        pointer = fact.old_pointer if removed else fact.new_pointer
        admitted = expand(here, here.key((str(pointer),)), direction)
        return judge(admitted, expand(there, pair.new if removed else pair.old, direction))

    def _member(self, fact: Fact, pair: Pair, direction: Direction) -> Judgement:
        """An object that shows the loss or the new demand; it cannot be proved harmless, so it may stay unknown."""
        old, new = self._whole(pair, direction)
        accepting, refusing = (old, new) if direction == "request" else (new, old)
        witness = first_witness(accepting, refusing, _with_and_without(fact.names[0], accepting, refusing))
        if witness is not MISSING:
            return Judgement("refuted", witness)
        return Judgement("unknown", reason="no value shows it, so the rule for this kind of change decides")

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
        )

    def _location(self, fact: Fact) -> Any:
        if fact.action != "removed" and fact.new_pointer is not None:
            return self.delta.new.locate(fact.new_pointer)
        if fact.old_pointer is not None:
            return self.delta.old.locate(fact.old_pointer)
        return self.delta.new.locate(fact.new_pointer or "")


def _with_and_without(
    name: str, accepting: Mapping[str, JSON], refusing: Mapping[str, JSON]
) -> Iterator[JSON]:
    """Objects that differ from a fitting one by the property alone come first, so that they show this edit only."""
    for schema in (refusing, accepting):
        value = sample({**schema, "type": "object"})
        if isinstance(value, dict):
            yield {key: part for key, part in value.items() if key != name}
            for owner in (accepting, refusing):
                part = (owner.get("properties") or {}).get(name)
                if part is not None:
                    yield {**value, name: sample(part, owner)}


def _unasserted(fact: Fact) -> str:
    return next(
        (str(name) for name in (fact.old, fact.new) if name is not None and name not in ASSERTED_FORMATS), ""
    )


def _over_shells(old: Node, new: Node, subject: str, direction: Direction) -> Judgement:
    """The edit alone, put into the old node; where it hurts alone, both nodes as wholes may still show it harmless.

    The witness must show the edit and be a real message: admitted and refused by the whole nodes as well.
    """
    before, after, edited = shell(old), shell(new), shell(with_subject(old, new, subject))
    alone = _between(before, edited, direction)
    if alone.verdict == "proved" or _between(before, after, direction).verdict == "proved":
        return Judgement("proved")
    if alone.verdict == "unknown":
        return alone
    if direction == "request":
        witness = find_witness((before,), (edited, after))
    else:
        witness = find_witness((edited, after), (before,))
    if witness is MISSING:
        return Judgement(
            "unknown", reason="alone it loses values, and no value shows it beside the other edits here"
        )
    return Judgement("refuted", witness)


def _between(old: Mapping[str, JSON], new: Mapping[str, JSON], direction: Direction) -> Judgement:
    """A request must be taken by the new schema, a response must fit the old one."""
    return judge(old, new) if direction == "request" else judge(new, old)


def _told(severity: Severity, judgement: Judgement | None, fact: Fact) -> tuple[Verdict, JSON, str]:
    """The verdict to show. Without values to compare the rule decides, and the edit itself is the witness."""
    if judgement is not None:
        return (
            judgement.verdict,
            judgement.witness,
            "rule" if judgement.verdict == "unknown" else "containment",
        )
    if severity in ("info", "warning"):
        return ("proved" if severity == "info" else "unknown"), None, "rule"
    if fact.subject in ("operation", "deprecated-operation"):
        return "refuted", {"request": fact.place}, "rule"
    edit = {"place": fact.place, "before": fact.old, "after": fact.new}
    return "refuted", {key: value for key, value in edit.items() if value is not None}, "rule"


def _title(rule: Rule, fact: Fact) -> str:
    return rule.title.format(place=fact.place, old=words(fact.old), new=words(fact.new))


def words(value: JSON) -> str:
    """A JSON value in a sentence: listed values with commas, text in quotes only where it could be misread."""
    if isinstance(value, Mapping):
        if "branch" in value:
            return str(value["branch"])
        if set(value) == {"exclusive"}:
            return f"{value['exclusive']} (exclusive)"
        return ", ".join(f"{key} {words(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(words(part) for part in value)
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _detail(fact: Fact, rule: Rule, severity: Severity, judgement: Judgement | None) -> str:
    sentences = list(_sentences(fact, rule, severity, judgement))
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences)


def _sentences(fact: Fact, rule: Rule, severity: Severity, judgement: Judgement | None) -> Iterator[str]:
    if judgement is not None and judgement.verdict == "proved":
        yield "every value that was possible is still possible: containment proves that nothing is lost."
    elif rule.direction is not None and not fact.directions:
        yield "no operation of both contracts uses it."
    else:
        yield f"{rule.reason}."
    if judgement is not None and judgement.verdict == "unknown" and severity != "info":
        yield f"{judgement.reason}."
