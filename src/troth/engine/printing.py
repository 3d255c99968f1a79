"""Documents: a row as a PDF, written by hand, so that equal rows give equal bytes.

PDF 1.4 (ISO 32000) with one of the fonts that every reader has; no dates, no random ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from troth.engine.calls import Call, Rows
from troth.engine.messages import Response

__all__ = ["portable", "printing"]

_LINES = 48


def printing(rows: Rows) -> Callable[[Call], Response]:
    """The performer that shows the row of its path as a document."""
    noun = _singular(rows.resource.name)

    def perform(call: Call) -> Response:
        row = rows.find(call)
        name = f"{noun.lower().replace(' ', '-')}-{row.id}.pdf"
        content = portable(f"{noun} {row.id}", list(_lines(rows.sight.view(row, call.world))))
        plain = "document-plain" in rows.faults
        headers = [
            (b"content-type", b"text/plain" if plain else b"application/pdf"),
            (b"content-disposition", f'attachment; filename="{name}"'.encode("latin-1", "replace")),
        ]
        return Response(rows.binding.success, headers, content)

    return perform


def _singular(name: str) -> str:
    words = name.rpartition(".")[2].replace("-", " ").replace("_", " ").removesuffix("s")
    return words[:1].upper() + words[1:]


def _lines(view: Mapping[str, Any]) -> Iterator[str]:
    """Scalars first, each on its line, then the objects of each list, one a line."""
    for name, value in view.items():
        if value is not None and not isinstance(value, list | Mapping):
            yield f"{name}: {value}"
    for name, value in view.items():
        items = value if isinstance(value, list) else ()
        if items:
            yield ""
            yield f"{name}:"
        for item in items:
            told = item.items() if isinstance(item, Mapping) else [("", item)]
            yield "  " + ", ".join(f"{key} {inner}".strip() for key, inner in told)


def portable(title: str, lines: list[str]) -> bytes:
    """A PDF with a title and lines of text on as many pages as they need."""
    pages = [lines[at : at + _LINES] for at in range(0, len(lines), _LINES)] or [[]]
    first = 5
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (" + _escaped(title) + b") /Producer (troth) >>",
    ]
    for number, page in enumerate(pages):
        text = _content(title if not number else "", page)
        resources = "/MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
        objects += [
            f"<< /Type /Page /Parent 2 0 R {resources} /Contents {first + 2 * number + 1} 0 R >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        ]
    return _file(objects)


def _content(title: str, lines: list[str]) -> bytes:
    heading = b"BT /F1 18 Tf 56 786 Td (" + _escaped(title) + b") Tj ET\n" if title else b""
    body = b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in lines)
    return heading + b"BT /F1 10 Tf 14 TL 56 756 Td\n" + body + b"ET"


def _escaped(text: str) -> bytes:
    plain = text.encode("cp1252", "replace")
    return plain.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)").replace(b"\n", b" ")


def _file(objects: list[bytes]) -> bytes:
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    digest = hashlib.sha256(made).hexdigest()[:32].encode()
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    trailer = b"<< /Size %d /Root 1 0 R /Info 4 0 R /ID [<%s> <%s>] >>" % (count, digest, digest)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n"
    return made + end % (count, table, trailer, len(made))
