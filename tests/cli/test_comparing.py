"""The ``[diff]`` table settles comparisons once; options come before it, and a wrong word is answered with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from troth.cli import main
from troth.cli.comparing import Comparing, load_comparing
from troth.errors import UsageError

WHOLE = """\
contract = "shop"
[diff]
policy = "semver"
fail-on = "warning"
as-of = 2026-03-01
notice = 90
waivers = "waivers.toml"
overlays = ["more.yaml", "https://example.com/overlay.yaml"]
[diff.severities]
"operation-removed" = "warning"
"""
SHOP: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1.0.0"}, "paths": {}}
ORDER = {"/order": {"get": {"operationId": "getOrder", "responses": {"204": {"description": "-"}}}}}

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``troth diff`` of two contracts, of which the second lost an operation, beside a file of settings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.json").write_text(json.dumps({**SHOP, "paths": ORDER}), encoding="utf-8")
    (tmp_path / "new.json").write_text(json.dumps(SHOP), encoding="utf-8")

    def call(settings: str, *words: str) -> Result:
        (tmp_path / "troth.toml").write_text(settings, encoding="utf-8")
        return CliRunner().invoke(main, ["diff", "old.json", "new.json", *words])

    return call


def test_every_key_is_read(tmp_path: Path) -> None:
    """Files are named as seen from the settings, addresses stay as they are."""
    (tmp_path / "troth.toml").write_text(WHOLE, encoding="utf-8")
    assert load_comparing(start=tmp_path) == Comparing(
        policy="semver",
        fail_on="warning",
        severities={"operation-removed": "warning"},
        as_of=date(2026, 3, 1),
        notice=90,
        waivers=tmp_path / "waivers.toml",
        overlays=(str(tmp_path / "more.yaml"), "https://example.com/overlay.yaml"),
    )


def test_no_file_and_no_table_settle_nothing(tmp_path: Path) -> None:
    assert load_comparing(start=tmp_path) == Comparing()
    (tmp_path / "troth.toml").write_text("contract = 'shop'", encoding="utf-8")
    assert load_comparing(start=tmp_path) == Comparing()


def test_pyproject_has_the_table_as_well(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.troth.diff]\nnotice = 30", encoding="utf-8")
    assert load_comparing(start=tmp_path).notice == 30


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('polcy = "semver"', "diff.polcy: unknown key 'polcy'. Did you mean 'policy'?"),
        ('policy = "semverr"', "diff.policy: unknown word 'semverr'. Did you mean 'semver'?"),
        ('fail-on = "braking"', "diff.fail-on: unknown word 'braking'. Did you mean 'breaking'?"),
        ("fail-on = 3", "diff.fail-on: expected a string, found 3."),
        ('as-of = "soon"', "diff.as-of: Invalid isoformat string: 'soon'"),
        ("as-of = 3", "diff.as-of: expected a date such as 2027-01-01, found 3."),
        ("notice = -1", "diff.notice: expected a number of days, found -1."),
        ("notice = true", "diff.notice: expected a number of days, found True."),
        ('overlays = "a.yaml"', "diff.overlays: expected a list of strings, found 'a.yaml'."),
        (
            'severities = { "operation-remove" = "info" }',
            "diff.severities.operation-remove: There is no rule 'operation-remove'. Did you mean 'operation-removed'?",
        ),
        (
            'severities = { "operation-removed" = "warnings" }',
            "diff.severities.operation-removed: 'warnings' is no severity; expected one of",
        ),
        ('severities = "none"', "diff.severities: expected a table, found 'none'."),
    ],
)
def test_a_wrong_word_is_answered_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "troth.toml"
    path.write_text(f"[diff]\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load_comparing(path)
    assert str(refused.value).startswith(f"{path}:2 {said}")


def test_the_table_decides_the_exit_code(run: Run) -> None:
    assert run("").exit_code == 1
    assert run("[diff]\nfail-on = 'never'").exit_code == 0
    assert run("[diff]\nseverities = { 'operation-removed' = 'info' }").exit_code == 0


def test_an_option_comes_before_the_table(run: Run) -> None:
    settled = "[diff]\nfail-on = 'never'\nseverities = { 'operation-removed' = 'info' }"
    assert run(settled, "--fail-on", "info").exit_code == 1
    assert run(settled, "--fail-on", "breaking", "--severity", "operation-removed=breaking").exit_code == 1


def test_the_policy_of_the_table_is_the_one_of_the_report(run: Run) -> None:
    settled = "[diff]\npolicy = 'dated-versions'"
    assert json.loads(run(settled, "--json").stdout)["policy"] == "dated-versions"
    assert json.loads(run(settled, "--json", "--policy", "strict").stdout)["policy"] == "strict"


def test_waivers_are_judged_on_the_settled_day(run: Run, tmp_path: Path) -> None:
    """The waiver expires on a day of which the settings say whether it is past."""
    (tmp_path / "waivers.toml").write_text(
        "[[waiver]]\nrule = 'operation-removed'\npointer = '/paths/~1order/get'\n"
        "reason = 'Nobody calls it.'\nowner = 'shop@example.com'\nexpires = 2026-06-01\n",
        encoding="utf-8",
    )
    assert run("[diff]\nwaivers = 'waivers.toml'\nas-of = 2026-05-01").exit_code == 0
    assert run("[diff]\nwaivers = 'waivers.toml'\nas-of = 2026-07-01").exit_code == 1
    assert run("[diff]\nwaivers = 'waivers.toml'\nas-of = 2026-07-01", "--as-of", "2026-05-01").exit_code == 0


def test_overlays_of_the_table_are_laid_over_both(run: Run, tmp_path: Path) -> None:
    overlay = {
        "overlay": "1.0.0",
        "info": {"title": "A title", "version": "1"},
        "actions": [{"target": "$.info", "update": {"title": "Overlaid"}}],
    }
    (tmp_path / "less.json").write_text(json.dumps(overlay), encoding="utf-8")
    assert run("[diff]\noverlays = ['less.json']").stdout.startswith("Overlaid: ")


def test_another_file_may_be_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[diff]\nfail-on = 'never'", encoding="utf-8")
    assert run("", "--config", "other.toml").exit_code == 0


def test_a_target_that_is_wrong_is_no_matter_of_a_comparison(run: Run) -> None:
    """Variables of the environment that only a target needs are not asked for, and the other way round."""
    assert run("[target]\nbase-url = '${NOWHERE_TO_BE_FOUND}'\n[diff]\nfail-on = 'never'").exit_code == 0
