"""How often another page is called, and what becomes of a call that fails: when it is made again, and who hears of it.

A passing failure is tried again with growing pauses, and told of when it lasts. One that only a person can mend is told
of at once, and tried again slowly: whoever mends it need tell nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from defib.core.frozen import dataclass, replace
from defib.core.page.followed import Doing, Failing, Followed, Held
from defib.core.page.steps import Step, Tell

PACE = timedelta(seconds=1)
"""Between two calls: Statuspage takes one a second of each key (Statuspage REST API, Rate limiting)."""
UNDER_WAY = timedelta(seconds=60)
"""How long a call that was about to be made counts as being made: longer than its function may run (30 s), with time
for the other side to finish what it has begun."""
FIRST_PAUSE = timedelta(seconds=15)
"""After a failure that may pass; it doubles each time, ..."""
LONGEST_PAUSE = timedelta(minutes=5)
"""... up to this."""
MEND_PAUSE = timedelta(minutes=5)
"""After a failure that a person must mend: as long as a secret is kept, so that each try is with the present one."""
SLOWER = timedelta(seconds=60)
"""When asked to slow down, without being told for how long: Statuspage counts over a minute."""
SLOWER_MOST = timedelta(minutes=15)
"""The longest that anybody's Retry-After is believed."""


class Failure(StrEnum):
    """What a failed call means."""

    SLOWER = "slower"
    """It was refused for coming too soon."""
    UNANSWERED = "unanswered"
    """It may have been carried out, or not."""
    UNFIT = "unfit"
    """It was refused for what it says; other calls may pass. A person must mend something."""
    REFUSED = "refused"
    """All calls are refused. A person must mend something."""


@dataclass(frozen=True, slots=True)
class Failed:
    """One failed call."""

    failure: Failure
    said: str
    """In words for staff; holds no secret."""
    after: timedelta | None = None
    """How long the other side asked to be left alone."""


def is_due(followed: Followed, now: datetime) -> bool:
    """Whether a call may be made now. A call that was about to be made is given its time."""
    until = [followed.quiet_until, followed.doing.until if followed.doing is not None else None]
    return all(at is None or now >= at for at in until)


def about_to(followed: Followed, step: Step, now: datetime) -> Followed:
    """What is remembered before ``step`` is carried out: how what it changes stands there is not known until it was."""
    changes = {*step.components} if isinstance(step, Tell) else {step.component}
    followed = replace(followed, components={c: s for c, s in followed.components.items() if c not in changes})
    if not isinstance(step, Tell):
        return replace(followed, doing=Doing(step.what, now + UNDER_WAY))
    known = followed.with_item(replace(step.item, outage=step.outage))
    return replace(known, doing=Doing(step.what, now + UNDER_WAY, step.mark, step.part))


def looking(followed: Followed, now: datetime) -> Followed:
    """What is remembered before a look at whether a call was carried out."""
    assert followed.doing is not None
    return replace(followed, doing=replace(followed.doing, until=now + UNDER_WAY))


def went_well(followed: Followed, what: str, now: datetime) -> Followed:
    """After a call about ``what`` that was answered as it should be."""
    held = tuple(h for h in followed.held if h.what != what)
    failing = followed.failing if held else None
    return replace(followed, doing=None, quiet_until=now + PACE, tries=0, held=held, failing=failing)


def went_wrong(followed: Followed, what: str, failed: Failed, now: datetime, *, looked: bool) -> Followed:
    """After a call about ``what`` that failed; ``looked`` when it was a look at whether an earlier one succeeded."""
    since = followed.failing.since if followed.failing is not None else now
    was_told = followed.failing is not None and followed.failing.told
    mend = failed.failure in (Failure.UNFIT, Failure.REFUSED)
    after = replace(followed, failing=Failing(since, failed.said, was_told, mend), tries=followed.tries + 1, doing=None)
    if (looked or failed.failure is Failure.UNANSWERED) and followed.doing is not None:
        # Still nobody knows: the next turn looks first.
        after = replace(after, doing=replace(followed.doing, until=now))
    match failed.failure:
        case Failure.SLOWER:
            pause = min(SLOWER if failed.after is None else failed.after, SLOWER_MOST)
        case Failure.UNANSWERED:
            pause = min(FIRST_PAUSE * 2 ** min(followed.tries, 10), LONGEST_PAUSE)
        case Failure.UNFIT if not looked:
            others = tuple(h for h in followed.held if h.what != what)
            after, pause = replace(after, held=(*others, Held(what, now + MEND_PAUSE))), PACE
        case Failure.UNFIT | Failure.REFUSED:
            pause = MEND_PAUSE
        case _:
            assert_never(failed.failure)
    return replace(after, quiet_until=now + max(pause, PACE))


def nothing_left(followed: Followed) -> Followed:
    """When there is nothing more to tell: then nothing fails either."""
    return replace(followed, held=(), failing=None, tries=0)
