"""Once a minute, nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core import suspect
from defib.core.call import Want, wanted
from defib.core.case import Action
from defib.core.contact import Contact
from defib.core.detection import Detection
from defib.core.diagnose import diagnose
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.model import Checks, Diagnosis, InstanceState, Observation, Source, TargetGroupSignal
from defib.core.policy import ApplicationRemedy, TargetGroup
from defib.core.stack import CROWD
from defib.shell.ports import Suspects, Transient, Unanswered
from defib.shell.store import Remembered
from defib.shell.sweep import Sweeping, sweep
from tests.core.facts import INITIALIZING, NOON, POLICY, WEB, after, attempt, case, observed
from tests.fakes import FakeObserver, FakeQueues
from tests.shell.sweeping import BAD, Bench, Silent, Throttling

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


def test_a_call_that_can_not_be_made_louder_now_holds_up_no_other(bench: Bench) -> None:
    for service in ("web", "api", "db"):
        bench.store.incidents[service, 1] = wanted(Incident(service, 1, NOON, version=1), WANT, CALLED, NOON)
    bench.clock.advance(timedelta(minutes=5))
    table: Any = Throttling(bench.store, "remember_call", at_first=1)

    report = sweep(Sweeping(bench.clock, bench.observer, table, bench.queues), CALLED)

    assert report.called == 2
    assert report.unanswered == {"calls for people": "remember_call: throttled"}
    assert bench.sweep(policy=CALLED).called == 1
    assert {notice.service for notice in bench.queues.notices} == {"web", "api", "db"}


def test_a_call_whose_message_is_lost_is_sent_by_the_next_sweep(bench: Bench) -> None:
    call(bench)
    bench.clock.advance(timedelta(minutes=5))
    bench.queues.error = Transient("no answer")
    assert "announcing calls for people" in bench.sweep(policy=CALLED).unanswered
    bench.queues.error = None
    bench.clock.advance(timedelta(seconds=61))

    bench.sweep(policy=CALLED)

    assert [notice.kind for notice in bench.queues.notices] == [NoticeKind.CALLED]


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
