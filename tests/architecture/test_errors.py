"""The exception tree is drawn once, and the drawing is true."""

from __future__ import annotations

import ast
from pathlib import Path

from troth import errors

PACKAGE = Path(errors.__file__).parent


def drawn(drawing: str) -> dict[str, str | None]:
    """Each name in a drawn tree with the name that it hangs from."""
    tree: dict[str, str | None] = {}
    branch: list[str] = []
    for line in drawing.splitlines():
        stem, mark, name = line.rpartition("── ")
        if not mark and not line.endswith("Error"):
            continue
        depth = (len(stem) + 3) // 4 if mark else 0
        branch = [*branch[:depth], name.strip()]
        tree[branch[-1]] = branch[-2] if depth else None
    return tree


def derived(base: type[Exception]) -> dict[str, str | None]:
    """The same of classes, for those that the module defines."""
    tree: dict[str, str | None] = {}
    for cls in base.__subclasses__():
        if cls.__module__ == errors.__name__:
            tree |= {cls.__name__: base.__name__, **derived(cls)}
    return tree


def test_the_drawing_is_the_class_tree() -> None:
    """Every class hangs where the module's docstring draws it, and nothing is drawn that is not there."""
    tree = drawn(str(errors.__doc__))
    assert tree == {"TrothError": None, **derived(errors.TrothError)}
    assert len(tree) > 5


def test_no_room_grows_a_branch_of_its_own() -> None:
    """An error that leaves Troth is one of the tree; no other file derives from it."""
    names = set(drawn(str(errors.__doc__)))
    strays = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}"
        for path in PACKAGE.rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and names & {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    ]
    assert strays == []
