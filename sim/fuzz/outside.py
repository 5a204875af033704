"""The boundary of Defib's processes: every call out passes here, takes its time, and fails as the story says."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar, TypeVarTuple

from defib.shell.ports import Transient, Unanswered
from sim.clock import VirtualTime
from sim.fuzz.trouble import REGION, Killed, Nth, Spell, Trouble

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Outside:
    """Counts the calls, and lets trouble befall them."""

    def __init__(self, time: VirtualTime, spells: Collection[Spell], nth: Nth | None, random: Random) -> None:
        self._time = time
        self._start = time.now
        self._spells: dict[str, list[Spell]] = {}
        for spell in spells:
            self._spells.setdefault(spell.on, []).append(spell)
        self._darks = self._spells.get(REGION, [])
        self._nth = nth
        self._is_calm = nth is None and not self._spells
        self._random = random
        self.calls = 0
        self.struck: list[str] = []
        """What befell which call."""
        self.race: Callable[[], None] = lambda: None
        """Another process does its work; set by the world."""
        self.moves: Callable[[], None] = lambda: None
        """What an act was decided on changes; set by the world."""

    def call(self, name: str, work: Callable[[*Args], T], *args: *Args) -> T:
        """Do ``work``, unless the story has something else in mind."""
        self.calls += 1
        if self._is_calm:
            return work(*args)
        trouble = Trouble.HANGS if self.dark_until() is not None else self._befalls(name)
        if trouble is None:
            return work(*args)
        self.struck.append(f"{trouble} on call {self.calls}, {name}")
        match trouble:
            case Trouble.REFUSED:
                raise Transient(f"{name}: throttled", "ThrottlingException")
            case Trouble.HANGS:
                raise Unanswered(f"{name}: no answer", "ReadTimeoutError")
            case Trouble.ANSWER_LOST:
                work(*args)
                raise Unanswered(f"{name}: no answer", "ReadTimeoutError")
            case Trouble.DIES_BEFORE:
                raise Killed
            case Trouble.DIES_AFTER:
                work(*args)
                raise Killed
            case Trouble.RACE:
                self.race()
                return work(*args)
            case Trouble.WORLD_MOVES:
                self.moves()
                return work(*args)
            case _:
                return work(*args)

    def message(self, carried: str) -> Trouble | None:
        """What befalls a message on its way."""
        return self._drawn(carried) if self._spells else None

    def sweeps(self) -> bool:
        """Whether the schedule starts the sweep now."""
        if self.dark_until() is not None:
            return False
        return self._drawn("sweep") is not Trouble.NO_SWEEP if self._spells else True

    def dark_until(self) -> datetime | None:
        """When the Region is there again; None while it is there."""
        if not self._darks:
            return None
        since = self._time.now - self._start
        ends = (spell.at + spell.lasts for spell in self._darks if spell.covers(since))
        return max((self._start + end for end in ends), default=None)

    def _befalls(self, name: str) -> Trouble | None:
        if self._nth is not None:
            return self._nth.trouble if self.calls == self._nth.number else None
        return self._drawn(name) if self._spells else None

    def _drawn(self, name: str) -> Trouble | None:
        spells = self._spells.get(name)
        if not spells:
            return None
        since = self._time.now - self._start
        for spell in spells:
            if spell.covers(since) and self._random.random() < spell.chance:
                return spell.trouble
        return None

    def late(self) -> timedelta:
        """By how much a late message is late: as often as not by less than an intent lives."""
        least, most = LATE if self._random.random() < 0.5 else SOON
        return least + (most - least) * self._random.random()


LATE = (timedelta(seconds=5), timedelta(seconds=400))
SOON = (timedelta(seconds=5), timedelta(seconds=50))
