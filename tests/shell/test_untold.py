"""Whoever can't be told keeps nobody else waiting: hours of it, with the queue as SQS keeps it, on virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from defib.core.contact import Contact
from defib.core.incident import Notice, NoticeKind
from defib.core.medium import Medium
from defib.core.messages import MessageLimits
from defib.core.post import Places
from defib.core.resend import TRIED_FOR
from defib.core.severity import Severity
from defib.publish.links import NoLinks
from defib.shell.announce import CHAIN_MOST, Announcing, announce, announce_alone
from defib.shell.ports import CallFailed, Rejected, Unanswered
from defib.shell.sum_up import sum_up
from defib.shell.sweep import Sweeping, sweep
from sim.clock import VirtualTime
from sim.fuzz import edges, onward, tables
from sim.fuzz.lanes import DEDUPLICATED_FOR, Lanes
from sim.fuzz.outside import Outside
from tests.core.facts import NOON
from tests.fakes import FakeChannel, FakeObserver
from tests.shell.office import ANN, MAIL, POLICY, WEB, Office, notice

BOB = Contact("bob", email=("bob@example.com",), chat=True)
EACH = MessageLimits(most=100, at_once=100)
TELLS = replace(POLICY, contacts=(BOB, ANN), services=(replace(WEB, tell=("bob", "ann")),), messages=EACH)
"""Bob comes before whoever is to hear."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AT_ONCE = timedelta(seconds=2)
GONE = Rejected("no such topic", "NotFoundException")
SILENT = Unanswered("no answer", "InternalError")


class Desk:
    """``publish`` with its queue, and a sweep each minute. Bob's chat fails."""

    def __init__(self, fails: CallFailed = GONE) -> None:
        self.time = VirtualTime(NOON)
        outside = Outside(self.time, (), None, Random(1))
        self.store = tables.Kept()
        self.lanes = Lanes(self.time, outside, Random(1))
        self.queues = onward.Queues(self.lanes, outside, has_page=False)
        clock = edges.Now(self.time)
        self.chat = FakeChannel("chat", (Medium.CHAT,), clock=clock, refused="bob", refusal=fails)
        self.sns = FakeChannel("sns", MAIL, clock=clock)
        channels, places = (self.chat, self.sns), Places("arn:topic")
        self.edges = Announcing(clock, self.store, self.store.mail, channels, self.queues, places, NoLinks())
        sweeping = Sweeping(clock, FakeObserver(clock), self.store, self.queues)
        self.lanes.run("publish", self._publish, put_off="queue.notices")
        self.time.every(MINUTE, NOON + MINUTE / 3, lambda: self._sweep(sweeping))

    def _sweep(self, sweeping: Sweeping) -> None:
        sweep(sweeping, TELLS)

    def _publish(self, body: object) -> None:
        match body:
            case str():
                sum_up(body, self.edges, TELLS)
            case (str(incident_id), int(sequence)):
                announce(incident_id, sequence, self.edges, TELLS)
            case (str(incident_id), int(sequence), str(way)):
                announce_alone(incident_id, sequence, way, self.edges, TELLS)

    def write(self, made: Notice, *, sent: bool = True) -> Notice:
        """A notice is remembered, and its message sent unless the process dies in between."""
        self.store.notices[made.incident_id, made.sequence] = made
        if sent:
            self.queues.announce([made])
        return made

    def live(self, lasts: timedelta) -> None:
        self.time.run_until(self.time.now + lasts)

    def news(self, count: int, every: timedelta = MINUTE) -> None:
        for number in range(1, count + 1):
            at = self.time.now + number * every
            self.time.at(at, partial(self.write, notice(number, at=at)))  # type: ignore[arg-type]  # what it returns is dropped

    def calls(self, number: int) -> Notice:
        made = notice(number, Severity.URGENT, at=self.time.now, kind=NoticeKind.ESCALATED)
        return self.write(made)

    def waited(self, channel: FakeChannel, contact: str, made: Notice) -> timedelta | None:
        """How long after it was made the contact heard; None for not at all."""
        heard = zip(channel.times, channel.published, strict=True)
        times = (at for at, post in heard if post.contact == contact and post.subject == made.subject)
        return next((at - made.at for at in times), None)


def subjects(channel: FakeChannel, contact: str) -> list[str]:
    return [post.subject for post in channel.published if post.contact == contact]


def each(count: int) -> list[str]:
    return [f"subject {number};" for number in range(1, count + 1)]


@pytest.mark.parametrize("fails", [GONE, SILENT], ids=["refused for good", "not answered"])
@pytest.mark.parametrize("count", [*range(1, 11), 40])
def test_a_call_for_help_goes_at_once_however_many_notices_another_can_not_be_told(
    count: int, fails: CallFailed
) -> None:
    desk = Desk(fails)
    desk.news(count)
    desk.live(6 * HOUR + timedelta(seconds=7))

    call = desk.calls(count + 1)
    desk.live(HOUR)

    for channel, contact in ((desk.sns, "ann"), (desk.chat, "ann"), (desk.sns, "bob")):
        waited = desk.waited(channel, contact, call)
        assert waited is not None
        assert waited <= AT_ONCE
        assert subjects(channel, contact) == each(count + 1), "each once, and in order"
    assert subjects(desk.chat, "bob") == []


def test_of_many_at_once_none_waits_for_who_could_not_be_told_of_the_first() -> None:
    desk = Desk()
    desk.news(30, every=timedelta(seconds=1))
    desk.live(timedelta(seconds=40))

    waited = [desk.waited(desk.sns, "ann", made) for made in desk.store.notices.values()]
    assert len(waited) == 30
    assert all(one is not None and one <= AT_ONCE for one in waited)


@pytest.mark.parametrize("count", [1, 10, 25])
def test_who_can_be_told_again_gets_all_in_order_and_nobody_anything_twice(count: int) -> None:
    desk = Desk()
    desk.news(count)
    desk.live(6 * HOUR)
    desk.chat.refused = ""

    desk.live(2 * DEDUPLICATED_FOR)

    assert subjects(desk.chat, "bob") == each(count)
    for channel, contact in ((desk.sns, "ann"), (desk.chat, "ann"), (desk.sns, "bob")):
        assert subjects(channel, contact) == each(count)
    assert len(desk.store.published) == count, "and nothing is tried any more"


def test_for_as_long_as_somebody_can_not_be_told_of_something_that_is_set_aside_again_and_again() -> None:
    desk = Desk()
    desk.news(3)
    desk.live(10 * MINUTE)

    for _ in range(30):
        before = len(desk.lanes.dead)
        desk.live(2 * DEDUPLICATED_FOR)
        assert len(desk.lanes.dead) > before, "or no alarm would ring any more"
    assert {body[2] for body in desk.lanes.dead if isinstance(body, tuple)} == {"bob chat"}


def test_whoever_can_not_be_told_for_a_moment_only_is_told_in_seconds_and_nothing_is_set_aside() -> None:
    desk = Desk()
    desk.time.after(timedelta(seconds=4), lambda: setattr(desk.chat, "refused", ""))

    call = desk.calls(1)
    desk.live(HOUR)

    waited = desk.waited(desk.chat, "bob", call)
    assert waited is not None
    assert waited <= timedelta(seconds=8)
    assert desk.lanes.dead == []


@pytest.mark.parametrize("lasts", [timedelta(minutes=minutes) for minutes in (1, 2, 3, 4, 5, 7, 30)])
def test_whoever_can_not_be_told_for_minutes_is_told_soon_after(lasts: timedelta) -> None:
    desk = Desk()
    desk.time.after(lasts, lambda: setattr(desk.chat, "refused", ""))

    call = desk.calls(1)
    desk.live(HOUR)

    waited = desk.waited(desk.chat, "bob", call)
    assert waited is not None
    assert waited <= lasts + 2 * MINUTE
    for channel, contact in ((desk.sns, "ann"), (desk.chat, "ann"), (desk.sns, "bob"), (desk.chat, "bob")):
        assert subjects(channel, contact) == each(1), "however often it is sent again, each hears of it once"


@pytest.mark.parametrize("way", ["", "bob chat"])
def test_two_messages_of_one_notice_tell_of_it_once(way: str) -> None:
    desk = Desk()
    desk.chat.refused = "" if not way else "bob"
    made = desk.calls(1)
    desk.time.after(timedelta(seconds=3), lambda: setattr(desk.chat, "refused", ""))
    for number in range(4):
        if way:
            desk.queues.alone(made, way, desk.time.now + number * TRIED_FOR)
        else:
            desk.queues.announce_again([made], desk.time.now + number * TRIED_FOR)
    desk.live(HOUR)

    for channel, contact in ((desk.sns, "ann"), (desk.chat, "ann"), (desk.sns, "bob"), (desk.chat, "bob")):
        assert subjects(channel, contact) == each(1)


@pytest.mark.parametrize("lost", [1, CHAIN_MOST + 5])
def test_the_sweep_finds_what_has_no_message_behind_all_that_somebody_can_not_be_told(lost: int) -> None:
    desk = Desk()
    desk.news(25)
    desk.live(HOUR)
    for number in range(26, 26 + lost):
        desk.write(notice(number, at=desk.time.now), sent=False)

    desk.live(3 * MINUTE)

    assert subjects(desk.sns, "ann") == each(25 + lost)


def test_nor_do_more_of_those_than_a_sweep_takes_hide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("defib.shell.still_to_tell.NOTICES_MAX", 10)
    desk = Desk()
    desk.news(25)
    desk.live(HOUR)
    desk.write(notice(26, at=desk.time.now), sent=False)

    desk.live(3 * MINUTE)

    assert subjects(desk.sns, "ann") == each(26)


def test_what_comes_next_waits_for_what_is_on_its_way_alone(office: Office) -> None:
    office.chat.refused = "ann"
    office.tell(notice(1))
    office.chat.refused = ""

    announce("web-1", 1, office.edges, POLICY)
    office.tell(notice(2))
    assert office.chat.published == [], "two at once would tell of it twice, or of the second before the first"
    office.alone()

    assert subjects(office.chat, "ann") == each(2)
    office.policy = replace(POLICY, messages=EACH)
    office.tell(notice(3))
    assert subjects(office.chat, "ann") == each(3), "what comes after that goes at once again"


def test_nothing_goes_alone_before_what_another_message_takes_along(office: Office) -> None:
    office.policy, office.chat.refused = replace(POLICY, messages=EACH), "ann"
    office.tell(*(notice(number) for number in range(1, CHAIN_MOST + 3)))
    office.chat.refused = ""

    assert not announce_alone("web-1", CHAIN_MOST + 2, "ann chat", office.edges, office.policy)
    assert office.chat.published == []
    for number in (CHAIN_MOST, CHAIN_MOST + 2):
        assert announce_alone("web-1", number, "ann chat", office.edges, office.policy)
    assert subjects(office.chat, "ann") == each(CHAIN_MOST + 2)


def test_who_has_left_the_file_meanwhile_is_told_no_more_and_leaves_nothing_untold(office: Office) -> None:
    office.policy = replace(POLICY, services=(replace(WEB, tell=("ann", "bob")),))
    office.sns.refused = "bob"
    office.tell(notice(1))
    office.policy = POLICY

    assert office.alone() == []
    assert office.got("bob") == []
    assert office.store.published_at("web-1", 1) == NOON


def test_after_a_channel_that_does_not_answer_no_other_is_tried_by_the_same_message() -> None:
    """The rest would outlast the function: it goes by messages of its own."""
    desk = Desk(SILENT)
    tried: list[str] = []
    desk.chat.before = lambda: tried.append("chat")
    desk.sns.before = lambda: tried.append("sns")
    desk.store.notices["web-1", 1] = notice()

    announce("web-1", 1, desk.edges, TELLS)

    assert tried == ["chat"]
    desk.live(AT_ONCE)
    assert subjects(desk.sns, "ann") == subjects(desk.sns, "bob") == subjects(desk.chat, "ann") == each(1)
