"""What people are told of EC2's own issues: one incident for all that are open, from the first held repair on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from defib.core.bulletin import Story, compose
from defib.core.duration import format_duration
from defib.core.frozen import replace
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.issue import Issue, Issues
from defib.core.limits import Limits
from defib.core.policy import Policy
from defib.core.words import NAME_MAX, plain

INCIDENT_SERVICE = "aws:ec2"
"""The name under which these incidents are kept; no service can have it."""

Told = tuple[Issues, Incident | None, Notice | None]


def reviewed(issues: Issues, limits: Limits, now: datetime) -> Issues:
    """Without issues of which AWS has long said nothing, nor a held repair that goes on before people heard of it."""
    known = tuple(i for i in issues.known if now - i.said_at < limits.health_issue_hold)
    held = issues.held if issues.incident or issues.under_way(limits, now) else ""
    return replace(issues, known=known, held=held)


def named(issues: Issues, zone_names: Mapping[str, str]) -> Issues:
    """With the names that the zones have in this account. A zone that it does not know makes it the Region's issue."""
    return replace(issues, known=tuple(_named(i, zone_names) for i in issues.known))


def unnamed(issues: Issues) -> bool:
    """Whether zones are to be looked up."""
    return any(i.zone_ids and not i.zones and not i.over for i in issues.known)


def _named(issue: Issue, zone_names: Mapping[str, str]) -> Issue:
    names = [zone_names.get(zone_id, "") for zone_id in issue.zone_ids]
    return replace(issue, zones=tuple(names)) if all(names) else replace(issue, zone_ids=())


def told(issues: Issues, latest: Incident | None, policy: Policy, now: datetime) -> Told:
    """The issues, their incident and its next notice, if people must hear of something. ``latest`` is the newest."""
    limits = policy.limits
    opened = issues.under_way(limits, now)
    if opened and issues.held and not issues.incident:
        number = latest.number + 1 if latest is not None else 1
        incident = Incident(INCIDENT_SERVICE, number, min(i.since for i in opened))
        story = _begun(issues, opened, limits)
        return replace(issues, incident=number), *compose(incident, story, NoticeKind.OPENED, policy, now)
    if issues.incident and not opened:
        incident = latest or Incident(INCIDENT_SERVICE, issues.incident, now)
        story = _over(issues, incident, limits, now)
        ended = replace(issues, incident=0, held="")
        return ended, *compose(replace(incident, resolved_at=now), story, NoticeKind.RESOLVED, policy, now)
    return issues, None, None


def _begun(issues: Issues, opened: tuple[Issue, ...], limits: Limits) -> Story:
    issue, hold, waits = opened[0], format_duration(limits.health_issue_hold), plain(issues.held, NAME_MAX)
    scope = "tells everybody" if issue.public else "tells this account"
    of = ", ".join(_in_full(i) for i in opened)
    return Story(
        f"EC2 has an open issue{issue.where} ({issue.brief}): repairs are held",
        f"AWS Health {scope} of {of}. What AWS is mending itself no restart mends, and what is stopped now may find no "
        f"room to start. The first repair that waits is that of {waits}.",
        "It stops, reboots and replaces nothing there; what is stopped it still starts. When AWS says that it is over, "
        f"or has said nothing for {hold}, it repairs what still fails, one by one, within its limits.",
        "Look at the AWS Health Dashboard (https://health.aws.amazon.com/health/home), and decide whether to move "
        "traffic away. If you know better, restart instances yourself; or, to let Defib repair all the same, set "
        'limits.health_issue = "ignore" and deploy.',
        "Please look at AWS Health.",
        asks=True,
    )


def _in_full(issue: Issue) -> str:
    return f"{issue.code} in {', '.join(issue.zone_ids) or 'the Region'}"


def _over(issues: Issues, incident: Incident, limits: Limits, now: datetime) -> Story:
    took = format_duration(timedelta(seconds=round((now - incident.opened_at).total_seconds())))
    said = [i.code for i in issues.known if i.over]
    headline, wrong = f"EC2's issue is over after {took}: repairs go on", f"AWS Health said: {', '.join(said)}."
    if not said:
        headline = "EC2's issue holds no repairs any more: repairs go on"
        hold = format_duration(limits.health_issue_hold)
        wrong = f"AWS Health has said nothing of it for {hold}, or limits.health_issue is ignore; it may still be open."
    doing = "It repairs what still fails, one by one, within its limits."
    return Story(headline, wrong, doing, "Nothing now. Defib tells you if an instance needs you.", "Nothing to do.")
