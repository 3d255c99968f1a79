"""Collection is held off inside, and afterwards it is as it was."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from troth.compatibility import comparison
from troth.contract import load_contract
from troth.contract.collecting import without_collection

SHOP = "openapi: 3.1.0\ninfo: {title: Shop, version: 1.0.0}\npaths: {}\n"


def test_it_is_off_inside_and_on_again_behind() -> None:
    assert gc.isenabled()
    with without_collection():
        assert not gc.isenabled()
        with without_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_behind_an_error() -> None:
    with pytest.raises(ZeroDivisionError), without_collection():
        assert 1 / 0
    assert gc.isenabled()


def test_a_comparison_is_not_interrupted_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over large documents it took more time than the comparison itself."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    contract = load_contract(path)
    seen: list[bool] = []
    delta = comparison.delta

    def watched(*given: object) -> object:
        seen.append(gc.isenabled())
        return delta(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(comparison, "delta", watched)
    comparison.compare(contract, contract)
    assert (seen, gc.isenabled()) == ([False], True)
