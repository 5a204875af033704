"""The link of a message that asks again for a yes: it offers all four answers, and counts once in all."""

from __future__ import annotations

from dataclasses import replace

import time_machine

from defib.core.call import Asked, Call, Want
from defib.core.escalation import Tier
from tests.aws.cases import NOON, WEB_1, WEB_2
from tests.handlers.links import YES, Answers, offered, title, words
from tests.handlers.questions import ABOUT_BOTH, ASKED, called, handed_over, held, later, waiting
from tests.handlers.stage import Stage


def asked_again(stage: Stage) -> Answers:
    """Nobody has said yes or no for a while."""
    made = Answers(stage)
    want = Want(f"{WEB_1}-1", "approval", NOON, "web-1 fails its instance check: your yes or no by 12:30 UTC")
    call = Call(NOON, NOON, later(minutes=5), (want,), (Asked(Tier.FIRST, NOON),))
    made.remember(waiting(), replace(held(waiting()), call=call))
    return made


def test_whoever_is_asked_again_for_a_yes_can_say_it_say_no_take_it_or_put_it_off(stage: Stage) -> None:
    answers = asked_again(stage)
    shown = answers.get(answers.token(ABOUT_BOTH))

    assert title(shown) == "May Defib repair web-1?"
    assert offered(shown) == ["approve", "reject", "acknowledge", "snooze"]
    answers.post(answers.token(ABOUT_BOTH), "approve")
    assert answers.said() == [YES]


def test_an_answer_to_the_call_by_that_link_is_none_to_the_repair(stage: Stage) -> None:
    answers = asked_again(stage)
    answers.post(answers.token(ABOUT_BOTH), "acknowledge")

    assert answers.said() == [("Approval", {"incident": "web-7", "answer": "acknowledge", "by": "Ada"})]


def test_that_link_counts_once_in_all(stage: Stage) -> None:
    answers = asked_again(stage)
    token = answers.token(ABOUT_BOTH)
    answers.post(token, "acknowledge")
    answers.said()

    for say in ("approve", "reject", "snooze"):
        assert (answers.post(token, say)["statusCode"], answers.said()) == (409, [])


def test_after_the_time_for_a_yes_that_link_says_everything_else(stage: Stage) -> None:
    answers = asked_again(stage)
    with time_machine.travel(ASKED.until, tick=False):
        shown = answers.get(answers.token(ABOUT_BOTH))
        assert offered(shown) == ["reject", "acknowledge", "snooze"]
        assert answers.post(answers.token(ABOUT_BOTH), "approve")["statusCode"] == 409
    assert answers.said() == []


def test_once_it_is_left_to_people_that_link_asks_who_looks_after_it(stage: Stage) -> None:
    answers = asked_again(stage)
    answers.remember(replace(handed_over(approval=ASKED), version=1), called(version=1))

    shown = answers.get(answers.token(ABOUT_BOTH))

    assert (title(shown), offered(shown)) == ("Who looks after web-1?", ["acknowledge", "snooze"])
    assert "Defib has left it to people since 12:00:00 UTC" in words(shown)


def test_that_link_expires_and_belongs_to_its_incident_and_its_case_alone(stage: Stage) -> None:
    answers = asked_again(stage)
    before = answers.items()
    wrong = (
        replace(ABOUT_BOTH, incident_id="web-8"),
        replace(ABOUT_BOTH, case_id=f"{WEB_2}-1"),
        replace(ABOUT_BOTH, case_id=""),
    )
    for link in wrong:
        for say in ("approve", "acknowledge"):
            assert answers.post(answers.token(link), say)["statusCode"] == 404
    with time_machine.travel(ABOUT_BOTH.expires_at, tick=False):
        for say in ("approve", "acknowledge"):
            assert answers.post(answers.token(ABOUT_BOTH), say)["statusCode"] == 410
    assert (answers.items(), answers.said()) == (before, [])
