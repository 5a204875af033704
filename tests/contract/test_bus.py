"""What people answer, by link and by hand, comes alike to whom it is for, in memory as on the deployed bus on moto.

One difference is meant: an event that is delivered twice comes twice at once in memory, on moto some time apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from defib.answer.answered import detail_of
from defib.aws.wire import Release
from defib.core.answer.link import Say, Use
from defib.core.approval import Answer, Choice
from defib.core.asking import DETAIL_TYPE, DRILL_TYPE, EVENT_SOURCE, PUBLISH_TYPE
from defib.core.call import CallAnswer, Reaction
from defib.core.drill import DrillOrder
from defib.core.model import Signal, Source
from defib.core.parse import parse as parse_policy
from defib.core.policy import Policy
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered
from sim.fuzz.lanes import RECEIVES_IN_ORDER
from sim.fuzz.processes import shape_of
from sim.fuzz.trouble import Trouble
from sim.replay import POLICY
from tests.aws.cases import WEB_1
from tests.contract.ports import Befalls
from tests.contract.saying import Saying

On = Callable[..., Saying]

CASE, INCIDENT, BY = f"{WEB_1}-3", "web-7", "Ann"
HALF_AN_HOUR = 1800
LASTS = 3
"""Seconds within which an event reaches a function, and the function takes it."""


def policy() -> Policy:
    return parse_policy(POLICY.read_text(encoding="utf-8"))


def of_case(here: Saying, choice: Choice) -> Signal:
    said = f"{BY} answers {choice} to case {CASE}"
    return Signal(Source.OPERATOR, WEB_1, here.now, said, answer=Answer(CASE, choice, BY))


def of_call(reaction: Reaction, incident_id: str = INCIDENT, lasts: timedelta | None = None) -> CallAnswer:
    return CallAnswer(incident_id, reaction, BY) if lasts is None else CallAnswer(incident_id, reaction, BY, lasts)


def acknowledged(*incidents: str) -> tuple[str, ...]:
    return tuple(json.dumps({"incident": one, "answer": "acknowledge", "by": BY}) for one in incidents)


def came_soon(here: Saying) -> bool:
    return all(0 < taken.at < LASTS for taken in here.taken)


@pytest.mark.parametrize("say", Say)
def test_an_answer_by_a_link_comes_to_diagnose_as_it_was_given(bus: On, say: Say) -> None:
    here = bus()
    use = Use("a link", INCIDENT, CASE, say, BY, here.now)
    expected = {
        Say.APPROVE: of_case(here, Choice.APPROVE),
        Say.REJECT: of_case(here, Choice.REJECT),
        Say.ACKNOWLEDGE: of_call(Reaction.ACKNOWLEDGE),
        Say.SNOOZE: of_call(Reaction.SNOOZE, lasts=policy().answers.snooze),
    }
    here.link.say(DETAIL_TYPE, detail_of(use, policy()))
    here.later(60)
    assert here.messages() == [("diagnose", expected[say])]
    assert came_soon(here)


BY_HAND: dict[str, tuple[str, dict[str, Any], Callable[[Saying], tuple[str, object]]]] = {
    "a yes": (
        DETAIL_TYPE,
        {"case": CASE, "answer": "approve", "by": BY},
        lambda here: ("diagnose", of_case(here, Choice.APPROVE)),
    ),
    "a no": (
        DETAIL_TYPE,
        {"case": CASE, "answer": "reject", "by": BY},
        lambda here: ("diagnose", of_case(here, Choice.REJECT)),
    ),
    "acknowledged": (
        DETAIL_TYPE,
        {"incident": INCIDENT, "answer": "acknowledge", "by": BY},
        lambda _: ("diagnose", of_call(Reaction.ACKNOWLEDGE)),
    ),
    "snoozed": (
        DETAIL_TYPE,
        {"incident": INCIDENT, "answer": "snooze", "for": "20m", "by": BY},
        lambda _: ("diagnose", of_call(Reaction.SNOOZE, lasts=timedelta(minutes=20))),
    ),
    "a drill": (
        DRILL_TYPE,
        {"contact": "oncall", "by": BY},
        lambda here: ("diagnose", DrillOrder("oncall", BY, here.now)),
    ),
    "published": (PUBLISH_TYPE, {"incident": 3}, lambda _: ("page", Release(3))),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_what_is_said_by_hand_comes_to_whom_it_is_for(bus: On, what: str) -> None:
    here = bus()
    detail_type, detail, comes = BY_HAND[what]
    expected = comes(here)
    here.hand(EVENT_SOURCE, detail_type, detail)
    here.later(60)
    assert here.messages() == [expected]
    assert came_soon(here)


@pytest.mark.parametrize(
    ("source", "detail_type"),
    [
        ("my.application", DETAIL_TYPE),
        ("my.application", PUBLISH_TYPE),
        (f"{EVENT_SOURCE}s", DRILL_TYPE),
        (EVENT_SOURCE, "Lunch"),
        (EVENT_SOURCE, DETAIL_TYPE.lower()),
        ("aws.cloudwatch", DETAIL_TYPE),
    ],
)
def test_what_no_rule_lets_through_reaches_nobody(bus: On, source: str, detail_type: str) -> None:
    here = bus()
    here.hand(source, detail_type, {"case": CASE, "answer": "approve", "by": BY})
    here.later(HALF_AN_HOUR)
    assert (here.messages(), here.dead()) == ([], 0)


@pytest.mark.parametrize(
    ("detail_type", "detail"),
    [
        (DETAIL_TYPE, {}),
        (DETAIL_TYPE, {"case": CASE, "answer": "approve"}),
        (DETAIL_TYPE, {"case": CASE, "answer": "perhaps", "by": BY}),
        (DETAIL_TYPE, {"case": "web-7", "answer": "approve", "by": BY}),
        (DETAIL_TYPE, {"case": CASE, "answer": "approve", "by": BY, "really": True}),
        (DETAIL_TYPE, {"incident": INCIDENT, "answer": "snooze", "for": "a while", "by": BY}),
        (DRILL_TYPE, {"contact": "On Call", "by": BY}),
        (PUBLISH_TYPE, {"incident": "3"}),
        (PUBLISH_TYPE, {"incident": -3}),
    ],
)
def test_what_nobody_can_read_does_nothing_and_is_set_aside(bus: On, detail_type: str, detail: Any) -> None:
    here = bus()
    here.hand(EVENT_SOURCE, detail_type, detail)
    here.later(10)
    assert (here.messages(), here.dead()) == ([], 0)
    here.later(HALF_AN_HOUR)
    assert (here.messages(), here.dead()) == ([], 1)


def test_what_nobody_can_read_holds_up_what_is_published_after_it_until_it_is_set_aside_and_no_answer(
    bus: On,
) -> None:
    here = bus()
    hidden = shape_of("page").timeout_s + 10
    here.hand(EVENT_SOURCE, PUBLISH_TYPE, {"incident": "three"})
    here.hand(EVENT_SOURCE, DETAIL_TYPE, {"case": "web-7", "answer": "approve", "by": BY})
    here.later(5)
    here.hand(EVENT_SOURCE, PUBLISH_TYPE, {"incident": 3})
    here.link.say(DETAIL_TYPE, *acknowledged(INCIDENT))
    here.later((RECEIVES_IN_ORDER + 1) * hidden)
    answered, published = here.taken
    assert (answered.message, published.message) == (of_call(Reaction.ACKNOWLEDGE), Release(3))
    assert 0 < answered.at - 5 < LASTS
    assert 0 < published.at - RECEIVES_IN_ORDER * hidden < RECEIVES_IN_ORDER * LASTS


@pytest.mark.parametrize("detail", ["yes", "[]", '"yes"', ""])
def test_what_is_no_object_is_refused_and_the_answers_beside_it_are_taken(bus: On, detail: str) -> None:
    here = bus()
    before, after = acknowledged("web-7", "web-8")
    with pytest.raises(Rejected) as raised:
        here.link.say(DETAIL_TYPE, before, detail, after)
    here.later(60)
    assert raised.value.code == "MalformedDetail"
    assert sorted(here.messages(), key=str) == [
        ("diagnose", of_call(Reaction.ACKNOWLEDGE, incident)) for incident in ("web-7", "web-8")
    ]


def test_an_answer_that_is_delivered_twice_is_heard_twice_and_says_the_same(bus: On) -> None:
    here = bus(Befalls(Trouble.MESSAGE_DOUBLED, "events"))
    expected = of_case(here, Choice.APPROVE)
    here.hand(EVENT_SOURCE, DETAIL_TYPE, {"case": CASE, "answer": "approve", "by": BY})
    here.later(60)
    assert here.messages() == [("diagnose", expected)] * 2


def test_what_is_published_comes_once_though_it_is_delivered_twice(bus: On) -> None:
    here = bus(Befalls(Trouble.MESSAGE_DOUBLED, "events"))
    here.hand(EVENT_SOURCE, PUBLISH_TYPE, {"incident": 3})
    here.later(60)
    assert here.messages() == [("page", Release(3))]


def test_who_publishes_twice_is_heard_twice(bus: On) -> None:
    here = bus()
    for _ in range(2):
        here.hand(EVENT_SOURCE, PUBLISH_TYPE, {"incident": 3})
    here.later(60)
    assert here.messages() == [("page", Release(3))] * 2


MANY = [f"web-{number}" for number in range(1, 13)]
"""More than one call puts on the bus."""


def test_the_answer_to_many_comes_for_each(bus: On) -> None:
    here = bus()
    here.link.say(DETAIL_TYPE, *acknowledged(*MANY))
    here.later(60)
    expected = [("diagnose", of_call(Reaction.ACKNOWLEDGE, incident)) for incident in MANY]
    assert sorted(here.messages(), key=str) == sorted(expected, key=str)


def test_what_is_not_taken_of_a_call_fails_it_and_what_comes_after_it_is_said_all_the_same(bus: On) -> None:
    here = bus(Befalls(Trouble.PARTLY, "bus.put"))
    with pytest.raises(Transient) as raised:
        here.link.say(DETAIL_TYPE, *acknowledged(*MANY))
    here.later(60)
    said = here.messages()
    of_the_first, of_the_second = (
        [incident for incident in some if ("diagnose", of_call(Reaction.ACKNOWLEDGE, incident)) in said]
        for some in (MANY[:10], MANY[10:])
    )
    assert raised.value.code == "ThrottlingException"
    assert of_the_first == MANY[1:10:2]
    assert len(of_the_second) == 1


@pytest.mark.parametrize(
    ("trouble", "failure", "code"),
    [
        (Trouble.REFUSED, Transient, "ThrottlingException"),
        (Trouble.DENIED, Rejected, "AccessDenied"),
        (Trouble.HANGS, Unanswered, "ReadTimeoutError"),
    ],
)
def test_an_answer_that_can_not_be_passed_on_says_so_and_nobody_hears_it(
    bus: On, trouble: Trouble, failure: type[CallFailed], code: str
) -> None:
    here = bus(Befalls(trouble, "bus.put"))
    with pytest.raises(CallFailed) as raised:
        here.link.say(DETAIL_TYPE, *acknowledged(INCIDENT))
    here.later(60)
    assert (type(raised.value), raised.value.code, here.taken) == (failure, code, [])
