"""The watchtower beside bare boto3: it has a bundle of its own, of which nothing is Defib's."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from infra.watchtower import MEMORY_MB
from tests.bench import cold, memory, warm, watched
from tests.bench.figure import Figure, Section, Unit
from tests.bench.process import FUNCTIONS, bytecode, environment, run, services_of
from tests.e2e import emulator
from watchtower.settings import FILE


def measure(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``watchtower``."""
    with _unpacked() as root, bytecode() as kept:
        tell("cold start of the watchtower")
        figures = list(_cold(root, kept, runs))
        tell("warm looks of the watchtower")
        figures.append(_warm(root, kept, runs))
        tell("memory of the watchtower")
        figures.append(_memory(root, kept, runs))
    return (Section("watchtower", "The watchtower", "what", tuple(figures)),)


def _cold(root: Path, kept: Mapping[str, str], runs: int) -> Iterator[Figure]:
    env = _environment(root, kept)
    services = services_of(watched.MODULE, env)
    code = f"import {watched.MODULE} as handler\nhandler._built()"
    first = (
        f"import {watched.MODULE}\nfrom watchtower.asking import client\nclient({services[0]!r}, {watched.REGION!r})"
    )
    took = cold.interleaved(
        {
            "bare": (cold.bare(*services), [], env),
            "ours": (code, [], env),
            "bare first": (cold.bare(services[0]), [], env),
            "ours first": (first, [], env),
            "source": (code, ["-B"], {**env, "PYTHONPATH": str(root)}),
        },
        runs,
    )
    note = f"{took['source']:.0f} ms from source"
    what = f"cold start ({', '.join(services)})"
    yield Figure(what, took["ours"], Unit.MILLISECONDS, took["bare"], cold.LIMIT, note)
    what = f"import and the first client ({services[0]})"
    yield Figure(what, took["ours first"], Unit.MILLISECONDS, took["bare first"], cold.LIMIT)


def _warm(root: Path, kept: Mapping[str, str], runs: int) -> Figure:
    answer = root / "answer.json"
    run(["-m", "tests.bench.watched", str(runs), str(answer)], _environment(root, kept))
    took = json.loads(answer.read_text())
    note = f"{took['between']:.1f} ms of it between the calls"
    what = f"a warm look ({took['operations']} calls)"
    return Figure(what, took["defib"], Unit.MILLISECONDS, took["bare"], warm.LIMIT, note)


def _memory(root: Path, kept: Mapping[str, str], runs: int) -> Figure:
    port = emulator.free_port()
    endpoint = f"http://127.0.0.1:{port}"
    shared = emulator.environment(endpoint, endpoint)
    with TemporaryDirectory() as name, emulator.running(port, Path(name), shared), memory.wearing(shared):
        to_emulator = {key: value for key, value in shared.items() if key.startswith("AWS_")}
        env = {**_environment(root, kept), **to_emulator, **watched.create()}
        services = services_of(watched.MODULE, env)
        # The first compiles, which takes memory, and remembers what is watched.
        peaks = [_peaks(root, env, services) for _ in range(runs + 1)][1:]
    ours, bare = (median(each) for each in zip(*peaks, strict=True))
    note = f"is given {MEMORY_MB} MB, {MEMORY_MB / ours:.1f} × its peak"
    return Figure("peak memory of a cold start and one look", ours, Unit.MEGABYTES, bare, memory.LIMIT, note)


def _peaks(root: Path, env: Mapping[str, str], services: list[str]) -> tuple[float, float]:
    watched.alive()
    done = _invoked(root, env, {"defib": {"handler": watched.MODULE, "event": {}, "proof": watched.PROOF}})
    bare = _invoked(root, env, {"bare": {"services": services, "calls": done["calls"]}})
    return done["peak_mb"], bare["peak_mb"]


def _invoked(root: Path, env: Mapping[str, str], task: Mapping[str, Any]) -> Any:
    asked, answered = root / "task.json", root / "done.json"
    asked.write_text(json.dumps(task))
    run(["-m", "tests.bench.invoke", str(asked), str(answered)], env)
    return json.loads(answered.read_text())


def _environment(root: Path, kept: Mapping[str, str]) -> dict[str, str]:
    names = dict.fromkeys(("WATCHTOWER_TABLE", "WATCHTOWER_TOPIC", "WATCHTOWER_HEARTBEAT_TOPIC"), watched.OWN_TABLE)
    return environment("watchtower", LAMBDA_TASK_ROOT=str(root), **names, **kept)


@contextmanager
def _unpacked() -> Iterator[Path]:
    """What Lambda unpacks: sources without bytecode, and the settings."""
    ignore = shutil.ignore_patterns("__pycache__")
    with TemporaryDirectory() as name:
        root = Path(name)
        shutil.copytree(FUNCTIONS / "watchtower", root / "watchtower", ignore=ignore)
        spec = importlib.util.find_spec("urllib3")
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, root / "urllib3", ignore=ignore)
        (root / FILE).write_text(json.dumps(watched.SETTINGS))
        yield root
