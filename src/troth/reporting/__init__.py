"""Reports of findings, for people and for machines. Engines emit findings; this room only listens."""

from __future__ import annotations

from troth.reporting.formats import FORMATS, render
from troth.reporting.report import Report

__all__ = ["FORMATS", "Report", "render"]
