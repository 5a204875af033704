"""More fail than can be looked at in a minute: each is counted, told of and looked at in turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.incident import NoticeKind
from defib.core.model import Cause, Observation
from defib.core.rationing import FRESH
from defib.core.stack import CROWD
from defib.shell.ports import Suspects
from defib.shell.sweep import Sweeping, SweepReport, sweep
from tests.core.facts import NOON, POLICY, after, case
from tests.shell.sweeping import BAD, Bench, Silent


@pytest.fixture
def bench() -> Bench:
    return Bench()


def spread(count: int) -> tuple[Observation, ...]:
    """So many instances that fail at once, none of whose zones is impaired."""
    return tuple(replace(BAD, instance_id=f"i-{n}", zone=f"zone-{n}") for n in range(count))


def test_in_a_crowd_whose_case_looks_by_itself_before_the_next_sweep_is_not_signalled(bench: Bench) -> None:
    for n in range(CROWD):
        looks = after(seconds=59) if n else after(minutes=5)
        bench.store.cases[f"i-{n}", 1] = case(instance_id=f"i-{n}", look_again_at=looks)

    assert bench.sweep(*spread(CROWD - 1)).suspects == CROWD - 1
    bench.queues.signals.clear()
    assert bench.sweep(*spread(CROWD + 1)).suspects == 2
    assert [s.instance_id for s in bench.queues.signals] == [f"i-{CROWD}", "i-0"]


def test_in_a_crowd_one_that_fails_while_its_case_waits_for_what_aws_has_announced_is_signalled_at_once(
    bench: Bench,
) -> None:
    found = spread(10 * CROWD)
    for one in found:
        cause = Cause.EVENT_SCHEDULED if one is found[-1] else Cause.INSTANCE_IMPAIRED
        known = case(instance_id=one.instance_id, cause=cause, look_again_at=after(hours=9))
        bench.store.cases[one.instance_id, 1] = known

    report = bench.sweep(*found)

    assert bench.queues.signals[0].instance_id == found[-1].instance_id
    assert report.waiting == 1
    assert report.suspects < CROWD * 2


def test_a_crowd_whose_looks_can_not_be_read_is_signalled_as_it_is(bench: Bench) -> None:
    table: Any = Silent(bench.store, "planned_looks")
    bench.observer.found = Suspects(spread(CROWD), {})

    report = sweep(Sweeping(bench.clock, bench.observer, table, bench.queues), POLICY)

    assert report.suspects == CROWD
    assert set(report.unanswered) == {"planned looks"}


def test_cases_overdue_by_the_hundred_wait_in_the_queue_and_are_woken_once_more_only_in_turn(bench: Bench) -> None:
    for n in range(4 * FRESH):
        bench.store.cases[f"i-{n}", 1] = case(instance_id=f"i-{n}", look_again_at=NOON)
    woken: set[str] = set()
    for _ in range(4):
        bench.queues.signals.clear()
        bench.sweep()
        assert len(bench.queues.signals) < 2 * FRESH
        woken |= {signal.instance_id for signal in bench.queues.signals}
        bench.clock.advance(timedelta(minutes=1))

    assert len(woken) == 4 * FRESH


def minute(bench: Bench, *found: Observation) -> SweepReport:
    bench.queues.signals.clear()
    report = bench.sweep(*found)
    bench.clock.advance(timedelta(minutes=1))
    return report


def look(bench: Bench) -> None:
    """Everybody who was signalled is looked at, and has a case."""
    for signal in bench.queues.signals:
        looks = bench.clock.now() + timedelta(hours=1)
        bench.store.cases[signal.instance_id, 1] = case(instance_id=signal.instance_id, look_again_at=looks)


def test_each_of_more_than_can_be_looked_at_is_counted_at_once_and_told_of_by_the_second_sweep(bench: Bench) -> None:
    report = minute(bench, *spread(3_000))
    assert report.waiting == 3_000
    assert report.suspects < 1.5 * FRESH
    assert bench.store.whole.crowd is not None
    assert bench.store.whole.crowd.waiting == {"web": 3_000}
    assert bench.queues.notices == []

    look(bench)
    report = minute(bench, *spread(3_000))

    assert [(n.kind, n.incident_id) for n in bench.queues.notices] == [(NoticeKind.OPENED, "defib:crowd-1")]
    assert f"3000 instances fail at once, {report.waiting} wait" in bench.queues.notices[0].subject


def test_a_crowd_costs_one_write_a_minute_and_none_where_nothing_changes(bench: Bench) -> None:
    for _ in range(5):
        minute(bench, *spread(300))
    version = bench.store.whole.version

    minute(bench, *spread(300))
    assert bench.store.whole.version == version
    minute(bench, *spread(310))
    assert bench.store.whole.version == version + 1


def test_a_crowd_is_looked_at_in_turn_and_then_is_over(bench: Bench) -> None:
    minutes = 0
    while bench.store.whole.crowd is not None or not minutes:
        minute(bench, *spread(700))
        look(bench)
        minutes += 1

    assert len(bench.store.cases) == 700
    assert minutes <= 8 + 2
    opened, resolved = bench.store.notices.values()
    assert (opened.kind, resolved.kind) == (NoticeKind.OPENED, NoticeKind.RESOLVED)
    assert "700 instances still fail" in resolved.body


def test_a_planned_outage_of_many_is_no_crowd(bench: Bench) -> None:
    until = {**BAD.tags, "defib:maintenance-until": "2026-04-30T18:00:00Z"}
    for _ in range(2):
        report = minute(bench, *(replace(one, tags=until) for one in spread(400)))

    assert report.waiting == 0
    assert 0 < report.suspects < FRESH
    assert bench.store.whole.crowd is None


def test_whose_look_is_overdue_has_a_case_and_waits_for_no_first_look(bench: Bench) -> None:
    for n in range(2 * FRESH):
        bench.store.cases[f"i-{n}", 1] = case(instance_id=f"i-{n}", look_again_at=NOON - timedelta(minutes=9))

    assert minute(bench, *spread(2 * FRESH)).waiting == 0


def test_while_nobody_can_tell_who_waits_a_crowd_stays_as_it_is(bench: Bench) -> None:
    minute(bench, *spread(300))
    before = bench.store.whole
    table: Any = Silent(bench.store, "planned_looks")
    for _ in range(3):
        sweep(Sweeping(bench.clock, bench.observer, table, bench.queues), POLICY)
        bench.clock.advance(timedelta(minutes=1))

    assert bench.store.whole == before


def test_a_count_that_loses_the_race_for_the_stack_starts_afresh(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1)

    bench.store.interruptions = [lambda: None, rival]
    minute(bench, *spread(300))

    assert bench.store.whole.crowd is not None


def test_a_count_that_loses_every_race_is_left_to_the_next_sweep(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1)

    bench.store.interruptions = [lambda: None, *[rival] * 5]
    assert minute(bench, *spread(300)).unanswered == {}
    assert bench.store.whole.crowd is None
    minute(bench, *spread(300))
    assert bench.store.whole.crowd is not None


def test_how_many_fail_is_remembered_where_it_matters_and_forgotten_when_it_is_over(bench: Bench) -> None:
    bench.sweep(*spread(CROWD - 1))
    assert bench.store.whole.failing == 0
    bench.sweep(*spread(CROWD + 10))
    assert bench.store.whole.failing == CROWD
    version = bench.store.whole.version
    bench.sweep(*spread(CROWD + 20))
    assert bench.store.whole.version == version
    bench.sweep()
    assert bench.store.whole.failing == 0
