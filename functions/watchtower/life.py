"""Whether Defib lives: sweeps end, and canaries come every way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from watchtower.model import CameOut, Finding, Heartbeats, Weight
from watchtower.settings import Settings, Way
from watchtower.spans import ago

INTERVAL = timedelta(minutes=1)
"""How often the watchtower looks, and sends a canary."""

BY_HAND = "Look at your instances by hand"

TOPIC = "incidents"
"""The way back, by the topic that people hear from."""
LOST = {
    "notices": "nobody is told",
    "orders": "nothing is repaired",
    "evidence": "no evidence is kept",
    "turns": "the status page stands still",
}
"""What it means that a queue is shut; what is not here is the queue of another page."""
URGENT = {"notices", "orders"}
"""Queues without which people must look after instances themselves."""


def sweep(heartbeats: Heartbeats, settings: Settings, now: datetime) -> Iterator[Finding]:
    swept_at = heartbeats.swept_at
    if swept_at is not None and now - swept_at <= settings.sweep_within:
        return
    there = settings.primary_region
    since = "ever" if swept_at is None else f"for {ago(now - swept_at)}"
    yield Finding(
        "sweep",
        "sweep",
        Weight.GRAVE,
        f"no sweep in {there} {since}: Defib may be blind",
        f"No sweep of Defib in {there} has seen everything {since}. What fails now may be found late or never.",
        f"{BY_HAND}; read the log of sweep in {there}, then its schedule",
    )


def canaries(heartbeats: Heartbeats, settings: Settings, now: datetime) -> Iterator[Finding]:
    """What none comes by is told once: not of the ways that go on from there as well."""
    shut = [way for way in settings.ways if is_shut(heartbeats.canaries.get(way.word), settings, now)]
    if shut and len(shut) == len(settings.ways):
        yield _none(heartbeats, settings, now)
        return
    words = {way.word for way in shut}
    yield from (_shut(way, heartbeats, settings, now) for way in shut if way.after not in words)
    yield from _slow(heartbeats, settings, words)


def is_shut(canary: CameOut | None, settings: Settings, now: datetime) -> bool:
    """Whether the last canary of a way is older than the next one may be late."""
    return canary is None or now - canary.sent_at > settings.canary_within + INTERVAL


def _none(heartbeats: Heartbeats, settings: Settings, now: datetime) -> Finding:
    there = settings.primary_region
    last = max(heartbeats.canaries.values(), key=lambda canary: canary.sent_at, default=None)
    return Finding(
        "canary",
        "canary",
        Weight.GRAVE,
        f"signals don't come through in {there}: nobody may be told",
        f"No canary {_since(last, now)} come through: event bus, signals queue, diagnose, and every queue after it. A "
        "real alarm would not either.",
        f"{BY_HAND}; read the log of diagnose in {there}, then its queue and the rules of the event bus",
    )


def _shut(way: Way, heartbeats: Heartbeats, settings: Settings, now: datetime) -> Finding:
    there, since = settings.primary_region, _since(heartbeats.canaries.get(way.word), now)
    log = f"read the log of {way.feeds} in {there}, then look at the queue {way.word}"
    if way.word == TOPIC:
        return Finding(
            "canary",
            f"canary {way.word}",
            Weight.GRAVE,
            f"topic Incidents in {there} delivers nothing: nobody may be told",
            f"No canary {since} come back by the topic Incidents, to which publish hands them. What Defib says to "
            "people may not reach them either.",
            f"{BY_HAND}; see AWS Health for SNS in {there}, then the topic's policy and subscriptions",
        )
    lost = LOST.get(way.word, "its page lags behind")
    return Finding(
        "canary",
        f"canary {way.word}",
        Weight.GRAVE,
        f"{way.feeds} in {there} is stuck: {lost}",
        f"No canary {since} come through the queue {way.word} and {way.feeds}, while others come through. Nothing else "
        f"does either: {lost}.",
        f"{BY_HAND}; {log}" if way.word in URGENT else f"{log[0].upper()}{log[1:]}",
    )


def _slow(heartbeats: Heartbeats, settings: Settings, shut: set[str]) -> Iterator[Finding]:
    """The slowest way that is open."""
    there = settings.primary_region
    took = {
        way.word: canary.at - canary.sent_at
        for way in settings.ways
        if way.word not in shut and (canary := heartbeats.canaries.get(way.word)) is not None
    }
    slowest = max(took, key=lambda word: took[word], default="")
    if slowest and took[slowest] > settings.canary_within:
        yield Finding(
            "canary",
            "canary slow",
            Weight.GRAVE,
            f"signals take {ago(took[slowest])} in {there}: news is late",
            f"The last canary took {ago(took[slowest])} from the event bus through {slowest}; "
            f"{ago(settings.canary_within)} are allowed.",
            f"Look at the ages of the queues in {there}, then for throttles of the functions that they feed",
        )


def _since(canary: CameOut | None, now: datetime) -> str:
    return "has ever" if canary is None else f"sent in the last {ago(now - canary.sent_at)} has"
