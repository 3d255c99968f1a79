"""Comparison of two contracts: facts first, judgement after, and a changelog held against the facts."""

from __future__ import annotations

from troth.compatibility.bumps import BUMPS, bump_made, bump_needed, suggested_version
from troth.compatibility.changelog import Changelog, read_changelog
from troth.compatibility.checking import Step, check_changelog
from troth.compatibility.comparison import Comparison, compare
from troth.compatibility.drafting import write_announcement
from troth.compatibility.entries import Entry, draft_entries, write_entries
from troth.compatibility.facts import Fact
from troth.compatibility.history import load_releases, steps_of
from troth.compatibility.pages import Grouping, changelog_page, of_resource
from troth.compatibility.policies import ALIASES, POLICIES, Policy, policy_of
from troth.compatibility.rendering import changelog_json, changelog_markdown
from troth.compatibility.rules import rules
from troth.compatibility.touching import Touched, touched_by
from troth.compatibility.traffic import Recorded, read_traffic
from troth.compatibility.waivers import Waiver, read_waivers

__all__ = [
    "ALIASES",
    "BUMPS",
    "POLICIES",
    "Changelog",
    "Comparison",
    "Entry",
    "Fact",
    "Grouping",
    "Policy",
    "Recorded",
    "Step",
    "Touched",
    "Waiver",
    "bump_made",
    "bump_needed",
    "changelog_json",
    "changelog_markdown",
    "changelog_page",
    "check_changelog",
    "compare",
    "draft_entries",
    "load_releases",
    "of_resource",
    "policy_of",
    "read_changelog",
    "read_traffic",
    "read_waivers",
    "rules",
    "steps_of",
    "suggested_version",
    "touched_by",
    "write_announcement",
    "write_entries",
]
