"""A word of AWS Health's is remembered at once, and told when it has held a repair."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import NoticeKind
from defib.core.issue import Issue
from defib.core.model import Checks, Signal, Source
from defib.shell.issues import take_in
from defib.shell.ports import Suspects
from defib.shell.reconcile import Reconciling, reconcile
from defib.shell.store import Conflict
from defib.shell.sweep import Sweeping, sweep
from tests.core.facts import NOON, OK, POLICY, impaired, observed
from tests.fakes import FakeClock, FakeJournal, FakeObserver, FakeQueues, FakeStore, FakeSwitch

ISSUE = Issue("arn:1", "AWS_EC2_OPERATIONAL_ISSUE", NOON, NOON)
BAD = observed(checks=Checks(OK, impaired()))


class Bench:
    """One instance that fails, and an issue of EC2's."""

    def __init__(self) -> None:
        self.clock, self.store, self.queues = FakeClock(NOON), FakeStore(), FakeQueues()
        self.observer = FakeObserver(self.clock, {BAD.instance_id: BAD}, found=Suspects((BAD,), {}))

    def hear(self, **changes: object) -> bool:
        return take_in(replace(ISSUE, **changes), self.clock, self.store)  # type: ignore[arg-type]  # a known dataclass's fields

    def look(self, instance_id: str = BAD.instance_id) -> None:
        edges = Reconciling(self.clock, self.observer, self.store, self.queues, FakeJournal(), FakeSwitch())
        reconcile(Signal(Source.SWEEP, instance_id, self.clock.now(), ""), edges, POLICY)

    def sweep(self) -> None:
        sweep(Sweeping(self.clock, self.observer, self.store, self.queues), POLICY)

    def pass_time(self, **span: float) -> None:
        self.clock.advance(timedelta(**span))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_failing_instance_waits_and_people_hear_of_the_issue_once(bench: Bench) -> None:
    assert bench.hear()
    bench.sweep()
    assert bench.queues.notices == []

    bench.pass_time(minutes=2)
    bench.look()
    bench.sweep()
    told = bench.store.whole
    bench.sweep()

    assert bench.store.whole is told
    assert bench.queues.orders == []
    assert [(n.kind, n.incident_id) for n in bench.queues.notices] == [(NoticeKind.OPENED, "aws:ec2-1")]
    assert bench.store.whole.issues.held == "web-2"


def test_people_read_of_the_first_repair_that_waits_though_others_do_since(bench: Bench) -> None:
    bench.observer.observations["i-0aa2"] = replace(BAD, instance_id="i-0aa2", tags={**BAD.tags, "Name": "web-3"})
    bench.hear()
    bench.pass_time(minutes=2)
    bench.look()
    bench.look("i-0aa2")

    assert bench.store.whole.issues.held == "web-2"


def test_when_aws_says_that_it_is_over_people_hear_it_and_the_repair_begins(bench: Bench) -> None:
    bench.hear()
    bench.pass_time(minutes=2)
    bench.look()
    bench.sweep()

    bench.pass_time(hours=2)
    bench.hear(said_at=bench.clock.now(), over=True)
    bench.sweep()
    bench.look()

    kinds = [n.kind for n in bench.store.notices.values()]
    assert kinds == [NoticeKind.OPENED, NoticeKind.RESOLVED, NoticeKind.OPENED]
    assert len(bench.queues.orders) == 1
    assert bench.store.incidents["aws:ec2", 1].resolved_at == bench.clock.now()


def test_an_issue_in_another_zone_holds_nothing(bench: Bench) -> None:
    bench.hear(zone_ids=("use1-az4",))
    bench.sweep()
    bench.pass_time(minutes=2)
    bench.look()

    assert bench.store.whole.issues.known[0].zones == ("us-east-1a",)
    assert len(bench.queues.orders) == 1


def test_a_word_that_is_known_is_not_written_again(bench: Bench) -> None:
    bench.hear()
    version = bench.store.whole.version

    assert not bench.hear()
    assert bench.store.whole.version == version


def test_a_word_that_loses_the_race_for_the_stack_is_taken_in_afresh(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, running=7, version=bench.store.whole.version + 1)

    bench.store.interruptions.append(rival)
    bench.hear()

    assert (bench.store.whole.running, len(bench.store.whole.issues.known)) == (7, 1)


def test_a_word_that_loses_every_race_is_delivered_again(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1)

    bench.store.interruptions.extend([rival] * 20)

    with pytest.raises(Conflict, match="arn:1"):
        bench.hear()


def test_a_sweep_that_loses_the_race_tells_people_a_minute_later(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1)

    bench.hear()
    bench.pass_time(minutes=2)
    bench.look()
    bench.store.whole = replace(bench.store.whole, running=50, counted_at=bench.clock.now())
    bench.store.interruptions.append(rival)
    bench.sweep()
    assert bench.queues.notices == []

    bench.sweep()
    assert [n.kind for n in bench.queues.notices] == [NoticeKind.OPENED]
