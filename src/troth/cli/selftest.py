"""``troth selftest``: prove the conformance suite on a contract's own faults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from troth.cli.output import emit_json, note, progress, say

if TYPE_CHECKING:
    from troth.conformance.selftest import Bench, KillMatrix, Trial
    from troth.conformance.subjects import Subject

__all__ = ["selftest"]

#: The column of the matrix for what stock Schemathesis noticed.
_STOCK = "schemathesis"


@click.command(
    "selftest",
    epilog="""\b
Examples:
  troth selftest billing
  troth selftest clientcasa --only tenancy --only off-by-one
  troth selftest openapi.yaml --overlay behaviour.overlay.yaml --workers 4 --json
""",
)
@click.argument("contract")
@click.option(
    "--overlay", "overlays", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
    help="An Overlay to apply; may repeat.",
)  # fmt: skip
@click.option(
    "--only", multiple=True, metavar="NAME",
    help="Only this fault, clause, concept or operator (* and ? match); may repeat.",
)  # fmt: skip
@click.option(
    "--bar", default=95.0, show_default=True, help="The share of faults, in percent, that must be noticed."
)
@click.option(
    "--seeds", default=1, show_default=True, help="How often the correct mock is judged, each time anew."
)
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1), help="Processes that share the work."
)
@click.option(
    "--everywhere",
    is_flag=True,
    help="Judge every operation for every fault, also when that is settled (slow).",
)
@click.option("--schemathesis", is_flag=True, help="Let stock Schemathesis try the same faults (slow).")
@click.option(
    "--examples", default=10, show_default=True, help="What Schemathesis may try for each operation."
)
@click.option("--list", "listed", is_flag=True, help="Print the faults and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print the kill matrix as JSON.")
def selftest(
    contract: str,
    overlays: tuple[Path, ...],
    only: tuple[str, ...],
    *,
    listed: bool,
    as_json: bool,
    **how: Any,
) -> int:
    """Prove the suite on a contract's own faults.

    Each promise of the contract is broken behind its mock, one at a time, and the suite must notice and name the
    right clause. That settles a fault, once every clause was judged on two operations that show it (--everywhere: on
    all). Exit codes: 0 the bar is reached and the correct mock raises no alarm, 1 it is not, 2 contract or usage
    error, 4 internal.
    """  # fmt: skip
    from troth.conformance.crew import Crew, bench_of  # noqa: PLC0415 - keeps `troth --help` fast
    from troth.conformance.subjects import chosen, subjects_of  # noqa: PLC0415

    bench = bench_of(contract, overlays)
    subjects = chosen(subjects_of(bench.instruments), only)
    if listed:
        _print_subjects(subjects, as_json=as_json)
        return 0
    alarms = _alarms(bench, how["seeds"])
    trials = []
    with progress("Faults", len(subjects)) as shown:
        for trial in Crew(contract, overlays, how["workers"], how["everywhere"]).tried(subjects):
            trials.append(trial)
            shown.describe(trial.subject.name)
            shown.advance()
    rivals = _rivals(bench, subjects, how["examples"]) if how["schemathesis"] else None
    matrix = _matrix(bench, trials, alarms)
    if as_json:
        emit_json(_as_json(matrix, rivals))
    else:
        _print(matrix, rivals)
    return 0 if matrix.share * 100 >= how["bar"] and not alarms else 1


def _matrix(bench: Bench, trials: Sequence[Trial], alarms: Sequence[str]) -> KillMatrix:
    from troth.conformance.selftest import KillMatrix  # noqa: PLC0415 - as above

    return KillMatrix(bench.contract.name, tuple(trials), tuple(alarms))


def _alarms(bench: Bench, seeds: int) -> list[str]:
    """What is found on the correct mock, each seed with other data, marks and ids."""
    found: list[str] = []
    with progress("The correct mock", seeds) as shown:
        for seed in range(1, seeds + 1):
            found += [alarm for alarm in bench.alarms(seed) if alarm not in found]
            shown.advance()
    return found


def _rivals(bench: Bench, subjects: Sequence[Subject], examples: int) -> dict[str, tuple[str, ...]]:
    from troth.conformance.rival import Rival  # noqa: PLC0415 - as above

    rival, found = Rival(bench, examples), {}
    with progress("Schemathesis", len(subjects)) as shown:
        for subject in subjects:
            found[subject.name] = rival.tried(subject)
            shown.advance()
    return found


def _as_json(matrix: KillMatrix, rivals: dict[str, tuple[str, ...]] | None) -> dict[str, Any]:
    told = matrix.as_json()
    if rivals is not None:
        told["schemathesis"] = {
            "total": len(rivals),
            "killed": sum(map(bool, rivals.values())),
            "faults": {name: list(checks) for name, checks in rivals.items()},
        }
    return told


def _print_subjects(subjects: Sequence[Subject], *, as_json: bool) -> None:
    if as_json:
        emit_json(
            [
                {"name": s.name, "clause": s.clause, "operator": s.operator, "summary": s.summary}
                for s in subjects
            ]
        )
        return
    for subject in subjects:
        say(f"{subject.clause:<28} {subject.operator:<14} {subject.name:<56} {subject.summary}")
    note(f"{len(subjects)} faults")


def _print(matrix: KillMatrix, rivals: dict[str, tuple[str, ...]] | None) -> None:
    from troth.conformance.subjects import OPERATORS  # noqa: PLC0415 - as above

    columns = [*OPERATORS, *([_STOCK] if rivals is not None else [])]
    say(" ".join([f"{'':28}", *(f"{name:>13}" for name in columns)]), style="bold")
    rows: dict[str, dict[str, list[bool]]] = {}
    for trial in matrix.trials:
        row = rows.setdefault(trial.subject.clause, {})
        row.setdefault(trial.subject.operator, []).append(trial.killed)
        if rivals is not None:
            row.setdefault(_STOCK, []).append(bool(rivals[trial.subject.name]))
    for clause, cells in rows.items():
        texts = [f"{sum(cells[o])}/{len(cells[o])}" if o in cells else "·" for o in columns]
        bad = not all(all(cell) for name, cell in cells.items() if name != _STOCK)
        say(" ".join([f"{clause:28}", *(f"{text:>13}" for text in texts)]), style="red" if bad else "green")
    for trial in matrix.trials:
        if not trial.killed:
            seen = f" (found broken: {', '.join(trial.also)})" if trial.also else ""
            say(f"not noticed  {trial.subject.name}: {trial.subject.summary}{seen}", style="red")
    for alarm in matrix.alarms:
        say(f"false alarm  {alarm}", style="red")
    seconds = [trial.seconds for trial in matrix.trials]
    if rivals is not None:
        say(f"Stock Schemathesis noticed {sum(map(bool, rivals.values()))} of {len(rivals)}.")
    asked, judged = matrix.extent
    say(
        f"For a fault {asked:.0f} of {matrix.grounds} grounds were asked and {judged:.0f} judged, on average."
    )
    say(
        f"{matrix.contract}: {matrix.killed} of {len(matrix.trials)} faults noticed by the right clause "
        f"({matrix.share:.1%}), {matrix.findings:.2f} causes named a fault, "
        f"{sum(seconds) / max(1, len(seconds)):.2f} s a fault.",
        style="bold",
    )
