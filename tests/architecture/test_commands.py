"""Every command keeps the promises that are made for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from troth.cli import main
from troth.cli.program import COMMANDS


def commands(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield (*names, name), command


def options(command: click.Command) -> dict[str, click.Option]:
    return {word: one for one in command.params if isinstance(one, click.Option) for word in one.opts}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    """``troth --help`` and ``troth COMMAND --help`` agree on the first line."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.get_short_help_str(limit=200) == COMMANDS[name].summary


def test_every_command_can_be_quiet_verbose_and_json() -> None:
    """The three options that everything that prints has."""
    lacking = {
        " ".join(words): missing
        for words, command in commands(main)
        if (missing := {"--json", "--quiet", "--verbose"} - set(options(command)))
    }
    assert lacking == {}


def test_every_option_says_what_it_does() -> None:
    """An option without a help text is a riddle."""
    silent = [
        f"{' '.join(words)} {word}"
        for words, command in commands(main)
        for word, option in options(command).items()
        if not (option.help or option.hidden)
    ]
    assert silent == []


def test_every_command_has_an_example() -> None:
    """``--help`` ends the search: it shows one call that can be copied."""
    lacking = [
        " ".join(words)
        for words, command in commands(main)
        if "Example" not in (shown := f"{command.help}\n{command.epilog}")
        or f"troth {' '.join(words)}" not in shown
    ]
    assert lacking == []
