"""Once a minute, nothing is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from defib.core.case import Action
from defib.core.incident import Notice, NoticeKind
from defib.core.model import Checks, InstanceState, Observation, Source
from defib.shell.ports import Remembered, Suspects, Transient
from defib.shell.sweep import Sweeping, SweepReport, sweep
from tests.core.facts import INITIALIZING, NOON, OK, POLICY, after, attempt, case, impaired, observed
from tests.fakes import FakeClock, FakeObserver, FakeQueues, FakeStore

BAD = observed(checks=Checks(OK, impaired()))
NOTICE = Notice("web-1", "web", 1, NoticeKind.OPENED, NOON, "i-0aa1-1", "i-0aa1", "subject", "body", "sms")


class Bench:
    def __init__(self) -> None:
        self.clock, self.store, self.queues = FakeClock(NOON), FakeStore(), FakeQueues()
        self.observer = FakeObserver(self.clock)

    def sweep(self, *found: Observation) -> SweepReport:
        self.observer.found = Suspects(found, {})
        return sweep(Sweeping(self.clock, self.observer, self.store, self.queues), POLICY)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_suspect_is_signalled_with_the_evidence(bench: Bench) -> None:
    report = bench.sweep(BAD)

    assert [(s.source, s.instance_id) for s in bench.queues.signals] == [(Source.SWEEP, "i-0aa1")]
    assert "instance status check" in bench.queues.signals[0].reason
    assert report.suspects == 1


NO_SUSPECTS = [
    ("stopped by a person", observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown")),
    ("just launched", observed(checks=Checks(INITIALIZING, INITIALIZING), launched_at=NOON)),
    ("not opted in", observed(checks=BAD.checks, tags={"service": "web"})),
    ("of no service", observed(checks=BAD.checks, tags={"self-heal": "true"})),
]


@pytest.mark.parametrize("facts", [row[1] for row in NO_SUSPECTS], ids=[row[0] for row in NO_SUSPECTS])
def test_what_needs_nothing_is_not_signalled(bench: Bench, facts: Observation) -> None:
    assert bench.sweep(facts).suspects == 0
    assert bench.queues.signals == []


def test_a_case_whose_time_has_come_is_woken_once(bench: Bench) -> None:
    bench.store.remember(Remembered(case(attempt(Action.EVIDENCE), version=0, look_again_at=NOON), None, ()))

    report = bench.sweep(BAD)

    assert [s.source for s in bench.queues.signals] == [Source.WAKE]
    assert (report.due, report.suspects) == (1, 0)


def test_a_case_whose_time_has_not_come_sleeps_on(bench: Bench) -> None:
    bench.store.remember(Remembered(case(version=0, look_again_at=after(seconds=1)), None, ()))

    assert bench.sweep().due == 0


def test_a_notice_that_has_not_gone_out_in_a_minute_is_sent_again(bench: Bench) -> None:
    bench.store.notices["web-1", 1] = NOTICE
    assert bench.sweep().resent == 0

    bench.clock.advance(timedelta(seconds=61))
    assert bench.sweep().resent == 1
    assert bench.queues.notices == [NOTICE]

    bench.store.mark_published("web-1", 1, bench.clock.now())
    assert bench.sweep().resent == 0


def test_questions_that_were_not_answered_are_named_and_the_others_still_count(bench: Bench) -> None:
    bench.observer.found = Suspects((BAD,), {"system status": "RequestLimitExceeded"})
    report = sweep(Sweeping(bench.clock, bench.observer, bench.store, bench.queues), POLICY)

    assert report.suspects == 1
    assert report.unanswered == {"system status": "RequestLimitExceeded"}


def test_what_the_table_knows_is_signalled_even_when_ec2_does_not_answer(bench: Bench) -> None:
    bench.store.remember(Remembered(case(version=0, look_again_at=NOON), None, ()))

    class Silent(FakeObserver):
        def suspects(self) -> Suspects:
            raise Transient("no answer")

    with pytest.raises(Transient):
        sweep(Sweeping(bench.clock, Silent(bench.clock), bench.store, bench.queues), POLICY)

    assert [s.source for s in bench.queues.signals] == [Source.WAKE]
