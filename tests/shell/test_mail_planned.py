"""Letters about planned outages: announced, and told of again only where the plan changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Phase
from defib.core.maintenance import Maintenance
from defib.core.page.planned import planned
from defib.shell.ports import Transient
from tests.core.page.shown import NOON, POLICY
from tests.shell.mailing import Stage, rival


def test_who_announces_planned_outages_later_announces_none_a_second_time() -> None:
    outage = Maintenance("13:00", timedelta(hours=1), date="2026-05-05")
    stage = Stage(POLICY)
    stage.policy = replace(POLICY, maintenance=(outage,))
    assert stage.at(1) == 1
    stage.policy = replace(stage.policy, page=replace(POLICY.page, announce_maintenance=timedelta(days=1)))
    stage.fail()
    stage.at(5)
    stage.fail(Phase.CLOSED)
    stage.at(10)
    told = len(stage.subscribers.letters)
    assert stage.at(4.5 * 24 * 60) == 0
    assert len(stage.subscribers.letters) == told


SATURDAY = Maintenance("13:00", timedelta(hours=1), date="2026-05-02")


def _announced(planned: Maintenance = SATURDAY) -> Stage:
    """Subscribers have read of one planned outage of everything."""
    stage = Stage(POLICY)
    _deployed(stage, planned)
    assert stage.at(1) == 1
    return stage


def _deployed(stage: Stage, *planned: Maintenance) -> None:
    stage.policy = replace(stage.policy, maintenance=planned)


DAYS = 24 * 60


def test_a_planned_outage_is_announced_and_begins_and_ends_without_another_letter() -> None:
    stage = _announced()
    assert [stage.at(2 * DAYS + minute) for minute in (0, 60, 90, 120, 180)] == [0] * 5
    assert [stage.at(day * DAYS) for day in (3, 4, 5)] == [0] * 3
    assert stage.told() == ["Scheduled"]


def test_one_that_is_called_off_is_told_of_once_and_announced_anew_when_it_is_planned_again() -> None:
    stage = _announced()
    _deployed(stage)
    assert [stage.at(minute) for minute in (2, 3)] == [1, 0]
    _deployed(stage, SATURDAY)
    assert [stage.at(minute) for minute in (4, 5)] == [1, 0]
    assert stage.told() == ["Scheduled", "Called", "Scheduled"]


def test_one_that_is_put_off_and_takes_longer_than_that_is_told_of_each_time_and_then_ends() -> None:
    stage = _announced()
    _deployed(stage, replace(SATURDAY, date="2026-05-03"))
    assert [stage.at(minute) for minute in (2, 3)] == [1, 0]
    _deployed(stage, replace(SATURDAY, date="2026-05-03", lasts=timedelta(hours=4)))
    assert [stage.at(3 * DAYS + minute) for minute in (90, 91, 299, 301)] == [1, 0, 0, 0]
    assert stage.told() == ["Scheduled", "Changed", "Changed"]
    assert "to 17:00 UTC" in stage.subscribers.letters[-1].body


def test_whatever_fails_meanwhile_subscribers_read_what_it_has_come_to_and_nothing_twice() -> None:
    stage = _announced()
    _deployed(stage, replace(SATURDAY, lasts=timedelta(hours=2)))
    stage.subscribers.error = Transient("throttled")
    for minute in (2, 3):
        with pytest.raises(Transient):
            stage.at(minute)
    _deployed(stage)
    stage.subscribers.error = None
    assert [stage.at(minute) for minute in (4, 5)] == [1, 0]
    assert stage.told() == ["Scheduled", "Called"]


def test_one_moved_there_and_back_before_anybody_was_told_is_no_news() -> None:
    stage = _announced()
    _deployed(stage, replace(SATURDAY, at="15:00"))
    stage.subscribers.error = Transient("throttled")
    with pytest.raises(Transient):
        stage.at(2)
    _deployed(stage, SATURDAY)
    stage.subscribers.error = None
    assert stage.at(3) == 0


def test_two_at_once_call_it_off_once() -> None:
    stage = _announced()
    _deployed(stage)
    stage.store.interruptions = [lambda: rival(stage)]
    stage.at(2)
    assert stage.at(3) == 0
    assert stage.told() == ["Scheduled", "Called"]


def test_what_was_never_announced_is_not_called_off() -> None:
    stage = Stage(POLICY)
    _deployed(stage, replace(SATURDAY, date="2026-05-20"))
    assert stage.at(1) == 0
    _deployed(stage)
    assert [stage.at(minute) for minute in (2, 3)] == [0, 0]


def test_after_weeks_without_letters_only_what_is_still_expected_is_called_off() -> None:
    stage = Stage(POLICY)
    _deployed(stage, Maintenance("13:00", timedelta(hours=1), days=("sat", "wed")))
    assert stage.at(1) == 2
    _deployed(stage)
    assert [stage.at(4 * DAYS + minute) for minute in (0, 1)] == [1, 0]
    assert "2026-05-06 13:00" in stage.subscribers.letters[-1].body


def test_an_outage_that_builds_before_announced_is_not_announced_again_and_its_end_is_followed() -> None:
    stage = Stage(POLICY)
    _deployed(stage, SATURDAY)
    (outage,) = planned(stage.policy, NOON)
    stage.store.now = replace(stage.store.now, announced=(outage.earlier_id,))
    assert [stage.at(minute) for minute in (1, 2)] == [0, 0]
    assert stage.store.now.announced == ()
    _deployed(stage)
    assert stage.at(3) == 1
    assert stage.told() == ["Called"]


def test_a_year_of_weekly_outages_that_are_moved_about_is_remembered_in_a_few_lines() -> None:
    stage = Stage(POLICY)
    for week in range(52):
        _deployed(stage, Maintenance(f"{week % 24:02}:00", timedelta(hours=1), days=("sun",)))
        for day in range(7):
            stage.at((7 * week + day) * DAYS)
        assert len(stage.store.now.planned) <= 3
    assert "Called" not in stage.told()
