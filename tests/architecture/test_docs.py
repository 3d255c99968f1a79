"""What the documentation tells somebody to type exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt

from troth.cli import main
from troth.cli.program import COMMANDS

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"
FENCES = [
    (token.info.split(), token.content, (token.map or [0])[0] + 1)
    for token in MarkdownIt().parse(README.read_text(encoding="utf-8") if README.is_file() else "")
    if token.type == "fence"
]
PYTHON = [(info, content, line) for info, content, line in FENCES if info[:1] == ["python"]]


def shell_lines() -> Iterator[tuple[int, str]]:
    """The commands of ``console`` blocks (behind their ``$``) and ``sh`` blocks, continued lines joined."""
    for info, content, line in FENCES:
        if info[:1] in (["sh"], ["bash"]):
            yield from ((line, one) for one in joined(content).splitlines())
        elif info[:1] == ["console"]:
            prompts = (one for one in joined(content).splitlines() if one.startswith("$ "))
            yield from ((line, one.removeprefix("$ ")) for one in prompts)


def joined(text: str) -> str:
    return re.sub(r"\\\n\s*", " ", text)


def calls(line: str) -> Iterator[list[str]]:
    """The calls of ``troth`` in a line of shell: behind variables, in pipes and lists."""
    reader = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    reader.whitespace_split = True
    words: list[str] = []
    for word in [*reader, ";"]:
        if set(word) <= set("|&;()"):
            while words and re.fullmatch(r"\w+=.*", words[0]):
                words.pop(0)
            if words[:1] == ["troth"]:
                yield words[1:]
            words = []
        else:
            words.append(word)


def without_redirections(words: list[str]) -> list[str]:
    for position, word in enumerate(words):
        if set(word) <= set("<>&"):
            return words[:position]
    return words


def check(words: list[str]) -> None:
    """Parses a call as click would, without running it: commands, options, arity, choices."""
    command: click.Command = main
    context = click.Context(main, info_name="troth")
    words = without_redirections(words)
    while isinstance(command, click.Group):
        command.make_parser(context)  # a group's own options come first
        flags = {word for parameter in command.params for word in parameter.opts}
        while words and words[0] in flags:
            words = words[1:]
        if not words:
            return
        name, found, words = command.resolve_command(context, words)
        assert found is not None, name
        command, context = found, click.Context(found, info_name=name, parent=context)
    values, _, _ = command.make_parser(context).parse_args(list(words))
    for parameter in command.params:
        if isinstance(parameter.type, click.Choice) and values.get(str(parameter.name)):
            parameter.type_cast_value(context, values[str(parameter.name)])


@pytest.mark.parametrize(
    "line",
    [
        "troth mokc x",
        "troth lint --jsno clientcasa",
        "FOO=1 troth diff a b --format toml",
        "cd x && troth -q lint -z",
    ],
)
def test_a_wrong_call_is_seen(line: str) -> None:
    """The check below refuses unknown commands, unknown options and unknown choices."""
    (words,) = calls(line)
    with pytest.raises(click.UsageError):
        check(words)


def test_the_readme_is_there_and_shows_calls() -> None:
    """It has calls of ``troth`` and Python to copy; without them the tests below would pass on nothing."""
    assert README.is_file()
    called = {words[0] for _, line in shell_lines() for words in calls(line) if words}
    assert {"mock", "verify", "diff", "changelog"} <= called
    assert PYTHON


def test_every_call_in_the_readme_is_valid() -> None:
    """Each command, option and choice in a shell block exists."""
    for number, line in shell_lines():
        for words in calls(line):
            try:
                check(words)
            except click.UsageError as error:
                pytest.fail(f"README.md:{number}: {line}: {error.format_message()}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_in_a_help_text_is_valid(name: str) -> None:
    """The examples of ``--help`` are held to the same."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    texts = [f"{one.help}\n{one.epilog}" for one in (command, *inner)]
    shown = [
        line.strip()
        for text in texts
        for line in joined(text).splitlines()
        if re.match(r"\s*(\$ )?troth ", line)
    ]
    assert shown
    for line in shown:
        for words in calls(line.removeprefix("$ ")):
            check(words)


@pytest.mark.parametrize(("info", "content", "line"), PYTHON, ids=[f"line-{line}" for _, _, line in PYTHON])
def test_python_in_the_readme_works(info: list[str], content: str, line: int, tmp_path: Path) -> None:
    """Every block compiles; marked ``run`` it ends without error, marked ``test`` it passes under pytest."""
    compile(content, f"README.md:{line}", "exec")
    if not {"run", "test"} & set(info):
        return
    path = tmp_path / "test_readme.py"
    path.write_text(content, encoding="utf-8")
    command = (
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        if "test" in info
        else [sys.executable]
    )
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, f"README.md:{line}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("words", ['install -qq ".[dev]"', "python -m pytest -n 2 -q"])
def test_ci_runs_what_the_readme_tells_a_developer(words: str) -> None:
    """Somebody who follows the README does what ``.ci/run`` does."""
    assert words in (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    assert words.replace("-qq ", "") in README.read_text(encoding="utf-8")
