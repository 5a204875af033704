"""New members of one Auto Scaling group that fail one after the other: a few are replaced, then people are asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core.announce import announce
from defib.core.case import Act, Action, Case, Hold, Outcome
from defib.core.decide import decide
from defib.core.in_a_row import ASK, GUARD, WAITS, WAITS_BRIEF, after, lately, works_after_all
from defib.core.incident import Notice, NoticeKind
from defib.core.limits import Limits
from defib.core.membership import GROUP_TAG, GroupMember, Membership
from defib.core.model import Cause, Check, Checks, CheckStatus, Diagnosis, Observation, Verdict
from defib.core.policy import Policy
from defib.core.replacement import Replacement
from defib.core.severity import Severity
from defib.core.stack import Stack
from tests.core.facts import NOON, OK, attempt, case, impaired, observed, policy

LIMITS = Limits(group_replacements=3, group_window=timedelta(hours=6))
EVIDENCE = attempt(Action.EVIDENCE)
POLICY: Policy = replace(policy(group_member=GroupMember.REPLACE), limits=LIMITS)
DEAD = Diagnosis(Cause.DEAD_ON_ARRIVAL, NOON - timedelta(minutes=5), ("launched 11:55:00 UTC",))


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def replaced(number: int, ago: timedelta = timedelta(0), group: str = "web-asg") -> Replacement:
    return Replacement(group, f"i-0b{number}-1", f"web-{number}", NOON - ago, on_arrival=True)


THREE = tuple(replaced(n, hours(3 - n)) for n in range(3))


def dead(*attempts: Any, **changes: Any) -> Case:
    """A case of a member that never worked."""
    return case(
        *attempts, **{"group": "web-asg", "cause": Cause.DEAD_ON_ARRIVAL, "confirmed_cause": DEAD.cause} | changes
    )


def arrived(stack: Stack, launched_at: datetime = NOON - timedelta(minutes=5), group: str = "web-asg") -> Observation:
    tags = {"Name": "web-2", "service": "web", "self-heal": "true", GROUP_TAG: group}
    place = Membership(group, "InService", protected=False, opted_in=True, minimum=2, desired=3, in_service=3)
    return observed(
        tags=tags, membership=place, checks=Checks(OK, impaired(launched_at), OK), launched_at=launched_at, stack=stack
    )


ORDERED = dead(EVIDENCE, attempt(Action.REPLACE, verdict=None))
RETRIED = dead(EVIDENCE, attempt(Action.REPLACE, verdict=Verdict.RETRY), attempt(Action.REPLACE, verdict=None))
DROPPED = dead(EVIDENCE, attempt(Action.REPLACE, verdict=Verdict.ABANDONED), closed_at=NOON, outcome=Outcome.RECOVERED)
DONE = dead(EVIDENCE, attempt(Action.REPLACE), closed_at=NOON, outcome=Outcome.REPLACED)
UNSURE = dead(EVIDENCE, attempt(Action.REPLACE, verdict=Verdict.REFUSED, code="AccessDenied"), handed_over_at=NOON)
HELD = dead(EVIDENCE, held_by=GUARD, held_action=Action.REPLACE, told_of=(GUARD,))
WELL = replace(HELD, held_by="", closed_at=NOON, outcome=Outcome.RECOVERED)
ITS_OWN = Replacement("web-asg", ORDERED.id, "web-2", NOON, on_arrival=True)
YOUNG, OLD = timedelta(minutes=5), hours(6)


@pytest.mark.parametrize(
    ("before", "so_far", "age", "remembered"),
    [
        ((), ORDERED, YOUNG, (ITS_OWN,)),
        # Old members that fail say nothing of what the group launches.
        ((), ORDERED, OLD, ()),
        ((), replace(ORDERED, cause=Cause.SYSTEM_IMPAIRED), YOUNG, (replace(ITS_OWN, on_arrival=False),)),
        ((ITS_OWN,), RETRIED, YOUNG, (ITS_OWN,)),
        ((ITS_OWN,), DONE, YOUNG, (ITS_OWN,)),
        # What was surely not carried out has replaced nobody.
        ((ITS_OWN,), DROPPED, YOUNG, ()),
        ((ITS_OWN,), UNSURE, YOUNG, ()),
        ((replaced(1, hours(6)), replaced(2, hours(5))), ORDERED, YOUNG, (replaced(2, hours(5)), ITS_OWN)),
        # What was thought to be broken works.
        ((*THREE, replaced(9, group="api-asg")), WELL, YOUNG, (replaced(9, group="api-asg"),)),
        (THREE, replace(WELL, outcome=Outcome.TERMINATED), YOUNG, THREE),
        (THREE, replace(WELL, told_of=()), YOUNG, THREE),
        (THREE, HELD, YOUNG, THREE),
    ],
)
def test_only_replacements_of_new_members_are_remembered_and_only_while_they_say_something(
    before: tuple[Replacement, ...], so_far: Case, age: timedelta, remembered: tuple[Replacement, ...]
) -> None:
    seen = arrived(Stack(), NOON - age)

    assert after(Stack(replacements=before), so_far, seen, LIMITS, NOON).replacements == remembered


@pytest.mark.parametrize(("says", "left"), [(CheckStatus.INITIALIZING, THREE), (CheckStatus.OK, ())])
def test_of_one_whose_application_has_yet_to_answer_nobody_knows_that_it_works_after_all(
    says: CheckStatus, left: tuple[Replacement, ...]
) -> None:
    seen = replace(arrived(Stack()), checks=Checks(OK, OK, OK, application=Check(says)))

    assert after(Stack(replacements=THREE), WELL, seen, LIMITS, NOON).replacements == left


def test_what_changes_nothing_writes_nothing() -> None:
    stack = Stack(replacements=THREE)

    assert after(stack, HELD, arrived(stack), LIMITS, NOON) is stack


def test_a_member_works_after_all_only_when_it_was_held_for_the_others() -> None:
    assert works_after_all(WELL)
    assert not works_after_all(HELD)
    assert not works_after_all(replace(WELL, told_of=("stack_rate",)))


@pytest.mark.parametrize(
    ("known", "acts"),
    [
        (THREE, False),
        (THREE[1:], True),
        (tuple(replace(r, group="api-asg") for r in THREE), True),
        # Its own order, seen again just before the act.
        ((*THREE[1:], ITS_OWN), True),
        ((replaced(0, hours(6)), *THREE[1:]), True),
    ],
    ids=["three in a row", "two", "of another group", "its own", "the first is long ago"],
)
@pytest.mark.parametrize("age", [YOUNG, hours(1_000)], ids=["new", "old"])
def test_after_so_many_no_member_of_the_group_is_replaced(
    known: tuple[Replacement, ...], acts: bool, age: timedelta
) -> None:
    decision = decide(dead(EVIDENCE), arrived(Stack(replacements=known), NOON - age), DEAD, POLICY, NOON)

    assert isinstance(decision, Act if acts else Hold)
    assert not isinstance(decision, Hold) or decision.guard == GUARD


@pytest.mark.parametrize("how", [GroupMember.REPLACE, GroupMember.STANDBY])
def test_that_holds_wherever_one_dead_on_arrival_is_replaced(how: GroupMember) -> None:
    limits = replace(policy(group_member=how), limits=LIMITS)

    decision = decide(dead(EVIDENCE), arrived(Stack(replacements=THREE)), DEAD, limits, NOON)

    assert isinstance(decision, Hold)
    assert decision.reason.startswith(
        "3 new members of group web-asg were dead on arrival; its launch template or image is likely broken. "
        "Defib replaces no more of them until 30 April 15:00 UTC, or until one that it holds works after all"
    )


def test_members_that_worked_for_a_while_are_not_called_dead_on_arrival() -> None:
    failed = Stack(replacements=(*THREE[:2], replace(THREE[2], on_arrival=False)))

    decision = decide(dead(EVIDENCE), arrived(failed), DEAD, POLICY, NOON)

    assert isinstance(decision, Hold)
    assert "3 new members of group web-asg failed and were replaced" in decision.reason


def test_they_are_those_of_the_window_and_the_group() -> None:
    known = (replaced(1, hours(6)), replaced(2, hours(5)), replaced(3, group="api-asg"))

    assert lately(known, "web-asg", LIMITS, NOON) == (known[1],)


def told(*changes: tuple[Case, Case]) -> list[Notice]:
    incident, heard = None, list[Notice]()
    for before, now in changes:
        incident, notices = announce(incident, before, now, POLICY, NOON)
        heard += notices
    return heard


def held(number: int, group: str = "web-asg") -> tuple[Case, Case]:
    before = dead(EVIDENCE, instance_id=f"i-0b{number}", name=f"web-{number}", group=group)
    reason = f"3 new members of group {group} were dead on arrival; its launch template or image is likely broken"
    return before, replace(before, held_by=GUARD, held_action=Action.REPLACE, told_of=(GUARD,), reason=reason)


def test_people_are_asked_once_urgently_and_in_plain_words() -> None:
    asked = [n for n in told(held(1), held(2), held(3)) if n.severity is Severity.URGENT]

    assert [n.kind for n in asked] == [NoticeKind.ESCALATED]
    assert asked[0].subject == "[Defib web] NEEDS YOU: web-1: 3 new members of group web-asg were dead on arrival"
    assert asked[0].sms.endswith("web-asg were dead on arrival. Check its launch template and image.")
    assert ASK in asked[0].body
    assert "its launch template or image is likely broken" in asked[0].body


def test_of_another_group_of_the_service_they_hear_too() -> None:
    asked = [n for n in told(held(1), held(2, "api-asg")) if n.severity is Severity.URGENT]

    assert [n.kind for n in asked] == [NoticeKind.ESCALATED, NoticeKind.ESCALATED]


def test_whoever_fails_next_in_the_group_is_not_said_to_be_replaced_at_once() -> None:
    same, other = (held(number, group)[0] for number, group in ((2, "web-asg"), (3, "api-asg")))
    confirmed = ((replace(found, confirmed_at=None), found) for found in (same, other))
    opened, asked, *joined = told(held(1), *confirmed)

    assert (opened.kind, asked.kind) == (NoticeKind.OPENED, NoticeKind.ESCALATED)
    assert [WAITS in n.body for n in joined] == [True, False]
    assert joined[0].sms.endswith(WAITS_BRIEF)
