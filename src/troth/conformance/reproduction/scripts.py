"""A reproduction as a script of its own: nothing but Python's standard library, credentials from the environment."""

from __future__ import annotations

import json
import re

from troth.conformance.reproduction.steps import Reproduction

__all__ = ["script", "variable_of"]

_TEMPLATE = '''\
#!/usr/bin/env python3
"""{title}

{detail}
{place}

Usage: {usage}python {name}.py BASE_URL

Exit codes: 0 the server answers as the contract says, 1 it does not, 2 it cannot be told.
"""

import json
import os
import re
import secrets
import sys
import urllib.error
import urllib.request

CALLERS = {callers}
STEPS = {steps}
EXPECTS = {expects}

ABSENT = "(absent)"
MADE = re.compile(
    r"[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}|\\b[0-9a-f]{{24}}\\b|req_\\w+", re.ASCII
)
MOMENT = re.compile(r"\\d{{4}}-\\d{{2}}-\\d{{2}}[T ]\\d{{2}}:\\d{{2}}[:.\\dZ+-]*")
values = {{"mark": secrets.token_hex(4)}}


def credential(name):
    """The headers of a caller: each from an environment variable named after the caller and the header."""
    if name is None:
        return {{}}
    found = {{}}
    for header, variable in CALLERS[name].items():
        if variable not in os.environ:
            sys.exit(f"Set {{variable}} to the header {{header}} of {{name}}.")
        found[header] = os.environ[variable]
        values[f"{{name}}.{{header}}"] = os.environ[variable]
    return found


def filled(text):
    return re.sub(r"\\{{\\{{([^{{}}]+)\\}}\\}}", lambda found: str(values[found[1]]), text)


def at(value, pointer):
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return ABSENT
    return value


def renamed(value):
    """The value with names of variables in the place of ids, so that it can be compared."""
    if not isinstance(value, str):
        return value
    for name, known in sorted(values.items(), key=lambda item: -len(str(item[1]))):
        if "." not in name and len(str(known)) >= 6:
            value = value.replace(str(known), "{{{{" + name + "}}}}")
    return MADE.sub("(made)", MOMENT.sub("(moment)", value))


def ask(base, step):
    body = re.sub(r'"\\{{\\{{([^{{}}."]+)\\}}\\}}"', lambda found: json.dumps(values[found[1]]), step.get("send", ""))
    headers = {{"Accept": "application/json", **credential(step["as"])}}
    headers.update({{name: filled(value) for name, value in step.get("headers", {{}}).items()}})
    request = urllib.request.Request(
        base + filled(step["path"]), filled(body).encode() or None, headers, method=step["method"]
    )
    try:
        response = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as refusal:
        response = refusal
    text = response.read().decode("utf-8", "replace")
    try:
        parsed = json.loads(text) if text else None
    except ValueError:
        parsed = None
    return response.status, {{k.lower(): v for k, v in response.headers.items()}}, parsed, text


def seen(place, status, headers, parsed, text):
    if place == "status":
        return status
    if place == "text":
        return renamed(text)[:200]
    if place.startswith("header:"):
        value = headers.get(place[7:], ABSENT)
        if place == "header:content-type":
            return value.partition(";")[0].strip()
        return "(given)" if place == "header:retry-after" and value != ABSENT else value
    return renamed(at(parsed, place))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    base = sys.argv[1].rstrip("/")
    for name in CALLERS:
        credential(name)
    for number, step in enumerate(STEPS):
        for _ in range(step.get("times", 1)):
            answer = ask(base, step)
        who = step["as"] or "anonymous"
        print(f"{{number + 1}}. {{who}}: {{step['method']}} {{filled(step['path'])}} -> {{answer[0]}}")
        for name, pointer in step.get("keeps", {{}}).items():
            found = at(answer[2], pointer)
            if found == ABSENT:
                print(f"   The answer has no {{pointer}}, so this cannot go on: {{answer[3][:300]}}")
                sys.exit(2)
            values[name] = found
        if number == EXPECTS["step"]:
            found = seen(EXPECTS["at"], *answer)
            if found == EXPECTS["right"]:
                print(f"OK: {{EXPECTS['at']}} is {{found!r}}.")
                return
            print(f"FAILED: {{EXPECTS['at']}} is {{found!r}}, by the contract it is {{EXPECTS['right']!r}}.")
            sys.exit(1)


main()
'''


def variable_of(caller: str, header: str) -> str:
    """The environment variable that holds a caller's header."""
    return re.sub(r"\W+", "_", f"{caller}_{header}").strip("_").upper()


def script(reproduction: Reproduction, *, name: str, title: str, detail: str = "", place: str = "") -> str:
    """The script's text. It fails on a server that answers as the target did, and passes on one that is right."""
    callers = {c.name: {h: variable_of(c.name, h) for h in c.headers} for c in reproduction.callers}
    variables = [variable for headers in callers.values() for variable in headers.values()]
    given = reproduction.as_json()
    return _TEMPLATE.format(
        title=_plain(title), detail=_plain(detail), place=_plain(place),
        usage="".join(f"{variable}=... " for variable in variables), name=re.sub(r"\W+", "_", name),
        callers=_literal(callers), steps=_literal(given["steps"]), expects=_literal(given["expects"]),
    )  # fmt: skip


def _literal(value: object) -> str:
    """JSON with Python's words for nothing and for truth, indented."""
    text = json.dumps(value, ensure_ascii=True, indent=4)
    return re.sub(
        r"(?m)(?<=: )(null|true|false)(?=,?$)",
        lambda m: {"null": "None", "true": "True", "false": "False"}[m[1]],
        text,
    )


def _plain(text: str) -> str:
    """Text that ends no docstring and starts no escape."""
    return text.replace("\\", "/").replace('"""', "'''").strip()
