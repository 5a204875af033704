"""The machinery's faults while a replay runs: who is struck by which of them, right now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial

from sim.boundary import Call
from sim.clock import VirtualTime
from sim.function import Function
from sim.machinery import MachineryFault, MachineryKind
from sim.template import Resource, region_of
from sim.wiring import Queue, Rule, Schedule

ON_TIME = timedelta(0)
THROTTLES = (MachineryKind.FUNCTION_THROTTLED,)
DEATHS = (MachineryKind.FUNCTION_DIES, MachineryKind.FUNCTION_HANGS)
CALLS = (
    MachineryKind.CALL_HANGS,
    MachineryKind.CALL_REFUSED,
    MachineryKind.CALL_THROTTLED,
    MachineryKind.ANSWER_LOST,
    MachineryKind.DIES_BEFORE_CALL,
    MachineryKind.DIES_AFTER_CALL,
    MachineryKind.BATCH_PARTLY_REFUSED,
    MachineryKind.WRITE_CONFLICTS,
    MachineryKind.STALE_READS,
)
EVENTS = (
    MachineryKind.EVENTS_LOST,
    MachineryKind.EVENTS_DOUBLED,
    MachineryKind.EVENTS_DELAYED,
    MachineryKind.EVENTS_REORDERED,
)


class Breakdown:
    """One fault of the machinery from its beginning on."""

    def __init__(self, fault: MachineryFault, start: datetime) -> None:
        self.fault = fault
        self.began = start + fault.at
        self.ends = None if fault.lasts is None else self.began + fault.lasts
        self._met = 0
        self._hit = 0
        self.first_hit_at: datetime | None = None

    def is_on(self, now: datetime) -> bool:
        return self.began <= now and (self.ends is None or now < self.ends)

    def names(self, word: str, region: str) -> bool:
        fault = self.fault
        return fault.region in ("", region) and any(fnmatchcase(word, pattern) for pattern in fault.on)

    def strikes(self, now: datetime) -> bool:
        """Count one more that it meets; tells whether that one is hit."""
        self._met += 1
        if self._met < self.fault.nth or (self.fault.times and self._hit >= self.fault.times):
            return False
        self._hit += 1
        self.first_hit_at = self.first_hit_at or now
        return True

    @property
    def hit(self) -> int:
        """How many it has hit."""
        return self._hit


class Breakdowns:
    """All of a scenario's. Who asks is counted as met, so that the nth can be told."""

    def __init__(self, time: VirtualTime, start: datetime, faults: Sequence[MachineryFault]) -> None:
        self._time = time
        self.all = tuple(Breakdown(fault, start) for fault in faults)

    def when_over(self, kinds: Sequence[MachineryKind], callback: Callable[[], None]) -> None:
        """Call ``callback`` at each end of a fault of these kinds."""
        for one in self.all:
            if one.fault.kind in kinds and one.ends is not None:
                self._time.at(one.ends, callback)

    def tell(self, told: Callable[[str], None]) -> None:
        """Have ``told`` hear of each fault's beginning and end."""
        for one in self.all:
            words = f"{one.fault.kind}: {', '.join(one.fault.on)}"
            self._time.at(one.began, partial(told, words))
            if one.ends is not None:
                self._time.at(one.ends, partial(told, f"{words} is over"))

    def of_call(self, call: Call, function: Function) -> Breakdown | None:
        """What befalls a call that a function begins now."""
        for one in self._on(CALLS):
            named = one.names(call.name, call.region) or one.names(call.service, call.region)
            if named and (not one.fault.by or function.word in one.fault.by) and one.strikes(self._time.now):
                return one
        return None

    def cuts_off(self, region: str, other: str) -> bool:
        """Whether nothing gets through from one Region to the other, or within one."""
        if self.is_dark(region) or self.is_dark(other):
            return True
        apart = self._on((MachineryKind.PARTITION,))
        return region != other and any(set(one.fault.on) == {region, other} for one in apart)

    def is_dark(self, region: str) -> bool:
        return any(one.names(region, region) for one in self._on((MachineryKind.REGION_DARK,)))

    def hangs_https(self, host: str, function: Function) -> bool:
        """Whether what a function sends to a host outside AWS is never answered."""
        return self.is_dark(function.region) or any(
            one.names(host, function.region) and (not one.fault.by or function.word in one.fault.by)
            for one in self._on((MachineryKind.HTTPS_HANGS,))
        )

    def throttles(self, function: Function) -> bool:
        """Whether Lambda has no room to start it now."""
        return self._first(THROTTLES, function.word, function.region) is not None

    def ends(self, function: Function) -> MachineryFault | None:
        """How an invocation that starts now is going to end: killed, hung, or, None, by itself."""
        found = self._first(DEATHS, function.word, function.region)
        return found.fault if found is not None else None

    def silences(self, schedule: Schedule) -> bool:
        kinds = (MachineryKind.SCHEDULE_SILENT,)
        return self.is_dark(schedule.region) or self._first(kinds, schedule.word, schedule.region) is not None

    def is_off(self, rule: Rule) -> bool:
        """Whether the rule is switched off."""
        return any(one.names(rule.word, rule.region) for one in self._on((MachineryKind.RULE_OFF,)))

    def deliveries(self, rule: Rule) -> tuple[timedelta, ...]:
        """How late an event reaches a rule's targets, once for each time that it does."""
        if self.is_dark(rule.region) or self.is_off(rule):
            return ()
        found = self._first(EVENTS, rule.word, rule.region)
        if found is None:
            return (ON_TIME,)
        late = found.fault.delay
        match found.fault.kind:
            case MachineryKind.EVENTS_LOST:
                return ()
            case MachineryKind.EVENTS_DOUBLED:
                return (ON_TIME, late)
            case MachineryKind.EVENTS_REORDERED:
                return (late,) if found.hit % 2 else (ON_TIME,)
            case _:
                return (late,)

    def holds(self, queue: Queue) -> bool:
        """Whether nothing is taken from the queue now."""
        held = any(one.names(queue.word, queue.region) for one in self._on((MachineryKind.QUEUE_LATE,)))
        return held or self.is_dark(queue.region)

    def doubles(self, queue: Queue) -> timedelta | None:
        """After how long a message that is done with comes once more; None for never."""
        found = self._first((MachineryKind.QUEUE_DOUBLES,), queue.word, queue.region)
        return found.fault.delay if found is not None else None

    def loses_messages(self, topic: Resource) -> bool:
        return self._first((MachineryKind.MESSAGES_LOST,), topic.word, region_of(topic.arn)) is not None

    def silences_alarm(self, alarm: Resource) -> bool:
        region = region_of(alarm.arn)
        silent = self._on((MachineryKind.ALARM_SILENT,))
        return self.is_dark(region) or any(one.names(alarm.word, region) for one in silent)

    def _on(self, kinds: Sequence[MachineryKind]) -> list[Breakdown]:
        return [one for one in self.all if one.fault.kind in kinds and one.is_on(self._time.now)]

    def _first(self, kinds: Sequence[MachineryKind], word: str, region: str) -> Breakdown | None:
        return next((one for one in self._on(kinds) if one.names(word, region) and one.strikes(self._time.now)), None)
