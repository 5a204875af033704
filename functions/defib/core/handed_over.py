"""What people have in hand is theirs; but what they were asked about is not all that may befall the instance."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.case import Action, Case, Escalate
from defib.core.frozen import replace
from defib.core.left_out import NOTE
from defib.core.model import NOT_FAILING, Cause
from defib.core.patience import patience
from defib.core.service import Service
from defib.core.start import STOPPED
from defib.core.verify import coming_back
from defib.core.words import CAUSE_WORDS, day

BY_ITSELF = frozenset({Cause.SYSTEM_IMPAIRED, Cause.INSTANCE_IMPAIRED, Cause.EBS_IMPAIRED, Cause.STOPPED_UNASKED})
"""Failures of the instance, whatever its application does."""


def fails_anew(case: Case, service: Service, now: datetime) -> bool:
    """Whether an instance that people have for its application fails by itself by now, and has for long enough."""
    theirs = case.handed_over_at is not None and case.confirmed_cause is Cause.APPLICATION_DOWN
    if not theirs or case.cause not in BY_ITSELF or _never_ran(case, service):
        return False
    return now >= case.since + patience(case.cause, service)


def is_unheard(case: Case, service: Service, now: datetime) -> bool:
    """Whether it ``fails_anew`` in a way of which people have not heard yet.

    EC2 dates a failure before it shows it: when it began says nothing of what they were told.
    """
    return _told_as(case) not in case.told_of and fails_anew(case, service, now)


def heard(case: Case) -> tuple[str, ...]:
    """What people have been told of once they are asked now: also which failure it is, where another may follow."""
    again = case.confirmed_cause is not Cause.APPLICATION_DOWN or _told_as(case) in case.told_of
    return case.told_of if again else (*case.told_of, _told_as(case))


def as_new(decision: Escalate, case: Case) -> Escalate:
    """The hand-over of what people have already, by the failure that is news to them."""
    words = CAUSE_WORDS[case.cause]
    known = decision.reason.startswith(words)
    return decision if known else replace(decision, reason=f"{words}, and {decision.reason}")


def _told_as(case: Case) -> str:
    return f"handed_over:{case.cause}"


def _never_ran(case: Case, service: Service) -> bool:
    """Whether it is down since Defib's own stop: as it was when people got it, or fallen back from a start since."""
    if not case.owes_start(case.cause) or case.handed_over_at is None:
        return False
    return case.since <= case.handed_over_at or coming_back(case, service, case.since)


def taken_back(case: Case, now: datetime) -> Case:
    """The case that is Defib's again, for another failure than the one that was handed over.

    What was done before counts for its limits; a yes or no about the application was none about this,
    and whoever has heard what held that repair has not heard what holds this one.
    """
    return replace(
        case,
        confirmed_at=now,
        confirmed_cause=case.cause,
        resumed_at=now,
        handed_over_at=None,
        asked_again_at=None,
        ask="",
        approval=None,
        told_of=(),
    )


def has_evidence(case: Case) -> bool:
    """Whether evidence was taken of the failure that the case is about; since it was taken back, if it was."""
    again = case.confirmed_at if case.confirmed_at == case.resumed_at else None
    return any(a.action is Action.EVIDENCE and (again is None or a.intended_at >= again) for a in case.attempts)


def is_theirs(case: Case) -> bool:
    """Whether people have what fails, and Defib owes it no start: neither stopped by Defib nor being stopped."""
    stays = case.handed_over_at is None or case.cause in NOT_FAILING or case.cause is Cause.STUCK_STOPPING
    return not (stays or case.owes_start(case.cause))


def told_at(case: Case) -> datetime | None:
    """When people were last told that it is theirs; None where it is not."""
    return case.asked_again_at or case.handed_over_at


def unmended_for(case: Case, now: datetime) -> timedelta:
    """How long people have had it since they were last told."""
    told = told_at(case)
    return now - told if told is not None else timedelta(0)


def unmended(case: Case) -> str:
    """Why people are told anew of what they have. It is not closed: what fails or is stopped is not over."""
    since = case.handed_over_at or case.opened_at
    return f"you have had it since {day(since)}, and {CAUSE_WORDS[case.cause]}"


def asked(case: Case) -> str:
    """What people were asked when they got it; empty where that was to mend a stop, and it runs by now.

    Without the notes that ``step`` puts after it: whether they still hold it sees each time.
    """
    started, since = case.last(Action.START), case.handed_over_at
    by_defib = started is not None and since is not None and started.intended_at >= since
    return "" if by_defib and case.cause not in STOPPED else case.ask.partition(NOTE)[0]
