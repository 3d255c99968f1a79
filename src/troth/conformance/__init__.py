"""Conformance: hold any server to a contract. Probes first, then fuzzing, and honest verdicts."""

from troth.behaviour.clauses import Clause
from troth.conformance.applications import Application
from troth.conformance.outcome import Outcome
from troth.conformance.planning import Plan, Skip, plan
from troth.conformance.pytesting import account, add_options, clauses_from, run_from
from troth.conformance.running import Event, Fuzzing, Judged, Planned, Run, Started, verify
from troth.conformance.target import Principal, Target, principal_of
from troth.findings import Case

__all__ = [
    "Application",
    "Case",
    "Clause",
    "Event",
    "Fuzzing",
    "Judged",
    "Outcome",
    "Plan",
    "Planned",
    "Principal",
    "Run",
    "Skip",
    "Started",
    "Target",
    "account",
    "add_options",
    "clauses_from",
    "plan",
    "principal_of",
    "run_from",
    "verify",
]
