"""A night on which all is well, to be spoilt by each test in its own way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchtower.model import (
    Alarm,
    CameOut,
    Heartbeats,
    Knocked,
    Listing,
    PageMade,
    Readings,
    Rule,
    Standing,
    Subscription,
    Texts,
    TextsIn,
    Unknown,
    Watched,
    Why,
)
from watchtower.settings import Settings, Subscriber, Way

NOW = datetime(2026, 4, 30, 3, 0, tzinfo=UTC)
THERE, HERE = "us-east-1", "us-west-2"
ADA, BOB, PHONE = "ada@defib.test", "bob@defib.test", "+12025550123"

WAYS = (
    Way("notices", "publish"),
    Way("orders", "remediate"),
    Way("turns", "page"),
    Way("turns-atlassian", "elsewhere-atlassian", "turns"),
    Way("incidents", "diagnose", "notices"),
)

SETTINGS = Settings(
    region=HERE,
    primary_region=THERE,
    primary_stack="Defib",
    parameter="/defib/Defib/watched",
    alarms=2,
    ways=WAYS,
    rules=("StateRule", "ApprovalRule"),
    doors=("answer", "subscribe"),
    subscribers=(
        Subscriber("Alerts", "email", ADA),
        Subscriber("Alerts", "email", BOB),
        Subscriber("Alerts", "sms", PHONE),
    ),
    own_subscribers=(Subscriber("Findings", "email", ADA), Subscriber("Findings", "sms", PHONE)),
    sweep_within=timedelta(seconds=90),
    canary_within=timedelta(seconds=30),
    page_within=timedelta(minutes=15),
    has_page=True,
    sms_share=80,
    looks=2,
    dead_mans_switch="",
)

DEAD_LETTERS = Alarm("Defib-WatchDeadLetters1A2B3C4D-X1", "OK", "Defib set aside messages. Read them.")
HEARTBEAT = Alarm("Defib-WatchSweepHeartbeat0A1B2C3D-X2", "OK", "No sweep has finished for 3 minutes.")
WATCHED = Watched("Defib-Cases", {"Alerts": f"arn:aws:sns:{THERE}:123456789012:Defib-Alerts"}, "https://page.test")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def listing(
    region: str, topic: str, *confirmed: str, pending: tuple[str, ...] = (), unsubscribed: tuple[str, ...] = ()
) -> Listing:
    by = {Standing.CONFIRMED: confirmed, Standing.PENDING: pending, Standing.UNSUBSCRIBED: unsubscribed}
    return Listing(region, topic, tuple(Subscription(one, stands) for stands, some in by.items() for one in some))


ALERTS = listing(THERE, "Alerts", ADA, BOB, PHONE)
FINDINGS = listing(HERE, "Findings", ADA, PHONE)

WELL = Readings(
    watched=WATCHED,
    canary_sent=None,
    heartbeats=Heartbeats(ago(seconds=40), {way.word: CameOut(ago(seconds=60), ago(seconds=57)) for way in WAYS}),
    alarms=(DEAD_LETTERS, HEARTBEAT),
    listings=(ALERTS, FINDINGS),
    texts=(TextsIn(THERE, Texts(0.2, 1.0, False)), TextsIn(HERE, Texts(0.0, 1.0, False))),
    page=PageMade(ago(minutes=4)),
    rules=(Rule("StateRule", True), Rule("ApprovalRule", True)),
    doors=(Knocked("answer", None), Knocked("subscribe", None)),
)


def spoilt(**changes: Any) -> Readings:
    return replace(WELL, **changes)


def silent(whom: str = "DynamoDB in us-east-1") -> Unknown:
    return Unknown(Why.SILENT, f"{whom} timed out")


def mute(**changes: Any) -> Readings:
    """Nothing comes back from the primary's Region."""
    return replace(
        spoilt(
            watched=silent(),
            canary_sent=silent(),
            heartbeats=silent(),
            alarms=silent(),
            rules=silent("EventBridge in us-east-1"),
            doors=tuple(Knocked(function, silent(f"its {function}")) for function in SETTINGS.doors),
            listings=(replace(ALERTS, found=silent()), FINDINGS),
            texts=(TextsIn(THERE, silent()), WELL.texts[1]),
        ),
        **changes,
    )
