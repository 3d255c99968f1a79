"""Patterns are compared as sets of texts: proved, or refuted by a short text, or undecided with the reason."""

from __future__ import annotations

import random
import re
import unicodedata
from typing import Any

import jsonschema_rs
import pytest

from troth.compatibility import compare, texts
from troth.compatibility.categories import category
from troth.compatibility.containment import covers
from troth.compatibility.texts import AROUND, INSIDE, Text, alike, has_word, hindrance, implies, word_without
from troth.contract.patterns import random_string

JSON = Any
STRING = {"type": "string"}


def fits(pattern: str, text: str) -> bool:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid(text)


def of(*patterns: str, **bounds: Any) -> Text:
    return Text(frozenset(patterns), **bounds)


PROVED = [
    (of("^ab"), "^a"),
    (of("^[0-9]+$"), r"^\d+$"),
    (of("^[a-z0-9]+(?:-[a-z0-9]+)*$"), "^[a-z0-9-]+$"),
    (of("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"), r"^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$"),
    (of("^(?=.*[A-Z])(?=.*[0-9]).{8,64}$"), "^.{8,72}$"),
    (of("^(?!-)[a-z-]+$"), "^[a-z]"),
    (of("^[a-z]"), "^(?!-)"),
    (of("^https://"), "^https?://"),
    (of(r"\bpaid\b"), "paid"),
    (of("^(a+)+$"), "^a+$"),
    (of("^a", least=3), "^a.{2,}$|\n|\r|[\u2028\u2029]"),
    (of("^a|b$", "^[^a]"), "b$"),
    (of(r"^\x41\u0042\u{43}\cA$"), r"^ABC\x01$"),
    (of(r"^[\w.-]+$"), r"^[A-Za-z0-9_\-.]*$"),
    (of(r"^\s$"), r"^[^\S]$"),
    (of("^(?<year>[0-9]{4})$"), r"^\d\d\d\d$"),
    (of("a*?b"), "b"),
    (of(r"^\p{Lu}\p{Ll}+$"), r"^[\p{L}\p{M}' -]+$"),
    (of(r"^\p{Letter}$"), r"^\P{N}$"),
    (of(formats=frozenset({"date"})), r"^\d{4}-\d\d-\d\d$"),
    (of(formats=frozenset({"uuid"})), "^[0-9a-fA-F-]{36}$"),
]


@pytest.mark.parametrize(("text", "pattern"), PROVED)
def test_what_follows_is_proved(text: Text, pattern: str) -> None:
    assert implies(text, pattern)


REFUTED = [
    (of("^a"), "^ab", "a"),
    (of("^[a-z0-9-]+$"), "^[a-z0-9]+(?:-[a-z0-9]+)*$", "-"),
    (of("^[A-Z]{3}$"), "^[A-M]{3}$", "AAN"),
    (of("^.{8,72}$"), "^(?=.*[A-Z])(?=.*[0-9]).{8,72}$", "aaaaaaaa"),
    (of("foo"), r"\bfoo\b", "afoo"),
    (of("^a", least=4, most=6), "^.{0,3}$", "aaaa"),
    (of("^.*$"), "^[ -~]*$", "é"),
    (of("^[^x]*$"), "^[^xy]*$", "y"),
    (of(r"^[\p{L}-]+$"), "^[A-Za-z-]+$", "é"),
]


@pytest.mark.parametrize(("text", "pattern", "word"), REFUTED)
def test_what_does_not_follow_is_shown_by_the_shortest_legible_text(
    text: Text, pattern: str, word: str
) -> None:
    assert word_without(text, pattern) == word
    assert all(fits(one, word) for one in text.patterns)
    assert not fits(pattern, word)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("a(?=b)", "it looks ahead"),
        ("(?<=a)b", "it looks behind"),
        (r"(a)\1", "it refers back to a group"),
        (r"^\p{Script=Han}$", "it names a property of Unicode"),
        (r"^\p{Cn}$", "it names a property of Unicode"),
        (r"^\p{C}$", "it names a property of Unicode"),
        (r"^\pL$", "it names a property of Unicode"),
        (r"^\p{L", "it names a property of Unicode"),
        ("(?i)a", "it sets flags"),
        ("a{2000}", "it repeats more than 1000 times"),
        ("[[a]]", "a class has a class or an operator in it"),
        ("a++", "it repeats possessively"),
        ("^(?=a)b|c", "it looks ahead in one of several alternatives"),
        ("(a", "a parenthesis is not closed"),
        (r"\u{b{", "an escape is no character"),
        (r"\u{}", "an escape is no character"),
        (r"\x-1", "an escape is no character"),
        (r"\ud800", "an escape is no character"),
        ("a)", "a parenthesis is closed that was not opened"),
        ("[a", "it ends too early"),
        ("[z-a]", "the ends of a range are in the wrong order"),
        ("*a", "'*' stands where nothing can be repeated"),
        ("a{3,2}", "a count cannot be read"),
        ("(" * 200 + ")" * 200, "its groups are nested too deeply"),
    ],
)
def test_what_is_no_regular_language_is_refused_by_name(pattern: str, why: str) -> None:
    assert hindrance(of("^a"), pattern).endswith(f"is beyond what is decided here: {why}")
    assert not implies(of(pattern), "^a")


PIECES = (
    *"ab01^$.*+?{}[]()|\\-,:=!<>dDwWsSbBpuxcPkn \n€",
    "(?:",
    "(?=",
    "[^",
    r"\d",
    "{2,3}",
    r"\u{",
    r"\p{L}",
    "\ud800",
)


@pytest.mark.parametrize("seed", range(40))
def test_any_text_is_read_or_refused_as_a_pattern(seed: int) -> None:
    """Whatever somebody writes: no error but the named ones, and an end."""
    chance = random.Random(seed)
    for _ in range(50):
        pattern = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 14)))
        assert isinstance(hindrance(of(pattern), "^a"), str)


def test_what_takes_too_much_work_is_undecided() -> None:
    """A bounded search: the answer comes in well under a second or not at all."""
    assert hindrance(of("x.{255}"), "x.{200}") == "the patterns take too much work to be compared"
    assert hindrance(of("^(a{1,100}){1,100}$"), "^a+$") == "a pattern repeats too much to be compared"


def test_a_search_that_gave_up_is_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison asks about the same patterns many times."""
    text = of("y.{254}")
    reason = hindrance(text, "y.{201}")
    monkeypatch.setattr(texts, "shortest_word", lambda *_, **__: pytest.fail("it searches again"))
    assert (hindrance(text, "y.{201}"), implies(text, "y.{201}")) == (reason, False)


ATOMS = ("a", "b", "0", "[ab]", "[^a]", r"\d", r"\w", r"\W", ".", r"\b", "^", "$", "-", r"[a-c0]")


def some_pattern(chance: random.Random, depth: int = 0) -> str:
    kind = chance.choice(("atom", "atom", "sequence", "sequence", "or", "repeat") if depth < 3 else ("atom",))
    if kind == "atom":
        return chance.choice(ATOMS)
    if kind == "or":
        return f"(?:{some_pattern(chance, depth + 1)}|{some_pattern(chance, depth + 1)})"
    if kind == "repeat":
        part = some_pattern(chance, depth + 1)
        return f"(?:{part}){chance.choice(('*', '+', '?', '{2}', '{1,2}', '{2,}'))}"
    return "".join(some_pattern(chance, depth + 1) for _ in range(chance.randint(1, 3)))


def some_valid_pattern(chance: random.Random) -> str:
    """One that the validator takes: it repeats no anchors."""
    while True:
        pattern = some_pattern(chance)
        if jsonschema_rs.Draft202012Validator({"format": "regex"}, validate_formats=True).is_valid(pattern):
            return pattern


def some_text(chance: random.Random) -> str:
    return "".join(chance.choice("ab0-_ c") for _ in range(chance.randint(0, 6)))


@pytest.mark.parametrize("seed", range(120))
def test_membership_agrees_with_the_validator_and_with_python(seed: int) -> None:
    """A text, as a pattern that nothing else fits, follows exactly where it is found."""
    chance = random.Random(seed)
    pattern = some_valid_pattern(chance)
    for _ in range(25):
        text = some_text(chance)
        alone = of("^" + re.escape(text).replace("\\ ", " ").replace("\\-", "-") + "$")
        assert implies(alone, pattern) is fits(pattern, text), (pattern, text)
        assert fits(pattern, text) is (re.search(pattern, text, re.ASCII) is not None), (pattern, text)


@pytest.mark.parametrize("seed", range(160))
def test_no_sample_contradicts_a_verdict(seed: int) -> None:
    """What follows holds for every sample; what does not is shown by a text that the validator confirms."""
    chance = random.Random(seed)
    narrow, wide = some_valid_pattern(chance), some_valid_pattern(chance)
    if chance.random() < 0.3:
        wide = f"{narrow}|{wide}"
    assert hindrance(of(narrow), wide) == ""
    word = word_without(of(narrow), wide)
    if word is not None:
        assert (fits(narrow, word), fits(wide, word)) == (True, False), (narrow, wide)
        return
    for text in [some_text(chance) for _ in range(60)] + [
        random_string(narrow, chance) or "" for _ in range(10)
    ]:
        assert not fits(narrow, text) or fits(wide, text), (narrow, wide, text)


@pytest.mark.parametrize("name", ["L", "Lu", "M", "N", "Nd", "P", "S", "Z", "Cc", "LC", "Currency_Symbol"])
def test_a_category_of_unicode_is_what_the_validator_takes_it_for(name: str) -> None:
    """Of random characters that Python knows, and of all of Latin and punctuation."""
    chance = random.Random(name)
    codes = [*range(0x250), *range(0x2000, 0x2070), *(chance.randrange(0x30000) for _ in range(1500))]
    known = [chr(code) for code in codes if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]
    held = category(name)
    validator = jsonschema_rs.Draft202012Validator({"pattern": rf"^\p{{{name}}}$"})
    assert held is not None
    assert [letter for letter in known if held.has(ord(letter)) is not validator.is_valid(letter)] == []


@pytest.mark.parametrize("name", AROUND)
def test_texts_of_a_format_fit_what_is_around_it(name: str) -> None:
    """Random texts near the format: each that the validator takes fits, and there are such."""
    validator = jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
    chance, taken = random.Random(name), 0
    for _ in range(3000):
        text = random_string(NEAR[name], chance) or ""
        if validator.is_valid(text):
            taken += 1
            assert fits(AROUND[name], text), text
    assert taken > 50


NEAR = {
    "date": r"^(20|19|00)\d\d[-/]?(0\d|1\d)-[0-3]\d ?$",
    "date-time": r"^20\d\d-(0\d|1\d)-[0-3]\d[Tt ][0-2]\d:[0-5]\d:[0-6]\d(\.\d{1,9})?([Zz]|[+-][0-2]\d:?[0-5]\d)$",
    "time": r"^[0-2]\d:[0-5]\d:[0-6]\d([.,]\d{1,9})?([Zz]|[+-][0-2]\d:?[0-5]\d)$",
    "uuid": r"^(urn:uuid:)?\{?[0-9a-fA-F]{8}-?([0-9A-Fa-f]{4}-){3}[0-9a-fA-F]{12}\}?$",
    "ipv4": r"^[0-2]?[0-9]?[0-9](\.[0-2]?[0-9]?[0-9]){3}$",
    "ipv6": r"^([0-9a-f]{0,4}:){2,7}([0-9A-F]{1,4}|1\.2\.3\.4)(%[a-z]{2})?$",
    "email": r"^(a\.b|\"a b\"|x+)@(example\.com|\[1\.2\.3\.4\]|a)$",
    "uri": r"^(https?|urn|a1\+b|/|)(://|:)[a-z]{1,5}(/[a-z%]{0,3})?(\?a=b)?$",
}


@pytest.mark.parametrize("name", INSIDE)
def test_what_is_inside_a_format_is_of_it(name: str) -> None:
    validator = jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
    chance = random.Random(name)
    assert all(validator.is_valid(random_string(INSIDE[name], chance)) for _ in range(1000))


def test_patterns_that_no_text_fits_together_are_empty() -> None:
    assert not has_word(of("^a", "^b"))
    assert has_word(of("^a", "b$"))
    assert alike("^[0-9]{2}$", r"^\d\d$")
    assert not alike("^a", "^ab")


# Wide, narrow: whole schemas, with patterns anywhere in them.
COVERED = [
    ({**STRING, "pattern": "^a"}, {**STRING, "pattern": "^ab", "maxLength": 9}),
    ({**STRING, "maxLength": 5}, {**STRING, "pattern": "^[a-z]{2,5}$"}),
    ({**STRING, "minLength": 2}, {**STRING, "pattern": "^[a-z]{2,5}$"}),
    ({**STRING, "format": "uuid"}, {**STRING, "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}),
    ({**STRING, "pattern": "^[0-9a-fA-F-]{36}$"}, {**STRING, "format": "uuid"}),
    ({**STRING, "pattern": "^[A-Z]+$"}, {"enum": ["EUR", "USD"]}),
    ({"enum": ["EUR", "USD", "a.b"]}, {**STRING, "pattern": "^(EUR|USD)$"}),
    ({"enum": ["a.b", "é/~"]}, {"type": ["string"], "pattern": r"^(a\.b|\u00e9/~)$"}),
    ({"pattern": ".*", "minLength": 1}, {"minLength": 2}),
    ({"type": "object", "additionalProperties": {"pattern": "^|a"}}, {"type": "object"}),
    ({"not": {"pattern": "^ab"}}, {"not": {"pattern": "^a"}}),
    ({"type": "array", "items": {"pattern": "^a"}}, {"type": "array", "items": {"pattern": "^ab"}}),
    ({"patternProperties": {"^xy": STRING}}, {"patternProperties": {"^x": STRING}}),
    (
        {"patternProperties": {"^[0-9]+$": STRING}, "additionalProperties": False},
        {"patternProperties": {r"^\d+$": STRING}, "additionalProperties": False},
    ),
    ({"propertyNames": {"pattern": "^x"}}, {"propertyNames": {"pattern": "^x-"}}),
    ({"type": "integer"}, {"type": ["integer", "string"], "allOf": [{"pattern": "^a"}, {"pattern": "^b"}]}),
    (
        {"$ref": "#/$defs/A", "$defs": {"A": {**STRING, "pattern": "^a"}}},
        {"$ref": "#/$defs/B", "maxLength": 3, "$defs": {"B": {**STRING, "pattern": "^ab"}}},
    ),
]


@pytest.mark.parametrize(("wide", "narrow"), COVERED)
def test_containment_of_schemas_knows_their_patterns(wide: JSON, narrow: JSON) -> None:
    assert covers(wide, narrow)


def body(schema: JSON) -> dict[str, JSON]:
    content = {"application/json": {"schema": {"type": "object", "properties": {"code": schema}}}}
    operation = {
        "operationId": "put",
        "requestBody": {"content": content},
        "responses": {"204": {"description": "-"}},
    }
    return {"paths": {"/it": {"put": operation}}}


def test_a_pattern_that_is_written_otherwise_is_no_difference(contract: Any) -> None:
    old, new = ({**STRING, "pattern": pattern} for pattern in ("^[0-9]{1,3}$", r"^\d(\d\d?)?$"))
    assert compare(contract(body(old)), contract(body(new))).findings == ()


def test_a_narrower_pattern_is_refuted_by_a_text_that_only_the_old_one_takes(contract: Any) -> None:
    old, new = (
        {**STRING, "pattern": pattern} for pattern in ("^[A-Z]{3}-[0-9]{4,6}$", "^[A-Z]{3}-[0-9]{5,6}$")
    )
    (found,) = compare(contract(body(old)), contract(body(new)), policy="strict").findings
    assert (found.id, found.verdict, found.witness) == ("request-pattern-changed", "refuted", "AAA-0000")
    (back,) = compare(contract(body(new)), contract(body(old)), policy="strict").findings
    assert (back.severity, back.verdict) == ("info", "proved")


def test_a_length_that_the_pattern_has_anyway_takes_nothing_away(contract: Any) -> None:
    old = {**STRING, "pattern": "^[A-Z]{3}$"}
    (found,) = compare(contract(body(old)), contract(body({**old, "maxLength": 3})), policy="strict").findings
    assert (found.severity, found.verdict) == ("info", "proved")


def test_an_undecided_pattern_says_what_stands_in_the_way(contract: Any) -> None:
    old, new = ({**STRING, "pattern": pattern} for pattern in (r"^(a|b)\1$", r"^(a|b)\1$|^zz$"))
    (found,) = compare(contract(body(old)), contract(body(new)), policy="strict").findings
    assert found.verdict == "unknown"
    assert "refers back to a group" in found.detail


def test_a_list_in_the_place_of_a_pattern_that_has_no_other_text_takes_nothing_away(contract: Any) -> None:
    old, new = {**STRING, "pattern": "^[A-C]$"}, {**STRING, "enum": ["A", "B", "C"]}
    for one, other in ((old, new), (new, old)):
        found = compare(contract(body(one)), contract(body(other)), policy="strict").findings
        assert {(one.severity, one.verdict) for one in found} == {("info", "proved")}


def test_names_by_a_pattern_that_is_written_otherwise_are_the_same_names(contract: Any) -> None:
    """Only what is asked of their values is compared."""
    old, same, new = (
        {"type": "object", "patternProperties": {pattern: {**STRING, **bounds}}}
        for pattern, bounds in (("^[0-9]+$", {}), (r"^\d+$", {}), (r"^\d+$", {"maxLength": 3}))
    )
    assert compare(contract(body(old)), contract(body(same))).findings == ()
    (found,) = compare(contract(body(old)), contract(body(new))).findings
    assert (found.id, found.severity) == ("request-max-length-added", "breaking")


def test_a_first_pattern_is_refuted_by_a_text_that_it_refuses(contract: Any) -> None:
    old, new = STRING, {**STRING, "pattern": "^[^<>]*$"}
    (found,) = compare(contract(body(old)), contract(body(new)), policy="strict").findings
    assert (found.id, found.verdict, found.witness) == ("request-pattern-added", "refuted", "<")


def test_a_pattern_that_takes_everything_takes_nothing_away(contract: Any) -> None:
    (found,) = compare(contract(body(STRING)), contract(body({**STRING, "pattern": ".*"}))).findings
    assert (found.severity, found.verdict) == ("info", "proved")
