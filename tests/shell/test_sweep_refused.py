"""What a queue refuses once holds up nothing else that the sweep has to send."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core.call import Want, wanted
from defib.core.contact import Contact
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.policy import Policy
from defib.shell.ports import Rejected, Suspects, Transient
from defib.shell.store import Unread
from defib.shell.sweep import Sweeping, SweepReport, sweep
from infra.functions import SHAPES
from tests.core.facts import NOON, POLICY, after
from tests.shell.sweeping import BAD, Bench, Throttling

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


class Slow:
    """Queues or a table that refuse all that costs ``took`` each time."""

    def __init__(self, bench: Bench, real: object, *calls: str, took: timedelta) -> None:
        self._bench, self._real, self._calls, self._took = bench, real, calls, took

    def __getattr__(self, name: str) -> Any:
        if name not in self._calls:
            return getattr(self._real, name)

        def refuse(*_: object) -> None:
            self._bench.clock.advance(self._took)
            raise Transient(f"{name}: throttled", "ThrottlingException")

        return refuse


@pytest.mark.parametrize(
    ("of", "calls"),
    [("the queues", ("announce", "announce_again", "digest")), ("the table", ("remember_call",))],
)
def test_what_is_throttled_for_long_leaves_a_sweep_the_time_to_look_for_who_fails(
    bench: Bench, of: str, calls: tuple[str, ...]
) -> None:
    for number in range(150):
        want = Want("i-0aa1-1", "handed_over", NOON, "web-2 needs you")
        calling = wanted(Incident(f"s{number}", 1, NOON, version=1), want, CALLED, NOON)
        bench.store.incidents[f"s{number}", 1] = calling
        made = Notice(f"s{number}-1", f"s{number}", 1, NoticeKind.OPENED, NOON, "i-0aa1-1", "i-0aa1", "s", "b", "sms")
        bench.store.notices[made.incident_id, 1] = made
    bench.store.contacts_due = {f"contact-{number}": NOON for number in range(50)}
    began = bench.clock.advance(timedelta(minutes=5))
    slow: Any = Slow(bench, bench.queues if of == "the queues" else bench.store, *calls, took=timedelta(seconds=0.6))
    store, queues = (bench.store, slow) if of == "the queues" else (slow, bench.queues)
    bench.observer.found = Suspects((BAD,), {})

    report = sweep(Sweeping(bench.clock, bench.observer, store, queues), CALLED)

    assert [signal.instance_id for signal in bench.queues.signals] == ["i-0aa1"]
    assert bench.clock.now() - began < timedelta(seconds=SHAPES["sweep"].timeout_s) * 2 / 3
    assert report.unanswered


def test_what_can_not_be_read_is_named_and_keeps_no_other_from_people(bench: Bench) -> None:
    made = Notice("web-1", "web", 1, NoticeKind.OPENED, NOON, "i-0aa1-1", "i-0aa1", "subject", "body", "sms")
    want = Want("i-0aa1-1", "handed_over", NOON, "web-2 needs you")
    calling = wanted(Incident("api", 1, NOON, version=1), want, CALLED, NOON)
    bench.store.incidents["api", 1] = calling
    bench.clock.advance(timedelta(minutes=5))

    class Damaged:
        def __getattr__(self, name: str) -> Any:
            return getattr(bench.store, name)

        def unpublished_notices(self, before: datetime, limit: int, unread: Unread) -> list[Notice]:
            del before, limit
            unread(Rejected("the table's item is no Notice", "DamagedItem"))
            return [made]

        def due_calls(self, now: datetime, limit: int, unread: Unread) -> list[Incident]:
            del now, limit
            unread(Rejected("the table's item is no Incident", "DamagedItem"))
            return [calling]

    store: Any = Damaged()
    report = sweep(Sweeping(bench.clock, bench.observer, store, bench.queues), CALLED)

    assert (len(bench.queues.sent_again), report.called) == (1, 1)
    assert report.unanswered == {
        "unpublished notices": "the table's item is no Notice",
        "calls for people": "the table's item is no Incident",
    }
