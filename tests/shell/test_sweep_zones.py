"""The sweep finds zones that fail, and zones that have recovered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import NoticeKind
from defib.core.model import Observation
from defib.shell.ports import Suspects
from defib.shell.sweep import Sweeping, sweep
from tests.core.facts import POLICY
from tests.shell.sweeping import BAD, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def lost(count: int) -> tuple[Observation, ...]:
    """So many instances of one zone that fail at once."""
    return tuple(replace(BAD, instance_id=f"i-{n}", zone="us-east-1a") for n in range(count))


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
