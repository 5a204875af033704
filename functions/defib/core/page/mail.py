"""What subscribers are told by e-mail: every public update once and in its order, and every planned outage once.

Pure and level-triggered as the page is: it compares what is public with what is remembered as told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from defib.core.frozen import dataclass, replace
from defib.core.page.model import MaintenanceStatus, PlannedOutage, PublicIncident, Update
from defib.core.page.settings import PageSettings
from defib.core.page.words import words

SUBJECT_MAX = 99
"""Characters of an SNS e-mail subject: fewer than 100, no control characters (SNS API, Publish, Subject)."""
CLAIMED_FOR = timedelta(minutes=2)
"""How long a letter is left to whoever has claimed it: longer than a call may take with all its retries."""
A_SECOND = 8
"""Letters at most. SNS suspends an address that it has to send more than 10 a second, until its owner confirms it again
(SNS Developer Guide, Email notifications)."""
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail to all subscribers."""

    about: str
    """The id of the incident or the planned outage."""
    sequence: int
    """Of the incident's update; 0 for a planned outage."""
    at: datetime
    subject: str
    body: str
    number: int = 0
    """Of the incident; 0 for a planned outage."""

    @property
    def key(self) -> str:
        return f"{self.about} {self.sequence}"


@dataclass(frozen=True, slots=True)
class Mailed:
    """What subscribers have been told. A value: every change makes a new one."""

    version: int = 0
    """0 until stored; each write requires the version it read."""
    page: int = 0
    """The version of the page up to which everything has been told."""
    told: Mapping[str, int] = field(default_factory=dict)
    """By the id of each incident, the sequence of its last update that was told."""
    announced: tuple[str, ...] = ()
    """The ids of planned outages that were."""
    telling: str = ""
    """The key of the letter that someone has claimed; empty for none."""
    until: datetime | None = None
    """When that claim ends, should nobody hear of it again."""
    looked_at: datetime | None = None
    """When somebody last left word that subscribers are told (core/page/pause.py); None where nobody has yet."""
    recent: tuple[datetime, ...] = ()
    """When the newest ``A_SECOND`` letters went out."""
    unended: tuple[int, ...] = ()
    """The numbers of incidents that were told of, or were about to be, and whose end was not: so that it will be,
    however many newer ones there are by then."""

    def taken(self, now: datetime) -> bool:
        """Whether someone else is about to send a letter."""
        return bool(self.telling) and self.until is not None and now < self.until

    def is_enough(self, now: datetime) -> bool:
        """Whether no more may go out this second."""
        return len(self.recent) == A_SECOND and now < self.recent[0] + timedelta(seconds=1)


def begun(incidents: Sequence[PublicIncident], outages: Sequence[PlannedOutage]) -> Mailed:
    """When nobody was told anything before, all that is public already is no news."""
    told = {incident.id: incident.sequence for incident in incidents}
    return to_be_ended(Mailed(told=told, announced=tuple(outage.id for outage in outages)), incidents)


def resumed(mailed: Mailed, incidents: Sequence[PublicIncident]) -> Mailed:
    """When nobody was told anything for long: of what is over and was never told of nothing, of all else the newest."""
    told = {i.id: max(mailed.told.get(i.id, 0), i.sequence - 1) for i in incidents}
    past = {i.id: i.sequence for i in incidents if i.resolved_at is not None and i.id not in mailed.told}
    return replace(mailed, told={**mailed.told, **told, **past})


def to_be_ended(mailed: Mailed, incidents: Sequence[PublicIncident]) -> Mailed:
    """Of what was begun to be told, what is open or has words untold is remembered; the rest can't come up any more.

    ``incidents``: all that is public and may have words untold.
    """

    def goes_on(incident: PublicIncident) -> bool:
        told = mailed.told.get(incident.id, 0)
        was_begun = told > 0 or incident.number in mailed.unended
        return was_begun and (incident.resolved_at is None or incident.sequence > told)

    return replace(mailed, unended=tuple(sorted(incident.number for incident in incidents if goes_on(incident))))


def is_news(mailed: Mailed, page: int, outages: Sequence[PlannedOutage]) -> bool:
    """Whether there may be a letter to write: the page has another version, or an outage came near."""
    return mailed.page != page or any(outage.id not in mailed.announced for outage in _due(outages))


def letters(
    mailed: Mailed,
    incidents: Sequence[PublicIncident],
    outages: Sequence[PlannedOutage],
    settings: PageSettings,
    url: str,
) -> tuple[Letter, ...]:
    """Those that are still to be sent, the oldest first; an incident's in the order of its updates."""
    found = [
        _about_incident(incident, update, settings, url)
        for incident in incidents
        for update in incident.updates
        if update.sequence > mailed.told.get(incident.id, 0)
    ]
    found += [_about_outage(o, settings, url) for o in _due(outages) if o.id not in mailed.announced]
    return tuple(sorted(found, key=lambda letter: (letter.at, letter.about, letter.sequence)))


def claimed(mailed: Mailed, letter: Letter, now: datetime) -> Mailed:
    """Before it is sent: nobody else sends it meanwhile."""
    # Not only once it was sent: whoever dies between leaves subscribers who have read of it.
    unended = {*mailed.unended, letter.number} if letter.number else mailed.unended
    return replace(mailed, telling=letter.key, until=now + CLAIMED_FOR, unended=tuple(sorted(unended)))


def released(mailed: Mailed) -> Mailed:
    """It was not sent: whoever comes next may send it."""
    return replace(mailed, telling="", until=None)


def sent(mailed: Mailed, letter: Letter, now: datetime) -> Mailed:
    """Once it was sent."""
    after = replace(released(mailed), recent=(*mailed.recent, now)[-A_SECOND:])
    if letter.sequence:
        return replace(after, told={**mailed.told, letter.about: letter.sequence})
    return replace(after, announced=(*mailed.announced, letter.about))


def settled(mailed: Mailed, page: int, incidents: Sequence[PublicIncident], outages: Sequence[PlannedOutage]) -> Mailed:
    """Once all is told: what can't come up any more is forgotten. ``outages``: all that may."""
    known, near = {incident.id for incident in incidents}, {outage.id for outage in outages}
    told = {about: sequence for about, sequence in mailed.told.items() if about in known}
    after = replace(mailed, page=page, told=told, announced=tuple(o for o in mailed.announced if o in near))
    return to_be_ended(after, incidents)


def _due(outages: Sequence[PlannedOutage]) -> Iterator[PlannedOutage]:
    return (outage for outage in outages if outage.status is not MaintenanceStatus.COMPLETED)


def _about_incident(incident: PublicIncident, update: Update, settings: PageSettings, url: str) -> Letter:
    said = words(settings.language)
    standing = "\n".join(f"{a.name}: {said.component[a.new]}" for a in update.affected)
    told = f"{said.incident[update.status]} – {update.body}"
    body = _body((told, standing, f"{url}/incidents/{incident.id}.html"), settings)
    subject = _subject(incident.name, settings)
    return Letter(incident.id, update.sequence, update.at, subject, body, incident.number)


def _about_outage(outage: PlannedOutage, settings: PageSettings, url: str) -> Letter:
    told = f"{words(settings.language).maintenance[outage.status]} – {outage.body}"
    body = _body((told, f"{url}/#{outage.id}"), settings)
    return Letter(outage.id, 0, outage.start - settings.announce_maintenance, _subject(outage.name, settings), body)


def _subject(name: str, settings: PageSettings) -> str:
    """The same for all updates of an incident that stays as bad as it is: mail programs put them together."""
    line = " ".join(f"[{settings.title}] {name}".split())
    safe = "".join(character for character in line if character.isprintable())
    return safe if len(safe) <= SUBJECT_MAX else safe[: SUBJECT_MAX - 1].rstrip() + ELLIPSIS


def _body(parts: Sequence[str], settings: PageSettings) -> str:
    why = words(settings.language).mail_why.format(title=settings.title)
    text = "\n\n".join(part for part in (*parts, why) if part)
    return "".join(character for character in text if character.isprintable() or character == "\n")
