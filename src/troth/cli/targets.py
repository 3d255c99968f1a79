"""The target of a command: where it is and who may speak to it, from options and the target file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from troth.cli.settings import Settings, parse_rate
from troth.errors import UsageError

if TYPE_CHECKING:
    from troth.conformance import Target

__all__ = ["target_of"]


def target_of(settings: Settings, options: Mapping[str, Any]) -> Target:
    """The options before the file. Raises UsageError when no URL is given."""
    from troth.conformance import Target, principal_of  # noqa: PLC0415 - as above

    url = options["base_url"] or settings.base_url
    if not url:
        raise UsageError("Say where the target is: --base-url URL, or base-url under [target] in troth.toml.")
    given = tuple(principal_of(text, os.environ) for text in options["principals"])
    rate = parse_rate(options["rate"]) if options["rate"] else settings.rate
    return Target(
        url,
        given or tuple(settings.principals.values()),
        rate,
        options["control"] or settings.control_url,
        receiver_url=options.get("receiver") or settings.receiver_url,
        listen=options.get("listen") or settings.listen,
        cleanup=settings.cleanup,
        applications=tuple(settings.applications.values()),
    )
