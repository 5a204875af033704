"""Contacts, their addresses, and what SNS says of each."""

from __future__ import annotations

from dataclasses import replace

from defib.core.policy import Contact, Policy, Service, Tag
from defib.core.reach import Reach, Readings, Standing, Subscription, Topic, expected, findings
from tests.core.facts import NOON

MAIL, PHONE = "oncall@example.com", "+12025550123"
CONTACTS = (Contact("oncall", (MAIL,), (PHONE,)), Contact("boss", ("boss@example.com",)))
POLICY = Policy(Tag("self-heal", "true"), (Service("web", {"service": ("web",)}, tell=("oncall",)),), CONTACTS)
ADDRESSES = expected(POLICY)
ALL_CONFIRMED = tuple(Subscription(a.topic, a.endpoint, Standing.CONFIRMED) for a in ADDRESSES)
GOOD = Readings(ALL_CONFIRMED, quota_usd=10, spent_usd=1)


def with_standing(standing: Standing | None, endpoint: str = MAIL, *topics: Topic) -> Readings:
    """All is well, but for one address; None: SNS does not list it."""
    about = topics or (Topic.INCIDENTS, Topic.ALERTS)
    others = tuple(s for s in ALL_CONFIRMED if s.endpoint != endpoint or s.topic not in about)
    changed = tuple(Subscription(topic, endpoint, standing) for topic in about) if standing is not None else ()
    return replace(GOOD, subscriptions=(*others, *changed))


def reach(readings: Readings) -> Reach:
    """What is remembered after the first look, at noon."""
    return Reach(findings=findings(ADDRESSES, readings, 80, NOON))
