"""What people wait for: the replay of April 30th, ``make demo`` once all is installed, ``make test``."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sim.replay import ASSEMBLIES, POLICY
from tests.bench.figure import Figure, Section, Unit
from tests.bench.process import FUNCTIONS, ROOT, ChildFailed

SCENARIO = ROOT / "scenarios" / "april-30.toml"
REPLAY_LIMIT_S = 10
DEMO_LIMIT_S = 45
TEST_LIMIT_S = 240

_REPLAY = f"""
import time
from pathlib import Path
from sim.replay import replay
from sim.scenario_file import load
scenario = load(Path({str(SCENARIO)!r}))
started = time.perf_counter()
replay(scenario, "april-30", Path({{policy!r}}))
print(time.perf_counter() - started)
"""


def replayed(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``replay``: the best of a few runs would flatter, so the demo is measured as it comes."""
    del runs
    with _new_policy() as policy, TemporaryDirectory() as out:
        command = ["-m", "sim", "replay", str(SCENARIO), "--policy", str(policy), "--out", out]
        tell("the first demo, with its synthesis")
        first, _ = _elapsed(command)
        tell("the second demo")
        second, _ = _elapsed(command)
        tell("the replay alone")
        _, said = _elapsed(["-c", _REPLAY.format(policy=str(policy))])
    figures = (
        Figure("replay of april-30", float(said.splitlines()[-1]), Unit.SECONDS, limit=REPLAY_LIMIT_S),
        Figure("make demo, first time after install", first, Unit.SECONDS, limit=DEMO_LIMIT_S),
        Figure("make demo, again", second, Unit.SECONDS, limit=DEMO_LIMIT_S),
    )
    return (Section("replay", "The replay of April 30th", "what", figures),)


def tested(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``suite``."""
    del runs
    tell("the tests")
    took, said = _elapsed(["-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", "--ignore", "tests/e2e"])
    figure = Figure("make test", took, Unit.SECONDS, limit=TEST_LIMIT_S, note=said.splitlines()[-1].strip("= "))
    return (Section("suite", "The tests", "what", (figure,)),)


def _elapsed(arguments: list[str]) -> tuple[float, str]:
    """Seconds by the wall clock, and what it printed. Failed expectations or tests are not of interest here."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(FUNCTIONS)))}
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    took = time.perf_counter() - started
    if done.returncode not in {0, 1} or not done.stdout.strip():
        raise ChildFailed(f"python {' '.join(arguments)[:300]} failed:\n{done.stdout}{done.stderr}")
    return took, done.stdout.strip()


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
