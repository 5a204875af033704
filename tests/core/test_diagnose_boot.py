"""The cause of what is launched, started or booted anew: booting still, or dead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from defib.core.case import Action, Case
from defib.core.diagnose import diagnose, host_mended
from defib.core.model import (
    Cause,
    Checks,
    InstanceState,
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

AGAIN = replace(HARMLESS, started_again=True)
BOOTING = Checks(OK, INITIALIZING)
SEEN_BOOTING = case(cause=Cause.INITIALIZING, evidence=("status checks initializing",), since=after(minutes=-9))
STARTED_BY_US = case(attempt(Action.STOP), attempt(Action.START))


TABLE: list[Row] = [
    ("impaired since launch", observed(checks=Checks(OK, impaired()), launched_at=NOON), None, Cause.DEAD_ON_ARRIVAL),
    (
        "system impaired since launch",
        observed(checks=Checks(impaired(), OK), launched_at=NOON),
        None,
        Cause.DEAD_ON_ARRIVAL,
    ),
    (
        "a volume that fails at launch is no dead machine",
        observed(checks=Checks(OK, OK, impaired()), launched_at=NOON),
        None,
        Cause.EBS_IMPAIRED,
    ),
    (
        "failing again after our own start is not dead on arrival",
        observed(checks=Checks(OK, impaired()), launched_at=NOON),
        STARTED_BY_US,
        Cause.INSTANCE_IMPAIRED,
    ),
    (
        "initializing for ever since launch",
        observed(checks=Checks(OK, INITIALIZING), launched_at=NOON - timedelta(minutes=11)),
        None,
        Cause.DEAD_ON_ARRIVAL,
    ),
    (
        "booting anew long after the launch",
        observed(checks=BOOTING),
        None,
        Cause.INITIALIZING,
    ),
    (
        "for no longer than a launch may take",
        observed(checks=BOOTING),
        SEEN_BOOTING,
        Cause.INITIALIZING,
    ),
    (
        "for longer, which is no dead launch",
        observed(checks=BOOTING),
        replace(SEEN_BOOTING, since=after(minutes=-11)),
        Cause.INSTANCE_IMPAIRED,
    ),
    (
        "impaired since a start by somebody else, which may boot still",
        observed(checks=Checks(OK, impaired(after(minutes=-2))), launched_at=after(minutes=-2), traits=AGAIN),
        None,
        Cause.INITIALIZING,
    ),
    (
        "impaired for longer since a start by somebody else than a boot takes",
        observed(checks=Checks(OK, impaired(after(minutes=-5))), launched_at=after(minutes=-5), traits=AGAIN),
        None,
        Cause.INSTANCE_IMPAIRED,
    ),
    (
        "impaired since the launch of Windows, which restarts before it is up",
        observed(
            checks=Checks(impaired(after(minutes=-2)), OK),
            launched_at=after(minutes=-2),
            traits=replace(HARMLESS, windows=True),
        ),
        None,
        Cause.INITIALIZING,
    ),
    (
        "impaired since the launch of bare metal, which takes longer still",
        observed(
            checks=Checks(OK, impaired(after(minutes=-15))),
            launched_at=after(minutes=-15),
            instance_type="m5.metal",
        ),
        None,
        Cause.INITIALIZING,
    ),
    (
        "failing only since after it was started by somebody else",
        observed(checks=Checks(OK, impaired(after(minutes=-1))), launched_at=after(minutes=-4), traits=AGAIN),
        None,
        Cause.INSTANCE_IMPAIRED,
    ),
    (
        "initializing for long after our own start",
        observed(checks=Checks(OK, INITIALIZING), launched_at=NOON - timedelta(minutes=11)),
        STARTED_BY_US,
        Cause.INITIALIZING,
    ),
    (
        "initializing for long since a start by somebody else: it has worked before",
        observed(checks=BOOTING, launched_at=after(minutes=-11), traits=AGAIN),
        None,
        Cause.INSTANCE_IMPAIRED,
    ),
    (
        "its application not there yet while its user data runs",
        observed(targets=(target(TargetHealth.UNHEALTHY),), launched_at=after(minutes=-9)),
        None,
        Cause.INITIALIZING,
    ),
    (
        "its application not there when it has had the time to come up",
        observed(targets=(target(TargetHealth.UNHEALTHY),), launched_at=after(minutes=-10)),
        None,
        Cause.APPLICATION_DOWN,
    ),
    (
        "its application still down after a start of ours, which has a time of its own",
        observed(targets=(target(TargetHealth.UNHEALTHY),), launched_at=after(minutes=-9)),
        STARTED_BY_US,
        Cause.APPLICATION_DOWN,
    ),
    (
        "unhealthy in a target group that nobody has given to Defib",
        observed(targets=(replace(target(TargetHealth.UNHEALTHY), manageable=False),)),
        None,
        Cause.HEALTHY,
    ),
    ("pending", observed(state=InstanceState.PENDING, launched_at=NOON), None, Cause.INITIALIZING),
    (
        "pending for too long",
        observed(state=InstanceState.PENDING, launched_at=NOON - timedelta(minutes=6)),
        None,
        Cause.STUCK_PENDING,
    ),
]


@rows(TABLE)
def test_the_facts_name_the_cause(facts: Observation, so_far: Case | None, cause: Cause) -> None:
    require(facts, so_far, cause)


def test_what_boots_anew_is_counted_from_the_first_look_that_saw_it() -> None:
    first = diagnose(observed(checks=BOOTING), None, POLICY, NOON)
    seen = case(cause=first.cause, evidence=first.evidence, since=first.since)
    late = diagnose(observed(checks=BOOTING), seen, POLICY, after(minutes=11))
    still = case(cause=late.cause, evidence=late.evidence, since=late.since)

    assert (first.cause, late.cause, late.since) == (Cause.INITIALIZING, Cause.INSTANCE_IMPAIRED, NOON)
    assert diagnose(observed(checks=BOOTING), still, POLICY, after(minutes=12)) == late


def test_what_boots_on_a_host_that_has_been_mended_fails_by_itself_only_since_then() -> None:
    """Somebody has started it, and its host failed at once: EC2's own recovery boots it anew."""
    failed, started = impaired(after(minutes=-4)), after(minutes=-4)
    broken = diagnose(
        observed(checks=Checks(failed, failed), launched_at=started, traits=AGAIN), None, POLICY, after(minutes=-2)
    )
    mended = observed(checks=Checks(OK, failed), launched_at=started, traits=AGAIN)
    so_far = case(cause=broken.cause, evidence=broken.evidence, since=broken.since)
    boots = diagnose(mended, so_far, POLICY, NOON)
    so_far = case(cause=boots.cause, evidence=boots.evidence, since=boots.since)
    over = diagnose(mended, so_far, POLICY, after(minutes=1))
    still = case(cause=over.cause, evidence=over.evidence, since=over.since)

    assert (broken.cause, boots.cause, over.cause) == (Cause.INITIALIZING, Cause.INITIALIZING, Cause.INSTANCE_IMPAIRED)
    assert (boots.since, over.since) == (NOON, NOON)
    assert host_mended(still, failed.impaired_since), "a reboot has its time first"


def test_what_boots_on_a_host_that_never_failed_has_failed_since_its_start() -> None:
    failed, started = impaired(after(minutes=-4)), after(minutes=-4)
    facts = observed(checks=Checks(OK, failed), launched_at=started, traits=AGAIN)
    boots = diagnose(facts, SEEN_BOOTING, POLICY, NOON)
    so_far = case(cause=boots.cause, evidence=boots.evidence, since=boots.since)

    assert diagnose(facts, so_far, POLICY, after(minutes=1)).since == started


def test_a_check_that_failed_before_a_reboot_is_no_part_of_that_count() -> None:
    failed = case(cause=Cause.INSTANCE_IMPAIRED, evidence=("instance status check impaired",), since=after(minutes=-15))

    assert diagnose(observed(checks=BOOTING), failed, POLICY, NOON).cause is Cause.INITIALIZING


def test_a_launch_that_never_arrived_stays_one_however_long_ago_it_was() -> None:
    facts = observed(checks=BOOTING, launched_at=after(minutes=-11))
    dead = diagnose(facts, None, POLICY, NOON)
    held = case(cause=dead.cause, evidence=dead.evidence, since=dead.since)

    assert diagnose(facts, held, POLICY, after(hours=3)) == dead
