"""``troth report merge``: one report of the reports of several shards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from troth.cli.output import show, write_report
from troth.cli.verify import print_outcome
from troth.errors import UsageError

__all__ = ["report"]


@click.group("report")
def report() -> None:
    """Work with the reports of troth verify."""


@report.command(
    "merge",
    epilog="""\b
Examples:
  troth verify clientcasa --base-url URL --shard 1/2 --json > 1.json
  troth verify clientcasa --base-url URL --shard 2/2 --json > 2.json
  troth report merge 1.json 2.json --junit report.xml --html report.html
""",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the merged report as JSON.")
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML, a case a clause."
)
@click.option("--sarif", type=click.Path(path_type=Path), metavar="FILE", help="Write SARIF 2.1.0.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write one self-contained HTML file."
)
def merge(files: tuple[Path, ...], *, as_json: bool, **forms: Path | None) -> int:
    """Put the JSON reports of all shards together.

    Exit codes: those of troth verify for the whole: 0 conform, 1 violations, 2 the reports do not belong together,
    5 too little exercised.
    """  # fmt: skip
    from troth.conformance.merging import merged  # noqa: PLC0415 - keeps `troth --help` fast

    outcome = merged([_read(file) for file in files], [str(file) for file in files])
    told: dict[str, Any] = {
        "title": f"{outcome.contract} at {outcome.base_url}", "cases": outcome.cases, "head": outcome.head(),
    }  # fmt: skip
    for form, path in forms.items():
        if path is not None:
            write_report(path, outcome.findings, form, **told)
    if as_json:
        show(outcome.findings, "json", **told)
    else:
        print_outcome(outcome)
    return outcome.exit_code


def _read(file: Path) -> Any:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: the report cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"{file}: this is no JSON report of troth verify.") from error
    if not isinstance(found, dict):
        raise UsageError(f"{file}: this is no JSON report of troth verify.")
    return found
