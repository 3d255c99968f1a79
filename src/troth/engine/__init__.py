"""Executes behaviour: pure, synchronous, no HTTP framework; faults bend it."""

from troth.engine.engine import Engine, Exchange, Settings
from troth.engine.faults import FAULTS, Fault
from troth.engine.messages import Request, Response

__all__ = ["FAULTS", "Engine", "Exchange", "Fault", "Request", "Response", "Settings"]
