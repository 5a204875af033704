"""What people wait for: the replay of April 30th, ``make demo`` once all is installed, ``make test``."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sim.replay import ASSEMBLIES, POLICY
from sim.scale.memory import KILOBYTES
from tests.bench.figure import Figure, Section, Unit
from tests.bench.process import FUNCTIONS, ROOT, ChildFailed

SCENARIO = ROOT / "scenarios" / "april-30.toml"
REPLAY_LIMIT_S = 10
DEMO_LIMIT_S = 45
TEST_LIMIT_S = 900
"""Most of it is every scenario replayed by the deployed handlers: the longest that a change may wait for."""
NAMED_MOST = 10
"""How many failing tests a row names: more than a handful have one cause, and the table stays readable."""

_REPLAY = f"""
import time
from pathlib import Path
from sim.replay import replay
from sim.scenario_file import load
scenario = load(Path({str(SCENARIO)!r}))
started, worked = time.perf_counter(), time.process_time()
replay(scenario, "april-30", Path({{policy!r}}))
print(time.perf_counter() - started, time.process_time() - worked)
"""


def replayed(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``replay``, once: each takes seconds."""
    del runs
    with _new_policy() as policy, TemporaryDirectory() as out:
        command = ["-m", "sim", "replay", str(SCENARIO), "--policy", str(policy), "--out", out]
        tell("the first demo, with its synthesis")
        first = _run(command)
        tell("the second demo")
        second = _run(command)
        tell("the replay alone")
        alone = _run(["-c", _REPLAY.format(policy=str(policy))])
    seconds, processor_seconds = map(float, alone.last_line.split())
    figures = (
        Figure("replay of april-30", seconds, Unit.SECONDS, None, REPLAY_LIMIT_S, _work(processor_seconds)),
        Figure("make demo, first time after install", first.seconds, Unit.SECONDS, None, DEMO_LIMIT_S, first.work),
        Figure("make demo, again", second.seconds, Unit.SECONDS, None, DEMO_LIMIT_S, second.work),
    )
    return (Section("replay", "The replay of April 30th", "what", figures),)


def tested(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``suite``; its row names the tests that fail."""
    del runs
    tell("the tests")
    left_out = ("--ignore", "tests/e2e", "--ignore", "tests/browser")
    with TemporaryDirectory() as cache:
        ran = _run(["-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", "-o", f"cache_dir={cache}", *left_out])
        failing = failing_in(Path(cache))
    counted = ran.last_line.partition(" in ")[0]
    note = f"{counted}; {ran.work}{named(failing)}"
    figures = (
        Figure("make test", ran.seconds, Unit.SECONDS, None, TEST_LIMIT_S, note),
        Figure("its largest process", ran.largest_mb, Unit.MEGABYTES),
    )
    return (Section("suite", "The tests", "what", figures),)


def failing_in(cache: Path) -> list[str]:
    """What failed in the one run that wrote ``cache``, pytest's own: its tests, and files that it could not read."""
    kept = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else []


def named(failing: Sequence[str]) -> str:
    """The end of a row's note; nothing when none fails."""
    if not failing:
        return ""
    more = len(failing) - NAMED_MOST
    return f"; failing: {', '.join(failing[:NAMED_MOST])}{f' and {more} more' if more > 0 else ''}"


@dataclass(frozen=True, slots=True)
class Ran:
    """One command that came to its end."""

    seconds: float
    """By the clock on the wall."""
    processor_seconds: float
    """Of the command and all that it started."""
    largest_mb: float
    """The most memory that one process of it held, or of a command before it."""
    last_line: str

    @property
    def work(self) -> str:
        return _work(self.processor_seconds)


def _work(seconds: float) -> str:
    return f"{seconds:.0f} s of processor time"


def _run(arguments: list[str]) -> Ran:
    """Run Python at the root of the repository. That an expectation or a test failed is no reason to stop."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(FUNCTIONS)))}
    started, worked = time.perf_counter(), _children_worked()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    took, work = time.perf_counter() - started, _children_worked() - worked
    if done.returncode not in {0, 1} or not done.stdout.strip():
        raise ChildFailed(f"python {' '.join(arguments)[:300]} failed:\n{done.stdout}{done.stderr}")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KILOBYTES
    return Ran(took, work, largest, done.stdout.strip().splitlines()[-1])


def _children_worked() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _new_policy() -> Iterator[Path]:
    """A policy that nothing has been synthesized for yet, and that says what the shipped one says."""
    with TemporaryDirectory() as name:
        policy = Path(name) / "defib.toml"
        policy.write_text(POLICY.read_text(encoding="utf-8") + "\n# Measured.\n", encoding="utf-8")
        assembly = ASSEMBLIES / hashlib.sha256(policy.read_bytes()).hexdigest()[:12]
        shutil.rmtree(assembly, ignore_errors=True)
        try:
            yield policy
        finally:
            shutil.rmtree(assembly, ignore_errors=True)
            assembly.with_suffix(".lock").unlink(missing_ok=True)
