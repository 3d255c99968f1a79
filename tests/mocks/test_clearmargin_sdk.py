"""The vendor's own client, ``@payloadcms/sdk``, against the mock: what it sends is understood, and it understands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

#: All that the client imports when it runs; a full install would pull the whole of Payload.
PACKAGES = {"@payloadcms/sdk": "3.90.1", "qs-esm": "8.0.1"}
SCRIPT = Path(__file__).with_name("clearmargin_sdk.mjs")


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client, from the npm registry."""
    in_ci = bool(os.environ.get("CI"))
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        assert not in_ci, "CI has Node"
        pytest.skip("npm and Node are not installed")
    home = tmp_path_factory.mktemp("sdk")
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    packed = subprocess.run(
        [npm, "pack", "--json", *wanted], cwd=home, capture_output=True, text=True, check=False, timeout=120
    )
    if packed.returncode:
        assert not in_ci, packed.stderr
        pytest.skip("the npm registry cannot be reached")
    for package in json.loads(packed.stdout):
        folder = home / "node_modules" / package["name"]
        folder.mkdir(parents=True)
        tarball = home / package["filename"].replace("@", "").replace("/", "-")
        shutil.unpack_archive(tarball, home / "unpacked", filter="data")
        (home / "unpacked" / "package").rename(folder / "package")
        for part in (folder / "package").iterdir():
            part.rename(folder / part.name)
    shutil.copy(SCRIPT, home)
    return home


@pytest.fixture
def sdk(node_modules: Path, margin: Any) -> Any:
    """What the client reports of its run, which is one scenario from finding to deleting."""
    options = {
        "baseURL": str(margin.http.base_url).rstrip("/"),
        "headers": {**margin.studio.headers},
        "client": margin.seeded("clients", 0),
        "invoice": margin.seeded("invoices", 0),
    }
    command = ["node", str(node_modules / SCRIPT.name), json.dumps(options)]
    run = subprocess.run(command, cwd=node_modules, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_r21_the_vendors_client_works(sdk: Any, margin: Any) -> None:
    """It finds, reads, creates, changes and deletes, and what it shows is what the API says."""
    found = sdk["found"]
    wanted = margin.studio.listed(
        "clients", {"where[status][equals]": "active"}, limit=3, sort="name", depth=0
    )
    assert found == wanted
    assert sdk["read"] == margin.studio.shown(f"invoices/{margin.seeded('invoices', 0)}", 2)
    assert (sdk["made"]["name"], sdk["made"]["status"]) == ("Made by the SDK", "active")
    assert sdk["changed"] == {**sdk["made"], "status": "inactive"}
    assert sdk["gone"] == sdk["changed"]
    assert sdk["after"] == {"status": 404, "errors": [{"message": "Not Found"}]}


def test_r9_the_vendors_client_queries(sdk: Any, margin: Any) -> None:
    """Its conditions, joined by and, or and in, keep what they should."""
    every, client = margin.studio.every("invoices"), margin.seeded("clients", 0)
    open_ = [doc for doc in every if doc["total"] > 2000 and doc["status"] in ("sent", "overdue")]
    wanted = [*open_, *(doc for doc in every if doc["client"] == client)]
    assert {doc["id"] for doc in sdk["queried"]} == {doc["id"] for doc in wanted}
    assert [doc["dueDate"] for doc in sdk["queried"]] == sorted(
        (d["dueDate"] for d in sdk["queried"]), reverse=True
    )


def test_r20_the_vendors_client_understands_refusals(sdk: Any) -> None:
    """Its error has the status and the errors of the body."""
    invalid, query, sign_in = sdk["invalid"], sdk["unqueryable"], sdk["unauthenticated"]
    assert (invalid["status"], query["status"], sign_in["status"]) == (400, 400, 401)
    assert [error["path"] for error in invalid["errors"][0]["data"]["errors"]] == ["email"]
    assert query["errors"][0]["data"] == [{"path": "colour"}]
    assert sign_in["errors"] == [{"message": "Unauthorized, you must be logged in to make this request."}]
