"""In a storm no limit is exceeded, nothing is lost, and everything is healed or handed over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from defib.core.crowd import INCIDENT_SERVICE
from defib.core.detection import MINUTE
from defib.core.incident import NoticeKind
from defib.core.rationing import FRESH, turns
from tests.storm.finding import longest
from tests.storm.machines import Fault
from tests.storm.storm import MIX, REPAIRS, Storm, mixed, zone_loss


@pytest.fixture(scope="module")
def storm() -> Storm:
    storm = Storm(1_000, mixed(failing=100), seed=1)
    storm.run(timedelta(hours=12))
    return storm


def test_everything_is_healed_or_handed_over(storm: Storm) -> None:
    assert set(storm.outcomes()) <= {"healed", "recovered", "handed_over"}
    assert storm.outcomes().total() == 100


def test_what_a_restart_cures_is_running_and_well_in_the_end(storm: Storm) -> None:
    sick = [m for m in storm.machines.values() if m.fault is not None]

    assert {m.fault for m in sick} == {Fault.NOTHING}
    assert storm.outcomes()["handed_over"] == len(sick)


def test_no_limit_is_ever_exceeded_and_nothing_well_is_touched(storm: Storm) -> None:
    assert storm.broken == []
    assert 1 < storm.most_at_once <= REPAIRS


def test_no_throttled_call_loses_work() -> None:
    storm = Storm(1_000, mixed(failing=100), seed=1, greed=3)
    storm.run(timedelta(hours=12))

    assert min(storm.buckets.throttled.total(), storm.lanes.redelivered, storm.lanes.dead) > 0
    assert set(storm.outcomes()) <= {"healed", "recovered", "handed_over"}
    assert storm.broken == []


def test_each_that_fails_is_found_and_looked_at_within_two_minutes(storm: Storm) -> None:
    for waits in (storm.finding.found, storm.finding.looked):
        longest_wait = longest(waits, storm.finding.began)
        assert longest_wait is not None
        assert longest_wait <= timedelta(minutes=2)


def test_of_hundreds_at_once_each_is_counted_in_a_minute_told_of_in_two_and_looked_at_in_turn() -> None:
    storm = Storm(2_000, mixed(400, within=timedelta(minutes=1)), seed=1)
    storm.run(timedelta(minutes=12))

    waits = {kind: longest(getattr(storm.finding, kind), storm.finding.began) for kind in ("found", "told", "looked")}
    assert waits["found"] is not None
    assert waits["found"] <= timedelta(minutes=1)
    assert waits["told"] is not None
    assert waits["told"] <= timedelta(minutes=2)
    assert waits["looked"] is not None
    assert timedelta(minutes=2) < waits["looked"] <= turns(400, FRESH) * MINUTE + timedelta(minutes=2)
    said = [notice.kind for notice in storm.store.notices.values() if notice.service == INCIDENT_SERVICE]
    assert said == [NoticeKind.OPENED, NoticeKind.RESOLVED]


def test_a_zone_of_five_hundred_machines_that_fails_at_once_is_one_incident_and_no_restart() -> None:
    storm = Storm(1_500, zone_loss(lasts=timedelta(minutes=20)), seed=1)
    storm.run(timedelta(hours=12))

    assert len(storm.failing) == 500
    assert set(storm.acts) == set()
    assert [notice.kind for notice in storm.store.notices.values()] == [NoticeKind.OPENED, NoticeKind.RESOLVED]
    assert set(storm.outcomes()) <= {"recovered", "never seen"}


def test_the_mix_adds_up() -> None:
    assert sum(MIX.values()) == 100
    assert set(MIX) == set(Fault)
