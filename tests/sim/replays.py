"""Each shipped scenario is replayed once for all tests, and for all processes that share them out."""

from __future__ import annotations

import fcntl
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sim.outcome import recording_of
from sim.replay import ROOT, played
from sim.scenario_file import load

SCENARIOS = sorted((ROOT / "scenarios").glob("*.toml"))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the tests ask of a replay."""

    passed: bool
    failed: list[str]
    """Expectations that did not hold."""
    used: list[str]
    """Grants that were needed, as ``role action``."""
    granted: list[str]
    """All grants of the functions' roles."""
    cut: list[str]
    """Subjects and SMS that end in the middle of a sentence."""


def replayed(file: Path, shared: Path) -> Replayed:
    """The replay of ``file``, from ``shared`` where another test has left it."""
    result = shared / f"replay-{file.stem}.json"
    with (shared / f"replay-{file.stem}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            result.write_text(json.dumps(asdict(_replayed(file))), encoding="utf-8")
    return Replayed(**json.loads(result.read_text(encoding="utf-8")))


def _replayed(file: Path) -> Replayed:
    scenario = load(file)
    with played(scenario) as world:
        recording = recording_of(world, file.stem, scenario.seed)
        unused = {f"{grant.role} {grant.action}" for grant in world.unused_grants()}
        used = {f"{grant.role} {grant.action}" for grant in world.recorder.ledger.used}
    failed = [f"{e.text}: expected {e.expected}, got {e.actual}" for e in recording.expectations if not e.held]
    shown = {m.body if m.medium == "sms" else m.subject for m in recording.messages}
    cut = sorted(text for text in shown if "..." in text)
    return Replayed(recording.passed, failed, sorted(used), sorted(used | unused), cut)
