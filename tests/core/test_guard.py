"""Each guard refuses what it is for, with a reason people can read, and nothing else."""

from __future__ import annotations

import pytest

from defib.core.case import Action, Case
from defib.core.guard import GUARDS
from defib.core.guard import refuse as refuse_question
from defib.core.guards.ownership import GROUP_TAG
from defib.core.guards.question import Question, Refusal
from defib.core.model import Observation, Peers
from defib.core.policy import Mode, Service
from tests.core.facts import NOON, POLICY, SERVICE, case, observed, policy

ALL = frozenset(Action) - {Action.EVIDENCE}
TAKING = frozenset({Action.REBOOT, Action.DRAIN, Action.STOP})
STOPPING = frozenset({Action.DRAIN, Action.STOP, Action.FORCE_STOP})


def refuse(action: Action, so_far: Case, facts: Observation, limits: Service) -> Refusal | None:
    return refuse_question(Question(action, so_far, facts, limits, POLICY, NOON))


def service(**changes: object) -> Service:
    return policy(**changes).services[0]


def peers(healthy: int, under_repair: int = 0) -> Observation:
    return observed(peers=Peers(running=3, healthy=healthy), under_repair=under_repair)


member = observed(tags={"service": "web", "self-heal": "true", GROUP_TAG: "web-asg"})

TABLE: list[tuple[str, Observation, Service, frozenset[Action], str]] = [
    ("observe_mode", observed(), service(mode=Mode.OBSERVE), ALL, "observe mode"),
    ("group_member", member, SERVICE, STOPPING, "web-asg"),
    ("instance_store_root", observed(root_device="instance-store"), SERVICE, STOPPING, "instance store"),
    ("spot", observed(lifecycle="spot"), SERVICE, STOPPING | {Action.START}, "spot"),
    ("minimum_healthy", peers(healthy=1), service(minimum_healthy=2), TAKING, "only 1 others"),
    ("minimum_healthy", observed(peers=None), service(minimum_healthy=1), TAKING, "could not be counted"),
    ("concurrent_repairs", observed(peers=None, under_repair=1), SERVICE, TAKING, "1 of at most 1"),
    ("concurrent_repairs", peers(2, under_repair=1), SERVICE, TAKING, "1 of at most 1"),
]


@pytest.mark.parametrize(("guard", "facts", "limits", "forbidden", "words"), TABLE)
@pytest.mark.parametrize("action", list(Action))
def test_a_guard_refuses_exactly_what_it_is_for(
    guard: str, facts: Observation, limits: Service, forbidden: frozenset[Action], words: str, action: Action
) -> None:
    refusal = refuse(action, case(), facts, limits)

    if action in forbidden:
        assert refusal is not None
        assert refusal.guard == guard
        assert words in refusal.reason
    else:
        assert refusal is None


def test_every_guard_has_a_row() -> None:
    assert {guard.__name__ for guard in GUARDS} == {row[0] for row in TABLE}


@pytest.mark.parametrize("action", list(Action))
def test_nothing_is_refused_to_a_healthy_service_in_heal_mode(action: Action) -> None:
    assert refuse(action, case(), observed(), service(minimum_healthy=2)) is None


def test_just_enough_healthy_peers_are_enough() -> None:
    assert refuse(Action.STOP, case(), peers(healthy=2), service(minimum_healthy=2)) is None


def test_as_many_repairs_as_allowed_may_run() -> None:
    two = service(concurrent_repairs=2)

    assert refuse(Action.STOP, case(), peers(2, under_repair=1), two) is None
    assert refuse(Action.STOP, case(), peers(2, under_repair=2), two) is not None
