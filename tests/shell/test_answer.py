"""What people say to a call is remembered, told and written down; what comes too late, to the wrong call, is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.call import CallAnswer, Reaction, Want, wanted
from defib.core.contact import Contact
from defib.core.drill import Drill
from defib.core.drill_news import asked
from defib.core.incident import Incident, NoticeKind
from defib.shell.answer import take_answer
from defib.shell.reconcile import Reconciling
from defib.shell.store import Conflict
from tests.core.facts import NOON, SERVICE
from tests.core.facts import POLICY as PLAIN
from tests.fakes import FakeClock, FakeJournal, FakeObserver, FakeQueues, FakeStore, FakeSwitch

POLICY = replace(PLAIN, services=(replace(SERVICE, tell=("ann",)),), contacts=(Contact("ann"),))
ON_IT = CallAnswer("web-7", Reaction.ACKNOWLEDGE, "Ann")


class Desk:
    def __init__(self) -> None:
        clock = FakeClock(NOON)
        self.store, self.queues, self.journal = FakeStore(), FakeQueues(), FakeJournal()
        self.edges = Reconciling(clock, FakeObserver(clock), self.store, self.queues, self.journal, FakeSwitch())
        want = Want("i-0aa1-1", "handed_over", NOON, "web-2 needs you")
        self.store.incidents["web", 7] = wanted(Incident("web", 7, NOON, version=3), want, POLICY, NOON)

    def rival(self) -> None:
        incident = self.store.incidents["web", 7]
        self.store.incidents["web", 7] = replace(incident, version=incident.version + 1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_answer_is_remembered_told_and_written_down(desk: Desk) -> None:
    assert take_answer(ON_IT, desk.edges, POLICY)

    incident = desk.store.latest_incident("web")
    assert incident is not None
    assert incident.call is not None
    assert incident.call.pause is not None
    assert [notice.kind for notice in desk.queues.notices] == [NoticeKind.ACKNOWLEDGED]
    assert list(desk.store.notices.values()) == desk.queues.notices
    (line,) = desk.store.answers
    assert (line.incident_id, line.answer, line.until) == ("web-7", ON_IT, NOON + timedelta(hours=4))
    assert desk.journal.calls_answered == [ON_IT]


def test_an_answer_that_comes_twice_counts_once(desk: Desk) -> None:
    take_answer(ON_IT, desk.edges, POLICY)

    assert not take_answer(ON_IT, desk.edges, POLICY)
    assert len(desk.queues.notices) == 1
    assert desk.journal.calls_unheard == [(ON_IT, "Ann is on it already")]


@pytest.mark.parametrize("incident_id", ["web-6", "db-1"])
def test_an_answer_to_another_incident_has_no_effect_but_in_the_log(desk: Desk, incident_id: str) -> None:
    answer = replace(ON_IT, incident_id=incident_id)

    assert not take_answer(answer, desk.edges, POLICY)
    assert desk.queues.notices == []
    assert desk.journal.calls_unheard == [(answer, "that incident is not open")]


def test_an_answer_that_loses_a_race_is_taken_in_afresh(desk: Desk) -> None:
    desk.store.interruptions = [desk.rival]

    assert take_answer(ON_IT, desk.edges, POLICY)
    assert len(desk.store.answers) == 1


def test_an_answer_that_loses_every_race_is_delivered_again(desk: Desk) -> None:
    desk.store.interruptions = [desk.rival] * 100

    with pytest.raises(Conflict, match="web-7"):
        take_answer(ON_IT, desk.edges, POLICY)


def test_the_answer_to_a_drill_ends_it(desk: Desk) -> None:
    _, (incident,), _ = asked(Drill("ann", NOON), POLICY.contacts[0], None, POLICY, NOON)
    desk.store.incidents["drill:ann", 1] = incident

    assert take_answer(replace(ON_IT, incident_id="drill:ann-1"), desk.edges, POLICY)

    over = desk.store.latest_incident("drill:ann")
    assert over is not None
    assert (over.call, over.resolved_at) == (None, NOON)
    assert [notice.subject for notice in desk.queues.notices] == ["[Defib] drill answered by Ann after 0s"]
    assert not take_answer(replace(ON_IT, incident_id="drill:ann-1"), desk.edges, POLICY), "once is enough"
