"""Warm invocations: each beside the bare boto3 calls that it makes, from the same state, with moto in the process."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from botocore.client import BaseClient
from moto import mock_aws

from defib.aws.clock import SystemClock
from defib.core.parse import parse
from tests.bench import account, calls
from tests.bench.failing import Failing
from tests.bench.figure import Figure, Section, Unit
from tests.bench.process import ROOT, bytecode, environment, run
from tests.handlers.stage import Context

LIMIT = 1.5
MEASURED = {
    "diagnose": "diagnose",
    account.WAITING: "diagnose",
    "remediate": "remediate",
    "evidence": "evidence",
    "publish": "publish",
    "sweep": "sweep",
}
"""What is invoked, and the function that it is of: all that a repair takes, and what runs every minute."""
NAMES = {account.WAITING: "diagnose, at a look that waits"}


def measure(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``warm``."""
    figures: list[Figure] = []
    for invocation in MEASURED:
        took = timed(invocation, runs, tell)
        what = f"{NAMES.get(invocation, invocation)} ({took['operations']} calls)"
        note = f"{took['between']:.1f} ms of it between the calls"
        figures.append(Figure(what, took["defib"], Unit.MILLISECONDS, took["bare"], LIMIT, note))
    return (Section("warm", "A warm invocation, beside the calls that it makes", "function", tuple(figures)),)


def timed(invocation: str, runs: int, tell: Callable[[str], None]) -> Mapping[str, float]:
    """What ``main`` finds, in a process of its own."""
    tell(f"warm invocations of {NAMES.get(invocation, invocation)}")
    with TemporaryDirectory() as name, bytecode() as kept:
        answer = Path(name) / "answer.json"
        env = environment(MEASURED[invocation], MOTO_EC2_LOAD_DEFAULT_AMIS="false", **kept)
        run(["-m", "tests.bench.warm", invocation, str(runs), str(answer)], env)
        took: Mapping[str, float] = json.loads(answer.read_text())
        return took


class Stopwatch:
    """Adds up the time that all clients of the process spend in calls, on both sides of the comparison."""

    def __init__(self) -> None:
        self.took: list[float] = []
        call = BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's own, not in its stubs

        def timed(client: BaseClient, *what: Any) -> Any:
            # Of this thread: some calls are made side by side.
            started = time.thread_time()
            try:
                return call(client, *what)
            finally:
                self.took.append((time.thread_time() - started) * 1000)

        BaseClient._make_api_call = timed  # type: ignore[attr-defined]  # as above


def main(invocation: str, runs: int) -> Mapping[str, float]:
    """Median milliseconds of processor time, taken in turns. Runs in a process of its own, as a function does."""
    clock, policy = SystemClock(), parse((ROOT / "defib.toml").read_text(encoding="utf-8"))
    with mock_aws():
        notebook, calling = calls.Notebook(), Stopwatch()
        failing = Failing(clock)
        there = account.create()
        failing.instance_id = there.instance_id
        os.environ.update(there.variables)
        invoke: Callable[..., Any] = importlib.import_module(f"defib.handlers.{MEASURED[invocation]}").lambda_handler

        def prepared() -> dict[str, Any]:
            failing.since = clock.now() - account.failed_for(policy, invocation)
            event = there.prepare(invocation, policy, clock)
            if invocation == "sweep":
                account.looked_lately(policy, clock)
            return event

        return in_turns(invoke, prepared, account.PROOF[invocation], runs, (notebook, calling))


def in_turns(
    invoke: Callable[..., object],
    prepared: Callable[[], object],
    proof: str,
    runs: int,
    noting: tuple[calls.Notebook, Stopwatch],
) -> Mapping[str, float]:
    """``invoke``, and bare clients that make the calls of it again, each from what ``prepared`` has set up."""
    notebook, calling = noting
    times: dict[str, list[float]] = {"defib": [], "bare": [], "between": []}
    made: list[calls.Call] = []
    clients: dict[str, list[Any]] = {}
    for turn in range(runs + 1):
        event = prepared()
        notebook.calls.clear()
        calling.took.clear()
        took = _timed(partial(invoke, event, Context()))
        between = took - sum(calling.took)
        made = notebook.made(proof)
        clients = clients or calls.clients_for({service for service, _, _ in made})
        prepared()
        bare = _timed(partial(calls.replay, made, clients))
        if turn > 0:
            times["defib"].append(took)
            times["bare"].append(bare)
            times["between"].append(between)
    return {"operations": len(made), **{name: median(each) for name, each in times.items()}}


def _timed(work: Callable[[], object]) -> float:
    # Otherwise one side would pay for the garbage of the other, or of the preparation.
    gc.collect()
    gc.freeze()
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
    print("measured")
