"""The words for customers, in every language the page speaks: impact, since when, next update when; never the cause.

Placeholders: ``{names}`` the components, ``{statuses}`` how each does, ``{since}`` and ``{next}`` times of day in UTC,
``{took}`` a duration, ``{count}`` a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from defib.core.page.model import ComponentStatus, Impact, IncidentStatus, MaintenanceStatus
from defib.core.page.settings import Language


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that the page says of itself in one language, apart from its headings (templates)."""

    and_: str
    component: Mapping[ComponentStatus, str]
    """After a colon, or beside an icon."""
    incident: Mapping[IncidentStatus, str]
    maintenance: Mapping[MaintenanceStatus, str]
    banner: Mapping[ComponentStatus, str]
    """The page in one sentence, by the worst of its components."""
    name: Mapping[Impact, str]
    """What an incident is called."""
    opened: str
    doing: Mapping[IncidentStatus, str]
    """A sentence of its own."""
    changed: str
    still: str
    resolved: str
    next_update: str
    planned: str
    planned_body: str
    minutes: str
    minute: str
    hours: str
    hour: str


ENGLISH = Words(
    and_="and",
    component={
        ComponentStatus.OPERATIONAL: "Operational",
        ComponentStatus.UNDER_MAINTENANCE: "Under maintenance",
        ComponentStatus.DEGRADED: "Degraded performance",
        ComponentStatus.PARTIAL_OUTAGE: "Partial outage",
        ComponentStatus.MAJOR_OUTAGE: "Major outage",
    },
    incident={
        IncidentStatus.INVESTIGATING: "Investigating",
        IncidentStatus.IDENTIFIED: "Identified",
        IncidentStatus.MONITORING: "Monitoring",
        IncidentStatus.RESOLVED: "Resolved",
    },
    maintenance={
        MaintenanceStatus.SCHEDULED: "Scheduled",
        MaintenanceStatus.IN_PROGRESS: "In progress",
        MaintenanceStatus.COMPLETED: "Completed",
    },
    banner={
        ComponentStatus.OPERATIONAL: "All systems operational",
        ComponentStatus.UNDER_MAINTENANCE: "Planned maintenance is under way",
        ComponentStatus.DEGRADED: "Some systems are slower than usual",
        ComponentStatus.PARTIAL_OUTAGE: "Some systems are partly unavailable",
        ComponentStatus.MAJOR_OUTAGE: "Some systems are down",
    },
    name={
        Impact.NONE: "{names}: notice",
        Impact.MAINTENANCE: "{names}: maintenance",
        Impact.MINOR: "{names}: degraded performance",
        Impact.MAJOR: "{names}: partial outage",
        Impact.CRITICAL: "{names}: outage",
    },
    opened="Since {since} UTC you may see errors or slow answers from {names}.",
    doing={
        IncidentStatus.INVESTIGATING: "We are looking into it.",
        IncidentStatus.IDENTIFIED: "We have found what is wrong and are repairing it.",
        IncidentStatus.MONITORING: "The repair is done and works so far. We are watching that it lasts.",
    },
    changed="{statuses}.",
    still="{names}: the trouble that began at {since} UTC lasts.",
    resolved="{names} works again. The trouble lasted {took}, from {since} UTC on. We are sorry.",
    next_update="Next update by {next} UTC, or sooner when something changes.",
    planned="Planned maintenance: {names}",
    planned_body="{names} may be unavailable from {since} to {next} UTC while we work on it as planned.",
    minutes="{count} minutes",
    minute="1 minute",
    hours="{count} hours",
    hour="1 hour",
)

GERMAN = Words(
    and_="und",
    component={
        ComponentStatus.OPERATIONAL: "In Betrieb",
        ComponentStatus.UNDER_MAINTENANCE: "In Wartung",
        ComponentStatus.DEGRADED: "Beeinträchtigt",
        ComponentStatus.PARTIAL_OUTAGE: "Teilweise ausgefallen",
        ComponentStatus.MAJOR_OUTAGE: "Ausgefallen",
    },
    incident={
        IncidentStatus.INVESTIGATING: "Wird untersucht",
        IncidentStatus.IDENTIFIED: "Erkannt",
        IncidentStatus.MONITORING: "Wird beobachtet",
        IncidentStatus.RESOLVED: "Behoben",
    },
    maintenance={
        MaintenanceStatus.SCHEDULED: "Geplant",
        MaintenanceStatus.IN_PROGRESS: "Läuft",
        MaintenanceStatus.COMPLETED: "Abgeschlossen",
    },
    banner={
        ComponentStatus.OPERATIONAL: "Alles in Betrieb",
        ComponentStatus.UNDER_MAINTENANCE: "Geplante Wartung läuft",
        ComponentStatus.DEGRADED: "Einiges ist langsamer als sonst",
        ComponentStatus.PARTIAL_OUTAGE: "Einiges ist teilweise ausgefallen",
        ComponentStatus.MAJOR_OUTAGE: "Einiges ist ausgefallen",
    },
    name={
        Impact.NONE: "{names}: Hinweis",
        Impact.MAINTENANCE: "{names}: Wartung",
        Impact.MINOR: "{names}: Beeinträchtigung",
        Impact.MAJOR: "{names}: teilweiser Ausfall",
        Impact.CRITICAL: "{names}: Ausfall",
    },
    opened="Seit {since} UTC kann es bei {names} zu Fehlern oder langsamen Antworten kommen.",
    doing={
        IncidentStatus.INVESTIGATING: "Wir gehen dem nach.",
        IncidentStatus.IDENTIFIED: "Wir haben die Störung gefunden und beheben sie.",
        IncidentStatus.MONITORING: "Sie ist behoben. Wir beobachten, ob es dabei bleibt.",
    },
    changed="{statuses}.",
    still="{names}: Die Störung, die um {since} UTC begann, dauert an.",
    resolved="{names}: wieder in Betrieb. Die Störung begann um {since} UTC und dauerte {took}. Es tut uns leid.",
    next_update="Nächste Meldung bis {next} UTC, oder früher, wenn sich etwas ändert.",
    planned="Geplante Wartung: {names}",
    planned_body="{names} kann von {since} bis {next} UTC ausfallen, während wir wie geplant daran arbeiten.",
    minutes="{count} Minuten",
    minute="1 Minute",
    hours="{count} Stunden",
    hour="1 Stunde",
)


def words(language: Language) -> Words:
    match language:
        case Language.ENGLISH:
            return ENGLISH
        case Language.GERMAN:
            return GERMAN
    assert_never(language)


def listed(names: Sequence[str], said: Words) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {said.and_} {names[-1]}"


def took(span: timedelta, said: Words) -> str:
    """A duration in whole minutes, at least one."""
    minutes = max(1, round(span.total_seconds() / 60))
    whole, rest = divmod(minutes, 60)
    parts = []
    if whole:
        parts.append(said.hour if whole == 1 else said.hours.format(count=whole))
    if rest:
        parts.append(said.minute if rest == 1 else said.minutes.format(count=rest))
    return f" {said.and_} ".join(parts)


def clock(at: datetime, now: datetime) -> str:
    """A time of day in UTC; with its date where that is another day's."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"
