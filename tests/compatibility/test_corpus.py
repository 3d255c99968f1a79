"""Labelled pairs of documents: each edit gives exactly its findings, and undoing it gives those of its mirror.

A file of the corpus holds base documents and edits of them; an edit is written with JSON pointers (``set``,
``remove``, ``move``). Without ``undone`` the same findings are expected both ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from troth.compatibility import Comparison, compare
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


def corpus() -> Iterator[Pair]:
    for path in sorted(HERE.glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for row in content["pairs"]:
            old = content["base"] if "old" not in row else row["old"]
            expect = row.get("expect") or {}
            undone = row.get("undone") or expect
            name = f"{path.stem}: {row['name']}"
            yield Pair(name, old, edited(old, row), expect, undone, row.get("policy", "strict"))


def edited(document: JSON, row: Mapping[str, JSON]) -> JSON:
    """The document with a row's edits."""
    if "new" in row:
        return row["new"]
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
    assert told(compare(old, new, policy=pair.policy)) == sorted(pair.expect.items())
    assert told(compare(new, old, policy=pair.policy)) == sorted(pair.undone.items())
    assert compare(old, contract(pair.old), policy=pair.policy).findings == ()
