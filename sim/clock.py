"""Virtual time: one heap of events, and processes that take time. The real clock is never read.

A process is a thread, but only one thread ever runs: it hands over whenever it pauses, so a replay is deterministic and
handlers still overlap as they do on AWS.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from types import TracebackType
from typing import Self

import time_machine

Callback = Callable[[], None]


class Abandoned(BaseException):
    """The replay is over: unwind the process, as when a machine is switched off."""


class SimulatorGap(BaseException):
    """The simulated AWS met something it does not know; never to be swallowed by the code under replay."""


class VirtualTime:
    """The replay's clock and its event loop. While entered, the whole process's clock shows the virtual time."""

    def __init__(self, start: datetime) -> None:
        self.now = self._end = start
        """Which only the loop moves on."""
        self._heap: list[tuple[datetime, int, Callback]] = []
        self._sequence = 0
        self._travel: time_machine.travel | None = None
        """While entered: what shows the virtual time to the whole process."""
        self._traveller: time_machine.Traveller | None = None
        self._processes: list[Process] = []
        self.current: Process | None = None
        """The process that runs right now; None while the loop does."""

    def __enter__(self) -> Self:
        self._travel = time_machine.travel(self.now, tick=False)
        self._traveller = self._travel.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()
        if self._travel is not None:
            self._travel.stop()
        self._travel = self._traveller = None

    def abandon(self) -> None:
        """Unwind whatever process has not ended."""
        for process in list(self._processes):
            process.abandon()

    def at(self, when: datetime, callback: Callback) -> None:
        """Call ``callback`` at ``when``, or as soon as possible when that is past."""
        self._sequence += 1
        heappush(self._heap, (max(self.now, when), self._sequence, callback))

    def after(self, delay: timedelta, callback: Callback) -> None:
        self.at(self.now + delay, callback)

    def every(self, period: timedelta, first: datetime, callback: Callback) -> None:
        """Call ``callback`` at ``first`` and each ``period`` from then on, for ever."""

        def tick(when: datetime) -> None:
            self.at(when + period, lambda: tick(when + period))
            callback()

        self.at(first, lambda: tick(first))

    def spawn(self, body: Callback, guise: Guise) -> Process:
        """Run ``body`` as a process as soon as nothing else runs."""
        process = Process(self, body, guise)
        self._processes.append(process)
        self.after(timedelta(0), process.resume)
        return process

    def run_until(self, end: datetime) -> None:
        """Let everything happen that is due up to and including ``end``."""
        self._end, heap = end, self._heap
        while heap and heap[0][0] <= end:
            when, _, callback = heappop(heap)
            self._move_to(when)
            callback()
        self._move_to(end)

    def pass_alone(self, delay: timedelta) -> bool:
        """Let ``delay`` pass at once if nothing else happens meanwhile; tells whether it has passed."""
        when = self.now + delay
        if when > self._end or (self._heap and self._heap[0][0] <= when):
            return False
        self._move_to(when)
        return True

    def forget(self, process: Process) -> None:
        self._processes.remove(process)

    def _move_to(self, when: datetime) -> None:
        if self._traveller is not None:
            # To move to a moment would have the C library read the time zone anew.
            self._traveller.shift(when - self.now)
        self.now = when


class Guise:
    """What a process sees differently from the rest: put on each time it runs, taken off each time it hands over."""

    def put_on(self) -> None: ...

    def take_off(self) -> None: ...


class Process:
    """A body of code that takes virtual time by calling ``pause``."""

    def __init__(self, time: VirtualTime, body: Callback, guise: Guise) -> None:
        self._time = time
        self._body = body
        self._guise = guise
        self._may_run = threading.Semaphore(0)
        self._handed_over = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._abandoned = False
        self._gap: BaseException | None = None
        self._ended = False

    def resume(self) -> None:
        """Called by the loop: let the process run until it pauses or ends."""
        if self._is_over():
            return
        self._guise.put_on()
        self._time.current = self
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        else:
            self._may_run.release()
        self._handed_over.acquire()
        self._time.current = None
        self._guise.take_off()
        if self._is_over():
            self._thread.join()
            self._time.forget(self)
        if self._gap is not None:
            raise self._gap

    def pause(self, delay: timedelta) -> None:
        """Called by the process itself: let ``delay`` pass, and others with it."""
        if self._abandoned:
            raise Abandoned
        # A change of threads costs more than most of what is simulated.
        if delay <= timedelta(0) or self._time.pass_alone(delay):
            return
        self._time.after(delay, self.resume)
        self._handed_over.release()
        self._may_run.acquire()
        if self._abandoned:
            raise Abandoned

    def abandon(self) -> None:
        """Unwind the process where it stands."""
        self._abandoned = True
        self.resume()

    def _is_over(self) -> bool:
        return self._ended

    def _run(self) -> None:
        try:
            if not self._abandoned:
                self._body()
        except Abandoned:
            pass
        except BaseException as error:  # noqa: BLE001  # the loop raises it again in its own thread
            self._gap = error
        finally:
            self._ended = True
            self._handed_over.release()
