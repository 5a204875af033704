"""What a stop would destroy: read in three calls when a stop is near, kept for a while, and never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from defib.aws.observe import AwsObserver
from defib.aws.traits import PROTECTION_AGE, TYPE_AGE, described, stop_is_near
from defib.core.model import Registration, Target, TargetHealth
from defib.core.traits import NO_TRAITS, Traits
from defib.shell.ports import Transient
from tests.aws.policies import a_policy
from tests.core.facts import NOON, observed

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from tests.aws.fleet import Fleet
    from tests.fakes import FakeClock

ASKED = ["DescribeInstanceTypes", "DescribeInstanceAttribute"]


@pytest.fixture
def web(fleet: Fleet) -> str:
    return fleet.launch(service="web", self_heal="true")


@pytest.fixture
def observer(ec2: EC2Client, elb: ElasticLoadBalancingv2Client, fleet: Fleet, clock: FakeClock) -> AwsObserver:
    fleet.ec2.answers["DescribeInstanceTypes"] = {"InstanceTypes": [{"InstanceStorageSupported": True}]}
    fleet.ec2.answers["DescribeInstanceAttribute"] = {"DisableApiStop": {"Value": True}}
    return AwsObserver(ec2, elb, clock, a_policy())


def extra_calls(fleet: Fleet) -> list[str]:
    return [name for name, _ in fleet.ec2.calls if name in ASKED]


def test_a_healthy_instance_is_not_asked_what_a_stop_would_destroy(
    fleet: Fleet, observer: AwsObserver, web: str
) -> None:
    assert not observer.observe(web, ()).traits.stop_protected
    assert extra_calls(fleet) == []


def test_one_in_trouble_is_asked_in_two_calls_that_are_believed_for_a_while(
    fleet: Fleet, observer: AwsObserver, web: str, clock: FakeClock
) -> None:
    fleet.fail(web, "InstanceStatus")

    traits = observer.observe(web, ()).traits
    assert (traits.instance_store, traits.stop_protected) == (True, True)
    assert extra_calls(fleet) == ASKED
    observer.observe(web, ())
    assert extra_calls(fleet) == ASKED
    clock.advance(PROTECTION_AGE)
    observer.observe(web, ())
    assert extra_calls(fleet) == [*ASKED, *ASKED[1:]]
    clock.advance(TYPE_AGE)
    observer.observe(web, ())
    assert extra_calls(fleet) == [*ASKED, *ASKED[1:], *ASKED]


@pytest.mark.parametrize("health", [TargetHealth.UNHEALTHY, TargetHealth.UNHEALTHY_DRAINING])
def test_so_may_be_whose_load_balancer_calls_it_unhealthy(health: TargetHealth) -> None:
    failing = Target(Registration("arn:aws:x:targetgroup/web/1", 80), health)

    assert stop_is_near(observed(targets=(failing,)), timedelta(minutes=5))
    assert not stop_is_near(observed(), timedelta(minutes=5))


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("DescribeInstanceTypes", {"InstanceTypes": []}),
        ("DescribeInstanceTypes", {"InstanceTypes": [{"InstanceType": "t3.small"}]}),
        ("DescribeInstanceAttribute", {"DisableApiStop": {}}),
        ("DescribeInstanceAttribute", {}),
    ],
)
def test_an_answer_that_leaves_out_what_was_asked_is_no_leave_to_stop_it(
    fleet: Fleet, observer: AwsObserver, web: str, call: str, answer: dict[str, Any]
) -> None:
    fleet.fail(web, "InstanceStatus")
    fleet.ec2.answers[call] = answer

    traits = observer.observe(web, ()).traits

    assert not traits.known
    assert "EC2 does not say whether" in traits.unread


def test_before_a_reboot_nobody_asks_what_a_stop_would_destroy(fleet: Fleet, observer: AwsObserver, web: str) -> None:
    fleet.fail(web, "InstanceStatus")

    observer.observe(web, (), stop_is_near=False)
    assert extra_calls(fleet) == []


def test_a_new_instance_is_near_a_stop_only_when_its_checks_take_too_long(
    fleet: Fleet, observer: AwsObserver, web: str, clock: FakeClock
) -> None:
    fleet.fail(web, "InstanceStatus", "initializing")
    since_launch = clock.now() - observer.observe(web, ()).launched_at
    clock.advance(timedelta(minutes=1) - since_launch)
    observer.observe(web, ())
    assert extra_calls(fleet) == []

    clock.advance(timedelta(minutes=5))
    assert observer.observe(web, ()).traits.stop_protected


def test_unless_the_policy_stops_what_does_not_come_up_sooner(
    ec2: EC2Client, elb: ElasticLoadBalancingv2Client, fleet: Fleet, clock: FakeClock, web: str
) -> None:
    policy = a_policy()
    hasty = replace(policy, repair=replace(policy.repair, arrival_timeout=timedelta(seconds=90)))
    fleet.ec2.answers["DescribeInstanceAttribute"] = {"DisableApiStop": {"Value": True}}
    observer = AwsObserver(ec2, elb, clock, hasty)
    fleet.fail(web, "InstanceStatus", "initializing")
    since_launch = clock.now() - observer.observe(web, ()).launched_at
    clock.advance(timedelta(seconds=90) - since_launch)

    assert observer.observe(web, ()).traits.stop_protected


def test_what_may_not_be_read_is_said_and_what_fails_for_now_is_tried_again(
    fleet: Fleet, observer: AwsObserver, web: str
) -> None:
    fleet.fail(web, "InstanceStatus")
    fleet.ec2.refusals["DescribeInstanceAttribute"] = "UnauthorizedOperation"
    assert "UnauthorizedOperation" in observer.observe(web, ()).traits.unread

    fleet.ec2.refusals["DescribeInstanceAttribute"] = "RequestLimitExceeded"
    with pytest.raises(Transient):
        observer.observe(web, ())


def test_what_is_not_answered_is_unknown_so_that_what_needs_none_of_it_goes_on(
    fleet: Fleet, observer: AwsObserver, web: str
) -> None:
    fleet.fail(web, "InstanceStatus")
    fleet.ec2.refusals["DescribeInstanceTypes"] = "InternalError"
    traits = observer.observe(web, ()).traits
    assert traits.unanswered
    assert "InternalError" in traits.unread

    fleet.ec2.refusals.clear()
    traits = observer.observe(web, ()).traits
    assert (traits.unread, traits.unanswered, traits.stop_protected) == ("", False, True)


def address(owner: str, *others: dict[str, Any], secondary: str = "") -> dict[str, Any]:
    """An instance with a public address, and its other network interfaces."""
    places: list[dict[str, Any]] = [{"Primary": True, "Association": {"IpOwnerId": owner}}, {"Primary": False}]
    if secondary:
        places[1]["Association"] = {"IpOwnerId": secondary}
    face = {"Association": {"PublicIp": "203.0.113.25", "IpOwnerId": owner}, "PrivateIpAddresses": places}
    return {"NetworkInterfaces": [*others, face]}


ADDRESS = "203.0.113.25"
FACE = {
    "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.5"}, {"PrivateIpAddress": "10.0.0.6"}],
    "Ipv6Addresses": [{"Ipv6Address": "2600:1f16::5"}],
}
CUT_OFF = Traits(auto_public_ip=ADDRESS, regains_public_ip=False)


def launched(attached: timedelta, **face: Any) -> dict[str, Any]:
    """An instance whose network interface was attached so long before its LaunchTime."""
    attachment = {"DeviceIndex": 0, "AttachTime": NOON - attached} | face
    return {"LaunchTime": NOON, "NetworkInterfaces": [{"Attachment": attachment}]}


@pytest.mark.parametrize(
    ("said", "traits"),
    [
        ({}, NO_TRAITS),
        (launched(timedelta(seconds=1)), NO_TRAITS),
        (launched(timedelta(days=1)), Traits(started_again=True)),
        (launched(timedelta(days=1), DeviceIndex=1), NO_TRAITS),
        (address("amazon"), Traits(auto_public_ip=ADDRESS)),
        (address("amazon", {}), CUT_OFF),
        (address("amazon", secondary="123456789012"), CUT_OFF),
        (address("123456789012"), NO_TRAITS),
        (address("123456789012", {}, secondary="123456789012"), NO_TRAITS),
        ({"Operator": {"Managed": True, "Principal": "eks.amazonaws.com"}}, Traits(managed_by="eks.amazonaws.com")),
        ({"NetworkInterfaces": [FACE]}, Traits(addresses=("10.0.0.5", "10.0.0.6", "2600:1f16::5"))),
        ({"Operator": {"Managed": False}}, NO_TRAITS),
        ({"Architecture": "arm64"}, Traits(architecture="arm64")),
        ({"Platform": "windows"}, Traits(windows=True)),
        ({"HibernationOptions": {"Configured": True}}, Traits(hibernation=True)),
        ({"Placement": {"Tenancy": "host", "Affinity": "host", "HostId": "h-0a1"}}, Traits(dedicated_host="h-0a1")),
        ({"Placement": {"Tenancy": "host", "Affinity": "default", "HostId": "h-0a1"}}, NO_TRAITS),
        ({"Placement": {"Tenancy": "dedicated"}}, NO_TRAITS),
        ({"Placement": {"GroupName": "hpc"}}, Traits(placement_group="hpc")),
    ],
)
def test_the_rest_comes_with_the_description_of_the_instance(said: Any, traits: Traits) -> None:
    assert described(said) == traits
