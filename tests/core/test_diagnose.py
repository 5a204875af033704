"""Facts in, the named cause out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.case import Action, Case
from defib.core.diagnose import diagnose
from defib.core.model import (
    Cause,
    Check,
    Checks,
    CheckStatus,
    Event,
    InstanceState,
    Observation,
    TargetHealth,
    Verdict,
)
from defib.core.traits import Traits
from tests.core.facts import (
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

INSUFFICIENT = Check(CheckStatus.INSUFFICIENT_DATA)
STOPPED, STOPPING = InstanceState.STOPPED, InstanceState.STOPPING
USER, SERVER = "Client.UserInitiatedShutdown", "Server.InternalError"
STOPPED_BY_US = case(attempt(Action.STOP))
STARTED_LONG_AGO = case(attempt(Action.STOP, after(minutes=-9)), attempt(Action.START, after(minutes=-8)))
CUT_SHORT_BY_US = case(
    attempt(Action.STOP),
    attempt(Action.FORCE_STOP, after(minutes=3)),
    attempt(Action.SKIP_OS_SHUTDOWN, after(minutes=13)),
)
STARTED_PERHAPS = case(
    attempt(Action.STOP, after(minutes=-9)),
    replace(attempt(Action.START, after(minutes=-8), Verdict.LOST), claimed_at=after(minutes=-8)),
)
AGAIN = Traits(started_again=True)
BOOTING = Checks(OK, INITIALIZING)
SEEN_BOOTING = case(cause=Cause.INITIALIZING, evidence=("status checks initializing",), since=after(minutes=-9))
STARTED_BY_US = case(attempt(Action.STOP), attempt(Action.START))

TABLE: list[tuple[str, Observation, Case | None, Cause]] = [
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
            traits=Traits(windows=True),
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
    ("stopped through the API", observed(state=STOPPED, state_reason_code=USER), None, Cause.STOPPED_BY_PERSON),
    (
        "shut down from inside",
        observed(state=STOPPED, state_reason_code="Client.InstanceInitiatedShutdown"),
        None,
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "hibernated by a person",
        observed(state=STOPPED, state_reason_code="Client.UserInitiatedHibernate"),
        None,
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "only the transition names a person",
        observed(state=STOPPED, transition_reason="User initiated (2026-04-30 11:50:00 GMT)"),
        None,
        Cause.STOPPED_BY_PERSON,
    ),
    ("stopped by AWS", observed(state=STOPPED, state_reason_code=SERVER), None, Cause.STOPPED_UNASKED),
    ("stopped without a reason", observed(state=STOPPED), None, Cause.STOPPED_UNASKED),
    ("our own stop", observed(state=STOPPED, state_reason_code=USER), STOPPED_BY_US, Cause.STOPPED_BY_DEFIB),
    (
        "our own stop, dated to the call that cut it short",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 12:13:00 GMT)"),
        CUT_SHORT_BY_US,
        Cause.STOPPED_BY_DEFIB,
    ),
    (
        "a person's stop after our start",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 12:00:00 GMT)"),
        STARTED_BY_US,
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "an undated stop long after our start",
        observed(state=STOPPED, state_reason_code=USER),
        STARTED_LONG_AGO,
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "an undated stop long after a start of ours of which nobody knows whether it was carried out",
        observed(state=STOPPED, state_reason_code=USER),
        STARTED_PERHAPS,
        Cause.STOPPED_BY_DEFIB,
    ),
    (
        "a person's stop just before ours was taken up, of which nobody has heard",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:50:00 GMT)"),
        case(replace(attempt(Action.STOP, after(minutes=-8), Verdict.LOST), claimed_at=after(minutes=-9))),
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "a person's stop soon after ours, of whose call nobody knows whether it was carried out",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:52:15 GMT)"),
        case(replace(attempt(Action.STOP, after(minutes=-8), Verdict.LOST), claimed_at=after(minutes=-9))),
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "our own stop, by a clock that is seconds behind",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:50:51 GMT)"),
        case(replace(attempt(Action.STOP, after(minutes=-8), Verdict.LOST), claimed_at=after(minutes=-9))),
        Cause.STOPPED_BY_DEFIB,
    ),
    (
        "a person's stop between our start and the stop that we ordered after it",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:50:00 GMT)"),
        case(
            attempt(Action.STOP, after(minutes=-40)),
            attempt(Action.START, after(minutes=-30)),
            replace(attempt(Action.STOP, after(minutes=-8), Verdict.LOST), claimed_at=after(minutes=-9)),
        ),
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "our own stop that was forced later, by the date of the first",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:50:00 GMT)"),
        case(attempt(Action.STOP, after(minutes=-10)), attempt(Action.FORCE_STOP, after(minutes=-2))),
        Cause.STOPPED_BY_DEFIB,
    ),
    (
        "our own stop after a start of ours that came to nothing",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:50:00 GMT)"),
        case(
            attempt(Action.STOP, after(minutes=-10)),
            attempt(Action.START, after(minutes=-6), Verdict.RETRY),
        ),
        Cause.STOPPED_BY_DEFIB,
    ),
    (
        "a person's stop while ours has not been carried out",
        observed(state=STOPPED, state_reason_code=USER),
        case(attempt(Action.STOP, after(minutes=-9), Verdict.RETRY)),
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "a person's stop of what Defib only started",
        observed(state=STOPPED, state_reason_code=USER),
        case(attempt(Action.START)),
        Cause.STOPPED_BY_PERSON,
    ),
    (
        "a read older than our start still shows our own stop",
        observed(state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:59:00 GMT)"),
        STARTED_BY_US,
        Cause.STOPPED_BY_DEFIB,
    ),
    (
        "and so does an undated one while reads may lag",
        observed(state=STOPPING, state_reason_code=USER),
        STARTED_BY_US,
        Cause.STOPPING,
    ),
    (
        "a start that falls back to stopped",
        observed(state=STOPPED, state_reason_code="Client.InternalError"),
        STARTED_LONG_AGO,
        Cause.STOPPED_UNASKED,
    ),
    ("stopping by a person", observed(state=STOPPING, state_reason_code=USER), None, Cause.STOPPED_BY_PERSON),
    ("stopping unasked", observed(state=STOPPING), None, Cause.STOPPING),
    ("our own stop under way", observed(state=STOPPING, state_reason_code=USER), STOPPED_BY_US, Cause.STOPPING),
    (
        "our own stop does not end",
        observed(state=STOPPING, state_reason_code=USER),
        case(attempt(Action.STOP, after(minutes=-3))),
        Cause.STUCK_STOPPING,
    ),
    (
        "an unasked stop does not end",
        observed(state=STOPPING),
        case(cause=Cause.STOPPING, since=after(minutes=-3)),
        Cause.STUCK_STOPPING,
    ),
    ("shutting down", observed(state=InstanceState.SHUTTING_DOWN), None, Cause.TERMINATED),
    ("terminated", observed(state=InstanceState.TERMINATED), None, Cause.TERMINATED),
]


@pytest.mark.parametrize(("facts", "so_far", "cause"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_facts_name_the_cause(facts: Observation, so_far: Case | None, cause: Cause) -> None:
    diagnosis = diagnose(facts, so_far, POLICY, NOON)

    assert diagnosis.cause is cause
    assert diagnosis.evidence
    assert all(diagnosis.evidence)


def test_every_cause_has_a_row() -> None:
    assert {row[3] for row in TABLE} == set(Cause)


def test_a_failure_began_when_aws_says_it_did() -> None:
    facts = observed(checks=Checks(OK, impaired(since=after(minutes=-4))))

    assert diagnose(facts, None, POLICY, NOON).since == after(minutes=-4)


def test_a_failure_aws_does_not_date_began_when_it_was_first_seen() -> None:
    seen_before = case(cause=Cause.APPLICATION_DOWN, since=after(minutes=-2))
    facts = observed(targets=(target(TargetHealth.UNHEALTHY),))

    assert diagnose(facts, seen_before, POLICY, NOON).since == after(minutes=-2)
    assert diagnose(facts, None, POLICY, NOON).since == NOON


def test_a_persons_stop_is_dated_by_the_transition() -> None:
    facts = observed(
        state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:50:00 GMT)"
    )

    assert diagnose(facts, None, POLICY, NOON).since == after(minutes=-10)


def test_what_boots_anew_is_counted_from_the_first_look_that_saw_it() -> None:
    first = diagnose(observed(checks=BOOTING), None, POLICY, NOON)
    seen = case(cause=first.cause, evidence=first.evidence, since=first.since)
    late = diagnose(observed(checks=BOOTING), seen, POLICY, after(minutes=11))
    still = case(cause=late.cause, evidence=late.evidence, since=late.since)

    assert (first.cause, late.cause, late.since) == (Cause.INITIALIZING, Cause.INSTANCE_IMPAIRED, NOON)
    assert diagnose(observed(checks=BOOTING), still, POLICY, after(minutes=12)) == late


def test_a_check_that_failed_before_a_reboot_is_no_part_of_that_count() -> None:
    failed = case(cause=Cause.INSTANCE_IMPAIRED, evidence=("instance status check impaired",), since=after(minutes=-15))

    assert diagnose(observed(checks=BOOTING), failed, POLICY, NOON).cause is Cause.INITIALIZING


def test_a_launch_that_never_arrived_stays_one_however_long_ago_it_was() -> None:
    facts = observed(checks=BOOTING, launched_at=after(minutes=-11))
    dead = diagnose(facts, None, POLICY, NOON)
    held = case(cause=dead.cause, evidence=dead.evidence, since=dead.since)

    assert diagnose(facts, held, POLICY, after(hours=3)) == dead


def test_where_aws_has_announced_work_people_read_that_it_is_bound_to_its_host() -> None:
    announced = Checks(OK, OK, events=(Event("instance-reboot", after(days=3)),))
    facts = observed(checks=announced, traits=Traits(dedicated_host="h-0a1"))

    assert diagnose(facts, None, POLICY, NOON).evidence[-1] == "bound to its Dedicated Host h-0a1"


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


def test_a_stop_whose_date_is_none_is_a_persons_all_the_same() -> None:
    facts = observed(
        state=InstanceState.STOPPED,
        checks=None,
        state_reason_code="Client.UserInitiatedShutdown",
        transition_reason="User initiated (2026-02-30 10:00:00 GMT)",
    )

    assert diagnose(facts, None, POLICY, NOON).cause is Cause.STOPPED_BY_PERSON
