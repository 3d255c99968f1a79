"""Every requirement of Clio has a test that carries its number, and every such test says what holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = set(range(1, 55)) - {34, 35, 36}  # three numbers were never given


def named_tests() -> list[ast.FunctionDef]:
    """The tests of Clio that are named after requirements."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("test_clio_*.py")))
    found = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [node for node in found if node.name.startswith("test_r")]


def numbers(name: str) -> set[int]:
    """The requirements that a name carries: ``test_r12_to_r33_x`` has all from 12 to 33."""
    span = re.match(r"test_r(\d+)_to_r(\d+)_", name)
    if span:
        return set(range(int(span[1]), int(span[2]) + 1))
    leading = re.match(r"test((?:_r\d+)+)_", name)
    return {int(number) for number in re.findall(r"\d+", leading[1])} if leading else set()


def test_every_requirement_has_a_test() -> None:
    """R1 to R54 are all there, but for those that do not exist."""
    assert set().union(*(numbers(test.name) for test in named_tests())) == REQUIREMENTS


def test_every_test_states_its_fact() -> None:
    """The docstring is a sentence that a reader can hold against the requirement."""
    assert [test.name for test in named_tests() if not (ast.get_docstring(test) or "").endswith(".")] == []
