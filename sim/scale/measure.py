"""Measures one size of fleet after another, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.replay import ROOT

TIMEOUT_S = 3_600


class NotMeasured(RuntimeError):
    """A process gave no figures, or broke a limit; what it said is in the text."""


@dataclass(frozen=True, slots=True)
class Stormed:
    """A storm in memory, under EC2's token buckets."""

    instances: int
    failing: int
    drained_min: float
    """Virtual minutes until the last was healed or handed over."""
    deepest_queue: int
    """Messages that waited for one function at once, at most."""
    sweep_ms: float
    """Processor time of the median sweep."""
    invocations: int
    calls: int
    """Of EC2, of single instances; the sweep's own are counted by the replay."""
    throttled: int
    processor_s: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Replayed:
    """Ten minutes on the simulated AWS."""

    instances: int
    ec2_calls_a_sweep: float
    sweep_s: float
    """Virtual: what AWS's answers take."""
    calls: int
    """In all, one heal's among them."""
    processor_s: float
    memory_mb: float


def stormed(instances: int, share: float) -> Stormed:
    """So many instances, of which ``share``, one at least, fail within five minutes. Raises NotMeasured."""
    failing = max(1, round(instances * share))
    said = _run("tests.storm", "--instances", str(instances), "--failing", str(failing), "--json")
    return Stormed(
        instances,
        failing,
        said["drained_in_s"] / 60,
        max(said["deepest_queue"].values()),
        said["median_sweep_s"] * 1000,
        said["invocations"],
        sum(said["calls"].values()),
        sum(said["throttled"].values()),
        said["processor_s"],
        said["memory_mb"],
    )


def replayed(instances: int) -> Replayed:
    """So many instances, of which one fails, on the simulated AWS. Raises NotMeasured."""
    return Replayed(**_run("sim.scale.replayed", str(instances)))


def _run(module: str, *arguments: str) -> Mapping[str, Any]:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(  # noqa: S603 - our own module, and numbers
        command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        raise NotMeasured(
            f"{' '.join(command[1:])} ended with status {done.returncode}: {(done.stderr or done.stdout)[-800:]}"
        )
    said: Mapping[str, Any] = json.loads(done.stdout)
    return said
