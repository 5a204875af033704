"""An Auto Scaling group whose new members are all dead on arrival, as the shell lives through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Action, Case, Outcome
from defib.core.incident import Notice, NoticeKind
from defib.core.limits import Limits
from defib.core.membership import GROUP_TAG, GroupMember, Membership
from defib.core.model import Checks, InstanceState, Signal, Source
from defib.core.severity import Severity
from defib.shell.perform import Performing, perform
from defib.shell.reconcile import Reconciling, reconcile
from tests.core.facts import OK, impaired, observed, policy
from tests.fakes import FakeActor, FakeClock, FakeJournal, FakeObserver, FakeQueues, FakeStore, FakeSwitch
from tests.shell.machine import healing

TAGS = {"service": "web", "self-heal": "true", GROUP_TAG: "web-asg"}
PLACE = Membership("web-asg", "InService", protected=False, opted_in=True, minimum=1, desired=3, in_service=3)


class Group:
    """Members that are dead on arrival, and Defib."""

    def __init__(self, most: int, at_once: int = 1) -> None:
        limits = Limits(group_replacements=most, group_window=timedelta(hours=6))
        healing = policy(group_member=GroupMember.REPLACE, concurrent_repairs=at_once)
        self.policy = replace(healing, limits=replace(limits, share=100))
        self.clock, self.store, self.queues = FakeClock(), FakeStore(), FakeQueues()
        self.store.whole = replace(self.store.whole, running=10)
        self.observer, self.actor = FakeObserver(self.clock), FakeActor()
        shared = (self.clock, self.observer, self.store)
        self._reconciling = Reconciling(*shared, self.queues, FakeJournal(), FakeSwitch())
        self._performing = Performing(*shared, self.actor, self.queues, FakeJournal(), FakeSwitch())

    def launch(self, number: int) -> str:
        """A member that was launched long enough ago to be called dead on arrival."""
        instance_id, at = f"i-0bb{number}", self.clock.now()
        self.observer.observations[instance_id] = observed(
            instance_id=instance_id,
            tags={**TAGS, "Name": f"web-{number}"},
            membership=PLACE,
            launched_at=at,
            checks=Checks(OK, impaired(at), OK),
        )
        self.clock.advance(timedelta(minutes=4))
        return instance_id

    def becomes(self, instance_id: str, **facts: object) -> None:
        known = self.observer.observations[instance_id]
        self.observer.observations[instance_id] = replace(known, **facts)  # type: ignore[arg-type]  # fields of one known dataclass

    def look(self, instance_id: str) -> Case:
        """One signal, and what follows of it at once."""
        self.queues.signals.append(Signal(Source.SWEEP, instance_id, self.clock.now(), "looking"))
        while self.queues.signals or self.queues.orders:
            if self.queues.signals:
                reconcile(self.queues.signals.pop(0), self._reconciling, self.policy)
            else:
                perform(self.queues.orders.pop(0), self._performing, self.policy)
        return self.case(instance_id)

    def decide(self, instance_id: str) -> None:
        reconcile(Signal(Source.SWEEP, instance_id, self.clock.now(), "looking"), self._reconciling, self.policy)

    def case(self, instance_id: str) -> Case:
        case = self.store.latest_case(instance_id)
        assert case is not None
        return case

    def live_and_die(self, numbers: range) -> Iterator[Case]:
        """Each member is launched, found dead, and terminated if Defib has it replaced."""
        for number in numbers:
            instance_id = self.launch(number)
            if self.look(instance_id).last(Action.REPLACE) is not None:
                self.becomes(instance_id, state=InstanceState.TERMINATED, checks=None)
            yield self.look(instance_id)

    @property
    def urgent(self) -> list[Notice]:
        return [n for n in self.store.notices.values() if n.severity is Severity.URGENT]


def test_a_few_are_replaced_and_then_people_are_asked_once() -> None:
    group = Group(most=3)

    cases = list(group.live_and_die(range(6)))

    assert [c.outcome for c in cases] == [Outcome.REPLACED] * 3 + [None] * 3
    assert {c.held_by for c in cases[3:]} == {"group_replacements"}
    assert [n.kind for n in group.urgent] == [NoticeKind.ESCALATED]
    assert "3 new members of group web-asg were dead on arrival" in group.urgent[0].subject


def test_one_that_was_rebooted_before_it_was_replaced_counts_as_well() -> None:
    group = Group(most=1)
    member = group.launch(0)
    group.becomes(member, checks=Checks(OK, impaired(group.clock.now()), OK))
    group.clock.advance(timedelta(minutes=2))
    assert group.look(member).last(Action.REBOOT) is not None

    group.clock.advance(group.policy.repair.reboot_trial + timedelta(minutes=2))
    assert group.look(member).last(Action.REPLACE) is not None

    assert [r.case_id for r in group.store.whole.replacements] == [f"{member}-1"]
    assert not group.store.whole.replacements[0].on_arrival


def test_when_one_that_was_held_works_after_all_the_others_may_be_replaced_again() -> None:
    group = Group(most=1)
    _, late, dead = group.live_and_die(range(3))

    group.becomes(late.instance_id, checks=Checks(OK, OK, OK))
    group.look(late.instance_id)
    group.clock.advance(group.policy.services[0].verify.stable_for)
    group.look(late.instance_id)

    assert group.case(late.instance_id).outcome is Outcome.RECOVERED
    assert group.look(dead.instance_id).last(Action.REPLACE) is not None


def test_when_the_window_is_over_they_may_be_replaced_again() -> None:
    group = Group(most=1)
    _, held = group.live_and_die(range(2))

    group.clock.advance(timedelta(hours=5))
    assert group.look(held.instance_id).held_by == "group_replacements"
    group.clock.advance(timedelta(hours=1))

    assert group.look(held.instance_id).last(Action.REPLACE) is not None


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_diagnoses_at_once_only_one_takes_the_last_place(first: int) -> None:
    group = Group(most=1, at_once=2)
    group.policy = healing(group.policy, group_member=GroupMember.LEAVE)
    members = [group.launch(number) for number in range(2)]
    for member in members:
        group.look(member)
    group.policy = healing(group.policy, group_member=GroupMember.REPLACE)

    group.store.interruptions = [lambda: group.decide(members[first])]
    group.decide(members[1 - first])

    orders = [order for order in group.queues.orders if order.action is Action.REPLACE]
    assert [order.instance_id for order in orders] == [members[first]]
    assert group.case(members[1 - first]).held_by == "group_replacements"
