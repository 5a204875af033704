"""The deployed stack heals, its functions running as processes of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from defib.aws.clock import SystemClock
from defib.core.case import Outcome
from defib.core.model import Cause, Source
from tests.e2e.emulator import ACCOUNT
from tests.e2e.overlay import CONSOLE, JPEG
from tests.e2e.world import World

EVENTS = Path(__file__).parents[1] / "events"

HEALED_WITHIN_S = 120
TOLD_WITHIN_S = 30
SWEPT_WITHIN_S = 90
"""The schedule starts its first sweep a minute after it was made; the emulator looks at it every ten seconds."""


@pytest.fixture(autouse=True)
def nothing_is_set_aside_or_logged_as_an_error(world: World) -> Iterator[None]:
    yield
    assert world.stack.failed_messages() == {}
    assert world.stack.errors() == []


def test_an_instance_that_only_a_stop_and_start_revives_is_healed_and_people_are_told(world: World) -> None:
    zombie, peer = world.launch("web", "web-1"), world.launch("web", "web-2")

    world.break_down(zombie)
    world.stack.sweep()
    case = world.closed_case(zombie, HEALED_WITHIN_S)
    world.read("resolved", "web", TOLD_WITHIN_S)

    assert (case.opened_by, case.confirmed_cause) == (Source.SWEEP, Cause.INSTANCE_IMPAIRED)
    assert case.outcome is Outcome.HEALED
    assert world.hardware.calls_to(zombie) == ["RebootInstances", "StopInstances", "StartInstances"]
    assert world.hardware.calls_to(peer) == []
    mails = world.mail.about("web")
    assert (mails[0], mails[-1]) == ("opened", "resolved")
    assert "progress" in mails
    # Its peer served all along: no phone rings for a heal without harm.
    assert world.texts.about("web") == []
    evidence = world.stack.evidence_of(case)
    assert evidence["console.txt"] == CONSOLE.encode()
    assert evidence["screenshot.jpg"] == JPEG
    assert json.loads(evidence["statuses.json"])[0]["InstanceStatus"]["Status"] == "impaired"
    assert json.loads(evidence["manifest.json"])["not_captured"] == {}


def test_an_event_of_aws_alone_gets_a_lost_instance_started(world: World) -> None:
    worker = world.launch("worker", "worker-1")

    with world.stack.no_scheduled_sweeps():
        world.lose_host(worker)
        handed_to = world.stack.deliver(state_change(worker, "stopped"))
        case = world.closed_case(worker, HEALED_WITHIN_S)
    world.hear("resolved", "worker", TOLD_WITHIN_S)

    assert handed_to == [world.stack.outputs["SignalsQueue"]]
    assert (case.opened_by, case.confirmed_cause) == (Source.STATE_CHANGE, Cause.STOPPED_UNASKED)
    assert case.outcome is Outcome.HEALED
    assert world.hardware.calls_to(worker) == ["StartInstances"]
    assert world.mail.about("worker") == ["opened", "resolved"]


def test_a_dead_application_is_found_by_a_question_that_a_sweep_has_put_off(world: World) -> None:
    """Nothing else can tell of it: no sweep runs, and the emulator has no metric for the alarm."""
    dead, peer = world.launch("pool", "pool-1"), world.launch("pool", "pool-2")
    world.serve(dead, peer)

    with world.stack.no_scheduled_sweeps():
        world.stack.sweep()
        world.hang(dead)
        case = world.closed_case(dead, HEALED_WITHIN_S)

    assert (case.opened_by, case.confirmed_cause) == (Source.LOAD_BALANCER, Cause.APPLICATION_DOWN)
    assert case.outcome is Outcome.HEALED
    assert world.hardware.calls_to(dead) == ["RebootInstances"]
    assert world.hardware.calls_to(peer) == []


def test_the_schedule_starts_sweeps_by_itself(world: World) -> None:
    world.tell("waiting for the schedule to start a sweep")
    world.until("a sweep that the test did not start", world.stack.swept_by_itself, SWEPT_WITHIN_S)


def state_change(instance_id: str, state: str) -> Mapping[str, Any]:
    """The event that EC2 sends now."""
    event: dict[str, Any] = json.loads((EVENTS / f"state-{state}.json").read_text(encoding="utf-8"))
    return {
        **event,
        "account": ACCOUNT,
        "time": SystemClock().now().isoformat(timespec="seconds"),
        "resources": [f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{instance_id}"],
        "detail": {"instance-id": instance_id, "state": state},
    }
