"""Recorded exchanges become something to paste, and no secret leaves with them."""

from __future__ import annotations

import json
import subprocess

import pytest

from troth.conformance.reproduction.scripts import variable_of
from troth.findings import Finding
from troth.reporting import FORMATS, render
from troth.reporting.exchanges import REDACTED, curl, exchanges, redact, transcript

SECRET = "s3cr3t-value"


def exchange(**request: object) -> dict[str, object]:
    return {"request": {"method": "GET", "url": "http://127.0.0.1/v1/clients", **request}}


@pytest.mark.parametrize("form", [*FORMATS])
@pytest.mark.parametrize(
    "request_part",
    [
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"headers": {"X-API-KEY": SECRET}},
        {"headers": [["Cookie", f"session={SECRET}"]]},
        {"headers": {"Proxy-Authorization": f"Basic {SECRET}"}},
        {"url": f"http://127.0.0.1/authorize?access_token={SECRET}&a=1"},
        {"body": {"clientSecret": SECRET}},
        {"body": f'{{"refresh_token": "{SECRET}"}}'},
        {"body": f"grant_type=refresh_token&refresh_token={SECRET}"},
    ],
)
def test_no_format_prints_a_secret(form: str, request_part: dict[str, object]) -> None:
    """A credential in a header, URL or body of a recorded exchange is in no report, whatever the format."""
    response = {
        "status": 200,
        "headers": {"Set-Cookie": SECRET},
        "body": {"access_token": SECRET, "id": "kept"},
    }
    evidence = {**exchange(**request_part), "response": response}
    report = render(
        [Finding("leak", "error", "A title", evidence=evidence)], form, title="report", coloured=True
    )
    assert "A title" in report
    assert SECRET not in report


def test_a_redacted_credential_keeps_its_scheme() -> None:
    """Whether a key was sent as Bearer or bare is part of the fact."""
    headers = redact({"headers": {"Authorization": f"Bearer {SECRET}", "x-api-key": SECRET}})["headers"]
    assert headers == {"Authorization": f"Bearer {REDACTED}", "x-api-key": REDACTED}


def test_what_is_not_secret_is_kept() -> None:
    """Idempotency keys, cursors and plain bodies are evidence, so they stay byte for byte."""
    recorded = exchange(headers={"idempotency-key": "abc", "x-request-id": "1"}, body='{"b":1, "a": 2}')
    assert redact(recorded) == recorded
    assert redact({"page_token": "next"}) == {"page_token": "next"}


def test_the_curl_line_sends_exactly_the_request() -> None:
    """The command survives a real shell: quotes, dollars and new lines arrive as they were recorded."""
    body = {"name": "O'Hara & Söhne", "note": 'a "b" $HOME `id`\nline'}
    (clean,) = exchanges(
        exchange(method="post", url="http://h/x?a=1&b=$c", headers={"X-A": "it's"}, body=body)
    )
    script = f'curl() {{ for word in "$@"; do printf "%s\\0" "$word"; done; }}\n{curl(clean["request"])}'
    words = subprocess.run(["bash", "-c", script], capture_output=True, check=True, text=True).stdout.split(
        "\0"
    )
    assert words[:4] == ["-i", "-X", "POST", "http://h/x?a=1&b=$c"]
    assert words[4:6] == ["-H", "X-A: it's"]
    assert json.loads(words[7]) == body


def test_the_curl_line_takes_the_credential_from_the_environment() -> None:
    """A reader who has the key can run the line as it stands."""
    (clean,) = exchanges(exchange(headers={"X-API-Key": SECRET}))
    script = f'X_API_KEY=mine; curl() {{ echo "${{@: -1}}"; }}\n{curl(clean["request"])}'
    printed = subprocess.run(["bash", "-c", script], capture_output=True, check=True, text=True).stdout
    assert printed == "X-API-Key: mine\n"


def test_two_callers_have_credentials_of_their_own() -> None:
    """The variables are those that a reproduction's script reads, so both run in one shell."""
    (clean,) = exchanges(exchange(headers={"X-API-Key": SECRET}))
    assert '"X-API-Key: ${ALPHA_OWNER_X_API_KEY}"' in curl(clean["request"], "alpha-owner")
    assert variable_of("alpha-owner", "X-API-Key") == "ALPHA_OWNER_X_API_KEY"


def test_several_exchanges_are_listed_in_order() -> None:
    """A scenario is a list of exchanges under one key."""
    evidence = {"exchanges": [exchange(method="POST"), exchange(method="DELETE")]}
    assert [one["request"]["method"] for one in exchanges(evidence)] == ["POST", "DELETE"]


def test_a_long_body_is_cut_and_says_so() -> None:
    """A page of a thousand rows doesn't drown the finding."""
    shown = transcript({"status": 200, "headers": {}, "body": "x" * 5000})
    assert "(3000 more characters)" in shown
    assert len(shown) < 2100
