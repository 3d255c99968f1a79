"""Walks: the same steps on the target and on the engine as reference model, compared as far as the contract binds."""

from troth.conformance.walks.flaws import WalkFlaw
from troth.conformance.walks.walking import Walked, told_by_clause, walk_target

__all__ = ["WalkFlaw", "Walked", "told_by_clause", "walk_target"]
