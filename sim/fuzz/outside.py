"""The boundary of Defib's processes: every call out passes here, takes its time, and fails as the story says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar, TypeVarTuple

from defib.core.policy import Calls
from defib.shell.ports import Rejected, Transient, Unanswered
from defib.shell.store import Conflict
from sim.clock import VirtualTime
from sim.fuzz.processes import NO_TIME, Processes
from sim.fuzz.trouble import OF_SCENARIOS, REGION, STOOD_STILL, TAKE_TIME, Failing, Killed, Spell, Trouble

T = TypeVar("T")
Args = TypeVarTuple("Args")
AS_SHIPPED = Calls().longest


class Outside:
    """Counts the calls, and lets trouble befall them."""

    def __init__(
        self,
        time: VirtualTime,
        spells: Collection[Spell],
        nth: Failing | None,
        random: Random,
        longest: timedelta = AS_SHIPPED,
    ) -> None:
        """``longest`` is how long a call may take."""
        self._time = time
        self._start = time.now
        self._spells: dict[str, list[Spell]] = {}
        for spell in spells:
            self._spells.setdefault(spell.on, []).append(spell)
        self._darks = self._spells.get(REGION, [])
        self._nth = nth
        self._random = random
        self._deaths = [spell for spell in spells if spell.trouble is Trouble.FUNCTION_DIES]
        self._slow = [spell for spell in spells if spell.trouble in TAKE_TIME]
        self._late = [spell for spell in spells if spell.trouble is Trouble.QUEUE_LATE]
        self._befalls_any = nth is not None or bool(self._darks) or bool(self._deaths)
        """Whether some trouble does not ask how a call is named."""
        self._processes = Processes(time, longest)
        self._befell: Counter[Spell] = Counter()
        """How many each spell has befallen, of those that befall only so many."""
        self.answers_badly: Trouble | None = None
        """What befalls the call that is being carried out, where it is for whoever answers to see to it."""
        self.calls = 0
        self.struck: list[str] = []
        """What befell which call, message or sweep."""
        self.struck_at: list[datetime] = []
        """When something befell a call."""
        self.struck_once: list[tuple[datetime, str]] = []
        """When what was befallen by a spell that befalls only so many."""
        self.race: Callable[[], None] = lambda: None
        """Another process does its work; set by the world."""
        self.moves: Callable[[], None] = lambda: None
        """What an act was decided on changes; set by the world."""

    def call(self, name: str, work: Callable[[*Args], T], *args: *Args) -> T:
        """Do ``work``, unless the story has something else in mind."""
        self.calls += 1
        if not self._befalls_any and name not in self._spells:
            return work(*args)
        if not self._deaths:
            return self._tried(name, work, *args)
        try:
            return self._tried(name, work, *args)
        finally:
            self._processes.running.calls += 1
            self._die()

    def run(self, function: str, work: Callable[[*Args], None], *args: *Args) -> None:
        """Have a process of that function do its ``work``. Raises Killed where the story has it die."""
        if not self._spells:
            work(*args)
            return
        before = self._processes.begin(function)
        try:
            self._die()
            work(*args)
        finally:
            self._processes.change(before)

    def invoke(self, body: Callable[[], None]) -> None:
        """Have an invocation do its work: beside others, where its calls may take time; else in no time."""
        since = self._time.now - self._start
        if self._slow and any(spell.covers(since) for spell in self._slow):
            self._processes.spawn(body)
        else:
            body()

    def word(self, call: str, part: str) -> str:
        """What calls of that part of ``call`` are named by: by the whole, unless something befalls that part alone."""
        name = f"{call} {part}"
        if name not in self._spells:
            return call
        here, of_it = self._spells[name], self._spells.get(call, ())
        # More than one may ask.
        self._spells[name] = [*(spell for spell in of_it if spell not in here), *here]
        return name

    def _tried(self, name: str, work: Callable[[*Args], T], *args: *Args) -> T:
        is_dark = self.dark_until() is not None
        trouble, delay = (Trouble.HANGS, NO_TIME) if is_dark else self._befalls(name)
        if trouble is None:
            return work(*args)
        self._note(Trouble.REGION_DARK if is_dark else trouble, name)
        self.struck_at.append(self._time.now)
        match trouble:
            case Trouble.REFUSED:
                raise Transient(f"{name}: throttled", "ThrottlingException")
            case Trouble.DENIED:
                raise Rejected(f"{name}: not allowed", "AccessDenied")
            case Trouble.CONFLICTS:
                raise Conflict(f"{name}: somebody else wrote first")
            case Trouble.PARTLY | Trouble.STALE:
                return self._badly(trouble, work, *args)
            case Trouble.HANGS:
                raise Unanswered(f"{name}: no answer", "ReadTimeoutError")
            case Trouble.ANSWER_LOST:
                work(*args)
                raise Unanswered(f"{name}: no answer", "ReadTimeoutError")
            case Trouble.FROZEN | Trouble.SLOW | Trouble.HANGS_LONG:
                return self._slowly(trouble, delay, name, work, *args)
            case Trouble.DIES_BEFORE:
                raise Killed
            case Trouble.DIES_AFTER:
                work(*args)
                raise Killed
            case Trouble.RACE | Trouble.WORLD_MOVES:
                meanwhile = self.race if trouble is Trouble.RACE else self.moves
                meanwhile()
                return work(*args)
            case _:
                return work(*args)

    def _badly(self, trouble: Trouble, work: Callable[[*Args], T], *args: *Args) -> T:
        self.answers_badly = trouble
        try:
            return work(*args)
        finally:
            self.answers_badly = None

    def _slowly(self, trouble: Trouble, delay: timedelta, name: str, work: Callable[[*Args], T], *args: *Args) -> T:
        if trouble is Trouble.HANGS_LONG:
            self._processes.wait(name, delay, comes=False)
        if trouble is Trouble.FROZEN:
            self._processes.pause(delay)
            if self.dark_until() is not None:
                raise Killed
        answer = work(*args)
        if trouble is Trouble.SLOW:
            self._processes.wait(name, delay)
        return answer

    def refuses(self) -> bool:
        """Whether an entry of the batch that is being sent is refused."""
        return self.answers_badly is Trouble.PARTLY and self._random.random() < 0.5

    def message(self, carried: str) -> Trouble | None:
        """What befalls a message on its way."""
        trouble = self._drawn(carried)[0]
        if trouble is not None:
            self._note(trouble, carried)
        return trouble

    def delivered_again(self, carried: str) -> timedelta | None:
        """How long after its function was done with it a message comes once more; None where it does not."""
        for spell in self._spells.get(carried, ()):
            if spell.trouble is Trouble.QUEUE_DOUBLES and spell.covers(self._time.now - self._start):
                self._note(spell.trouble, carried)
                return spell.delay
        return None

    def taken_from(self, carried: str) -> datetime | None:
        """When Lambda takes messages from that queue again; None while it does."""
        if not self._darks and not self._late:
            return None
        dark = self.dark_until()
        since = self._time.now - self._start
        late = (spell for spell in self._late if spell.on == carried and spell.covers(since))
        ends = [self._start + spell.at + spell.lasts for spell in late]
        return max(ends if dark is None else [dark, *ends], default=None)

    def sweeps(self) -> bool:
        """Whether the schedule starts the sweep now."""
        trouble = Trouble.REGION_DARK if self.dark_until() is not None else self._drawn("sweep")[0]
        if trouble not in (Trouble.REGION_DARK, Trouble.NO_SWEEP):
            return True
        self._note(trouble, "sweep")
        return False

    def dark_until(self) -> datetime | None:
        """When the Region is there again; None while it is there."""
        if not self._darks:
            return None
        since = self._time.now - self._start
        ends = (spell.at + spell.lasts for spell in self._darks if spell.covers(since))
        return max((self._start + end for end in ends), default=None)

    def _befalls(self, name: str) -> tuple[Trouble | None, timedelta]:
        trouble = self._nth.at(self.calls) if self._nth is not None else None
        if trouble is None:
            return self._drawn(name)
        if trouble not in TAKE_TIME:
            return trouble, NO_TIME
        self.struck_once.append((self._time.now, name))
        return trouble, STOOD_STILL

    def _drawn(self, name: str) -> tuple[Trouble | None, timedelta]:
        """What befalls it, and how long that takes."""
        spells = self._spells.get(name)
        if not spells:
            return None, NO_TIME
        since = self._time.now - self._start
        for spell in spells:
            if not spell.covers(since) or spell.by not in ("", self._processes.running.function):
                continue
            if spell.trouble in OF_SCENARIOS or (spell.times and self._befell[spell] >= spell.times):
                continue
            if self._random.random() < spell.chance:
                if spell.times:
                    self._befell[spell] += 1
                    self.struck_once.append((self._time.now, spell.on))
                return spell.trouble, spell.delay
        return None, NO_TIME

    def _die(self) -> None:
        """Raises Killed where the process that runs has been answered as often as it may be."""
        since, running = self._time.now - self._start, self._processes.running
        for spell in self._deaths:
            if spell.on == running.function and spell.covers(since) and running.calls >= spell.after_calls:
                self._note(spell.trouble, running.function)
                self.struck_at.append(self._time.now)
                raise Killed

    def _note(self, trouble: Trouble, what: str) -> None:
        self.struck.append(f"{trouble} on call {self.calls}, {what}")

    def late(self) -> timedelta:
        """By how much a late message is late: as often as not by less than an intent lives."""
        least, most = LATE if self._random.random() < 0.5 else SOON
        return least + (most - least) * self._random.random()


LATE = (timedelta(seconds=5), timedelta(seconds=400))
SOON = (timedelta(seconds=5), timedelta(seconds=50))
