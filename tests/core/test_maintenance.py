"""Planned outages: when one is on, across clock changes too, and what Defib does meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from defib.core.case import Action, Case, Decision, Escalate, Hold, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.maintenance import UNTIL_TAG, Maintenance, Window, in_window, is_always, maintenance_of, until_of
from defib.core.model import Cause, Checks, InstanceState, Observation, TargetHealth
from defib.core.parse import parse
from defib.core.policy import Policy
from defib.core.step import step
from tests.core.facts import NOON, OK, POLICY, after, attempt, case, impaired, observed, policy, target
from tests.core.policy_file import BASE, file, mistakes

BAD = Checks(OK, impaired(after(minutes=-5)))
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def weekly(*days: str, at: str = "02:30", zone: str = "Europe/Berlin", hours: float = 2) -> Maintenance:
    return Maintenance(at, timedelta(hours=hours), zone, days)


def planned(entry: Maintenance) -> Policy:
    return policy(maintenance=(entry,))


def window(limits: Policy, now: datetime) -> Window | None:
    return in_window(limits, limits.services[0], now)


TABLE = [
    ("an ordinary night in winter", weekly("sun"), "2026-01-11T01:30", "2026-01-11T03:30"),
    ("an ordinary night in summer", weekly("sun"), "2026-07-12T00:30", "2026-07-12T02:30"),
    ("02:30 is skipped: read with the offset before", weekly("sun"), "2026-03-29T01:30", "2026-03-29T03:30"),
    ("02:30 comes twice: the first", weekly("sun"), "2026-10-25T00:30", "2026-10-25T02:30"),
    ("two exact hours over the skipped one", weekly("sun", at="01:30"), "2026-03-29T00:30", "2026-03-29T02:30"),
    ("two exact hours over the doubled one", weekly("sun", at="01:30"), "2026-10-24T23:30", "2026-10-25T01:30"),
    ("over midnight into another day", weekly("sat", at="23:00", zone="UTC"), "2026-06-06T23:00", "2026-06-07T01:00"),
    ("for days", weekly("fri", at="22:00", zone="UTC", hours=60), "2026-06-05T22:00", "2026-06-08T10:00"),
    ("a day ahead of UTC", weekly("mon", zone="Pacific/Kiritimati"), "2026-06-07T12:30", "2026-06-07T14:30"),
    (
        "half an hour of summer time",
        weekly("sun", at="02:15", zone="Australia/Lord_Howe"),
        "2026-10-03T15:45",
        "2026-10-03T17:45",
    ),
    ("skipped at midnight", weekly("sun", at="00:15", zone="America/Havana"), "2026-03-08T05:15", "2026-03-08T07:15"),
    (
        "once",
        Maintenance("22:00", timedelta(hours=8), "Europe/Berlin", date="2026-10-24"),
        "2026-10-24T20:00",
        "2026-10-25T04:00",
    ),
]


@pytest.mark.parametrize(("story", "entry", "start", "end"), TABLE, ids=[row[0] for row in TABLE])
def test_a_window_begins_and_ends_when_rfc_5545_says(story: str, entry: Maintenance, start: str, end: str) -> None:
    limits, second = planned(entry), timedelta(seconds=1)
    expected = Window(utc(start), utc(end))

    assert window(limits, expected.start - second) is None
    assert window(limits, expected.start) == expected
    assert window(limits, expected.end - second) == expected
    assert window(limits, expected.end) is None


def test_on_other_days_there_is_none() -> None:
    on = [day for day in range(1, 8) if window(planned(weekly("tue", "sat")), utc(f"2026-06-0{day}T01:00"))]

    assert on == [2, 6]


def test_one_for_everything_holds_for_each_service() -> None:
    limits = replace(POLICY, maintenance=(weekly(*EVERY_DAY, at="12:00", zone="UTC"),))

    assert window(limits, NOON) == Window(NOON, after(hours=2))


def test_of_two_at_once_the_one_that_ends_last_counts() -> None:
    short, long = (weekly(*EVERY_DAY, at="12:00", zone="UTC", hours=h) for h in (1, 3))

    assert window(policy(maintenance=(short, long)), NOON) == Window(NOON, after(hours=3))


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ("2026-04-30T14:00:00Z", after(hours=2)),
        ("2026-04-30T14:00+02:00", NOON),
        ("2026-04-30T14:00:00", None),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_a_tag_on_the_instance_says_until_when(value: str, until: datetime | None) -> None:
    assert until_of({UNTIL_TAG: value}) == until


def test_the_tag_counts_until_its_time_and_not_after() -> None:
    tags = {UNTIL_TAG: "2026-04-30T14:00:00Z"}
    service = POLICY.services[0]

    assert maintenance_of(POLICY, service, tags, after(hours=1)) == Window(after(hours=1), after(hours=2))
    assert maintenance_of(POLICY, service, tags, after(hours=2)) is None


IN_WINDOW = planned(weekly(*EVERY_DAY, at="11:00", zone="UTC"))


def decided(so_far: Case, facts: Observation, limits: Policy = IN_WINDOW) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, limits, NOON), limits, NOON)


def test_a_failure_within_a_window_is_confirmed_only_after_it() -> None:
    fresh = case(confirmed_at=None, confirmed_cause=None, cause=Cause.HEALTHY)

    during, effects = step(fresh, observed(checks=BAD), IN_WINDOW, NOON)
    later, _ = step(during, observed(checks=BAD), IN_WINDOW, after(hours=1))

    assert during.confirmed_at is None
    assert during.attempts == ()
    assert "in maintenance until 30 April 13:00 UTC" in during.reason
    assert effects
    assert later.confirmed_at == after(hours=1)
    assert [a.action for a in later.attempts] == [Action.EVIDENCE]


def test_a_repair_that_a_window_overtakes_is_held() -> None:
    decision = decided(case(attempt(Action.EVIDENCE)), observed(checks=BAD))

    assert isinstance(decision, Hold)
    assert decision.guard == "maintenance"


def test_what_defib_stopped_it_starts_in_a_window_too() -> None:
    stopped = case(attempt(Action.EVIDENCE), attempt(Action.STOP, after(seconds=-60)), cause=Cause.STOPPED_BY_DEFIB)

    assert not isinstance(decided(stopped, observed(state=InstanceState.STOPPED)), Hold)


def test_what_defib_drained_it_puts_back_in_a_window_too() -> None:
    drained = case(
        attempt(Action.EVIDENCE),
        attempt(Action.DRAIN, after(minutes=-3)),
        registrations=(target(TargetHealth.UNUSED).registration,),
    )

    assert not isinstance(decided(drained, observed(targets=(target(TargetHealth.UNUSED),))), Hold)


def test_nobody_is_called_within_a_window() -> None:
    worn_out = case(attempt(Action.EVIDENCE), confirmed_at=after(hours=-2))

    assert isinstance(decided(worn_out, observed(checks=BAD), POLICY), Escalate)
    assert isinstance(decided(worn_out, observed(checks=BAD)), Wait)


def test_a_pause_by_people_does_not_use_up_the_time_of_a_repair() -> None:
    held = case(attempt(Action.EVIDENCE), confirmed_at=after(hours=-2), held_by="maintenance")
    resumed, _ = step(held, observed(checks=BAD), POLICY, NOON)

    assert resumed.handed_over_at is None
    assert resumed.resumed_at == NOON


RIGHT = 'at = "02:00"\nlasts = "2h"\n'
WRONG = [
    ('days = ["sun"]\ndate = "2026-10-25"', "either the days of the week or the one date"),
    ("", "either the days of the week or the one date"),
    ('days = ["sun"]\nzone = "Europe/Atlantis"', "time zone of the IANA"),
    ('date = "2026-02-30"', "a day of the years 2000 to 2999"),
    ('date = "9999-12-31"', "a day of the years 2000 to 2999"),
    ('date = "0001-01-01"\nzone = "Asia/Tokyo"', "a day of the years 2000 to 2999"),
    ('days = ["sunday"]', "mon, tue, wed"),
]


@pytest.mark.parametrize(("lines", "said"), WRONG)
@pytest.mark.parametrize("table", ["defib.maintenance", "services.web.maintenance"])
def test_a_wrong_window_is_refused_with_what_is_right(table: str, lines: str, said: str) -> None:
    (mistake,) = mistakes(file(dict(BASE)) + f"\n[[{table}]]\n{RIGHT}{lines}\n")

    assert said in mistake
    assert table in mistake


ALL_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.mark.parametrize(
    ("planned", "always"),
    [
        ([weekly(*ALL_DAYS, hours=24)], True),
        ([weekly(*ALL_DAYS, at="00:00", hours=12), weekly(*ALL_DAYS, at="12:00", hours=12)], True),
        ([weekly("mon", "wed", "fri", hours=72, zone="Asia/Tokyo")], True),
        ([weekly(*ALL_DAYS, at="00:00", zone="UTC", hours=24)], True),
        ([weekly(*ALL_DAYS, hours=23)], False),
        ([weekly("mon", "tue", "wed", hours=72)], False),
        ([weekly("mon", "tue", "wed", hours=48), weekly("mon", "tue", "thu", hours=24)], False),
        ([weekly("tue", "wed", "thu", "fri", "sat", "sun", hours=26), weekly("tue", hours=24)], False),
        ([weekly("mon", "tue", "wed", "thu", "fri", hours=24), weekly("wed", "thu", at="09:00", hours=24)], False),
        ([Maintenance(at="00:00", lasts=timedelta(days=3), date="2026-01-12")] * 3, False),
        ([], False),
    ],
)
def test_what_is_on_at_every_hour_of_the_week_is_known(planned: list[Maintenance], always: bool) -> None:
    assert is_always(planned) is always


def test_quiet_hours_that_never_end_are_refused() -> None:
    days = ", ".join(f'"{day}"' for day in ALL_DAYS)
    text = file(dict(BASE)) + f'\n[[contacts.oncall.quiet]]\nat = "00:00"\ndays = [{days}]\nlasts = '

    assert mistakes(text + '"1d"') == [
        'contacts.oncall.quiet = [{ at = "00:00", lasts = "1d" }]: must end at some hour: messages of low severity '
        'would wait for ever; else leave "low" out of each means; for example email_for = ["high", "urgent"]'
    ]
    assert mistakes(text + '"1d"\nzone = "Europe/Atlantis"')[0].startswith("contacts.oncall.quiet[0].zone")
    assert parse(text + '"23h"').contacts[0].quiet
