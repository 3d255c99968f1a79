"""What an operation takes and gives: bodies, responses, their media types, headers and links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.dialogue import Dialogue
from troth.compatibility.facts import Direction, Fact
from troth.compatibility.headers import header_facts
from troth.compatibility.media_types import pair_media
from troth.compatibility.parameters import parameter_facts
from troth.contract.model import Media
from troth.contract.pointers import join

__all__ = ["content_facts", "message_facts"]

JSON = Any


def message_facts(talk: Dialogue) -> Iterator[Fact]:
    """The facts of one operation's messages; the schemas met on the way are handed to the walk."""
    yield from parameter_facts(talk)
    yield from _body(talk)
    yield from _responses(talk)


def _body(talk: Dialogue) -> Iterator[Fact]:
    old, new = talk.pair.old.body, talk.pair.new.body
    place = "request body"
    if old is None and new is not None:
        subject = "required-body" if new.required else "body"
        yield talk.fact(subject, "added", place, (talk.pair.old.pointer, new.pointer))
    elif old is not None and new is None:
        yield talk.fact("body", "removed", place, (old.pointer, talk.pair.new.pointer))
    elif old is not None and new is not None:
        where = (old.pointer, new.pointer)
        if old.required != new.required:
            action = "added" if new.required else "removed"
            yield talk.fact("body-requirement", action, place, where, (old.required, new.required))
        yield from _media(talk, (old.media, new.media), (place, "request", where))


def _media(
    talk: Dialogue,
    media: tuple[Mapping[str, Media], Mapping[str, Media]],
    at: tuple[str, Direction, tuple[str, str]],
) -> Iterator[Fact]:
    old, new = media
    place, direction, where = at
    travels = talk.direction(direction)
    found = pair_media(old, new)
    for before, after in found.same:
        yield from content_facts(talk, (old[before], new[after]), (f"{after} {place}", direction, where))
    subject = f"{travels}-media-type"
    for content_type in found.added:
        pointers, words = (where[0], new[content_type].pointer), f"{content_type} {place}"
        yield talk.fact(subject, "added", words, pointers, (None, content_type), (content_type,))
    for content_type in found.removed:
        pointers, words = (old[content_type].pointer, where[1]), f"{content_type} {place}"
        yield talk.fact(subject, "removed", words, pointers, (content_type, None), (content_type,))
    for wide, members in found.narrowed.items():
        pointers = old[wide].pointer, new[members[0]].pointer
        yield talk.fact(subject, "narrowed", place, pointers, (wide, list(members)), (wide, *members))
        for member in members:
            if member not in old:
                yield from content_facts(
                    talk, (old[wide], new[member]), (f"{member} {place}", direction, where)
                )
    for wide, members in found.widened.items():
        pointers = old[members[0]].pointer, new[wide].pointer
        yield talk.fact(subject, "widened", place, pointers, (list(members), wide), (wide, *members))
        for member in members:
            if member not in new:
                yield from content_facts(
                    talk, (old[member], new[wide]), (f"{member} {place}", direction, where)
                )


def content_facts(
    talk: Dialogue, media: tuple[Media, Media], at: tuple[str, Direction, tuple[str, str]]
) -> Iterator[Fact]:
    """What one media type carries on both sides; the schemas are handed to the walk."""
    words, direction, where = at
    travels = talk.direction(direction)
    one, other = media[0].schema_pointer, media[1].schema_pointer
    talk.enter(one, other, direction, "xml" if "xml" in media[1].content_type else "body")
    if bool(one) is not bool(other):
        action = "added" if other else "removed"
        at_schema = (one or where[0], other or where[1])
        subject, names = f"{travels}-media-schema", (media[1].content_type,)
        yield talk.fact(subject, action, words, at_schema, names=names)
    yield from _item_schema(talk, media, direction, words)
    yield from _encodings(talk, media, travels, words)


def _item_schema(
    talk: Dialogue, media: tuple[Media, Media], direction: Direction, place: str
) -> Iterator[Fact]:
    """The schema of each item of a stream (OpenAPI 3.2)."""
    stated = (talk.old_node(media[0].pointer), talk.new_node(media[1].pointer))
    one, other = (
        join(medium.pointer, "itemSchema") if "itemSchema" in node else None
        for medium, node in zip(media, stated, strict=True)
    )
    talk.enter(one, other, direction, "body")
    if bool(one) is not bool(other):
        action = "added" if other else "removed"
        where = (one or media[0].pointer, other or media[1].pointer)
        yield talk.fact(f"{talk.direction(direction)}-media-schema", action, f"items of {place}", where)


def _parts(media: Mapping[str, JSON]) -> dict[str, JSON]:
    """How the parts of a form are written, by name, by place and for all the others."""
    found: dict[str, JSON] = dict(media.get("encoding") or {})
    found |= {f"[{at}]": stated for at, stated in enumerate(media.get("prefixEncoding") or ())}
    return found | ({"[]": media["itemEncoding"]} if "itemEncoding" in media else {})


def _encodings(talk: Dialogue, media: tuple[Media, Media], travels: Direction, place: str) -> Iterator[Fact]:
    """How the parts of a form are written; saying what holds anyway is no difference."""
    before, after = _parts(talk.old_node(media[0].pointer)), _parts(talk.new_node(media[1].pointer))
    for name in sorted(before.keys() | after.keys()):
        if _comes_or_goes(talk, media, name):
            continue
        one, other = _differing(_encoding(before.get(name)), _encoding(after.get(name)))
        if one != other:
            where = (
                join(media[0].pointer, *_steps(name)) if name in before else media[0].pointer,
                join(media[1].pointer, *_steps(name)) if name in after else media[1].pointer,
            )
            yield talk.fact(
                f"{travels}-encoding", "changed", f"part {name} of {place}", where, (one, other), (name,)
            )


def _comes_or_goes(talk: Dialogue, media: tuple[Media, Media], name: str) -> bool:
    """Whether a part is a property of one side only: how it is written comes and goes with it."""
    shown = [
        name in reader.node(reader.key((medium.schema_pointer,))).properties
        for reader, medium in zip((talk.walk.old, talk.walk.new), media, strict=True)
        if medium.schema_pointer is not None
    ]
    return len(shown) == 2 and shown[0] is not shown[1]  # noqa: PLR2004 - both sides


def _differing(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """What the two say differently."""
    names = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    return {name: old.get(name) for name in names}, {name: new.get(name) for name in names}


def _steps(name: str) -> tuple[str, ...]:
    """Where a part is described, below its media type."""
    if name == "[]":
        return ("itemEncoding",)
    return ("prefixEncoding", name[1:-1]) if name.startswith("[") else ("encoding", name)


def _encoding(stated: JSON) -> dict[str, JSON]:
    given = stated if isinstance(stated, Mapping) else {}
    style = given.get("style", "form")
    explode = given.get("explode", style == "form")
    found = {
        "contentType": given.get("contentType"),
        "style": style,
        "explode": explode,
        "allowReserved": given.get("allowReserved") is True,
        "headers": sorted(given.get("headers") or ()),
        "parts": {name: _encoding(part) for name, part in _parts(given).items()} or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _responses(talk: Dialogue) -> Iterator[Fact]:
    old, new = talk.pair.old.responses, talk.pair.new.responses
    for status in sorted(new.keys() - old.keys()):
        where = (talk.pair.old.pointer, new[status].pointer)
        yield talk.fact(_status(status), "added", f"response {status}", where, (None, status), (status,))
    for status in sorted(old.keys() - new.keys()):
        where = (old[status].pointer, talk.pair.new.pointer)
        yield talk.fact(_status(status), "removed", f"response {status}", where, (status, None), (status,))
    for status in sorted(old.keys() & new.keys()):
        one, other = old[status], new[status]
        where = (one.pointer, other.pointer)
        yield from _media(talk, (one.media, other.media), (f"{status} response", "response", where))
        yield from header_facts(talk, one, other)
        yield from _links(talk, where, status)


def _status(status: str) -> str:
    return "success-status" if status.startswith("2") else "error-status"


def _links(talk: Dialogue, where: tuple[str, str], status: str) -> Iterator[Fact]:
    """Links to other operations: by name, each as a whole, a reference to a shared one followed."""
    before = _linked(talk.walk.old.contract.follow, where[0], talk.old_node(where[0]))
    after = _linked(talk.walk.new.contract.follow, where[1], talk.new_node(where[1]))
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if (one and one[1]) == (other and other[1]):
            continue
        action = "added" if one is None else "removed" if other is None else "changed"
        pointers = (one[0] if one else where[0], other[0] if other else where[1])
        values = (one[1] if one else None, other[1] if other else None)
        yield talk.fact("link", action, f"link {name} of response {status}", pointers, values, (name,))


def _linked(follow: Any, pointer: str, response: Mapping[str, JSON]) -> dict[str, tuple[str, JSON]]:
    found: dict[str, tuple[str, JSON]] = {}
    for name in response.get("links") or {}:
        at, link = follow(join(pointer, "links", name))
        found[name] = at, {key: value for key, value in link.items() if key != "description"}
    return found
