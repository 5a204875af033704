"""Each shipped scenario is replayed once for all tests, and for all processes that share them out."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import jsonschema

from defib.publish.page.shapes import SHAPES
from sim.outcome import recording_of
from sim.recording import PageMoment, Recording
from sim.replay import ROOT, played
from sim.report import letters, page
from sim.report.figures import figures
from sim.report.words import percent, span
from sim.scenario_file import load
from tests.publish.page.test_api_v2 import schema_name

SCENARIOS = sorted((ROOT / "scenarios").glob("*.toml"))
PAGE_API = {
    path: jsonschema.Draft202012Validator(
        json.loads((ROOT / "docs" / "page-api" / schema_name(path)).read_text(encoding="utf-8"))
    )
    for path in SHAPES
}


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
    misshapen: list[str]
    """Documents of the status page's API that break their schema."""
    messages: dict[str, str]
    """What people received, by file name."""
    durations: dict[str, str]
    """Of its first fault, in words, and the share of the time to heal that AWS does not impose."""
    picture: str
    """The timeline, as SVG."""


def replayed(file: Path, shared: Path) -> Replayed:
    """The replay of ``file``, from ``shared`` where another test has left it."""
    with _alone(file, shared):
        return _kept(file, shared)


def all_replayed(shared: Path) -> list[Replayed]:
    """Every scenario's replay.

    What another process replays just now comes last: who waits for it, and then for the next, adds nothing.
    """
    waiting = []
    for file in SCENARIOS:
        try:
            with _alone(file, shared, fcntl.LOCK_NB):
                _kept(file, shared)
        except BlockingIOError:
            waiting.append(file)
    for file in waiting:
        replayed(file, shared)
    return [replayed(file, shared) for file in SCENARIOS]


@contextmanager
def _alone(file: Path, shared: Path, how: int = 0) -> Iterator[None]:
    """As the only process that may replay ``file``. Raises BlockingIOError if another does, and ``how`` is LOCK_NB."""
    with (shared / f"replay-{file.stem}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | how)
        yield


def _kept(file: Path, shared: Path) -> Replayed:
    result = shared / f"replay-{file.stem}.json"
    if not result.exists():
        result.write_text(json.dumps(asdict(_replayed(file))), encoding="utf-8")
    return Replayed(**json.loads(result.read_text(encoding="utf-8")))


def _replayed(file: Path) -> Replayed:
    scenario = load(file)
    with played(scenario) as world:
        recording = recording_of(world, file.stem, scenario.seed)
        unused = {f"{grant.role} {grant.action}" for grant in world.unused_grants()}
        misshapen = sorted({wrong for moment in world.customers.moments for wrong in _misshapen(moment)})
        used = {f"{grant.role} {grant.action}" for grant in world.recorder.ledger.used}
    failed = [f"{e.text}: expected {e.expected}, got {e.actual}" for e in recording.expectations if not e.held]
    shown = {m.body if m.medium == "sms" else m.subject for m in recording.messages}
    messages = dict(letters.files(recording))
    cut = sorted(text for text in shown if "..." in text)
    return Replayed(
        recording.passed,
        failed,
        sorted(used),
        sorted(used | unused),
        cut,
        misshapen,
        messages,
        _durations(recording),
        page.render_timeline(recording),
    )


def _durations(recording: Recording) -> dict[str, str]:
    if not recording.faults:
        return {}
    fault = recording.faults[0]
    found = figures(fault)
    public = next((u.at - fault.struck_at for u in recording.updates), None)
    known = {
        "detected": found.detected,
        "announced": found.announced_after_detection,
        "public": public,
        "healed": found.healed,
    }
    durations = {name: span(duration) for name, duration in known.items() if duration is not None}
    return durations | ({"own share": percent(found.defib_share)} if found.defib_share is not None else {})


def _misshapen(moment: PageMoment) -> Iterator[str]:
    for path, schema in PAGE_API.items():
        for error in schema.iter_errors(json.loads(moment.files[path].body)):
            yield f"{path} at {moment.at}: {error.message}"
