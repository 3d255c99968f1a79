"""Cross-origin requests: a browser application on another port may call the mock (Fetch standard, CORS protocol)."""

from __future__ import annotations

from troth.engine import Request, Response

__all__ = ["preflight", "share"]

_EXPOSED = b"*"
_AGE = b"600"


def preflight(request: Request) -> Response | None:
    """The answer to a preflight request; None when it is none."""
    wanted = request.headers.get("access-control-request-method")
    if request.method != "OPTIONS" or wanted is None or "origin" not in request.headers:
        return None
    headers = [
        (b"access-control-allow-methods", wanted.encode("latin-1", "replace")),
        (b"access-control-max-age", _AGE),
    ]
    asked = request.headers.get("access-control-request-headers")
    if asked:
        headers.append((b"access-control-allow-headers", asked.encode("latin-1", "replace")))
    response = Response(204, headers)
    share(request, response)
    return response


def share(request: Request, response: Response) -> None:
    """Let the page that asked read the response and all of its headers."""
    origin = request.headers.get("origin")
    if origin is not None:
        response.headers += [
            (b"access-control-allow-origin", origin.encode("latin-1", "replace")),
            (b"access-control-expose-headers", _EXPOSED),
            (b"vary", b"Origin"),
        ]
