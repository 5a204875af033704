"""Subscribers read what the page says: all of it, in order, nothing twice for no reason, nothing that is not there."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta

from defib.core.page.mail import Letter
from sim.fuzz.invariants.measures import SUBJECT_MOST
from sim.fuzz.invariants.truth import Truth

FOLLOWS_WITHIN = timedelta(minutes=15)
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
        self._invited: Counter[date] = Counter()
        self._marked: dict[tuple[date, str], int] = {}
        """Day and address to how much had gone wrong when it was last sent a link."""

    def turned(self) -> None:
        """Subscribers' turn has come to its end."""
        self._began = self._began or self._truth.time.now

    def letter(self, letter: Letter, struck: int) -> None:
        """Everybody who has subscribed reads it; ``struck`` says how much had gone wrong with the machinery before."""
        breaks, key = self._truth.breaks, (letter.about, letter.sequence)
        read = self._read.setdefault(letter.about, [])
        if self._last.get(key) == struck:
            breaks("subscribed", f"subscribers read {letter.key} again, for no reason")
        if read and letter.sequence < read[-1]:
            breaks("subscribed", f"subscribers read {letter.key} after number {read[-1]}")
        if not self._is_public(letter):
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
        return (letter.about, letter.sequence) in said | {(outage.id, 0) for outage in page.planned}

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
        """Of each incident that began, and went on, while nothing was wrong with the machinery, all has been read."""
        truth, began = self._truth, self._began
        if began is None or not truth.calm(truth.time.now - FOLLOWS_WITHIN):
            return
        for incident in truth.site.pages[-1].incidents if truth.site.pages else ():
            if incident.created_at <= began or not truth.calm(incident.created_at):
                continue
            due = {u.sequence for u in incident.updates if truth.time.now - u.at > FOLLOWS_WITHIN}
            missed = due - {*self._read.get(incident.id, ())}
            if missed:
                truth.breaks("subscribed", f"subscribers never read number {min(missed)} of {incident.id}")
