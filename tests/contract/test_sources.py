"""What a contract argument means, and how documents are had from files, URLs and commits."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import respx

from troth.contract import load_contract, shipped
from troth.contract.sources import display, read_document, select, sibling
from troth.errors import DocumentError

if TYPE_CHECKING:
    from conftest import Folder

MINIMAL = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {}\n"


def commit(folder: Path) -> None:
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "x"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)


def test_a_file_and_its_directory_are_the_same_contract(folder: Folder) -> None:
    path = folder.write("shop/openapi.yaml", MINIMAL)
    by_file, by_directory = load_contract(path), load_contract(path.parent)
    assert by_file.document == by_directory.document
    assert (by_file.name, by_directory.name) == ("openapi", "shop")
    assert by_file.directory == by_directory.directory == path.parent.resolve()


def test_a_directory_brings_its_behaviour_along_unless_told_otherwise(folder: Folder) -> None:
    folder.write("shop/openapi.yaml", MINIMAL)
    folder.write(
        "shop/behaviour.overlay.yaml",
        "overlay: 1.1.0\ninfo: {title: B, version: '1'}\nactions: [{target: $, update: {x-behaviour: {a: 1}}}]\n",
    )
    assert load_contract(folder.path / "shop").extension == {"a": 1}
    assert load_contract(folder.path / "shop", behaviour=False).extension == {}


def test_a_shipped_contract_is_known_by_name() -> None:
    assert "clientcasa" in shipped().names()
    contract = load_contract("clientcasa")
    assert contract.name == "clientcasa"
    assert contract.base_path == "/api"
    assert contract.locate("/info/title").document.endswith("openapi.yaml")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("clientcas", "Did you mean 'clientcasa'?"),
        ("clientcasa@9.9.9", "clientcasa has no release '9.9.9'"),
        ("nothing/at/all.yaml", "neither a shipped contract"),
        ("\0", "neither a shipped contract"),
        ("x" * 5000, "neither a shipped contract"),
        ("git:HEAD", "not of the form git:REF:path"),
        ("git:--output=x:y", "not of the form git:REF:path"),
    ],
)
def test_an_argument_that_names_nothing_is_refused(argument: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_contract(argument)
    assert words in caught.value.reason


def test_a_misspelt_file_is_told_its_neighbour(folder: Folder) -> None:
    folder.write("openapi.yaml", MINIMAL)
    with pytest.raises(DocumentError, match=r"Did you mean 'openapi\.yaml'\?"):
        load_contract(folder.path / "openapy.yaml")


def test_a_directory_without_a_contract_is_refused(folder: Folder) -> None:
    with pytest.raises(DocumentError, match=r"the directory has no openapi\.yaml"):
        load_contract(folder.path)


def test_a_commit_is_a_source_for_files_directories_and_references(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working tree may have moved on: everything is read from the commit."""
    folder.write("api/openapi.yaml", MINIMAL + "components: {schemas: {A: {$ref: '../shared/a.yaml#/A'}}}\n")
    folder.write("shared/a.yaml", "A: {type: string}\n")
    folder.write(
        "api/behaviour.overlay.yaml",
        "overlay: 1.0.0\ninfo: {title: B, version: '1'}\nactions: [{target: $.info, update: {x-b: 1}}]\n",
    )
    commit(folder.path)
    folder.write("shared/a.yaml", "A: {type: integer}\n")
    monkeypatch.chdir(folder.path)
    contract = load_contract("git:HEAD:api/openapi.yaml")
    assert contract.follow("/components/schemas/A")[1] == {"type": "string"}
    assert contract.locate("/x-documents/1/A/type").document == "git:HEAD:shared/a.yaml"
    assert load_contract("git:main:api").document["info"]["x-b"] == 1
    with pytest.raises(DocumentError, match="git knows no commit 'nope' here"):
        load_contract("git:nope:api/openapi.yaml")
    with pytest.raises(DocumentError, match=r"commit 'HEAD' has no file 'api/none\.yaml'"):
        load_contract("git:HEAD:api/none.yaml")


@respx.mock
def test_a_url_is_a_source_and_so_are_the_documents_it_refers_to() -> None:
    respx.get("https://example.com/v1/shop.yaml").respond(
        text=MINIMAL + "components: {schemas: {A: {$ref: 'parts/a.json'}}}\n"
    )
    respx.get("https://example.com/v1/parts/a.json").respond(json={"type": "boolean"})
    contract = load_contract("https://example.com/v1/shop.yaml")
    assert contract.name == "shop"
    assert contract.directory is None
    assert contract.follow("/components/schemas/A")[1] == {"type": "boolean"}


@respx.mock
def test_a_url_that_fails_says_so() -> None:
    respx.get("https://example.com/a.yaml").respond(404)
    respx.get("https://example.com/b.yaml").mock(side_effect=httpx.ConnectError("refused"))
    respx.get("https://example.com/c.yaml").respond(
        text=MINIMAL + "components: {schemas: {A: {$ref: a.yaml}}}\n"
    )
    with pytest.raises(DocumentError, match="the URL answers 404 Not Found"):
        load_contract("https://example.com/a.yaml")
    with pytest.raises(DocumentError, match="the URL cannot be read: refused"):
        load_contract("https://example.com/b.yaml")
    (flaw,) = load_contract("https://example.com/c.yaml").flaws
    assert re.search(r"'a\.yaml' cannot be followed: .*404", flaw.title)
    assert flaw.location is not None
    assert flaw.location.line == 4


def test_what_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(DocumentError) as caught:
        read_document(str(path))
    assert caught.value.location is not None
    assert caught.value.location.line == 2


@pytest.mark.parametrize(
    ("source", "relative", "found"),
    [
        ("/a/b.yaml", "c.yaml", "/a/c.yaml"),
        ("/a/b.yaml", "../c%20d.yaml", "/c d.yaml"),
        ("https://x.test/a/b.yaml", "../c.yaml", "https://x.test/c.yaml"),
        ("git:v1:a/b.yaml", "../c.yaml", "git:v1:c.yaml"),
        ("/a/b.yaml", "https://x.test/c.yaml", "https://x.test/c.yaml"),
    ],
)
def test_a_relative_reference_is_seen_from_its_document(source: str, relative: str, found: str) -> None:
    assert sibling(source, relative) == found


def test_a_source_is_shown_relative_to_the_working_directory(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.path)
    assert display(str(folder.path / "a" / "b.yaml")) == "a/b.yaml"
    assert display("/elsewhere/b.yaml") == "/elsewhere/b.yaml"


def test_a_url_is_selected_without_being_fetched() -> None:
    assert select("https://example.com/openapi.json").name == "openapi"


def test_the_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document out of a pipe, told of as what it is."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MINIMAL.encode())))
    assert load_contract("-").source == "<stdin>"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"openapi: 3.1.0\ninfo: ]\n")))
    with pytest.raises(DocumentError, match=r"^<stdin>:2: not valid YAML"):
        load_contract("-")
