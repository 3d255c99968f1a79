"""Every requirement of Cloud Billing has a test that carries its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent


def named_tests() -> list[ast.FunctionDef]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("test_billing_*.py"))]
    found = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [node for node in found if node.name.startswith("test_r")]


def test_every_requirement_has_a_test() -> None:
    """R1 to R19 are all there, R18 being the roadmap of the next version."""
    leading = [re.match(r"test((?:_r\d+)+)_", test.name) for test in named_tests()]
    numbers = {int(n) for match in leading if match for n in re.findall(r"\d+", match[1])}
    assert numbers == set(range(1, 20))


def test_every_test_states_its_fact() -> None:
    """The docstring is a sentence that a reader can hold against the requirement."""
    assert [test.name for test in named_tests() if not (ast.get_docstring(test) or "").endswith(".")] == []
