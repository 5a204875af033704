"""Memory: the peak of a function's process after a real invocation, beside a bare process that made the same calls.

AWS is in another process: the emulator of the end-to-end test, with its hardware.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from defib.aws.clock import SystemClock
from defib.core.parse import parse
from defib.core.policy import Policy
from infra.functions import FOLLOWER, SHAPES
from tests.bench import account, doors
from tests.bench.account import Account
from tests.bench.figure import Figure, Section, Unit
from tests.bench.process import HANDLERS, ROOT, bytecode, environment, run, services_of
from tests.e2e import emulator
from tests.e2e.ec2_proxy import Ec2Proxy, serving
from tests.e2e.hardware import Hardware

LIMIT = 1.4


class ShiftedClock:
    """The present, less ``behind``."""

    def __init__(self) -> None:
        self.behind = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() - self.behind


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """AWS in another process, in which the instance can be made to fail."""

    account: Account
    hardware: Hardware
    clock: ShiftedClock
    policy: Policy
    variables: Mapping[str, str]
    scratch: Path

    def prepare(self, handler: str) -> dict[str, Any]:
        """The event of an invocation for which everything is ready."""
        self.clock.behind = account.failed_for(self.policy)
        self.hardware.break_down(self.account.instance_id)
        self.clock.behind = timedelta(0)
        return self.account.prepare(handler, self.policy, self.clock)

    def peak_mb(self, handler: str, services: list[str]) -> tuple[float, float]:
        """The peaks of one invocation and of the bare calls that it made."""
        event = self.prepare(handler)
        proof = account.PROOF[handler]
        done = self._run(handler, {"defib": {"handler": f"defib.handlers.{handler}", "event": event, "proof": proof}})
        self.prepare(handler)
        # Some clients are made only when they are needed.
        later = dict.fromkeys(service for service, _, _ in done["calls"] if service not in services)
        bare = self._run(handler, {"bare": {"services": [*services, *later], "calls": done["calls"]}})
        return done["peak_mb"], bare["peak_mb"]

    def _run(self, handler: str, task: Mapping[str, Any]) -> Any:
        asked, answered = self.scratch / "task.json", self.scratch / "done.json"
        asked.write_text(json.dumps(task))
        env = environment(handler, **self.variables)
        run(["-m", "tests.bench.invoke", str(asked), str(answered)], env)
        return json.loads(answered.read_text())


def measure(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``memory``."""
    figures: list[Figure] = []
    with _elsewhere() as aws:
        for handler in HANDLERS:
            tell(f"memory of {handler}")
            services = services_of(f"defib.handlers.{handler}", environment(handler, **aws.variables))
            # The first compiles, which takes memory.
            peaks = [aws.peak_mb(handler, services) for _ in range(runs + 1)][1:]
            ours, bare = (median(each) for each in zip(*peaks, strict=True))
            given = SHAPES.get(handler, FOLLOWER).memory_mb
            note = f"is given {given} MB, {given / ours:.1f} × its peak"
            figures.append(Figure(handler, ours, Unit.MEGABYTES, bare, LIMIT, note))
    return (Section("memory", "Peak memory of a cold start and one invocation", "function", tuple(figures)),)


@contextmanager
def _elsewhere() -> Iterator[Elsewhere]:
    clock = ShiftedClock()
    hardware = Hardware(clock)
    port = emulator.free_port()
    proxy = Ec2Proxy(port, hardware, clock, lambda said: None)
    with (
        TemporaryDirectory() as name,
        bytecode() as kept,
        serving(proxy) as hardware_endpoint,
        doors.other_page(clock) as another,
    ):
        shared = emulator.environment(f"http://127.0.0.1:{port}", hardware_endpoint)
        with emulator.running(port, Path(name), shared), wearing(shared):
            there = account.create()
            to_emulator = {key: value for key, value in shared.items() if key.startswith("AWS_")}
            policy = parse((ROOT / "defib.toml").read_text(encoding="utf-8"))
            variables = {**to_emulator, **there.variables, **kept, **another}
            yield Elsewhere(there, hardware, clock, policy, variables, Path(name))


@contextmanager
def wearing(variables: Mapping[str, str]) -> Iterator[None]:
    """This process talks to the emulator, too."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    boto3.setup_default_session()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        boto3.setup_default_session()
