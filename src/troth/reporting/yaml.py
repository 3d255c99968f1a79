"""The JSON report, written as YAML."""

from __future__ import annotations

import json

import yaml

from troth.reporting.json import write as write_json
from troth.reporting.report import Report

__all__ = ["write"]


def write(report: Report) -> str:
    """What the JSON report says, member for member."""
    text: str = yaml.safe_dump(
        json.loads(write_json(report)), sort_keys=False, allow_unicode=True, width=10**6
    )
    return text
