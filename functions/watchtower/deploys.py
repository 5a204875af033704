"""A deploy goes to the watched stack first: until it has come here too, the two differ in what there is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from watchtower.life import is_shut
from watchtower.memory import Known, Memory
from watchtower.model import Finding, Heartbeats, Readings, Report, Unknown, Watched, Weight
from watchtower.settings import Settings, Way
from watchtower.spans import ago

SETTLES_WITHIN = timedelta(minutes=30)
"""How long a deploy may take from the one stack to the other; what is still not there then is gone."""

ABOUT = "deploy"


def take_note(memory: Memory, watched: Watched | Unknown, settings: Settings, now: datetime) -> Memory:
    """What is remembered of the watched stack, and since when it is another than the one that is expected."""
    if isinstance(watched, Unknown):
        return memory
    since = None if watched.seen == settings.seen else memory.differs_since or now
    return replace(memory, watched=watched, differs_since=since)


def expected(settings: Settings, memory: Memory, readings: Readings, now: datetime) -> Settings:
    """What ``readings`` are held against: while a deploy is under way, only what both stacks know of."""
    watched, since = memory.watched, memory.differs_since
    if watched is None or since is None or now - since > SETTLES_WITHIN:
        return settings
    return replace(
        settings,
        # How many there are to be now is not known, nor who; how those that are there stand is told as ever.
        alarms=0,
        subscribers=(),
        rules=tuple(rule for rule in settings.rules if rule in watched.rules),
        ways=_open(settings, readings.heartbeats, now),
    )


def still(full: Report, report: Report, memory: Memory) -> Iterator[Finding]:
    """What people were told before the deploy, and is so: that nobody misses it in ``report`` does not end it."""
    missed = {finding.key for finding in report.findings}
    for finding in full.findings:
        known = memory.known.get(finding.key)
        if finding.key not in missed and known is not None and known.told:
            yield finding


def _open(settings: Settings, heartbeats: Heartbeats | Unknown, now: datetime) -> tuple[Way, ...]:
    """Without those that may have been taken away; with all, if none is open: that no deploy does."""
    if isinstance(heartbeats, Unknown):
        return settings.ways
    come = heartbeats.canaries
    return tuple(way for way in settings.ways if not is_shut(come.get(way.word), settings, now)) or settings.ways


def lasting(settings: Settings, memory: Memory, now: datetime) -> Iterator[Finding]:
    """Told after what would have settled by itself."""
    since = memory.differs_since
    if since is not None and now - since > SETTLES_WITHIN:
        yield Finding(
            ABOUT,
            "deploy unfinished",
            Weight.MINOR,
            f"Defib in {settings.primary_region} was deployed {ago(now - since)} ago, its watchtower was not",
            f"Defib in {settings.primary_region} was last deployed {ago(now - since)} ago, and its watchtower in "
            f"{settings.region} was not: it may miss what is not there any more, and look after nothing new.",
            "Deploy again",
        )


def is_replaced(watched: Watched | None, settings: Settings) -> bool:
    """Whether the watched stack has a watchtower in another Region now."""
    return watched is not None and watched.tower not in {"", settings.region}


def about(known: Mapping[str, Known]) -> dict[str, Known]:
    """What is still of interest to whoever is replaced: of all else another tells."""
    return {key: entry for key, entry in known.items() if entry.about == ABOUT}


def replaced(watched: Watched, settings: Settings) -> Report:
    """All that is left to be said."""
    here = settings.region
    return Report(
        (
            Finding(
                ABOUT,
                "deploy replaced",
                Weight.MINOR,
                f"the watchtower in {here} is replaced by the one in {watched.tower}",
                f"Defib in {settings.primary_region} is watched from {watched.tower} now. This watchtower, in {here}, "
                "looks no more, and costs what it did.",
                f"aws cloudformation delete-stack --region {here} --stack-name DefibWatchtower",
            ),
        )
    )
