"""What a queue refuses once holds up nothing else that the sweep has to send."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.call import Want, wanted
from defib.core.contact import Contact
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.policy import Policy
from defib.shell.sweep import Sweeping, SweepReport, sweep
from tests.core.facts import NOON, POLICY, after
from tests.shell.sweeping import Bench, Throttling

SERVICES = ("web", "api", "db")
CALLED = replace(POLICY, services=(replace(POLICY.services[0], tell=("ann",)),), contacts=(Contact("ann"),))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def swept(bench: Bench, refused: str, policy: Policy = POLICY) -> SweepReport:
    """By a sweep to which the first call of that name is refused."""
    queues: Any = Throttling(bench.queues, refused, at_first=1)
    return sweep(Sweeping(bench.clock, bench.observer, bench.store, queues), policy)


def test_a_call_for_help_that_the_queue_refuses_holds_up_no_other(bench: Bench) -> None:
    for service in SERVICES:
        want = Want("i-0aa1-1", "handed_over", NOON, "web-2 needs you")
        bench.store.incidents[service, 1] = wanted(Incident(service, 1, NOON, version=1), want, CALLED, NOON)
    bench.clock.advance(timedelta(minutes=5))

    report = swept(bench, "announce", CALLED)

    assert report.called == 3
    assert len({notice.service for notice in bench.queues.notices}) == 2
    assert report.unanswered == {"announcing calls for people": "announce: throttled"}


def test_a_notice_whose_second_message_the_queue_refuses_holds_up_no_other(bench: Bench) -> None:
    for service in SERVICES:
        made = Notice(
            f"{service}-1", service, 1, NoticeKind.OPENED, NOON, "i-0aa1-1", "i-0aa1", "subject", "body", "sms"
        )
        bench.store.notices[made.incident_id, 1] = made
    bench.clock.advance(timedelta(minutes=2))

    report = swept(bench, "announce_again")

    assert len(bench.queues.sent_again) == 2
    assert report.unanswered == {"sending notices again": "announce_again: throttled"}


def test_a_digest_that_the_queue_refuses_holds_up_no_other_contacts(bench: Bench) -> None:
    bench.store.contacts_due = {"ann": NOON, "ben": NOON, "cem": after(seconds=20)}

    report = swept(bench, "digest")

    assert bench.queues.digests == [("ben", NOON), ("cem", after(seconds=20))]
    assert report.unanswered == {"asking for digests": "digest: throttled"}
