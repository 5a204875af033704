"""Judges of what people read say that an invariant is broken where it is: it comes too late, too often or never."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.audience import audience
from defib.core.case import Outcome
from defib.core.contact import Contact
from defib.core.digest import summed_up
from defib.core.incident import Notice, NoticeKind
from defib.core.medium import Medium, media_of
from defib.core.messages import MessageLimits
from defib.core.outbox import Lane, Waiting
from defib.core.page.mail import Letter
from defib.core.page.model import ComponentStatus
from defib.core.post import Places, Post
from defib.core.severity import Severity
from defib.shell.announce import WAITS
from sim.fuzz.invariants.ends import is_known
from sim.fuzz.nth import scenario_story
from sim.fuzz.world import World
from tests.fuzz.worlds import MINUTE, broken, later, plain, told

breaks = pytest.mark.breaks

HELD_BEFORE_AN_EVENT = 18_000_589
"""A story in which what AWS has announced for an instance of Karpenter's can't be done in its window."""


def post(**changes: object) -> Post:
    said = Post(
        contact="oncall",
        media=(Medium.EMAIL,),
        subject="[Defib] 2 more messages",
        email="body",
        sms="sms",
        https="",
        chat='{"id": "s0-1#1"}',
        notice="digest",
        service="several",
        incident_id="several",
        severity=Severity.HIGH,
    )
    return replace(said, **changes)  # type: ignore[arg-type]


@breaks("reasons")
@pytest.mark.parametrize("changes", [{"sms": "x" * 141}, {"sms": " "}, {"subject": ""}, {"subject": "x" * 101}])
def test_a_message_that_says_nothing_or_does_not_fit_is_found(changes: dict[str, str]) -> None:
    world = told("april-30")
    world.judge.heard("channel.publish", post(**changes))
    assert "reasons" in broken(world)


@pytest.mark.parametrize("written", [timedelta(0), timedelta(days=1)], ids=["the same day", "the day after"])
@pytest.mark.parametrize("names_it", [False, True])
def test_what_waits_for_a_contact_and_is_thrown_away_is_found(names_it: bool, written: timedelta) -> None:
    """That it was marked as waiting says nothing: its reader must have read it, or a digest that names it."""
    world = told("april-30", 12 * MINUTE)
    mail, now = world.store.mail, world.time.now
    notice = replace(next(iter(world.store.notices.values())), sequence=50, at=now)
    world.store.notices[notice.incident_id, 50], world.store.published[notice.incident_id, 50] = notice, now
    for contact in audience(notice.service, notice.tier, world.story.policy):
        mail.mark_told(notice.incident_id, 50, f"{contact.name} {WAITS}")
        waiting = _waiting(notice, contact)
        mail.remember_outbox(mail.outbox(contact.name), waiting)
        if names_it:
            digest = summed_up((waiting,), contact, world.story.policy, Places("memory"), now + written)
            world.judge.heard("channel.publish", digest)
        mail.went_out((waiting,), tuple(Medium))
    world.judge.at_end(world.lanes)
    unheard = [line for line in world.judge.broken if f"never heard of {notice.incident_id}-50" in line]
    assert (unheard == []) is names_it


@pytest.mark.parametrize(("age", "is_found"), [(timedelta(seconds=59), False), (MINUTE, True)])
def test_a_notice_that_never_goes_out_is_found_unless_the_story_ended_as_it_was_written(
    age: timedelta, is_found: bool
) -> None:
    world = told("april-30", 12 * MINUTE)
    notice = replace(next(iter(world.store.notices.values())), sequence=50, at=world.time.now - age)
    world.store.notices[notice.incident_id, 50] = notice
    world.judge.at_end(world.lanes)
    found = [line for line in world.judge.broken if f"{notice.incident_id}-50 never went out" in line]
    assert bool(found) is is_found


def _waiting(notice: Notice, contact: Contact) -> Waiting:
    return Waiting(
        contact.name,
        Lane.LIMIT,
        notice.at,
        notice.incident_id,
        notice.sequence,
        notice.kind,
        notice.severity,
        notice.subject,
        notice.service,
        tuple(media_of(notice, contact)),
    )


@breaks("limits")
def test_digests_count_among_the_messages_that_a_contact_gets() -> None:
    story = scenario_story("april-30")
    world = World(replace(story, seed=1, policy=replace(story.policy, messages=MessageLimits(most=2))))
    for number in (1, 2, 2, 3):
        assert world.judge.broken == [], "one that is sent once more is no other"
        world.judge.heard("channel.publish", replace(post(), email=f"digest {number}"))
    assert any(line.startswith("limits: oncall gets 3 messages") for line in world.judge.broken)


@pytest.mark.parametrize(("late", "found"), [(14 * MINUTE, False), (16 * MINUTE, True)])
def test_a_letter_that_subscribers_read_too_late_is_found(late: timedelta, found: bool) -> None:
    world = told("page-subscribers", 20 * MINUTE)
    incident = world.site.pages[-1].incidents[0]
    update = min(incident.updates, key=lambda update: update.sequence)
    world.time.run_until(update.at + late)
    world.judge.letter(Letter(incident.id, update.sequence, update.at, "subject", "body"), struck=-1)
    assert any("only after" in line for line in world.judge.broken) is found


@breaks("page")
@pytest.mark.parametrize("shows", [ComponentStatus.OPERATIONAL, ComponentStatus.UNDER_MAINTENANCE])
def test_a_page_that_says_for_long_what_is_not_so_is_found(shows: ComponentStatus) -> None:
    world = told("page-subscribers", MINUTE)
    world.lanes.run("page", lambda _: None)
    page = world.site.pages[-1]
    components = tuple(replace(component, status=shows) for component in page.components)
    world.site.pages.append(replace(page, components=components))
    later(world, 8 * MINUTE)
    assert "page" in broken(world)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_page_on_which_something_works_again_that_nobody_has_seen_work_is_found(outcome: Outcome) -> None:
    world = told("page-subscribers", 20 * MINUTE)
    world.lanes.run("page", lambda _: None)
    page = world.site.pages[-1]
    over = next(incident for incident in page.incidents if incident.resolved_at is not None)
    ((key, case),) = [(key, case) for key, case in world.store.cases.items() if case.service in over.components]
    assert case.outcome is Outcome.HEALED
    world.store.cases[key] = replace(case, outcome=outcome)
    world.site.pages.append(replace(page, incidents=(replace(over, number=over.number + 1),)))
    later(world, MINUTE)
    found = any("works again, customers read" in line for line in world.judge.broken)
    assert found is (outcome in (Outcome.LEFT_ALONE, Outcome.TERMINATED, Outcome.HANDED_OVER))


def test_what_keeps_defib_from_moving_one_before_an_event_must_have_been_read() -> None:
    """That people were told of the plan says nothing of what a guard makes of it."""
    world = World(plain(HELD_BEFORE_AN_EVENT))
    assert world.run() == []
    (held,) = (case for case in world.store.cases.values() if case.held_by == "owned_by_others")
    truth, notices = world.judge.truth, world.store.notices
    assert is_known(held, truth)

    for key in [key for key, notice in notices.items() if held.reason in notice.body]:
        del notices[key]

    assert [notice.kind for notice in notices.values() if notice.service == held.service] == [NoticeKind.PLANNED]
    assert not is_known(held, truth)
