"""Options that several commands share, each declared once."""

from __future__ import annotations

from pathlib import Path

import click

from troth.reporting import ALIASES, FORMATS

__all__ = ["format_option", "output_option"]

format_option = click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS, *ALIASES]),
    default="text",
    show_default=True,
    callback=lambda _context, _option, form: ALIASES.get(form, form),
    help="How to write the report.",
)
output_option = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Write the report to this file.",
)
