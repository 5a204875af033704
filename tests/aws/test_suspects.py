"""The sweep: who is found, in how many calls, and what a failing question costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws import instances
from defib.aws.observe import AwsObserver
from defib.aws.pages import PAGES_MAX
from defib.core.model import Check, Checks, CheckStatus, Event, InstanceState, TargetHealth
from defib.shell.ports import Rejected
from tests.aws.fleet import Fleet
from tests.aws.policies import a_policy, a_service, group
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from defib.core.policy import Policy

OK = Check(CheckStatus.OK)
LATER = datetime(2026, 5, 12, 10, 0, tzinfo=UTC)


class Sky:
    """The fleet and the observer over it."""

    def __init__(self, ec2: EC2Client, elb: ElasticLoadBalancingv2Client, clock: FakeClock) -> None:
        self.fleet = Fleet(ec2, elb)
        self._clients = (ec2, elb)
        self.clock = clock

    def observer(self, policy: Policy | None = None) -> AwsObserver:
        return AwsObserver(*self._clients, self.clock, policy or a_policy())

    def calls(self) -> int:
        return len(self.fleet.ec2.calls) + len(self.fleet.elb.calls)


@pytest.fixture
def sky(ec2: EC2Client, elb: ElasticLoadBalancingv2Client, clock: FakeClock) -> Sky:
    return Sky(ec2, elb, clock)


def test_a_healthy_fleet_has_no_suspects_and_costs_six_calls(sky: Sky) -> None:
    for _ in range(5):
        sky.fleet.launch(self_heal="true")

    found = sky.observer().suspects()

    assert (found.observations, found.unanswered) == ((), {})
    assert sky.calls() == 6


@pytest.mark.parametrize(
    ("check", "status", "expected"),
    [
        ("SystemStatus", "impaired", Checks(Check(CheckStatus.IMPAIRED), OK)),
        ("InstanceStatus", "impaired", Checks(OK, Check(CheckStatus.IMPAIRED))),
        ("InstanceStatus", "initializing", Checks(OK, Check(CheckStatus.INITIALIZING))),
        ("InstanceStatus", "insufficient-data", Checks(OK, Check(CheckStatus.INSUFFICIENT_DATA))),
        ("AttachedEbsStatus", "impaired", Checks(OK, OK, attached_ebs=Check(CheckStatus.IMPAIRED))),
        ("ApplicationStatus", "impaired", Checks(OK, OK, application=Check(CheckStatus.IMPAIRED))),
    ],
)
def test_every_kind_of_failing_check_makes_a_suspect(sky: Sky, check: str, status: str, expected: Checks) -> None:
    web = sky.fleet.launch(self_heal="true", service="web")
    sky.fleet.launch(self_heal="true")
    sky.fleet.fail(web, check, status)

    (suspect,) = sky.observer().suspects().observations

    assert (suspect.instance_id, suspect.checks) == (web, expected)
    assert suspect.tags["service"] == "web"


def test_what_aws_has_announced_makes_a_suspect_of_what_works_until_it_is_over(sky: Sky) -> None:
    web, moved = sky.fleet.launch(self_heal="true"), sky.fleet.launch(self_heal="true")
    sky.fleet.events[web] = [{"Code": "instance-retirement", "Description": "degraded", "NotBefore": LATER}]
    sky.fleet.events[moved] = [{"Code": "instance-stop", "Description": "[Completed] degraded", "NotBefore": LATER}]

    (suspect,) = sky.observer().suspects().observations

    assert suspect.instance_id == web
    assert suspect.checks is not None
    assert suspect.checks.events == (Event("instance-retirement", LATER),)


def test_a_failing_check_hides_no_announcement_and_is_hidden_by_none(sky: Sky) -> None:
    web = sky.fleet.launch(self_heal="true")
    sky.fleet.events[web] = [{"Code": "system-reboot", "NotBefore": LATER}]
    sky.fleet.fail(web, "SystemStatus")

    (suspect,) = sky.observer().suspects().observations

    assert suspect.checks is not None
    assert (suspect.checks.system.status, len(suspect.checks.events)) == (CheckStatus.IMPAIRED, 1)


def test_one_id_that_ec2_no_longer_knows_hides_no_other(sky: Sky, ec2: EC2Client, clock: FakeClock) -> None:
    """Asked for by InstanceIds, one deleted id would fail the call for all of them."""
    webs = [sky.fleet.launch(self_heal="true") for _ in range(2)]

    found = instances.with_ids(ec2, [webs[0], "i-0deadbeefdeadbeef", webs[1]], clock.now())

    assert {observation.instance_id for observation in found} == set(webs)
    assert not any("InstanceIds" in asked for asked in sky.fleet.ec2.named("DescribeInstances"))


def test_suspects_cost_one_more_call_however_many_there_are(sky: Sky) -> None:
    for _ in range(12):
        sky.fleet.fail(sky.fleet.launch(self_heal="true"), "InstanceStatus")

    assert len(sky.observer().suspects().observations) == 12
    assert sky.calls() == 7


def test_more_suspects_than_a_filter_takes_are_looked_up_in_batches(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("defib.aws.instances.VALUES_MAX", 2)
    for _ in range(5):
        sky.fleet.fail(sky.fleet.launch(self_heal="true"), "InstanceStatus")

    assert len(sky.observer().suspects().observations) == 5
    assert sky.calls() == 9


def test_an_instance_that_fails_every_check_is_one_suspect(sky: Sky) -> None:
    web = sky.fleet.launch(self_heal="true")
    sky.fleet.fail(web, "SystemStatus")
    sky.fleet.fail(web, "InstanceStatus")

    assert [o.instance_id for o in sky.observer().suspects().observations] == [web]


def test_an_instance_that_has_not_opted_in_is_no_suspect(sky: Sky) -> None:
    sky.fleet.fail(sky.fleet.launch(service="web"), "InstanceStatus")
    sky.fleet.fail(sky.fleet.launch(self_heal="false"), "SystemStatus")
    sky.fleet.stop(sky.fleet.launch(service="web"))

    assert sky.observer().suspects().observations == ()


def test_a_stopped_instance_is_a_suspect_without_checks(sky: Sky) -> None:
    web = sky.fleet.launch(self_heal="true")
    sky.fleet.stop(web)
    sky.fleet.terminate(sky.fleet.launch(self_heal="true"))

    (suspect,) = sky.observer().suspects().observations

    assert (suspect.instance_id, suspect.state, suspect.checks) == (web, InstanceState.STOPPED, None)


def test_unhealthy_targets_of_configured_groups_are_suspects(sky: Sky) -> None:
    web, well = sky.fleet.launch(self_heal="true"), sky.fleet.launch(self_heal="true")
    arn = sky.fleet.target_group("web", [(web, 80), (well, 80)])
    sky.fleet.elb.answers["DescribeTargetHealth"] = _health((web, "unhealthy"), (well, "healthy"))
    policy = a_policy(a_service(target_groups=(group(arn),)))

    (suspect,) = sky.observer(policy).suspects().observations

    assert (suspect.instance_id, suspect.checks) == (web, Checks(OK, OK))
    assert [(t.health, t.reason) for t in suspect.targets] == [(TargetHealth.UNHEALTHY, "Target.Timeout")]
    assert suspect.targets[0].manageable
    assert sky.calls() == 8


def test_unhealthy_targets_are_named_and_others_are_not(sky: Sky) -> None:
    sky.fleet.elb.answers["DescribeTargetHealth"] = _health(
        ("i-0a1b2c3d4e5f60001", "unhealthy"),
        ("i-0a1b2c3d4e5f60002", "healthy"),
        ("i-0a1b2c3d4e5f60003", "draining"),
        ("i-0a1b2c3d4e5f60004", "unhealthy.draining"),
        ("i-0a1b2c3d4e5f60005", "unused"),
        ("10.0.0.7", "unhealthy"),
    )

    assert sky.observer().unhealthy_targets("arn:aws:x:targetgroup/web/1") == (
        "i-0a1b2c3d4e5f60001",
        "i-0a1b2c3d4e5f60004",
    )


def test_what_a_load_balancer_cant_check_for_a_fault_of_its_own_is_no_suspect(sky: Sky) -> None:
    own, theirs = sky.fleet.launch(self_heal="true"), sky.fleet.launch(self_heal="true")
    arn = sky.fleet.target_group("web", [(own, 80), (theirs, 80)])
    said = _health((own, "unhealthy"), reason="Elb.InternalError"), _health((theirs, "unhealthy"))
    both = [entry for answer in said for entry in answer["TargetHealthDescriptions"]]
    sky.fleet.elb.answers["DescribeTargetHealth"] = {"TargetHealthDescriptions": both}

    found = sky.observer(a_policy(a_service(target_groups=(group(arn),)))).suspects().observations

    assert [suspect.instance_id for suspect in found] == [theirs]


@pytest.mark.parametrize(
    ("filter_name", "question"),
    [
        ("system-status.status", "system check impaired"),
        ("instance-status.status", "instance check not passed"),
        ("attached-ebs-status.status", "attached EBS check impaired"),
        ("application-status.status", "application check impaired"),
    ],
)
def test_a_question_that_fails_is_named_and_stops_no_other(sky: Sky, filter_name: str, question: str) -> None:
    suspects = {check: sky.fleet.launch(self_heal="true") for check in _CHECKS}
    for check, instance_id in suspects.items():
        sky.fleet.fail(instance_id, check)
    stopped = sky.fleet.launch(self_heal="true")
    sky.fleet.stop(stopped)
    sky.fleet.failing_questions.add(filter_name)

    found = sky.observer().suspects()

    lost = suspects[_CHECKS_BY_FILTER[filter_name]]
    assert list(found.unanswered) == [question]
    assert "RequestLimitExceeded" in found.unanswered[question]
    assert {o.instance_id for o in found.observations} == {stopped, *suspects.values()} - {lost}


def test_a_silent_ec2_leaves_every_question_unanswered_and_the_load_balancers_heard(sky: Sky) -> None:
    arn = sky.fleet.target_group("web", [])
    sky.fleet.ec2.refusals |= {"DescribeInstances": "Unavailable", "DescribeInstanceStatus": "Unavailable"}

    found = sky.observer(a_policy(a_service(target_groups=(group(arn),)))).suspects()

    assert found.observations == ()
    assert len(found.unanswered) == 6
    assert len(sky.fleet.elb.named("DescribeTargetHealth")) == 1


def test_a_silent_load_balancer_hides_no_failing_check(sky: Sky) -> None:
    web = sky.fleet.launch(self_heal="true")
    sky.fleet.fail(web, "InstanceStatus")
    arn = sky.fleet.target_group("web", [(web, 80)])
    sky.fleet.elb.refusals["DescribeTargetHealth"] = "AccessDenied"

    found = sky.observer(a_policy(a_service(target_groups=(group(arn),)))).suspects()

    assert [o.instance_id for o in found.observations] == [web]
    assert list(found.unanswered) == ["target group web"]


def test_load_balancers_that_throttle_take_no_more_than_their_share_of_a_sweep_and_each_has_its_turn(
    sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    arns = [sky.fleet.target_group(f"web-{number}", []) for number in range(50)]
    policy = a_policy(a_service(target_groups=tuple(group(arn) for arn in arns)))
    sky.fleet.elb.refusals["DescribeTargetHealth"] = "Throttling"
    monkeypatch.setattr("defib.aws.suspects.monotonic", lambda: 0.6 * len(sky.fleet.elb.named("DescribeTargetHealth")))

    found = sky.observer(policy).suspects()

    assert len(sky.fleet.elb.named("DescribeTargetHealth")) == 26
    assert len(found.unanswered) == 50
    assert sum("not asked" in why for why in found.unanswered.values()) == 24
    for _ in range(49):
        sky.clock.advance(timedelta(minutes=1))
        sky.observer(policy).suspects()
    assert {asked["TargetGroupArn"] for asked in sky.fleet.elb.named("DescribeTargetHealth")} == {*arns}


def test_a_target_group_that_is_not_there_is_named_and_makes_nothing_else_unsure(sky: Sky) -> None:
    web = sky.fleet.launch(self_heal="true")
    gone, kept = sky.fleet.target_group("gone", []), sky.fleet.target_group("web", [(web, 80)])
    sky.fleet.elb.answers["DescribeTargetHealth"] = _health((web, "unhealthy"))
    sky.fleet.elb.refuse_if(
        "DescribeTargetHealth", "TargetGroupNotFound", lambda asked: asked["TargetGroupArn"] == gone
    )

    found = sky.observer(a_policy(a_service(target_groups=(group(gone), group(kept))))).suspects()

    assert [o.checks for o in found.observations] == [Checks(OK, OK)]
    assert found.unanswered == {}
    assert list(found.gone) == ["target group gone"]
    assert "TargetGroupNotFound" in found.gone["target group gone"]
    assert "take it out of target_groups" in found.gone["target group gone"]


def test_a_region_without_application_checks_is_no_failure(sky: Sky) -> None:
    sky.fleet.unknown_filters.add("application-status.status")

    assert sky.observer().suspects().unanswered == {}


def test_an_endless_answer_is_given_up_and_what_it_said_is_kept(sky: Sky) -> None:
    web = sky.fleet.launch(self_heal="true")
    status = {"InstanceId": web, "SystemStatus": {"Status": "impaired"}, "InstanceStatus": {"Status": "ok"}}
    sky.fleet.ec2.answers["DescribeInstanceStatus"] = {"InstanceStatuses": [status]}
    sky.fleet.ec2.endless.add("DescribeInstanceStatus")

    found = sky.observer().suspects()

    assert [o.instance_id for o in found.observations] == [web]
    assert f"more than {PAGES_MAX} pages" in found.unanswered["system check impaired"]
    assert len(sky.fleet.ec2.named("DescribeInstanceStatus")) == 5 * (PAGES_MAX + 1)


def test_a_count_that_takes_too_long_for_a_sweep_is_given_up(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off while it counts, a sweep would signal nobody."""
    web = {"InstanceId": "i-0aa1", "State": {"Name": "running"}, "LaunchTime": LATER}
    sky.fleet.ec2.answers["DescribeInstances"] = {"Reservations": [{"Instances": [web]}]}
    sky.fleet.ec2.endless.add("DescribeInstances")
    monkeypatch.setattr("defib.aws.pages.monotonic", lambda: 10.0 * len(sky.fleet.ec2.named("DescribeInstances")))

    with pytest.raises(Rejected, match="takes longer than 30 s"):
        sky.observer().running()

    assert len(sky.fleet.ec2.named("DescribeInstances")) == 4


def test_an_answer_that_goes_round_in_circles_is_given_up(sky: Sky) -> None:
    sky.fleet.ec2.answers["DescribeInstances"] = {"Reservations": [], "NextToken": "the same again"}

    assert list(sky.observer().suspects().unanswered) == ["opted-in instances that don't run"]


_CHECKS_BY_FILTER = {
    "system-status.status": "SystemStatus",
    "instance-status.status": "InstanceStatus",
    "attached-ebs-status.status": "AttachedEbsStatus",
    "application-status.status": "ApplicationStatus",
}
_CHECKS = tuple(_CHECKS_BY_FILTER.values())


def _health(*targets: tuple[str, str], reason: str = "Target.Timeout") -> dict[str, list[dict[str, object]]]:
    return {
        "TargetHealthDescriptions": [
            {"Target": {"Id": name, "Port": 80}, "TargetHealth": {"State": state, "Reason": reason}}
            for name, state in targets
        ]
    }
