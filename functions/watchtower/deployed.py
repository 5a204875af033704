"""Whether what was deployed is still there and switched on: alarms and rules; and how the alarms stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watchtower.model import Finding, Readings, Unknown, Weight
from watchtower.settings import Settings

HEARTBEATS = re.compile(r"(?:Sweep|Canary)Heartbeat")
"""Alarms on what the watchtower reads itself, sooner."""

AUTHOR = re.compile(r"-Watch([A-Za-z]+?)[0-9A-F]{8}(?:-|$)")
"""In the name that CloudFormation gives an alarm: stack, path, a hash, and what makes it unique."""

SWEPT = {"AlarmRule", "ContributorRule", "StateRule"}
"""Rules whose events only bring forward what the sweep sees by itself within a minute."""


def alarms(readings: Readings, settings: Settings) -> Iterator[Finding]:
    if isinstance(readings.alarms, Unknown):
        return
    there = settings.primary_region
    if len(readings.alarms) < settings.alarms:
        yield Finding(
            "alarms",
            "alarms missing",
            Weight.GRAVE,
            f"{settings.alarms - len(readings.alarms)} of Defib's own alarms are gone in {there}",
            f"{there} has {len(readings.alarms)} alarms about Defib itself; {settings.alarms} were deployed.",
            "Deploy again",
        )
    for alarm in readings.alarms:
        named = AUTHOR.search(alarm.name)
        name = named[1] if named else alarm.name
        if not alarm.enabled:
            yield Finding(
                "alarms",
                f"alarm off {alarm.name}",
                Weight.MINOR,
                f"alarm {name} is switched off",
                f"The actions of alarm {alarm.name} in {there} are disabled: it would tell nobody.",
                f"aws cloudwatch enable-alarm-actions --region {there} --alarm-names {alarm.name}",
            )
        if alarm.state == "ALARM" and not HEARTBEATS.search(alarm.name):
            yield Finding(
                "alarms",
                f"alarm {alarm.name}",
                Weight.GRAVE,
                f"alarm {name} in {there}",
                f"Alarm {alarm.name}: {alarm.description}",
                "As the alarm says",
            )


def rules(readings: Readings, settings: Settings) -> Iterator[Finding]:
    """A rule that is gone or switched off drops what it should bring, and nothing that comes after can know."""
    if isinstance(readings.rules, Unknown):
        return
    there, found = settings.primary_region, {rule.name: rule.on for rule in readings.rules}
    for name in settings.rules:
        if found.get(name, False):
            continue
        swept = name in SWEPT
        state = "is switched off" if name in found else "is gone"
        means = (
            "The sweep finds what they tell of within a minute all the same."
            if swept
            else "Nobody else brings what they say: AWS's notices, or people's answers."
        )
        yield Finding(
            "rules",
            f"rule {name}",
            Weight.MINOR if swept else Weight.GRAVE,
            f"rule {name} in {there} {state}",
            f"The EventBridge rule {name} in {there} {state}: its events do not come to Defib. {means}",
            f"Switch it on in the EventBridge console of {there}" if name in found else "Deploy again",
        )
