"""The table's index as it was a while ago: what a read of it may show, which can't be consistent."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from datetime import datetime, timedelta

from sim.clock import VirtualTime
from sim.fuzz.trouble import Spell, Trouble
from sim.memory.outboxes import FakeMail
from sim.memory.store import FakeStore

SECOND = timedelta(seconds=1)


class Past:
    """Remembers each second of the table while a story has it show what was, and for as long before as it shows."""

    def __init__(self, store: FakeStore, mail: FakeMail, time: VirtualTime, spells: Collection[Spell]) -> None:
        self._store = store
        self._mail = mail
        self._time = time
        self._start = time.now
        self._spells = [spell for spell in spells if spell.trouble is Trouble.STALE]
        self._kept: deque[tuple[datetime, FakeStore, FakeMail]] = deque()
        for spell in self._spells:
            time.after(max(spell.at - spell.delay, timedelta(0)), self._keep)

    def shown(self) -> tuple[FakeStore, FakeMail]:
        """The table as it was so long ago as the spell says that lasts."""
        lag = self._lag(timedelta(0))
        then = [(store, mail) for at, store, mail in self._kept if at <= self._time.now - lag]
        return then[-1] if then else (FakeStore(), FakeMail())

    def _keep(self) -> None:
        """Keep what there is, and again in a second."""
        lag = self._lag(max(spell.delay for spell in self._spells))
        if not lag or (self._kept and self._time.now - self._kept[-1][0] < SECOND):
            return
        here = self._store
        then = FakeStore(
            cases={**here.cases},
            incidents={**here.incidents},
            notices={**here.notices},
            published={**here.published},
        )
        self._kept.append((self._time.now, then, FakeMail(boxes={**self._mail.boxes})))
        while self._kept[0][0] < self._time.now - lag - SECOND:
            self._kept.popleft()
        self._time.after(SECOND, self._keep)

    def _lag(self, ahead: timedelta) -> timedelta:
        """How old what is read is now, or, with spells that begin within ``ahead``, will be; nothing without any."""
        since = self._time.now - self._start
        covering = (s for s in self._spells if s.at - min(ahead, s.delay) <= since < s.at + s.lasts)
        return max((spell.delay for spell in covering), default=timedelta(0))
