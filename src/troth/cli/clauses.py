"""``troth clauses``: what a contract promises, clause by clause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from troth.cli.output import emit_json, note, say

__all__ = ["clauses"]


@click.command(
    "clauses",
    epilog="""\b
Examples:
  troth clauses clientcasa
  troth clauses clientcasa --only tenancy --json
""",
)
@click.argument("contract")
@click.option("--overlay", "overlays", multiple=True, metavar="FILE", help="An Overlay to apply; may repeat.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Only this concept, clause, operation or clause@operation (* and ? match); may repeat.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of clauses as JSON.")
def clauses(contract: str, overlays: tuple[str, ...], only: tuple[str, ...], *, as_json: bool) -> None:
    """List the clauses of a contract.

    A clause is a promise with a stable name, clause@operation: what troth verify judges, what a fault of troth
    mock bends, what a finding names.
    """  # fmt: skip
    from troth.behaviour import behaviour_of  # noqa: PLC0415 - keeps `troth --help` fast
    from troth.behaviour.clauses import chosen_clauses, clauses_of  # noqa: PLC0415
    from troth.behaviour.standards import standard_of  # noqa: PLC0415
    from troth.contract import load_contract  # noqa: PLC0415

    loaded = load_contract(contract, overlays=overlays)
    found = chosen_clauses(clauses_of(loaded, behaviour_of(loaded)), only)
    listed: list[dict[str, Any]] = [
        {
            "name": clause.name,
            "id": clause.id,
            "operation": clause.operation,
            "level": clause.level,
            "statement": clause.statement,
            "standard": standard_of(clause.id) or None,
            "location": loaded.locate(clause.pointer).as_json(),
        }
        for clause in found
    ]
    if as_json:
        emit_json(listed)
        return
    for concept in dict.fromkeys(clause.concept for clause in found):
        say(concept, style="bold")
        for clause in found:
            if clause.concept == concept:
                place = loaded.locate(clause.pointer)
                source = f"{Path(place.document).name}:{place.line or '?'}"
                told = f" [{standard_of(clause.id)}]" if standard_of(clause.id) else ""
                say(f"  {clause.level:<6} {clause.name:<48} {source:<28} {clause.statement}{told}")
    note(f"{len(found)} clauses of {loaded.title} {loaded.version}")
