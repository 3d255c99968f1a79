"""YAML by the 1.2 core rules and JSON, with the line of whatever is wrong."""

from __future__ import annotations

import pytest

from troth.contract.documents import parse_document
from troth.contract.yaml_text import DEEPEST
from troth.errors import DocumentError


def value(text: str) -> object:
    return parse_document(text, "a.yaml").value


def refused(text: str, name: str = "a.yaml") -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_document(text, name)
    return caught.value


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("yes", "yes"),
        ("NO", "NO"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("2026-01-31", "2026-01-31"),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.0.0", "1.0.0"),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("!!int 1", 1),
        ("=", "="),
        ("\uff11", "\uff11"),  # a fullwidth one
    ],
)
def test_a_scalar_means_what_the_core_schema_says(text: str, meaning: object) -> None:
    """YAML 1.1 surprises (yes, dates, sexagesimals, underscores) are plain text."""
    found = value(f"a: {text}\nb: 0\n")
    assert found == {"a": meaning, "b": 0}
    assert type(found["a"]) is type(meaning)  # type: ignore[index]


def test_member_names_are_text() -> None:
    """A status code, a boolean and null are names like any other."""
    assert value("200: a\ntrue: b\nnull: c\n1.0: d\n") == {"200": "a", "true": "b", "null": "c", "1.0": "d"}


def test_anchors_aliases_and_merge_keys_are_copied() -> None:
    """Each use has its own value, and a member of one's own wins over a merged one."""
    found = value("base: &b {x: 1, y: [1]}\none: {<<: *b, x: 2}\ntwo: *b\nthree: {<<: [{y: 5}, *b]}\n")
    assert found == {
        "base": {"x": 1, "y": [1]},
        "one": {"x": 2, "y": [1]},
        "two": {"x": 1, "y": [1]},
        "three": {"x": 1, "y": 5},
    }
    assert found["two"] is not found["base"]  # type: ignore[index]


def test_a_name_given_twice_is_an_error_on_its_line() -> None:
    error = refused("a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert "'b' is given twice" in error.reason
    assert str(error.location) == "a.yaml:4 /a/b"


def test_a_name_given_twice_in_json_is_an_error_on_its_line() -> None:
    error = refused('{"a": {\n "b/c": 1,\n "b\\/c": 2}}', "a.json")
    assert str(error.location) == "a.json:3 /a/b~1c"


def test_aliases_that_multiply_are_refused() -> None:
    """Nine levels of nine would be a third of a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "expand without end" in refused("\n".join(lines)).reason


def test_an_alias_of_itself_is_refused() -> None:
    assert "expand without end" in refused("a: &a [*a]").reason


@pytest.mark.parametrize(
    "text",
    [
        "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2),
        "- " * 100_000,
        "{a: " * 5000 + "}" * 5000,
        '{"a":' * 500 + "1" + "}" * 500,
        "[" * 200_000,
    ],
)
def test_endless_nesting_is_refused(text: str) -> None:
    """Neither the C parser nor Python's stack is put to the test."""
    assert refused(text).reason


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1,\nc: 2\n", 4, "(from line 2)"),
        ("a:\n\t- 1\n", 2, "indented with a tab"),
        ("a: one: two\n", 1, "put the text in quotes"),
        ("a: *b\n", 1, "undefined alias"),
        ("a: 1\n---\nb: 1\n", 2, "single document"),
        ("a: !thing 1\n", 1, "the tag '!thing' has no meaning"),
        ("a: .inf\n", 1, "not a JSON value"),
        ("a: 1e999\n", 1, "too large"),
        ("a: " + "9" * 5000, 1, "too many digits"),
        ("? [a]\n: 1\n", 1, "a member name must be text"),
        ("a: {<<: 1}\n", 1, "merge key"),
    ],
)
def test_what_is_not_a_document_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    error = refused(text)
    assert words in error.reason
    assert error.location is not None
    assert error.location.line == line


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"a": 1,\n"b" 2}', 2, "not valid JSON"),
        ('{"a": NaN}', None, "NaN is not a JSON value"),
        ('{"a": 1e999}', None, "1e999 is not a JSON value"),
        ('{"a": "\\ud800"}', None, "surrogate"),
        ('{"a": ' + "9" * 5000 + "}", None, "too many digits"),
    ],
)
def test_what_is_not_json_is_refused(text: str, line: int | None, words: str) -> None:
    error = refused(text, "a.json")
    assert words in error.reason
    assert error.location is not None
    assert error.location.line == line


@pytest.mark.parametrize("text", ["", "  \n\t\n", "# only a comment\n", "\ufeff"])
def test_an_empty_document_is_refused(text: str) -> None:
    assert refused(text).reason == "the document is empty"


def test_flow_yaml_is_not_mistaken_for_json() -> None:
    assert value("{a: 1, b: [x]}") == {"a": 1, "b": ["x"]}


@pytest.mark.parametrize("text", ["\x00", "a: \x07", "%", "@", "a: 'x", "\ud800", "*", "- :\n -"])
def test_rubbish_is_an_error_and_never_a_crash(text: str) -> None:
    """The list has none that YAML accepts."""
    assert refused(text).reason
