"""Once a minute, nothing is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.call import Want, wanted
from defib.core.case import Action
from defib.core.contact import Contact
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.model import Checks, InstanceState, Observation, Source
from defib.core.policy import Policy
from defib.core.rationing import FRESH
from defib.core.stack import CROWD
from defib.shell.ports import Suspects, Transient, Unanswered
from defib.shell.store import Remembered
from defib.shell.sweep import Sweeping, SweepReport, sweep
from tests.core.facts import INITIALIZING, NOON, OK, POLICY, after, attempt, case, impaired, observed
from tests.fakes import FakeClock, FakeObserver, FakeQueues, FakeStore

BAD = observed(checks=Checks(OK, impaired()))
NOTICE = Notice("web-1", "web", 1, NoticeKind.OPENED, NOON, "i-0aa1-1", "i-0aa1", "subject", "body", "sms")


class Bench:
    def __init__(self) -> None:
        self.clock, self.store, self.queues = FakeClock(NOON), FakeStore(), FakeQueues()
        self.observer = FakeObserver(self.clock)

    def sweep(self, *found: Observation, policy: Policy = POLICY) -> SweepReport:
        self.observer.found = Suspects(found, {})
        return sweep(Sweeping(self.clock, self.observer, self.store, self.queues), policy)


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


def lost(count: int) -> tuple[Observation, ...]:
    """So many instances of one zone that fail at once."""
    return tuple(replace(BAD, instance_id=f"i-{n}", zone="us-east-1a") for n in range(count))


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


def test_a_sweep_that_loses_the_race_for_the_stack_starts_afresh(bench: Bench) -> None:
    def rival() -> None:
        bench.store.whole = replace(bench.store.whole, version=bench.store.whole.version + 1)

    bench.store.interruptions.append(rival)
    bench.sweep(*lost(40))

    assert bench.store.whole.impairment("us-east-1a") is not None


CALLED = replace(POLICY, services=(replace(POLICY.services[0], tell=("ann",)),), contacts=(Contact("ann"),))
WANT = Want("i-0aa1-1", "handed_over", NOON, "web-2 needs you")


def call(bench: Bench) -> None:
    bench.store.incidents["web", 1] = wanted(Incident("web", 1, NOON, version=1), WANT, CALLED, NOON)


def test_a_call_that_nobody_answers_gets_louder(bench: Bench) -> None:
    call(bench)
    bench.clock.advance(timedelta(minutes=5))

    report = bench.sweep(policy=CALLED)

    assert report.called == 1
    assert [notice.kind for notice in bench.queues.notices] == [NoticeKind.CALLED]
    assert bench.sweep(policy=CALLED).called == 0


def test_a_call_that_is_answered_meanwhile_is_left_alone(bench: Bench) -> None:
    call(bench)
    bench.clock.advance(timedelta(minutes=5))
    answered = replace(bench.store.incidents["web", 1], version=2)
    bench.store.interruptions = [lambda: bench.store.incidents.update({("web", 1): answered})]

    assert bench.sweep(policy=CALLED).called == 0
    assert bench.queues.notices == []


def test_a_call_whose_message_is_lost_is_sent_by_the_next_sweep(bench: Bench) -> None:
    call(bench)
    bench.clock.advance(timedelta(minutes=5))
    bench.queues.error = Transient("no answer")
    assert "calls for people" in bench.sweep(policy=CALLED).unanswered
    bench.queues.error = None
    bench.clock.advance(timedelta(seconds=61))

    bench.sweep(policy=CALLED)

    assert [notice.kind for notice in bench.queues.notices] == [NoticeKind.CALLED]


class Silent:
    """A party of which some calls are never answered."""

    def __init__(self, real: object, *calls: str) -> None:
        self._real, self._calls = real, calls
        self.tried: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name not in self._calls:
            return getattr(self._real, name)

        def hang(*_: object) -> None:
            self.tried.append(name)
            raise Unanswered(f"{name}: no answer", "ReadTimeoutError")

        return hang


def test_a_table_that_does_not_answer_is_asked_once_and_keeps_no_suspect_from_being_signalled(bench: Bench) -> None:
    table: Any = Silent(bench.store, "unpublished_notices", "due_instances", "stack", "latest_case")
    bench.observer.found = Suspects((BAD,), {})

    report = sweep(Sweeping(bench.clock, bench.observer, table, bench.queues), POLICY)

    assert [s.instance_id for s in bench.queues.signals] == ["i-0aa1"]
    assert table.tried == ["unpublished_notices"]
    assert {"unpublished notices", "overdue cases"} <= set(report.unanswered)


def test_queues_that_do_not_answer_are_tried_once_and_the_sweep_says_that_it_was_in_vain(bench: Bench) -> None:
    bench.observer.found = Suspects((BAD,), {})
    queues: Any = Silent(bench.queues, "signal", "follow")

    report = sweep(Sweeping(bench.clock, bench.observer, bench.store, queues), POLICY)

    assert queues.tried == ["signal"]
    assert set(report.unanswered) == {"signalling suspects", "telling the page to follow"}
