"""The simulated Lambda: runs the real handlers as processes that take virtual time, under their roles' permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sim.boundary import Call, Killed, Response
from sim.carrier import Carrier
from sim.chain import LONGEST, NEW, Chain
from sim.clock import Abandoned, Process, SimulatorGap, VirtualTime
from sim.environment import Context, Environment, OnLine, context_for
from sim.function import Function
from sim.ledger import Ledger
from sim.machinery import MachineryFault, MachineryKind
from sim.metrics import Measurements, Metric

WARM_START = timedelta(milliseconds=15)
COLD_START = (timedelta(milliseconds=900), timedelta(milliseconds=1500))
ASYNCHRONOUS_FIRST_RETRY = timedelta(seconds=1)
ASYNCHRONOUS_AGE = timedelta(minutes=1)
"""Lambda tries a throttled asynchronous event again, with growing pauses, until it is as old as the function's event
invoke configuration says: Defib's schedule gives a minute."""


class TimedOut(BaseException):
    """Lambda kills the invocation where it stands; no handler can catch it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended."""

    returned: Any
    error: str
    """Empty when the handler returned."""


@dataclass
class Invocation:
    """One run of a handler."""

    environment: Environment
    deadline: datetime
    chain: Chain
    """Itself counted: what it sends belongs to it."""
    tasks: list[Process] = field(default_factory=list)
    """What its thread pools run."""
    end: MachineryFault | None = None
    """How it must end, if not by itself."""
    answered: int = 0
    """How many of its calls have been answered."""
    is_dead: bool = False
    """Whether it was killed, be it at its timeout."""

    @property
    def function(self) -> Function:
        return self.environment.function


class Lambda:
    """All functions, their warm environments and their permissions."""

    def __init__(
        self,
        time: VirtualTime,
        carrier: Carrier,
        ledger: Ledger,
        measurements: Measurements,
        random: Random,
        on_line: OnLine,
    ) -> None:
        self._time = time
        self._carrier = carrier
        self._ledger = ledger
        self._measurements = measurements
        self._random = random
        self._on_line = on_line
        self._environments: dict[str, list[Environment]] = {}
        self._number = 0
        self._invocations: list[Invocation] = []
        self.carried_out: Callable[[Call], None] = lambda _: None
        """Hears of each call of a function's just before its service carries it out."""

    def has_room(self, function: Function) -> bool:
        """Whether reserved concurrency lets one more invocation start."""
        busy = sum(1 for e in self._environments.get(function.name, ()) if e.busy)
        return function.concurrency is None or busy < function.concurrency

    def throttles(self, function: Function) -> bool:
        """Whether Lambda turns an invocation away now; each time counts as a throttle."""
        throttled = self._carrier.breakdowns.throttles(function)
        if throttled:
            self._measure(function, "Throttles", 1.0)
        return throttled

    def drops(self, function: Function, chain: Chain) -> bool:
        """Whether Lambda takes a chain of requests for a loop without end, and turns its next invocation away."""
        if function.may_recur or chain.of(function.name) < LONGEST:
            return False
        self._measure(function, "RecursiveInvocationsDropped", 1.0)
        times = f"invoked {LONGEST} times in one chain of requests"
        self._ledger.errors.append(f"{function.word}: RecursiveInvocationException: {times}")
        return True

    def invoke_asynchronously(self, function: Function, event: Mapping[str, Any]) -> None:
        """As the scheduler does: Lambda keeps the event, and tries for a while to start the function."""
        self._try(function, event, self._time.now + ASYNCHRONOUS_AGE, ASYNCHRONOUS_FIRST_RETRY)

    def _try(self, function: Function, event: Mapping[str, Any], until: datetime, pause: timedelta) -> None:
        if not self.has_room(function) or self.throttles(function):
            if self._time.now + pause < until:
                self._time.after(pause, lambda: self._try(function, event, until, pause * 2))
            return
        self.invoke(function, event, lambda _: None)

    def invoke(
        self, function: Function, event: Mapping[str, Any], then: Callable[[Outcome], None], chain: Chain = NEW
    ) -> None:
        """Run ``function`` from now on; ``then`` hears how it ended. ``chain`` led to it."""
        environment = self._environment(function)
        environment.busy = True
        low, high = COLD_START
        delay = low + (high - low) * self._random.random() if environment.cold else WARM_START
        payload = json.loads(json.dumps(event))
        self._time.after(delay, lambda: self._start(environment, payload, then, chain.and_then(function.name)))

    def admit(self, call: Call) -> Response | None:
        """Let a call of the running invocation take its time, and hold it against the function's role."""
        invocation = self._running()
        if invocation is None:
            return None
        answer = self._carrier.carry(call, invocation.function, lambda delay: self._pass_time(invocation, delay))
        if answer is None:
            self.carried_out(call)
        return answer

    def hangs_https(self, host: str) -> bool:
        """Whether the running invocation never hears of a host outside AWS again."""
        invocation = self._running()
        return invocation is not None and self._carrier.breakdowns.hangs_https(host, invocation.function)

    def answered(self) -> None:
        """A call of the running invocation has been answered, which may be its last."""
        invocation = self._running()
        if invocation is not None:
            invocation.answered += 1
            self._die(invocation)

    def _die(self, invocation: Invocation) -> None:
        end = invocation.end
        if end is not None and end.kind is MachineryKind.FUNCTION_DIES and invocation.answered >= end.after_calls:
            raise Killed

    def start_task(self, task: Callable[[], None]) -> None:
        """A thread pool of the running invocation starts a task."""
        invocation = self._running()
        assert invocation is not None

        def body() -> None:
            # A task that the end of its invocation's time overtakes dies with it.
            with suppress(TimedOut, Killed):
                task()

        invocation.tasks.append(self._time.spawn(body, invocation.environment))

    def pass_time(self, delay: timedelta) -> None:
        """The running invocation waits."""
        invocation = self._running()
        assert invocation is not None
        self._pass_time(invocation, delay)

    @property
    def is_running(self) -> bool:
        """Whether the code that runs right now is a function's."""
        return self._running() is not None

    def chain(self) -> Chain:
        """The chain of requests to which belongs what is sent right now."""
        invocation = self._running()
        return invocation.chain if invocation is not None else NEW

    def _running(self) -> Invocation | None:
        return next((i for i in self._invocations if i.environment.worn), None)

    def _environment(self, function: Function) -> Environment:
        pool = self._environments.setdefault(function.name, [])
        idle = next((e for e in pool if not e.busy), None)
        if idle is None:
            idle = Environment(function, self._on_line)
            pool.append(idle)
        return idle

    def _start(
        self, environment: Environment, event: Mapping[str, Any], then: Callable[[Outcome], None], chain: Chain
    ) -> None:
        self._number += 1
        function, started = environment.function, self._time.now
        self._ledger.invocations[function.word] += 1
        deadline, end = started + function.timeout, self._carrier.breakdowns.ends(function)
        invocation = Invocation(environment, deadline, chain, end=end)
        context = context_for(function, self._number, deadline, lambda: self._time.now)
        self._invocations.append(invocation)

        def body() -> None:
            outcome = self._outcome(invocation, lambda: self._run(invocation, event, context))
            self._invocations.remove(invocation)
            # The process still wears the environment; what follows is AWS's business, not the function's.
            self._time.after(timedelta(0), lambda: self._end(invocation, started, outcome, then))

        self._time.spawn(body, environment)

    def _end(
        self, invocation: Invocation, started: datetime, outcome: Outcome, then: Callable[[Outcome], None]
    ) -> None:
        for task in invocation.tasks:
            task.abandon()
        function = invocation.function
        invocation.environment.busy = False
        if invocation.is_dead:
            # The next invocation finds no sandbox of this one (Lambda Developer Guide, runtime environment).
            self._environments[function.name].remove(invocation.environment)
        self._measure(function, "Errors", float(bool(outcome.error)))
        self._ledger.durations.setdefault(function.word, []).append((self._time.now - started).total_seconds())
        then(outcome)

    def _run(self, invocation: Invocation, event: Mapping[str, Any], context: Context) -> Any:
        self._die(invocation)
        if invocation.end is not None and invocation.end.kind is MachineryKind.FUNCTION_HANGS:
            self._pass_time(invocation, invocation.function.timeout)
        return invocation.environment.run(event, context)

    def _measure(self, function: Function, name: str, value: float) -> None:
        metric = Metric.of("AWS/Lambda", name, FunctionName=function.name)
        self._measurements.of(function.region).put(metric, value, self._time.now)

    def _outcome(self, invocation: Invocation, run: Callable[[], Any]) -> Outcome:
        word = invocation.function.word
        try:
            return Outcome(run(), "")
        except TimedOut:
            invocation.is_dead = True
            error = f"{word}: Task timed out after {invocation.function.timeout.total_seconds():g} seconds"
            if invocation.end is not None or self._carrier.breakdowns.is_dark(invocation.function.region):
                return self._as_planned(error)
        except Killed:
            invocation.is_dead = True
            return self._as_planned(f"{word}: Runtime exited with error: signal: killed")
        except (Abandoned, SimulatorGap):
            raise
        except Exception as failure:  # noqa: BLE001  # the runtime reports whatever leaves a handler
            error = f"{word}: {type(failure).__name__}: {failure}"
        except SystemExit as failure:
            error = f"{word}: Runtime exited: {failure}"
        self._ledger.errors.append(error)
        return Outcome(None, error)

    def _as_planned(self, error: str) -> Outcome:
        """An end that the scenario asks for is no error of Defib's."""
        self._ledger.killed.append(error)
        return Outcome(None, error)

    def _pass_time(self, invocation: Invocation, delay: timedelta) -> None:
        process = self._time.current
        assert process is not None
        self._die(invocation)
        left = invocation.deadline - self._time.now
        process.pause(min(delay, left))
        if delay >= left:
            raise TimedOut
