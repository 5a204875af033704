"""What people hear of an event that AWS has announced, and which incident it is in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from defib.core.announce import announce, under_repair
from defib.core.case import Action, Attempt, Case, Outcome
from defib.core.contact import Contact
from defib.core.escalation import Tier
from defib.core.incident import Incident, NoticeKind, Phase
from defib.core.message import compose
from defib.core.model import Cause, Event, Verdict
from defib.core.news import News
from defib.core.policy import Mode, Policy
from defib.core.severity import Severity
from tests.core.announced import EVIDENCE, LATER, MOVED, TOO_LATE, WAITING, waiting, wants
from tests.core.facts import NOON, after, attempt, case, policy

SPOT = {"evidence": ("status checks pass", "not to be stopped: it is a spot instance")}
BOUND_THERE = {"evidence": ("status checks pass", "bound to its Dedicated Host h-0a1")}


def told(incident: Incident | None, before: Case, now: Case) -> tuple[Incident | None, list[NoticeKind]]:
    incident, notices = announce(incident, before, now, wants(LATER), NOON)
    return incident, [n.kind for n in notices]


UNSEEN = replace(WAITING, confirmed_at=None, confirmed_cause=None, event=None, cause=Cause.HEALTHY)


def foretold() -> Incident:
    incident, kinds = told(None, UNSEEN, WAITING)
    assert incident is not None
    assert kinds == [NoticeKind.PLANNED]
    return incident


def test_an_announcement_keeps_no_incident_open_and_a_failure_opens_its_own() -> None:
    assert foretold().resolved_at == NOON
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")

    incident, kinds = told(foretold(), replace(failing, confirmed_at=None), failing)

    assert incident is not None
    assert (incident.number, kinds) == (2, [NoticeKind.OPENED])


def test_a_look_that_finds_nothing_new_changes_no_incident() -> None:
    assert told(foretold(), WAITING, replace(WAITING, look_again_at=after(hours=1))) == (foretold(), [])


def test_a_move_is_counted_as_a_repair_from_its_first_act_in_the_newest_incident() -> None:
    begun = waiting(EVIDENCE, attempt(Action.DRAIN, verdict=None))

    incident, kinds = told(foretold(), WAITING, begun)

    assert incident is not None
    assert (incident.number, incident.resolved_at, kinds) == (2, None, [])
    assert under_repair(incident, "i-0bb2-1") == ("i-0aa1",)


def test_a_move_of_which_only_awss_list_has_yet_to_hear_leaves_its_place_to_others_and_is_no_news() -> None:
    moving = waiting(EVIDENCE, *MOVED, healthy_since=NOON)
    begun, _ = told(foretold(), WAITING, moving)
    moved = replace(moving, idle=True)

    incident, kinds = told(begun, moving, moved)
    fails_on_its_way, _ = told(begun, moving, replace(moving, cause=Cause.SYSTEM_IMPAIRED, healthy_since=None))

    assert incident is not None
    assert (under_repair(incident, "i-0bb2-1"), incident.resolved_at, kinds) == ((), None, [])
    assert under_repair(begun, "i-0bb2-1") == under_repair(fails_on_its_way, "i-0bb2-1") == ("i-0aa1",)


def test_a_move_that_was_given_back_takes_no_place_while_it_waits_for_its_next_window() -> None:
    drained = waiting(EVIDENCE, attempt(Action.DRAIN))
    begun, _ = told(foretold(), WAITING, drained)
    given_back = waiting(EVIDENCE, attempt(Action.DRAIN), attempt(Action.RESTORE), healthy_since=NOON)

    waits, _ = told(begun, drained, given_back)

    assert waits is not None
    assert under_repair(begun, "i-0bb2-1") == ("i-0aa1",)
    assert under_repair(waits, "i-0bb2-1") == ()


@pytest.mark.parametrize(("acts", "is_over"), [((EVIDENCE,), True), ((EVIDENCE, *MOVED), False)])
def test_what_is_held_for_an_event_keeps_an_incident_open_only_where_its_restart_has_begun(
    acts: tuple[Attempt, ...], is_over: bool
) -> None:
    """It may fail since, and a guard forbid to stop it once more."""
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")
    outage, _ = told(None, replace(failing, confirmed_at=None), failing)
    both, _ = told(outage, UNSEEN, waiting(*acts, held_by="minimum_healthy", held_action=Action.STOP))

    over, _ = told(both, failing, replace(failing, closed_at=NOON, outcome=Outcome.HEALED))

    assert over is not None
    assert (over.resolved_at is not None) is is_over


@pytest.mark.parametrize("handed_over", [None, NOON], ids=["", "people had it"])
def test_who_heard_of_a_move_hears_what_comes_of_it_where_it_fails_after_that(handed_over: datetime | None) -> None:
    begun, _ = told(foretold(), WAITING, waiting(EVIDENCE, *MOVED))
    back = waiting(EVIDENCE, *MOVED, idle=True, handed_over_at=handed_over)
    reason = "its instance status check fails: that is a case of its own"
    failed = replace(back, closed_at=NOON, outcome=Outcome.GAVE_WAY, reason=reason)
    waited = replace(WAITING, closed_at=NOON, outcome=Outcome.GAVE_WAY, reason=reason)

    over, notices = announce(begun, back, failed, wants(LATER), NOON)
    silent, nothing = announce(foretold(), WAITING, waited, wants(LATER), NOON)

    assert over is not None
    assert (over.resolved_at, [n.kind for n in notices]) == (
        NOON,
        [NoticeKind.RESOLVED],
    )
    assert f"was restarted as planned; now {reason}." in notices[0].body
    assert (silent, nothing) == (foretold(), ())


def test_a_failure_that_joins_a_move_is_announced_as_an_outage() -> None:
    moving, _ = told(foretold(), WAITING, waiting(EVIDENCE, attempt(Action.DRAIN, verdict=None)))
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")

    incident, kinds = told(moving, replace(failing, confirmed_at=None), failing)

    assert incident is not None
    assert (incident.number, kinds) == (2, [NoticeKind.OPENED])


def test_an_announcement_in_the_middle_of_an_outage_does_not_keep_it_open() -> None:
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")
    outage, _ = told(None, replace(failing, confirmed_at=None), failing)
    both, kinds = told(outage, UNSEEN, WAITING)
    assert kinds == [NoticeKind.PLANNED]

    over, kinds = told(both, failing, replace(failing, closed_at=NOON, outcome=Outcome.HEALED))

    assert over is not None
    assert (over.resolved_at, kinds) == (NOON, [NoticeKind.RESOLVED])
    assert [m.phase for m in over.members] == [Phase.CLOSED, Phase.WATCHING]


def test_a_move_that_is_over_after_the_outage_that_it_joined_ends_that_for_whoever_heard_of_it() -> None:
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")
    outage, _ = told(None, replace(failing, confirmed_at=None), failing)
    begun = waiting(EVIDENCE, attempt(Action.DRAIN, verdict=None))
    both, _ = told(outage, UNSEEN, begun)
    left, kinds = told(both, failing, replace(failing, closed_at=NOON, outcome=Outcome.HEALED))
    assert kinds == [NoticeKind.PROGRESS]

    over, kinds = told(left, begun, replace(waiting(EVIDENCE, *MOVED), closed_at=NOON, outcome=Outcome.HEALED))

    assert over is not None
    assert (over.resolved_at, kinds) == (NOON, [NoticeKind.RESOLVED])


def test_what_has_begun_is_dated_from_then_not_from_the_announcement() -> None:
    begun = waiting(EVIDENCE, attempt(Action.STOP, verdict=None), confirmed_at=after(days=-3, hours=-1))

    _, notice = compose(Incident("web", 1, NOON), begun, News.STOPPING, wants().services[0], wants(), NOON)

    assert "30 April 2026 12:00:00 UTC, confirmed 12:00:00 UTC." in notice.body


def test_an_announcement_says_when_aws_says_that_it_ends() -> None:
    ends = replace(WAITING, event=Event("system-maintenance", after(days=2), after(days=2, hours=3)))

    _, notice = compose(Incident("web", 1, NOON), ends, News.ANNOUNCED, wants().services[0], wants(), NOON)

    assert "AWS says that it ends by 02 May 15:00 UTC." in notice.body


@pytest.mark.parametrize(
    ("limits", "changes", "words"),
    [
        (wants(LATER), {}, "Defib stops and starts it on another host."),
        (wants(LATER), {}, "In the maintenance window from 30 April 20:00 UTC to 30 April 22:00 UTC"),
        (wants(TOO_LATE), {}, "no maintenance window of service web begins before then"),
        (wants(LATER, planned_restart=False), {}, "planned_restart is off for service web"),
        (policy(planned_restart=True, maintenance=(LATER,), mode=Mode.OBSERVE), {}, "is in observe mode"),
        (
            wants(),
            {"group": "web-asg"},
            "aws autoscaling terminate-instance-in-auto-scaling-group --region us-east-1 --instance-id i-0aa1",
        ),
        (wants(), {}, "aws ec2 stop-instances --region us-east-1 --instance-ids i-0aa1"),
        (wants(LATER), BOUND_THERE, "Nothing before 02 May 12:00 UTC: a stop and start would bring it back to its"),
        (
            wants(),
            BOUND_THERE,
            "aws ec2 modify-instance-placement --region us-east-1 --instance-id i-0aa1 --host-id ANOTHER_HOST",
        ),
        (wants(), BOUND_THERE, "AWS then moves it to a replacement host, on which it keeps room for it"),
        (wants(LATER), SPOT, "Nothing before 02 May 12:00 UTC: it is a spot instance, which Defib does not stop."),
        (wants(), SPOT, "Launch another in its place before 02 May 12:00 UTC, and save what is on it"),
        (wants(), {}, "A stop loses what is on instance-store volumes, and a public address that is no Elastic IP"),
        (wants(), BOUND_THERE, "A stop loses what is on instance-store volumes"),
        (wants(LATER), {"instance_type": "mac2.metal"}, "it is a Mac, whose host AWS cleans for hours after a stop"),
        (wants(), {"instance_type": "mac2.metal"}, "a Mac may not start for up to four and a half hours"),
    ],
)
def test_people_read_what_aws_will_do_what_defib_does_before_and_what_they_can_do(
    limits: Policy, changes: dict[str, object], words: str
) -> None:
    so_far = replace(WAITING, **changes)  # type: ignore[arg-type]  # keyword arguments of one known dataclass

    _, notice = compose(Incident("web", 1, NOON), so_far, News.ANNOUNCED, limits.services[0], limits, NOON)

    assert notice.subject == "[Defib web] PLANNED: web-2 is to be retired by AWS from 02 May 12:00 UTC"
    assert words in notice.body
    assert not notice.sms.endswith("...")


@pytest.mark.parametrize("limits", [wants(), wants(LATER)], ids=["off", "on"])
def test_nobody_is_told_to_restart_what_can_only_be_replaced(limits: Policy) -> None:
    so_far = replace(WAITING, **SPOT)  # type: ignore[arg-type]  # keyword arguments of one known dataclass

    _, notice = compose(Incident("web", 1, NOON), so_far, News.ANNOUNCED, limits.services[0], limits, NOON)

    assert "stop-instances" not in notice.body
    assert "planned_restart is off" not in notice.body
    assert "Replace it yourself before 02 May 12:00 UTC." in notice.sms


def test_who_was_called_over_a_move_that_went_wrong_hears_that_it_is_resolved() -> None:
    oncall = Contact("oncall", email=("oncall@example.com",))
    limits = policy(planned_restart=True, maintenance=(LATER,), tell=("oncall",))
    limits = replace(limits, contacts=(oncall,))
    begun, _ = announce(foretold(), WAITING, waiting(EVIDENCE, attempt(Action.STOP, verdict=None)), limits, NOON)
    stopped = waiting(EVIDENCE, attempt(Action.STOP), cause=Cause.STOPPED_BY_DEFIB)
    held = replace(stopped, held_by="kill_switch", held_action=Action.START, told_of=("kill_switch",))
    called, notices = announce(begun, stopped, held, limits, NOON)
    assert [n.kind for n in notices] == [NoticeKind.HELD]

    over, notices = announce(
        called, held, replace(waiting(EVIDENCE, *MOVED), closed_at=NOON, outcome=Outcome.HEALED), limits, NOON
    )

    assert over is not None
    assert over.resolved_at == NOON
    assert [(n.kind, n.severity) for n in notices] == [(NoticeKind.RESOLVED, Severity.HIGH)]


def test_who_was_called_over_one_that_never_began_hears_that_it_is_over() -> None:
    called = replace(foretold(), reached=Tier.FIRST, resolved_at=None)
    theirs = replace(WAITING, handed_over_at=NOON)

    over, kinds = told(called, theirs, replace(theirs, closed_at=NOON, outcome=Outcome.RECOVERED))

    assert over is not None
    assert (over.resolved_at, kinds) == (NOON, [NoticeKind.RESOLVED])


@pytest.mark.parametrize("told_of", [(), ("planned:minimum_healthy",), ("minimum_healthy",)])
def test_who_heard_that_a_move_began_hears_its_end_however_it_went(told_of: tuple[str, ...]) -> None:
    """A machine has an alert for it, and closes it by that word alone."""
    begun, _ = told(foretold(), WAITING, waiting(EVIDENCE, *MOVED))
    failing = waiting(EVIDENCE, *MOVED, cause=Cause.SYSTEM_IMPAIRED, told_of=told_of)

    over, kinds = told(begun, failing, replace(failing, closed_at=NOON, outcome=Outcome.HEALED))

    assert over is not None
    assert (over.reached, over.resolved_at, kinds) == (None, NOON, [NoticeKind.RESOLVED])


def test_where_another_is_still_on_its_way_the_end_of_one_move_is_not_that_of_all() -> None:
    other = replace(waiting(EVIDENCE, *MOVED), instance_id="i-0bb2", name="web-3")
    begun, _ = told(foretold(), WAITING, waiting(EVIDENCE, *MOVED))
    both, _ = told(begun, replace(other, attempts=()), other)
    moved = waiting(EVIDENCE, *MOVED)

    one, kinds = told(both, moved, replace(moved, closed_at=NOON, outcome=Outcome.HEALED))
    assert one is not None
    assert (one.resolved_at, kinds) == (None, [NoticeKind.PLANNED])

    over, kinds = told(one, other, replace(other, closed_at=NOON, outcome=Outcome.HEALED))
    assert over is not None
    assert (over.resolved_at, kinds) == (NOON, [NoticeKind.RESOLVED])


@pytest.mark.parametrize("guard", ["aws_issue", "zone_impaired"])
def test_what_is_held_with_a_crowd_when_aws_announces_its_event_is_announced_and_no_more(guard: str) -> None:
    held = replace(WAITING, held_by=guard, held_action=Action.EVIDENCE, told_of=(f"planned:{guard}",))

    incident, kinds = told(None, UNSEEN, held)
    later, nothing = told(incident, held, replace(held, look_again_at=after(minutes=5)))

    assert incident is not None
    assert (incident.resolved_at, kinds) == (NOON, [NoticeKind.PLANNED])
    assert (later, nothing) == (incident, [])


IN_VAIN = waiting(
    EVIDENCE, attempt(Action.STOP, verdict=Verdict.RETRY, code="RequestLimitExceeded"), healthy_since=NOON
)
"""Its window is over, and nothing came of its restart."""
FAILS = "its system status check fails: that is a case of its own"


def test_who_heard_of_a_move_that_came_to_nothing_hears_that_it_is_put_off_once() -> None:
    stopping = waiting(EVIDENCE, attempt(Action.STOP, verdict=None))
    begun, kinds = told(foretold(), WAITING, stopping)
    assert kinds == [NoticeKind.PROGRESS]

    off, notices = announce(begun, stopping, IN_VAIN, wants(LATER), NOON)
    gone, nothing = told(off, IN_VAIN, replace(IN_VAIN, closed_at=NOON, outcome=Outcome.GAVE_WAY, reason=FAILS))

    assert off is not None
    assert (off.resolved_at, [n.kind for n in notices]) == (NOON, [NoticeKind.RESOLVED])
    assert "web-2 serves as before, its restart before 02 May 12:00 UTC is put off" in notices[0].subject
    assert (gone, nothing) == (off, [])


def test_a_move_that_is_tried_again_within_its_window_is_not_put_off() -> None:
    begun, _ = told(foretold(), WAITING, waiting(EVIDENCE, attempt(Action.STOP, verdict=None)))

    again, notices = announce(begun, WAITING, IN_VAIN, wants(LATER), after(hours=9))

    assert again is not None
    assert (again.resolved_at, notices) == (None, ())


@pytest.mark.parametrize("handed_over", [None, NOON], ids=["in its window", "people had it"])
def test_what_fails_after_a_move_that_came_to_nothing_was_not_restarted(handed_over: datetime | None) -> None:
    begun, _ = told(foretold(), WAITING, waiting(EVIDENCE, attempt(Action.STOP, verdict=None)))
    in_vain = replace(IN_VAIN, healthy_since=None, handed_over_at=handed_over)

    failed = replace(in_vain, closed_at=NOON, outcome=Outcome.GAVE_WAY, reason=FAILS)
    over, notices = announce(begun, in_vain, failed, wants(LATER), NOON)

    assert over is not None
    assert (over.resolved_at, len(notices)) == (NOON, 1)
    assert f"was not restarted as planned; now {FAILS}." in notices[0].body


@pytest.mark.parametrize("held_by", ["", "one_by_one"])
def test_a_move_given_back_after_the_outage_that_it_joined_ends_that_for_whoever_heard_of_it(held_by: str) -> None:
    failing = replace(case(EVIDENCE), instance_id="i-0bb2", name="web-3")
    outage, _ = told(None, replace(failing, confirmed_at=None), failing)
    drained = waiting(EVIDENCE, attempt(Action.DRAIN))
    both, _ = told(outage, UNSEEN, drained)
    left, _ = told(both, failing, replace(failing, closed_at=NOON, outcome=Outcome.HEALED))
    given_back = waiting(EVIDENCE, attempt(Action.DRAIN), attempt(Action.RESTORE), healthy_since=NOON)

    over, kinds = told(left, drained, replace(given_back, held_by=held_by))

    assert over is not None
    assert (over.resolved_at, kinds) == (NOON, [NoticeKind.RESOLVED])
