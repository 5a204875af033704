"""Open EC2 issues, as AWS Health tells them: what AWS itself is mending, no restart mends."""

from __future__ import annotations

from datetime import datetime

from defib.core.frozen import dataclass, replace
from defib.core.limits import HealthIssue, Limits

ISSUES_MAX = 20
"""Issues kept; of more, those that AWS has spoken of last."""

AWS_ISSUE = "aws_issue"
"""The guard that holds repairs while an issue is open."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue, and AWS's last word on it."""

    arn: str
    code: str
    since: datetime
    """When AWS first spoke of it to Defib."""
    said_at: datetime
    """AWS's last word on it."""
    over: bool = False
    public: bool = True
    """Told to every account; else it is about resources of this one."""
    zone_ids: tuple[str, ...] = ()
    """The zones that AWS names, such as ``use1-az4``; empty: the Region."""
    zones: tuple[str, ...] = ()
    """The same zones by their names in this account; empty until they have been looked up."""

    @property
    def where(self) -> str:
        """In words that fit a subject; empty for the Region."""
        if len(self.zone_ids) > 1:
            return f" in {len(self.zone_ids)} zones"
        return f" in {self.zone_ids[0]}" if self.zone_ids else ""

    @property
    def brief(self) -> str:
        """What AWS calls it, without what all are called."""
        return self.code.removeprefix("AWS_EC2_")


@dataclass(frozen=True, slots=True)
class Issues:
    """Every issue of which AWS has spoken lately, and what people know of them."""

    known: tuple[Issue, ...] = ()
    held: str = ""
    """The first instance whose repair was held, by name: from then on people must hear of it."""
    incident: int = 0
    """The number of the incident that told people; 0 while none did."""

    def under_way(self, limits: Limits, now: datetime) -> tuple[Issue, ...]:
        """The issues that are a reason to wait."""
        if limits.health_issue is HealthIssue.IGNORE:
            return ()
        return tuple(i for i in self.known if not i.over and now - i.said_at < limits.health_issue_hold)

    def about(self, zone: str, limits: Limits, now: datetime) -> Issue | None:
        """An open issue that may be about instances of ``zone``; until its zones are looked up, it may be any."""
        return next((i for i in self.under_way(limits, now) if not i.zones or zone in i.zones), None)

    def heard(self, issue: Issue, now: datetime) -> Issues:
        """The issues after AWS's word on one; the same for a word that is doubled, or older than what is known."""
        said = replace(issue, said_at=min(issue.said_at, now), since=min(issue.since, now))
        known = next((i for i in self.known if i.arn == issue.arn), None)
        if known is not None:
            if (said.said_at, said.over) <= (known.said_at, known.over):
                return self
            said = replace(said, since=known.since, zone_ids=said.zone_ids or known.zone_ids)
            said = replace(said, zones=known.zones if said.zone_ids == known.zone_ids else ())
        others = (i for i in self.known if i is not known)
        # What is over is kept too: a word that AWS said earlier may still arrive.
        kept = sorted((*others, said), key=lambda i: i.said_at)[-ISSUES_MAX:]
        return replace(self, known=tuple(kept))
