"""The command line: ``troth``, one module a command, loaded only when it is called."""

from __future__ import annotations

from troth.cli.program import main

__all__ = ["main"]
