"""What Defib sends onward comes out alike, at the same time and in the same order, in memory as on moto.

Two differences are meant: a turn of a page that follows carries in memory which page, not what has changed; and
invocations take their time there as they end, on moto as they begin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from defib.aws.wire import DigestDue, NoticeReference, Turn, Untold
from defib.core.case import Action
from defib.core.effect import Perform, Wake
from defib.core.incident import Notice
from defib.core.model import Signal, Source, TargetGroupSignal
from defib.core.resend import TRIED_FOR
from defib.core.shift import Move, ShiftOrder
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered
from sim.fuzz.processes import shape_of
from sim.fuzz.trouble import Trouble
from tests.aws.cases import WEB_1, a_notice
from tests.contract.ports import Befalls
from tests.contract.posting import Posting

Post = Callable[..., Posting]

GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09"
QUARTER = 900
HIDDEN = {name: shape_of(name).timeout_s + 10 for name in ("publish", "remediate")}
"""Seconds for which the queues hide what has been received (infra/signals.py)."""
LASTS = 2
"""Seconds within which a function begins, and takes its message."""


LEFT_AS_GIVEN_UP = 4
"""How often a message of a FIFO queue is received (infra/signals.py)."""
AT_ONCE_ON_THE_QUEUE = 2
"""Messages of one notice: one that is tried, and one that was sent as that was about to be given up."""


def signals(post: Posting, count: int) -> list[Signal]:
    return [Signal(Source.SWEEP, f"i-{number:017x}", post.now, "it fails") for number in range(count)]


def on_time(times: Sequence[float], due: Sequence[float]) -> bool:
    """Whether each came when it was due: not before, and no later than a function takes."""
    return len(times) == len(due) and all(0 <= at - then < LASTS for at, then in zip(times, due, strict=True))


def apart(times: Sequence[float], *gaps: float) -> bool:
    """Whether so much lies between each and the next."""
    found = [later - sooner for sooner, later in pairwise(times)]
    return len(found) == len(gaps) and all(abs(gap - due) < LASTS for gap, due in zip(found, gaps, strict=True))


SENT_AGAIN: dict[str, Callable[[Posting, Notice], None]] = {
    "to all": lambda here, made: here.queues.announce_again([made], here.now),
    "one way": lambda here, made: here.queues.alone(made, "oncall sns", here.now),
}


def order(action: Action) -> Perform:
    return Perform(f"{WEB_1}-1", WEB_1, 1, action)


def test_signals_are_read_as_they_were_sent(post: Post) -> None:
    here = post()
    sent = signals(here, 12)
    here.queues.signal(sent)
    here.later(5)
    assert sorted(here.messages("diagnose"), key=str) == sorted(sent, key=str)


def test_many_signals_at_once_are_spread_over_the_minute(post: Post) -> None:
    here = post()
    sent = signals(here, 40)
    here.queues.signal(sent)
    here.later(60)
    came = {taken.message: taken.at for taken in here.taken}
    assert on_time([came[signal] for signal in sent], [max(0, (number - 12) // 3) for number in range(40)])


@pytest.mark.parametrize(("asked", "comes"), [(-5, 0), (0, 0), (7.2, 8), (30, 30), (QUARTER, QUARTER), (3000, QUARTER)])
def test_a_wake_up_comes_when_asked_but_within_a_quarter_of_an_hour(post: Post, asked: float, comes: int) -> None:
    here = post()
    at = here.now + timedelta(seconds=asked)
    here.queues.wake(Wake(WEB_1, at), here.now)
    here.later(2 * QUARTER)
    assert here.messages("diagnose") == [Signal(Source.WAKE, WEB_1, at, "time to look again")]
    assert on_time(here.times("diagnose"), [comes])


def test_questions_to_load_balancers_come_each_at_its_time(post: Post) -> None:
    here = post()
    times = [here.now + timedelta(seconds=number * 2.5) for number in (0, 1, 400)]
    asked = [TargetGroupSignal(GROUP, at, "asked", at + timedelta(minutes=1)) for at in times]
    here.queues.ask(asked, here.now)
    here.later(2 * QUARTER)
    assert here.messages("diagnose") == asked
    assert on_time(here.times("diagnose"), [0, 3, QUARTER])


def test_orders_go_to_whoever_carries_them_out(post: Post) -> None:
    here = post()
    shift = ShiftOrder("app/web/50dc6c495c0c9188", "use1-az1", Move.START, here.now)
    here.queues.perform(order(Action.REBOOT))
    here.queues.perform(order(Action.EVIDENCE))
    here.later(2)
    here.queues.shift(shift)
    here.later(2)
    assert here.messages("remediate") == [order(Action.REBOOT), shift]
    assert here.messages("evidence") == [order(Action.EVIDENCE)]


def test_notices_come_in_order_within_their_incident_and_once(post: Post) -> None:
    here = post()
    notices = [a_notice(sequence) for sequence in (1, 2, 3)]
    here.queues.announce(notices)
    here.queues.announce(notices)
    here.later(10)
    here.queues.announce(notices)
    here.later(60)
    assert here.messages("publish") == [NoticeReference("web-7", sequence) for sequence in (1, 2, 3)]


def test_what_was_sent_more_than_five_minutes_ago_may_be_sent_again(post: Post) -> None:
    here = post()
    here.queues.announce([a_notice()])
    here.later(299)
    here.queues.announce([a_notice()])
    here.later(2)
    here.queues.announce([a_notice()])
    here.later(5)
    assert on_time(here.times("publish"), [0, 301])


@pytest.mark.parametrize("way", SENT_AGAIN)
def test_what_is_sent_again_counts_once_while_its_message_is_still_tried_and_comes_once_that_is_given_up(
    post: Post, way: str
) -> None:
    here = post()
    here.taking.failing["publish"] = LEFT_AS_GIVEN_UP
    made = a_notice(at=here.now)
    for _ in range(4):
        SENT_AGAIN[way](here, made)
        SENT_AGAIN[way](here, made)
        here.later(60)
    tried = [5, HIDDEN["publish"], HIDDEN["publish"]]
    first, again = here.times("publish")[:LEFT_AS_GIVEN_UP], here.times("publish")[LEFT_AS_GIVEN_UP:]
    assert apart(first, *tried)
    assert on_time(again, [180]), "and not at 60 s, nor at 120 s, when the queue has it still"


@pytest.mark.parametrize("way", SENT_AGAIN)
def test_however_long_it_fails_what_is_sent_again_each_minute_does_not_pile_up(post: Post, way: str) -> None:
    here = post()
    here.taking.failing["publish"] = 10_000
    made = a_notice(at=here.now)
    for _ in range(6 * 60):
        SENT_AGAIN[way](here, made)
        here.later(60)
    here.taking.failing["publish"] = 0
    mended = here.times("publish")[-1]
    here.later(QUARTER)
    after = [at - mended for at in here.times("publish") if at > mended]
    assert 1 <= len(after) <= AT_ONCE_ON_THE_QUEUE
    assert max(after) <= TRIED_FOR.total_seconds() + 60


def test_a_notice_that_fails_holds_up_its_incident_and_no_other(post: Post) -> None:
    here = post()
    here.taking.failing["publish"] = 1
    here.queues.announce([a_notice(1), a_notice(2)])
    here.later(1)
    here.queues.announce([a_notice(1, incident_id="api-2")])
    here.queues.alone(a_notice(1), "oncall sns", here.now)
    here.later(20)
    first, second = NoticeReference("web-7", 1), NoticeReference("web-7", 2)
    came = here.messages("publish")
    assert came[0] == first
    assert set(map(str, came[1:3])) == {str(NoticeReference("api-2", 1)), str(Untold("web-7", 1, "oncall sns"))}
    assert came[3:] == [first, second]
    assert apart([here.times("publish")[0], here.times("publish")[3]], 5)


def test_what_keeps_failing_comes_when_the_queue_shows_it_again_until_it_is_set_aside(post: Post) -> None:
    here = post()
    here.taking.failing = {"remediate": 9, "publish": 9}
    here.queues.perform(order(Action.REBOOT))
    here.queues.announce([a_notice(1), a_notice(2)])
    here.later(2 * QUARTER)
    first = [taken.at for taken in here.taken if taken.message == NoticeReference("web-7", 1)]
    assert apart(here.times("remediate"), *[HIDDEN["remediate"]] * 4)
    assert apart(first, 5, HIDDEN["publish"], HIDDEN["publish"])
    second = next(taken.at for taken in here.taken if taken.message == NoticeReference("web-7", 2))
    assert apart([first[0], second], TRIED_FOR.total_seconds()), "the last try is waited for like any other"
    assert here.dead() == 3


@pytest.mark.parametrize(("due", "comes"), [(-3, [0]), (30.2, [31]), (60, [60]), (61, [])])
def test_a_digest_comes_when_it_is_due_and_not_from_the_queue_if_that_is_far_off(
    post: Post, due: float, comes: list[int]
) -> None:
    here = post()
    at = here.now + timedelta(seconds=due)
    here.queues.digest("oncall", at, here.now)
    here.queues.digest("oncall", at, here.now)
    here.later(120)
    assert here.messages("publish") == [DigestDue("oncall", at)] * len(comes)
    assert on_time(here.times("publish"), comes)


def test_a_digest_that_fails_when_due_has_been_received_before(post: Post) -> None:
    here = post()
    here.taking.failing["publish"] = 9
    here.queues.digest("oncall", here.now + timedelta(seconds=20), here.now)
    here.later(QUARTER)
    assert apart(here.times("publish"), *[HIDDEN["publish"]] * 2)
    assert here.dead() == 1


def test_the_page_follows_a_change_once_in_five_minutes_and_other_pages_each_time(post: Post) -> None:
    here = post()
    for _ in range(2):
        here.queues.follow("web-7-1")
        here.queues.hand_on("web-7-1")
        here.later(10)
    here.queues.follow("web-7-2")
    here.later(10)
    assert here.messages("page") == [Turn("web-7-1"), Turn("web-7-2")]
    assert on_time(here.times("elsewhere"), [0, 10])


def test_another_turn_comes_no_earlier_than_asked(post: Post) -> None:
    here = post()
    here.turns.again(timedelta(seconds=20.4))
    here.turns.again(timedelta(hours=1))
    here.later(2 * QUARTER)
    assert on_time(here.times("elsewhere"), [21, QUARTER])


CALLS: dict[str, tuple[str, Callable[[Posting], Any]]] = {
    "signals": ("queue.signals", lambda here: here.queues.signal(signals(here, 3))),
    "orders": ("queue.orders", lambda here: here.queues.perform(order(Action.REBOOT))),
    "wake": ("queue.wake", lambda here: here.queues.wake(Wake(WEB_1, here.now), here.now)),
    "notices": ("queue.notices", lambda here: here.queues.announce([a_notice()])),
    "notices again": ("queue.notices", lambda here: here.queues.announce_again([a_notice()], here.now)),
    "digest": ("queue.notices", lambda here: here.queues.digest("oncall", here.now, here.now)),
    "alone": ("queue.notices", lambda here: here.queues.alone(a_notice(), "oncall sns", here.now)),
    "follow": ("queue.turns", lambda here: here.queues.follow("web-7-1")),
    "hand on": ("queue.turns", lambda here: here.queues.hand_on("web-7-1")),
    "again": ("queue.turns", lambda here: here.turns.again(timedelta(0))),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("trouble", "failure", "code"),
    [
        (Trouble.REFUSED, Transient, "ThrottlingException"),
        (Trouble.DENIED, Rejected, "AccessDenied"),
        (Trouble.HANGS, Unanswered, "ReadTimeoutError"),
    ],
)
def test_what_can_not_be_sent_is_said_and_does_not_come(
    post: Post, call: str, trouble: Trouble, failure: type[CallFailed], code: str
) -> None:
    on, send = CALLS[call]
    here = post(Befalls(trouble, on))
    with pytest.raises(CallFailed) as raised:
        send(here)
    here.later(5)
    assert (type(raised.value), raised.value.code, here.taken) == (failure, code, [])


def test_a_batch_refused_in_part_fails_and_what_comes_after_it_is_sent_all_the_same(post: Post) -> None:
    here = post(Befalls(Trouble.PARTLY, "queue.signals"))
    sent = signals(here, 12)
    with pytest.raises(CallFailed) as raised:
        here.queues.signal(sent)
    here.later(10)
    assert (type(raised.value), raised.value.code) == (Transient, "ServiceUnavailable")
    assert sorted(here.messages("diagnose"), key=str) == sent[1::2]
