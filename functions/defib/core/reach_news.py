"""What people are told of addresses that reach nobody: those who can be reached hear who can't, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from defib.core.asking import in_region
from defib.core.bulletin import Story, compose
from defib.core.duration import format_duration
from defib.core.frozen import replace
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.medium import Medium
from defib.core.reach import PENDING_FOR, Finding, Problem, Reach, expected, unreachable
from defib.core.words import day

if TYPE_CHECKING:
    from defib.core.policy import Policy

INCIDENT_SERVICE = "defib:contacts"
"""The name under which these incidents are kept; no service can have it."""

NAMED_MOST = 3
"""Addresses in a headline; the e-mail has all."""

Told = tuple[Reach, Incident | None, Notice | None]


def shown(finding: Finding) -> str:
    """The address as a message may show it: whoever knows the whole address of a webhook can post to it."""
    if finding.problem is Problem.UNANSWERED:
        return f"contact {finding.contact}"
    if finding.medium is Medium.CHAT:
        return f"the chat of {finding.contact}"
    if not finding.endpoint:
        return "SMS"
    if finding.medium is not Medium.HTTPS:
        return finding.endpoint
    scheme, _, rest = finding.endpoint.partition("://")
    return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}/..."


def remedy(finding: Finding, ends_at: datetime | None = None, region: str = "") -> str:
    """What is wrong with the address in a sentence, and what to do in the next; ``ends_at`` is until when, if known."""
    number, both, there = finding.endpoint, " and ".join(finding.topics), in_region(region)
    match finding.problem:
        case Problem.UNCONFIRMED:
            link = 'Open the link in the mail "AWS Notification - Subscription Confirmation"'
            if finding.medium is Medium.HTTPS:
                link = "Have it visit the SubscribeURL"
            until = f"by {day(ends_at)}" if ends_at is not None else "within two days"
            return (
                f"has not confirmed its subscription to {both}. {link} that SNS sent for each, {until}: then SNS "
                "forgets the subscription."
            )
        case Problem.UNSUBSCRIBED if finding.medium is Medium.CHAT:
            return (
                "has no channel: subscribe one in Amazon Q Developer in chat applications to its topic, which the "
                "stack's output ChatTopic... names. Or leave chat out of the contact."
            )
        case Problem.UNSUBSCRIBED:
            return (
                f"is not subscribed to {both}: nobody confirmed within two days, or somebody unsubscribed. Take it "
                "out of defib.toml (where its contact has no other, put another in its place), make deploy, put it "
                "back, make deploy, and confirm."
            )
        case Problem.UNVERIFIED:
            return (
                "gets no SMS: the account is in the SMS sandbox, and the number is not verified. Either verify it "
                f"(aws sns create-sms-sandbox-phone-number{there} --phone-number {number}, then aws sns "
                f"verify-sms-sandbox-phone-number{there} --phone-number {number} --one-time-password CODE), or ask "
                "AWS to move the account out of the sandbox (SNS console, Text messaging)."
            )
        case Problem.OPTED_OUT:
            return (
                "has opted out of SMS of this account. With its owner's consent, and at most once in 30 days: "
                f"aws sns opt-in-phone-number{there} --phone-number {number}"
            )
        case Problem.SPENT:
            until = "SNS sends none to anybody until the month ends (UTC)"
            return f"cost {finding.detail} this month: {until}. {_raise(there)}"
        case Problem.SPENDING:
            return f"cost {finding.detail} this month; when that is spent, SNS sends none to anybody. {_raise(there)}"
        case Problem.UNANSWERED:
            return (
                f"has not answered the drill of {finding.detail}. Call them: are their phones charged and on, does "
                "mail of Amazon SNS reach them, or does a filter keep it? For a day, a late answer to the drill counts."
            )
    assert_never(finding.problem)


def scanned(found: Sequence[Finding]) -> str:
    """How to confirm so that no scanner of mail can undo it; empty where no mail is waited for.

    Such a scanner follows every link, and the one to unsubscribe asks nothing (SNS API, ConfirmSubscription,
    AuthenticateOnUnsubscribe).
    """
    waits = (Problem.UNCONFIRMED, Problem.UNSUBSCRIBED)
    if not any(f.medium is Medium.EMAIL and f.problem in waits for f in found):
        return ""
    return (
        "A scanner that follows the links in mail unsubscribes whoever has confirmed by opening the link. Where there "
        "is one, confirm by a command instead, with the link's own TopicArn and Token, in its Region: aws sns "
        "confirm-subscription --region REGION --topic-arn TOPIC_ARN --token TOKEN --authenticate-on-unsubscribe true"
    )


def _raise(there: str) -> str:
    return (
        "Ask AWS for a higher quota (Service Quotas, or a support case for SNS text messaging), then: "
        f"aws sns set-sms-attributes{there} --attributes MonthlySpendLimit=USD"
    )


def forgotten_at(finding: Finding) -> datetime:
    """When SNS deletes the subscription at the latest."""
    return finding.since + PENDING_FOR


def tell(reach: Reach, latest: Incident | None, policy: Policy, now: datetime) -> Told:
    """Reach with what is told, its incident and the next notice, if people must hear of something new, or of the end.

    ``latest`` is the newest incident about contacts.
    """
    ripe = tuple(f for f in reach.findings if f.is_ripe(now))
    if any(not f.told for f in ripe):
        number = reach.incident or (latest.number + 1 if latest is not None else 1)
        incident = latest if reach.incident and latest is not None else None
        incident = incident or Incident(INCIDENT_SERVICE, number, min(f.since for f in ripe))
        heard = tuple(replace(f, told=f.told or f in ripe) for f in reach.findings)
        story = _trouble(ripe, policy)
        told = replace(reach, findings=heard, incident=number)
        return told, *compose(incident, story, NoticeKind.OPENED, policy, now)
    if reach.incident and not ripe:
        incident = latest or Incident(INCIDENT_SERVICE, reach.incident, now)
        over = replace(incident, resolved_at=now)
        return replace(reach, incident=0), *compose(over, _over(incident, now), NoticeKind.RESOLVED, policy, now)
    return reach, None, None


def _trouble(found: Sequence[Finding], policy: Policy) -> Story:
    every = format_duration(policy.delivery.check_every)
    fresh = [f for f in found if not f.told]
    headline = "; ".join(_clauses(fresh))
    cut_off = unreachable(expected(policy), found)
    if cut_off:
        several = "s" if len(cut_off) > 1 else ""
        headline = f"nobody at contact{several} {', '.join(cut_off)} can be reached: {headline}"
    told = [f"  {shown(f)}{_of(f)} {remedy(f, forgotten_at(f), policy.region)}" for f in found]
    lines = "\n".join(filter(None, (*told, scanned(found))))
    return Story(
        headline,
        "What Defib has to say does not reach everybody who should hear it.",
        f"It tells those who can be reached, asks SNS again every {every}, and says when all is well.",
        f"See to it:\n{lines}",
        _IN_SHORT[fresh[0].problem],
    )


_IN_SHORT = {
    Problem.UNCONFIRMED: "Open the confirmation mail there.",
    Problem.UNSUBSCRIBED: "Subscribe it again.",
    Problem.UNVERIFIED: "Verify it with SNS.",
    Problem.OPTED_OUT: "Opt it in again with SNS.",
    Problem.SPENT: "Ask AWS for more.",
    Problem.SPENDING: "Ask AWS for more.",
    Problem.UNANSWERED: "Please check their phones.",
}
"""What an SMS asks for."""


def _clauses(found: Sequence[Finding]) -> Iterator[str]:
    """What is wrong, one clause for all addresses that have it in common."""
    alike: dict[tuple[Problem, bool], list[Finding]] = {}
    for finding in found:
        alike.setdefault((finding.problem, finding.cuts_off), []).append(finding)
    for (problem, cuts_off), group in alike.items():
        if problem is Problem.SPENT:
            yield f"phones get no SMS: the month's quota is spent ({group[0].detail})"
        elif problem is Problem.SPENDING:
            yield f"the month's SMS quota is nearly spent ({group[0].detail})"
        elif problem is Problem.UNANSWERED:
            yield f"nobody has answered the drill: {', '.join(finding.contact for finding in group)}"
        else:
            what = "nothing" if cuts_off else "no alerts about Defib itself"
            yield f"{_who(group)} get{'' if len(group) > 1 else 's'} {what}: {_WHY[problem]}"


_WHY = {
    Problem.UNCONFIRMED: "not confirmed",
    Problem.UNSUBSCRIBED: "not subscribed",
    Problem.UNVERIFIED: "not verified in the SMS sandbox",
    Problem.OPTED_OUT: "opted out",
}


def _who(found: Sequence[Finding]) -> str:
    names = [shown(finding) for finding in found]
    more = f" and {len(names) - NAMED_MOST} more" if len(names) > NAMED_MOST else ""
    return ", ".join(names[:NAMED_MOST]) + more


def _of(finding: Finding) -> str:
    return f" (contact {finding.contact})" if finding.contact and finding.endpoint else ""


def _over(incident: Incident, now: datetime) -> Story:
    took = format_duration(timedelta(seconds=round((now - incident.opened_at).total_seconds())))
    return Story(
        f"every address can be reached again after {took}",
        "Some of what Defib had to say did not reach everybody.",
        "Nothing more.",
        "Nothing.",
        "Nothing to do.",
    )
