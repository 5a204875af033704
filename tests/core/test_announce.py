"""What people are told, and when; and what is nobody's business."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.announce import MEMBERS_MAX, announce, under_repair
from defib.core.case import Action, Case, Outcome
from defib.core.incident import TIMELINE_MAX, Incident, Member, Notice, NoticeKind, Phase
from defib.core.model import Cause, Verdict
from defib.core.standing import phase_of
from tests.core.facts import NOON, POLICY, after, attempt, case

EVIDENCE = attempt(Action.EVIDENCE)
UNCONFIRMED = case(confirmed_at=None, confirmed_cause=None, version=1)
CONFIRMED = case(attempt(Action.EVIDENCE, verdict=None))


def told(incident: Incident | None, before: Case, now: Case) -> tuple[Incident | None, list[NoticeKind]]:
    incident, notices = announce(incident, before, now, POLICY, NOON)
    return incident, [n.kind for n in notices]


def opened() -> Incident:
    incident, _ = announce(None, UNCONFIRMED, CONFIRMED, POLICY, NOON)
    assert incident is not None
    return incident


def other(number: int, phase: Phase = Phase.REPAIRING) -> Member:
    name = f"i-{number:04x}"
    return Member(f"{name}-1", name, name, "us-east-1a", Cause.INSTANCE_IMPAIRED, NOON, phase)


def test_a_case_nobody_has_confirmed_is_nobodys_business() -> None:
    assert told(None, UNCONFIRMED, replace(UNCONFIRMED, reason="waiting")) == (None, [])
    closed = replace(UNCONFIRMED, closed_at=NOON, outcome=Outcome.RECOVERED)
    assert told(None, UNCONFIRMED, closed) == (None, [])


def test_a_confirmed_case_opens_the_services_incident() -> None:
    incident, kinds = told(None, UNCONFIRMED, CONFIRMED)

    assert kinds == [NoticeKind.OPENED]
    assert incident is not None
    assert incident.id == "web-1"
    assert [m.case_id for m in incident.members] == ["i-0aa1-1"]


def test_a_second_instance_joins_the_same_incident() -> None:
    second = replace(CONFIRMED, instance_id="i-0bb2", name="web-3")

    incident, kinds = told(opened(), replace(UNCONFIRMED, instance_id="i-0bb2"), second)

    assert kinds == [NoticeKind.PROGRESS]
    assert incident is not None
    assert incident.number == 1
    assert len(incident.members) == 2


def test_the_next_trouble_after_a_resolved_incident_opens_another() -> None:
    resolved = replace(opened(), resolved_at=NOON, members=(other(1, Phase.CLOSED),))

    incident, kinds = told(resolved, UNCONFIRMED, CONFIRMED)

    assert kinds == [NoticeKind.OPENED]
    assert incident is not None
    assert incident.id == "web-2"
    assert incident.version == 0


STOP_NOW = case(EVIDENCE, attempt(Action.REBOOT), attempt(Action.STOP, verdict=None))
STOP_AGAIN = case(EVIDENCE, attempt(Action.STOP, verdict=Verdict.LOST), attempt(Action.STOP, verdict=None))
SECOND_ROUND = case(EVIDENCE, attempt(Action.STOP), attempt(Action.START), attempt(Action.STOP, verdict=None))
FORCING = case(EVIDENCE, attempt(Action.STOP), attempt(Action.FORCE_STOP, verdict=None))
STARTING = case(EVIDENCE, attempt(Action.STOP), attempt(Action.START, verdict=None))
NO_START = case(
    EVIDENCE, attempt(Action.STOP), attempt(Action.START, verdict=Verdict.RETRY, code="InsufficientInstanceCapacity")
)
NO_START_AGAIN = case(EVIDENCE, attempt(Action.STOP), *(attempt(Action.START, verdict=Verdict.RETRY),) * 2)
HELD = case(EVIDENCE, held_by="minimum_healthy", held_action=Action.STOP, told_of=("minimum_healthy",), reason="few")
PROTECTED = replace(HELD, held_by="stop_protection", told_of=("stop_protection",), reason="somebody protects it")
HELD_AGAIN = replace(HELD, look_again_at=after(minutes=1))
QUEUED = case(EVIDENCE, held_by="concurrent_repairs", held_action=Action.STOP, told_of=("concurrent_repairs",))
HANDED = case(EVIDENCE, handed_over_at=NOON, ask="Look.", reason="nothing helps")
HEALED = case(EVIDENCE, attempt(Action.REBOOT), closed_at=NOON, outcome=Outcome.HEALED, reason="the reboot cured it")

PLANNED = replace(
    HELD,
    held_by="",
    confirmed_cause=Cause.EVENT_SCHEDULED,
    cause=Cause.EVENT_SCHEDULED,
    told_of=("planned:minimum_healthy",),
)
"""Its restart was held once, while it worked."""
GONE_WRONG = replace(PLANNED, held_by="minimum_healthy", cause=Cause.INSTANCE_IMPAIRED)
GONE_TWICE = replace(GONE_WRONG, told_of=("planned:minimum_healthy", "minimum_healthy"))

STOPPING = case(EVIDENCE, attempt(Action.STOP), cause=Cause.STOPPING, told_of=("windows_force",))
"""Defib stops it, and people were told of a guard that has held it earlier."""
STUCK = replace(STOPPING, cause=Cause.STUCK_STOPPING, held_by="windows_force", held_action=Action.FORCE_STOP)
OUTAGE = replace(STUCK, held_by="maintenance", told_of=())
NOT_OURS = replace(STOPPING, attempts=())
DOWN = replace(STUCK, cause=Cause.STOPPED_BY_DEFIB, held_action=Action.START)
FELL = Cause.STOPPED_UNASKED

TABLE: list[tuple[str, Case, Case, list[NoticeKind]]] = [
    ("the first stop is news", case(EVIDENCE, attempt(Action.REBOOT)), STOP_NOW, [NoticeKind.PROGRESS]),
    ("the same stop is told once", STOP_NOW, replace(STOP_NOW, version=9), []),
    ("a retried stop is no news", case(EVIDENCE, attempt(Action.STOP, verdict=Verdict.LOST)), STOP_AGAIN, []),
    ("a second restart is news", case(EVIDENCE), SECOND_ROUND, [NoticeKind.PROGRESS]),
    ("forcing is news", case(EVIDENCE, attempt(Action.STOP)), FORCING, [NoticeKind.PROGRESS]),
    ("a start is part of the restart", case(EVIDENCE, attempt(Action.STOP)), STARTING, []),
    ("the first failed start is news", STARTING, NO_START, [NoticeKind.PROGRESS]),
    ("the second is not", NO_START, NO_START_AGAIN, []),
    ("a guard's refusal is told", case(EVIDENCE), HELD, [NoticeKind.HELD]),
    ("of what may not be stopped, too", case(EVIDENCE), PROTECTED, [NoticeKind.HELD]),
    ("once", HELD, HELD_AGAIN, []),
    ("a planned restart that is held again is no news", PLANNED, replace(PLANNED, held_by="minimum_healthy"), []),
    ("that the same guard holds it when it fails is told", PLANNED, GONE_WRONG, [NoticeKind.HELD]),
    ("once, though it works for a while in between", replace(PLANNED, told_of=GONE_TWICE.told_of), GONE_TWICE, []),
    ("a guard of which people know is told when it holds Defib's own stop", STOPPING, STUCK, [NoticeKind.HELD]),
    ("also one that is routine: a planned outage that began meanwhile", STOPPING, OUTAGE, [NoticeKind.HELD]),
    ("which is no news of one to which nothing was done", case(EVIDENCE), replace(QUEUED, held_by="maintenance"), []),
    ("once for that stop", STUCK, replace(STUCK, look_again_at=after(minutes=1)), []),
    ("the same guard over a stop that is not Defib's is told once", NOT_OURS, replace(STUCK, attempts=()), []),
    ("and when it holds the start of what Defib has stopped", STOPPING, DOWN, [NoticeKind.HELD]),
    ("or of what has fallen again since", replace(DOWN, held_by=""), replace(DOWN, cause=FELL), [NoticeKind.HELD]),
    ("waiting for one's turn is no news", case(EVIDENCE), QUEUED, []),
    ("handing over needs people", case(EVIDENCE), HANDED, [NoticeKind.ESCALATED]),
    ("once, too", HANDED, replace(HANDED, look_again_at=after(minutes=1)), []),
    ("the last case's end ends the incident", case(EVIDENCE), HEALED, [NoticeKind.RESOLVED]),
    ("handed over unconfirmed says so in one notice", UNCONFIRMED, HANDED, [NoticeKind.ESCALATED]),
]


@pytest.mark.parametrize(("before", "now", "kinds"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE])
def test_what_is_news(before: Case, now: Case, kinds: list[NoticeKind]) -> None:
    incident = opened()
    assert told(incident, before, now)[1] == kinds


@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [
        (case(EVIDENCE), replace(HELD, held_by="aws_issue"), []),
        (STOPPING, replace(STUCK, held_by="aws_issue"), [NoticeKind.HELD]),
        (STOPPING, replace(DOWN, held_by="aws_issue"), [NoticeKind.HELD]),
    ],
    ids=["nothing was done to it", "Defib is stopping it", "Defib has stopped it"],
)
def test_what_is_told_once_for_an_incident_is_told_of_each_that_defib_has_stopped(
    before: Case, now: Case, kinds: list[NoticeKind]
) -> None:
    assert told(replace(opened(), told_of=("aws_issue",)), before, now)[1] == kinds


def test_an_incident_goes_on_while_any_of_its_cases_does() -> None:
    both = replace(opened(), members=(*opened().members, other(7)))

    incident, kinds = told(both, case(EVIDENCE), HEALED)

    assert kinds == [NoticeKind.PROGRESS]
    assert incident is not None
    assert incident.resolved_at is None


def test_notices_are_numbered_without_a_gap() -> None:
    incident, first = announce(None, UNCONFIRMED, CONFIRMED, POLICY, NOON)
    incident, second = announce(incident, case(EVIDENCE), STOP_NOW, POLICY, NOON)
    incident, third = announce(incident, STOP_NOW, HEALED, POLICY, NOON)

    assert [n.sequence for n in (*first, *second, *third)] == [1, 2, 3]
    assert incident is not None
    assert incident.notices == 3
    assert incident.resolved_at == NOON


def test_nothing_new_leaves_the_incident_as_it_is() -> None:
    incident = opened()
    same, notices = announce(incident, CONFIRMED, replace(CONFIRMED, look_again_at=NOON), POLICY, NOON)

    assert same is incident
    assert notices == ()


PHASES: list[tuple[Case, Phase]] = [
    (CONFIRMED, Phase.WATCHING),
    (STOP_NOW, Phase.REPAIRING),
    (replace(STARTING, healthy_since=NOON), Phase.VERIFYING),
    (HELD, Phase.HELD),
    (HANDED, Phase.HANDED_OVER),
    (HEALED, Phase.CLOSED),
]


@pytest.mark.parametrize(("so_far", "phase"), PHASES)
def test_each_phase(so_far: Case, phase: Phase) -> None:
    assert phase_of(so_far) is phase


def test_every_phase_has_a_row() -> None:
    assert {phase for _, phase in PHASES} == set(Phase)


def test_only_other_cases_being_worked_on_count_as_under_repair() -> None:
    members = (*opened().members, *(other(n, phase) for n, phase in enumerate(Phase)))
    incident = replace(opened(), members=members)

    at_it = tuple(m.instance_id for m in members if m.phase in (Phase.REPAIRING, Phase.VERIFYING))
    assert under_repair(incident, "i-0aa1-1") == at_it
    assert under_repair(incident, members[2].case_id) == at_it[1:]
    assert under_repair(None, "i-0aa1-1") == ()


AWAY: list[tuple[tuple[Action, ...], int]] = [
    ((), 0),
    ((Action.REBOOT,), 0),
    ((Action.DRAIN,), 1),
    ((Action.DRAIN, Action.RESTORE), 0),
    ((Action.STOP,), 1),
    ((Action.STOP, Action.FORCE_STOP), 1),
    ((Action.STOP, Action.START), 0),
    ((Action.ENTER_STANDBY,), 1),
    ((Action.ENTER_STANDBY, Action.EXIT_STANDBY), 0),
]


@pytest.mark.parametrize(("done", "under_way"), AWAY)
def test_a_held_repair_counts_while_defib_keeps_the_instance_from_serving(
    done: tuple[Action, ...], under_way: int
) -> None:
    so_far = case(EVIDENCE, *(attempt(action) for action in done), held_by="kill_switch", held_action=Action.START)
    incident, _ = announce(opened(), CONFIRMED, so_far, POLICY, NOON)

    assert len(under_repair(incident, "i-0bb2-1")) == under_way
    given_up, _ = announce(incident, so_far, replace(so_far, handed_over_at=NOON, held_by=""), POLICY, NOON)
    assert under_repair(given_up, "i-0bb2-1") == ()


def test_an_incident_of_many_cases_keeps_the_open_ones() -> None:
    crowded = replace(opened(), members=(other(0, Phase.CLOSED), *(other(n) for n in range(1, MEMBERS_MAX))))

    incident, _ = announce(crowded, UNCONFIRMED, CONFIRMED, POLICY, NOON)

    assert incident is not None
    assert len(incident.members) == MEMBERS_MAX
    assert all(m.phase is not Phase.CLOSED for m in incident.members)


FULL = replace(opened(), members=tuple(other(n, Phase.HELD) for n in range(MEMBERS_MAX)))


def test_of_more_than_an_incident_has_room_for_each_waits_without_a_place_but_is_told_of_when_it_needs_people() -> None:
    waiting, kinds = told(FULL, UNCONFIRMED, CONFIRMED)
    assert (waiting, kinds) == (FULL, [])

    asking, kinds = told(FULL, case(EVIDENCE), HANDED)
    assert asking is not None
    assert (asking.members, kinds) == (FULL.members, [NoticeKind.ESCALATED])


OVER = replace(CONFIRMED, closed_at=NOON, outcome=Outcome.RECOVERED, reason="it works again")
ONE_OVER = replace(FULL, members=(other(0, Phase.CLOSED), *FULL.members[1:]))
RESOLVED = replace(FULL, members=tuple(other(n, Phase.CLOSED) for n in range(MEMBERS_MAX)), resolved_at=NOON)


@pytest.mark.parametrize("incident", [FULL, ONE_OVER, RESOLVED], ids=["full", "one over", "resolved"])
@pytest.mark.parametrize("before", [CONFIRMED, replace(CONFIRMED, told_of=("concurrent_repairs", "stack_share"))])
def test_what_had_no_place_and_is_over_before_anybody_heard_of_it_is_no_news(incident: Incident, before: Case) -> None:
    """It neither joins an incident in the moment in which it ends, nor opens one of its own."""
    assert told(incident, before, replace(OVER, told_of=before.told_of)) == (incident, [])


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (HANDED, replace(HANDED, closed_at=NOON, outcome=Outcome.RECOVERED)),
        (HELD, replace(HELD, held_by="", closed_at=NOON, outcome=Outcome.RECOVERED)),
    ],
)
def test_what_had_no_place_but_was_told_of_is_told_to_be_over_and_does_not_join(before: Case, now: Case) -> None:
    assert told(ONE_OVER, before, now)[1] == [NoticeKind.PROGRESS]


def test_what_defib_works_on_takes_the_place_of_one_that_waits() -> None:
    incident, _ = told(FULL, case(EVIDENCE), STOP_NOW)

    assert incident is not None
    assert len(incident.members) == MEMBERS_MAX
    assert under_repair(incident, "another") == (STOP_NOW.instance_id,)
    busy = replace(FULL, members=tuple(other(n, Phase.REPAIRING) for n in range(MEMBERS_MAX)))
    crowded, _ = told(busy, case(EVIDENCE), STOP_NOW)
    assert crowded is not None
    assert len(under_repair(crowded, "another")) == MEMBERS_MAX + 1, "a limit counts each"


def test_the_timeline_keeps_the_newest_lines() -> None:
    incident: Incident | None = opened()
    notices: tuple[Notice, ...] = ()
    for second in range(TIMELINE_MAX + 5):
        incident, notices = announce(incident, case(EVIDENCE), STOP_NOW, POLICY, after(seconds=second))

    assert incident is not None
    kept = [f"{after(seconds=second):%H:%M:%S} UTC" for second in range(5, TIMELINE_MAX + 5)]
    assert [line.partition("  ")[0] for line in incident.timeline] == kept
    assert all(line in notices[0].body for line in incident.timeline)
