"""Hypothesis also draws constants that it reads in the user's own modules; a run draws none of them.

Which modules those are hangs on where Troth is installed, on the working directory and on who imports it, and a plan of
requests must not. Nothing public says so, hence the one door to the inside of Hypothesis, with a test of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from hypothesis.internal.conjecture import providers

__all__ = ["no_local_constants"]

_MOST = 1024


@contextlib.contextmanager
def no_local_constants() -> Iterator[None]:
    """Within it, whatever Hypothesis draws is drawn from the seed alone, and it keeps no file of constants."""
    inside: Any = providers
    known, remembered = inside._get_local_constants, inside.CONSTANTS_CACHE  # noqa: SLF001 - as said above
    inside._get_local_constants = inside.Constants  # noqa: SLF001
    inside.CONSTANTS_CACHE = type(remembered)(_MOST)  # with those of other modules in it
    try:
        yield
    finally:
        inside._get_local_constants, inside.CONSTANTS_CACHE = known, remembered  # noqa: SLF001
