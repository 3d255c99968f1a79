"""A thousand requests an hour for each key, counted in every answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

HOUR = 3600
START = 1781514000  # 2026-06-15T09:00:00Z
NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def counted(answer: Any) -> tuple[int, int, int]:
    """Limit, remaining and reset of an answer, each there once."""
    for name in NAMES:
        assert len(answer.headers.get_list(name)) == 1, (answer.status_code, name)
    limit, remaining, reset = (int(answer.headers[name]) for name in NAMES)
    return limit, remaining, reset


@pytest.fixture
def caller(mock: Any) -> Any:
    """A key that nobody else uses, with everything allowed but webhooks."""
    names = [name for name in mock.verbs if name != "webhooks"]
    return mock.scoped(*(f"{name}:{access}" for name in names for access in ("read", "write")))


def test_r30_every_answer_counts(mock: Any, caller: Any) -> None:
    """Success or refusal, each answer to a known key has the three headers, and each takes one from the rest."""
    client = caller.created("clients", mock.body("clients"))["id"]
    unknown = "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"
    json = {"content-type": "application/json"}
    requests = [
        (200, lambda: caller.get("clients")),
        (200, lambda: caller.get(f"clients/{client}")),
        (201, lambda: caller.post("contacts", mock.body("contacts"))),
        (200, lambda: caller.patch(f"clients/{client}", {"notes": "n"})),
        (400, lambda: caller.post("clients", {})),
        (400, lambda: caller.send("POST", "clients", content=b"{", headers=json)),
        (400, lambda: caller.send("POST", "clients", content=b"x", headers={"content-type": "text/plain"})),
        (400, lambda: caller.get("clients", pageSize=0)),
        (403, lambda: caller.get("webhooks")),
        (404, lambda: caller.get(f"clients/{unknown}")),
        (404, lambda: caller.get("clients/x")),
        (404, lambda: caller.get("nothing")),
        (405, lambda: caller.delete("payouts")),
        (409, lambda: caller.delete(f"invoices/{mock.seeded('invoices', 1)}")),
        (500, lambda: caller.send("GET", f"clients/{unknown}", headers={"Prefer": "fault=crash"})),
        (204, lambda: caller.delete(f"clients/{client}")),
    ]
    for used, (status, request) in enumerate(requests, 2):
        answer = request()
        assert answer.status_code == status
        assert counted(answer) == (1000, 1000 - used, START + HOUR)


def test_r30_a_refused_key_has_nothing_to_count(mock: Any) -> None:
    """401 belongs to no key; it takes nothing from anybody."""
    before = counted(mock.owner.get("clients"))[1]
    for _ in range(3):
        mock.refused(mock.key("cc_test_unknown").get("clients"), 401, "unauthorized")
    assert counted(mock.owner.get("clients"))[1] == before - 1


def test_r30_the_request_after_the_last_is_refused(mock: Any, caller: Any) -> None:
    """1000 requests pass; the next is 429 with Retry-After until the reset, does nothing, and counts nothing."""
    seen = [counted(caller.get("forms", pageSize=1))[1] for _ in range(1000)]
    assert seen == list(range(999, -1, -1))
    count = len(mock.owner.rows("clients"))
    mock.advance("10m")
    for answer in (
        caller.post("clients", mock.body("clients")),
        caller.get("nothing"),
        caller.delete("payouts"),
    ):
        mock.refused(answer, 429, "rate_limited")
        assert counted(answer) == (1000, 0, START + HOUR)
        assert answer.headers["retry-after"] == str(HOUR - 600)
    assert len(mock.owner.rows("clients")) == count
    window_ends(mock, caller)


def window_ends(mock: Any, caller: Any) -> None:
    """Up to the last second it stays closed; at the reset a new window opens."""
    mock.advance("2999s")
    answer = caller.get("clients")
    mock.refused(answer, 429, "rate_limited")
    assert answer.headers["retry-after"] == "1"
    mock.advance("1s")
    assert counted(caller.get("clients")) == (1000, 999, START + HOUR + HOUR)


def test_r30_parallel_requests_share_the_quota(caller: Any) -> None:
    """However they overlap, exactly 1000 pass, and no two answers have the same number left."""
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: caller.get("forms", pageSize=1), range(1020)))
    passed = [counted(answer)[1] for answer in answers if answer.status_code == 200]
    assert sorted(passed) == list(range(1000))
    assert [answer.status_code for answer in answers].count(429) == 20


def test_r30_each_key_has_its_own_quota(mock: Any, caller: Any) -> None:
    """What one key uses is not taken from another of the same organisation."""
    other = mock.scoped("clients:read")
    assert [counted(caller.get("clients"))[1] for _ in range(3)] == [999, 998, 997]
    assert counted(other.get("clients"))[1] == 999
    assert counted(caller.get("clients"))[1] == 996


def test_r30_both_spellings_of_a_key_share_a_quota(mock: Any) -> None:
    """The quota belongs to the key, not to the header that carries it."""
    first = mock.scoped("clients:read")
    second = mock.caller({"Authorization": f"Bearer {first.headers['x-api-key']}"})
    assert counted(first.get("clients"))[1] == 999
    assert counted(second.get("clients"))[1] == 998


def test_r30_a_window_begins_with_its_first_request(mock: Any, caller: Any) -> None:
    """The reset is an hour after the first request of the window, in whole Unix seconds."""
    mock.advance("25m")
    assert counted(caller.get("clients")) == (1000, 999, START + 1500 + HOUR)
    mock.advance("59m")
    assert counted(caller.get("clients")) == (1000, 998, START + 1500 + HOUR)
    mock.advance("1m")
    assert counted(caller.get("clients"))[1] == 999


def test_r30_the_quota_does_not_grow_with_other_operations(mock: Any, caller: Any) -> None:
    """One window covers all operations of a key."""
    seen = [counted(caller.get(name, pageSize=1))[1] for name in mock.verbs]
    assert seen == list(range(999, 999 - len(mock.verbs), -1))
