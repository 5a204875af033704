"""One instance as AWS shows it: state, checks, targets and peers, in how many calls, and what AWS leaves out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws.observe import AwsObserver
from defib.aws.statuses import BY_ID_MOST
from defib.core.membership import GROUP_TAG
from defib.core.model import (
    NOT_APPLICABLE,
    Check,
    Checks,
    CheckStatus,
    InstanceState,
    Peers,
    Registration,
    TargetHealth,
)
from defib.core.shift import Served
from defib.shell.ports import Rejected, Transient
from tests.aws.fleet import Fleet
from tests.aws.policies import a_policy, a_service, group
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from defib.core.policy import Policy

OK = Check(CheckStatus.OK)
STRUCK = datetime(2026, 4, 30, 11, 58, tzinfo=UTC)
GONE = "i-0badbadbadbadbad0"


class Account:
    """The observer under test and the fleet that it looks at."""

    def __init__(self, ec2: EC2Client, elb: ElasticLoadBalancingv2Client, clock: FakeClock) -> None:
        self.fleet = Fleet(ec2, elb)
        self.clock = clock
        self._clients = (ec2, elb)

    def observer(self, policy: Policy) -> AwsObserver:
        return AwsObserver(*self._clients, self.clock, policy)


@pytest.fixture
def account(ec2: EC2Client, elb: ElasticLoadBalancingv2Client, clock: FakeClock) -> Account:
    return Account(ec2, elb, clock)


def test_a_healthy_instance_is_described_in_two_calls_and_one_for_each_target_group(account: Account) -> None:
    web = account.fleet.launch(service="web", self_heal="true", Name="web-1")
    arn = account.fleet.target_group("web", [(web, 80)])
    observer = account.observer(a_policy(a_service(target_groups=(group(arn),), minimum_healthy=1)))
    observer.observe(web, ())
    account.fleet.setup_done()

    observation = observer.observe(web, ())

    assert observation.observed_at == account.clock.now()
    assert observation.state is InstanceState.RUNNING
    assert observation.tags == {"service": "web", "self-heal": "true", "Name": "web-1"}
    assert (observation.zone, observation.instance_type, observation.lifecycle) == ("us-east-1a", "t3.micro", "")
    assert observation.launched_at.tzinfo is UTC
    assert observation.checks == Checks(OK, OK)
    assert [t.registration for t in observation.targets] == [Registration(arn, 80)]
    assert observation.peers is None
    assert [name for name, _ in account.fleet.ec2.calls] == ["DescribeInstances", "DescribeInstanceStatus"]
    assert [name for name, _ in account.fleet.elb.calls] == ["DescribeTargetHealth"]


def test_an_instance_that_ec2_no_longer_knows_is_terminated(account: Account) -> None:
    observation = account.observer(a_policy()).observe(GONE, ())

    assert (observation.instance_id, observation.state) == (GONE, InstanceState.TERMINATED)
    assert (observation.checks, observation.targets, observation.peers) == (None, (), None)


def test_an_instance_that_stopped_tells_why_and_has_no_checks(account: Account) -> None:
    web = account.fleet.launch(service="web")
    account.fleet.stop(web)

    observation = account.observer(a_policy()).observe(web, ())

    assert observation.state is InstanceState.STOPPED
    assert observation.checks is None
    assert observation.state_reason_code == "Client.UserInitiatedShutdown"
    assert observation.transition_reason.startswith("User initiated")


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("SystemStatus", Checks(Check(CheckStatus.IMPAIRED, STRUCK), OK)),
        ("InstanceStatus", Checks(OK, Check(CheckStatus.IMPAIRED, STRUCK))),
        ("AttachedEbsStatus", Checks(OK, OK, attached_ebs=Check(CheckStatus.IMPAIRED, STRUCK))),
        ("ApplicationStatus", Checks(OK, OK, application=Check(CheckStatus.IMPAIRED, STRUCK))),
    ],
)
def test_each_failing_check_is_read_with_the_time_it_began(account: Account, check: str, expected: Checks) -> None:
    web = account.fleet.launch(service="web")
    account.fleet.fail(web, check, since=STRUCK)

    assert account.observer(a_policy()).observe(web, ()).checks == expected


def test_a_status_that_is_not_known_yet_counts_as_none(account: Account) -> None:
    web = account.fleet.launch(service="web")
    account.fleet.fail(web, "ApplicationStatus", "on-holiday")

    checks = account.observer(a_policy()).observe(web, ()).checks

    assert checks is not None
    assert checks.application == NOT_APPLICABLE


@pytest.mark.parametrize("nothing", ["no entry", "not found"])
def test_a_running_instance_without_statuses_is_unsure_rather_than_well(account: Account, nothing: str) -> None:
    web = account.fleet.launch(service="web")
    if nothing == "no entry":
        account.fleet.ec2.answers["DescribeInstanceStatus"] = {"InstanceStatuses": []}
    else:
        account.fleet.ec2.refusals["DescribeInstanceStatus"] = "InvalidInstanceID.NotFound"

    unsure = Check(CheckStatus.INSUFFICIENT_DATA)
    assert account.observer(a_policy()).observe(web, ()).checks == Checks(unsure, unsure)


@pytest.mark.parametrize(
    ("operation", "code", "error"),
    [
        ("DescribeInstances", "RequestLimitExceeded", Transient),
        ("DescribeInstanceStatus", "UnauthorizedOperation", Rejected),
    ],
)
def test_what_ec2_refuses_is_raised_sorted(account: Account, operation: str, code: str, error: type[Exception]) -> None:
    web = account.fleet.launch(service="web")
    account.fleet.ec2.refusals[operation] = code

    with pytest.raises(error):
        account.observer(a_policy()).observe(web, ())


class TestTargets:
    """Which load balancers are asked, and what is made of their answers."""

    def test_groups_are_found_from_membership_with_every_port(self, account: Account) -> None:
        web = account.fleet.launch(service="web")
        other = account.fleet.launch(service="web")
        mine = account.fleet.target_group("mine", [(web, 8080)])
        account.fleet.target_group("other", [(other, 80)])

        targets = account.observer(a_policy()).observe(web, ()).targets

        assert [t.registration for t in targets] == [Registration(mine, 8080)]

    def test_a_service_that_names_its_groups_is_looked_for_in_those_only(self, account: Account) -> None:
        web = account.fleet.launch(service="web")
        named = account.fleet.target_group("named", [(web, 80)])
        account.fleet.target_group("other", [(web, 80)])

        targets = account.observer(a_policy(a_service(target_groups=(group(named),)))).observe(web, ()).targets

        assert [t.registration.target_group_arn for t in targets] == [named]
        assert account.fleet.elb.named("DescribeTargetGroups") == []

    def test_only_configured_and_opted_in_groups_are_manageable(self, account: Account) -> None:
        web = account.fleet.launch(service="web")
        configured = account.fleet.target_group("configured", [(web, 80)])
        tagged = account.fleet.target_group("tagged", [(web, 80)], self_heal="true")
        account.fleet.target_group("foreign", [(web, 80)], self_heal="false")
        policy = a_policy(a_service("web"), a_service("api", target_groups=(group(configured),)))

        targets = account.observer(policy).observe(web, ()).targets

        assert {t.registration.target_group_arn for t in targets if t.manageable} == {configured, tagged}
        assert len(targets) == 3

    def test_membership_is_read_once_a_minute_and_health_every_time(self, account: Account) -> None:
        web = account.fleet.launch(service="web")
        account.fleet.target_group("web", [(web, 80)])
        observer = account.observer(a_policy())

        for seconds in (0, 30, 29, 1):
            account.clock.advance(timedelta(seconds=seconds))
            observer.observe(web, ())

        assert len(account.fleet.elb.named("DescribeTargetGroups")) == 2
        assert len([call for call in account.fleet.elb.named("DescribeTargetHealth") if "Targets" in call]) == 4
        assert len(account.fleet.elb.named("DescribeTags")) == 2

    def test_a_drained_instance_has_no_targets(self, account: Account, elb: ElasticLoadBalancingv2Client) -> None:
        web = account.fleet.launch(service="web")
        arn = account.fleet.target_group("web", [(web, 80)])
        observer = account.observer(a_policy())
        assert observer.observe(web, ()).targets
        elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": web, "Port": 80}])

        assert observer.observe(web, ()).targets == ()

    def test_a_place_to_restore_is_shown_though_nothing_is_registered_there(self, account: Account) -> None:
        web = account.fleet.launch(service="web")
        arn = account.fleet.target_group("web", [], self_heal="true")

        (target,) = account.observer(a_policy()).observe(web, [Registration(arn, 80)]).targets

        assert (target.registration, target.health) == (Registration(arn, 80), TargetHealth.UNUSED)
        assert target.reason == "Target.NotRegistered"
        assert target.manageable

    def test_a_group_deleted_meanwhile_fails_nothing(self, account: Account, elb: ElasticLoadBalancingv2Client) -> None:
        web = account.fleet.launch(service="web")
        arn = account.fleet.target_group("web", [(web, 80)], self_heal="true")
        observer = account.observer(a_policy())
        observer.observe(web, ())
        elb.delete_target_group(TargetGroupArn=arn)

        assert observer.observe(web, ()).targets == ()

    def test_a_configured_group_that_does_not_exist_hides_no_instance(
        self, account: Account, elb: ElasticLoadBalancingv2Client
    ) -> None:
        web = account.fleet.launch(service="web")
        arn = account.fleet.target_group("web", [])
        elb.delete_target_group(TargetGroupArn=arn)

        observation = account.observer(a_policy(a_service(target_groups=(group(arn),)))).observe(web, ())

        assert (observation.state, observation.targets) == (InstanceState.RUNNING, ())

    def test_what_the_load_balancer_refuses_is_raised_sorted(self, account: Account) -> None:
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

    def test_too_many_groups_are_refused_with_what_to_do(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("defib.aws.targets.GROUPS_MAX", 1)
        web = account.fleet.launch(service="web")
        account.fleet.target_group("one", [])
        account.fleet.target_group("two", [])

        with pytest.raises(Rejected, match=r"there are 2; at most 1 .* defib\.toml, under target_groups"):
            account.observer(a_policy()).observe(web, ())

    def test_an_instance_of_no_service_is_looked_for_in_no_group(self, account: Account) -> None:
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

    assert [t.others_healthy for t in observer.observe(web, ()).targets] == [2]
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
        gone: (TargetHealth.UNUSED, None),
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


def test_one_that_works_is_looked_at_for_what_forbids_its_stop_when_aws_has_announced_work(account: Account) -> None:
    web, _ = (account.fleet.launch(service="web", self_heal="true") for _ in range(2))
    account.fleet.events[web] = [{"Code": "instance-retirement", "NotBefore": STRUCK + timedelta(days=9)}]
    observer = account.observer(a_policy(a_service(minimum_healthy=1)))

    near = observer.observe(web, ())
    assert near.peers == Peers(1, 1)
    assert account.fleet.ec2.named("DescribeInstanceAttribute")

    account.fleet.setup_done()
    assert observer.observe(web, (), act_is_near=False).peers is None
    assert [name for name, _ in account.fleet.ec2.calls] == ["DescribeInstances", "DescribeInstanceStatus"]


def test_the_running_instances_are_counted_by_zone(account: Account) -> None:
    for _ in range(2):
        account.fleet.launch(self_heal="true")
    account.fleet.stop(account.fleet.launch(self_heal="true"))
    account.fleet.launch()
    observer = account.observer(a_policy())

    assert sum(observer.running().values()) == 2
    assert all(observer.zone_ids()[zone] for zone in observer.running())


def test_who_serves_in_which_zone_is_counted_for_each_target_group(
    account: Account, elb: ElasticLoadBalancingv2Client
) -> None:
    webs = [account.fleet.launch(service="web") for _ in range(3)]
    web, other = account.fleet.target_group("web", [(w, 80) for w in webs]), account.fleet.target_group("other", [])
    elb.register_targets(TargetGroupArn=web, Targets=[{"Id": webs[0], "Port": 81}])
    account.fleet.stop(webs[2])
    (zone,) = {account.observer(a_policy()).observe(w, ()).zone for w in webs}

    serving = account.observer(a_policy()).serving([web, other])

    assert serving == {web: {zone: Served(registered=3, healthy=2)}, other: {}}


def asked_of_peers(account: Account) -> list[str]:
    """What was asked after the first look, besides what a stop would destroy."""
    loss = ("DescribeInstanceTypes", "DescribeInstanceAttribute")
    return [name for name, _ in account.fleet.ec2.calls[2:] if name not in loss]


class TestPeers:
    """Who else serves, as the guards must know before they let Defib stop anything."""

    POLICY = a_policy(a_service(minimum_healthy=1))

    def test_peers_are_the_running_instances_of_the_service_without_this_one(self, account: Account) -> None:
        web, *_ = [account.fleet.launch(service="web") for _ in range(3)]
        account.fleet.stop(account.fleet.launch(service="web"))
        account.fleet.launch(service="db")
        account.fleet.fail(web, "InstanceStatus")

        observation = account.observer(self.POLICY).observe(web, ())

        assert observation.peers == Peers(running=2, healthy=2, not_running=1)

    @pytest.mark.parametrize(
        ("check", "status", "healthy"),
        [
            ("SystemStatus", "impaired", 0),
            ("SystemStatus", "initializing", 0),
            ("InstanceStatus", "impaired", 0),
            ("InstanceStatus", "initializing", 0),
            ("InstanceStatus", "insufficient-data", 0),
            ("AttachedEbsStatus", "impaired", 0),
            ("AttachedEbsStatus", "not-applicable", 1),
            ("ApplicationStatus", "impaired", 0),
            ("ApplicationStatus", "initializing", 0),
            ("ApplicationStatus", "ok", 1),
        ],
    )
    def test_a_peer_with_a_failing_or_initializing_check_is_not_healthy(
        self, account: Account, check: str, status: str, healthy: int
    ) -> None:
        web, peer = account.fleet.launch(service="web"), account.fleet.launch(service="web")
        account.fleet.fail(web, "InstanceStatus")
        account.fleet.fail(peer, check, status)

        assert account.observer(self.POLICY).observe(web, ()).peers == Peers(1, healthy)

    def test_peers_cost_two_calls(self, account: Account) -> None:
        webs = [account.fleet.launch(service="web") for _ in range(4)]
        account.fleet.fail(webs[0], "InstanceStatus")
        account.fleet.setup_done()

        account.observer(self.POLICY).observe(webs[0], ())

        assert asked_of_peers(account) == ["DescribeInstances", "DescribeInstanceStatus"]

    def test_more_than_one_call_can_name_cost_five_calls_that_name_none(self, account: Account) -> None:
        webs = account.fleet.launch_many(BY_ID_MOST + 2, service="web")
        account.fleet.fail(webs[0], "InstanceStatus")
        account.fleet.fail(webs[1], "SystemStatus")
        account.fleet.setup_done()

        assert account.observer(self.POLICY).observe(webs[0], ()).peers == Peers(BY_ID_MOST + 1, BY_ID_MOST)

        assert asked_of_peers(account) == ["DescribeInstances", *["DescribeInstanceStatus"] * 4]
        assert not any(web in str(params) for _, params in account.fleet.ec2.calls[2:] for web in webs[1:])

    def test_a_peer_that_ec2_has_just_forgotten_hides_no_other(self, account: Account) -> None:
        web, sick, _ = [account.fleet.launch(service="web") for _ in range(3)]
        account.fleet.fail(web, "InstanceStatus")
        account.fleet.fail(sick, "InstanceStatus")
        account.fleet.forgotten.add(sick)

        assert account.observer(self.POLICY).observe(web, ()).peers == Peers(2, 1)

    def test_a_peer_of_which_ec2_has_nothing_to_say_yet_is_not_counted_on(self, account: Account) -> None:
        web, new = account.fleet.launch(service="web"), account.fleet.launch(service="web")
        account.fleet.fail(web, "InstanceStatus")
        account.fleet.unsaid.add(new)

        assert account.observer(self.POLICY).observe(web, ()).peers == Peers(1, 0)

    def test_of_what_does_not_run_nothing_can_be_taken_away_and_nobody_asks_for_peers(self, account: Account) -> None:
        web, _ = account.fleet.launch(service="web"), account.fleet.launch(service="web")
        account.fleet.stop(web)

        assert account.observer(self.POLICY).observe(web, ()).peers is None

    def test_a_stopped_member_of_a_group_which_may_be_replaced_has_peers_too(self, account: Account) -> None:
        web = account.fleet.launch(service="web", **{GROUP_TAG: "web-asg"})
        account.fleet.stop(web)

        assert account.observer(self.POLICY).observe(web, ()).peers == Peers(0, 0)

    @pytest.mark.parametrize("count", [2, BY_ID_MOST + 2])
    def test_an_unanswered_question_about_peers_fails_the_observation(self, account: Account, count: int) -> None:
        web, peer, *_ = account.fleet.launch_many(count, service="web")
        account.fleet.fail(web, "InstanceStatus")
        account.fleet.failing_questions |= {"system-status.status", peer}

        with pytest.raises(Transient):
            account.observer(self.POLICY).observe(web, ())

    def test_without_a_floor_to_keep_nobody_asks_for_peers(self, account: Account) -> None:
        web = account.fleet.launch(service="web")
        account.fleet.fail(web, "InstanceStatus")

        assert account.observer(a_policy()).observe(web, ()).peers is None

    def test_stars_in_tag_values_are_letters(self, account: Account) -> None:
        web, _ = account.fleet.launch(service="web*"), account.fleet.launch(service="web-2")
        account.fleet.fail(web, "InstanceStatus")
        policy = a_policy(a_service(match={"service": ("web*",)}, minimum_healthy=1))

        account.observer(policy).observe(web, ())

        (asked,) = [call for call in account.fleet.ec2.named("DescribeInstances") if "tag:service" in str(call)]
        assert {"Name": "tag:service", "Values": ["web\\*"]} in asked["Filters"]
