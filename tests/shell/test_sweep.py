"""Once a minute, nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core import suspect
from defib.core.case import Action
from defib.core.detection import Detection
from defib.core.diagnose import diagnose
from defib.core.incident import Notice, NoticeKind
from defib.core.model import Checks, Diagnosis, InstanceState, Observation, Source, TargetGroupSignal
from defib.core.policy import ApplicationRemedy, TargetGroup
from defib.core.stack import CROWD
from defib.shell.ports import Suspects, Transient, Unanswered
from defib.shell.store import Remembered
from defib.shell.sweep import Sweeping, sweep
from tests.core.facts import INITIALIZING, NOON, POLICY, WEB, after, attempt, case, observed
from tests.fakes import FakeObserver, FakeQueues
from tests.shell.sweeping import BAD, Bench, Silent

NOTICE = Notice("web-1", "web", 1, NoticeKind.OPENED, NOON, "i-0aa1-1", "i-0aa1", "subject", "body", "sms")


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


def test_one_that_boots_long_after_its_launch_is_looked_at_but_counts_for_no_failure(bench: Bench) -> None:
    boots = [observed(instance_id=f"i-0a{n}", checks=Checks(INITIALIZING, INITIALIZING)) for n in range(CROWD)]

    report = bench.sweep(*boots)

    signalled = {signal.instance_id for signal in bench.queues.signals}
    assert signalled
    assert signalled <= {facts.instance_id for facts in boots}
    assert report.waiting == 0
    assert bench.store.stack().failing == 0
    assert bench.store.stack().impaired == ()


def test_what_waits_for_a_contact_is_summed_up_at_its_time(bench: Bench) -> None:
    bench.store.contacts_due = {"late": after(minutes=-3), "soon": after(seconds=20), "later": after(minutes=2)}

    bench.sweep()

    assert bench.queues.digests == [("late", NOON), ("soon", after(seconds=20))]


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
    assert bench.queues.sent_again == [(NOTICE, bench.clock.now())]

    bench.store.mark_published("web-1", 1, bench.clock.now())
    assert bench.sweep().resent == 0


def test_of_many_that_have_not_gone_out_one_message_takes_ten_along(bench: Bench) -> None:
    """Were there one for each, what is new would wait behind all that somebody can't be told."""
    gaps = [number for number in range(1, 30) if number not in (3, 27)]
    for incident, sequence in (*(("web-1", number) for number in gaps), ("db-1", 1), ("db-1", 2)):
        made = replace(NOTICE, incident_id=incident, sequence=sequence)
        bench.store.notices[incident, sequence] = made
    bench.clock.advance(timedelta(minutes=2))
    assert bench.sweep().resent == len(gaps) + 2

    sent = [(made.incident_id, made.sequence) for made in bench.queues.notices]
    assert [number for incident, number in sent if incident == "web-1"] == [2, 13, 23, 26, 29]
    assert [number for incident, number in sent if incident == "db-1"] == [2]


def test_questions_that_were_not_answered_are_named_and_the_others_still_count(bench: Bench) -> None:
    bench.observer.found = Suspects((BAD,), {"system status": "RequestLimitExceeded"})
    report = sweep(Sweeping(bench.clock, bench.observer, bench.store, bench.queues), POLICY)

    assert report.suspects == 1
    assert report.unanswered == {"system status": "RequestLimitExceeded"}


def test_an_instance_that_nobody_can_make_sense_of_is_named_and_hides_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diagnosed(facts: Observation, *rest: Any) -> Diagnosis:
        if facts.instance_id == "i-0bad":
            raise OverflowError("date value out of range")
        return diagnose(facts, *rest)

    monkeypatch.setattr(suspect, "diagnose", diagnosed)
    report = bench.sweep(replace(BAD, instance_id="i-0bad"), BAD)

    assert [signal.instance_id for signal in bench.queues.signals] == ["i-0aa1"]
    assert report.unanswered == {"i-0bad": "OverflowError: date value out of range"}


def test_what_the_table_knows_is_signalled_even_when_ec2_does_not_answer(bench: Bench) -> None:
    bench.store.remember(Remembered(case(version=0, look_again_at=NOON), None, ()))

    class Refused(FakeObserver):
        def suspects(self) -> Suspects:
            raise Transient("no answer")

    with pytest.raises(Transient):
        sweep(Sweeping(bench.clock, Refused(bench.clock), bench.store, bench.queues), POLICY)

    assert [s.source for s in bench.queues.signals] == [Source.WAKE]


ASKING = replace(
    POLICY,
    services=(
        replace(
            POLICY.services[0],
            application_down=ApplicationRemedy.RESTART,
            target_groups=(TargetGroup(WEB.target_group_arn, "app/web/50dc6c495c0c9188"),),
        ),
    ),
    detection=Detection(targets_every=timedelta(seconds=20)),
)


def test_where_a_dead_application_is_healed_its_load_balancer_is_asked_before_the_next_sweep(bench: Bench) -> None:
    bench.sweep()
    assert bench.queues.questions == []

    bench.sweep(policy=ASKING)

    assert [(q.target_group_arn, q.until, put_off) for q, put_off in bench.queues.questions] == [
        (WEB.target_group_arn, after(minutes=1), timedelta(seconds=20)),
        (WEB.target_group_arn, after(minutes=1), timedelta(seconds=40)),
    ]


def test_load_balancers_are_asked_though_ec2_does_not_answer(bench: Bench) -> None:
    with pytest.raises(Unanswered):
        sweep(Sweeping(bench.clock, Silent(bench.observer, "suspects"), bench.store, bench.queues), ASKING)

    assert len(bench.queues.questions) == 2


def test_questions_that_can_not_be_sent_are_named_and_hold_up_nothing(bench: Bench) -> None:
    class Refusing(FakeQueues):
        def ask(self, questions: Sequence[TargetGroupSignal], now: datetime) -> None:
            raise Transient(f"{len(questions)} refused at {now}")

    bench.observer.found = Suspects((BAD,), {})

    report = sweep(Sweeping(bench.clock, bench.observer, bench.store, Refusing()), ASKING)

    assert set(report.unanswered) == {"asking load balancers in between"}
    assert report.suspects == 1


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
