"""The public surface is closed: a room's offer is listed in its ``__all__`` and in ``public.toml``."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import troth

PUBLIC: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "public.toml").read_text(encoding="utf-8"), parse_float=str
)
PACKAGE = Path(troth.__file__).parent
ROOMS = sorted(
    f"troth.{found.parent.name if found.name == '__init__.py' else found.stem}"
    for found in [*PACKAGE.glob("*/__init__.py"), *PACKAGE.glob("*.py")]
    if found not in (PACKAGE / "__init__.py", PACKAGE / "__main__.py")
)


def in_order(names: list[str]) -> list[str]:
    """Constants, then classes, then functions, each alphabetically."""
    return sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def own_names(module: ModuleType) -> set[str]:
    """The names of Troth's own things that a reader finds in a module without an underscore."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and str(getattr(value, "__module__", "")).startswith("troth")
    }


def test_every_room_is_listed() -> None:
    """A new room has to say what it offers."""
    assert sorted(PUBLIC) == ROOMS


@pytest.mark.parametrize("room", PUBLIC)
def test_a_room_offers_exactly_what_is_listed(room: str) -> None:
    """``__all__`` is the list, in order, without duplicates, and every name in it exists."""
    module = import_module(room)
    assert list(module.__all__) == PUBLIC[room]
    assert PUBLIC[room] == in_order(list(set(PUBLIC[room])))
    assert [name for name in PUBLIC[room] if not hasattr(module, name)] == []


@pytest.mark.parametrize("room", PUBLIC)
def test_nothing_else_is_in_reach(room: str) -> None:
    """A thing of Troth's that can be imported from a room without an underscore is in its ``__all__``."""
    assert own_names(import_module(room)) - set(PUBLIC[room]) == set()
