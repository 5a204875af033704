"""Each guard refuses what it is for, with a reason people can read, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.case import Action, Case
from defib.core.fall import Fall
from defib.core.guard import GUARDS
from defib.core.guard import refuse as refuse_question
from defib.core.guards.question import GIVES_BACK, TAKES_AWAY, Question, Refusal
from defib.core.issue import Issue, Issues
from defib.core.maintenance import UNTIL_TAG, Maintenance
from defib.core.membership import GROUP_TAG, GroupMember, Membership
from defib.core.model import Cause, Checks, Event, Observation, Peers, Switch, TargetHealth, Verdict
from defib.core.percent import Percent
from defib.core.policy import Mode, Service
from defib.core.replacement import Replacement
from defib.core.stack import Begun, Impairment, Stack
from tests.core.facts import NOON, OK, POLICY, SERVICE, attempt, case, observed, policy, special, target

ALL = frozenset(Action) - {Action.EVIDENCE}
TAKING = frozenset({Action.REBOOT, Action.DRAIN, Action.STOP, Action.ENTER_STANDBY, Action.REPLACE})
STOPPING = frozenset({Action.ENTER_STANDBY, Action.DRAIN, Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN})
BEGINNING = frozenset({Action.ENTER_STANDBY, Action.DRAIN, Action.STOP})


LOST_ZONE = Stack(impaired=(Impairment("us-east-1b", NOON, 40),))


def its_issue(said_at: datetime, *zones: str, over: bool = False) -> Stack:
    """An issue of EC2's, in a zone or the whole Region."""
    zone_ids = tuple("use1-az6" for _ in zones)
    return Stack(issues=Issues((Issue("arn:1", "AWS_EC2_API_ISSUE", NOON, said_at, over, True, zone_ids, zones),)))


REGION_ISSUE = its_issue(NOON)


def behind(health: TargetHealth, others: int) -> Observation:
    """A web server behind a load balancer that has so many other healthy targets."""
    return observed(targets=(replace(target(health), others_healthy=others),))


def sharing(*under_repair: str) -> Observation:
    """A server behind a load balancer beside two of another service, of which those are under repair."""
    facts = behind(TargetHealth.HEALTHY, 2)
    beside = replace(facts.targets[0], others=frozenset({"i-0", "i-1"}))
    begun = tuple(Begun(f"{instance_id}-1", NOON) for instance_id in under_repair)
    return replace(facts, targets=(beside,), stack=Stack(begun=begun, running=1000))


def busy(repairs: int, running: int | None, ago: timedelta = timedelta(0)) -> Stack:
    """A stack in which so many repairs are under way, all begun at the same time."""
    return Stack(begun=tuple(Begun(f"i-{n}-1", NOON - ago) for n in range(repairs)), running=running)


FELL = tuple(Fall(f"i-0bb{n}-1", f"i-0bb{n}", f"web-{n}", NOON, NOON, restarted_at=NOON) for n in (1, 2))


NEW_ONES = tuple(Replacement("web-asg", f"i-0bb{n}-1", f"web-{n}", NOON, on_arrival=True) for n in range(3))


def refuse(action: Action, so_far: Case, facts: Observation, limits: Service) -> Refusal | None:
    return refuse_question(Question(action, so_far, facts, limits, POLICY, NOON))


def service(**changes: object) -> Service:
    return policy(**changes).services[0]


def in_maintenance(until: str) -> Observation:
    """In maintenance, as its owner says."""
    return observed(tags={"service": "web", "self-heal": "true", UNTIL_TAG: until})


AT_WORK = observed(checks=Checks(OK, OK, events=(Event("system-maintenance", NOON),)))
NOONS = Maintenance("11:00", timedelta(hours=2), days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def peers(healthy: int, under_repair: int = 0) -> Observation:
    return observed(peers=Peers(running=3, healthy=healthy), under_repair=under_repair)


def beside(at_it: int) -> Observation:
    """Beside three others that EC2 calls healthy, though Defib is at work on so many of them."""
    return observed(peers=Peers(running=3, healthy=3, under_repair=at_it))


def labelled(**tags: str) -> Observation:
    return observed(tags={"service": "web", "self-heal": "true", **tags})


def placed(**changes: object) -> Membership:
    """In service in a group of three that may shrink to two and has consented."""
    facts: dict[str, object] = {"lifecycle": "InService", "protected": False, "opted_in": True, "minimum": 2}
    return Membership(**{"group": "web-asg", "desired": 3, "in_service": 3} | facts | changes)  # type: ignore[arg-type]  # keyword arguments of one known dataclass


def uneven(*suspended: str, **zones: int) -> Observation:
    """The one member in its zone, while another zone has two; or so many in each."""
    counts = {f"us-east-1{zone}": count for zone, count in (zones or {"a": 2, "b": 1}).items()}
    return observed(membership=placed(minimum=1, suspended=suspended, zones=counts))


member = labelled(**{GROUP_TAG: "web-asg"})
node = labelled(**{"kubernetes.io/cluster/shop": "owned"})
interrupted = observed(lifecycle="spot", state_reason_code="Server.SpotInstanceShutdown")
elsewhere = replace(member, membership=placed(lifecycle="Terminating:Wait"))
CHECKED = observed(checks=Checks(OK, OK, application=OK), membership=placed())
CUT_OFF = special(auto_public_ip="203.0.113.25", regains_public_ip=False)
BEHIND = (target(TargetHealth.UNHEALTHY),)
REPLACING, STANDING_BY = service(group_member=GroupMember.REPLACE), service(group_member=GroupMember.STANDBY)
GROUPS = frozenset({Action.REPLACE, Action.ENTER_STANDBY})

TABLE: list[tuple[str, Observation, Service, frozenset[Action], str]] = [
    ("observe_mode", observed(), service(mode=Mode.OBSERVE), ALL, "observe mode"),
    ("approval", observed(), service(mode=Mode.APPROVE), ALL - GIVES_BACK, "until somebody says yes"),
    ("maintenance", observed(), service(maintenance=(NOONS,)), ALL - GIVES_BACK, "until 30 April 13:00 UTC"),
    ("maintenance", in_maintenance("2026-04-30T13:00:00Z"), SERVICE, ALL - GIVES_BACK, "until 30 April 13:00 UTC"),
    ("unreadable_maintenance", in_maintenance("soon"), SERVICE, ALL - GIVES_BACK, "is no time"),
    ("aws_at_work", AT_WORK, SERVICE, TAKES_AWAY | STOPPING, "system-maintenance"),
    ("planned_restart", observed(), SERVICE, TAKING | STOPPING, "planned_restart is off for service web"),
    ("planned_restart", observed(), service(planned_restart=True), TAKING | STOPPING, "in no maintenance window now"),
    ("kill_switch", observed(healing=Switch.OFF), SERVICE, ALL, "kill switch is off"),
    ("kill_switch", observed(healing=Switch.UNREADABLE), SERVICE, ALL, "counts as off"),
    ("owned_by_others", node, SERVICE, ALL, "belongs to Kubernetes (tag kubernetes.io/cluster/shop=owned)"),
    ("owned_by_others", special(managed_by="eks.amazonaws.com"), SERVICE, ALL, "eks.amazonaws.com manages it"),
    ("group_member", member, SERVICE, STOPPING | {Action.REPLACE}, "web-asg"),
    ("group_member", replace(member, membership=placed()), REPLACING, STOPPING, "would terminate it"),
    ("group_member", replace(member, membership=placed()), STANDING_BY, STOPPING - GROUPS, "not in Standby"),
    ("group_state", elsewhere, SERVICE, ALL - GIVES_BACK, "it is Terminating:Wait in its Auto Scaling group web-asg"),
    ("group_state", member, STANDING_BY, ALL - GIVES_BACK, "does not know it"),
    ("group_consent", observed(membership=placed(opted_in=False)), STANDING_BY, GROUPS, "self-heal=true"),
    (
        "group_minimum",
        observed(membership=placed(minimum=3)),
        STANDING_BY,
        GROUPS - {Action.REPLACE},
        "2 of at least 3",
    ),
    (
        "group_minimum",
        observed(membership=placed(minimum=9, desired=12, in_service=12, weight=4)),
        STANDING_BY,
        GROUPS - {Action.REPLACE},
        "8 of at least 9",
    ),
    (
        "group_minimum",
        observed(membership=placed(minimum=8, desired=12, in_service=12, weight=4)),
        STANDING_BY,
        frozenset(),
        "",
    ),
    (
        "group_balance",
        uneven(),
        STANDING_BY,
        GROUPS - {Action.REPLACE},
        "0 in service in us-east-1b and 2 in us-east-1a",
    ),
    ("group_protection", observed(membership=placed(protected=True)), REPLACING, GROUPS - BEGINNING, "never lifts"),
    ("group_suspended", observed(membership=placed(suspended=("Launch",))), REPLACING, GROUPS - BEGINNING, "Launch is"),
    ("application_check", CHECKED, SERVICE, frozenset({Action.REBOOT}), "UnauthorizedOperation); suppress it yourself"),
    ("instance_store_root", observed(root_device="instance-store"), SERVICE, STOPPING, "instance store"),
    ("stop_protection", special(stop_protected=True), SERVICE, STOPPING, "never lifts"),
    (
        "traits_unread",
        special(stop_protected=None, unread="AccessDenied"),
        SERVICE,
        STOPPING,
        "something (AccessDenied)",
    ),
    ("traits_unread", special(instance_store=None), SERVICE, STOPPING, "has not been asked"),
    ("traits_unread", special(stop_protected=None), SERVICE, STOPPING, "has not been asked"),
    ("instance_store_data", special(instance_store=True), SERVICE, BEGINNING, "allow_instance_store_loss"),
    ("target_by_address", special(by_address=("web",)), SERVICE, TAKES_AWAY, "target group web has it by its address"),
    ("public_ip_lost", CUT_OFF, SERVICE, BEGINNING, "203.0.113.25 for good"),
    ("public_ip_lost", CUT_OFF, service(allow_public_ip_change=True), BEGINNING, "gets no other"),
    ("public_ip_lost", replace(CUT_OFF, targets=BEHIND), SERVICE, BEGINNING, "an Elastic IP address in its place"),
    ("public_ip", special(auto_public_ip="203.0.113.25"), SERVICE, BEGINNING, "203.0.113.25"),
    ("mac_host", observed(instance_type="mac2.metal"), SERVICE, STOPPING, "cleans its host"),
    ("dedicated_host", special(dedicated_host="h-0a1"), SERVICE, BEGINNING, "affinity"),
    ("windows_force", special(windows=True), SERVICE, STOPPING - BEGINNING, "Windows"),
    ("spot_interrupted", interrupted, SERVICE, STOPPING | {Action.START}, "only EC2 can start it again"),
    ("spot", observed(lifecycle="spot"), SERVICE, STOPPING | {Action.START}, "spot"),
    ("aws_issue", observed(stack=REGION_ISSUE), SERVICE, TAKING | STOPPING | {Action.EVIDENCE}, "AWS_EC2_API_ISSUE"),
    ("aws_issue", observed(stack=its_issue(NOON, "us-east-1b")), SERVICE, TAKING | STOPPING | {Action.EVIDENCE}, "az6"),
    ("aws_issue", observed(stack=its_issue(NOON, "us-east-1a")), SERVICE, frozenset(), ""),
    ("aws_issue", observed(stack=its_issue(NOON, over=True)), SERVICE, frozenset(), ""),
    ("aws_issue", observed(stack=its_issue(NOON - timedelta(hours=6))), SERVICE, frozenset(), ""),
    ("zone_impaired", observed(stack=LOST_ZONE), SERVICE, frozenset(Action), "zone us-east-1b is impaired as a whole"),
    ("one_by_one", observed(falls=FELL), SERVICE, TAKING, "fall one by one while EC2's checks pass"),
    ("one_by_one", observed(falls=FELL[:1]), SERVICE, frozenset(), ""),
    (
        "group_replacements",
        observed(membership=placed(), stack=Stack(replacements=NEW_ONES)),
        REPLACING,
        frozenset({Action.REPLACE}),
        "3 new members of group web-asg were dead on arrival",
    ),
    (
        "group_replacements",
        observed(membership=placed(), stack=Stack(replacements=NEW_ONES[1:])),
        REPLACING,
        frozenset(),
        "",
    ),
    ("last_healthy_target", behind(TargetHealth.HEALTHY, 0), SERVICE, TAKING, "the last healthy target of web"),
    ("last_healthy_target", behind(TargetHealth.HEALTHY, 1), SERVICE, frozenset(), ""),
    ("last_healthy_target", behind(TargetHealth.UNHEALTHY, 0), SERVICE, frozenset(), ""),
    ("replicated", observed(peers=Peers(1, 0)), service(replicated=True), TAKING, "0 of 1 other members"),
    (
        "replicated",
        observed(peers=Peers(1, 1, not_running=1)),
        service(replicated=True),
        TAKING,
        "1 of 2 other members",
    ),
    ("replicated", observed(peers=Peers(2, 2)), service(replicated=True), frozenset(), ""),
    ("replicated", observed(peers=Peers(0, 0)), service(replicated=True), TAKING, "no other member"),
    ("replicated", observed(peers=None), service(replicated=True), TAKING, "could not be counted"),
    ("replicated", peers(3, under_repair=1), service(replicated=True, concurrent_repairs=9), TAKING, "another member"),
    ("stack_share", observed(stack=busy(2, running=14)), SERVICE, ALL, "2 of 14 running instances"),
    ("stack_share", observed(stack=busy(1, running=14)), SERVICE, frozenset(), ""),
    ("stack_share", observed(stack=busy(1, running=None)), SERVICE, ALL, "allows 1 at once"),
    ("stack_rate", observed(stack=busy(30, running=1000)), SERVICE, ALL, "30 repairs were begun in the last 10"),
    ("stack_rate", observed(stack=busy(30, 1000, ago=timedelta(minutes=10))), SERVICE, frozenset(), ""),
    (
        "minimum_healthy",
        peers(healthy=1),
        service(minimum_healthy=2),
        TAKING,
        "only 1 of the others of service web is healthy, and 2 are",
    ),
    (
        "minimum_healthy",
        observed(peers=Peers(2, 2)),
        service(minimum_healthy=3),
        TAKING,
        "and 3 are required, but the service has only 2 others: repair it yourself, or lower minimum_healthy",
    ),
    (
        "minimum_healthy",
        observed(peers=Peers(1, 0)),
        service(minimum_healthy=2),
        TAKING,
        "and 2 are required, but the service has only 1 other: repair",
    ),
    (
        "minimum_healthy",
        observed(peers=Peers(0, 0)),
        service(minimum_healthy=Percent(50)),
        TAKING,
        "and 1 (50% of 1) is required, but the service has no other: repair",
    ),
    ("minimum_healthy", observed(peers=None), service(minimum_healthy=1), TAKING, "could not be counted"),
    ("minimum_healthy", peers(healthy=1), service(minimum_healthy=Percent(50)), TAKING, "2 (50% of 4) are required"),
    (
        "others_under_repair",
        beside(2),
        service(minimum_healthy=2),
        TAKING,
        "2 of the 3 healthy others of service web are under",
    ),
    ("others_under_repair", beside(1), service(minimum_healthy=2), frozenset(), ""),
    (
        "others_under_repair",
        sharing("i-0", "i-1"),
        SERVICE,
        TAKING,
        "all other healthy targets of web are under repair",
    ),
    ("others_under_repair", sharing("i-0"), SERVICE, frozenset(), ""),
    ("others_under_repair", observed(peers=Peers(1, 0, under_repair=1)), SERVICE, frozenset(), ""),
    (
        "others_under_repair",
        observed(peers=Peers(4, 4, under_repair=1)),
        service(minimum_healthy=Percent(80)),
        TAKING,
        "and 4 are required",
    ),
    (
        "others_under_repair",
        observed(peers=Peers(4, 4, under_repair=1)),
        service(minimum_healthy=Percent(60)),
        frozenset(),
        "",
    ),
    (
        "others_under_repair",
        observed(peers=Peers(3, 3, not_running=1, under_repair=1)),
        service(minimum_healthy=Percent(60)),
        TAKING,
        "and 3 are required",
    ),
    ("concurrent_repairs", observed(peers=None, under_repair=1), SERVICE, TAKING, "1 of at most 1"),
    ("concurrent_repairs", peers(2, under_repair=1), SERVICE, TAKING, "1 of at most 1"),
]


UNSUPPRESSED = attempt(Action.SUPPRESS_CHECK, verdict=Verdict.REFUSED, code="UnauthorizedOperation")
SO_FAR = {
    "one_by_one": case(cause=Cause.APPLICATION_DOWN),
    "dedicated_host": case(cause=Cause.SYSTEM_IMPAIRED),
    "application_check": case(UNSUPPRESSED),
    "planned_restart": case(cause=Cause.EVENT_SCHEDULED),
}
"""The case, where a guard asks for another than that of a failing instance check."""


@pytest.mark.parametrize(("guard", "facts", "limits", "forbidden", "words"), TABLE)
@pytest.mark.parametrize("action", list(Action))
def test_a_guard_refuses_exactly_what_it_is_for(
    guard: str, facts: Observation, limits: Service, forbidden: frozenset[Action], words: str, action: Action
) -> None:
    refusal = refuse(action, SO_FAR.get(guard, case()), facts, limits)

    if action in forbidden:
        assert refusal is not None
        assert refusal.guard == guard
        assert words in refusal.reason
    else:
        assert refusal is None


def test_every_guard_has_a_row() -> None:
    assert {guard.__name__ for guard in GUARDS} == {row[0] for row in TABLE}


@pytest.mark.parametrize("action", list(Action))
def test_nothing_is_refused_to_a_healthy_service_in_heal_mode(action: Action) -> None:
    assert refuse(action, case(), observed(), service(minimum_healthy=2)) is None


def test_just_enough_healthy_peers_are_enough() -> None:
    assert refuse(Action.STOP, case(), peers(healthy=2), service(minimum_healthy=2)) is None


@pytest.mark.parametrize(
    ("instances", "share", "others"),
    [(1, 50, 1), (2, 50, 1), (3, 50, 2), (4, 50, 2), (5, 50, 3), (3, 34, 2), (3, 33, 1)],
)
def test_a_share_of_healthy_instances_is_rounded_up(instances: int, share: int, others: int) -> None:
    half = service(minimum_healthy=Percent(share))
    rest = instances - 1 - others
    enough = observed(peers=Peers(running=others, healthy=others, not_running=max(rest, 0)))
    one_less = observed(peers=Peers(running=others - 1, healthy=others - 1, not_running=max(rest + 1, 0)))

    assert half.healthy_others(instances) == others
    assert refuse(Action.STOP, case(), one_less, half) is not None
    assert rest < 0 or refuse(Action.STOP, case(), enough, half) is None


EVEN = [
    ("the zones differ by one then, as three members in two zones must", uneven(a=2, b=2)),
    ("it is of the fuller zone", uneven(a=1, b=2)),
    ("its group has one zone", uneven(b=3)),
    ("nothing evens the zones out", uneven("AZRebalance", a=2, b=1)),
    ("nothing is launched to that end", uneven("Launch", a=2, b=1)),
]


@pytest.mark.parametrize("facts", [row[1] for row in EVEN], ids=[row[0] for row in EVEN])
def test_standby_that_costs_no_other_member_is_allowed(facts: Observation) -> None:
    assert refuse(Action.ENTER_STANDBY, case(), facts, STANDING_BY) is None


def test_a_zone_of_its_group_without_any_member_counts_too() -> None:
    assert refuse(Action.ENTER_STANDBY, case(), uneven(a=0, b=1), STANDING_BY) is None
    refusal = refuse(Action.ENTER_STANDBY, case(), uneven(a=2, b=1, c=0), STANDING_BY)
    assert refusal is not None
    assert refusal.guard == "group_balance"


def test_as_many_repairs_as_allowed_may_run() -> None:
    two = service(concurrent_repairs=2)

    assert refuse(Action.STOP, case(), peers(2, under_repair=1), two) is None
    assert refuse(Action.STOP, case(), peers(2, under_repair=2), two) is not None
