"""Every requirement of Clearmargin has a test that carries its number, and every such test says what holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = set(range(1, 25))


def named_tests() -> list[ast.FunctionDef]:
    paths = sorted(HERE.glob("test_clearmargin_*.py"))
    nodes = [node for path in paths for node in ast.parse(path.read_text(encoding="utf-8")).body]
    return [n for n in nodes if isinstance(n, ast.FunctionDef) and re.match(r"test_r\d+_", n.name)]


def test_every_requirement_has_a_test() -> None:
    """R1 to R24 are all there, and no number beyond."""
    numbers = {int(match[1]) for test in named_tests() if (match := re.match(r"test_r(\d+)_", test.name))}
    assert numbers == REQUIREMENTS


def test_every_test_states_its_fact() -> None:
    """The docstring is a sentence, and no name is used twice."""
    tests = named_tests()
    assert [test.name for test in tests if not (ast.get_docstring(test) or "").endswith(".")] == []
    assert len({test.name for test in tests}) == len(tests)
