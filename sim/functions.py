"""The simulated Lambda: runs the real handlers as processes that take virtual time, under their roles' permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sim.authority import Authority, denied_code
from sim.boundary import Call, Refusal
from sim.buckets import LIMIT_EXCEEDED, Buckets
from sim.clock import Abandoned, Process, SimulatorGap, VirtualTime
from sim.environment import Environment, OnLine, context_for
from sim.iam import allowed_by
from sim.ledger import Ledger
from sim.metrics import Metric, Metrics
from sim.wiring import Function

WARM_START = timedelta(milliseconds=15)
COLD_START = (timedelta(milliseconds=900), timedelta(milliseconds=1500))
CALL_TIMES = {"dynamodb": 8, "sqs": 12, "ssm": 20, "sns": 40, "s3": 50, "cloudwatch": 60, "elbv2": 70, "ec2": 90}
"""Typical milliseconds of one call from Lambda in the same Region; they order events, no result depends on them."""
LONGEST_BACKOFF = timedelta(seconds=20)
"""botocore's standard retry mode (Boto3 User Guide, Retries)."""


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
    tasks: list[Process] = field(default_factory=list)
    """What its thread pools run."""

    @property
    def function(self) -> Function:
        return self.environment.function


class Lambda:
    """All functions, their warm environments and their permissions."""

    def __init__(
        self,
        time: VirtualTime,
        authority: Authority,
        ledger: Ledger,
        metrics: Metrics,
        random: Random,
        on_line: OnLine,
    ) -> None:
        self._time = time
        self._authority = authority
        self._ledger = ledger
        self._metrics = metrics
        self._random = random
        self._on_line = on_line
        self._environments: dict[str, list[Environment]] = {}
        self._number = 0
        self._buckets = Buckets()
        self._invocations: list[Invocation] = []

    def has_room(self, function: Function) -> bool:
        """Whether reserved concurrency lets one more invocation start."""
        busy = sum(1 for e in self._environments.get(function.name, ()) if e.busy)
        return function.concurrency is None or busy < function.concurrency

    def invoke(self, function: Function, event: Mapping[str, Any], then: Callable[[Outcome], None]) -> None:
        """Run ``function`` from now on; ``then`` hears how it ended."""
        environment = self._environment(function)
        environment.busy = True
        low, high = COLD_START
        delay = low + (high - low) * self._random.random() if environment.cold else WARM_START
        payload = json.loads(json.dumps(event))
        self._time.after(delay, lambda: self._start(environment, payload, then))

    def admit(self, call: Call) -> None:
        """Let a call of the running invocation take its time, and hold it against the function's role."""
        invocation = self._running()
        if invocation is None:
            return
        self._reach(call, invocation)
        function = invocation.function
        for request in self._authority.requests(call):
            grant = allowed_by(function.word, function.statements, request)
            if grant is None:
                self._ledger.deny(f"{function.word}: {request.action} on {request.resource}")
                message = f"role of {function.name} is not authorized to perform {request.action} on {request.resource}"
                raise Refusal(denied_code(call.service), message, 403)
            self._ledger.use(grant)

    def _reach(self, call: Call, invocation: Invocation) -> None:
        """Get through to the service, in as many attempts as the client makes."""
        for attempt in range(call.attempts):
            self._pass_time(invocation, timedelta(milliseconds=CALL_TIMES.get(call.service, 50)))
            self._ledger.calls[call.name] += 1
            if call.service != "ec2" or self._buckets.take(call.operation, call.params, self._time.now):
                return
            self._ledger.throttled[call.name] += 1
            if attempt + 1 < call.attempts:
                backoff = min(timedelta(seconds=2**attempt), LONGEST_BACKOFF) * self._random.random()
                self._pass_time(invocation, backoff)
        raise Refusal(LIMIT_EXCEEDED, "Request limit exceeded.", 503)

    def start_task(self, task: Callable[[], None]) -> None:
        """A thread pool of the running invocation starts a task."""
        invocation = self._running()
        assert invocation is not None

        def body() -> None:
            # A task that the end of its invocation's time overtakes dies with it.
            with suppress(TimedOut):
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

    def _running(self) -> Invocation | None:
        return next((i for i in self._invocations if i.environment.worn), None)

    def _environment(self, function: Function) -> Environment:
        pool = self._environments.setdefault(function.name, [])
        idle = next((e for e in pool if not e.busy), None)
        if idle is None:
            idle = Environment(function, self._on_line)
            pool.append(idle)
        return idle

    def _start(self, environment: Environment, event: Mapping[str, Any], then: Callable[[Outcome], None]) -> None:
        self._number += 1
        function, started = environment.function, self._time.now
        self._ledger.invocations[function.word] += 1
        invocation = Invocation(environment, started + function.timeout)
        context = context_for(function, self._number, invocation.deadline, lambda: self._time.now)
        self._invocations.append(invocation)

        def body() -> None:
            outcome = self._outcome(invocation, lambda: environment.run(event, context))
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
        errors = Metric.of("AWS/Lambda", "Errors", FunctionName=function.name)
        self._metrics.put(errors, float(bool(outcome.error)), self._time.now)
        self._ledger.durations.setdefault(function.word, []).append((self._time.now - started).total_seconds())
        then(outcome)

    def _outcome(self, invocation: Invocation, run: Callable[[], Any]) -> Outcome:
        word = invocation.function.word
        try:
            return Outcome(run(), "")
        except TimedOut:
            error = f"{word}: Task timed out after {invocation.function.timeout.total_seconds():g} seconds"
        except (Abandoned, SimulatorGap):
            raise
        except Exception as failure:  # noqa: BLE001  # the runtime reports whatever leaves a handler
            error = f"{word}: {type(failure).__name__}: {failure}"
        except SystemExit as failure:
            error = f"{word}: Runtime exited: {failure}"
        self._ledger.errors.append(error)
        return Outcome(None, error)

    def _pass_time(self, invocation: Invocation, delay: timedelta) -> None:
        process = self._time.current
        assert process is not None
        left = invocation.deadline - self._time.now
        process.pause(min(delay, left))
        if delay >= left:
            raise TimedOut
