"""The cause of what is stopped, or on its way there: a person's stop, Defib's own, or nobody's."""

from __future__ import annotations

from dataclasses import replace

from defib.core.case import Action, Case
from defib.core.diagnose import diagnose
from defib.core.model import (
    Cause,
    InstanceState,
    Observation,
    Verdict,
)
from tests.core.diagnosed import Row, require, rows
from tests.core.facts import (
    NOON,
    POLICY,
    after,
    attempt,
    case,
    observed,
)

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
STOPPED_PERHAPS = case(replace(attempt(Action.STOP, verdict=Verdict.LOST), claimed_at=NOON))
FORCED_PERHAPS = case(attempt(Action.STOP), replace(attempt(Action.FORCE_STOP, verdict=Verdict.LOST), claimed_at=NOON))
STARTED_BY_US = case(attempt(Action.STOP), attempt(Action.START))


TABLE: list[Row] = [
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
        "perhaps our own stop, as somebody asked for it",
        observed(state=STOPPED, state_reason_code=USER),
        STOPPED_PERHAPS,
        Cause.STOPPED_BY_DEFIB,
    ),
    (
        "stopped by AWS, and perhaps by us",
        observed(state=STOPPED, state_reason_code=SERVER),
        STOPPED_PERHAPS,
        Cause.STOPPED_UNASKED,
    ),
    (
        "our own stop, perhaps forced, and AWS's reason",
        observed(state=STOPPED, state_reason_code=SERVER),
        FORCED_PERHAPS,
        Cause.STOPPED_BY_DEFIB,
    ),
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


@rows(TABLE)
def test_the_facts_name_the_cause(facts: Observation, so_far: Case | None, cause: Cause) -> None:
    require(facts, so_far, cause)


def test_a_persons_stop_is_dated_by_the_transition() -> None:
    facts = observed(
        state=STOPPED, state_reason_code=USER, transition_reason="User initiated (2026-04-30 11:50:00 GMT)"
    )

    assert diagnose(facts, None, POLICY, NOON).since == after(minutes=-10)


def test_a_stop_whose_date_is_none_is_a_persons_all_the_same() -> None:
    facts = observed(
        state=InstanceState.STOPPED,
        checks=None,
        state_reason_code="Client.UserInitiatedShutdown",
        transition_reason="User initiated (2026-02-30 10:00:00 GMT)",
    )

    assert diagnose(facts, None, POLICY, NOON).cause is Cause.STOPPED_BY_PERSON
