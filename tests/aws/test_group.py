"""What EC2 Auto Scaling says of a member, and the three acts on its group, against moto's groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from defib.aws.act import AwsActor
from defib.aws.clients import client
from defib.aws.membership import Memberships, members_of, membership_of
from defib.aws.observe import AwsObserver
from defib.core.case import Action
from defib.core.membership import GROUP_TAG, Membership
from defib.core.model import InstanceState, Observation, Peers
from defib.core.policy import Tag
from defib.shell.ports import Rejected, Transient
from tests.aws.account import ONCE
from tests.aws.cases import NOON, a_case, an_attempt
from tests.aws.fleet import SILENCES, Overlay, refused
from tests.aws.policies import a_policy, a_service

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from tests.aws.fleet import Fleet
    from tests.fakes import FakeClock

OPT_IN = Tag("self-heal", "true")
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")


@pytest.fixture
def autoscaling() -> AutoScalingClient:
    return client("autoscaling", ONCE)


@pytest.fixture
def overlay(autoscaling: AutoScalingClient) -> Overlay:
    return Overlay().lay_over(cast("BaseClient", autoscaling))


@pytest.fixture
def members(ec2: EC2Client, autoscaling: AutoScalingClient) -> list[str]:
    """The members of the group ``web-asg``: two of at least one, opted in."""
    ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
    )
    tags = [("self-heal", "true", False), ("service", "web", True)]
    create: Any = autoscaling.create_auto_scaling_group
    create(
        AutoScalingGroupName="web-asg",
        LaunchTemplate={"LaunchTemplateName": "web"},
        MinSize=1,
        MaxSize=3,
        DesiredCapacity=2,
        AvailabilityZones=list(ZONES),
        Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": passed_on} for key, value, passed_on in tags],
    )
    (group,) = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return [member["InstanceId"] for member in group["Instances"]]


@pytest.fixture
def observer(
    ec2: EC2Client, elb: ElasticLoadBalancingv2Client, clock: FakeClock, autoscaling: AutoScalingClient
) -> AwsObserver:
    policy = a_policy(a_service(minimum_healthy=1))
    return AwsObserver(ec2, elb, clock, policy, Memberships(lambda: autoscaling, policy.opt_in))


@pytest.fixture
def actor(ec2: EC2Client, elb: ElasticLoadBalancingv2Client, autoscaling: AutoScalingClient) -> AwsActor:
    return AwsActor(lambda: ec2, lambda: elb, lambda: autoscaling, timedelta(minutes=30))


def seen(instance_id: str, group: str = "web-asg") -> Observation:
    return Observation(instance_id, NOON, InstanceState.RUNNING, NOON, tags={GROUP_TAG: group})


def test_a_members_place_is_read_with_its_groups_consent_and_size(
    autoscaling: AutoScalingClient, members: list[str]
) -> None:
    place = membership_of(autoscaling, seen(members[0]), OPT_IN)

    assert place is not None
    assert replace(place, zones={}) == Membership("web-asg", "InService", False, True, 1, desired=2, in_service=2)


def test_the_zones_of_its_group_are_read_with_how_many_are_in_service_in_each(
    autoscaling: AutoScalingClient, members: list[str]
) -> None:
    before = membership_of(autoscaling, seen(members[0]), OPT_IN)
    autoscaling.enter_standby(
        InstanceIds=members[:1], AutoScalingGroupName="web-asg", ShouldDecrementDesiredCapacity=True
    )
    after = membership_of(autoscaling, seen(members[0]), OPT_IN)

    assert before is not None
    assert after is not None
    # moto launches all of them in one zone.
    assert [set(before.zones), set(after.zones)] == [set(ZONES)] * 2
    assert sorted(before.zones.values()) == [0, 0, 2]
    assert sorted(after.zones.values()) == [0, 0, 1]


def test_where_its_group_weighs_its_members_their_units_are_counted(
    autoscaling: AutoScalingClient, overlay: Overlay
) -> None:
    kinds = (("i-0a1", "InService", "4"), ("i-0b1", "InService", "8"), ("i-0c1", "Standby", "8"))
    listed = [{"InstanceId": i, "LifecycleState": state, "WeightedCapacity": units} for i, state, units in kinds]
    group = {"AutoScalingGroupName": "web-asg", "MinSize": 8, "DesiredCapacity": 12, "Instances": listed}
    overlay.answers["DescribeAutoScalingGroups"] = {"AutoScalingGroups": [group]}

    place = membership_of(autoscaling, seen("i-0a1"), OPT_IN)

    assert place is not None
    assert (place.minimum, place.desired, place.in_service, place.weight) == (8, 12, 12, 4)


def test_what_somebody_has_suspended_of_its_group_is_read_with_it(
    autoscaling: AutoScalingClient, members: list[str]
) -> None:
    autoscaling.suspend_processes(AutoScalingGroupName="web-asg", ScalingProcesses=["ReplaceUnhealthy"])

    place = membership_of(autoscaling, seen(members[0]), OPT_IN)

    assert place is not None
    assert place.suspended == ("ReplaceUnhealthy",)


@pytest.mark.parametrize("opt_in", [Tag("self-heal", "yes"), Tag("other", "true")])
def test_a_group_without_the_opt_in_tag_has_not_consented(
    autoscaling: AutoScalingClient, members: list[str], opt_in: Tag
) -> None:
    place = membership_of(autoscaling, seen(members[0]), opt_in)

    assert place is not None
    assert not place.opted_in


def test_what_no_group_knows_is_no_member(autoscaling: AutoScalingClient, members: list[str]) -> None:
    assert membership_of(autoscaling, seen("i-0feedfeedfeedfeed"), OPT_IN) is None
    assert membership_of(autoscaling, seen(members[0], "gone"), OPT_IN) is None


def test_what_a_group_with_a_warm_pool_does_not_list_is_in_it(autoscaling: AutoScalingClient, overlay: Overlay) -> None:
    group = {"AutoScalingGroupName": "web-asg", "Instances": [], "MinSize": 1, "DesiredCapacity": 2}
    pooled = {**group, "WarmPoolConfiguration": {"PoolState": "Stopped"}, "WarmPoolSize": 1}
    overlay.answers["DescribeAutoScalingGroups"] = {"AutoScalingGroups": [pooled]}

    place = membership_of(autoscaling, seen("i-0feedfeedfeedfeed"), OPT_IN)

    assert place is not None
    assert place.lifecycle.startswith("Warmed")


def test_a_group_that_can_not_be_read_is_no_answer(
    autoscaling: AutoScalingClient, overlay: Overlay, members: list[str]
) -> None:
    overlay.refusals["DescribeAutoScalingGroups"] = "Throttling"

    with pytest.raises(Transient, match="describing Auto Scaling group web-asg"):
        membership_of(autoscaling, seen(members[0]), OPT_IN)


def test_only_a_member_with_a_repair_costs_a_call(
    ec2: EC2Client,
    elb: ElasticLoadBalancingv2Client,
    fleet: Fleet,
    clock: FakeClock,
    autoscaling: AutoScalingClient,
    overlay: Overlay,
    members: list[str],
) -> None:
    policy = a_policy()
    observer = AwsObserver(ec2, elb, clock, policy, Memberships(lambda: autoscaling, policy.opt_in))
    sick, well = members
    alone = fleet.launch(service="web", self_heal="true")
    fleet.fail(sick, "SystemStatus", "impaired", NOON)
    fleet.fail(alone, "SystemStatus", "impaired", NOON)
    overlay.calls.clear()

    looks = [(well, False), (sick, False), (alone, True), (sick, True)]
    places = [observer.observe(instance_id, (), act_is_near=near).membership for instance_id, near in looks]

    assert [place.lifecycle if place else None for place in places] == [None, None, None, "InService"]
    assert [name for name, _ in overlay.calls] == ["DescribeAutoScalingGroups"]


def test_one_that_its_group_is_terminating_is_known_though_it_looks_well(
    observer: AwsObserver, overlay: Overlay, members: list[str]
) -> None:
    leaving = {"InstanceId": members[0], "LifecycleState": "Terminating:Wait", "HealthStatus": "Unhealthy"}
    group = {"AutoScalingGroupName": "web-asg", "Instances": [leaving], "MinSize": 1, "DesiredCapacity": 2}
    overlay.answers["DescribeAutoScalingGroups"] = {"AutoScalingGroups": [group]}

    seen_so = observer.observe(members[0], ())

    assert seen_so.membership is not None
    assert seen_so.membership.lifecycle == "Terminating:Wait"
    assert seen_so.peers is None


class TestPeers:
    """EC2 calls a member healthy whether or not its group lets it serve."""

    def peers(self, observer: AwsObserver, instance_id: str) -> tuple[int, int]:
        """How many run, and how many of them are healthy."""
        peers = observer.observe(instance_id, ()).peers
        assert peers is not None
        return peers.running, peers.healthy

    def test_a_member_in_standby_is_not_counted_on(
        self, observer: AwsObserver, fleet: Fleet, autoscaling: AutoScalingClient, members: list[str]
    ) -> None:
        sick, other = members
        fleet.fail(sick, "SystemStatus", "impaired", NOON)
        before = self.peers(observer, sick)
        autoscaling.enter_standby(
            InstanceIds=[other], AutoScalingGroupName="web-asg", ShouldDecrementDesiredCapacity=True
        )

        after = self.peers(observer, sick)

        assert (before, after) == ((1, 1), (1, 0))

    def test_all_groups_of_the_peers_are_asked_in_one_call(
        self, observer: AwsObserver, fleet: Fleet, overlay: Overlay, members: list[str]
    ) -> None:
        alone = fleet.launch(service="web", self_heal="true")
        fleet.fail(alone, "SystemStatus", "impaired", NOON)
        overlay.calls.clear()

        peers = self.peers(observer, alone)

        assert peers == (2, 2)
        assert overlay.calls == [("DescribeAutoScalingGroups", {"AutoScalingGroupNames": ["web-asg"]})]

    @pytest.mark.parametrize("lifecycle", ["", "Warmed:Stopped"])
    @pytest.mark.parametrize("running", [True, False])
    def test_a_warm_pool_is_not_missed_by_the_service(
        self, observer: AwsObserver, fleet: Fleet, overlay: Overlay, members: list[str], running: bool, lifecycle: str
    ) -> None:
        warm = fleet.launch(service="web", **{GROUP_TAG: "warm-asg"})
        if not running:
            fleet.stop(warm)
        fleet.fail(members[0], "SystemStatus", "impaired", NOON)
        listed = [{"InstanceId": warm, "LifecycleState": lifecycle, "HealthStatus": "Healthy"}] if lifecycle else []
        serving = {"InstanceId": members[1], "LifecycleState": "InService", "HealthStatus": "Healthy"}
        sizes = {"MinSize": 1, "DesiredCapacity": 1}
        overlay.answers["DescribeAutoScalingGroups"] = {
            "AutoScalingGroups": [
                {"AutoScalingGroupName": "web-asg", "Instances": [serving], **sizes},
                {"AutoScalingGroupName": "warm-asg", "Instances": listed, **sizes},
            ]
        }

        peers = observer.observe(members[0], ()).peers

        assert peers == Peers(running=1, healthy=1, not_running=0, healthy_ids=frozenset({members[1]}))

    @pytest.mark.parametrize("lifecycle", ["Standby", "Terminating:Wait", "Pending"])
    def test_a_stopped_member_that_its_group_lists_is_missed(
        self, observer: AwsObserver, fleet: Fleet, overlay: Overlay, lifecycle: str
    ) -> None:
        sick, stopped = fleet.launch(service="web"), fleet.launch(service="web", **{GROUP_TAG: "web-asg"})
        fleet.stop(stopped)
        fleet.fail(sick, "SystemStatus", "impaired", NOON)
        listed = {"InstanceId": stopped, "LifecycleState": lifecycle, "HealthStatus": "Healthy"}
        overlay.answers["DescribeAutoScalingGroups"] = {
            "AutoScalingGroups": [{"AutoScalingGroupName": "web-asg", "Instances": [listed]}]
        }

        peers = observer.observe(sick, ()).peers

        assert peers == Peers(running=0, healthy=0, not_running=1)

    def test_a_stopped_member_of_a_group_that_there_is_no_more_is_missed(
        self, observer: AwsObserver, fleet: Fleet, overlay: Overlay
    ) -> None:
        sick, stopped = fleet.launch(service="web"), fleet.launch(service="web", **{GROUP_TAG: "gone-asg"})
        fleet.stop(stopped)
        fleet.fail(sick, "SystemStatus", "impaired", NOON)

        peers = observer.observe(sick, ()).peers

        assert peers == Peers(running=0, healthy=0, not_running=1)

    def test_where_the_groups_can_not_be_read_nobody_is_counted(
        self, observer: AwsObserver, fleet: Fleet, overlay: Overlay, members: list[str]
    ) -> None:
        alone = fleet.launch(service="web", self_heal="true")
        fleet.fail(alone, "SystemStatus", "impaired", NOON)
        overlay.refusals["DescribeAutoScalingGroups"] = "Throttling"

        with pytest.raises(Transient, match="Auto Scaling groups of its peers"):
            self.peers(observer, alone)

    def test_more_groups_than_one_call_takes_are_asked_in_several(
        self, autoscaling: AutoScalingClient, overlay: Overlay, members: list[str]
    ) -> None:
        overlay.calls.clear()

        found = members_of(autoscaling, {"web-asg", *(f"group-{n}" for n in range(50))})

        assert found == {"web-asg": dict.fromkeys(members, True)}
        assert [len(asked["AutoScalingGroupNames"]) for _, asked in overlay.calls] == [50, 1]


@pytest.mark.parametrize(
    ("action", "operation", "parameters"),
    [
        (Action.REPLACE, "SetInstanceHealth", {"HealthStatus": "Unhealthy", "ShouldRespectGracePeriod": False}),
        (
            Action.ENTER_STANDBY,
            "EnterStandby",
            {"AutoScalingGroupName": "web-asg", "ShouldDecrementDesiredCapacity": True},
        ),
        (Action.EXIT_STANDBY, "ExitStandby", {"AutoScalingGroupName": "web-asg"}),
    ],
)
def test_an_act_on_a_group_is_one_call_about_one_member(
    actor: AwsActor,
    overlay: Overlay,
    members: list[str],
    action: Action,
    operation: str,
    parameters: dict[str, object],
) -> None:
    member = members[0]
    case = replace(a_case(member), group="web-asg")
    overlay.calls.clear()

    actor.perform(an_attempt(action), case, seen(member))

    (call,) = overlay.calls
    named = {"InstanceId": member} if action is Action.REPLACE else {"InstanceIds": [member]}
    assert call == (operation, {**named, **parameters})


@pytest.mark.parametrize("action", [Action.REPLACE, Action.ENTER_STANDBY, Action.EXIT_STANDBY])
@pytest.mark.parametrize(("code", "error"), [("Throttling", Transient), ("AccessDenied", Rejected)])
def test_an_act_that_is_refused_says_so(
    actor: AwsActor,
    overlay: Overlay,
    members: list[str],
    action: Action,
    code: str,
    error: type[Transient] | type[Rejected],
) -> None:
    for operation in ("SetInstanceHealth", "EnterStandby", "ExitStandby"):
        overlay.refusals[operation] = code
    case = replace(a_case(members[0]), group="web-asg")

    with pytest.raises(error) as refused:
        actor.perform(an_attempt(action), case, seen(members[0]))

    assert refused.value.code == code
    assert members[0] in str(refused.value)


@pytest.mark.parametrize("action", [Action.REPLACE, Action.ENTER_STANDBY, Action.EXIT_STANDBY])
@pytest.mark.parametrize(("silence", "error"), SILENCES, ids=lambda told: getattr(told, "__name__", str(told)[:20]))
def test_only_an_act_that_may_have_been_sent_counts_as_done_where_nobody_answers(
    actor: AwsActor,
    overlay: Overlay,
    members: list[str],
    action: Action,
    silence: Exception,
    error: type[Exception],
) -> None:
    overlay.silence = silence

    with pytest.raises(Transient) as raised:
        actor.perform(an_attempt(action), replace(a_case(members[0]), group="web-asg"), seen(members[0]))

    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("The instance i-0a1b2c3d4e5f60001 is not in InService.", Transient),
        ("AutoScalingGroup web-asg has min-size=2, max-size=3, and desired-size=2.", Rejected),
    ],
    ids=["it has left in the moment since it was looked at", "its group has none to spare"],
)
def test_one_that_is_in_service_no_more_is_looked_at_again_before_anybody_is_asked(
    actor: AwsActor, autoscaling: AutoScalingClient, members: list[str], message: str, error: type[Exception]
) -> None:
    events: Any = autoscaling.meta.events
    events.register_first(
        "before-call.auto-scaling.EnterStandby", lambda **_: refused("ValidationError", message=message)
    )

    with pytest.raises(error, match="Standby"):
        actor.perform(an_attempt(Action.ENTER_STANDBY), replace(a_case(members[0]), group="web-asg"), seen(members[0]))
