"""Whether a contract agrees with itself: its behaviour with its schemas, its examples with both."""

from __future__ import annotations

from troth.behaviour.checks import CHECKS, Ground
from troth.behaviour.mending import mended
from troth.behaviour.vocabulary import place_in_text
from troth.contract.model import Contract
from troth.findings import Finding

__all__ = ["check_coherence", "lint"]


def check_coherence(contract: Contract) -> list[Finding]:
    """What does not fit together, by document and line. What the vocabulary forbids is left to its own check."""
    found, _ = _findings(contract)
    return found


def lint(contract: Contract) -> list[Finding]:
    """Everything that is wrong with a contract that can be loaded: its flaws, its words, and what they mean."""
    coherence, vocabulary = _findings(contract)
    return sorted([*contract.flaws, *vocabulary, *coherence], key=place_in_text)


def _findings(contract: Contract) -> tuple[list[Finding], list[Finding]]:
    readable, behaviour, wrong = mended(contract)
    ground = Ground(readable, behaviour)
    found = {(f.id, f.location, f.title): f for check in CHECKS for f in check(ground)}
    return sorted(found.values(), key=place_in_text), wrong
