"""Reproductions: the fewest requests that a faulty server answers otherwise than the contract's own model does.

A probe's verdict is a function of the answers that it saw. So what it saw is played again, on the target and on a
correct mock of the contract in this process; the first place where the answers of the proof part ways is what the
reproduction expects, and every step without which they part ways just the same is left out.
"""

from troth.conformance.reproduction.reproducing import Recording, Reproducer
from troth.conformance.reproduction.scripts import script
from troth.conformance.reproduction.steps import Caller, Expectation, Reproduction, Step

__all__ = ["Caller", "Expectation", "Recording", "Reproducer", "Reproduction", "Step", "script"]
