"""One instance as AWS shows it: its state and its checks, in how many calls, and what AWS leaves out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from defib.core.model import NOT_APPLICABLE, Check, Checks, CheckStatus, InstanceState, Registration
from defib.core.shift import Served
from defib.shell.ports import Rejected, Transient
from tests.aws.policies import a_policy, a_service, group

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from tests.aws.observing import Account

OK = Check(CheckStatus.OK)
STRUCK = datetime(2026, 4, 30, 11, 58, tzinfo=UTC)
GONE = "i-0badbadbadbadbad0"
FAILED = {"Aggregation": "included", "Status": "failed", "StatusSince": STRUCK}


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


def test_one_that_defib_has_silenced_is_seen_beneath_that_though_ec2_says_that_no_check_applies(
    account: Account,
) -> None:
    web, _ = (account.fleet.launch(service="web", self_heal="true") for _ in range(2))
    account.fleet.fail(web, "ApplicationStatus", "not-applicable")
    suppressed = {"InstanceId": web, "ApplicationStatus": {"Status": "suppressed", "Details": [FAILED]}}
    account.fleet.ec2.answers["DescribeApplicationStatus"] = {"ApplicationStatuses": {"Instances": [suppressed]}}

    observation = account.observer(a_policy(a_service(minimum_healthy=1))).observe(web, (), silenced=True)

    assert observation.checks is not None
    assert observation.checks.application.status is CheckStatus.SUPPRESSED
    assert observation.checks.beneath == Check(CheckStatus.IMPAIRED, STRUCK)
    assert observation.peers is not None, "it is in trouble, and so meets the guards"


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


def test_one_that_works_is_looked_at_for_what_forbids_its_stop_when_aws_has_announced_work(account: Account) -> None:
    web, _ = (account.fleet.launch(service="web", self_heal="true") for _ in range(2))
    account.fleet.events[web] = [{"Code": "instance-retirement", "NotBefore": STRUCK + timedelta(days=9)}]
    observer = account.observer(a_policy(a_service(minimum_healthy=1)))

    near = observer.observe(web, ())
    assert near.peers is not None
    assert (near.peers.running, near.peers.healthy) == (1, 1)
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


def test_a_target_group_that_was_deleted_is_left_out_when_who_serves_is_counted(
    account: Account, elb: ElasticLoadBalancingv2Client
) -> None:
    web, gone = account.fleet.target_group("web", []), account.fleet.target_group("gone", [])
    elb.delete_target_group(TargetGroupArn=gone)

    assert account.observer(a_policy()).serving([gone, web]) == {web: {}}
