"""What the entries of one release claim, matched with the facts of its comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from troth.compatibility.announcements import SUMMARY
from troth.compatibility.changelog import Item, Release
from troth.compatibility.comparison import Comparison
from troth.compatibility.facts import Fact
from troth.compatibility.judgement import Judged
from troth.compatibility.names import Name, blank, names_in, names_of, words_below
from troth.compatibility.resources import folded, labels_of, resource_words
from troth.compatibility.row_claims import RowClaims, signature
from troth.contract.model import Contract

__all__ = ["HELD", "Claims", "Step"]

HELD = ("Added", "Changed", "Deprecated", "Removed", "Security", "Fixed", SUMMARY)
"""The sections that speak of changes; any other (``Resources``) tells what there is."""
OPERATIONS = frozenset({"operation", "deprecated-operation"})


@dataclass(frozen=True, slots=True)
class Step:
    """One release of a changelog with the comparison that it tells; ``comparison`` is None for the first one."""

    release: Release | None
    contract: Contract
    comparison: Comparison | None
    name: str

    @property
    def sides(self) -> tuple[Contract, ...]:
        return (self.comparison.delta.old, self.contract) if self.comparison else (self.contract,)


class Claims:
    """The entries of one release. ``known`` are the words of every version of the contract."""

    def __init__(self, step: Step, known: frozenset[str]) -> None:
        self.step, self.known = step, known
        self.rows = RowClaims(step.sides)
        items = step.release.items if step.release else ()
        self.entries = [item for item in items if item.section in HELD or step.comparison is None]
        self.names = {entry.line: tuple(self._names_of(entry)) for entry in self.entries}
        self.judged = step.comparison.judged if step.comparison else ()
        self._resources = {folded(label) for item in self.judged for label in self._labels(item)}
        self._telling = {
            id(item): [entry for entry in self.entries if self._tells(entry, item)] for item in self.judged
        }

    def telling(self, item: Judged) -> list[Item]:
        """The entries that tell a fact."""
        return self._telling[id(item)]

    def told(self, entry: Item) -> list[Judged]:
        """The facts that an entry tells."""
        return [item for item in self.judged if entry in self._telling[id(item)]]

    def near(self, item: Judged) -> Item | None:
        """An entry that names what a fact changed, though of another resource."""
        called = names_of(item.fact)
        return next((e for e in self.entries if called & {name.value for name in self.names[e.line]}), None)

    def exists(self, name: Name) -> bool:
        """Whether some version of the contract has what is named."""
        if name.kind in ("operation", "path"):
            return name.value in self.candidates(name)
        return name.value in self.known or all(part in self.known for part in name.value.split("."))

    def candidates(self, name: Name) -> list[str]:
        """What a name could have meant."""
        if name.kind == "operation":
            return [signature(operation) for side in self.step.sides for operation in side.operations]
        if name.kind == "path":
            return [blank(operation.path) for side in self.step.sides for operation in side.operations]
        return sorted(self.known)

    def explained(self, told: Sequence[Judged]) -> set[str]:
        """What facts account for: their names, the operations they reach, and what is new below them."""
        found: set[str] = set()
        for item in told:
            fact = item.fact
            found |= names_of(fact)
            if fact.subject not in OPERATIONS:
                found |= self._reached(fact.reach)
            if fact.action == "added" and fact.new_pointer:
                found |= words_below(self.step.contract, fact.new_pointer)
        return found

    def _reached(self, identifiers: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for side in self.step.sides:
            for operation in map(side.operation, identifiers):
                if operation is not None:
                    found |= {signature(operation), blank(operation.path), operation.id}
        return found

    def _labels(self, item: Judged) -> tuple[str, ...]:
        return labels_of(item.fact, self.step.comparison.delta) if self.step.comparison else ()

    def _names_of(self, entry: Item) -> Iterator[Name]:
        yield from names_in(entry.codes) if entry.row is None else self.rows.names(entry.row)

    def _tells(self, entry: Item, item: Judged) -> bool:
        """Whether an entry names what a fact changed, and not under another resource."""
        if entry.row is not None:
            return self.rows.tells(entry.row, item.fact)
        if (
            entry.section == SUMMARY
            and item.fact.subject in OPERATIONS
            and self._introduces(entry, item.fact)
        ):
            return True
        if item.fact.place not in " ".join(entry.text.split()) and not self._names(entry, item):
            return False
        if entry.label is None or folded(entry.label) not in self._resources:
            return True
        labels = self._labels(item)
        return not labels or folded(entry.label) in {folded(label) for label in labels}

    def _names(self, entry: Item, item: Judged) -> bool:
        """Of new or dropped values each must be named; of anything else one of its names will do."""
        given = {name.value for name in self.names[entry.line]}
        if item.fact.subject == "enum-value" and not (entry.section == SUMMARY and "value" in entry.text):
            return set(item.fact.names) <= given
        if "keyword" in item.fact.context and _speaks_of(entry.text, item.fact):
            return True
        if "summary" in item.fact.context and _says(entry.text, str(item.fact.context["summary"])):
            return True
        return bool(names_of(item.fact) & given)

    def _introduces(self, entry: Item, fact: Fact) -> bool:
        """Whether a summary speaks of an operation's resource in words: *a new Document Versions endpoint*."""
        operation = next(
            (found for side in self.step.sides for found in [side.operation(str(fact.operation))] if found),
            None,
        )
        said = " ".join(folded(word) for word in re.findall(r"[A-Za-z]+", entry.text))
        return operation is not None and any(
            f" {words} " in f" {said} " for words in resource_words(operation)
        )


def _says(text: str, summary: str) -> bool:
    """Whether an entry has most of the words that the contract sums a change up with, the short ones aside."""
    said, wanted = (set(re.findall(r"[a-z_]{4,}", each.casefold())) for each in (text, summary))
    return bool(wanted) and len(said & wanted) * 2 > len(wanted)


def _speaks_of(text: str, fact: Fact) -> bool:
    """Behaviour is told in prose, by the words of its concept (``replay window``) or of its keyword."""
    keyword = str(fact.context["keyword"]).partition(".")[0]
    spelt = re.sub(r"([a-z])([A-Z])", r"\1 \2", keyword).casefold().removesuffix("s")
    words = " ".join(text.casefold().replace("-", " ").split())
    return fact.subject.replace("-", " ") in words or spelt in words
