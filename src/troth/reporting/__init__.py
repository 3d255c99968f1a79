"""Reports of findings, for people and for machines. Engines emit findings; this room only listens."""

from __future__ import annotations

from troth.reporting.formats import ALIASES, FORMATS, render
from troth.reporting.report import Report

__all__ = ["ALIASES", "FORMATS", "Report", "render"]
