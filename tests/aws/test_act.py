"""Each action makes its one call, can be done twice, and says what AWS refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from defib.aws.act import AwsActor
from defib.aws.clients import client
from defib.core.case import Action, Case
from defib.core.model import InstanceState, Observation, Registration, Target, TargetHealth
from defib.core.traits import Traits
from defib.shell.ports import Rejected, Transient, Unanswered
from tests.aws.account import ONCE
from tests.aws.cases import NOON, a_case, an_attempt
from tests.aws.fleet import SILENCES, refused

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from tests.aws.fleet import Fleet


@pytest.fixture
def web(fleet: Fleet) -> str:
    return fleet.launch(service="web", self_heal="true")


@pytest.fixture
def actor(ec2: EC2Client, elb: ElasticLoadBalancingv2Client) -> AwsActor:
    return AwsActor(lambda: ec2, lambda: elb, lambda: client("autoscaling", ONCE), timedelta(minutes=30))


def seen(instance_id: str, *targets: Target) -> Observation:
    return Observation(instance_id, NOON, InstanceState.RUNNING, NOON, targets=targets)


@pytest.mark.parametrize(
    ("action", "operation", "parameters", "told"),
    [
        (Action.REBOOT, "RebootInstances", {}, ""),
        (Action.STOP, "StopInstances", {"Force": False}, "EC2 answers stopping"),
        (Action.FORCE_STOP, "StopInstances", {"Force": True}, "EC2 answers stopping"),
        (
            Action.SKIP_OS_SHUTDOWN,
            "StopInstances",
            {"Force": True, "SkipOsShutdown": True},
            "EC2 answers stopping",
        ),
        (Action.START, "StartInstances", {}, "EC2 answers pending"),
    ],
)
def test_an_action_is_one_call_about_one_instance(
    fleet: Fleet, actor: AwsActor, web: str, action: Action, operation: str, parameters: dict[str, object], told: str
) -> None:
    if action is Action.START:
        fleet.stop(web)

    assert actor.perform(an_attempt(action), a_case(web), seen(web)) == told

    assert fleet.ec2.calls == [(operation, {"InstanceIds": [web], **parameters})]


@pytest.mark.parametrize(
    "action", [Action.REBOOT, Action.DRAIN, Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN, Action.START]
)
@pytest.mark.parametrize(("silence", "error"), SILENCES, ids=lambda told: getattr(told, "__name__", str(told)[:20]))
def test_only_an_act_that_may_have_been_sent_counts_as_done_where_nobody_answers(
    fleet: Fleet, actor: AwsActor, web: str, action: Action, silence: Exception, error: type[Exception]
) -> None:
    target = Target(Registration(fleet.target_group("web", [(web, 80)]), 80), TargetHealth.UNHEALTHY)
    for service in (fleet.ec2, fleet.elb):
        service.silence = silence

    with pytest.raises(Transient) as raised:
        actor.perform(an_attempt(action), known(web, target), seen(web, target))

    assert type(raised.value) is error
    assert web in str(raised.value)


@pytest.mark.parametrize(
    "action", [Action.REBOOT, Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN, Action.START]
)
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InsufficientInstanceCapacity", Transient),
        ("IncorrectInstanceState", Transient),
        ("IncorrectState", Transient),
        ("OperationNotPermitted", Rejected),
    ],
)
def test_a_refused_action_says_so(
    fleet: Fleet, actor: AwsActor, web: str, action: Action, code: str, error: type[Transient] | type[Rejected]
) -> None:
    for operation in ("RebootInstances", "StopInstances", "StartInstances"):
        fleet.ec2.refusals[operation] = code

    with pytest.raises(error) as refused:
        actor.perform(an_attempt(action), a_case(web), seen(web))

    assert refused.value.code == code
    assert web in str(refused.value)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (
            "Invalid value 't2.small' for instanceType. "
            "LaunchPlan instance type does not match attribute value t2.micro",
            Transient,
        ),
        ("Invalid value 't2.small' for instanceType.", Rejected),
    ],
)
def test_a_start_that_a_change_of_the_type_came_too_close_to_succeeds_in_a_moment(
    ec2: EC2Client, actor: AwsActor, web: str, message: str, error: type[Exception]
) -> None:
    events: Any = ec2.meta.events
    events.register_first(
        "before-call.ec2.StartInstances", lambda **_: refused("InvalidParameterValue", message=message)
    )

    with pytest.raises(error, match="starting"):
        actor.perform(an_attempt(Action.START), a_case(web), seen(web))


class TestResize:
    """Another type for a stopped instance, if it fits."""

    @pytest.fixture
    def stopped(self, fleet: Fleet, web: str) -> Observation:
        fleet.stop(web)
        fleet.ec2.answers["DescribeInstanceTypes"] = {
            "InstanceTypes": [{"ProcessorInfo": {"SupportedArchitectures": ["arm64"]}}]
        }
        return replace(seen(web), instance_type="m7g.large", traits=Traits(architecture="arm64"))

    def test_a_type_of_the_same_architecture_is_given_to_it(
        self, fleet: Fleet, actor: AwsActor, web: str, stopped: Observation
    ) -> None:
        told = actor.perform(replace(an_attempt(Action.RESIZE), to="m6g.large"), a_case(web), stopped)

        assert told == "m6g.large instead of m7g.large"
        assert fleet.ec2.named("ModifyInstanceAttribute") == [
            {"InstanceId": web, "InstanceType": {"Value": "m6g.large"}}
        ]

    def test_a_type_of_another_architecture_is_refused_before_anything_is_changed(
        self, fleet: Fleet, actor: AwsActor, web: str, stopped: Observation
    ) -> None:
        other = replace(stopped, traits=Traits(architecture="x86_64"))

        with pytest.raises(Rejected, match="the instance needs x86_64") as refused:
            actor.perform(replace(an_attempt(Action.RESIZE), to="m6g.large"), a_case(web), other)

        assert refused.value.code == "ArchitectureMismatch"
        assert fleet.ec2.named("ModifyInstanceAttribute") == []

    def test_one_that_is_not_stopped_yet_everywhere_in_ec2_may_have_it_in_a_moment(
        self, fleet: Fleet, actor: AwsActor, web: str, stopped: Observation
    ) -> None:
        fleet.ec2.refusals["ModifyInstanceAttribute"] = "IncorrectInstanceState"

        with pytest.raises(Transient):
            actor.perform(replace(an_attempt(Action.RESIZE), to="m6g.large"), a_case(web), stopped)

    @pytest.mark.parametrize(
        ("silent", "error"), [("DescribeInstanceTypes", Transient), ("ModifyInstanceAttribute", Unanswered)]
    )
    def test_where_nobody_answers_it_was_changed_perhaps_only_once_that_was_asked_for(
        self, fleet: Fleet, actor: AwsActor, web: str, stopped: Observation, silent: str, error: type[Exception]
    ) -> None:
        fleet.ec2.silence, fleet.ec2.silent = SILENCES[0][0], {silent}

        with pytest.raises(Transient) as raised:
            actor.perform(replace(an_attempt(Action.RESIZE), to="m6g.large"), a_case(web), stopped)

        assert type(raised.value) is error


def test_evidence_is_not_remediates_business(actor: AwsActor, web: str) -> None:
    with pytest.raises(Rejected, match="not by remediate"):
        actor.perform(an_attempt(Action.EVIDENCE), a_case(web), seen(web))


class TestDrainAndRestore:
    """Out of the load balancer and back, at the same port."""

    def test_draining_takes_every_manageable_registration_out(
        self, fleet: Fleet, actor: AwsActor, elb: ElasticLoadBalancingv2Client, web: str
    ) -> None:
        mine, foreign = fleet.target_group("mine", [(web, 8080)]), fleet.target_group("foreign", [(web, 80)])
        targets = (
            Target(Registration(mine, 8080), TargetHealth.UNHEALTHY),
            Target(Registration(foreign, 80), TargetHealth.UNHEALTHY, manageable=False),
        )

        told = actor.perform(an_attempt(Action.DRAIN), known(web, *targets), seen(web, *targets))

        assert told == "out of mine:8080"
        assert registered(elb, mine) == []
        assert registered(elb, foreign) == [(web, 80)]

    @pytest.mark.parametrize(
        ("health", "reason"),
        [(TargetHealth.DRAINING, "Target.DeregistrationInProgress"), (TargetHealth.UNUSED, "Target.NotRegistered")],
    )
    def test_what_is_out_or_on_its_way_out_is_not_drained_again(
        self, fleet: Fleet, actor: AwsActor, web: str, health: TargetHealth, reason: str
    ) -> None:
        arn = fleet.target_group("web", [])

        target = Target(Registration(arn, 80), health, reason)
        told = actor.perform(an_attempt(Action.DRAIN), known(web, target), seen(web, target))

        assert told == "nothing to drain"
        assert fleet.elb.calls == []

    def test_where_nobody_else_serves_it_stays_registered(self, fleet: Fleet, actor: AwsActor, web: str) -> None:
        """A load balancer without a healthy target sends requests to the others, and there are none."""
        alone = Target(Registration(fleet.target_group("web", [(web, 80)]), 80), TargetHealth.UNHEALTHY)

        told = actor.perform(an_attempt(Action.DRAIN), known(web, alone), seen(web, replace(alone, others_healthy=0)))

        assert told == "nothing to drain"
        assert fleet.elb.calls == []

    @pytest.mark.parametrize("code", ["InvalidTarget", "TargetGroupNotFound"])
    def test_draining_what_is_gone_meanwhile_succeeds(self, fleet: Fleet, actor: AwsActor, web: str, code: str) -> None:
        arn = fleet.target_group("web", [])
        fleet.elb.refusals["DeregisterTargets"] = code

        target = Target(Registration(arn, 80), TargetHealth.UNHEALTHY)
        assert actor.perform(an_attempt(Action.DRAIN), known(web, target), seen(web, target)) == "out of web:80"

    def test_draining_that_is_refused_says_so(self, fleet: Fleet, actor: AwsActor, web: str) -> None:
        arn = fleet.target_group("web", [])
        fleet.elb.refusals["DeregisterTargets"] = "AccessDenied"

        target = Target(Registration(arn, 80), TargetHealth.UNHEALTHY)
        with pytest.raises(Rejected, match=f"deregistering {web} from web"):
            actor.perform(an_attempt(Action.DRAIN), known(web, target), seen(web, target))

    def test_one_refused_when_another_is_out_leaves_open_what_was_taken(
        self, fleet: Fleet, actor: AwsActor, elb: ElasticLoadBalancingv2Client, web: str
    ) -> None:
        one, two = fleet.target_group("one", [(web, 80)]), fleet.target_group("two", [(web, 80)])
        fleet.elb.refuse_if("DeregisterTargets", "AccessDenied", lambda asked: asked["TargetGroupArn"] == two)
        targets = [Target(Registration(arn, 80), TargetHealth.UNHEALTHY) for arn in (one, two)]

        with pytest.raises(Unanswered, match=f"out of one:80, but deregistering {web} from two"):
            actor.perform(an_attempt(Action.DRAIN), known(web, *targets), seen(web, *targets))

        assert registered(elb, one) == []

    def test_what_was_registered_after_the_decision_is_not_drained_for_nobody_would_put_it_back(
        self, fleet: Fleet, actor: AwsActor, elb: ElasticLoadBalancingv2Client, web: str
    ) -> None:
        one, new = fleet.target_group("one", [(web, 80)]), fleet.target_group("new", [(web, 80)])
        targets = [Target(Registration(arn, 80), TargetHealth.UNHEALTHY) for arn in (one, new)]

        told = actor.perform(an_attempt(Action.DRAIN), known(web, targets[0]), seen(web, *targets))

        assert told == "out of one:80"
        assert registered(elb, new) == [(web, 80)]

    def test_restoring_registers_every_place_again_and_doing_it_twice_changes_nothing(
        self, fleet: Fleet, actor: AwsActor, elb: ElasticLoadBalancingv2Client, web: str
    ) -> None:
        one, two = fleet.target_group("one", []), fleet.target_group("two", [])
        case = replace(a_case(web), registrations=(Registration(one, 8080), Registration(two, 80)))

        for _ in range(2):
            told = actor.perform(an_attempt(Action.RESTORE), case, seen(web))

        assert told == "back in one:8080, two:80"
        assert (registered(elb, one), registered(elb, two)) == ([(web, 8080)], [(web, 80)])

    def test_what_speaks_quic_is_registered_with_its_server_id_and_nothing_else_is(
        self, fleet: Fleet, actor: AwsActor, web: str
    ) -> None:
        quic, plain = (f"arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{name}/1" for name in ("quic", "plain"))
        fleet.elb.answers["RegisterTargets"] = {}
        places = (Registration(quic, 443, "0x0123456789abcdef"), Registration(plain, 80))

        actor.perform(an_attempt(Action.RESTORE), replace(a_case(web), registrations=places), seen(web))

        assert [asked["Targets"] for asked in fleet.elb.named("RegisterTargets")] == [
            [{"Id": web, "Port": 443, "QuicServerId": "0x0123456789abcdef"}],
            [{"Id": web, "Port": 80}],
        ]

    def test_a_group_that_is_gone_keeps_it_out_of_no_other(
        self, fleet: Fleet, actor: AwsActor, elb: ElasticLoadBalancingv2Client, web: str
    ) -> None:
        gone, there = fleet.target_group("gone", []), fleet.target_group("there", [])
        elb.delete_target_group(TargetGroupArn=gone)
        case = replace(a_case(web), registrations=(Registration(gone, 80), Registration(there, 80)))

        said = actor.perform(an_attempt(Action.RESTORE), case, seen(web))

        assert said == "back in there:80; no longer there: gone:80"
        assert registered(elb, there) == [(web, 80)]

    def test_restoring_that_is_refused_keeps_it_out_of_no_other_and_says_so(
        self, fleet: Fleet, actor: AwsActor, elb: ElasticLoadBalancingv2Client, web: str
    ) -> None:
        full, there = fleet.target_group("full", []), fleet.target_group("there", [])
        fleet.elb.refuse_if("RegisterTargets", "TooManyTargets", lambda asked: asked["TargetGroupArn"] == full)
        case = replace(a_case(web), registrations=(Registration(full, 80), Registration(there, 80)))

        with pytest.raises(Rejected, match=f"registering {web} with full"):
            actor.perform(an_attempt(Action.RESTORE), case, seen(web))

        assert registered(elb, there) == [(web, 80)]

    def test_restoring_nothing_asks_nothing(self, fleet: Fleet, actor: AwsActor, web: str) -> None:
        assert actor.perform(an_attempt(Action.RESTORE), a_case(web), seen(web)) == "nothing to restore"
        assert fleet.elb.calls == []


def known(instance_id: str, *targets: Target) -> Case:
    """A case that remembers these places, as they were when it was decided to drain them."""
    return replace(a_case(instance_id), registrations=tuple(target.registration for target in targets))


def registered(elb: ElasticLoadBalancingv2Client, arn: str) -> list[tuple[str, int]]:
    answer = elb.describe_target_health(TargetGroupArn=arn)
    return [(entry["Target"]["Id"], entry["Target"]["Port"]) for entry in answer["TargetHealthDescriptions"]]
