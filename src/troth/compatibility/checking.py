"""Holds a changelog against the facts, both ways: what changed must be told, and what is told must have changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from troth.compatibility.announcements import SUMMARY
from troth.compatibility.changelog import Changelog, Item
from troth.compatibility.claims import Claims, Step
from troth.compatibility.judgement import Judged
from troth.compatibility.names import Name, names_of, vocabulary
from troth.compatibility.ordering import date_findings, order_findings, version_findings
from troth.compatibility.resources import THINGS, section_of
from troth.errors import did_you_mean
from troth.findings import Finding, Location

__all__ = ["Step", "check_changelog"]

JSON = Any
UNTOLD = frozenset(
    {"path-parameter", "security-scheme-detail", "error-message", "retry", "discriminator", "default", "order",
     "behaviour-description", "operation-tag", "extension", "link", "taken-header", "header-deprecation",
     "version", "retired-version"},
)  # fmt: skip
"""Subjects whose harmless changes nobody needs to be told."""
BREAKING = re.compile(r"(?<!non-)(?<!not )\bbreaking\b", re.IGNORECASE)
ALIKE = frozenset({"Added", "Changed", "Security", "Fixed"})
"""Sections among which a harmless change may be filed as the author likes."""


def check_changelog(changelog: Changelog, steps: Sequence[Step]) -> tuple[Finding, ...]:
    """What a changelog leaves out, makes up or files wrongly, in the order of its lines."""
    found = [*order_findings(changelog), *version_findings(changelog, steps)]
    found += date_findings(changelog, steps[0].contract) if steps else ()
    contracts = {id(side): side for step in steps for side in step.sides}
    known = vocabulary(contracts.values())
    for step in steps:
        if step.release is None and _needs_section(step):
            found.append(_missing(changelog, step))
        found += _StepCheck(changelog, Claims(step, known)).findings()
    return tuple(sorted(found, key=lambda finding: _line(finding, changelog)))


def _line(finding: Finding, changelog: Changelog) -> tuple[bool, int]:
    """Lines of the changelog first, then places in the contracts."""
    if finding.location is None:
        return True, 0
    return finding.location.document != changelog.path, finding.location.line or 0


def _needs_section(step: Step) -> bool:
    return step.name != "Unreleased" or bool(step.comparison and step.comparison.judged)


def _missing(changelog: Changelog, step: Step) -> Finding:
    expected = "## Unreleased" if step.name == "Unreleased" else f"a heading with v{step.name}"
    title = f"the changelog has no section for {step.name}"
    return _lie("release-missing", title, Location(changelog.path, line=1), f"Expected {expected}.")


def _lie(
    kind: str, title: str, location: Location, detail: str, item: Judged | None = None, **evidence: JSON
) -> Finding:
    """A finding; where it is about a fact, with the rule, its operation and its witness."""
    operation = item.fact.operation if item else None
    if item is not None:
        evidence = {"rule": item.finding.id, "witness": item.finding.witness, **evidence}
    said: Mapping[str, JSON] = {key: value for key, value in evidence.items() if value is not None}
    return Finding(f"changelog-{kind}", "error", title, detail, location, operation, evidence=said)


class _StepCheck:
    """The check of one release."""

    def __init__(self, changelog: Changelog, claims: Claims) -> None:
        self.changelog, self.claims, self.step = changelog, claims, claims.step

    def findings(self) -> Iterator[Finding]:
        for item in self.claims.judged:
            yield from self._told(item)
            yield from self._within_major(item)
        for entry in self.claims.entries:
            yield from self._behind(entry)

    def _at(self, line: int) -> Location:
        return Location(self.changelog.path, line=line)

    def _told(self, item: Judged) -> Iterator[Finding]:
        """A change that no entry tells, or that one tells under the wrong heading."""
        entries = self.claims.telling(item)
        if not entries:
            if not (_goes_without_saying(item) or self._is_heading(item)):
                yield self._untold(item)
            return
        yield from self._left_out(item, entries)
        wanted = section_of(item)
        for entry in entries:
            title = f"{item.finding.title}: filed under {entry.section}"
            if item.finding.severity == "breaking" and entry.section in ALIKE and not _warns(entry):
                detail = f"{item.finding.detail} {entry.section} is for what breaks nobody."
                detail += " Where it must stand there, say that it is breaking." * (
                    entry.section == "Changed"
                )
                yield _lie("breaking-misfiled", f"{title}, but it breaks", self._at(entry.line), detail, item)
            elif all(not _fits(wanted, other.section) for other in entries):
                yield _lie("wrong-section", title, self._at(entry.line), f"It belongs under {wanted}.", item)

    def _left_out(self, item: Judged, entries: Sequence[Item]) -> Iterator[Finding]:
        """What a table leaves out that lists where a change shows."""
        rows = [entry for entry in entries if entry.row is not None]
        for endpoint in self.claims.rows.left_out(item.fact, [entry.row for entry in rows if entry.row]):
            title = f"{item.finding.title}, and the table doesn't say so of GET {endpoint}"
            detail = f"It shows there as well as at {rows[0].row.endpoint if rows[0].row else ''}, which has a row."
            yield _lie("change-untold", title, self._at(rows[-1].line), detail, item)

    def _is_heading(self, item: Judged) -> bool:
        """Whether a section says by its heading that its version is there; its days are checked by themselves."""
        name = str(item.fact.new)
        return item.fact.subject == "default-version" and self.changelog.release(name) is not None

    def _untold(self, item: Judged) -> Finding:
        release = self.step.release
        told = f"{release.heading!r}" if release else "the changelog"
        near = self.claims.near(item)
        hint = f" Line {near.line} names it, under {near.label or near.section!r}." if near else ""
        place = f" It is at {item.finding.location}." if item.finding.location else ""
        return _lie(
            "change-untold",
            f"{item.finding.title}, and {told} doesn't say so",
            self._at(release.line if release else 1),
            f"Expected under {section_of(item)}.{hint}{place}",
            item,
            severity=item.finding.severity,
            reach=list(item.fact.reach),
        )

    def _within_major(self, item: Judged) -> Iterator[Finding]:
        """Something that goes or breaks while the major version stays."""
        comparison = self.step.comparison
        if (
            comparison is None
            or comparison.policy.removals_within_major
            or item.finding.severity != "breaking"
        ):
            return
        old, new = comparison.delta.old.version, comparison.delta.new.version
        if _major(old) != _major(new) or _major(new) == "0":
            return
        entries = self.claims.telling(item)
        where = self._at(entries[0].line) if entries else (item.finding.location or self._at(1))
        is_removal = item.fact.action == "removed" and item.fact.subject in THINGS
        kind, words = ("removal", "a removal") if is_removal else ("breaking", "a breaking change")
        title = f"{item.finding.title}: {words} within major version {_major(new)}"
        detail = f"{item.finding.detail} The policy {comparison.policy.name!r} leaves it to the next major version."
        yield _lie(f"{kind}-within-major", title, where, detail, item, **{"from": old, "to": new})

    def _behind(self, entry: Item) -> Iterator[Finding]:
        """An entry, or a name in it, with no change behind it."""
        told = self.claims.told(entry)
        if self.step.comparison is not None and not told:
            yield self._unfounded(entry)
            return
        explained = self.claims.explained(told)
        for name in self.claims.names[entry.line]:
            if name.value not in explained:
                yield from self._unexplained(entry, name)

    def _unfounded(self, entry: Item) -> Finding:
        names = self.claims.names[entry.line]
        called = sorted({word for item in self.claims.judged for word in names_of(item.fact)})
        hint = next((hint for name in names if (hint := did_you_mean(name.value, called))), "")
        unknown = next((name for name in names if not self.claims.exists(name)), None)
        reason = f" {unknown.written!r} is in neither version." if unknown else ""
        detail = f"The contract does not differ in what it names.{reason}{hint}"
        title = f"no change is behind the entry {_short(entry.text)!r}"
        return _lie(
            "entry-unfounded", title, self._at(entry.line), detail, names=[name.value for name in names]
        )

    def _unexplained(self, entry: Item, name: Name) -> Iterator[Finding]:
        named = f"The entry {_short(entry.text)!r} names it."
        if not self.claims.exists(name):
            hint = did_you_mean(name.value, self.claims.candidates(name))
            title = f"{name.written!r} is in no version of the contract"
            yield _lie("name-unknown", title, self._at(entry.line), named + hint)
        elif self.step.comparison and entry.section in ("Added", "Removed") and name.kind == "operation":
            title = f"{name.written} is filed under {entry.section} but did not change"
            yield _lie("name-unchanged", title, self._at(entry.line), named)


def _goes_without_saying(item: Judged) -> bool:
    """A harmless change of a kind that no client meets, or of a schema that no operation uses."""
    unused = (item.fact.pair is not None and not item.fact.uses) or "unused" in item.fact.context
    return item.finding.severity == "info" and (item.fact.subject in UNTOLD or unused)


def _warns(entry: Item) -> bool:
    """Whether an entry under *Changed* says itself that it breaks somebody, as the drafts do."""
    return entry.section == "Changed" and BREAKING.search(entry.text) is not None


def _fits(wanted: str, section: str) -> bool:
    return section in (wanted, SUMMARY) or {wanted, section} <= ALIKE


def _major(version: str) -> str:
    return version.lstrip("v").partition(".")[0]


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:57] + "..."  # noqa: PLR2004 - one line of a report
