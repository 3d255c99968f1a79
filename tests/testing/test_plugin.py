"""The pytest plugin, run by pytest itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

PETS = """
openapi: 3.1.0
info: {title: Pets, version: 3.2.1}
paths:
  /pets:
    get: {responses: {"200": {description: All., content: {application/json: {schema: {type: array, items: {
      type: object, properties: {id: {type: string}, name: {type: string}}}}}}}}}
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """An empty project, away from this checkout's settings and with nothing left over from this session."""
    pytester.makeini("[pytest]\naddopts = --import-mode=importlib -p no:cacheprovider\n")
    return pytester


def test_every_test_has_its_own_mock(project: pytest.Pytester) -> None:
    """What one test does is unknown to the next, and both start with the same bytes."""
    project.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", range(3))
        def test_fresh(troth_mock, turn):
            client = troth_mock.client()
            total = client.get("/v1/clients").json()["pagination"]["total"]
            made = client.post("/v1/clients", json={"name": "New"}).json()
            assert client.get("/v1/clients").json()["pagination"]["total"] == total + 1
            assert made["createdAt"] == "2026-06-15T09:00:00.000Z"
            assert len(troth_mock.journal) == 3
        """
    )
    project.runpytest().assert_outcomes(passed=3)


def test_the_marker_says_what_the_mock_is(project: pytest.Pytester) -> None:
    """Options of a marker reach the mock; the nearest marker wins over class and module."""
    project.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.troth("clientcasa", seed=7)

        def test_module(troth_mock):
            assert troth_mock.client().get("/v1/clients").json()["data"]
            assert troth_mock.faults == frozenset()

        @pytest.mark.troth(empty=True)
        class TestEmpty:
            def test_class(self, troth_mock):
                assert troth_mock.client().get("/v1/clients").json()["data"] == []

            @pytest.mark.troth(empty=False, faults="total-wrong")
            def test_function(self, troth_mock):
                assert troth_mock.client().get("/v1/clients").json()["data"]
                assert troth_mock.faults == {"total-wrong"}

        @pytest.mark.troth(rate_limit="1/1h", url="https://api.example.com/api")
        def test_more(troth_mock):
            client = troth_mock.client()
            assert [client.get("/v1/clients").status_code for _ in range(2)] == [200, 429]
            assert troth_mock.url == "https://api.example.com/api"
        """
    )
    project.runpytest().assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("troth(sed=7)", "has no option 'sed'; known: contract,*Did you mean 'seed'?"),
        ("troth('clientcasa', 7)", "takes one positional argument, the contract; found 2"),
        ("troth('clientcase')", "*Did you mean 'clientcasa'?"),
        ("troth(faults=['crahs'])", "There is no fault 'crahs'. Did you mean 'crash'?"),
    ],
)
def test_a_wrong_marker_is_one_clear_line(project: pytest.Pytester, marker: str, message: str) -> None:
    """The nearest valid word, and no traceback."""
    project.makepyfile(f"import pytest\n@pytest.mark.{marker}\ndef test_it(troth_mock): pass\n")
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{message}*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_the_contract_comes_from_the_settings(project: pytest.Pytester) -> None:
    """The ini key names a file below the root directory; the option on the command line wins over it."""
    project.makefile(".yaml", pets=PETS)
    project.makeini("[pytest]\naddopts = --import-mode=importlib\ntroth_contract = pets.yaml\n")
    inside = project.mkdir("inside")
    (inside / "test_it.py").write_text(
        "def test_it(troth_mock):\n    print(troth_mock)\n    assert troth_mock.contract.title == 'Pets'\n",
        encoding="utf-8",
    )
    project.runpytest("inside").assert_outcomes(passed=1)
    result = project.runpytest("--troth-contract", "clientcasa@1.0.0", "inside")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*<Mock of clientcasa 1.0.0 at*"])


def test_a_failed_test_shows_its_requests(project: pytest.Pytester) -> None:
    """The report of a failure ends with what the mock was asked; a passed test shows nothing."""
    project.makepyfile(
        """
        def test_it(troth_mock):
            troth_mock.client().get("/v1/clients?page=2")
            assert troth_mock.client("anonymous").get("/v1/nothing").status_code == 200
        """
    )
    result = project.runpytest()
    result.stdout.fnmatch_lines(
        [
            "*Requests to <Mock of clientcasa*",
            "*1 GET /api/v1/clients?page=2 -> 200 (listClients, northlight-owner)",
            "*2 GET /api/v1/nothing -> 404 (no operation, nobody)",
        ]
    )


def test_pytest_starts_without_the_heavy_parts() -> None:
    """Loading the plugin imports neither the engine nor any framework; the fixture never needs the server's."""
    names = [
        "connexion",
        "hypothesis",
        "schemathesis",
        "starlette",
        "uvicorn",
        "jsonschema_rs",
        "cel",
        "respx",
        "httpx",
    ]
    script = f"import sys, troth.pytest_plugin; print([n for n in {names} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    script = (
        "import sys; from troth.testing import Mock; Mock(empty=True).client().get('/v1/clients').raise_for_status(); "
        f"print([n for n in {names[:5]} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_plugin_is_listed_by_pytest(project: pytest.Pytester) -> None:
    """Installing Troth is enough: marker, option and fixture are there."""
    project.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.troth(contract,*"])
    project.runpytest("--help").stdout.fnmatch_lines(["*--troth-contract=CONTRACT*"])
    project.makepyfile("")
    project.runpytest("--fixtures").stdout.fnmatch_lines(["troth_mock*", "*A mock for this test alone*"])
