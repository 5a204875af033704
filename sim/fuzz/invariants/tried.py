"""What a case says of its attempts, read line by line: which may have changed anything, and which is under way."""

from __future__ import annotations

from datetime import datetime

from defib.core.case import Action, Attempt, Case
from defib.core.model import Verdict


def may_be_done(attempt: Attempt) -> bool:
    """Whether AWS has accepted it, or may have."""
    said = attempt.result.verdict if attempt.result is not None else None
    return said is Verdict.DONE or (said is Verdict.LOST and attempt.claimed_at is not None)


def under_way(case: Case) -> Attempt | None:
    """The newest attempt while it has no result."""
    newest = case.attempts[-1] if case.attempts else None
    return newest if newest is not None and newest.result is None else None


def is_begun(case: Case) -> bool:
    """Whether anything but the taking of evidence was decided."""
    return any(attempt.action is not Action.EVIDENCE for attempt in case.attempts)


def is_changed(case: Case) -> bool:
    """Whether anything was done, or may have been."""
    return any(may_be_done(attempt) for attempt in case.attempts if attempt.action is not Action.EVIDENCE)


def last(case: Case, action: Action) -> Attempt | None:
    """The newest that was done, or may have been."""
    done = [attempt for attempt in case.attempts if attempt.action is action and may_be_done(attempt)]
    return done[-1] if done else None


def done_at(attempt: Attempt | None) -> datetime | None:
    """When it was done, or may have been."""
    return attempt.result.at if attempt is not None and attempt.result is not None and may_be_done(attempt) else None
