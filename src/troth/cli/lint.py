"""``troth lint``: whether a contract agrees with itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from troth.behaviour.coherence import lint as lint_contract
from troth.cli.options import format_option, output_option
from troth.cli.output import note, say, show, write_report
from troth.contract import load_contract
from troth.findings import Finding

__all__ = ["lint"]

_FAILING = frozenset({"breaking", "error", "warning"})
_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}


@click.command(
    epilog="""\b
Examples:
  troth lint clientcasa
  troth lint openapi.yaml --overlay behaviour.overlay.yaml --format github
""",
)
@click.argument("contract")
@click.option(
    "--overlay", "overlays", multiple=True, metavar="FILE", help="An overlay to lay over it; may repeat."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; the same as --format json.")
@format_option
@output_option
def lint(contract: str, overlays: tuple[str, ...], as_json: bool, form: str, output: Path | None) -> int:
    """Check that a contract is coherent.

    Reports words that the vocabulary doesn't have, states, fields, resources and scopes that don't exist,
    expressions that can't be evaluated, examples and defaults that don't satisfy their schema, and what nothing
    uses.

    Exit codes: 0 nothing above info, 1 errors or warnings, 2 the contract can't be loaded, 4 internal.
    """
    loaded = load_contract(contract, overlays=overlays)
    findings = lint_contract(loaded)
    form = "json" if as_json else form
    title = f"{loaded.title} {loaded.version}"
    head = {"contract": loaded.name, "version": loaded.version}
    if output is not None:
        write_report(output, findings, form, title=title, head=head)
    elif form == "text":
        _print(findings, title)
    else:
        show(findings, form, title=title, head=head)
    return int(any(finding.severity in _FAILING for finding in findings))


def _print(findings: Sequence[Finding], title: str) -> None:
    """One line a finding, as compilers do, so that editors and people can jump to the place."""
    for finding in findings:
        mark = "" if finding.severity == "error" else f"{finding.severity}: "
        say(f"{finding.location}: {mark}{finding.title}", style=_STYLES.get(finding.severity, ""))
    counts = [
        (severity, sum(f.severity == severity for f in findings)) for severity in ("error", "warning", "info")
    ]
    told = [f"{count} {word}{'s' if count > 1 and word != 'info' else ''}" for word, count in counts if count]
    note(f"{title}: {', '.join(told) or 'coherent'}.")
