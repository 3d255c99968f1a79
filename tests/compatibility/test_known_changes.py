"""Every change of an API that the best known differ of texts tells is decided here, or is no change and says why.

``known_changes.tsv`` has a row for each: the findings of its smallest pair under the strict policy (``rule:severity``,
or ``-`` for none), and, where the severity is not what that tool gives, the reason.
"""

from __future__ import annotations

import csv
import importlib.util
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from troth.compatibility import compare, rules

HERE = Path(__file__).parent
DAY = date(2026, 1, 1)


def rows() -> dict[str, dict[str, str]]:
    with (HERE / "known_changes.tsv").open(encoding="utf-8") as text:
        return {row["change"]: row for row in csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)}


def load_pairs() -> Any:
    spec = importlib.util.spec_from_file_location("known_changes", HERE / "known_changes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROWS = rows()
PAIRS = load_pairs()


def whole(document: Any) -> Any:
    """A document of its own, without what is left out by None."""
    found = json.loads(json.dumps(document))
    for path in found["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and operation.get("operationId", "") is None:
                del operation["operationId"]
    return found


def test_every_known_change_has_a_row() -> None:
    assert len(ROWS) == 509


@pytest.mark.parametrize("change", ROWS)
def test_a_known_change_gives_its_findings(change: str, contract: Any) -> None:
    """The pair is the smallest that shows the change and nothing else."""
    old, new = (contract(whole(document)) for document in PAIRS.pair_of(change))
    found = compare(old, new, policy="strict", as_of=DAY).findings
    told = " ".join(sorted(f"{finding.id}:{finding.severity}" for finding in found)) or "-"
    assert told == ROWS[change]["findings"]


def test_rules_that_rows_name_exist_and_what_is_nothing_says_why() -> None:
    for row in ROWS.values():
        if row["findings"] == "-":
            assert row["why"], row["change"]
        else:
            assert {told.rpartition(":")[0] for told in row["findings"].split()} <= rules().keys()
