"""EC2's own issues, as AWS Health tells them: what is believed, for how long, and what people hear."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.announce import announce
from defib.core.case import Action, Outcome
from defib.core.decide import decide
from defib.core.guard import refuse
from defib.core.guards.question import Question
from defib.core.incident import NoticeKind
from defib.core.issue import ISSUES_MAX, Issue, Issues
from defib.core.issue_news import named, reviewed, told
from defib.core.limits import HealthIssue, Limits
from defib.core.model import Cause, Diagnosis, InstanceState
from defib.core.stack import Impairment, Stack
from tests.core.facts import NOON, POLICY, SERVICE, after, attempt, case, observed

LIMITS = Limits()
CODE = "AWS_EC2_OPERATIONAL_ISSUE"
ISSUE = Issue("arn:1", CODE, NOON, NOON)
OPEN = Issues((ISSUE,))
IN_ZONE = replace(ISSUE, zone_ids=("use1-az4",))
HELD = replace(OPEN, held="web-2")
TOLD = replace(HELD, incident=1)


def said(at: datetime, *, over: bool = False, zone_ids: tuple[str, ...] = (), arn: str = "arn:1") -> Issue:
    return Issue(arn, CODE, at, at, over, zone_ids=zone_ids)


def test_what_aws_has_called_over_is_not_opened_by_an_earlier_word_that_comes_late() -> None:
    closed = Issues().heard(said(after(minutes=30), over=True), after(minutes=30))

    assert closed.under_way(LIMITS, after(minutes=31)) == ()
    assert closed.heard(said(after(minutes=20)), after(minutes=32)) == closed
    assert closed.heard(said(after(minutes=30)), after(minutes=32)) == closed


def test_a_doubled_word_changes_nothing() -> None:
    assert OPEN.heard(ISSUE, after(minutes=5)) == OPEN


def test_an_issue_that_opens_again_counts_again() -> None:
    again = Issues().heard(said(NOON, over=True), NOON).heard(said(after(minutes=5)), after(minutes=5))

    assert len(again.under_way(LIMITS, after(minutes=5))) == 1


def test_each_word_of_aws_prolongs_what_the_first_began() -> None:
    updated = OPEN.heard(said(after(hours=5)), after(hours=5))

    assert updated.known[0].since == NOON
    assert OPEN.under_way(LIMITS, after(hours=5, minutes=59)) == OPEN.known
    assert OPEN.under_way(LIMITS, after(hours=6)) == ()
    assert updated.under_way(LIMITS, after(hours=10)) == updated.known


def test_a_word_dated_in_the_future_holds_no_longer_than_one_said_now() -> None:
    assert Issues().heard(said(after(hours=99)), NOON) == OPEN


def test_so_many_issues_are_kept_and_no_more() -> None:
    many = Issues()
    for n in range(ISSUES_MAX + 5):
        many = many.heard(said(after(minutes=n), arn=f"arn:{n}"), after(minutes=n))

    assert [i.arn for i in many.known] == [f"arn:{n}" for n in range(5, ISSUES_MAX + 5)]


def test_an_update_that_names_no_zone_is_about_the_zones_named_before() -> None:
    known = replace(OPEN, known=(replace(IN_ZONE, zones=("us-east-1a",)),))
    updated = known.heard(said(after(minutes=5)), after(minutes=5)).known[0]
    moved = known.heard(said(after(minutes=5), zone_ids=("use1-az6",)), after(minutes=5)).known[0]

    assert (updated.zone_ids, updated.zones) == (("use1-az4",), ("us-east-1a",))
    assert (moved.zone_ids, moved.zones) == (("use1-az6",), ())


@pytest.mark.parametrize(
    ("names", "zone_ids", "zones"),
    [
        ({"use1-az4": "us-east-1a"}, ("use1-az4",), ("us-east-1a",)),
        ({"use1-az6": "us-east-1b"}, (), ()),
    ],
)
def test_a_zone_is_held_by_its_name_here_and_one_unknown_here_means_the_region(
    names: dict[str, str], zone_ids: tuple[str, ...], zones: tuple[str, ...]
) -> None:
    issue = named(Issues((IN_ZONE,)), names).known[0]

    assert (issue.zone_ids, issue.zones) == (zone_ids, zones)


@pytest.mark.parametrize(
    ("issue", "zone", "held"),
    [
        (ISSUE, "us-east-1b", True),
        (IN_ZONE, "us-east-1b", True),
        (replace(IN_ZONE, zones=("us-east-1a",)), "us-east-1b", False),
        (replace(IN_ZONE, zones=("us-east-1a",)), "us-east-1a", True),
    ],
    ids=["the Region", "a zone not looked up yet", "another zone", "its zone"],
)
def test_only_the_zone_that_aws_names_is_held(issue: Issue, zone: str, held: bool) -> None:
    assert (Issues((issue,)).about(zone, LIMITS, NOON) is not None) is held


def test_the_operator_may_have_issues_ignored() -> None:
    assert OPEN.under_way(Limits(health_issue=HealthIssue.IGNORE), NOON) == ()


@pytest.mark.parametrize(
    ("action", "so_far", "held"),
    [
        (Action.EVIDENCE, case(), True),
        (Action.EVIDENCE, case(cause=Cause.STOPPED_UNASKED), False),
        (Action.EVIDENCE, case(attempt(Action.EVIDENCE), attempt(Action.REBOOT)), False),
        (Action.START, case(cause=Cause.STOPPED_UNASKED), False),
        (Action.START, case(attempt(Action.STOP), cause=Cause.STOPPED_BY_DEFIB), False),
        (Action.RESTORE, case(attempt(Action.START)), False),
        (Action.EXIT_STANDBY, case(attempt(Action.START)), False),
        (Action.STOP, case(attempt(Action.DRAIN)), True),
    ],
)
def test_nothing_is_taken_away_while_ec2_has_an_issue_and_everything_is_given_back(
    action: Action, so_far: object, held: bool
) -> None:
    asked = Question(action, so_far, observed(stack=Stack(issues=OPEN)), SERVICE, POLICY, NOON)  # type: ignore[arg-type]  # the table's cases

    refusal = refuse(asked)

    assert (refusal is not None and refusal.guard == "aws_issue") is held


def test_the_wait_for_aws_does_not_count_against_the_repair() -> None:
    waits = case(held_by="aws_issue", told_of=("aws_issue",), confirmed_at=NOON - timedelta(hours=9))
    diagnosis = Diagnosis(Cause.INSTANCE_IMPAIRED, NOON, ())

    decision = decide(waits, observed(stack=Stack(issues=OPEN)), diagnosis, POLICY, NOON)

    assert getattr(decision, "guard", "") == "aws_issue"


def test_an_impaired_zone_speaks_for_its_own_instances() -> None:
    lost = Stack(impaired=(Impairment("us-east-1b", NOON, 40),), issues=OPEN)

    refusal = refuse(Question(Action.EVIDENCE, case(), observed(stack=lost), SERVICE, POLICY, NOON))

    assert refusal is not None
    assert refusal.guard == "zone_impaired"


class TestTelling:
    def test_an_issue_that_holds_nothing_is_no_news(self) -> None:
        assert told(OPEN, None, POLICY, after(minutes=1)) == (OPEN, None, None)

    def test_people_hear_once_when_the_first_repair_is_held(self) -> None:
        issues, incident, notice = told(HELD, None, POLICY, after(minutes=1))

        assert incident is not None
        assert notice is not None
        assert (notice.kind, notice.incident_id, incident.opened_at) == (NoticeKind.OPENED, "aws:ec2-1", NOON)
        assert notice.subject == "[Defib] NEEDS YOU: EC2 has an open issue (OPERATIONAL_ISSUE): repairs are held"
        assert f"{CODE} in the Region. " in notice.body
        assert "The first repair that waits is that of web-2." in notice.body
        assert told(issues, incident, POLICY, after(minutes=2)) == (issues, None, None)

    def test_a_second_issue_joins_the_incident_of_the_first(self) -> None:
        both = replace(TOLD, known=(ISSUE, said(after(minutes=1), arn="arn:2")))
        one_over = both.heard(said(after(minutes=2), over=True), after(minutes=2))

        assert told(both, None, POLICY, after(minutes=1))[2] is None
        assert told(one_over, None, POLICY, after(minutes=2))[2] is None

    def test_its_end_is_told_and_the_next_issue_is_a_new_incident(self) -> None:
        _, incident, _ = told(HELD, None, POLICY, after(minutes=1))
        over = TOLD.heard(said(after(minutes=40), over=True), after(minutes=40))
        issues, resolved, notice = told(over, incident, POLICY, after(minutes=40))

        assert resolved is not None
        assert notice is not None
        assert (notice.kind, resolved.resolved_at) == (NoticeKind.RESOLVED, after(minutes=40))
        assert notice.subject == "[Defib] resolved: EC2's issue is over after 40m: repairs go on"
        assert (issues.incident, issues.held) == (0, "")

        again = replace(issues.heard(said(after(hours=1)), after(hours=1)), held="db-1")
        assert told(again, resolved, POLICY, after(hours=1))[0].incident == 2

    def test_a_lost_end_holds_nothing_for_ever_and_is_said(self) -> None:
        issues, _, notice = told(reviewed(TOLD, LIMITS, after(hours=6)), None, POLICY, after(hours=6))

        assert notice is not None
        assert "holds no repairs any more" in notice.subject
        assert "said nothing of it for 6h" in notice.body
        assert issues == Issues()

    def test_what_was_over_before_anybody_heard_of_it_is_forgotten(self) -> None:
        over = HELD.heard(said(after(minutes=1), over=True), after(minutes=1))

        assert reviewed(over, LIMITS, after(minutes=1)).held == ""

    @pytest.mark.parametrize("zone_ids", [(), ("use1-az4",), ("usw2-lax1-az1", "use1-az12"), ("a", "b", "c")])
    @pytest.mark.parametrize("code", ["API_ISSUE", "OPERATIONAL_ISSUE", "POWER_CONNECTIVITY_ISSUE"])
    def test_every_subject_and_text_message_fits(self, zone_ids: tuple[str, ...], code: str) -> None:
        issue = replace(ISSUE, code=f"AWS_EC2_{code}", zone_ids=zone_ids)
        _, _, notice = told(Issues((issue,), held="w" * 200), None, POLICY, NOON)

        assert notice is not None
        assert "..." not in notice.subject + notice.sms
        assert notice.sms.endswith("Please look at AWS Health.")


class TestOneIncident:
    """The issue's incident speaks for the cases it holds."""

    held = case(held_by="aws_issue", held_action=Action.EVIDENCE, told_of=("aws_issue",))

    def test_what_is_held_from_the_first_is_no_news_of_its_own(self) -> None:
        assert announce(None, case(confirmed_at=None), self.held, POLICY, NOON) == (None, ())

    def test_what_recovers_with_it_is_no_news_either(self) -> None:
        well = replace(self.held, held_by="", cause=Cause.HEALTHY, closed_at=NOON, outcome=Outcome.RECOVERED)

        assert announce(None, self.held, well, POLICY, NOON) == (None, ())

    def test_what_still_fails_afterwards_is_news(self) -> None:
        resumed = case(attempt(Action.EVIDENCE), told_of=("aws_issue",))

        _, notices = announce(None, self.held, resumed, POLICY, NOON)

        assert [notice.kind for notice in notices] == [NoticeKind.OPENED]

    def test_a_repair_that_people_know_of_is_said_to_be_held(self) -> None:
        begun = case(attempt(Action.EVIDENCE), attempt(Action.REBOOT))
        incident, _ = announce(None, case(confirmed_at=None), begun, POLICY, NOON)

        _, notices = announce(incident, begun, replace(begun, held_by="aws_issue"), POLICY, NOON)

        assert [notice.kind for notice in notices] == [NoticeKind.HELD]


def test_a_stopped_instance_is_started_whatever_aws_says() -> None:
    stopped = observed(state=InstanceState.STOPPED, stack=Stack(issues=OPEN))
    so_far = case(attempt(Action.EVIDENCE), attempt(Action.STOP), cause=Cause.STOPPED_BY_DEFIB)

    decision = decide(so_far, stopped, Diagnosis(Cause.STOPPED_BY_DEFIB, NOON, ()), POLICY, NOON)

    assert getattr(decision, "action", None) is Action.START
