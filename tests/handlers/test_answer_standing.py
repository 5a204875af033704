"""A link whose question has been settled meanwhile: what it shows, and which answers are left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from defib.core.approval import Choice
from defib.core.call import Pause, Reaction
from defib.core.case import Outcome
from tests.aws.cases import NOON
from tests.handlers.links import Answers, offered, title, words
from tests.handlers.questions import ABOUT_A_CALL, ASKED, called, handed_over, held, later, waiting


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"closed_at": NOON, "outcome": Outcome.RECOVERED, "reason": "it works again"}, "was closed at 12:00:00 UTC"),
        ({"handed_over_at": NOON, "reason": "nobody approved its repair within 30m"}, "Defib has left it to people"),
        (
            {"approval": replace(ASKED, choice=Choice.REJECT, answered_at=NOON, by="Grace")},
            "Grace said no at 12:00:00 UTC.",
        ),
    ],
)
def test_what_has_been_settled_otherwise_is_shown_and_takes_no_answer(
    answers: Answers, changes: dict[str, Any], says: str
) -> None:
    answers.remember(replace(waiting(**changes), version=1), replace(held(waiting()), version=1))
    before = answers.items()

    shown, tried = answers.get(answers.token()), answers.post(answers.token(), "approve")

    assert (shown["statusCode"], offered(shown)) == (200, [])
    assert says in words(shown)
    assert (tried["statusCode"], title(tried)) == (409, "There is nothing to answer any more.")
    assert "Your answer has changed nothing." in words(tried)
    assert (answers.items(), answers.said()) == (before, [])


def test_after_a_yes_by_another_way_only_a_no_is_left(answers: Answers) -> None:
    answered = replace(ASKED, choice=Choice.APPROVE, answered_at=NOON, by="Grace")
    answers.remember(replace(waiting(approval=answered), version=1), replace(held(waiting()), version=1))

    shown = answers.get(answers.token())

    assert offered(shown) == ["reject"]
    assert "Grace said yes at 12:00:00 UTC." in words(shown)
    assert answers.post(answers.token(), "approve")["statusCode"] == 409
    assert answers.post(answers.token(), "reject")["statusCode"] == 200


def test_a_call_that_somebody_has_taken_can_still_be_put_off(answers: Answers) -> None:
    call = called().call
    assert call is not None
    taken = replace(call, pause=Pause(Reaction.ACKNOWLEDGE, "Grace", NOON, later(hours=4)))
    answers.remember(replace(handed_over(), version=1), called(version=1, call=taken))

    shown = answers.get(answers.token(ABOUT_A_CALL))

    assert offered(shown) == ["snooze"]
    assert "Grace is on it since 12:00:00 UTC." in words(shown)
    assert answers.post(answers.token(ABOUT_A_CALL), "acknowledge")["statusCode"] == 409
    assert answers.post(answers.token(ABOUT_A_CALL), "snooze")["statusCode"] == 200


def test_a_call_about_an_incident_that_is_over_needs_no_answer(answers: Answers) -> None:
    answers.remember(replace(handed_over(), version=1), called(version=1, resolved_at=NOON, call=None))

    answer = answers.get(answers.token(ABOUT_A_CALL))

    assert (title(answer), offered(answer)) == ("There is nothing to answer any more.", [])
