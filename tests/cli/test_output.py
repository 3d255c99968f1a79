"""Results go to stdout, remarks to stderr, colours to terminals only."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from troth.cli import output
from troth.errors import UsageError
from troth.findings import Finding

FINDING = Finding("an-id", "error", "A title")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Standard output and error are one terminal that shows colours."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    with redirect_stdout(stream), redirect_stderr(stream):
        yield stream


def test_a_report_is_coloured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Escape sequences are there when somebody can see them."""
    with terminal(monkeypatch) as screen:
        output.show([FINDING], title="t")
    assert "\x1b[" in screen.getvalue()


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str]) -> None:
    """NO_COLOR and a dumb terminal get the same text without them."""
    with terminal(monkeypatch) as screen:
        monkeypatch.setenv(*variable)
        output.show([FINDING], title="t")
        output.say("done", style="green")
    assert "\x1b[" not in screen.getvalue()
    assert screen.getvalue() == "t\n\nerror  an-id  A title\n\n1 error\ndone\n"


def test_a_pipe_gets_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A log file has no escape sequences and no wrapped lines."""
    output.show([Finding("an-id", "error", "long " * 60)], title="t")
    output.say("x" * 300, style="green")
    output.console().print("y" * 300)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) >= 300
    assert "y" * 300 in printed


def test_remarks_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """What a program reads is on stdout alone; brackets in a remark are no markup."""
    output.note("a [bold]remark[/bold]")
    output.emit_json({"ä": 1}, indent=None)
    printed = capsys.readouterr()
    assert printed.err == "a [bold]remark[/bold]\n"
    assert printed.out == '{"ä": 1}\n'


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A log has no half-drawn bars."""
    with output.progress("working", total=2) as bar:
        bar.total(3)
        bar.describe("still working")
        bar.advance()
    printed = capsys.readouterr()
    assert printed.out + printed.err == ""


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The description and the count are drawn; ``--quiet`` draws nothing."""
    with terminal(monkeypatch) as screen, output.progress("working", total=2) as bar:
        bar.describe("still working")
        bar.advance(2)
    assert "still working" in screen.getvalue()
    assert "2/2" in screen.getvalue()
    monkeypatch.setattr(output, "verbosity", lambda: -1)
    with terminal(monkeypatch) as screen, output.progress("working") as bar:
        bar.advance()
    assert screen.getvalue() == ""


def test_a_report_can_be_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file has the report; ``-`` is stdout."""
    output.write_report(tmp_path / "report.json", [FINDING], "json", title="t")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["summary"]["error"] == 1
    assert capsys.readouterr().out == ""
    output.write_report("-", [FINDING], "json", title="t")
    assert json.loads(capsys.readouterr().out)["findings"][0]["id"] == "an-id"


def test_a_report_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    """A missing folder is a usage error, not a traceback."""
    with pytest.raises(UsageError, match=r"json report cannot be written to .*absent/r.json: No such file"):
        output.write_report(tmp_path / "absent" / "r.json", [FINDING], "json", title="t")
