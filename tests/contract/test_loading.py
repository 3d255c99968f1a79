"""What loading promises beyond the sum of its steps: a frozen, self-contained model, the same every time."""

from __future__ import annotations

import gc
import re
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from troth.contract import Router, compile_parameters, load_contract, shipped, validators
from troth.contract.pointers import resolve
from troth.errors import ContractError

if TYPE_CHECKING:
    from conftest import Folder


def test_the_shipped_contracts_load_and_all_their_schemas_compile() -> None:
    for name in shipped().names():
        contract = load_contract(name)
        every = validators(contract)
        assert contract.operations
        for schema in contract.schemas:
            every.at(f"/components/schemas/{schema}", "request")
            every.at(f"/components/schemas/{schema}", "response")
        for operation in contract.operations:
            assert compile_parameters(contract, every, operation)
            assert resolve(contract.document, operation.pointer)
            assert contract.locate(operation.pointer).line
        assert Router(contract)


def test_every_release_of_a_shipped_contract_loads() -> None:
    for name in shipped().names():
        for version in shipped().releases(name):
            loaded = load_contract(f"{name}@{version}").version
            dated = re.fullmatch(r"\d{4}-\d{2}-\d{2}", version)  # additions without a version of their own
            assert loaded == version or dated


def test_loading_twice_gives_equal_contracts_that_share_nothing() -> None:
    one, two = load_contract("clientcasa"), load_contract("clientcasa")
    assert one.document == two.document
    assert one.operations == two.operations
    assert one.document is not two.document


def test_a_contract_is_frozen(folder: Folder) -> None:
    contract = folder.contract("paths: {}\n")
    with pytest.raises(FrozenInstanceError):
        contract.title = "other"  # type: ignore[misc]


def test_garbage_collection_is_as_it_was_before(folder: Folder) -> None:
    """Also after an error, and for a caller who had it off."""
    assert gc.isenabled()
    folder.contract("paths: {}\n")
    assert gc.isenabled()
    with pytest.raises(ContractError):
        folder.contract("paths: []\n")
    assert gc.isenabled()
    gc.disable()
    try:
        folder.contract("paths: {}\n")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_shipped_is_there() -> None:
    for directory in (shipped().spec, shipped().mocks, shipped().conformance):
        assert isinstance(directory, Path)
        assert directory.is_dir()
