"""The target file is read from the nearest place, expanded, and checked word by word."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from troth.cli.settings import Settings, load_settings, parse_rate
from troth.errors import UsageError

WHOLE = """\
contract = "clientcasa"
[target]
base-url = "http://127.0.0.1:4010/api"
rate = "20/s"
[target.control]
url = "http://127.0.0.1:4010/__troth"
[target.receiver]
url = "https://hooks.example.com/troth"
listen = "127.0.0.1:9000"
[target.applications.planboard]
client-id = "planboard"
redirect-uri = "https://planboard.example.com/callback"
client-secret = "${ACME_KEY}"
user = "ines"
[target.principals.acme-owner]
tenant = "acme"
headers = { "x-api-key" = "${ACME_KEY}" }
scopes = ["*"]
[target.principals.acme-reader]
headers = { Authorization = "Bearer ${ACME_KEY}" }
scopes = ["clients:read"]
[skip."pagination.max-size@listClients"]
reason = "known, ticket 42"
until = 2027-01-01
"""


def written(directory: Path, text: str, name: str = "troth.toml") -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    """The file of the documentation gives exactly these settings."""
    path = written(tmp_path, WHOLE)
    settings = load_settings(start=tmp_path, environment={"ACME_KEY": "k1"})
    assert settings.contract == "clientcasa"
    assert settings.base_url == "http://127.0.0.1:4010/api"
    assert settings.rate == 20
    assert settings.control_url == "http://127.0.0.1:4010/__troth"
    assert (settings.receiver_url, settings.listen) == ("https://hooks.example.com/troth", "127.0.0.1:9000")
    app = settings.applications["planboard"]
    assert (app.identifier, app.redirect_uri, app.secret, app.user) == (
        "planboard", "https://planboard.example.com/callback", "k1", "ines",
    )  # fmt: skip
    owner, reader = settings.principals.values()
    assert (owner.name, owner.tenant, dict(owner.headers), owner.scopes) == (
        "acme-owner",
        "acme",
        {"x-api-key": "k1"},
        ("*",),
    )
    assert (reader.tenant, dict(reader.headers)) == (None, {"Authorization": "Bearer k1"})
    skip = settings.skips["pagination.max-size@listClients"]
    assert (skip.reason, skip.until) == ("known, ticket 42", date(2027, 1, 1))
    assert settings.source == path


def test_a_secret_is_not_in_the_repr(tmp_path: Path) -> None:
    """Settings may end up in a log or a traceback; the keys may not."""
    settings = load_settings(written(tmp_path, WHOLE), environment={"ACME_KEY": "s3cr3t"})
    assert settings.principals["acme-owner"].headers["x-api-key"] == "s3cr3t"
    assert "s3cr3t" not in repr(settings)


def test_an_application_needs_an_address(tmp_path: Path) -> None:
    """Without one nobody could be sent back to it; the message names place and key."""
    text = '[target.applications.planboard]\nclient-id = "planboard"\n'
    with pytest.raises(UsageError, match=r"applications\.planboard.*needs redirect-uri"):
        load_settings(written(tmp_path, text))


def test_the_nearest_file_above_wins(tmp_path: Path) -> None:
    """A folder's own file hides the one above; ``pyproject.toml`` counts only with its table."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    written(tmp_path, 'contract = "outer"\n')
    written(tmp_path / "a", "[project]\nname = 'x'\n", "pyproject.toml")
    assert load_settings(start=inner).contract == "outer"
    written(tmp_path / "a", "[tool.troth]\ncontract = 'middle'\n", "pyproject.toml")
    assert load_settings(start=inner).contract == "middle"
    written(tmp_path / "a", "contract = 'own'\n")
    assert load_settings(start=inner).contract == "own"


def test_without_a_file_everything_is_absent(tmp_path: Path) -> None:
    """Flags may say it all."""
    assert load_settings(start=tmp_path) == Settings()


def test_a_command_that_calls_no_server_needs_no_variables(tmp_path: Path) -> None:
    """Reading the contract's name doesn't ask for the keys of a target."""
    settings = load_settings(written(tmp_path, WHOLE), environment={}, target=False)
    assert (settings.contract, settings.base_url) == ("clientcasa", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[target]\nbase_url = "x"\n',
            "troth.toml:2 target.base_url: unknown key 'base_url'. Did you mean 'base-url'?",
        ),
        ('contract = "a"\n\n[tarqet]\n', "troth.toml:3 tarqet: unknown key 'tarqet'. Did you mean 'target'?"),
        (
            '[target.principals."a.b"]\ntenant = "t"\nheadrs = {}\n',
            "troth.toml:3 target.principals.\"a.b\".headrs: unknown key 'headrs'. Did you mean 'headers'?",
        ),
        (
            "[target]\nxyzzy = 1\n",
            "Known here: base-url, rate, cleanup, control, receiver, principals, applications.",
        ),
        (
            '[target.principals.a]\nheaders = { "x-api-key" = "${ACME_KEY}" }\n',
            "troth.toml:2 target.principals.a.headers.x-api-key: the environment variable ACME_KEY is not",
        ),
        (
            '[target]\nrate = "fast"\n',
            "troth.toml:2 target.rate: 'fast' is no rate; expected a number per window",
        ),
        ("[target]\nrate = 20\n", "troth.toml:2 target.rate: expected a string, found 20."),
        (
            '[target.principals.a]\nscopes = "all"\n',
            "troth.toml:2 target.principals.a.scopes: expected a list",
        ),
        ("target = 1\n", "troth.toml:1 target: expected a table, found 1."),
        ("[skip.a]\n", "troth.toml:1 skip.a: a skipped clause needs a reason."),
        (
            '[skip.a]\nreason = "x"\nuntil = "soon"\n',
            "troth.toml:3 skip.a.until: Invalid isoformat string: 'soon'",
        ),
        (
            '[skip.a]\nreason = "x"\nuntil = 2027\n',
            "troth.toml:3 skip.a.until: expected a date such as 2027-01-01",
        ),
        ("contract = \n", "troth.toml: not valid TOML:"),
    ],
)
def test_a_mistake_is_answered_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    """File, line and key, what was found, what is expected."""
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_settings(path, environment={})
    assert message in str(caught.value).replace(str(tmp_path) + "/", "")


def test_a_mistake_in_pyproject_has_its_whole_key(tmp_path: Path) -> None:
    """The key is given from the top of the file."""
    written(tmp_path, "[tool.other]\ncontract = 1\n[tool.troth]\ncontrakt = 'x'\n", "pyproject.toml")
    with pytest.raises(UsageError, match=r"pyproject.toml:4 tool.troth.contrakt: unknown key"):
        load_settings(start=tmp_path)


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    """A file given with ``--config`` is not searched for."""
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_settings(tmp_path / "absent.toml")


@pytest.mark.parametrize(("text", "rate"), [("20/s", 20), ("600/m", 10), ("90/15m", 0.1), ("3600/h", 1)])
def test_a_rate_is_requests_per_second(text: str, rate: float) -> None:
    """Windows of any length."""
    assert parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "20", "0/s", "20/0s", "-1/s", "20/d"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """A rate of nothing would wait for ever."""
    with pytest.raises(UsageError, match="is no rate"):
        parse_rate(text)
