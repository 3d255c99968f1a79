"""YAML by the 1.2 core rules, with the line of every member, at the speed of libyaml.

``yes`` is a word and a date is a word, member names are always text, a name given twice is an error. Aliases are
copied, not shared, under a limit, so a small file cannot grow without end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

import yaml

from troth.contract.pointers import join
from troth.contract.positions import Place
from troth.errors import DocumentError
from troth.findings import Location

__all__ = ["DEEPEST", "LARGEST", "read_yaml", "refuse_duplicate"]

DEEPEST = 150
LARGEST = 1_500_000

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUTHS = {word: word[0] in "tT" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STANDARD = "tag:yaml.org,2002:"
_PLAIN = "plain"
_TEXT = "text"


def refuse_duplicate(where: Location) -> NoReturn:
    """Raise the error for a member name that an object has twice."""
    key = where.pointer.rpartition("/")[2]
    raise DocumentError(f"the name {key!r} is given twice in one object; keep one of them", where)


class _TooDeep(Exception):  # noqa: N818 - a signal out of the C parser, never seen outside
    pass


def _resolve(_loader: Any, kind: type[yaml.Node], _value: object, implicit: Any) -> str:
    """Mark plain scalars only: what one means is decided in :meth:`_Reader.scalar`."""
    return _PLAIN if kind is yaml.ScalarNode and implicit[0] else _TEXT


def _descend(loader: Any, _node: object, _index: object) -> None:
    loader.depth += 1
    if loader.depth > DEEPEST:
        raise _TooDeep


def _ascend(loader: Any) -> None:
    loader.depth -= 1


# libyaml where PyYAML was built with it, so the base is known at run time only.
_Loader: Any = type(
    "_Loader",
    (getattr(yaml, "CBaseLoader", yaml.BaseLoader),),
    {"depth": 0, "resolve": _resolve, "descend_resolver": _descend, "ascend_resolver": _ascend},
)


def read_yaml(text: str, name: str) -> tuple[Any, Callable[[], Place]]:
    """The value of a YAML text, and what builds its places. Raises DocumentError with the line at fault."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except _TooDeep:
        raise DocumentError(
            f"the document is nested more than {DEEPEST} levels deep", Location(name)
        ) from None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        raise DocumentError(
            f"not valid YAML: {_problem(problem)}{_hint(text, mark)}",
            Location(name, line=mark.line + 1 if mark else None),
        ) from None
    except (yaml.YAMLError, UnicodeError) as problem:
        raise DocumentError(f"not valid YAML: {str(problem).splitlines()[0]}", Location(name)) from None
    if node is None:
        raise DocumentError("the document is empty", Location(name))
    reader = _Reader(name)
    value = reader.value(node, "")
    return value, lambda: _places(node, name)


def _problem(problem: yaml.MarkedYAMLError) -> str:
    """What libyaml says; where it stopped is often far behind the bracket or quote that it blames."""
    said = ", ".join(part for part in (problem.context, problem.problem) if part)
    start, end = problem.context_mark, problem.problem_mark
    return f"{said} (from line {start.line + 1})" if start and end and start.line != end.line else said


def _hint(text: str, mark: Any) -> str:
    """What people usually did when libyaml stops: a tab, or a colon inside an unquoted sentence."""
    if mark is None:
        return ""
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if line[: len(line) - len(line.lstrip())].count("\t"):
        return "; the line is indented with a tab, use spaces"
    if line.count(": ") > 1:
        return "; put the text in quotes if it contains ': '"
    return ""


class _Reader:
    """Turns composed nodes into values; every alias becomes a copy, counted against LARGEST."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.depth = 0

    def value(self, node: yaml.Node, pointer: str) -> Any:
        if isinstance(node, yaml.ScalarNode):
            tag = node.tag
            return node.value if tag == _TEXT else self.scalar(node, tag, pointer)
        self.count += len(node.value) + 1
        self.depth += 1
        if self.count > LARGEST or self.depth > DEEPEST:
            self.refuse("the aliases of the document expand without end", node, pointer)
        if not (node.tag == _TEXT or node.tag in (_STANDARD + "map", _STANDARD + "seq")):
            self.refuse(f"the tag {node.tag!r} has no meaning in a contract", node, pointer)
        if isinstance(node, yaml.MappingNode):
            found: Any = self.mapping(node, pointer)
        else:
            found = [self.value(item, join(pointer, index)) for index, item in enumerate(node.value)]
        self.depth -= 1
        return found

    def mapping(self, node: yaml.MappingNode, pointer: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.refuse("a member name must be text, not a list or an object", key, pointer)
            name = key.value
            if name == "<<" and key.tag == _PLAIN:
                merged += item.value if isinstance(item, yaml.SequenceNode) else [item]
                continue
            at = f"{pointer}/{name}" if "/" not in name and "~" not in name else join(pointer, name)
            if name in found:
                refuse_duplicate(Location(self.name, at, key.start_mark.line + 1))
            found[name] = self.value(item, at)
        for item in merged:
            if not isinstance(item, yaml.MappingNode):
                self.refuse("a merge key (<<) takes an object or a list of objects", item, pointer)
            for name, value in self.value(item, pointer).items():
                found.setdefault(name, value)
        return found

    def scalar(self, node: yaml.ScalarNode, tag: str, pointer: str) -> Any:
        """The meaning of a plain or tagged scalar: null, boolean, integer, float, else text."""
        text = node.value
        if tag == _STANDARD + "str":
            return text
        if tag not in (_PLAIN, *(_STANDARD + word for word in ("null", "bool", "int", "float"))):
            self.refuse(f"the tag {tag!r} has no meaning in a contract", node, pointer)
        if text in _NULLS:
            return None
        if text in _TRUTHS:
            return _TRUTHS[text]
        if text[0] in "0123456789+-.":
            return self.number(node, text, pointer)
        return text

    def number(self, node: yaml.ScalarNode, text: str, pointer: str) -> Any:
        try:
            if _INTEGER.fullmatch(text):
                return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
            if _FLOAT.fullmatch(text):
                value = float(text)
                if value in (float("inf"), float("-inf")):
                    self.refuse(f"the number {text} is too large", node, pointer)
                return value
        except ValueError:
            self.refuse("the number has too many digits", node, pointer)
        if _ENDLESS.fullmatch(text):
            self.refuse(f"{text} is not a JSON value; write a number or null", node, pointer)
        return text

    def refuse(self, message: str, node: yaml.Node, pointer: str) -> NoReturn:
        raise DocumentError(message, Location(self.name, pointer, node.start_mark.line + 1))


def _places(node: yaml.Node, name: str, line: int | None = None) -> Place:
    """The tree of places: a member stands on the line of its name, an item on the line of its value."""
    place = Place(name, node.start_mark.line + 1 if line is None else line)
    if isinstance(node, yaml.SequenceNode):
        place.children = [_places(item, name) for item in node.value]
    elif isinstance(node, yaml.MappingNode):
        own: dict[str, Place] = {}
        merged: dict[str, Place] = {}
        for key, item in node.value:
            if key.value == "<<" and key.tag == _PLAIN:
                for source in item.value if isinstance(item, yaml.SequenceNode) else [item]:
                    below = _places(source, name).children
                    merged |= {
                        k: v for k, v in (below if isinstance(below, dict) else {}).items() if k not in merged
                    }
            else:
                own[key.value] = _places(item, name, key.start_mark.line + 1)
        place.children = merged | own
    return place
