"""No output of a run shows a secret: of those that it was given, and of those that answers give out on the way.

The server of these tests is as indiscreet as can be. It serves everybody, repeats every header and body that it gets,
also inside sentences, and adds tokens, cookies and signed addresses of its own.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from troth.conformance import secrecy
from troth.conformance.secrecy import MASK, given_out, masked

#: Each kind of secret with a word that nothing else contains.
SENTINELS = {
    "bearer token": "SENTINELbearer0001",
    "API key in a header": "SENTINELapikey0002",
    "password of Basic": "SENTINELbasicpw0003",
    "cookie of a credential": "SENTINELcookie0004",
    "client secret": "SENTINELclient0005",
    "password in the URL": "SENTINELurlpass0006",
    "access token": "SENTINELaccess0007",
    "refresh token": "SENTINELrefresh0008",
    "authorization code": "SENTINELcode0009",
    "secret of a webhook": "SENTINELwhsec0010",
    "API key in a query": "SENTINELquery0011",
    "cookie of an answer": "SENTINELsetcookie0012",
}
BASIC = base64.b64encode(f"legacy:{SENTINELS['password of Basic']}".encode()).decode()

TARGET = f"""
[target]
base-url = "http://owner:{SENTINELS["password in the URL"]}@127.0.0.1:PORT/api"
[target.principals.first]
tenant = "one"
headers = {{ x-api-key = "${{FIRST_KEY}}", cookie = "theme=dark; session={SENTINELS["cookie of a credential"]}" }}
[target.principals.second]
tenant = "two"
headers = {{ authorization = "Bearer {SENTINELS["bearer token"]}" }}
[target.principals.third]
tenant = "three"
headers = {{ authorization = "Basic {BASIC}" }}
[target.applications.planboard]
client-id = "planboard"
redirect-uri = "https://planboard.example.test/callback"
client-secret = "{SENTINELS["client secret"]}"
"""


class Indiscreet(BaseHTTPRequestHandler):
    """Answers every request with 200 and everything that it knows."""

    protocol_version = "HTTP/1.1"
    count = 0

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("utf-8", "replace")
        type(self).count += 1
        if "authorize" in self.path:
            self.redirected()
            return
        told = "; ".join(f"{name}: {value}" for name, value in self.headers.items())
        row = {
            "id": f"{self.count:024x}",
            "name": f"You sent {told} and {body}",
            "password": SENTINELS["password of Basic"],
            "secret": f"whsec_{SENTINELS['secret of a webhook']}",
            "access_token": SENTINELS["access token"],
            "refresh_token": SENTINELS["refresh token"],
            "token_type": "Bearer",
            "next": f"/api/v1/clients?api_key={SENTINELS['API key in a query']}&page=2",
        }
        listed = self.command == "GET" and self.path.count("/") <= 3
        self.told(200 if self.command != "POST" else 201, {"data": [row], "total": 1} if listed else row)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names that the handler looks for

    def redirected(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        self.send_response(302)
        where = asked.get("redirect_uri", ["https://planboard.example.test/callback"])[0]
        self.send_header("location", f"{where}?code={SENTINELS['authorization code']}&state=lost")
        self.send_header("content-length", "0")
        self.end_headers()

    def told(self, status: int, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("set-cookie", f"sid={SENTINELS['cookie of an answer']}; HttpOnly")
        self.send_header("x-debug", f"key {self.headers.get('x-api-key')}")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that a run, its replays and its merged report print or write, by name."""
    folder = tmp_path_factory.mktemp("run")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Indiscreet)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    text = TARGET.replace("PORT", str(server.server_port))
    (folder / "troth.toml").write_text(text, encoding="utf-8")
    environment = {**os.environ, "FIRST_KEY": SENTINELS["API key in a header"]}
    found: dict[str, str] = {}

    def troth(name: str, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "troth", *words],
            capture_output=True, text=True, check=False, cwd=folder, env=environment,
        )  # fmt: skip
        assert done.returncode in (0, 1, 5), done.stderr[-2000:]
        found[name], found[f"{name} (stderr)"] = done.stdout, done.stderr

    chosen = (
        "*@getClient",
        "oauth.state",
        "oauth.verifier",
        "oauth.uncached",
        "resource.create@createClient",
    )
    only = [word for name in chosen for word in ("--only", name)]
    run = ("verify", "clientcasa", "--no-fuzz", *only)
    files = ("--junit", "junit.xml", "--sarif", "run.sarif", "--html", "page.html", "--scripts", "scripts")
    troth("json", *run, "--json", *files)
    (folder / "report.json").write_text(found["json"], encoding="utf-8")
    troth("console", *run)
    troth("annotations", *run, "--github")
    troth("merged", "report", "merge", "report.json", "--html", "merged.html")
    scripted = [f for f in json.loads(found["json"])["findings"] if "reproduction" in f["evidence"]]
    for finding in [f for f in scripted if "oauth" in f["clause"]][:1] + scripted[:2]:
        troth(f"replay of {finding['clause']}", "replay", finding["clause"], "--report", "report.json")
    server.shutdown()
    server.server_close()
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "troth.toml":
            found[str(path.relative_to(folder))] = path.read_text(encoding="utf-8")
    return found


def test_the_run_has_much_to_tell(outputs: dict[str, str]) -> None:
    """Otherwise nothing would be proved: violations with exchanges, scripts, tokens that were asked for."""
    findings = json.loads(outputs["json"])["findings"]
    assert len(findings) > 5
    assert any("oauth" in finding["clause"] for finding in findings)
    assert any(name.startswith("scripts/") for name in outputs)
    assert any(name.startswith("replay of") for name in outputs)
    assert "[redacted]" in outputs["json"]
    assert "You sent" in outputs["json"]


@pytest.mark.parametrize("kind", SENTINELS)
def test_no_output_shows_a_secret(kind: str, outputs: dict[str, str]) -> None:
    """Not as it is, and not as Base64 or in a URL."""
    secret = SENTINELS[kind]
    forms = [secret, BASIC] if kind == "password of Basic" else [secret]
    shown = {name for name, text in outputs.items() for form in forms if form in text}
    assert shown == set()


def test_a_cookie_is_masked_whatever_stands_before_it() -> None:
    """Of several cookies each is a secret, and so is the password in a Basic credential."""
    assert "abcdef" not in masked("session abcdef", ["theme=dark; session=abcdef"])
    assert masked("hunter22!", [f"Basic {base64.b64encode(b'me:hunter22!').decode()}"]) == "[redacted]"
    assert masked("a%2Fb%2Bcd", ["Bearer a/b+cd"]) == "[redacted]"


def test_tokens_that_turn_pages_are_no_secrets() -> None:
    """They open nothing, and a report without them would not say where a walk went wrong."""
    assert given_out({}, b'{"nextPageToken": "abcdef123", "access_token": "qwertz123"}') == {"qwertz123"}
    assert given_out({"location": "https://x.test/cb?code=abcdef123&state=s"}, b"") == {"abcdef123"}


def test_the_spellings_of_a_secret_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run masks thousands of texts with the same hundreds of secrets."""
    asked: list[str] = []
    pieces = secrecy._pieces

    def noted(secret: str) -> Iterator[str]:
        asked.append(secret)
        return pieces(secret)

    monkeypatch.setattr(secrecy, "_pieces", noted)
    assert [masked(f"{n} t0k/en-of-one-test", ["t0k/en-of-one-test"]) for n in range(3)] == [
        f"{n} {MASK}" for n in range(3)
    ]
    assert asked == ["t0k/en-of-one-test"]
