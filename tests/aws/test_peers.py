"""Who else of the service serves, as the guards must know before they let Defib stop anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from defib.aws.statuses import BY_ID_MOST
from defib.core.membership import GROUP_TAG
from defib.core.model import Peers
from defib.shell.ports import Transient
from tests.aws.policies import a_policy, a_service

if TYPE_CHECKING:
    from tests.aws.observing import Account

POLICY = a_policy(a_service(minimum_healthy=1))


def asked_of_peers(account: Account) -> list[str]:
    """What was asked after the first look, besides what a stop would destroy."""
    loss = ("DescribeInstanceTypes", "DescribeInstanceAttribute")
    return [name for name, _ in account.fleet.ec2.calls[2:] if name not in loss]


def counted(account: Account, instance_id: str) -> tuple[int, int]:
    """How many of its peers run, and how many of them are healthy."""
    peers = account.observer(POLICY).observe(instance_id, ()).peers
    assert peers is not None
    return peers.running, peers.healthy


def test_peers_are_the_running_instances_of_the_service_without_this_one(account: Account) -> None:
    web, *others = [account.fleet.launch(service="web") for _ in range(3)]
    account.fleet.stop(account.fleet.launch(service="web"))
    account.fleet.launch(service="db")
    account.fleet.fail(web, "InstanceStatus")

    observation = account.observer(POLICY).observe(web, ())

    assert observation.peers == Peers(running=2, healthy=2, not_running=1, healthy_ids=frozenset(others))


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
    account: Account, check: str, status: str, healthy: int
) -> None:
    web, peer = account.fleet.launch(service="web"), account.fleet.launch(service="web")
    account.fleet.fail(web, "InstanceStatus")
    account.fleet.fail(peer, check, status)

    assert counted(account, web) == (1, healthy)


def test_peers_cost_two_calls(account: Account) -> None:
    webs = [account.fleet.launch(service="web") for _ in range(4)]
    account.fleet.fail(webs[0], "InstanceStatus")
    account.fleet.setup_done()

    account.observer(POLICY).observe(webs[0], ())

    assert asked_of_peers(account) == ["DescribeInstances", "DescribeInstanceStatus"]


def test_more_than_one_call_can_name_cost_five_calls_that_name_none(account: Account) -> None:
    webs = account.fleet.launch_many(BY_ID_MOST + 2, service="web")
    account.fleet.fail(webs[0], "InstanceStatus")
    account.fleet.fail(webs[1], "SystemStatus")
    account.fleet.setup_done()

    assert counted(account, webs[0]) == (BY_ID_MOST + 1, BY_ID_MOST)

    assert asked_of_peers(account) == ["DescribeInstances", *["DescribeInstanceStatus"] * 4]
    assert not any(web in str(params) for _, params in account.fleet.ec2.calls[2:] for web in webs[1:])


def test_a_peer_that_ec2_has_just_forgotten_hides_no_other(account: Account) -> None:
    web, sick, _ = [account.fleet.launch(service="web") for _ in range(3)]
    account.fleet.fail(web, "InstanceStatus")
    account.fleet.fail(sick, "InstanceStatus")
    account.fleet.forgotten.add(sick)

    assert counted(account, web) == (2, 1)


def test_a_peer_of_which_ec2_has_nothing_to_say_yet_is_not_counted_on(account: Account) -> None:
    web, new = account.fleet.launch(service="web"), account.fleet.launch(service="web")
    account.fleet.fail(web, "InstanceStatus")
    account.fleet.unsaid.add(new)

    assert counted(account, web) == (1, 0)


def test_of_what_does_not_run_nothing_can_be_taken_away_and_nobody_asks_for_peers(account: Account) -> None:
    web, _ = account.fleet.launch(service="web"), account.fleet.launch(service="web")
    account.fleet.stop(web)

    assert account.observer(POLICY).observe(web, ()).peers is None


def test_a_stopped_member_of_a_group_which_may_be_replaced_has_peers_too(account: Account) -> None:
    web = account.fleet.launch(service="web", **{GROUP_TAG: "web-asg"})
    account.fleet.stop(web)

    assert counted(account, web) == (0, 0)


@pytest.mark.parametrize("count", [2, BY_ID_MOST + 2])
def test_an_unanswered_question_about_peers_fails_the_observation(account: Account, count: int) -> None:
    web, peer, *_ = account.fleet.launch_many(count, service="web")
    account.fleet.fail(web, "InstanceStatus")
    account.fleet.failing_questions |= {"system-status.status", peer}

    with pytest.raises(Transient):
        account.observer(POLICY).observe(web, ())


def test_without_a_floor_to_keep_nobody_asks_for_peers(account: Account) -> None:
    web = account.fleet.launch(service="web")
    account.fleet.fail(web, "InstanceStatus")

    assert account.observer(a_policy()).observe(web, ()).peers is None


def test_stars_in_tag_values_are_letters(account: Account) -> None:
    web, _ = account.fleet.launch(service="web*"), account.fleet.launch(service="web-2")
    account.fleet.fail(web, "InstanceStatus")
    policy = a_policy(a_service(match={"service": ("web*",)}, minimum_healthy=1))

    account.observer(policy).observe(web, ())

    (asked,) = [call for call in account.fleet.ec2.named("DescribeInstances") if "tag:service" in str(call)]
    assert {"Name": "tag:service", "Values": ["web\\*"]} in asked["Filters"]
