"""What commands print: results on stdout, remarks and progress on stderr, colours on a terminal only."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import click

from troth.errors import UsageError
from troth.findings import Case, Finding
from troth.reporting import render

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "VERBOSITY_KEY",
    "Progress",
    "console",
    "detail",
    "emit_json",
    "note",
    "progress",
    "say",
    "show",
    "verbosity",
    "write_report",
]

VERBOSITY_KEY = "troth.verbosity"


class Progress(Protocol):
    """What a long-running step reports to; it may be shown or not."""

    def total(self, count: int) -> None:
        """How many steps there are, once that is known."""

    def advance(self, count: int = 1) -> None:
        """Some steps are done."""

    def describe(self, text: str) -> None:
        """What is being done now."""


class _Silent:
    def total(self, count: int) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def describe(self, text: str) -> None: ...


def verbosity() -> int:
    """-1 with ``--quiet``, 1 with ``--verbose``, 0 otherwise (also outside a command)."""
    context = click.get_current_context(silent=True)
    return int(context.find_root().meta.get(VERBOSITY_KEY, 0)) if context else 0


def is_coloured(stream: TextIO) -> bool:
    """Whether a stream shows colours: a terminal, and neither ``NO_COLOR`` nor ``TERM=dumb`` is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def console(*, stderr: bool = False) -> Console:
    """A rich console: colours and boxes on a terminal, unwrapped plain text anywhere else."""
    # rich costs 50 ms to import; a command that prints JSON never pays it.
    from rich.console import Console  # noqa: PLC0415

    stream = sys.stderr if stderr else sys.stdout
    coloured = is_coloured(stream)
    width = None if stream.isatty() else 10_000
    return Console(
        file=stream, no_color=not coloured, force_terminal=None if coloured else False, width=width
    )


def say(message: str = "", *, style: str = "", err: bool = False) -> None:
    """A line for people, as it is (no markup). The result itself: ``--quiet`` doesn't silence it."""
    if style and is_coloured(sys.stderr if err else sys.stdout):
        console(stderr=err).print(message, style=style, markup=False, highlight=False, soft_wrap=True)
    else:
        click.echo(message, err=err)


def note(message: str, *, style: str = "dim") -> None:
    """A remark on stderr, left out with ``--quiet``."""
    if verbosity() >= 0:
        say(message, style=style, err=True)


def detail(message: str) -> None:
    """A remark on stderr, only with ``--verbose``."""
    if verbosity() > 0:
        say(message, style="dim", err=True)


def emit_json(value: Any, *, indent: int | None = 2) -> None:
    """One JSON value on stdout, flushed; with ``indent=None`` on one line, for who reads along."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent, default=str) + "\n")
    sys.stdout.flush()


def show(
    findings: Sequence[Finding],
    form: str = "text",
    *,
    title: str,
    cases: Sequence[Case] = (),
    head: Mapping[str, Any] | None = None,
) -> None:
    """A report on stdout, coloured when it is text on a terminal."""
    coloured = is_coloured(sys.stdout)
    click.echo(
        render(findings, form, title=title, cases=cases, head=head, coloured=coloured), nl=False, color=True
    )


def write_report(
    path: str | Path,
    findings: Sequence[Finding],
    form: str,
    *,
    title: str,
    cases: Sequence[Case] = (),
    head: Mapping[str, Any] | None = None,
) -> None:
    """A report in a file, or on stdout for ``-``. Raises UsageError when the file cannot be written."""
    if str(path) == "-":
        show(findings, form, title=title, cases=cases, head=head)
        return
    report = render(findings, form, title=title, cases=cases, head=head)
    try:
        Path(path).write_text(report, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The {form} report cannot be written to {path}: {error.strerror}.") from error


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Progress]:
    """A progress display on stderr; a silent one when stderr is no terminal or with ``--quiet``."""
    if not sys.stderr.isatty() or verbosity() < 0:
        yield _Silent()
        return
    with _bar(description, total) as bar:
        yield bar


@contextmanager
def _bar(description: str, total: int | None) -> Iterator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as RichProgress  # noqa: PLC0415

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=console(stderr=True), transient=True) as display:
        task = display.add_task(description, total=total)

        class Bar:
            def total(self, count: int) -> None:
                display.update(task, total=count)

            def advance(self, count: int = 1) -> None:
                display.advance(task, count)

            def describe(self, text: str) -> None:
                display.update(task, description=text)

        yield Bar()
