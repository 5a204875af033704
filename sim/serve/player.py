"""Plays a world at a chosen speed, in one thread; what other threads want of it, it does between two steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import timedelta
from enum import StrEnum
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sim.replay import STEP, is_over, planned_end
from sim.serve.pace import Pace
from sim.world import World

T = TypeVar("T")

TICK_S = 0.05
"""Seconds of real time from one step to the next; what asks meanwhile is answered at once."""
LEAP = timedelta(seconds=10)
"""The most virtual time of one step, so that nobody who asks waits long."""
FOLLOWS = timedelta(seconds=10)
"""How long a page takes at most to follow what was written, and time goes on for it where it rests."""
SLOWEST, FASTEST = 0.1, 100.0
FLAT_OUT = math.inf
"""The speed of ``max``: as fast as this machine can."""
PATIENCE_S = 60.0
"""Seconds after which whoever asks is told that nobody answers."""


class Mode(StrEnum):
    """Whether virtual time passes by itself."""

    PLAYING = "playing"
    PAUSED = "paused"
    OVER = "over"


class Busy(Exception):
    """The player did not come to it in time, or has stopped."""


class Player:
    """Only ``play``'s thread touches the world. ``speed`` is in virtual seconds a real second."""

    def __init__(self, world: World, pace: Pace, speed: float, when_over: Callable[[], None] = lambda: None) -> None:
        self.world = world
        self.speed = speed
        self.mode = Mode.PLAYING
        self._pace = pace
        self._when_over = when_over
        self._inbox: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self._stopped = False
        self._look_at = planned_end(world)
        """When to see next whether the scenario is over."""

    def play(self) -> None:
        """Let time pass and answer, until ``stop`` is called; what is asked afterwards is refused."""
        self._pace.lap()
        while not self._stopped:
            self._answer_waiting()
            passed = self._pace.lap()
            if self.mode is Mode.PLAYING:
                self._advance(passed)
        while not self._inbox.empty():
            self._inbox.get()[1].set_exception(Busy("the replay has ended"))

    def ask(self, work: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
        """From any thread: have ``work`` done between two steps, and return what it returns, or raise what it raises.

        Raises Busy.
        """
        if self._stopped:
            raise Busy("the replay has ended")
        answer: Future[T] = Future()
        self._inbox.put((work, answer))
        try:
            return answer.result(patience_s)
        except FutureTimeout as error:
            answer.cancel()
            raise Busy(f"the replay did not answer within {patience_s:g} s") from error

    def stop(self) -> None:
        """End ``play`` after its present step; from any thread, or a signal's handler."""
        self._stopped = True
        self._inbox.put((lambda: None, Future()))

    def pause(self) -> None:
        if self.mode is Mode.PLAYING:
            self.mode = Mode.PAUSED

    def resume(self, speed: float) -> None:
        self.speed = speed
        if self.mode is Mode.PAUSED:
            self.mode = Mode.PLAYING

    def _answer_waiting(self) -> None:
        """Do what has been asked for; with nothing to do, wait a tick for it."""
        hurried = self.mode is Mode.PLAYING and self.speed == FLAT_OUT
        try:
            work, answer = self._inbox.get(block=not hurried, timeout=TICK_S)
        except Empty:
            return
        while True:
            if answer.set_running_or_notify_cancel():
                _do(work, answer)
            if self._inbox.empty():
                return
            work, answer = self._inbox.get()

    def _advance(self, passed: timedelta) -> None:
        leap = LEAP if self.speed == FLAT_OUT else min(LEAP, passed * self.speed)
        time = self.world.time
        time.run_until(max(time.now, min(time.now + leap, self._look_at)))
        if time.now >= self._look_at:
            if is_over(self.world):
                self.mode = Mode.OVER
                self._when_over()
            self._look_at = time.now + STEP


def _do(work: Callable[[], Any], answer: Future[Any]) -> None:
    try:
        answer.set_result(work())
    except Exception as error:  # noqa: BLE001  # whoever asked gets it
        answer.set_exception(error)
