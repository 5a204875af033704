"""Zonal shifts: when Defib wants one, what forbids it, and when it is given back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.issue import Issue, Issues
from defib.core.limits import Limits
from defib.core.maintenance import Maintenance
from defib.core.model import Switch
from defib.core.policy import Mode, Policy
from defib.core.shift import Move, Served, Shift, ShiftAnswer, load_balancer_of
from defib.core.shifting import claimable, due, ended, ordered, refusal, settled, shiftable, wanted
from defib.core.stack import Impairment, Stack
from defib.core.zones import Seen, Turn, tell
from tests.core.facts import NOON, POLICY, SERVICE, after
from tests.core.shifted import (
    ARN,
    BALANCER,
    BY_AWS,
    CLAIMED,
    GROUP,
    IMPAIRED,
    SERVING,
    SHIFTED,
    STACK,
    STARTS,
    WANTED,
    A,
    B,
)

ISSUE = Issue("arn:aws:health:1", "AWS_EC2_OPERATIONAL_ISSUE", NOON, NOON, zone_ids=("use1-az2", "use1-az4"))


def services(**changes: Any) -> Policy:
    """The policy that starts shifts, with its only service changed."""
    return replace(STARTS, services=(replace(STARTS.services[0], **changes),))


def test_the_load_balancer_is_that_of_the_target_groups_account_and_region() -> None:
    assert BALANCER == "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
    assert WANTED.name == "web"


@pytest.mark.parametrize(
    ("policy", "count"),
    [
        (STARTS, 1),
        (replace(STARTS, limits=Limits()), 0),
        (services(mode=Mode.OBSERVE), 0),
        (services(target_groups=()), 0),
        (services(target_groups=(GROUP, replace(GROUP, arn=f"{ARN[:-1]}0"))), 1),
    ],
    ids=["started", "recommended", "only observed", "nothing configured", "two groups of one load balancer"],
)
def test_a_shift_is_wanted_once_for_each_load_balancer_where_the_operator_has_enabled_it(
    policy: Policy, count: int
) -> None:
    assert len(wanted(A, "use1-az4", policy)) == count


def test_where_no_load_balancer_of_a_healed_service_is_known_none_is_shifted_and_no_queue_is_needed() -> None:
    assert len(shiftable(STARTS)) == 1
    assert shiftable(replace(STARTS, services=(SERVICE,))) == ()
    assert shiftable(services(mode=Mode.OBSERVE)) == ()


def test_nothing_forbids_a_shift_that_the_other_zones_can_carry() -> None:
    assert refusal(CLAIMED, STACK, SERVING, Switch.ON, STARTS, NOON) == ""


ALWAYS = (Maintenance(at="11:00", lasts=timedelta(hours=2), days=("thu",)),)
FORBIDDEN: list[tuple[str, str, dict[str, Any]]] = [
    ("kill switch off", "the kill switch is off", {"healing": Switch.OFF}),
    ("kill switch unreadable", "the kill switch can't be read", {"healing": Switch.UNREADABLE}),
    ("recovered", "no longer looks impaired", {"stack": replace(STACK, impaired=())}),
    ("only suspected", "no longer", {"stack": replace(STACK, impaired=(replace(IMPAIRED, incident=0),))}),
    ("recovering", "no longer", {"stack": replace(STACK, impaired=(replace(IMPAIRED, below_since=NOON),))}),
    (
        "another zone impaired",
        "zone us-east-1b is in trouble too",
        {"stack": replace(STACK, impaired=(IMPAIRED, Impairment(B, NOON, 9)))},
    ),
    (
        "another zone shifted away from",
        "zone us-east-1b is in trouble too",
        {"stack": replace(STACK, shifts=(CLAIMED, replace(SHIFTED, zone=B)))},
    ),
    (
        "an issue of AWS's in another zone",
        "AWS Health tells of an issue in use1-az2",
        {"stack": replace(STACK, issues=Issues((ISSUE,)))},
    ),
    ("withdrawn", "no longer asks for it", {"policy": replace(STARTS, limits=Limits())}),
    ("no longer configured", "no longer asks for it", {"policy": services(target_groups=())}),
    ("only observed", "has mode observe, not heal", {"policy": services(mode=Mode.OBSERVE)}),
    ("in maintenance", "service web behind it is in maintenance", {"policy": services(maintenance=ALWAYS)}),
    ("nothing in the zone", "none of its targets is in the zone", {"serving": {ARN: {B: Served(5, 5)}}}),
    ("its target group is gone", "target group web is not there", {"serving": {}}),
    ("nobody elsewhere", "no healthy target in any other zone", {"serving": {ARN: {A: Served(5, 0)}}}),
    ("nobody healthy elsewhere", "no healthy", {"serving": {ARN: {A: Served(5, 0), B: Served(5, 0)}}}),
    (
        "most of what works is in the zone",
        "has 3 healthy targets in the zone and only 2 elsewhere",
        {"serving": {ARN: {A: Served(9, 3), B: Served(5, 2)}}},
    ),
]


@pytest.mark.parametrize(("words", "changes"), [row[1:] for row in FORBIDDEN], ids=[row[0] for row in FORBIDDEN])
def test_a_shift_is_refused_with_words_that_say_why(words: str, changes: dict[str, Any]) -> None:
    facts = {"stack": STACK, "serving": SERVING, "healing": Switch.ON, "policy": STARTS, **changes}

    assert words in refusal(CLAIMED, now=NOON, **facts)


def test_an_issue_of_awss_in_the_zone_itself_or_in_no_zone_by_name_forbids_no_shift() -> None:
    issues = Issues((replace(ISSUE, zone_ids=("use1-az4",)), replace(ISSUE, arn="arn:aws:health:2", zone_ids=())))

    assert refusal(CLAIMED, replace(STACK, issues=issues), SERVING, Switch.ON, STARTS, NOON) == ""


def test_a_target_group_that_is_gone_says_nothing_of_the_others_of_its_load_balancer() -> None:
    policy = services(target_groups=(GROUP, replace(GROUP, arn=ARN.replace("/web/", "/gone/"))))

    assert refusal(CLAIMED, STACK, SERVING, Switch.ON, policy, NOON) == ""


def test_a_gateway_load_balancer_is_not_shifted() -> None:
    gateway = replace(GROUP, load_balancer="gwy/web/50dc6c495c0c9188")
    shift = replace(CLAIMED, load_balancer=load_balancer_of(gateway))
    policy = services(target_groups=(gateway,))

    assert "application and network" in refusal(shift, STACK, SERVING, Switch.ON, policy, NOON)


def test_a_shift_is_ended_unless_the_zone_is_impaired_again_or_the_kill_switch_is_off() -> None:
    ending = replace(CLAIMED, move=Move.END)

    assert refusal(ending, replace(STACK, impaired=()), {}, Switch.ON, STARTS, NOON) == ""
    assert refusal(ending, STACK, {}, Switch.ON, STARTS, NOON) == "the zone is impaired again"
    assert refusal(ending, replace(STACK, impaired=()), {}, Switch.OFF, STARTS, NOON) == "the kill switch is off"


def test_shifts_are_wanted_in_the_write_that_tells_people_of_the_zone_and_given_back_in_that_of_its_recovery() -> None:
    seen = Seen(A, 40, 50, "use1-az4")
    turn = Turn(replace(IMPAIRED, incident=0), seen)
    stack, incident, notice = tell(Stack(impaired=(turn.impairment,)), turn, None, STARTS, NOON)

    assert stack.shifts == (WANTED,)
    assert "shift traffic away" in notice.body
    assert "start-zonal-shift" not in notice.body

    shifted = stack.with_shift(SHIFTED)
    stack, _, notice = tell(shifted, Turn(IMPAIRED, seen, over=True), incident, STARTS, after(minutes=30))

    assert [(s.move, s.id, s.ordered_at) for s in stack.shifts] == [(Move.END, "shift-1", None)]
    assert "It sends traffic to the zone again (web)" in notice.body


def test_nobody_reads_that_defib_sends_traffic_back_which_the_policy_no_longer_lets_it_shift() -> None:
    stack, _, notice = tell(
        replace(STACK, shifts=(SHIFTED,)), Turn(IMPAIRED, Seen(A, 0, 50), over=True), None, POLICY, after(minutes=30)
    )

    assert [s.move for s in stack.shifts] == [Move.END], "how that went is told next"
    assert "sends traffic" not in notice.body
    assert "If you shifted traffic away, end the shift" in notice.body


ENDED = [
    ("shifted by Defib", SHIFTED, True),
    ("perhaps shifted", replace(CLAIMED, answer=ShiftAnswer.LOST), True),
    ("being shifted", CLAIMED, True),
    ("never asked for", WANTED, False),
    ("refused", replace(CLAIMED, answer=ShiftAnswer.REFUSED), False),
    ("held", replace(CLAIMED, answer=ShiftAnswer.HELD), False),
    ("shifted by somebody else", replace(SHIFTED, id=""), False),
    ("shifted by AWS", BY_AWS, False),
    ("ordered again, since nobody knows of the first", replace(WANTED, ordered_at=NOON, perhaps=True), True),
    ("held, since nobody knows of the first", replace(CLAIMED, answer=ShiftAnswer.HELD, perhaps=True), True),
]


@pytest.mark.parametrize(("shift", "ends"), [row[1:] for row in ENDED], ids=[row[0] for row in ENDED])
def test_only_what_defib_has_shifted_or_may_have_is_given_back(shift: Shift, ends: bool) -> None:
    assert [s.move for s in ended((shift,), A)] == ([Move.END] if ends else [])
    assert ended((shift,), B) == (shift,)


DUE = [
    ("new", WANTED, 0, True),
    ("without the zone's id", replace(WANTED, zone_id=""), 0, False),
    ("just ordered", replace(WANTED, ordered_at=NOON), 59, False),
    ("an order that got lost", replace(WANTED, ordered_at=NOON), 60, True),
    ("just taken up", replace(CLAIMED, ordered_at=after(seconds=-50)), 30, False),
    ("died after the claim", CLAIMED, 60, True),
    ("throttled", replace(CLAIMED, answer=ShiftAnswer.RETRY, tries=4), 1, True),
    ("throttled too often", replace(CLAIMED, answer=ShiftAnswer.RETRY, tries=5), 600, False),
    ("held", replace(CLAIMED, answer=ShiftAnswer.HELD, answered_at=NOON), 299, False),
    ("held for a while", replace(CLAIMED, answer=ShiftAnswer.HELD, answered_at=NOON), 300, True),
    ("done", SHIFTED, 600, False),
    ("kept away by AWS", BY_AWS, 299, False),
    ("kept away by AWS for a while", BY_AWS, 300, True),
    ("kept away by somebody else, until they said", replace(SHIFTED, id=""), 600, False),
    ("refused", replace(CLAIMED, answer=ShiftAnswer.REFUSED), 600, False),
]


@pytest.mark.parametrize(("shift", "seconds", "is_due"), [row[1:] for row in DUE], ids=[row[0] for row in DUE])
def test_a_shift_is_asked_for_again_when_nobody_knows_how_it_ended(shift: Shift, seconds: int, is_due: bool) -> None:
    assert due(shift, STACK, STARTS, after(seconds=seconds)) is is_due


def test_no_shift_is_asked_for_while_the_zone_seems_to_recover() -> None:
    recovering = replace(STACK, impaired=(replace(IMPAIRED, below_since=NOON),))

    assert not due(WANTED, recovering, STARTS, NOON)
    assert due(replace(WANTED, move=Move.END), replace(STACK, impaired=()), STARTS, NOON)


def test_an_order_is_taken_up_once_while_it_is_fresh_and_the_newest() -> None:
    asked, order = ordered(WANTED, NOON)
    stack = replace(STACK, shifts=(asked,))

    assert claimable(stack, order, STARTS, after(seconds=59)) == asked
    assert claimable(stack, order, STARTS, after(seconds=60)) is None
    assert claimable(stack.with_shift(replace(asked, claimed_at=NOON)), order, STARTS, NOON) is None
    assert claimable(stack.with_shift(replace(asked, ordered_at=after(seconds=1))), order, STARTS, NOON) is None
    assert claimable(stack.with_shift(replace(asked, move=Move.END)), order, STARTS, NOON) is None
    assert claimable(Stack(), order, STARTS, NOON) is None


@pytest.mark.parametrize(
    ("shift", "tries", "perhaps"),
    [
        (WANTED, 1, False),
        (replace(CLAIMED, tries=1), 2, True),
        (replace(CLAIMED, tries=1, answer=ShiftAnswer.LOST), 2, True),
        (replace(CLAIMED, tries=1, answer=ShiftAnswer.RETRY), 2, False),
        (replace(CLAIMED, tries=7, answer=ShiftAnswer.HELD), 1, False),
        (replace(CLAIMED, tries=7, answer=ShiftAnswer.HELD, perhaps=True), 1, True),
        (replace(BY_AWS, tries=3), 1, False),
    ],
    ids=["new", "died", "no answer", "throttled", "held", "held after no answer", "kept away by AWS"],
)
def test_only_faults_in_a_row_are_tries_and_what_may_have_been_carried_out_is_remembered(
    shift: Shift, tries: int, perhaps: bool
) -> None:
    asked, _ = ordered(shift, after(minutes=1))

    assert (asked.tries, asked.perhaps) == (tries, perhaps)


def test_while_it_may_have_been_shifted_away_no_other_zone_is() -> None:
    other = replace(WANTED, zone=B, zone_id="use1-az2", ordered_at=NOON, perhaps=True)

    stack = replace(STACK, shifts=(CLAIMED, other))
    assert "zone us-east-1b is in trouble too" in refusal(CLAIMED, stack, SERVING, Switch.ON, STARTS, NOON)


def test_a_persons_shift_that_runs_out_while_the_zone_is_still_impaired_is_peoples_business_too() -> None:
    stack = settled(replace(STACK, shifts=(replace(SHIFTED, id=""),)), after(hours=3))

    assert [shift.answer for shift in stack.shifts] == [ShiftAnswer.REFUSED]


def test_a_shift_is_forgotten_once_it_is_over_and_said() -> None:
    ending = replace(SHIFTED, move=Move.END, answer=ShiftAnswer.DONE, said=None)
    unsaid = replace(STACK, impaired=(), shifts=(ending,))

    assert settled(unsaid, NOON) is unsaid
    assert settled(unsaid.with_shift(replace(ending, said=ShiftAnswer.DONE)), NOON).shifts == ()
    assert settled(unsaid.with_shift(replace(ending, answer=ShiftAnswer.HELD)), after(hours=3)).shifts == ()
