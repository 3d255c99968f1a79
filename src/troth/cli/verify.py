"""``troth verify``: hold a running server to a contract."""

from __future__ import annotations

import json
import re
import signal
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from troth.cli.output import note, progress, say, show, write_report
from troth.cli.settings import Settings, load_settings
from troth.cli.targets import target_of
from troth.errors import UsageError

if TYPE_CHECKING:
    from troth.conformance import Event, Outcome
    from troth.conformance.baseline import Baseline

__all__ = ["print_outcome", "verify"]

_SHOWN = 2
_FILES = ("junit", "sarif", "html")


@click.command(
    "verify",
    epilog="""\b
Examples:
  troth verify clientcasa --base-url http://127.0.0.1:4010/api
  troth verify openapi.yaml --base-url https://staging.example.com/v1 \\
    --principal 'acme,tenant=acme,header=X-Api-Key:${ACME_KEY}' \\
    --principal 'globex,tenant=globex,header=X-Api-Key:${GLOBEX_KEY}' --rate 20/s
  troth verify clientcasa --base-url http://127.0.0.1:4010/api --only tenancy --json
""",
)
@click.argument("contract", required=False)
@click.option("--base-url", metavar="URL", help="Where the API is, its base path included.")
@click.option("--overlay", "overlays", multiple=True, metavar="FILE", help="An Overlay to apply; may repeat.")
@click.option(
    "--config", type=click.Path(path_type=Path), help="The target file; else the nearest troth.toml."
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Violations that somebody answers for until a day (JSON or TOML).",
)
@click.option(
    "--principal",
    "principals",
    multiple=True,
    metavar="NAME,tenant=T,scopes=A+B,header=K:V",
    help="A credential of the target; may repeat, and so may header=. ${VARIABLES} are expanded.",
)
@click.option(
    "--control", metavar="URL", help="The target's control plane; a Troth mock's is found by itself."
)
@click.option(
    "--receiver",
    metavar="URL",
    help="Where the target reaches this machine with webhooks; a target on this machine needs none.",
)
@click.option("--listen", metavar="HOST:PORT", help="Where to listen for webhooks; else any free port here.")
@click.option(
    "--budget",
    type=click.Choice(["pr", "nightly"]),
    help="How much to try: minutes at most, or as much as is useful. Else that of the target file, else pr.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed and contract, same requests.")
@click.option("--shard", default="1/1", show_default=True, metavar="I/N", help="Judge the I-th of N parts.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Only this concept, clause, operation or clause@operation (* and ? match); may repeat.",
)
@click.option("--fuzz/--no-fuzz", default=True, show_default=True, help="Schemathesis after the probes.")
@click.option("--rate", metavar="N/WINDOW", help="Never send faster than this, such as 20/s.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML, a case a clause."
)
@click.option("--sarif", type=click.Path(path_type=Path), metavar="FILE", help="Write SARIF 2.1.0.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write one self-contained HTML file."
)
@click.option(
    "--scripts", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write a script that reproduces it for each violation.",
)  # fmt: skip
@click.option("--github", is_flag=True, help="Print annotations for GitHub Actions.")
def verify(contract: str | None, *, as_json: bool, github: bool, config: Path | None, **options: Any) -> int:
    """Hold a running server to a contract.

    Every behaviour statement of the contract is a clause; each is tried out as owner, as another tenant, with
    too narrow scopes and without a credential. CONTRACT is a shipped name (clientcasa), a file, a directory, a
    URL or git:REF:path; it and the rest may come from the target file.

    Exit codes: 0 conform, 1 violations, 2 usage or contract error, 3 target unreachable, 4 internal,
    5 too little exercised, 130 interrupted.
    """  # fmt: skip
    if as_json and github:
        raise UsageError("--json and --github both print on stdout; choose one.")
    settings = load_settings(config)
    outcome = _run(contract or settings.contract, settings, options)
    report: dict[str, Any] = {
        "title": f"{outcome.contract} at {outcome.base_url}",
        "cases": outcome.cases,
        "head": outcome.head(),
    }
    for form in _FILES:
        if options[form] is not None:
            write_report(options[form], outcome.findings, form, **report)
    if options["scripts"] is not None:
        _write_scripts(options["scripts"], outcome)
    if as_json or github:
        show(outcome.findings, "json" if as_json else "github", **report)
    else:
        print_outcome(outcome)
    return outcome.exit_code


def _run(contract: str | None, settings: Settings, options: Mapping[str, Any]) -> Outcome:
    from troth.conformance import verify as hold  # noqa: PLC0415 - keeps `troth --help` fast
    from troth.contract import load_contract  # noqa: PLC0415

    if not contract:
        raise UsageError(
            "Say which contract to hold the target to, such as: troth verify clientcasa --base-url URL"
        )
    target = target_of(settings, options)
    shard = _shard(options["shard"])
    budget: Any = options["budget"] or settings.budget or "pr"
    loaded = load_contract(contract, overlays=options["overlays"])
    for flaw in loaded.flaws[:_SHOWN]:
        note(f"{flaw.location}: {flaw.title}")
    if len(loaded.flaws) > _SHOWN:
        note(f"and {len(loaded.flaws) - _SHOWN} more flaws of the contract; troth lint lists them")
    with progress("Verifying") as bar, _ended_politely():
        return hold(
            loaded, target, only=options["only"], skips=tuple(settings.skips.values()), shard=shard,
            seed=options["seed"], budget=budget, fuzz=options["fuzz"], baseline=_baseline(options["baseline"]),
            listener=_follower(bar),
        )  # fmt: skip


@contextmanager
def _ended_politely() -> Iterator[None]:
    """A request to terminate is an interruption, so that what was made is deleted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _follower(bar: Any) -> Any:
    from troth.conformance import Fuzzing, Judged, Planned, Started  # noqa: PLC0415 - as above

    def follow(event: Event) -> None:
        if isinstance(event, Planned):
            bar.total(len(event.plan.clauses))
        elif isinstance(event, Started):
            bar.describe(event.clause.name)
        elif isinstance(event, Judged):
            bar.advance()
        elif isinstance(event, Fuzzing):
            bar.describe(f"Fuzzing {event.label}".strip())

    return follow


def _baseline(path: Path | None) -> Baseline | None:
    from troth.conformance.baseline import baseline_of  # noqa: PLC0415 - as above

    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: the baseline cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"{path}: the baseline is not valid: {error}.") from error
    return baseline_of(document, str(path))


def _write_scripts(directory: Path, outcome: Outcome) -> None:
    """One script for each violation that could be reproduced, named after its clause."""
    from troth.conformance.reproduction import Reproduction, script  # noqa: PLC0415 - as above

    directory.mkdir(parents=True, exist_ok=True)
    for finding in outcome.findings:
        given = finding.evidence.get("reproduction")
        if given:
            name = re.sub(r"[^A-Za-z0-9]+", "_", str(finding.clause))
            text = script(
                Reproduction.from_json(given), name=name, title=f"{finding.clause}: {finding.title}",
                detail=finding.detail, place=str(finding.location or ""),
            )  # fmt: skip
            (directory / f"{name}.py").write_text(text, encoding="utf-8")
    note(f"Scripts are in {directory}.")


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if found is None:
        raise UsageError(f"--shard {text!r} is not I/N, such as 1/4.")
    return int(found[1]), int(found[2])


def print_outcome(outcome: Outcome) -> None:
    """The table by concept, what does not hold, what was not judged, and the verdict."""
    _print_table(outcome)
    chosen: dict[str, list[Any]] = {}
    for finding in outcome.findings:
        about = finding.id if finding in outcome.further else str(finding.clause).partition("@")[0]
        chosen.setdefault(about, []).append(finding)
    shown = [finding for group in chosen.values() for finding in group[:_SHOWN]]
    if shown:
        say()
        show(shown, "text", title="What does not hold")
    for clause, group in chosen.items():
        if len(group) > _SHOWN:
            others = ", ".join(str(finding.operation) for finding in group[_SHOWN:])
            say(f"{clause} fails for {len(group) - _SHOWN} more operations: {others}")
    for reason, names in _open(outcome).items():
        note(f"{len(names)} not judged, {reason}: {names[0]}{' …' if len(names) > 1 else ''}")
    for name, about in outcome.left.items():
        note(f"Left behind: {name}: {about}")
    say()
    style = {0: "bold green", 1: "bold red"}.get(outcome.exit_code, "bold yellow")
    say(outcome.sentence, style=style)


def _open(outcome: Outcome) -> dict[str, list[str]]:
    """The names of the cases without a verdict, by reason."""
    found: dict[str, list[str]] = {}
    for case in outcome.cases:
        if case.verdict in ("inconclusive", "not-exercised"):
            found.setdefault(case.detail or case.verdict, []).append(case.name)
    return found


def _print_table(outcome: Outcome) -> None:
    rows = outcome.by_concept()
    width = max((len(concept) for concept in rows), default=0)
    verdicts = list(next(iter(rows.values()), {}))
    say(" ".join([" " * width, *(f"{verdict:>13}" for verdict in verdicts)]), style="bold")
    for concept, counts in rows.items():
        cells = [f"{counts[verdict] or '·':>13}" for verdict in verdicts]
        style = "red" if counts["violate"] else "yellow" if not counts["conform"] else "green"
        say(" ".join([f"{concept:<{width}}", *cells]), style=style)
