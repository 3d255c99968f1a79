"""Comparison of two contracts: facts first, judgement after, and a changelog held against the facts."""

from __future__ import annotations

from troth.compatibility.changelog import Changelog, read_changelog
from troth.compatibility.checking import Step, check_changelog
from troth.compatibility.comparison import Comparison, compare
from troth.compatibility.entries import Entry, draft_entries, write_entries
from troth.compatibility.facts import Fact
from troth.compatibility.history import load_releases, steps_of
from troth.compatibility.policies import POLICIES, Policy, policy_of

__all__ = [
    "POLICIES",
    "Changelog",
    "Comparison",
    "Entry",
    "Fact",
    "Policy",
    "Step",
    "check_changelog",
    "compare",
    "draft_entries",
    "load_releases",
    "policy_of",
    "read_changelog",
    "steps_of",
    "write_entries",
]
