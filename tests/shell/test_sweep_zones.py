"""The sweep finds zones that fail, and zones that have recovered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.incident import NoticeKind
from defib.core.model import Observation
from defib.core.shift import Shift
from defib.core.stack import Impairment, Stack
from defib.shell.ports import Suspects
from defib.shell.sweep import Sweeping, sweep
from tests.core.facts import NOON, POLICY
from tests.core.shifted import BALANCER, STARTS, A, B
from tests.shell.sweeping import BAD, Bench, Throttling


@pytest.fixture
def bench() -> Bench:
    return Bench()


def lost(count: int, zone: str = "us-east-1a") -> tuple[Observation, ...]:
    """So many instances of one zone that fail at once."""
    return tuple(replace(BAD, instance_id=f"i-{zone[-1]}{n}", zone=zone) for n in range(count))


def test_a_zone_that_fails_is_one_message_and_none_of_its_instances_is_signalled(bench: Bench) -> None:
    bench.observer.running_by_zone = {"us-east-1a": 50, "us-east-1b": 50}
    assert bench.sweep(*lost(40)).suspects == 0
    assert bench.queues.notices == []

    bench.clock.advance(timedelta(minutes=1))
    assert bench.sweep(*lost(40), BAD).suspects == 1
    bench.clock.advance(timedelta(minutes=1))
    bench.sweep(*lost(40))

    assert [(n.kind, n.incident_id) for n in bench.queues.notices] == [(NoticeKind.OPENED, "zone:us-east-1a-1")]
    assert "use1-az4" in bench.queues.notices[0].body
    assert (bench.store.whole.running, bench.store.whole.impaired[0].incident) == (100, 1)


def test_what_still_fails_when_its_zone_has_recovered_is_signalled(bench: Bench) -> None:
    bench.observer.running_by_zone = {"us-east-1a": 50}
    for _ in range(2):
        bench.sweep(*lost(40))
        bench.clock.advance(timedelta(minutes=1))
    assert bench.sweep(*lost(2)).suspects == 0

    bench.clock.advance(timedelta(minutes=3))
    assert bench.sweep(*lost(2)).suspects == 2
    assert [n.kind for n in bench.store.notices.values()] == [NoticeKind.OPENED, NoticeKind.RESOLVED]
    assert bench.store.whole.impaired == ()


@pytest.mark.parametrize(
    ("found", "recovers"),
    [(Suspects((), {"target group web": "no answer"}), False), (Suspects((), {}, {"target group web": "gone"}), True)],
    ids=["one does not answer", "one is gone"],
)
def test_a_target_group_that_is_gone_keeps_no_zone_from_recovering_and_is_named(
    bench: Bench, found: Suspects, recovers: bool
) -> None:
    bench.observer.running_by_zone = {"us-east-1a": 50}
    for _ in range(2):
        bench.sweep(*lost(40))
        bench.clock.advance(timedelta(minutes=1))

    bench.observer.found = found
    for _ in range(2):
        report = sweep(Sweeping(bench.clock, bench.observer, bench.store, bench.queues), POLICY)
        bench.clock.advance(timedelta(minutes=3))

    assert (bench.store.whole.impaired == ()) is recovers
    assert list(report.unanswered) == ["target group web"]


def test_a_sweep_that_loses_the_race_for_the_stack_starts_afresh(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1)

    bench.store.interruptions.append(rival)
    bench.sweep(*lost(40))

    assert bench.store.whole.impairment("us-east-1a") is not None


def test_news_of_a_zone_that_the_queue_refuses_hold_up_no_other_and_signal_none_of_its_instances(bench: Bench) -> None:
    bench.observer.running_by_zone = {"us-east-1a": 50, "us-east-1b": 50}
    both = (*lost(40), *lost(40, "us-east-1b"))
    bench.sweep(*both)
    bench.clock.advance(timedelta(minutes=1))
    queues: Any = Throttling(bench.queues, "announce", at_first=1)
    bench.observer.found = Suspects(both, {})

    report = sweep(Sweeping(bench.clock, bench.observer, bench.store, queues), POLICY)

    assert report.suspects == 0
    assert report.unanswered == {"announcing what befalls many": "announce: throttled"}
    assert len(bench.store.notices) == 2
    assert len(bench.queues.notices) == 1


def test_an_order_of_a_zonal_shift_that_the_queue_refuses_holds_up_no_other(bench: Bench) -> None:
    impaired = tuple(Impairment(zone, NOON, 40, incident=1) for zone in (A, B))
    bench.store.whole = Stack(
        1, impaired=impaired, shifts=tuple(Shift(BALANCER, zone, f"id of {zone}") for zone in (A, B))
    )
    bench.observer.running_by_zone = {A: 50, B: 50}
    bench.observer.found = Suspects((*lost(40, A), *lost(40, B)), {})
    queues: Any = Throttling(bench.queues, "shift", at_first=1)

    report = sweep(Sweeping(bench.clock, bench.observer, bench.store, queues), STARTS)

    assert [order.zone for order in bench.queues.shifts] == [B]
    assert report.unanswered == {"ordering zonal shifts": "shift: throttled"}


def test_what_nobody_has_foreseen_of_zones_is_named_and_keeps_no_suspect_from_being_signalled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def puzzled(*_: object) -> None:
        raise ValueError("nobody has foreseen this")

    monkeypatch.setattr("defib.shell.sweep.survey", puzzled)

    report = bench.sweep(BAD)

    assert report.unanswered == {"zones, issues and shifts": "ValueError: nobody has foreseen this"}
    assert report.suspects == 1
