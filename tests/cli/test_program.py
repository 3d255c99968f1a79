"""The frame of the command line: finding commands, reporting errors, starting quickly."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import click
import pytest
from click.testing import CliRunner, Result

from troth import __version__
from troth.cli import main, output
from troth.cli.program import COMMANDS, Entry
from troth.errors import BehaviourError, TargetError, UsageError
from troth.findings import Location

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``troth probe WORDS…`` where the command ``probe`` does what the test says."""

    def invoke(action: Callable[[], object], *words: str) -> Result:
        module = ModuleType("probing")

        @click.command
        @click.option("--json", "as_json", is_flag=True, expose_value=False)
        def probe() -> object:
            return action()

        module.probe = probe  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "probing", module)
        monkeypatch.setattr(
            "troth.cli.program.COMMANDS", {**COMMANDS, "probe": Entry("probing", "Do as told.")}
        )
        return CliRunner().invoke(main, [*words])

    return invoke


def raising(error: BaseException) -> Callable[[], object]:
    def action() -> object:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UsageError("No such thing."), 2, "troth: No such thing."),
        (
            BehaviourError("unknown state 'payed'. Did you mean 'paid'?", Location("a.yaml", "/x", 41)),
            2,
            "troth: a.yaml:41 /x: unknown state 'payed'. Did you mean 'paid'?",
        ),
        (TargetError("Nobody listens on port 1."), 3, "troth: Nobody listens on port 1."),
        (ValueError("a\ndefect"), 4, "troth: unexpected ValueError: a\ndefect"),
        (KeyboardInterrupt(), 130, "troth: interrupted"),
        (click.BadParameter("too small"), 2, "too small"),
    ],
)
def test_each_kind_of_error_has_its_exit_code(
    run: Run, error: BaseException, code: int, message: str
) -> None:
    """The message is on stderr and names no Python file; stdout stays empty for whoever parses it."""
    result = run(raising(error), "probe")
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_defect_says_what_to_do_next(run: Run) -> None:
    """An unexpected exception is called a defect, with the way to a traceback."""
    assert "--verbose for a traceback" in run(raising(ValueError("x")), "probe").stderr


@pytest.mark.parametrize("words", [("-v", "probe"), ("probe", "-v"), ("probe", "--verbose")])
def test_verbose_shows_the_traceback_of_a_defect(run: Run, words: tuple[str, ...]) -> None:
    """The flag works in front of the command and behind it."""
    assert "Traceback" in run(raising(ValueError("x")), *words).stderr


def test_an_error_is_json_where_json_was_asked_for(run: Run) -> None:
    """A program that reads stdout gets type, message, place and exit code of what went wrong."""
    error = BehaviourError("unknown state 'payed'.", Location("a.yaml", "/x", 41))
    result = run(raising(error), "probe", "--json")
    assert json.loads(result.stdout)["error"] == {
        "type": "BehaviourError",
        "message": "a.yaml:41 /x: unknown state 'payed'.",
        "hint": None,
        "location": {"document": "a.yaml", "pointer": "/x", "line": 41},
        "exit_code": 2,
    }
    assert "unknown state" in result.stderr


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (1, 1), (5, 5), (True, 0)])
def test_a_command_returns_its_exit_code(run: Run, returned: object, code: int) -> None:
    """An int is an exit code; anything else, a bool too, is not."""
    assert run(lambda: returned, "probe").exit_code == code


def test_a_command_may_leave_through_click(run: Run) -> None:
    """``context.exit`` and ``sys.exit`` keep their code."""
    assert run(lambda: click.get_current_context().exit(1), "probe").exit_code == 1
    assert run(raising(SystemExit(5)), "probe").exit_code == 5


@pytest.mark.parametrize(
    ("words", "level"),
    [
        (("probe",), 0),
        (("-q", "probe"), -1),
        (("probe", "-q"), -1),
        (("-v", "probe"), 1),
        (("probe", "--verbose"), 1),
    ],
)
def test_quiet_and_verbose_reach_the_command(run: Run, words: tuple[str, ...], level: int) -> None:
    """Both flags work in both positions for every command."""
    seen: list[int] = []
    assert run(lambda: seen.append(output.verbosity()), *words).exit_code == 0
    assert seen == [level]


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    """A typing error costs one look, not a search."""
    result = CliRunner().invoke(main, ["verfy"])
    assert result.exit_code == 2
    assert "There is no command 'verfy'. Did you mean 'verify'?" in result.stderr


def test_a_misspelt_choice_is_answered_with_the_nearest() -> None:
    """All of them are listed, and the one that was meant is named."""
    result = CliRunner().invoke(main, ["diff", "a.yaml", "b.yaml", "--policy", "semvr"])
    assert result.exit_code == 2
    assert "Did you mean 'semver'?" in result.stderr


def test_a_command_unlike_any_other_gets_the_list() -> None:
    """Without a near word, all of them are named."""
    assert ", ".join(COMMANDS) in CliRunner().invoke(main, ["xyzzy"]).stderr


def test_the_version_is_the_package_version() -> None:
    """One line, as scripts expect it."""
    result = CliRunner().invoke(main, ["--version"])
    assert (result.stdout, result.exit_code) == (f"troth {__version__}\n", 0)


def test_help_lists_every_command() -> None:
    """The list needs none of the commands to be loaded, so it has its own line for each."""
    printed = CliRunner().invoke(main, ["--help"]).stdout
    assert all(f"{name} " in printed and entry.summary in printed for name, entry in COMMANDS.items())


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_loads_no_engine(words: list[str]) -> None:
    """Starting up imports neither a web framework nor a test framework nor rich: it stays instant."""
    script = (
        "import sys\nfrom troth.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "print(sorted(name for name in sys.modules if name.startswith('troth.')), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    packages, rooms = map(str, done.stderr.strip().splitlines()[-2:])
    assert "'click'" in packages
    heavy = (
        "connexion",
        "hypothesis",
        "schemathesis",
        "starlette",
        "pytest",
        "httpx",
        "rich",
        "jsonschema_rs",
    )
    assert [name for name in heavy if f"'{name}'" in packages] == []
    assert [room for room in ("contract", "engine", "mock", "conformance") if f"troth.{room}" in rooms] == []


def test_a_comparison_loads_no_expressions() -> None:
    """CEL takes a third of a second to import, which only contracts with versions side by side need."""
    script = "import sys, troth.cli.diff\nprint('cel' in sys.modules, 'troth.compatibility' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
