"""The ``troth`` group: loads only the command called, and turns what goes wrong into an exit code."""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from troth import __version__
from troth.cli.output import VERBOSITY_KEY
from troth.errors import ContractError, TargetError, TrothError, did_you_mean

__all__ = ["COMMANDS", "EXIT_INTERNAL", "EXIT_INTERRUPTED", "EXIT_TARGET", "EXIT_USAGE", "main"]

QUOTED = re.compile(r"^'([^']*)' is not one of")
EXIT_USAGE = 2
EXIT_TARGET = 3
EXIT_INTERNAL = 4
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, and the line that ``troth --help`` prints without loading it."""

    module: str
    summary: str


COMMANDS: Mapping[str, Entry] = MappingProxyType(
    {
        "mock": Entry("troth.cli.mock", "Serve a contract as a stateful mock."),
        "verify": Entry("troth.cli.verify", "Hold a running server to a contract."),
        "diff": Entry("troth.cli.diff", "Compare two versions of a contract."),
        "changelog": Entry("troth.cli.changelog", "Check, write or render a changelog."),
        "lint": Entry("troth.cli.lint", "Check that a contract is coherent."),
        "explain": Entry("troth.cli.explain", "Show what each operation does, and why."),
        "clauses": Entry("troth.cli.clauses", "List the clauses of a contract."),
        "replay": Entry("troth.cli.replay", "Play a finding's reproduction."),
        "report": Entry("troth.cli.report", "Work with the reports of troth verify."),
        "selftest": Entry("troth.cli.selftest", "Prove the suite on a contract's own faults."),
    }
)

_FLAGS = {"quiet": -1, "verbose": 1}


def _set_verbosity(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        context.find_root().meta[VERBOSITY_KEY] = _FLAGS[str(parameter.name)]


def _verbosity_options() -> list[click.Option]:
    """``-q`` and ``-v``: on the group and on every command, so both positions work."""
    words = {"quiet": "Print only the result.", "verbose": "Print more; show a traceback."}
    return [
        click.Option(
            [f"-{name[0]}", f"--{name}"],
            is_flag=True,
            expose_value=False,
            callback=_set_verbosity,
            help=words[name],
        )
        for name in _FLAGS
    ]


class Troth(click.Group):
    """A group that knows its commands by name only, until one is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module), cmd_name)
        _add_verbosity(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command called. Raises UsageError with the nearest word when there is none."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            hint = did_you_mean(args[0], COMMANDS) or f" Commands are {', '.join(COMMANDS)}."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, from the table: help must not load what it lists."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and end the process with its exit code; not standalone, as click does."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        words = list(sys.argv[1:] if args is None else args)
        try:
            result = super().main(words, prog_name or "troth", complete_var, standalone_mode=False, **extra)
        except Exception as error:  # noqa: BLE001 - the last door: whatever comes through becomes one clear line
            sys.exit(_report(error, words))
        sys.exit(result if type(result) is int else 0)


def _add_verbosity(command: click.Command) -> None:
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _add_verbosity(inner)
    known = {word for parameter in command.params for word in parameter.opts}
    for option in _verbosity_options():
        if known.isdisjoint(option.opts):
            command.params.append(option)


def _report(error: Exception, words: Sequence[str]) -> int:
    """Says what went wrong on stderr, and as JSON on stdout when JSON was asked for; gives the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return EXIT_USAGE
    options = words[: words.index("--")] if "--" in words else words
    code, message, hint = _diagnosis(error)
    if message:
        click.echo(f"troth: {message}", err=True)
        if hint:
            click.echo(hint, err=True)
    if code == EXIT_INTERNAL and _is_verbose(options):
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    if message and any(word == "--json" or word.startswith("--json=") for word in options):
        click.echo(json.dumps({"error": _as_json(error, code, message, hint)}, ensure_ascii=False))
    return code


def _diagnosis(error: Exception) -> tuple[int, str, str]:
    """Exit code, message and hint of an error."""
    if isinstance(error, click.Abort):
        return EXIT_INTERRUPTED, "interrupted", ""
    if isinstance(error, TrothError):
        return (EXIT_TARGET if isinstance(error, TargetError) else EXIT_USAGE), str(error), ""
    if isinstance(error, click.ClickException):
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f"Try '{context.command_path} --help'." if context else ""
        return EXIT_USAGE, error.format_message() + _nearest(error), hint
    hint = "This is a defect in Troth, not in your contract. Run again with --verbose for a traceback."
    return EXIT_INTERNAL, f"unexpected {type(error).__name__}: {error}".rstrip(": "), hint


def _nearest(error: click.ClickException) -> str:
    """The choice that was probably meant, where one was misspelt."""
    kind = error.param.type if isinstance(error, click.BadParameter) and error.param else None
    quoted = QUOTED.search(error.message)
    if not isinstance(kind, click.Choice) or quoted is None:
        return ""
    return did_you_mean(quoted[1], map(str, kind.choices))


def _is_verbose(options: Sequence[str]) -> bool:
    return bool({"-v", "--verbose"} & set(options)) or bool(os.environ.get("TROTH_TRACEBACK"))


def _as_json(error: Exception, code: int, message: str, hint: str) -> dict[str, Any]:
    location = error.location if isinstance(error, ContractError) else None
    return {
        "type": type(error).__name__,
        "message": message,
        "hint": hint or None,
        "location": location.as_json() if location else None,
        "exit_code": code,
    }


main = Troth(
    name="troth",
    help="""An API contract that can be served, verified, compared and imported.

    A CONTRACT is a shipped name (clientcasa, clientcasa@1.0.0), a file, a directory, a URL or git:REF:path.

    \b
    Example:
      troth mock clientcasa
    """,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[*_verbosity_options()],
    no_args_is_help=True,
)
click.version_option(__version__, "--version", prog_name="troth", message="%(prog)s %(version)s")(main)
