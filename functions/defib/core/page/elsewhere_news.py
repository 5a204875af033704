"""What staff are told of another page: once that it does not follow, and once that it does again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from defib.core.bulletin import Story, compose
from defib.core.duration import format_duration
from defib.core.frozen import replace
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.page.elsewhere import OtherPage
from defib.core.page.followed import Followed
from defib.core.page.pace import MEND_PAUSE
from defib.core.policy import Policy

PREFIX = "page:"
"""How the names begin under which these notices are kept: every contact hears of them (core/audience.py)."""


def news(
    before: Followed, after: Followed, other: OtherPage, policy: Policy, now: datetime
) -> tuple[Followed, Notice | None]:
    """What is to be remembered, and the notice that goes with it, if staff must hear of what has changed."""
    failing = after.failing
    if failing is not None and not failing.told and (failing.mend or now - failing.since >= other.tell_after):
        told = replace(after, failing=replace(failing, told=True))
        story = _fails(failing.said, failing.mend, other)
        _, notice = compose(_incident(other, failing.since), story, NoticeKind.OPENED, policy, now)
        return told, notice
    was = before.failing
    if was is not None and was.told and failing is None:
        incident = replace(_incident(other, was.since), notices=1, resolved_at=now)
        _, notice = compose(incident, _recovered(was.said, now - was.since, other), NoticeKind.RESOLVED, policy, now)
        return after, notice
    return after, None


def _incident(other: OtherPage, since: datetime) -> Incident:
    """Numbered by its time: of one page, no two begin in one second."""
    return Incident(f"{PREFIX}{other.name}", int(f"{since.astimezone(UTC):%y%m%d%H%M%S}"), since)


def _fails(said: str, mend: bool, other: OtherPage) -> Story:
    doing = "It keeps what that page must be told, and tells it in order, once, as soon as it can."
    duty = f"Look at the page at {other.address}, and tell its readers yourself what they must know."
    if mend:
        pause = format_duration(MEND_PAUSE)
        doing += f" It tries again every {pause}."
        duty = (
            f"Mend it: the secret {other.secret}, or [page.elsewhere.{other.name}] in defib.toml. Then do nothing: "
            f"the next try is within {pause}."
        )
    return Story(f"{_called(other)} does not follow", said, doing, duty, "See the e-mail.")


def _recovered(said: str, after: timedelta, other: OtherPage) -> Story:
    took = format_duration(timedelta(seconds=round(after.total_seconds())))
    return Story(
        f"{_called(other)} follows again after {took}",
        said,
        "It has begun to tell what that page missed, in order.",
        "Nothing. If you told its readers something yourself, look whether it still holds.",
        "Nothing to do.",
    )


def _called(other: OtherPage) -> str:
    return f"the page {other.name}" if other.name == other.kind else f"the page {other.name} ({other.kind})"
