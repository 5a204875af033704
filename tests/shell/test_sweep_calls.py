"""The sweep makes calls for people louder, and sends those that were lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core.call import Want, wanted
from defib.core.call_news import escalate
from defib.core.contact import Contact
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.policy import Policy
from defib.shell import still_to_tell
from defib.shell.ports import Transient
from defib.shell.sweep import Sweeping, sweep
from tests.core.facts import NOON, POLICY
from tests.shell.sweeping import Bench, Throttling


@pytest.fixture
def bench() -> Bench:
    return Bench()


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


def test_a_call_of_which_nobody_can_make_sense_is_named_and_hides_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def puzzled(incident: Incident, policy: Policy, now: datetime) -> tuple[Incident, Notice | None]:
        if incident.service == "api":
            raise ValueError("nobody has foreseen this")
        return escalate(incident, policy, now)

    monkeypatch.setattr(still_to_tell, "escalate", puzzled)
    for service in ("web", "api", "db"):
        bench.store.incidents[service, 1] = wanted(Incident(service, 1, NOON, version=1), WANT, CALLED, NOON)
    bench.clock.advance(timedelta(minutes=5))

    report = bench.sweep(policy=CALLED)

    assert report.unanswered == {"call for api-1": "ValueError: nobody has foreseen this"}
    assert {notice.service for notice in bench.queues.notices} == {"web", "db"}
