"""Facts in, the named cause out: what runs, and what its checks and its load balancer say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from defib.core.case import Action, Case
from defib.core.diagnose import diagnose
from defib.core.membership import GROUP_TAG
from defib.core.model import (
    Cause,
    Check,
    Checks,
    CheckStatus,
    Event,
    Observation,
    TargetHealth,
)
from tests.core.diagnosed import Row, require, rows
from tests.core.facts import (
    HARMLESS,
    INITIALIZING,
    NOON,
    OK,
    POLICY,
    after,
    attempt,
    case,
    impaired,
    observed,
    target,
)
from tests.core.test_diagnose_boot import TABLE as BOOT
from tests.core.test_diagnose_stop import TABLE as STOP

INSUFFICIENT = Check(CheckStatus.INSUFFICIENT_DATA)


TABLE: list[Row] = [
    ("all checks pass", observed(), None, Cause.HEALTHY),
    ("checks not applicable count as passing", observed(checks=Checks(OK, OK)), None, Cause.HEALTHY),
    (
        "all checks pass, but AWS has announced work",
        observed(checks=Checks(OK, OK, events=(Event("instance-stop", after(days=3)),))),
        None,
        Cause.EVENT_SCHEDULED,
    ),
    ("system check fails", observed(checks=Checks(impaired(), OK)), None, Cause.SYSTEM_IMPAIRED),
    ("a broken host fails both checks", observed(checks=Checks(impaired(), impaired())), None, Cause.SYSTEM_IMPAIRED),
    ("instance check fails", observed(checks=Checks(OK, impaired())), None, Cause.INSTANCE_IMPAIRED),
    ("EBS check fails", observed(checks=Checks(OK, OK, impaired())), None, Cause.EBS_IMPAIRED),
    ("application check fails", observed(checks=Checks(OK, OK, OK, impaired())), None, Cause.APPLICATION_DOWN),
    ("target unhealthy", observed(targets=(target(TargetHealth.UNHEALTHY),)), None, Cause.APPLICATION_DOWN),
    (
        "target unhealthy, and its open connections are left to it for hours",
        observed(targets=(target(TargetHealth.UNHEALTHY_DRAINING),)),
        None,
        Cause.APPLICATION_DOWN,
    ),
    (
        "target unhealthy for a fault of the load balancer's own",
        observed(targets=(replace(target(TargetHealth.UNHEALTHY), reason="Elb.InternalError"),)),
        None,
        Cause.HEALTHY,
    ),
    (
        "target unhealthy because it does not answer",
        observed(targets=(replace(target(TargetHealth.UNHEALTHY), reason="Target.Timeout"),)),
        None,
        Cause.APPLICATION_DOWN,
    ),
    ("target draining", observed(targets=(target(TargetHealth.DRAINING),)), None, Cause.HEALTHY),
    ("target not in use", observed(targets=(target(TargetHealth.UNUSED),)), None, Cause.HEALTHY),
    ("checks initializing", observed(checks=Checks(OK, INITIALIZING), launched_at=NOON), None, Cause.INITIALIZING),
    ("checks unknown", observed(checks=Checks(INSUFFICIENT, OK)), None, Cause.UNKNOWN),
    ("no checks at all", observed(checks=None), None, Cause.UNKNOWN),
]


@rows(TABLE)
def test_the_facts_name_the_cause(facts: Observation, so_far: Case | None, cause: Cause) -> None:
    require(facts, so_far, cause)


def test_every_cause_has_a_row() -> None:
    assert {row[3] for row in (*TABLE, *BOOT, *STOP)} == set(Cause)


def test_a_failure_began_when_aws_says_it_did() -> None:
    facts = observed(checks=Checks(OK, impaired(since=after(minutes=-4))))

    assert diagnose(facts, None, POLICY, NOON).since == after(minutes=-4)


def test_a_failure_aws_does_not_date_began_when_it_was_first_seen() -> None:
    seen_before = case(cause=Cause.APPLICATION_DOWN, since=after(minutes=-2))
    facts = observed(targets=(target(TargetHealth.UNHEALTHY),))

    assert diagnose(facts, seen_before, POLICY, NOON).since == after(minutes=-2)
    assert diagnose(facts, None, POLICY, NOON).since == NOON


def test_where_aws_has_announced_work_people_read_that_it_is_bound_to_its_host() -> None:
    announced = Checks(OK, OK, events=(Event("instance-reboot", after(days=3)),))
    facts = observed(checks=announced, traits=replace(HARMLESS, dedicated_host="h-0a1"))

    assert diagnose(facts, None, POLICY, NOON).evidence[-1] == "bound to its Dedicated Host h-0a1"


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ({"lifecycle": "spot"}, "not to be stopped: it is a spot instance"),
        ({"root_device": "instance-store"}, "not to be stopped: its root volume is an instance store"),
        (
            {"lifecycle": "spot", "tags": {**observed().tags, GROUP_TAG: "web-asg"}},
            "status checks pass, and AWS has announced",
        ),
    ],
    ids=["spot", "instance store", "replaced by its group"],
)
def test_what_can_only_be_replaced_is_known_when_aws_announces_something_of_it(
    kind: dict[str, object], why: str
) -> None:
    announced = Checks(OK, OK, events=(Event("instance-retirement", after(days=2)),))
    facts = replace(observed(checks=announced), **kind)  # type: ignore[arg-type]  # keyword arguments of one known dataclass

    assert diagnose(facts, None, POLICY, NOON).evidence[-1].startswith(why)


@pytest.mark.parametrize(
    ("so_far", "since"),
    [
        (case(attempt(Action.EVIDENCE), cause=Cause.SYSTEM_IMPAIRED, confirmed_cause=Cause.SYSTEM_IMPAIRED), NOON),
        (case(attempt(Action.EVIDENCE), attempt(Action.REBOOT)), after(minutes=-9)),
        (case(attempt(Action.EVIDENCE), confirmed_cause=Cause.APPLICATION_DOWN), after(minutes=-9)),
        (None, after(minutes=-9)),
    ],
    ids=["mended by somebody else", "Defib was at it", "it is what failed", "no case yet"],
)
def test_an_application_that_failed_with_its_host_fails_by_itself_once_the_host_is_mended(
    so_far: Case | None, since: datetime
) -> None:
    facts = observed(checks=Checks(OK, OK, OK, impaired(after(minutes=-9))))

    assert diagnose(facts, so_far, POLICY, NOON).since == since


@pytest.mark.parametrize(
    ("so_far", "since"),
    [
        (case(cause=Cause.SYSTEM_IMPAIRED, since=after(minutes=-9)), NOON),
        (case(cause=Cause.INSTANCE_IMPAIRED, since=after(minutes=-1)), after(minutes=-1)),
        (case(cause=Cause.INSTANCE_IMPAIRED, since=after(minutes=-9)), after(minutes=-9)),
        (case(cause=Cause.EBS_IMPAIRED, since=after(minutes=-3)), after(minutes=-9)),
        (None, after(minutes=-9)),
    ],
    ids=["its host is mended now", "it was a minute ago", "its host never failed", "its disk failed", "no case yet"],
)
def test_an_instance_check_that_failed_with_its_host_fails_by_itself_once_the_host_is_mended(
    so_far: Case | None, since: datetime
) -> None:
    facts = observed(checks=Checks(OK, impaired(after(minutes=-9))))

    found = diagnose(facts, so_far, POLICY, NOON)

    assert (found.cause, found.since) == (Cause.INSTANCE_IMPAIRED, since)
