"""What many cases ask for together ends with them, though another keeps their incident open; and it can come anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.announce import announce
from defib.core.call_news import escalate
from defib.core.case import Action, Case, Outcome
from defib.core.contact import Contact
from defib.core.in_a_row import GUARD
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.membership import GroupMember
from defib.core.model import Cause
from defib.core.policy import ApplicationRemedy, Policy
from tests.core.facts import NOON, after, attempt, case, policy
from tests.core.test_one_by_one import down

EVIDENCE = attempt(Action.EVIDENCE)
CONTACTS = (Contact("ann", email=("ann@example.com",)),)
TELL = replace(policy(application_down=ApplicationRemedy.TELL, tell=("ann",)), contacts=CONTACTS)
REPLACE = replace(policy(group_member=GroupMember.REPLACE, tell=("ann",)), contacts=CONTACTS)
INTERRUPTED = case(
    EVIDENCE,
    instance_id="i-0ff1",
    name="web-spot",
    cause=Cause.STOPPED_UNASKED,
    confirmed_cause=Cause.STOPPED_UNASKED,
    held_by="spot_interrupted",
    held_action=Action.START,
    told_of=("spot_interrupted",),
)
"""Held for weeks, and asks for nobody."""


class Story:
    """The service's incident, which a spot instance keeps open."""

    def __init__(self, limits: Policy) -> None:
        self.limits = limits
        self.notices: list[Notice] = []
        self.incident: Incident | None = None
        self.change(replace(INTERRUPTED, held_by="", told_of=(), confirmed_at=None), INTERRUPTED, NOON)
        self.notices.clear()

    @property
    def wants(self) -> list[str]:
        call = self.so_far.call
        return [want.about for want in call.wants] if call is not None else []

    @property
    def so_far(self) -> Incident:
        assert self.incident is not None
        assert self.incident.resolved_at is None
        return self.incident

    def change(self, before: Case, now: Case, at: datetime) -> None:
        self.incident, told = announce(self.incident, before, now, self.limits, at)
        self.notices += told

    def falls(self, server: int, at: datetime) -> Case:
        fallen = replace(down(server, at), handed_over_at=at, ask="Look.", reason="its application is down")
        self.change(replace(fallen, confirmed_at=None, confirmed_cause=None, handed_over_at=None), fallen, at)
        return fallen

    def recovers(self, fallen: Case, at: datetime) -> None:
        well = replace(fallen, cause=Cause.HEALTHY, closed_at=at, outcome=Outcome.RECOVERED, reason="it works")
        self.change(fallen, well, at)

    def is_held(self, server: int, at: datetime, group: str = "web-asg") -> Case:
        found = case(
            EVIDENCE,
            instance_id=f"i-0dd{server}",
            name=f"web-{server}",
            group=group,
            cause=Cause.DEAD_ON_ARRIVAL,
            confirmed_cause=Cause.DEAD_ON_ARRIVAL,
            confirmed_at=at,
        )
        held = replace(found, held_by=GUARD, held_action=Action.REPLACE, told_of=(GUARD,), reason="3 in a row")
        self.change(replace(found, confirmed_at=None, confirmed_cause=None), held, at)
        return held

    def is_over(self, held: Case, at: datetime) -> None:
        self.change(held, replace(held, held_by="", closed_at=at, outcome=Outcome.TERMINATED), at)


class TestFallenOneByOne:
    def test_when_all_work_again_nobody_is_asked_any_more(self) -> None:
        story = Story(TELL)
        fallen = [story.falls(server, after(minutes=5 * server)) for server in (1, 2, 3)]
        assert "one_by_one" in story.wants
        for one in fallen[:-1]:
            story.recovers(one, after(hours=1))
        assert "one_by_one" in story.wants, "the last is down"
        story.recovers(fallen[-1], after(hours=1))

        assert story.wants == []
        assert escalate(story.so_far, TELL, after(days=1)) == (story.so_far, None)

    def test_people_hear_that_all_work_again(self) -> None:
        story = Story(TELL)
        fallen = [story.falls(server, after(minutes=5 * server)) for server in (1, 2, 3)]
        heard = len(story.notices)
        for one in fallen:
            story.recovers(one, after(hours=1))

        (said,) = story.notices[heard:]
        assert said.kind is NoticeKind.PROGRESS
        assert "works again, the last of 3 that fell one by one" in said.body

    def test_who_falls_next_asks_anew_however_soon(self) -> None:
        story = Story(TELL)
        for one in [story.falls(server, after(minutes=5 * server)) for server in (1, 2, 3)]:
            story.recovers(one, after(minutes=20))
        heard = len(story.notices)
        story.falls(4, after(minutes=21))

        assert NoticeKind.ESCALATED in [n.kind for n in story.notices[heard:]]
        assert "one_by_one" in story.wants


class TestReplacedInARow:
    ABOUT = f"{GUARD}:web-asg"

    def test_when_none_is_held_any_more_nobody_is_asked_and_the_next_bad_image_asks_anew(self) -> None:
        story = Story(REPLACE)
        first, second = story.is_held(1, NOON), story.is_held(2, NOON)
        story.is_over(first, after(hours=1))
        assert story.wants == [self.ABOUT], "another is held"
        story.is_over(second, after(hours=1))
        assert story.wants == []

        heard = len(story.notices)
        story.is_held(3, after(days=3))
        assert [n.kind for n in story.notices[heard:]][-1:] == [NoticeKind.ESCALATED]
        assert story.wants == [self.ABOUT]

    def test_what_is_handed_over_asks_for_itself(self) -> None:
        story = Story(REPLACE)
        held = story.is_held(1, NOON)
        handed = replace(held, held_by="", handed_over_at=after(hours=1), ask="Look.", reason="too long")
        story.change(held, handed, after(hours=1))

        assert story.wants == [held.id]

    def test_another_group_is_asked_about_by_itself(self) -> None:
        story = Story(REPLACE)
        held = story.is_held(1, NOON)
        story.is_held(2, NOON, "api-asg")
        story.is_over(held, after(hours=1))

        assert story.wants == [f"{GUARD}:api-asg"]

    def test_what_another_guard_holds_for_a_while_is_asked_about_all_the_same(self) -> None:
        story = Story(REPLACE)
        held = story.is_held(1, NOON)
        story.change(held, replace(held, held_by="maintenance"), after(minutes=5))

        assert self.ABOUT in story.wants

    @pytest.mark.parametrize("known", [True, False])
    def test_of_members_that_an_older_version_wrote_nobody_knows_whether_they_are_held(self, known: bool) -> None:
        story = Story(REPLACE)
        held = story.is_held(1, NOON)
        members = tuple(m if known else replace(m, group=None) for m in story.so_far.members)
        story.incident = replace(story.so_far, members=members)
        story.is_over(held, after(hours=1))

        assert (story.wants == []) is known

    def test_a_case_for_which_there_is_no_place_is_held_as_well(self) -> None:
        story = Story(REPLACE)
        held = story.is_held(1, NOON)
        story.incident = replace(story.so_far, members=story.so_far.members[:1])
        again = replace(held, reason="4 in a row", look_again_at=NOON + timedelta(minutes=5))
        story.change(held, again, after(minutes=5))

        assert story.wants == [self.ABOUT]
