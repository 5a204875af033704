"""Whether everybody who is to be told can be: what Amazon SNS says of each address, held against the contacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from defib.core.drill import Drill
from defib.core.frozen import dataclass, replace
from defib.core.medium import Medium
from defib.core.words import day

if TYPE_CHECKING:
    from defib.core.contact import Contact
    from defib.core.drill import DrillSettings
    from defib.core.policy import Policy

PENDING_FOR = timedelta(hours=48)
"""How long SNS waits for a confirmation before it deletes the subscription (AWS What's New, 10 May 2023)."""

TO_CONFIRM = timedelta(minutes=30)
"""How long after it was first seen a missing confirmation is nobody else's business: whoever has just been subscribed
needs a moment to open a mail."""


class Topic(StrEnum):
    """What an address is subscribed to."""

    INCIDENTS = "incidents"
    ALERTS = "alerts"
    FINDINGS = "findings of the watchtower"
    HEARTBEAT = "alarms about the watchtower"
    CHAT = "chat"
    """Each contact's own, to which a chat channel subscribes itself."""


OF_INCIDENTS = (Topic.INCIDENTS, Topic.CHAT)


@dataclass(frozen=True, slots=True)
class Address:
    """One place that messages go, on one topic."""

    topic: Topic
    medium: Medium
    endpoint: str
    contact: str


class Standing(StrEnum):
    """What SNS says of a subscription instead of, or by, its ARN (SNS API, ListSubscriptionsByTopic)."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as SNS lists it."""

    topic: Topic
    endpoint: str
    standing: Standing


class Question(StrEnum):
    """What is asked of AWS; each may go unanswered by itself."""

    INCIDENTS = "subscriptions of the incidents topic"
    ALERTS = "subscriptions of the alerts topic"
    FINDINGS = "subscriptions of the watchtower's findings topic"
    HEARTBEAT = "subscriptions of the watchtower's heartbeat topic"
    CHAT = "subscriptions of the chat topics"
    SANDBOX = "SMS sandbox"
    OPT_OUTS = "numbers that opted out"
    QUOTA = "SMS quota"


SUBSCRIPTIONS_OF = {
    Topic.INCIDENTS: Question.INCIDENTS,
    Topic.ALERTS: Question.ALERTS,
    Topic.FINDINGS: Question.FINDINGS,
    Topic.HEARTBEAT: Question.HEARTBEAT,
    Topic.CHAT: Question.CHAT,
}


@dataclass(frozen=True, slots=True)
class Readings:
    """What AWS said. What is about a question in ``unanswered`` is not known."""

    subscriptions: tuple[Subscription, ...] = ()
    sandboxed: bool = False
    """Whether the account may send SMS to verified numbers only."""
    verified: tuple[str, ...] = ()
    """The numbers that the sandbox lets through."""
    opted_out: tuple[str, ...] = ()
    quota_usd: float = 0
    """What SMS may cost in a month; 0: not known."""
    spent_usd: float = 0
    """What they have cost since the month began."""
    unanswered: Mapping[Question, str] = field(default_factory=dict)
    """Question to error."""


class Problem(StrEnum):
    """Why messages do not arrive, or soon will not."""

    UNCONFIRMED = "unconfirmed"
    UNSUBSCRIBED = "unsubscribed"
    """Nobody confirmed in time, or somebody has unsubscribed."""
    UNVERIFIED = "unverified"
    OPTED_OUT = "opted_out"
    SPENT = "spent"
    SPENDING = "spending"
    UNANSWERED = "unanswered"
    """Nobody at the contact has answered its drill in time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem with one address, or with every phone number."""

    problem: Problem
    medium: Medium
    endpoint: str
    """Empty for what is about every phone number."""
    contact: str
    since: datetime
    """When it was first seen; no later than that it began."""
    topics: tuple[Topic, ...] = ()
    """Of what is about subscriptions: which."""
    told: bool = False
    """Whether people have heard of it."""
    detail: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same problem when it is seen again."""
        return self.problem, self.endpoint.lower() or self.contact

    @property
    def cuts_off(self) -> bool:
        """Whether messages of incidents do not arrive now."""
        if self.problem in (Problem.SPENDING, Problem.UNANSWERED):
            return False
        return bool(set(self.topics) & set(OF_INCIDENTS)) if self.topics else True

    def is_ripe(self, now: datetime) -> bool:
        """Whether people should hear of it."""
        takes_a_person = self.problem is Problem.UNCONFIRMED or self.medium is Medium.CHAT
        return not takes_a_person or now - self.since >= TO_CONFIRM


@dataclass(frozen=True, slots=True)
class Reach:
    """What is remembered from one look to the next. Each write requires the version that was read."""

    version: int = 0
    looked_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    incident: int = 0
    """The number of the incident that tells of them; 0 while there is none."""
    unanswered: bool = False
    """Whether the last look left something unknown, so that the next one comes sooner."""
    drills: tuple[Drill, ...] = ()
    """The newest of each contact."""


def expected(policy: Policy) -> tuple[Address, ...]:
    """Every address that should be subscribed, to incidents and to alerts: a call for help may go to any contact.

    Of a chat, one that stands for whichever channel is subscribed to its topic.
    """
    every = (a for contact in policy.contacts for a in _of(contact, (Topic.INCIDENTS, Topic.ALERTS)))
    chats = (Address(Topic.CHAT, Medium.CHAT, chat_of(c.name), c.name) for c in policy.contacts if c.chat)
    return (*every, *chats)


def chat_of(contact: str) -> str:
    """What stands for whatever is subscribed to the contact's chat topic."""
    return f"chat:{contact}"


def expected_of_watchtower(policy: Policy) -> tuple[Address, ...]:
    """Every address that should hear of the watchtower, in its Region; none where there is no watchtower."""
    watching = policy.contacts if policy.watchtower.stands else ()
    return tuple(address for contact in watching for address in _of(contact, (Topic.FINDINGS, Topic.HEARTBEAT)))


def _of(contact: Contact, topics: Sequence[Topic]) -> Iterator[Address]:
    media = ((Medium.EMAIL, contact.email), (Medium.SMS, contact.sms), (Medium.HTTPS, contact.https))
    for medium, endpoints in media:
        for endpoint in endpoints:
            yield from (Address(topic, medium, endpoint, contact.name) for topic in topics)


def findings(addresses: Sequence[Address], readings: Readings, sms_share: int, now: datetime) -> tuple[Finding, ...]:
    """Every problem that the readings show. What went unanswered shows none."""
    found = [*_subscriptions(addresses, readings, now)]
    numbers = {address.endpoint: address for address in addresses if address.medium is Medium.SMS}
    for number, address in numbers.items():
        if readings.sandboxed and number not in readings.verified:
            found.append(Finding(Problem.UNVERIFIED, Medium.SMS, number, address.contact, now))
        if number in readings.opted_out:
            found.append(Finding(Problem.OPTED_OUT, Medium.SMS, number, address.contact, now))
    if numbers and readings.quota_usd:
        found += _spending(readings, sms_share, now)
    return tuple(found)


def _subscriptions(addresses: Sequence[Address], readings: Readings, now: datetime) -> Iterator[Finding]:
    standings: dict[tuple[Topic, str], set[Standing]] = {}
    for subscription in readings.subscriptions:
        place = (subscription.topic, subscription.endpoint.lower())
        standings.setdefault(place, set()).add(subscription.standing)
    by: dict[str, dict[Topic, set[Standing]]] = {}
    whose = {address.endpoint: address for address in addresses}
    for address in addresses:
        if SUBSCRIPTIONS_OF[address.topic] not in readings.unanswered:
            seen = standings.get((address.topic, address.endpoint.lower()), set())
            by.setdefault(address.endpoint, {})[address.topic] = seen
    for endpoint, topics in by.items():
        address = whose[endpoint]
        unheard = {topic: seen for topic, seen in topics.items() if Standing.CONFIRMED not in seen}
        pending = tuple(topic for topic, seen in unheard.items() if Standing.PENDING in seen)
        missing = tuple(topic for topic in unheard if topic not in pending)
        for problem, of in ((Problem.UNCONFIRMED, pending), (Problem.UNSUBSCRIBED, missing)):
            if of:
                yield Finding(problem, address.medium, endpoint, address.contact, now, of)


def _spending(readings: Readings, sms_share: int, now: datetime) -> Iterator[Finding]:
    spent, quota = readings.spent_usd, readings.quota_usd
    detail = f"${spent:.2f} of ${quota:.2f}"
    if spent >= quota:
        yield Finding(Problem.SPENT, Medium.SMS, "", "", now, detail=detail)
    elif spent * 100 >= quota * sms_share:
        yield Finding(Problem.SPENDING, Medium.SMS, "", "", now, detail=detail)


def unheard(drills: Sequence[Drill], settings: DrillSettings, now: datetime) -> tuple[Finding, ...]:
    """The drills that nobody has answered in time."""
    return tuple(
        Finding(Problem.UNANSWERED, Medium.EMAIL, "", drill.contact, now, detail=f"{day(drill.since)}")
        for drill in drills
        if drill.is_late(settings, now)
    )


def merged(
    known: Sequence[Finding], found: Sequence[Finding], unanswered: Mapping[Question, str]
) -> tuple[Finding, ...]:
    """What is found now, with what is remembered of it; what could not be asked after stays as it was."""
    before = {finding.key: finding for finding in known}
    seen = {finding.key for finding in found}
    unknown = tuple(f for f in known if f.key not in seen and _questions(f) & set(unanswered))
    return (*(_remembered(finding, before.get(finding.key)) for finding in found), *unknown)


def _remembered(finding: Finding, before: Finding | None) -> Finding:
    return finding if before is None else replace(finding, since=before.since, told=before.told)


def _questions(finding: Finding) -> set[Question]:
    match finding.problem:
        case Problem.UNCONFIRMED | Problem.UNSUBSCRIBED:
            return {SUBSCRIPTIONS_OF[topic] for topic in finding.topics}
        case Problem.UNVERIFIED:
            return {Question.SANDBOX}
        case Problem.OPTED_OUT:
            return {Question.OPT_OUTS}
        case Problem.SPENT | Problem.SPENDING:
            return {Question.QUOTA}
        case Problem.UNANSWERED:
            return set()
    assert_never(finding.problem)


def unreachable(addresses: Sequence[Address], found: Sequence[Finding]) -> tuple[str, ...]:
    """The contacts of whom no address gets the messages of incidents."""
    deaf = {finding.endpoint for finding in found if finding.cuts_off}
    mute = any(finding.cuts_off and not finding.endpoint for finding in found)
    reached: dict[str, bool] = {}
    for address in addresses:
        if address.topic in OF_INCIDENTS:
            hears = address.endpoint not in deaf and not (mute and address.medium is Medium.SMS)
            reached[address.contact] = reached.get(address.contact, False) or hears
    return tuple(contact for contact, hears in reached.items() if not hears)
