"""Subscribers read what the page says: all of it, in order, nothing twice for no reason, nothing that is not there."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta

from defib.core.page.mail import Letter
from defib.core.page.model import MaintenanceStatus, PlannedOutage
from defib.core.page.replanned import Told, as_told
from sim.fuzz.invariants.measures import SUBJECT_MOST
from sim.fuzz.invariants.planned import Span, spans
from sim.fuzz.invariants.truth import Truth

FOLLOWS_WITHIN = timedelta(minutes=15)
DEPLOYED = timedelta(minutes=5)
"""How long what has begun may go on by the policy of before."""
ADDRESS = re.compile(r"[^@\s,;<>]{1,64}@(?=.{1,255}$)[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE | re.ASCII)


class SubscribersJudge:
    """Reads every letter as a subscriber does."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._began: datetime | None = None
        """Since when they are told: what was public before is no news."""
        self._read: dict[str, list[int]] = {}
        """By incident or planned outage, the updates read, in that order."""
        self._last: dict[tuple[str, int], int] = {}
        """Letter to how much had gone wrong when it was last read."""
        self._expected: dict[str, Told] = {}
        """Planned outages as they have read of them, or could before."""
        self._invited: Counter[date] = Counter()
        self._marked: dict[tuple[date, str], int] = {}
        """Day and address to how much had gone wrong when it was last sent a link."""

    def turned(self) -> None:
        """Subscribers' turn has come to its end."""
        if self._began is None:
            self._began = self._truth.time.now
            page = self._truth.site.pages[-1] if self._truth.site.pages else None
            before = {outage.id: as_told(outage) for outage in page.planned} if page is not None else {}
            self._expected = before | self._expected

    def letter(self, letter: Letter, struck: int) -> None:
        """Everybody who has subscribed reads it; ``struck`` says how much had gone wrong with the machinery before."""
        breaks, key = self._truth.breaks, (letter.about, letter.sequence)
        self._is_announced_anew(letter)
        again, read = key in self._last, self._read.setdefault(letter.about, [])
        if self._last.get(key) == struck:
            breaks("subscribed", f"subscribers read {letter.key} again, for no reason")
        if read and letter.sequence < read[-1]:
            breaks("subscribed", f"subscribers read {letter.key} after number {read[-1]}")
        if letter.outdated or letter.outage is not None:
            if not again:
                self._plans(letter)
        elif not self._is_public(letter):
            breaks("subscribed", f"subscribers read {letter.key}, which the page does not say")
        began, late = self._began, self._truth.time.now - letter.at
        if letter.sequence and began and letter.at > began and late > FOLLOWS_WITHIN and self._truth.calm(letter.at):
            breaks("subscribed", f"subscribers read {letter.key} only after {late}")
        if not letter.body.strip() or not 0 < len(letter.subject) <= SUBJECT_MOST:
            breaks("reasons", f"the letter {letter.key} has no body, or no subject that fits")
        read.append(letter.sequence)
        self._last[key] = struck

    def _is_public(self, letter: Letter) -> bool:
        page = self._truth.site.pages[-1] if self._truth.site.pages else None
        if page is None:
            return False
        said = {(incident.id, update.sequence) for incident in page.incidents for update in incident.updates}
        return (letter.about, letter.sequence) in said

    def _plans(self, letter: Letter) -> None:
        """They read what is so, and is not what they have read before."""
        breaks, known, told = self._truth.breaks, self._expected, letter.outage
        now, was = self._truth.time.now, [self._expected[key] for key in letter.outdated if key in self._expected]
        if letter.outdated and not was:
            breaks("subscribed", f"subscribers read what has become of {letter.key}, of which they have not read")
        if any(told is not None and _stands(before) == _stands(told) for before in was):
            breaks("subscribed", f"subscribers read that {letter.key} is otherwise, which it is not")
        if self._truth.governed_since() <= now - DEPLOYED:
            if told is not None and not all(self._planned(told).values()):
                breaks("subscribed", f"subscribers read of {letter.key}, which is not planned so")
            if told is None and any(b.end > now and any(self._planned(b).values()) for b in was):
                breaks("subscribed", f"subscribers read that {letter.key} is off, or over, which it is not")
        for key in letter.outdated:
            known.pop(key, None)
            if key != letter.about:
                self._forget(key)
        if told is not None:
            known[told.id] = told

    def _is_announced_anew(self, letter: Letter) -> None:
        """One that was called off, and is planned again, is told of from the beginning."""
        if letter.outage is not None and letter.sequence == 0 and letter.about not in self._expected:
            self._forget(letter.about)

    def _forget(self, about: str) -> None:
        self._read.pop(about, None)
        self._last = {key: struck for key, struck in self._last.items() if key[0] != about}

    def _planned(self, told: Told) -> dict[str, bool]:
        """Of each component that is a service on the page, whether it is out so by the policy."""
        policy, found = self._truth.policy, {}
        for key in told.components:
            service = policy.service(key)
            if service is not None and service.page.title:
                entries = (*policy.maintenance, *service.maintenance)
                found[key] = (told.start, told.end) in set[Span](spans(entries, told.start, told.end))
        return found

    def _all_is_as_read(self) -> None:
        """What they expect is planned, and they know of all that is announced."""
        truth, since = self._truth, self._truth.time.now - FOLLOWS_WITHIN
        if truth.governed_since() > since or not truth.policy.page.subscribe or not truth.site.pages:
            return
        for told in self._expected.values():
            if told.end > truth.time.now and not all(self._planned(told).values()):
                truth.breaks("subscribed", f"subscribers still expect {told.name} from {told.start} to {told.end}")
        ahead = truth.policy.page.announce_maintenance
        due = (o for o in truth.site.pages[-1].planned if o.status is not MaintenanceStatus.COMPLETED)
        for outage in (o for o in due if o.start - ahead <= since and o.end > truth.time.now):
            if not any(_covers(told, outage) for told in self._expected.values()):
                truth.breaks("subscribed", f"subscribers never read of {outage.name} from {outage.start} on")

    def invited(self, address: str, struck: int) -> None:
        """An address is sent the link that makes it a subscriber."""
        truth, today = self._truth, self._truth.time.now.date()
        self._invited[today] += 1
        if ADDRESS.fullmatch(address) is None:
            truth.breaks("subscribed", f"{address!r} is sent a link, and is no address")
        if self._invited[today] > truth.policy.page.subscriptions_a_day:
            truth.breaks("limits", f"{self._invited[today]} links are sent on one day")
        mark = (today, address.lower())
        if self._marked.get(mark) == struck:
            truth.breaks("subscribed", f"{address} is sent a second link on one day")
        self._marked[mark] = struck

    def at_end(self) -> None:
        """Of each incident that began, and went on, while nothing was wrong with the machinery, all has been read.

        So has how every planned outage stands.
        """
        truth, began = self._truth, self._began
        if began is None or not truth.calm(truth.time.now - FOLLOWS_WITHIN):
            return
        self._all_is_as_read()
        for incident in truth.site.pages[-1].incidents if truth.site.pages else ():
            if incident.created_at <= began or not truth.calm(incident.created_at):
                continue
            due = {u.sequence for u in incident.updates if truth.time.now - u.at > FOLLOWS_WITHIN}
            missed = due - {*self._read.get(incident.id, ())}
            if missed:
                truth.breaks("subscribed", f"subscribers never read number {min(missed)} of {incident.id}")


def _stands(told: Told) -> tuple[datetime, datetime, frozenset[str]]:
    return told.start, told.end, frozenset(told.components)


def _covers(told: Told, outage: PlannedOutage) -> bool:
    """Whether who has read of ``told`` knows of ``outage``; a component may have another key by now."""
    is_for = told.name == outage.name or set(outage.components) <= set(told.components)
    return is_for and (told.start, told.end) == (outage.start, outage.end)
