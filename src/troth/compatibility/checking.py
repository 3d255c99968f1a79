"""Holds a changelog against the facts, both ways: what changed must be told, and what is told must have changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from troth.compatibility.changelog import Changelog, Item, Release
from troth.compatibility.comparison import Comparison
from troth.compatibility.judgement import Judged
from troth.compatibility.names import Name, blank, names_in, names_of, vocabulary, words_below
from troth.compatibility.resources import THINGS, folded, labels_of, section_of
from troth.contract.model import Contract, Operation
from troth.errors import did_you_mean
from troth.findings import Finding, Location, Severity

__all__ = ["Step", "check_changelog"]

JSON = Any
HELD = ("Added", "Changed", "Deprecated", "Removed", "Security", "Fixed")
UNTOLD = frozenset(
    {"path-parameter", "security-scheme-detail", "error-message", "retry", "discriminator", "default", "order"},
)  # fmt: skip
"""Subjects whose harmless changes nobody needs to be told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One release of a changelog with the comparison that it tells; ``comparison`` is None for the first one."""

    release: Release | None
    contract: Contract
    comparison: Comparison | None
    name: str


def check_changelog(changelog: Changelog, steps: Sequence[Step]) -> tuple[Finding, ...]:
    """What a changelog leaves out, makes up or files wrongly, in the order of its lines."""
    found = list(_order(changelog))
    for step in steps:
        if step.release is None:
            found.append(_missing(changelog, step))
        found += _StepCheck(changelog, step).findings()
    return tuple(sorted(found, key=lambda f: (f.location is None or f.location.document != changelog.path,
                                              (f.location.line or 0) if f.location else 0)))  # fmt: skip


def _order(changelog: Changelog) -> Iterator[Finding]:
    dated = [release for release in changelog.releases if release.date]
    for newer, older in zip(dated, dated[1:], strict=False):
        if str(newer.date) < str(older.date):
            yield _finding("changelog-date-order", f"{newer.heading!r} stands above {older.heading!r} but is older",
                           Location(changelog.path, line=newer.line), "The newest release comes first.")  # fmt: skip
    for release in changelog.releases[1:]:
        if release.unreleased:
            yield _finding("changelog-date-order", "'Unreleased' is not the first release",
                           Location(changelog.path, line=release.line), "What is unreleased comes first.")  # fmt: skip


def _missing(changelog: Changelog, step: Step) -> Finding:
    has_facts = step.comparison is not None and bool(step.comparison.judged)
    severity: Severity = "error" if has_facts else "info"
    expected = "## Unreleased" if step.name == "Unreleased" else f"a heading with v{step.name}"
    return _finding("changelog-release-missing", f"the changelog has no section for {step.name}",
                    Location(changelog.path, line=1), f"Expected {expected}.", severity=severity)  # fmt: skip


def _finding(
    identifier: str, title: str, location: Location, detail: str = "", *, severity: Severity = "error",
    operation: str | None = None, evidence: dict[str, JSON] | None = None,
) -> Finding:  # fmt: skip
    return Finding(identifier, severity, title, detail, location, operation, evidence=evidence or {})


class _StepCheck:
    """The check of one release."""

    def __init__(self, changelog: Changelog, step: Step) -> None:
        self.changelog, self.step = changelog, step
        items = step.release.items if step.release else ()
        self.items = [item for item in items if item.section in HELD or (step.comparison is None)]
        self.names = {item.line: tuple(names_in(item.codes)) for item in self.items}
        self.judged = step.comparison.judged if step.comparison else ()
        self.sides = (step.comparison.delta.old, step.contract) if step.comparison else (step.contract,)
        self.known = vocabulary(self.sides)
        self.resources = {folded(label) for item in self.judged for label in self._labels(item)}
        self.matched = {
            id(item): [entry for entry in self.items if self._tells(entry, item)] for item in self.judged
        }

    def findings(self) -> Iterator[Finding]:
        for item in self.judged:
            yield from self._told(item)
            yield from self._within_major(item)
        for entry in self.items:
            yield from self._behind(entry)

    def _at(self, line: int) -> Location:
        return Location(self.changelog.path, line=line)

    def _labels(self, item: Judged) -> tuple[str, ...]:
        return labels_of(item.fact, self.step.comparison.delta) if self.step.comparison else ()

    def _tells(self, entry: Item, item: Judged) -> bool:
        """Whether an entry names what a fact changed, and not under another resource."""
        if item.fact.place not in " ".join(entry.text.split()):
            called = names_of(item.fact)
            given = {name.value for name in self.names[entry.line]}
            wanted = set(map(str, item.fact.names)) if item.fact.subject == "enum-value" else None
            if not (wanted <= given if wanted else called & given):
                return False
        if entry.label is None or folded(entry.label) not in self.resources:
            return True
        labels = self._labels(item)
        return not labels or folded(entry.label) in {folded(label) for label in labels}

    def _told(self, item: Judged) -> Iterator[Finding]:
        """A change that no entry tells, or that one tells under the wrong heading."""
        fact, entries = item.fact, self.matched[id(item)]
        harmless = item.finding.severity == "info"
        if not entries:
            if harmless and (fact.subject in UNTOLD or (fact.pair is not None and not fact.uses)):
                return
            yield self._untold(item)
            return
        wanted = section_of(item)
        for entry in entries:
            if item.finding.severity == "breaking" and entry.section in ("Added", "Changed", "Fixed"):
                yield _finding("changelog-breaking-misfiled", f"{item.finding.title}: filed under {entry.section}, but it breaks",
                               self._at(entry.line), f"{item.finding.detail} {entry.section} is for what breaks nobody.",
                               operation=fact.operation, evidence={"rule": item.finding.id, "witness": item.finding.witness})  # fmt: skip
            elif wanted != entry.section and not ({wanted, entry.section} <= {"Added", "Changed", "Security", "Fixed"}):
                if not any(other.section == wanted for other in entries):
                    yield _finding("changelog-wrong-section", f"{item.finding.title}: filed under {entry.section}",
                                   self._at(entry.line), f"It belongs under {wanted}.", operation=fact.operation)  # fmt: skip

    def _untold(self, item: Judged) -> Finding:
        line = self.step.release.line if self.step.release else 1
        near = [entry for entry in self.items if names_of(item.fact) & {n.value for n in self.names[entry.line]}]
        hint = f" Line {near[0].line} names it under {near[0].label!r}." if near else ""
        place = f" It is at {item.finding.location}." if item.finding.location else ""
        return _finding(
            "changelog-change-untold",
            f"{item.finding.title}, and {self._section_words()} doesn't say so",
            self._at(line),
            f"Expected under {section_of(item)}.{hint}{place}",
            operation=item.fact.operation,
            evidence={"rule": item.finding.id, "severity": item.finding.severity, "reach": list(item.fact.reach)},
        )

    def _section_words(self) -> str:
        return f"{self.step.release.heading!r}" if self.step.release else "the changelog"

    def _within_major(self, item: Judged) -> Iterator[Finding]:
        """Something that goes or breaks while the major version stays."""
        comparison = self.step.comparison
        if comparison is None or comparison.policy.removals_within_major or item.finding.severity != "breaking":
            return
        old, new = comparison.delta.old.version, comparison.delta.new.version
        if _major(old) != _major(new):
            return
        entries = self.matched[id(item)]
        location = self._at(entries[0].line) if entries else (item.finding.location or self._at(1))
        what = "removal" if item.fact.action == "removed" and item.fact.subject in THINGS else "breaking change"
        yield _finding(
            "changelog-removal-within-major" if what == "removal" else "changelog-breaking-within-major",
            f"{item.finding.title}: a {what} within major version {_major(new)}",
            location,
            f"{item.finding.detail} The policy {comparison.policy.name!r} leaves it to the next major version.",
            operation=item.fact.operation,
            evidence={"rule": item.finding.id, "from": old, "to": new, "witness": item.finding.witness},
        )

    def _behind(self, entry: Item) -> Iterator[Finding]:
        """An entry, or a name in it, with no change behind it."""
        told = [item for item in self.judged if entry in self.matched[id(item)]]
        if self.step.comparison is not None and not told:
            yield self._unfounded(entry)
            return
        explained = self._explained(told)
        for name in self.names[entry.line]:
            if name.value not in explained:
                yield from self._unexplained(entry, name)

    def _unfounded(self, entry: Item) -> Finding:
        names = [name.value for name in self.names[entry.line]]
        called = sorted({name for item in self.judged for name in names_of(item.fact)})
        hint = next((hint for name in names if (hint := did_you_mean(name, called))), "")
        unknown = [name for name in self.names[entry.line] if not self._exists(name)]
        reason = f" {unknown[0].value!r} is in neither version." if unknown else ""
        return _finding("changelog-entry-unfounded", f"no change is behind the entry {_short(entry.text)!r}",
                        self._at(entry.line), f"The contract does not differ in what it names.{reason}{hint}",
                        evidence={"names": names})  # fmt: skip

    def _unexplained(self, entry: Item, name: Name) -> Iterator[Finding]:
        if not self._exists(name):
            words = did_you_mean(name.value, self._candidates(name))
            yield _finding("changelog-name-unknown", f"{name.written!r} is in no version of the contract",
                           self._at(entry.line), f"The entry {_short(entry.text)!r} names it.{words}")  # fmt: skip
        elif self.step.comparison is not None and entry.section in ("Added", "Removed") and name.kind == "operation":
            yield _finding("changelog-name-unchanged", f"{name.written} is filed under {entry.section} but did not change",
                           self._at(entry.line), f"The entry {_short(entry.text)!r} names it.")  # fmt: skip

    def _exists(self, name: Name) -> bool:
        if name.kind == "operation":
            return any(_signature(o) == name.value for side in self.sides for o in side.operations)
        if name.kind == "path":
            return any(blank(o.path) == name.value for side in self.sides for o in side.operations)
        return name.value in self.known or all(part in self.known for part in name.value.split("."))

    def _candidates(self, name: Name) -> list[str]:
        if name.kind == "operation":
            return [_signature(o) for side in self.sides for o in side.operations]
        if name.kind == "path":
            return [blank(o.path) for side in self.sides for o in side.operations]
        return sorted(self.known)

    def _explained(self, told: Sequence[Judged]) -> set[str]:
        """What the facts of an entry account for: their names, the operations they reach, and what is new below them."""
        found: set[str] = set()
        for item in told:
            fact = item.fact
            found |= names_of(fact)
            for side in self.sides:
                for identifier in fact.reach:
                    operation = side.operation(identifier)
                    if operation is not None and fact.subject not in ("operation", "deprecated-operation"):
                        found |= {_signature(operation), blank(operation.path), operation.id}
            if fact.action == "added" and fact.new_pointer:
                found |= words_below(self.step.contract, fact.new_pointer)
        return found


def _signature(operation: Operation) -> str:
    return f"{operation.method.upper()} {blank(operation.path)}"


def _major(version: str) -> str:
    return version.lstrip("v").partition(".")[0]


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:57] + "..."  # noqa: PLR2004 - one line of a report
