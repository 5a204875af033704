"""Which load balancers are asked about an instance, and what is made of their answers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from defib.core.model import InstanceState, Registration, TargetHealth
from defib.shell.ports import Rejected, Transient
from tests.aws.policies import a_policy, a_service, group

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from tests.aws.observing import Account


def test_groups_are_found_from_membership_with_every_port(account: Account) -> None:
    web = account.fleet.launch(service="web")
    other = account.fleet.launch(service="web")
    mine = account.fleet.target_group("mine", [(web, 8080)])
    account.fleet.target_group("other", [(other, 80)])

    targets = account.observer(a_policy()).observe(web, ()).targets

    assert [t.registration for t in targets] == [Registration(mine, 8080)]


def test_a_service_that_names_its_groups_is_looked_for_in_those_only(account: Account) -> None:
    web = account.fleet.launch(service="web")
    named = account.fleet.target_group("named", [(web, 80)])
    account.fleet.target_group("other", [(web, 80)])

    targets = account.observer(a_policy(a_service(target_groups=(group(named),)))).observe(web, ()).targets

    assert [t.registration.target_group_arn for t in targets] == [named]
    assert account.fleet.elb.named("DescribeTargetGroups") == []


def test_of_one_that_is_no_services_any_more_it_is_seen_whether_it_has_back_what_defib_took(account: Account) -> None:
    web = account.fleet.launch(self_heal="true")
    taken = Registration(account.fleet.target_group("web", [(web, 80)], self_heal="true"), 80)
    account.fleet.target_group("other", [(web, 80)])

    assert [t.registration for t in account.observer(a_policy()).observe(web, (taken,)).targets] == [taken]
    assert account.observer(a_policy()).observe(web, ()).targets == ()
    assert account.fleet.elb.named("DescribeTargetGroups") == [], "what nobody took is asked of no load balancer"


def test_only_configured_and_opted_in_groups_are_manageable(account: Account) -> None:
    web = account.fleet.launch(service="web")
    configured = account.fleet.target_group("configured", [(web, 80)])
    tagged = account.fleet.target_group("tagged", [(web, 80)], self_heal="true")
    account.fleet.target_group("foreign", [(web, 80)], self_heal="false")
    policy = a_policy(a_service("web"), a_service("api", target_groups=(group(configured),)))

    targets = account.observer(policy).observe(web, ()).targets

    assert {t.registration.target_group_arn for t in targets if t.manageable} == {configured, tagged}
    assert len(targets) == 3


def test_membership_is_read_once_a_minute_and_health_every_time(account: Account) -> None:
    web = account.fleet.launch(service="web")
    account.fleet.target_group("web", [(web, 80)])
    observer = account.observer(a_policy())

    for seconds in (0, 30, 29, 1):
        account.clock.advance(timedelta(seconds=seconds))
        observer.observe(web, ())

    assert len(account.fleet.elb.named("DescribeTargetGroups")) == 2
    assert len([call for call in account.fleet.elb.named("DescribeTargetHealth") if "Targets" in call]) == 4
    assert len(account.fleet.elb.named("DescribeTags")) == 2


def test_a_drained_instance_has_no_targets(account: Account, elb: ElasticLoadBalancingv2Client) -> None:
    web = account.fleet.launch(service="web")
    arn = account.fleet.target_group("web", [(web, 80)])
    observer = account.observer(a_policy())
    assert observer.observe(web, ()).targets
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": web, "Port": 80}])

    assert observer.observe(web, ()).targets == ()


def test_a_place_to_restore_is_shown_though_nothing_is_registered_there(account: Account) -> None:
    web = account.fleet.launch(service="web")
    arn = account.fleet.target_group("web", [], self_heal="true")

    (target,) = account.observer(a_policy()).observe(web, [Registration(arn, 80)]).targets

    assert (target.registration, target.health) == (Registration(arn, 80), TargetHealth.UNUSED)
    assert target.reason == "Target.NotRegistered"
    assert target.manageable


def test_a_group_deleted_meanwhile_fails_nothing(account: Account, elb: ElasticLoadBalancingv2Client) -> None:
    web = account.fleet.launch(service="web")
    arn = account.fleet.target_group("web", [(web, 80)], self_heal="true")
    observer = account.observer(a_policy())
    observer.observe(web, ())
    elb.delete_target_group(TargetGroupArn=arn)

    assert observer.observe(web, ()).targets == ()


def test_a_place_in_a_group_that_is_gone_hides_neither_the_instance_nor_its_other_places(
    account: Account, elb: ElasticLoadBalancingv2Client
) -> None:
    web = account.fleet.launch(service="web")
    gone = account.fleet.target_group("blue", [], self_heal="true")
    kept = account.fleet.target_group("green", [], self_heal="true")
    elb.delete_target_group(TargetGroupArn=gone)
    account.fleet.elb.refuse_if("DescribeTags", "TargetGroupNotFound", lambda asked: gone in asked["ResourceArns"])

    targets = account.observer(a_policy()).observe(web, [Registration(gone, 80), Registration(kept, 80)]).targets

    assert {t.registration.target_group_arn: t.manageable for t in targets} == {gone: False, kept: True}


def test_where_nothing_says_whether_a_group_may_be_managed_that_is_raised(account: Account) -> None:
    web = account.fleet.launch(service="web")
    account.fleet.target_group("web", [(web, 80)])
    account.fleet.elb.refusals["DescribeTags"] = "AccessDenied"

    with pytest.raises(Rejected):
        account.observer(a_policy()).observe(web, ())


def test_a_configured_group_that_does_not_exist_hides_no_instance(
    account: Account, elb: ElasticLoadBalancingv2Client
) -> None:
    web = account.fleet.launch(service="web")
    arn = account.fleet.target_group("web", [])
    elb.delete_target_group(TargetGroupArn=arn)

    observation = account.observer(a_policy(a_service(target_groups=(group(arn),)))).observe(web, ())

    assert (observation.state, observation.targets) == (InstanceState.RUNNING, ())


def test_what_the_load_balancer_refuses_is_raised_sorted(account: Account) -> None:
    web = account.fleet.launch(service="web")
    account.fleet.target_group("web", [(web, 80)])
    observer = account.observer(a_policy())
    account.fleet.elb.refusals["DescribeTargetHealth"] = "AccessDenied"

    with pytest.raises(Rejected):
        observer.observe(web, ())

    account.fleet.elb.refusals.clear()
    observer.observe(web, ())
    account.fleet.elb.refusals["DescribeTargetHealth"] = "Throttling"
    with pytest.raises(Transient):
        observer.observe(web, ())


def test_too_many_groups_are_refused_with_what_to_do(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("defib.aws.targets.GROUPS_MAX", 1)
    web = account.fleet.launch(service="web")
    account.fleet.target_group("one", [])
    account.fleet.target_group("two", [])

    with pytest.raises(Rejected, match=r"there are 2; at most 1 .* defib\.toml, under target_groups"):
        account.observer(a_policy()).observe(web, ())


def test_an_instance_of_no_service_is_looked_for_in_no_group(account: Account) -> None:
    stranger = account.fleet.launch()
    account.fleet.target_group("web", [(stranger, 80)])

    assert account.observer(a_policy()).observe(stranger, ()).targets == ()
    assert account.fleet.elb.calls == []


def test_one_in_trouble_is_shown_with_the_other_healthy_targets_of_its_group(account: Account) -> None:
    web, other, third = [account.fleet.launch(service="web") for _ in range(3)]
    account.fleet.target_group("web", [(web, 80), (other, 80), (third, 80)])
    observer = account.observer(a_policy())
    assert [t.others_healthy for t in observer.observe(web, ()).targets] == [None]

    account.fleet.fail(web, "InstanceStatus")

    (target,) = observer.observe(web, ()).targets
    assert (target.others_healthy, len(target.others), web in target.others) == (2, 2, False)
    assert [t.others_healthy for t in observer.observe(web, (), act_is_near=False).targets] == [None]


def test_all_targets_of_a_group_are_asked_for_in_one_call_where_the_checks_say_that_it_is_in_trouble(
    account: Account,
) -> None:
    web, other = [account.fleet.launch(service="web") for _ in range(2)]
    arn = account.fleet.target_group("web", [(web, 80), (other, 80)])
    gone = Registration(account.fleet.target_group("gone", []), 80)
    observer = account.observer(a_policy())
    observer.observe(web, [gone])
    account.fleet.fail(web, "InstanceStatus")
    account.fleet.setup_done()

    targets = observer.observe(web, [gone]).targets

    assert {t.registration: (t.health, t.others_healthy) for t in targets} == {
        Registration(arn, 80): (TargetHealth.HEALTHY, 1),
        gone: (TargetHealth.UNUSED, 0),
    }
    assert [call for call in account.fleet.elb.named("DescribeTargetHealth") if "Targets" in call] == []
    assert len(account.fleet.elb.named("DescribeTargetHealth")) == 2


def test_a_group_that_is_deleted_while_one_is_in_trouble_fails_nothing(
    account: Account, elb: ElasticLoadBalancingv2Client
) -> None:
    web = account.fleet.launch(service="web")
    arn = account.fleet.target_group("web", [(web, 80)])
    observer = account.observer(a_policy())
    observer.observe(web, ())
    account.fleet.fail(web, "InstanceStatus")
    elb.delete_target_group(TargetGroupArn=arn)

    assert observer.observe(web, ()).targets == ()
    [target] = observer.observe(web, [Registration(arn, 80)]).targets
    assert (target.health, target.reason) == (TargetHealth.UNUSED, "TargetGroupNotFound")
    assert target.others_healthy is None, "nobody serves there, but nobody is to be put back there either"
    account.fleet.elb.refusals["DescribeTargetHealth"] = "Throttling"
    with pytest.raises(Transient):
        observer.observe(web, [Registration(arn, 80)])


def test_one_whose_checks_pass_is_shown_with_the_others_when_its_target_fails(account: Account) -> None:
    web, other = [account.fleet.launch(service="web") for _ in range(2)]
    account.fleet.target_group("web", [(web, 80), (other, 80)])
    states = {web: "unhealthy", other: "healthy"}
    account.fleet.elb.answers["DescribeTargetHealth"] = {
        "TargetHealthDescriptions": [
            {"Target": {"Id": id_, "Port": 80}, "TargetHealth": {"State": state}} for id_, state in states.items()
        ]
    }

    targets = account.observer(a_policy()).observe(web, ()).targets

    assert {t.others_healthy for t in targets} == {1}


def test_another_of_which_the_load_balancer_knows_nothing_for_a_fault_of_its_own_is_not_counted_on(
    account: Account,
) -> None:
    web, *others = [account.fleet.launch(service="web") for _ in range(3)]
    account.fleet.target_group("web", [(id_, 80) for id_ in (web, *others)])
    reasons = {web: "Target.Timeout", others[0]: "Elb.InternalError", others[1]: "Target.HealthCheckDisabled"}
    account.fleet.elb.answers["DescribeTargetHealth"] = {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": id_, "Port": 80},
                "TargetHealth": {"State": "unhealthy" if id_ == web else "unavailable", "Reason": reason},
            }
            for id_, reason in reasons.items()
        ]
    }

    targets = account.observer(a_policy()).observe(web, ()).targets

    assert {t.others for t in targets} == {frozenset({others[1]})}


@pytest.mark.parametrize("override", ["zonal_shift_active", "zonal_shift_delegated_to_dns"])
@pytest.mark.parametrize("state", ["healthy", "unhealthy"])
def test_a_target_whose_zone_is_shifted_away_from_counts_for_nobody_however_healthy(
    account: Account, override: str, state: str
) -> None:
    web, kept_out, other = [account.fleet.launch(service="web") for _ in range(3)]
    arn = account.fleet.target_group("web", [(web, 80), (kept_out, 80), (other, 80)])
    overrides = {web: "no_override", kept_out: override, other: "unknown"}
    account.fleet.elb.answers["DescribeTargetHealth"] = {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": id_, "Port": 80},
                "TargetHealth": {"State": state if id_ == web else "healthy"},
                "AdministrativeOverride": {"State": said},
            }
            for id_, said in overrides.items()
        ]
    }
    if state == "healthy":
        account.fleet.fail(web, "InstanceStatus")
    observer = account.observer(a_policy())

    assert {t.others_healthy for t in observer.observe(web, ()).targets} == {1}
    served = [served.healthy for by_zone in observer.serving([arn]).values() for served in by_zone.values()]
    assert sum(served) == 1 + (state == "healthy")


@pytest.mark.parametrize("in_trouble", [True, False])
def test_a_place_has_its_quic_server_id_however_its_health_is_asked_for(account: Account, in_trouble: bool) -> None:
    web = account.fleet.launch(service="web")
    arn = account.fleet.target_group("web", [(web, 443)])
    member = {"Target": {"Id": web, "Port": 443, "QuicServerId": "0x01"}, "TargetHealth": {"State": "healthy"}}
    account.fleet.elb.answers["DescribeTargetHealth"] = {"TargetHealthDescriptions": [member]}
    if in_trouble:
        account.fleet.fail(web, "InstanceStatus")

    (target,) = account.observer(a_policy()).observe(web, [Registration(arn, 443)]).targets

    assert target.registration.quic_server_id == "0x01"


def test_a_drained_place_keeps_the_quic_server_id_that_the_case_remembers(account: Account) -> None:
    web = account.fleet.launch(service="web")
    drained = Registration(account.fleet.target_group("web", []), 443, "0x01")

    (target,) = account.observer(a_policy()).observe(web, [drained]).targets

    assert target.registration.quic_server_id == "0x01"


def test_a_group_that_has_it_by_an_address_of_its_own_is_named(
    account: Account, ec2: EC2Client, elb: ElasticLoadBalancingv2Client
) -> None:
    web, other = [account.fleet.launch(service="web") for _ in range(2)]
    address = ec2.describe_instances(InstanceIds=[web])["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    by_id = account.fleet.target_group("by-id", [(web, 80), (other, 80)])
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = elb.create_target_group(Name="by-ip", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    by_ip = made["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=by_ip, Targets=[{"Id": address, "Port": 80}])
    observer = account.observer(a_policy(a_service(target_groups=(group(by_id), group(by_ip)))))

    assert [observer.observe(one, ()).traits.by_address for one in (web, other)] == [("by-ip",), ()]
