"""Invocations of Defib's functions: one after the other, or several at the same time where their calls take any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from defib.shell.ports import Unanswered
from infra.functions import FOLLOWER, SHAPES, Shape
from sim.clock import Guise, VirtualTime
from sim.fuzz.trouble import Killed

NO_TIME = timedelta(0)


@dataclass(slots=True)
class Process:
    """One invocation of a function."""

    function: str
    """Without a name where people act."""
    calls: int = 0
    """How many of its calls have been answered."""
    ends_by: datetime | None = None
    """When Lambda ends it (Developer Guide, Configure Lambda function timeout); None where people act."""


def shape_of(function: str) -> Shape:
    """How the function of that name is deployed."""
    return FOLLOWER if function == "elsewhere" else SHAPES[function]


class Processes:
    """Knows which one runs right now."""

    def __init__(self, time: VirtualTime, longest: timedelta) -> None:
        """``longest`` is how long a call may take (core/policy.py, Calls)."""
        self._time = time
        self._longest = longest
        self.running = Process("")

    def spawn(self, body: Callable[[], None]) -> None:
        """Have ``body`` run beside others; one that is begun in the middle of another runs within that."""
        if self._time.current is None:
            self._time.spawn(body, _Apart(self))
        else:
            body()

    def begin(self, function: str) -> Process:
        """From now on a process of ``function`` runs; returns the one that has run."""
        ends_by = self._time.now + timedelta(seconds=shape_of(function).timeout_s)
        return self.change(Process(function, ends_by=ends_by))

    def change(self, to: Process) -> Process:
        """From now on ``to`` runs; returns the one that has run."""
        before, self.running = self.running, to
        return before

    def wait(self, call: str, delay: timedelta, comes: bool = True) -> None:
        """Wait for an answer, as long as a call may take. Raises Unanswered where none ``comes`` by then."""
        self.pause(min(delay, self._longest))
        if delay > self._longest or not comes:
            raise Unanswered(f"{call}: no answer", "ReadTimeoutError")

    def pause(self, delay: timedelta) -> None:
        """Let time pass, and others do their work. Raises Killed where the function's own is over before that."""
        ends_by = self.running.ends_by
        if self._time.current is None or ends_by is None:
            return
        left = max(ends_by - self._time.now, NO_TIME)
        self._time.current.pause(min(delay, left))
        if delay >= left:
            raise Killed


class _Apart(Guise):
    """One of several that run at the same time."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._own = Process("")

    def put_on(self) -> None:
        self._own = self._processes.change(self._own)

    def take_off(self) -> None:
        self._own = self._processes.change(self._own)
