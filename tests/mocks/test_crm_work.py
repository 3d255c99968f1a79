"""Tickets, projects, tasks, staff and time."""

from __future__ import annotations

from typing import Any

import pytest


def history(crm: Any, ticket: Any) -> list[str]:
    return [event["action"] for event in crm.office.data(f"tickets/{ticket['id']}/history")]


def test_r8_a_ticket_needs_subject_and_message(crm: Any) -> None:
    """It opens as ``open``; PUT changes subject and priority, DELETE takes it away."""
    made = crm.office.made("tickets", subject="Leak", message="Below the galley.")
    assert made["status"] == "open"
    changed = crm.office.changed(f"tickets/{made['id']}", subject="Leak again", priority=3)
    assert (changed["subject"], changed["priority"]) == ("Leak again", 3)
    assert crm.office.delete(f"tickets/{made['id']}").status_code == 200
    crm.refused(crm.office.get(f"tickets/{made['id']}"), 404)
    for field in ("subject", "message"):
        body = {"subject": "S", "message": "M"}
        del body[field]
        crm.refused(crm.office.post("tickets", body), 400, field)


def test_r8_assigning_and_closing(crm: Any) -> None:
    """``assign`` sets the member of staff, ``status`` the word; plain PUT cannot set it."""
    made = crm.office.made("tickets", subject="S", message="M")
    assert crm.office.done(f"tickets/{made['id']}/assign", staff_id=3)["assigned"] == 3
    crm.refused(crm.office.post(f"tickets/{made['id']}/assign", {"staff_id": 987654}), 400)
    crm.refused(crm.office.post(f"tickets/{made['id']}/assign", {}), 400, "staff_id")
    assert crm.office.changed(f"tickets/{made['id']}/status", status="resolved")["status"] == "resolved"
    crm.refused(crm.office.put(f"tickets/{made['id']}/status", status="settled"), 400, "status")
    crm.refused(crm.office.put(f"tickets/{made['id']}", status="closed"), 400, "status")
    assert crm.office.data(f"tickets/{made['id']}")["status"] == "resolved"


def test_r8_history_grows_on_each_change(crm: Any) -> None:
    """One line for each write; none for a refused one. Times are the clock's, as the API writes them."""
    made = crm.office.made("tickets", subject="S", message="M")
    assert history(crm, made) == ["created"]
    crm.office.done(f"tickets/{made['id']}/assign", staff_id=3)
    crm.office.put(f"tickets/{made['id']}/status", status="nonsense")
    crm.office.changed(f"tickets/{made['id']}/status", status="in_progress")
    crm.office.changed(f"tickets/{made['id']}", subject="T")
    assert history(crm, made) == ["created", "assigned", "status_changed", "updated"]
    last = crm.office.data(f"tickets/{made['id']}/history")[2]
    assert last["description"] == "Status changed from open to in_progress."
    assert last["date"] == crm.now().strftime("%Y-%m-%d %H:%M:%S")
    for path in ("replies", "attachments"):
        assert crm.office.data(f"tickets/{made['id']}/{path}") == []


def test_r8_sub_lists_have_the_tickets_own_rows(crm: Any) -> None:
    """Replies and attachments name the ticket."""
    replies = {n: crm.office.data(f"tickets/{n}/replies") for n in range(1, 31)}
    assert sum(map(len, replies.values())) == 30
    assert all(reply["ticketid"] == number for number, rows in replies.items() for reply in rows)
    found = [a for n in range(1, 31) for a in crm.office.data(f"tickets/{n}/attachments")]
    assert found
    assert {a["rel_type"] for a in found} == {"ticket"}


def test_r11_projects_are_managed(crm: Any) -> None:
    """The documented fields come back; a deadline before the start is refused."""
    body = {"name": "Refit", "clientid": 1, "billing_type": 1, "start_date": "2026-06-15", "deadline": "2026-09-01",
            "description": "Deck and galley."}  # fmt: skip
    made = crm.office.made("projects", **body)
    assert {name: made[name] for name in body} == body
    crm.refused(crm.office.put(f"projects/{made['id']}", deadline="2026-06-01"), 400, "deadline")
    for path in ("tasks", "milestones", "files", "discussions"):
        assert crm.office.data(f"projects/{made['id']}/{path}") == []
    assert crm.office.data(f"projects/{made['id']}/activity")
    assert crm.office.delete(f"projects/{made['id']}").status_code == 200


def test_r11_sub_lists_have_the_projects_own_rows(crm: Any) -> None:
    """Tasks, files and all else belong to the project, and not to what else has its number."""
    tasks = [t for t in crm.office.every("tasks") if (t["rel_type"], t["rel_id"]) == ("project", 1)]
    assert tasks
    assert crm.office.data("projects/1/tasks") == tasks
    assert {m["project_id"] for m in crm.office.data("projects/1/milestones")} == {1}
    files = [f for n in range(1, 29) for f in crm.office.data(f"projects/{n}/files")]
    assert {f["rel_type"] for f in files} == {"project"}


def test_r15_tasks_are_managed(crm: Any) -> None:
    """The documented fields come back."""
    body = {"name": "Sand the hull", "startdate": "2026-06-15", "duedate": "2026-06-20", "priority": 2,
            "rel_type": "project", "rel_id": 1, "assignees": [1, 2]}  # fmt: skip
    made = crm.office.made("tasks", **body)
    assert {name: made[name] for name in body} == body
    assert made["status"] == 1
    crm.refused(crm.office.post("tasks", {**body, "duedate": "2026-06-01"}), 400, "duedate")
    crm.refused(crm.office.post("tasks", {**body, "assignees": [1, 987654]}), 400)
    assert crm.office.delete(f"tasks/{made['id']}").status_code == 200


def test_r15_actions_of_a_task(crm: Any) -> None:
    """Assigning adds a member once, status and priority take one number, complete is 5 and stamps the end."""
    made = crm.office.made("tasks", name="Sand the hull", assignees=[1])
    at = f"tasks/{made['id']}"
    assert crm.office.done(f"{at}/assign", staff_id=3)["assignees"] == [1, 3]
    assert crm.office.done(f"{at}/assign", staff_id=3)["assignees"] == [1, 3]
    started = crm.office.changed(f"{at}/status", status=4)
    assert (started["status"], started["datefinished"]) == (4, None)
    assert crm.office.changed(f"{at}/priority", priority=4)["priority"] == 4
    done = crm.office.done(f"{at}/mark-complete")
    assert (done["status"], done["datefinished"]) == (5, crm.now().strftime("%Y-%m-%d %H:%M:%S"))
    crm.refused(crm.office.put(f"{at}/status", status=9), 400, "status")
    crm.refused(crm.office.put(f"{at}/priority"), 400, "priority")
    assert [t["id"] for t in crm.office.data("staff/3/tasks")].count(made["id"]) == 1


@pytest.mark.parametrize(
    ("path", "field"),
    [("timesheets", "task_id"), ("checklist", "task_id"), ("followers", "task_id"), ("comments", "rel_id"),
     ("attachments", "rel_id")],
)  # fmt: skip
def test_r15_sub_lists_have_the_tasks_own_rows(crm: Any, path: str, field: str) -> None:
    """Every row names its task."""
    lists = {n: crm.office.data(f"tasks/{n}/{path}") for n in range(1, 33)}
    assert sum(map(len, lists.values())) > 3
    for number, rows in lists.items():
        assert {row[field] for row in rows} <= {number}
        assert {row.get("rel_type", "task") for row in rows} <= {"task"}


def test_r16_staff_are_managed(crm: Any) -> None:
    """Four fields make a member; the password never comes back, whoever sets it."""
    body = {"firstname": "Ida", "lastname": "Coil", "email": "ida@coil.example", "password": "s3cret-word-1"}
    answer = crm.office.post("staff", body)
    assert answer.status_code == 201
    member = answer.json()["data"]
    assert member["active"] == 1
    changed = crm.office.post(f"staff/{member['id']}/change-password", {"password": "an0ther-word-2"})
    assert changed.status_code == 200
    for shown in (answer, changed, crm.office.get(f"staff/{member['id']}"), crm.office.get("staff")):
        assert "password" not in shown.text
        assert "-word-" not in shown.text
    for field in body:
        crm.refused(crm.office.post("staff", {k: v for k, v in body.items() if k != field}), 400, field)
    crm.refused(crm.office.put(f"staff/{member['id']}", password="x-word-x-1"), 400, "password")
    assert crm.office.delete(f"staff/{member['id']}").status_code == 200


def test_r16_members_are_switched_on_and_off(crm: Any) -> None:
    """``deactivate`` and ``activate`` set the flag, as often as they are called."""
    for word, flag in (("deactivate", 0), ("deactivate", 0), ("activate", 1)):
        assert crm.office.done(f"staff/2/{word}")["active"] == flag
        assert crm.office.data("staff/2")["active"] == flag


def test_r16_lists_of_a_member(crm: Any) -> None:
    """Permissions, tasks and hours are the member's own; roles and departments are the installation's."""
    for path in ("permissions", "timesheets"):
        lists = {n: crm.office.data(f"staff/{n}/{path}") for n in range(1, 29)}
        assert sum(map(len, lists.values())) > 20
        assert all(row["staff_id"] == number for number, rows in lists.items() for row in rows)
    mine = [t for t in crm.office.every("tasks") if 1 in t["assignees"]]
    assert mine
    assert crm.office.data("staff/1/tasks") == mine
    assert crm.office.data("staff/roles")
    crm.refused(crm.office.get("staff/987654/tasks"), 404)


def test_r23_a_timer_runs_until_it_ends(crm: Any) -> None:
    """Without an end there is no time spent; with one it is in seconds, and never negative."""
    timer = crm.office.made("timesheets", task_id=1, staff_id=1, start_time="2026-06-15 08:00:00")
    assert (timer["end_time"], timer["time_spent"]) == (None, None)
    at = f"timesheets/{timer['id']}"
    ended = crm.office.changed(at, end_time="2026-06-15 09:30:00", note="Deck")
    assert (ended["time_spent"], ended["note"]) == (5400, "Deck")
    crm.refused(crm.office.put(at, end_time="2026-06-15 07:00:00"), 400, "end_time")
    assert crm.office.data(at) == ended


@pytest.mark.parametrize("text", ["2026-06-15T08:00:00Z", "2026-06-15", "15.06.2026 08:00:00", "yesterday"])
def test_r23_times_have_one_form(crm: Any, text: str) -> None:
    """``YYYY-MM-DD HH:MM:SS`` and no other."""
    crm.refused(
        crm.office.post("timesheets", {"task_id": 1, "staff_id": 1, "start_time": text}), 400, "start_time"
    )


@pytest.mark.parametrize("missing", ["task_id", "staff_id", "start_time"])
def test_r23_a_timer_needs_three_fields(crm: Any, missing: str) -> None:
    """Each of them is named when it is missing."""
    body = {"task_id": 1, "staff_id": 1, "start_time": "2026-06-15 08:00:00"}
    crm.refused(crm.office.post("timesheets", {k: v for k, v in body.items() if k != missing}), 400, missing)


def test_r23_filters_narrow_time(crm: Any) -> None:
    """By task, by member and by the day on which it started."""
    everything = crm.office.every("timesheets")
    one = everything[5]
    for name in ("task_id", "staff_id"):
        wanted = [t for t in everything if t[name] == one[name]]
        assert crm.office.every("timesheets", **{name: one[name]}) == wanted
    day = sorted(t["start_time"] for t in everything)[15][:10]
    later = crm.office.every("timesheets", date_from=day)
    earlier = crm.office.every("timesheets", date_to=day)
    assert later == [t for t in everything if t["start_time"][:10] >= day]
    assert earlier == [t for t in everything if t["start_time"][:10] <= day]


def test_r8_a_member_who_goes_leaves_the_ticket_to_nobody(crm: Any) -> None:
    """The history says so in a sentence."""
    body = {"firstname": "Ida", "lastname": "Coil", "email": "ida@coil.example", "password": "s3cret-word-1"}
    member = crm.office.made("staff", **body)["id"]
    made = crm.office.made("tickets", subject="S", message="M")
    crm.office.done(f"tickets/{made['id']}/assign", staff_id=member)
    assert crm.office.delete(f"staff/{member}").status_code == 200
    assert crm.office.data(f"tickets/{made['id']}")["assigned"] is None
    assert crm.office.data(f"tickets/{made['id']}/history")[-1]["description"] == "Assigned to nobody."
