"""Simulated Auto Scaling groups: what doesn't run or is called unhealthy is replaced, what is in Standby is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from defib.aws.group import exit_standby
from defib.core.model import InstanceState, TargetHealth
from defib.core.parse import parse as parse_policy
from defib.shell.ports import Rejected
from sim.authority import Authority
from sim.boundary import Call
from sim.listener import Deaf
from sim.replay import POLICY
from sim.scenario_file import ScenarioError, parse
from sim.template import ACCOUNT, REGION
from sim.world import World
from tests.sim.small_world import QUIET, function, run_for, wiring

GROUPED = QUIET.replace('target_group = "web"', 'target_group = "web"\ngroup = "web"') + "\n[groups.web]\nminimum = 1\n"
A_WHILE = timedelta(minutes=4)


@pytest.fixture
def grouped() -> Iterator[World]:
    policy = parse_policy(POLICY.read_text(encoding="utf-8"))
    with World(parse(GROUPED), policy, wiring(function("note")), 1, Deaf()) as entered:
        yield entered


def call(world: World, operation: str, **parameters: object) -> None:
    instance_id = world.machines["web-1"].instance_id
    named = {"InstanceId": instance_id} if operation == "set_instance_health" else {"InstanceIds": [instance_id]}
    getattr(boto3.client("autoscaling", region_name=REGION), operation)(**named, **parameters)


def enter_standby(world: World) -> None:
    call(world, "enter_standby", AutoScalingGroupName="web", ShouldDecrementDesiredCapacity=True)


def lifecycles(world: World) -> dict[str, str]:
    (group,) = boto3.client("autoscaling", region_name=REGION).describe_auto_scaling_groups()["AutoScalingGroups"]
    names = {machine.instance_id: name for name, machine in world.machines.items()}
    return {names[member["InstanceId"]]: member["LifecycleState"] for member in group["Instances"]}


def states(world: World) -> dict[str, str]:
    return {name: machine.state.value for name, machine in world.machines.items()}


def health(world: World, name: str = "web-1") -> TargetHealth | None:
    (group,) = world.balancing.groups.values()
    return group.health_of(world.machines[name].instance_id)


def test_a_member_that_is_called_unhealthy_is_replaced(grouped: World) -> None:
    call(grouped, "set_instance_health", HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    run_for(grouped, A_WHILE)

    assert grouped.machines["web-1"].state is InstanceState.TERMINATED
    assert lifecycles(grouped) == {"web-2": "InService", "web-3": "InService"}
    assert health(grouped, "web-3") is TargetHealth.HEALTHY


def test_a_member_that_stops_in_service_is_replaced(grouped: World) -> None:
    boto3.client("ec2", region_name=REGION).stop_instances(InstanceIds=[grouped.machines["web-1"].instance_id])
    run_for(grouped, A_WHILE)

    assert grouped.machines["web-1"].state is InstanceState.TERMINATED
    assert "web-3" in grouped.machines


def test_a_member_in_standby_may_stop_and_comes_back_to_its_target_group(grouped: World) -> None:
    enter_standby(grouped)
    assert lifecycles(grouped)["web-1"] == "EnteringStandby"
    run_for(grouped, timedelta(minutes=1))
    assert lifecycles(grouped)["web-1"] == "Standby"
    boto3.client("ec2", region_name=REGION).stop_instances(InstanceIds=[grouped.machines["web-1"].instance_id])
    run_for(grouped, A_WHILE)
    assert (grouped.machines["web-1"].state, health(grouped)) == (InstanceState.STOPPED, TargetHealth.UNUSED)

    boto3.client("ec2", region_name=REGION).start_instances(InstanceIds=[grouped.machines["web-1"].instance_id])
    run_for(grouped, A_WHILE)
    call(grouped, "exit_standby", AutoScalingGroupName="web")
    run_for(grouped, timedelta(minutes=1))

    assert lifecycles(grouped) == {"web-1": "InService", "web-2": "InService"}
    assert health(grouped) is TargetHealth.HEALTHY


def test_returning_to_service_what_is_there_already_is_no_failure(grouped: World) -> None:
    autoscaling = boto3.client("autoscaling", region_name=REGION)
    instance_id = grouped.machines["web-1"].instance_id

    assert exit_standby(autoscaling, instance_id, "web") == "not in Standby any more in web"
    with pytest.raises(Rejected, match="No managed instance found"):
        exit_standby(autoscaling, "i-0feedfeedfeedfeed", "web")


def test_a_group_at_its_minimum_lets_nobody_into_standby(grouped: World) -> None:
    enter_standby(grouped)
    other = grouped.machines["web-2"].instance_id

    with pytest.raises(ClientError, match="min-size=1"):
        boto3.client("autoscaling", region_name=REGION).enter_standby(
            InstanceIds=[other], AutoScalingGroupName="web", ShouldDecrementDesiredCapacity=True
        )


def test_an_act_on_a_group_needs_the_right_to_the_group_with_its_tags() -> None:
    arn = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:0:autoScalingGroupName/web"
    authority = Authority(ACCOUNT, lambda resource: {"self-heal": "true"} if resource == arn else {}, lambda _: arn)

    (asked,) = authority.requests(Call("autoscaling", "SetInstanceHealth", {"InstanceId": "i-1"}))

    assert (asked.action, asked.resource) == ("autoscaling:SetInstanceHealth", arn)
    assert asked.context["aws:ResourceTag/self-heal"] == ("true",)


@pytest.mark.parametrize(
    ("written", "wrong", "said"),
    [
        ("[groups.web]", "[groups.api]", "must be one of the Auto Scaling groups: api"),
        ("minimum = 1\n", "minimum = 3\n", "must be at most 2"),
    ],
)
def test_a_group_must_be_there_and_not_smaller_than_its_minimum(written: str, wrong: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        parse(GROUPED.replace(written, wrong))


HOOKS = """
[groups.web.launching]
holds = "2m"
{launching}
[groups.web.terminating]
holds = "10m"
"""
POOL = """
[groups.web.warm_pool]
size = 1
"""


@pytest.fixture
def entered(request: pytest.FixtureRequest) -> Iterator[World]:
    policy = parse_policy(POLICY.read_text(encoding="utf-8"))
    with World(parse(GROUPED + request.param), policy, wiring(function("note")), 1, Deaf()) as world:
        yield world


@pytest.mark.parametrize("entered", [HOOKS.format(launching="")], indirect=True)
def test_hooks_hold_what_arrives_and_what_leaves_and_let_it_go_on(entered: World) -> None:
    call(entered, "set_instance_health", HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    run_for(entered, timedelta(minutes=2))
    assert lifecycles(entered)["web-3"] == "Pending:Wait"
    assert health(entered, "web-3") is None
    run_for(entered, timedelta(minutes=6))
    assert lifecycles(entered) == {"web-1": "Terminating:Wait", "web-2": "InService", "web-3": "InService"}
    assert states(entered)["web-1"] == "running"
    run_for(entered, timedelta(minutes=9))
    assert lifecycles(entered) == {"web-2": "InService", "web-3": "InService"}
    assert entered.machines["web-1"].state is InstanceState.TERMINATED


@pytest.mark.parametrize(
    ("entered", "state"),
    [
        (HOOKS.format(launching='times_out = 1\nheartbeat = "3m"'), InstanceState.TERMINATED),
        (HOOKS.format(launching='times_out = 1\nheartbeat = "3m"\ndefault_result = "continue"'), InstanceState.RUNNING),
    ],
    indirect=["entered"],
)
def test_a_launch_whose_hook_times_out_is_abandoned_or_goes_on_as_the_hook_says(
    entered: World, state: InstanceState
) -> None:
    call(entered, "set_instance_health", HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    run_for(entered, timedelta(minutes=9))
    assert entered.machines["web-3"].state is state
    assert ("web-4" in entered.machines) is (state is InstanceState.TERMINATED)


@pytest.mark.parametrize("entered", [POOL], indirect=True)
def test_what_is_stopped_in_a_warm_pool_is_counted_not_listed_and_takes_a_members_place(entered: World) -> None:
    run_for(entered, timedelta(minutes=5))
    (group,) = boto3.client("autoscaling", region_name=REGION).describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (group["WarmPoolSize"], group["WarmPoolConfiguration"]["PoolState"]) == (1, "Stopped")
    assert set(lifecycles(entered)) == {"web-1", "web-2"}
    assert entered.machines["web-3"].state is InstanceState.STOPPED

    call(entered, "set_instance_health", HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    run_for(entered, timedelta(minutes=5))
    assert lifecycles(entered) == {"web-2": "InService", "web-3": "InService"}
    # The pool is filled up again.
    assert entered.machines["web-4"].state is InstanceState.STOPPED


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[groups.web.launching]\nholds = "10m"\nheartbeat = "5m"', "must be at most the heartbeat, 5m"),
        ('[groups.web.warm_pool]\nsize = 1\nstate = "hibernated"', "give fleet web the trait hibernation"),
        ("[groups.web.warm_pool]\nsize = 21", "a whole number from 0 to 20"),
    ],
)
def test_a_hook_or_a_warm_pool_that_can_not_be_is_a_mistake(written: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        parse(f"{GROUPED}{written}\n")
