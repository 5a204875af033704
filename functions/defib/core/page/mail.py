"""What subscribers are told by e-mail: every public update once and in its order; of every planned outage that it is
planned, and whatever becomes otherwise than they were told.

Pure and level-triggered as the page is: it compares what is public with what is remembered as told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from defib.core.frozen import dataclass, replace
from defib.core.page.model import MaintenanceStatus, PublicIncident, Update
from defib.core.page.replanned import Change, Plans, Told, announced, as_told, changes, kept
from defib.core.page.settings import PageSettings
from defib.core.page.words import clock, words

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
    """Of the incident's update; of a planned outage 0 announces it."""
    at: datetime
    subject: str
    body: str
    number: int = 0
    """Of the incident; 0 for a planned outage."""
    outage: Told | None = None
    """As which people know the planned outage then; None where it is none, or is no longer to come."""
    outdated: tuple[str, ...] = ()
    """The ids of those that people knew in its place."""

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
    planned: tuple[Told, ...] = ()
    """Planned outages as they were told."""
    announced: tuple[str, ...] = ()
    """By their ids of then, those that builds told of that remembered no more of them."""
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


def begun(incidents: Sequence[PublicIncident], plans: Plans) -> Mailed:
    """When nobody was told anything before, all that is public already is no news."""
    told = {incident.id: incident.sequence for incident in incidents}
    return to_be_ended(Mailed(told=told, planned=announced(plans)), incidents)


def taken_over(mailed: Mailed, plans: Plans) -> Mailed:
    """With what builds before this one announced as it is planned now: that is all there is to know of it."""
    known = {outage.id for outage in mailed.planned}
    earlier = {o.id: as_told(o) for o in plans.still if o.earlier_id in mailed.announced and o.id not in known}
    return replace(mailed, planned=(*mailed.planned, *earlier.values()), announced=())


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


def is_news(mailed: Mailed, page: int, plans: Plans) -> bool:
    """Whether there may be a letter to write: the page has another version, or an outage came near or is another."""
    return mailed.page != page or any(True for _ in changes(mailed.planned, plans))


def letters(
    mailed: Mailed,
    incidents: Sequence[PublicIncident],
    plans: Plans,
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
    found += [_about_outage(change, plans.now, settings, url) for change in changes(mailed.planned, plans)]
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
    if letter.number:
        return replace(after, told={**mailed.told, letter.about: letter.sequence})
    others = (outage for outage in mailed.planned if outage.id not in (letter.about, *letter.outdated))
    return replace(after, planned=(*others, *([letter.outage] if letter.outage is not None else ())))


def settled(mailed: Mailed, page: int, incidents: Sequence[PublicIncident], plans: Plans) -> Mailed:
    """Once all is told: what can't come up any more is forgotten."""
    known = {incident.id for incident in incidents}
    told = {about: sequence for about, sequence in mailed.told.items() if about in known}
    return to_be_ended(replace(mailed, page=page, told=told, planned=kept(mailed.planned, plans)), incidents)


def _about_incident(incident: PublicIncident, update: Update, settings: PageSettings, url: str) -> Letter:
    said = words(settings.language)
    standing = "\n".join(f"{a.name}: {said.component[a.new]}" for a in update.affected)
    told = f"{said.incident[update.status]} – {update.body}"
    body = _body((told, standing, f"{url}/incidents/{incident.id}.html"), settings)
    subject = _subject(incident.name, settings)
    return Letter(incident.id, update.sequence, update.at, subject, body, incident.number)


def _about_outage(change: Change, now: datetime, settings: PageSettings, url: str) -> Letter:
    before, outage, said = change.before, change.outage, words(settings.language)
    outdated = tuple(b.id for b in before)
    if outage is None or (before and outage.status is MaintenanceStatus.COMPLETED):
        letter = _about_end(before[0], outage.id if outage is not None else "", now, settings, url)
        return replace(letter, outdated=outdated)
    if not before:
        body = _body((f"{said.maintenance[outage.status]} – {outage.body}", f"{url}/#{outage.id}"), settings)
        at, subject = outage.start - settings.announce_maintenance, _subject(outage.name, settings)
        return Letter(outage.id, 0, at, subject, body, outage=as_told(outage))
    times = (_times(b) for b in before if (b.start, b.end) != (outage.start, outage.end))
    until_now = [said.planned_before.format(since=since, next=until) for since, until in times]
    told = " ".join((f"{said.planned_change} – {outage.body}", *until_now[:1]))
    after = as_told(outage, max(b.sequence for b in before) + 1)
    subject, body = _subject(outage.name, settings), _body((told, f"{url}/#{outage.id}"), settings)
    return Letter(after.id, after.sequence, now, subject, body, outage=after, outdated=outdated)


def _about_end(before: Told, shown_as: str, now: datetime, settings: PageSettings, url: str) -> Letter:
    """One that is not to come, or is over sooner than people were told. ``shown_as``: its id on the page."""
    said = words(settings.language)
    over = f"{said.maintenance[MaintenanceStatus.COMPLETED]} – {said.planned_over}"
    told = over if before.start <= now else f"{said.planned_cancel} – {said.planned_off}"
    since, until = _times(before)
    body = _body((told, f"{before.name}\n{since} – {until} UTC", f"{url}/#{shown_as}".rstrip("#")), settings)
    return Letter(before.id, before.sequence + 1, now, _subject(before.name, settings), body)


def _times(told: Told) -> tuple[str, str]:
    return f"{told.start:%Y-%m-%d %H:%M}", clock(told.end, told.start)


def _subject(name: str, settings: PageSettings) -> str:
    """The same for all updates of an incident that stays as bad as it is: mail programs put them together."""
    line = " ".join(f"[{settings.title}] {name}".split())
    safe = "".join(character for character in line if character.isprintable())
    return safe if len(safe) <= SUBJECT_MAX else safe[: SUBJECT_MAX - 1].rstrip() + ELLIPSIS


def _body(parts: Sequence[str], settings: PageSettings) -> str:
    why = words(settings.language).mail_why.format(title=settings.title)
    text = "\n\n".join(part for part in (*parts, why) if part)
    return "".join(character for character in text if character.isprintable() or character == "\n")
