"""Labelled pairs of documents: each edit gives exactly its findings, and undoing it gives those of its mirror.

A file of the corpus holds base documents and edits of them; an edit is written with JSON pointers (``set``,
``remove``, ``move``); ``old-remove`` takes something from the base first. Without ``undone`` the same findings are
expected both ways.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from troth.compatibility import Comparison, compare, rules
from troth.compatibility.delta import delta
from troth.compatibility.facts import DIRECTIONS
from troth.compatibility.lifecycle import dated
from troth.compatibility.rules import rule_for
from troth.contract.pointers import split

JSON = Any
HERE = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Pair:
    """Two documents and the findings, by id, that lead from one to the other and back."""

    name: str
    old: JSON
    new: JSON
    expect: Mapping[str, str]
    undone: Mapping[str, str]
    policy: str
    as_of: date | None


def corpus() -> Iterator[Pair]:
    for path in sorted(HERE.glob("*.yaml")):
        content = json.loads(
            json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")))
        )  # nothing is shared
        for row in content["pairs"]:
            old = edited(content["base"], {"remove": row.get("old-remove", ())})
            expect = row.get("expect") or {}
            undone = row.get("undone") or expect
            name = f"{path.stem}: {row['name']}"
            day = row.get("as-of") or content.get("as-of")
            as_of = date.fromisoformat(day) if day else None
            yield Pair(name, old, edited(old, row), expect, undone, row.get("policy", "strict"), as_of)


def edited(document: JSON, row: Mapping[str, JSON]) -> JSON:
    """The document with a row's edits."""
    found = deepcopy(document)
    for pointer in row.get("remove", ()):
        holder, step = above(found, pointer)
        del holder[step]
    for pointer, target in row.get("move", {}).items():
        holder, step = above(found, pointer)
        place, name = above(found, target)
        place[name] = holder.pop(step)
    for pointer, value in row.get("set", {}).items():
        holder, step = above(found, pointer)
        if isinstance(holder, list) and step == len(holder):
            holder.append(value)
        else:
            holder[step] = value
    return found


def above(document: JSON, pointer: str) -> tuple[Any, Any]:
    node = document
    *steps, last = split(pointer)
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node, int(last) if isinstance(node, list) else last


PAIRS = list(corpus())


def told(comparison: Comparison) -> list[tuple[str, str]]:
    return sorted((finding.id, finding.severity) for finding in comparison.findings)


def test_names_are_given_once() -> None:
    names = [pair.name for pair in PAIRS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_pair_gives_exactly_its_findings_in_both_directions(pair: Pair, contract: Any) -> None:
    old, new = contract(pair.old), contract(pair.new)
    rules_of = {"policy": pair.policy, "as_of": pair.as_of}
    assert told(compare(old, new, **rules_of)) == sorted(pair.expect.items())
    assert told(compare(new, old, **rules_of)) == sorted(pair.undone.items())
    assert compare(old, contract(pair.old), **rules_of).findings == ()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_no_fact_is_without_a_rule(pair: Pair, contract: Any) -> None:
    """A fact that no rule knows would be left out without a word."""
    for old, new in ((pair.old, pair.new), (pair.new, pair.old)):
        for fact in delta(contract(old), contract(new)).facts:
            judged = dated(fact, pair.as_of)
            assert rule_for(judged.subject, judged.action, judged.directions or DIRECTIONS), judged


def neighbour(name: str) -> ModuleType:
    """Another module of labelled pairs, by its file."""
    found = spec_from_file_location(f"corpus_{name}", Path(__file__).parent / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def labelled() -> Iterator[tuple[JSON, JSON, date | None, str]]:
    """Every labelled pair of documents in these tests: the corpus, whole documents, and pairs of schemas."""
    yield from ((pair.old, pair.new, pair.as_of, pair.policy) for pair in PAIRS)
    documents, schemas = neighbour("test_documents"), neighbour("test_schema_pairs")
    yield from (
        (documents.BASE, documents.edited(*edits), None, "strict") for edits, _ in documents.EDITS.values()
    )
    put = {"request": schemas.in_request, "response": schemas.in_response, "query": schemas.in_query}
    for rows in (value for value in vars(schemas).values() if isinstance(value, tuple) and value):
        for case in (row for row in rows if isinstance(row, schemas.Case)):
            place = put[case.direction]
            yield place(case.old, case.old_components), place(case.new, case.new_components), None, "strict"


def derived() -> Iterator[tuple[JSON, JSON]]:
    """The pairs that are made from the meta-schemas."""
    space, fields = neighbour("test_edit_space"), neighbour("test_document_space")
    for keyword, row in {**space.KEYWORDS, **space.ANNOTATIONS}.items():
        cells = [cell for cell in space.cells(keyword, row) if cell.position in ("root", "property")]
        yield space.document(cells, "old"), space.document(cells, "new")
    yield from ((fields.BASE, fields.edited(*edit)) for edit in fields.COMPARED.values())


def rules_reached(comparison: Comparison) -> set[str]:
    """Every rule that a fact was judged by, in each of its directions."""
    facts = (item.fact for item in comparison.judged)
    return {
        r.id for fact in facts for r in rule_for(fact.subject, fact.action, fact.directions or DIRECTIONS)
    }


def test_the_pairs_reach_every_rule(contract: Any) -> None:
    """Rules of behaviour have a space of their own, one edit for each row of its table."""
    written = list(labelled())
    assert len(written) >= 150
    reached: set[str] = set()
    for old, new, as_of, policy in (*written, *((*pair, None, "strict") for pair in derived())):
        sides = contract(old), contract(new)
        for before, after in (sides, sides[::-1]):
            reached |= rules_reached(compare(before, after, policy=policy, as_of=as_of))
    assert sorted({rule.id for rule in rules().values() if rule.area != "behaviour"} - reached) == []


def test_nine_of_ten_breaks_of_values_in_the_pairs_show_a_right_witness(contract: Any) -> None:
    """Over the written pairs and those of every keyword at the root of a body."""
    bars = neighbour("test_bars")
    breaks = []
    for old, new, as_of, policy in (*labelled(), *((*pair, None, "strict") for pair in derived())):
        comparison = compare(contract(old), contract(new), policy=policy, as_of=as_of)
        breaks += [(item, comparison) for item in bars.of_values(comparison)]
    shown = [(item, comparison) for item, comparison in breaks if item.finding.verdict == "refuted"]
    assert [item.finding.title for item, comparison in shown if not bars.is_right(item, comparison)] == []
    untold = [item.finding.title for item, _ in breaks if item.finding.verdict != "refuted"]
    assert len(breaks) > 150
    assert len(shown) >= 0.9 * len(breaks), untold
