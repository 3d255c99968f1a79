"""Comparison of two contracts: facts first, judgement after, and a changelog held against the facts."""

from __future__ import annotations

from troth.compatibility.comparison import Comparison, compare
from troth.compatibility.delta import Delta, delta
from troth.compatibility.facts import Fact, Use
from troth.compatibility.policies import POLICIES, Policy, policy_of

__all__ = ["POLICIES", "Comparison", "Delta", "Fact", "Policy", "Use", "compare", "delta", "policy_of"]
