"""Servers whose applications fall one by one while EC2's checks pass: recognised, told once, restarted no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.announce import announce
from defib.core.case import Action, Case, Hold, Outcome
from defib.core.decide import decide
from defib.core.fall import Fall
from defib.core.guards.pattern import one_by_one
from defib.core.guards.question import Question
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.model import Cause, Check, Checks, CheckStatus, Diagnosis, Verdict
from defib.core.one_by_one import FALLS_MAX, FEW, fell, lately, recognised, remember, restarted_at
from defib.core.policy import ApplicationRemedy, Mode, Policy, Service
from defib.core.words import SMS_MAX, SUBJECT_MAX
from tests.core.facts import NOON, OK, after, attempt, case, observed, policy

EVIDENCE = attempt(Action.EVIDENCE)
OPENED, PROGRESS, ESCALATED, RESOLVED = (
    NoticeKind.OPENED,
    NoticeKind.PROGRESS,
    NoticeKind.ESCALATED,
    NoticeKind.RESOLVED,
)
RESTART = policy(application_down=ApplicationRemedy.RESTART)
TELL = policy(application_down=ApplicationRemedy.TELL)
WEB = RESTART.services[0]
DOWN = observed(checks=Checks(OK, OK, application=Check(CheckStatus.IMPAIRED, NOON)))


def down(server: int, at: datetime = NOON, number: int = 1, **changes: object) -> Case:
    """Server ``server`` with its application down and confirmed, nothing done yet."""
    facts: dict[str, object] = {
        "instance_id": f"i-0aa{server}",
        "number": number,
        "name": f"web-{server}",
        "cause": Cause.APPLICATION_DOWN,
        "confirmed_cause": Cause.APPLICATION_DOWN,
        "since": at,
        "failing_since": at,
        "confirmed_at": at,
    }
    return case(**(facts | changes))


def fall(server: int, at: datetime = NOON, *, restarted: bool = True, number: int = 1) -> Fall:
    id_ = f"i-0aa{server}"
    return Fall(f"{id_}-{number}", id_, f"web-{server}", at, at, at if restarted else None)


class Story:
    """The service's incidents, as one case after another changes."""

    def __init__(self, limits: Policy = RESTART) -> None:
        self.limits = limits
        self.incident: Incident | None = None
        self.notices: list[Notice] = []

    def change(self, before: Case, now: Case, at: datetime) -> list[NoticeKind]:
        self.incident, told = announce(self.incident, before, now, self.limits, at)
        self.notices += told
        return [notice.kind for notice in told]

    def falls(self, fallen: Case, at: datetime) -> list[NoticeKind]:
        return self.change(replace(fallen, confirmed_at=None, confirmed_cause=None), fallen, at)

    def heals(self, fallen: Case, at: datetime) -> list[NoticeKind]:
        """It falls, is rebooted, and works again."""
        told = self.falls(fallen, at)
        acting = replace(fallen, attempts=(*case(EVIDENCE, attempt(Action.REBOOT, at)).attempts,))
        told += self.change(fallen, acting, at)
        healed = replace(acting, cause=Cause.HEALTHY, closed_at=after(hours=9), outcome=Outcome.HEALED, reason="mended")
        return told + self.change(acting, healed, at)


def test_the_third_server_to_fall_shows_the_pattern_though_the_others_were_healed() -> None:
    story = Story()

    assert story.heals(down(1), NOON) == [OPENED, RESOLVED]
    assert story.heals(down(2, after(minutes=10)), after(minutes=10)) == [OPENED, RESOLVED]
    assert story.falls(down(3, after(minutes=20)), after(minutes=20)) == [ESCALATED]

    told = story.notices[-1]
    assert told.subject == (
        "[Defib web] NEEDS YOU: web-3 is one of 3 that fell since 12:00 UTC while EC2's checks pass"
    )
    assert "web-1 at 12:00:00 UTC, web-2 at 12:10:00 UTC, web-3 at 12:20:00 UTC" in told.body
    assert "restarts at most 2 in 1h; the others wait" in told.body
    assert "thread dumps" in told.body
    assert "pool sizes (workers x connections" in told.body
    assert "last deployment" in told.body
    assert len(told.subject) <= SUBJECT_MAX
    assert told.sms.endswith("Check pools, locks, last deployment.")
    assert len(told.sms) <= SMS_MAX


def test_of_those_that_follow_nothing_more_is_said_until_all_work_again() -> None:
    story = Story()
    for server in (1, 2, 3):
        story.falls(down(server), after(minutes=server))
    third, fourth = down(3), down(4)
    held = replace(fourth, held_by="one_by_one", held_action=Action.REBOOT, told_of=("one_by_one",))

    assert story.falls(fourth, after(minutes=4)) == []
    assert story.change(fourth, held, after(minutes=5)) == []
    over = {"cause": Cause.HEALTHY, "closed_at": after(minutes=9), "outcome": Outcome.RECOVERED, "reason": "by itself"}
    closings = [story.change(so_far, replace(so_far, **over), after(minutes=9)) for so_far in (third, held, down(1))]  # type: ignore[arg-type]  # fields of one known dataclass
    assert closings == [[], [], []]
    assert story.change(down(2), replace(down(2), **over), after(minutes=9)) == [RESOLVED]  # type: ignore[arg-type]  # fields of one known dataclass
    assert story.notices[-1].subject == "[Defib web] resolved: web-2 works again, the last of 4 that fell one by one"


def test_people_who_only_want_to_be_told_are_told_of_the_pattern_in_the_first_message_that_shows_it() -> None:
    story = Story(TELL)
    said = []
    for server in (1, 2, 3, 4):
        told = story.falls(down(server), after(minutes=server))
        handed = replace(
            down(server), handed_over_at=after(minutes=server), reason="the application is down", ask="Look."
        )
        said.append(told + story.change(down(server), handed, after(minutes=server)))

    assert said == [[OPENED, ESCALATED], [PROGRESS, ESCALATED], [ESCALATED], []]
    assert "restarts none" in story.notices[-1].body


def held(server: int, guard: str = "observe_mode") -> Case:
    return down(server, held_by=guard, held_action=Action.REBOOT, told_of=(guard,), reason="observe mode")


def test_in_observe_mode_the_pattern_is_told_once_too() -> None:
    story = Story(policy(application_down=ApplicationRemedy.RESTART, mode=Mode.OBSERVE))
    said = []
    for server in (1, 2, 3, 4):
        told = story.falls(down(server), after(minutes=server))
        said.append(told + story.change(down(server), held(server), after(minutes=server)))

    assert said == [[OPENED, NoticeKind.HELD], [PROGRESS, NoticeKind.HELD], [ESCALATED], []]
    assert "only observes" in story.notices[-1].body


def test_what_follows_an_incident_that_was_resolved_is_told_again() -> None:
    story = Story()
    for server in (1, 2, 3):
        story.heals(down(server), NOON)

    assert story.falls(down(4), after(minutes=30)) == [ESCALATED]


def test_a_pattern_that_comes_back_in_the_same_incident_is_told_again() -> None:
    story = Story()
    for server in (1, 2, 3):
        story.falls(down(server), NOON)

    late = [story.falls(down(server, after(hours=5)), after(hours=5)) for server in (4, 5, 6)]
    assert late == [[PROGRESS], [PROGRESS], [ESCALATED]]


def test_what_defib_restarts_after_all_is_news_again() -> None:
    story = Story()
    for server in (1, 2, 3):
        story.falls(down(server), NOON)
    stopping = replace(down(3), attempts=case(EVIDENCE, attempt(Action.STOP, after(hours=2), verdict=None)).attempts)

    assert story.change(down(3), stopping, after(hours=2)) == [PROGRESS]


@pytest.mark.parametrize(
    ("falls", "shown"),
    [
        ((), False),
        ((fall(1), fall(2)), False),
        ((fall(1), fall(2), fall(3)), True),
        ((fall(1), fall(1, number=2), fall(2)), True),
        ((fall(1), fall(1, number=2), fall(1, number=3)), False),
        ((fall(1, NOON - timedelta(hours=1)), fall(2), fall(3)), False),
    ],
)
def test_more_than_may_be_restarted_and_more_than_one_server_make_the_pattern(
    falls: tuple[Fall, ...], shown: bool
) -> None:
    assert recognised(lately(falls, WEB, NOON), WEB) is shown


TWO_RESTARTED = (fall(1, NOON - timedelta(minutes=20)), fall(2, NOON - timedelta(minutes=10)))


def question(so_far: Case, falls: tuple[Fall, ...], service: Service = WEB, at: datetime = NOON) -> Question:
    return Question(Action.REBOOT, so_far, observed(falls=falls), service, RESTART, at)


def test_no_more_than_so_many_are_restarted_in_the_window() -> None:
    refusal = one_by_one(question(down(3), TWO_RESTARTED))

    assert refusal is not None
    assert "web-1 at 11:40:00 UTC, web-2 at 11:50:00 UTC were restarted" in refusal.reason
    assert "treats only the symptom" in refusal.reason
    assert "thread dumps" in refusal.reason


ALLOWED: list[tuple[str, Case, tuple[Fall, ...]]] = [
    ("EC2's own checks fail", down(3, cause=Cause.INSTANCE_IMPAIRED), TWO_RESTARTED),
    ("only one other was restarted", down(3), TWO_RESTARTED[:1]),
    ("the others came back by themselves", down(3), (fall(1, restarted=False), fall(2, restarted=False))),
    ("it was long ago", down(3), (fall(1, NOON - timedelta(hours=1)), fall(2))),
    ("the same one every time", down(1, number=3), (fall(1), fall(1, number=2))),
    (
        "its own repair has begun",
        replace(down(3), attempts=case(EVIDENCE, attempt(Action.REBOOT)).attempts),
        TWO_RESTARTED,
    ),
]


@pytest.mark.parametrize(("so_far", "falls"), [row[1:] for row in ALLOWED], ids=[row[0] for row in ALLOWED])
def test_all_else_may_be_restarted(so_far: Case, falls: tuple[Fall, ...]) -> None:
    assert one_by_one(question(so_far, falls)) is None


def test_its_own_fall_does_not_hold_it() -> None:
    assert one_by_one(question(down(2), TWO_RESTARTED)) is None


def test_when_the_window_has_passed_it_is_restarted_however_long_it_was_held() -> None:
    held = replace(down(3), attempts=case(EVIDENCE).attempts, held_by="one_by_one", told_of=("one_by_one",))
    diagnosis = Diagnosis(Cause.APPLICATION_DOWN, NOON, ())
    facts = replace(DOWN, falls=TWO_RESTARTED)

    holding = decide(held, facts, diagnosis, RESTART, after(minutes=39))
    assert isinstance(holding, Hold)
    assert holding.guard == "one_by_one"
    assert not isinstance(decide(held, facts, diagnosis, RESTART, after(minutes=40)), Hold)


def test_a_fall_is_what_went_down_before_defib_did_anything() -> None:
    unconfirmed = down(1, confirmed_at=None, confirmed_cause=None)
    sick = case()
    rebooted_and_down = case(EVIDENCE, attempt(Action.REBOOT), cause=Cause.APPLICATION_DOWN)

    assert remember((), unconfirmed, WEB, NOON) == ()
    assert remember((), sick, WEB, NOON) == ()
    assert remember((), rebooted_and_down, WEB, NOON) == ()
    assert remember((), down(1), WEB, after(minutes=3)) == (
        Fall("i-0aa1-1", "i-0aa1", "web-1", NOON, after(minutes=3)),
    )


@pytest.mark.parametrize(
    ("attempts", "at"),
    [
        ((EVIDENCE,), None),
        ((EVIDENCE, attempt(Action.REBOOT, verdict=None)), NOON),
        ((EVIDENCE, attempt(Action.DRAIN)), NOON),
        ((EVIDENCE, attempt(Action.REBOOT, verdict=Verdict.ABANDONED)), None),
        ((EVIDENCE, attempt(Action.REBOOT, verdict=Verdict.REFUSED)), None),
    ],
)
def test_a_restart_counts_unless_it_was_surely_not_carried_out(
    attempts: tuple[object, ...], at: datetime | None
) -> None:
    so_far = replace(down(1), attempts=case(*attempts).attempts)  # type: ignore[arg-type]  # a table of attempts

    assert restarted_at(so_far) == at
    assert remember((fall(1, restarted=False),), so_far, WEB, NOON)[0].restarted_at == at


def test_what_is_remembered_is_bounded_and_forgets_no_restart() -> None:
    old = tuple(fall(n, NOON - timedelta(hours=2)) for n in range(100, 100 + FALLS_MAX))
    assert [f.name for f in remember(old, down(3), WEB, NOON)] == ["web-3"]

    idle = tuple(fall(n, restarted=n != 101) for n in range(100, 100 + FALLS_MAX))
    assert remember(idle, down(3), WEB, NOON) == idle
    restarted = replace(down(3), attempts=case(EVIDENCE, attempt(Action.REBOOT)).attempts)
    kept = remember(idle, restarted, WEB, NOON)
    assert len(kept) == FALLS_MAX
    assert kept[-1].name == "web-3"
    assert all(f.restarted_at for f in kept)


def test_many_falls_are_named_in_few_words() -> None:
    assert fell(tuple(fall(n) for n in range(FEW + 3))).startswith("3 more before, web-3 at")
