"""Conformance: hold any server to a contract. Probes first, then fuzzing; verdicts are honest about what was not seen."""

from troth.conformance.outcome import Outcome
from troth.conformance.planning import Plan, Skip, plan
from troth.conformance.running import Event, Fuzzing, Judged, Planned, Run, Started, verify
from troth.conformance.target import Principal, Target

__all__ = ["Event", "Fuzzing", "Judged", "Outcome", "Plan", "Planned", "Principal", "Run", "Skip", "Started", "Target", "plan", "verify"]
