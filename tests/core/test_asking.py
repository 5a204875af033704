"""Commands in e-mails: each goes to Defib's own Region, whatever Region is the default of whoever copies it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from defib.core.approval import Approval
from defib.core.asking import in_region
from defib.core.call_news import escalate, heard
from defib.core.case import Action
from defib.core.digest import summed_up
from defib.core.drill import Drill
from defib.core.drill_news import asked
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.medium import Medium
from defib.core.message import compose
from defib.core.news import News
from defib.core.outbox import Lane, Waiting
from defib.core.page.draft import ask_to_publish
from defib.core.planned import BOUND
from defib.core.policy import Mode, Policy
from defib.core.post import Places
from defib.core.reach import Finding, Problem, Reach
from defib.core.reach_news import tell as tell_of_addresses
from defib.core.severity import Severity
from defib.core.shift import Move, ShiftAnswer
from defib.core.shift_news import tell as tell_of_shifts
from defib.core.stack import Impairment, Stack
from defib.core.zones import Seen, Turn, tell
from tests.core.announced import WAITING, wants
from tests.core.calls import ANN, BROKEN, ON_IT, POLICY, WEB, called
from tests.core.facts import NOON, after
from tests.core.page.shown import POLICY as PAGE
from tests.core.page.shown import Story, trouble
from tests.core.shifted import CLAIMED, SHIFTED, STACK, A

COMMAND = re.compile(r"\baws [a-z0-9-]+ (?:wait )?[a-z]+-[a-z-]+( --region eu-west-1|)")


def to(limits: Policy) -> Policy:
    return replace(limits, region="eu-west-1")


def question() -> Notice:
    case = replace(BROKEN, approval=Approval(NOON, after(minutes=30)), held_by="approval", held_action=Action.REBOOT)
    return compose(called(), case, News.ASKING, replace(WEB, mode=Mode.APPROVE), to(POLICY), NOON)[1]


def call() -> Notice:
    _, notice = escalate(called(), to(POLICY), after(minutes=5))
    assert notice is not None
    return notice


def acknowledgment() -> Notice:
    return heard(called(), ON_IT, to(POLICY), NOON)[1]


def drill() -> Notice:
    return asked(Drill("ann", NOON), ANN, None, to(POLICY), NOON)[2]


def draft() -> Notice:
    story = Story(PAGE)
    story.at(2, trouble())
    return ask_to_publish(story.only, "eu-west-1", NOON)


def announcement(**changes: object) -> Notice:
    case = replace(WAITING, **changes)  # type: ignore[arg-type]  # keyword arguments of one known dataclass
    limits = to(wants())
    return compose(Incident("web", 1, NOON), case, News.ANNOUNCED, limits.services[0], limits, NOON)[1]


def zone(over: bool) -> Notice:
    turn = Turn(Impairment(A, NOON, 40), Seen(A, 40, 50, "use1-az4"), over)
    return tell(Stack(impaired=(turn.impairment,)), turn, None, to(POLICY), NOON)[2]


def shift(answer: ShiftAnswer, move: Move, shift_id: str) -> Notice:
    news = replace(SHIFTED if answer is ShiftAnswer.DONE else CLAIMED, answer=answer, move=move, id=shift_id, said=None)
    return tell_of_shifts(replace(STACK, shifts=(news,)), A, Incident("zone:a", 1, NOON), to(POLICY), NOON)[2]


def address(problem: Problem) -> Notice:
    found = Finding(problem, Medium.SMS, "+12025550123", "ann", NOON)
    _, _, notice = tell_of_addresses(Reach(findings=(found,)), None, to(POLICY), after(days=1))
    assert notice is not None
    return notice


@pytest.mark.parametrize(
    ("notice", "commands"),
    [
        (question(), 4),
        (call(), 2),
        (acknowledgment(), 1),
        (drill(), 2),
        (draft(), 1),
        (announcement(), 3),
        (announcement(group="web-asg"), 1),
        (announcement(evidence=(f"{BOUND} h-0a1",)), 4),
        (zone(over=False), 4),
        (zone(over=True), 2),
        (shift(ShiftAnswer.DONE, Move.START, "shift-1"), 1),
        (shift(ShiftAnswer.REFUSED, Move.START, ""), 3),
        (shift(ShiftAnswer.REFUSED, Move.END, "shift-1"), 3),
        (shift(ShiftAnswer.REFUSED, Move.END, ""), 3),
        (address(Problem.UNVERIFIED), 2),
        (address(Problem.OPTED_OUT), 1),
        (address(Problem.SPENT), 1),
        (address(Problem.SPENDING), 1),
    ],
)
def test_every_command_of_an_e_mail_goes_to_defibs_region_and_a_text_message_has_none(
    notice: Notice, commands: int
) -> None:
    assert COMMAND.findall(notice.body) == [" --region eu-west-1"] * commands
    assert "aws " not in notice.sms


def test_so_does_the_one_of_a_digest() -> None:
    urgent = Waiting(
        *("ann", Lane.STORM, NOON, "web-7", 3, NoticeKind.CALLED, Severity.URGENT, "web-2 needs you", "web"),
        (Medium.EMAIL, Medium.SMS),
    )
    post = summed_up((urgent,), ANN, to(POLICY), Places("here"), NOON)

    assert "\n  aws events put-events --region eu-west-1 --entries '" in post.email
    assert "aws " not in post.sms


def test_where_nobody_knows_the_region_a_command_names_none() -> None:
    assert in_region("") == ""
