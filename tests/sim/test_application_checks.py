"""Simulated application status checks: a group replaces what fails one, unless somebody has suppressed it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from defib.core import suppression
from defib.core.case import Action, Outcome
from defib.core.model import Cause, InstanceState
from defib.core.parse import parse as parse_policy
from sim.authority import Authority
from sim.boundary import Call
from sim.faults import FaultKind
from sim.listener import Deaf
from sim.replay import POLICY, ROOT, played
from sim.scenario_file import load, parse
from sim.template import ACCOUNT, REGION
from sim.world import World
from tests.sim.small_world import QUIET, function, run_for, strike, wiring

CHECKED = (
    QUIET.replace('target_group = "web"', 'group = "web"\napplication_check = 3') + "\n[groups.web]\nminimum = 1\n"
)
ALONE = """
title = "An application that only EC2 asks"
story = "It goes down while all other checks pass; a reboot brings it back."
start = 2026-09-08T03:00:00Z
until = "15m"

[fleet.web]
count = 3
application_check = 3

[[faults]]
at = "2m"
on = "web-3"
kind = "application_down"
"""
FAILS_WITHIN = timedelta(minutes=4, seconds=30)
"""Three requests, and what a group needs to notice and to terminate."""


@pytest.fixture
def checked() -> Iterator[World]:
    policy = parse_policy(POLICY.read_text(encoding="utf-8"))
    with World(parse(CHECKED), policy, wiring(function("note")), 1, Deaf()) as entered:
        yield entered


def ec2(world: World, operation: str, name: str = "web-1", **parameters: object) -> Any:
    call = getattr(boto3.client("ec2", region_name=REGION), operation)
    return call(InstanceIds=[world.machines[name].instance_id], **parameters)


def shown(world: World) -> str:
    """What DescribeInstanceStatus says of web-1's application."""
    (status,) = ec2(world, "describe_instance_status")["InstanceStatuses"]
    return str(status["ApplicationStatus"]["Status"])


def detail(world: World) -> tuple[str, str]:
    """What DescribeApplicationStatus says of web-1 as a whole, and of its check."""
    (found,) = ec2(world, "describe_application_status")["ApplicationStatuses"]["Instances"]
    (check,) = found["ApplicationStatus"]["Details"]
    return found["ApplicationStatus"]["Status"], check["Status"]


def suppress(world: World, minutes: int = 30) -> None:
    ec2(world, "enable_application_status_check_suppression", DurationSeconds=minutes * 60)


def test_three_failed_requests_make_it_impaired_and_its_group_replaces_it(checked: World) -> None:
    strike(checked, FaultKind.APPLICATION_DOWN)
    run_for(checked, timedelta(minutes=1, seconds=50))
    assert shown(checked) == "ok"

    run_for(checked, FAILS_WITHIN)

    assert checked.machines["web-1"].state is not InstanceState.RUNNING
    assert "web-3" in checked.machines


def test_while_it_is_suppressed_its_group_leaves_it_alone_and_the_check_goes_on_beneath(checked: World) -> None:
    strike(checked, FaultKind.APPLICATION_DOWN)
    suppress(checked)
    run_for(checked, FAILS_WITHIN)

    assert checked.machines["web-1"].state is InstanceState.RUNNING
    assert shown(checked) == "not-applicable"
    assert detail(checked) == ("suppressed", "failed")


@pytest.mark.parametrize("lifted", [True, False], ids=["lifted", "its time is over"])
def test_once_it_counts_again_its_group_acts(checked: World, lifted: bool) -> None:
    strike(checked, FaultKind.APPLICATION_DOWN)
    suppress(checked, minutes=5)
    run_for(checked, FAILS_WITHIN)
    if lifted:
        ec2(checked, "disable_application_status_check_suppression")
    run_for(checked, timedelta(seconds=40 if lifted else 90))

    assert checked.machines["web-1"].state is not InstanceState.RUNNING


def test_two_good_answers_after_its_start_make_it_pass_again(checked: World) -> None:
    suppress(checked)
    strike(checked, FaultKind.APPLICATION_DOWN)
    run_for(checked, FAILS_WITHIN)
    ec2(checked, "reboot_instances")
    run_for(checked, timedelta(minutes=3, seconds=50))

    assert detail(checked) == ("suppressed", "passed")


@pytest.mark.parametrize("operation", ["enable", "disable"])
def test_one_without_a_check_is_a_failure_of_its_own(checked: World, operation: str) -> None:
    answer = ec2(checked, f"{operation}_application_status_check_suppression", "other-1")

    assert answer["SuccessfulResults"] == []
    assert answer["UnsuccessfulResults"][0]["InstanceId"] == checked.machines["other-1"].instance_id


def test_iam_is_asked_for_the_instance_by_its_tags() -> None:
    authority = Authority(ACCOUNT, lambda _: {"self-heal": "true"})

    (asked,) = authority.requests(Call("ec2", "EnableApplicationStatusCheckSuppression", {"InstanceIds": ["i-1"]}))

    assert asked.resource == f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1"
    assert asked.context["aws:ResourceTag/self-heal"] == ("true",)


def test_without_the_suppression_the_scenarios_group_would_have_replaced_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load(ROOT / "scenarios" / "application-check-suppressed.toml")
    monkeypatch.setattr(suppression, "before", lambda case, observation, act, repair, now: act)

    with played(scenario) as world:
        first = world.records.cases()[0]

    assert (first.name, first.outcome) == ("web-3", Outcome.TERMINATED)
    assert "web-4" in world.machines


def test_a_failure_that_only_the_suppressed_check_tells_of_is_seen_beneath_the_suppression_until_it_is_healed() -> None:
    with played(parse(ALONE)) as world:
        (case,) = world.records.cases()

    assert [attempt.action for attempt in case.attempts] == [
        Action.EVIDENCE,
        Action.SUPPRESS_CHECK,
        Action.REBOOT,
        Action.RESUME_CHECK,
    ]
    assert case.outcome is Outcome.HEALED


NOT_THERE = """
title = "An application that does not come up on the new host"
story = "The server hangs and is healed on another host; its application, which only EC2 asks, does not come up there."
start = 2026-09-08T03:00:00Z
until = "22m"

[fleet.web]
count = 3
application_check = 2
application_grace = "5m"

[[faults]]
at = "2m"
on = "web-3"
kind = "zombie"

[[faults]]
at = "5m"
on = "web-3"
kind = "application_down"
cured_by = []
"""


def test_what_its_application_check_says_nothing_of_for_minutes_after_its_start_is_not_called_healed() -> None:
    with played(parse(NOT_THERE)) as world:
        (case,) = world.records.cases()

    assert case.handed_over_at is not None
    assert case.cause is Cause.APPLICATION_DOWN
