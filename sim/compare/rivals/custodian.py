"""Cloud Custodian stopping and starting: its own code decides, asked once for each situation that a trial comes to."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from defib.core.model import CheckStatus, InstanceState
from sim.compare.custodian_process import WINDOW_DAYS
from sim.compare.rivals.alarm import any_check
from sim.compare.stage import NO_ROOM, Stage
from sim.faults import FaultKind
from sim.machine import Machine

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".venv" / "custodian" / "bin" / "python"
PROCESS = ROOT / "sim" / "compare" / "custodian_process.py"
ANSWERS = ROOT / "sim" / "compare" / "custodian_answers.json"
"""What it answered when it was last asked."""
RUNS_EVERY = timedelta(minutes=1)
"""The shortest schedule of an EventBridge rule."""
NEW = timedelta(minutes=5)
"""For how long after its launch an instance is not looked at (filter ``instance-uptime``)."""
WINDOW = timedelta(days=WINDOW_DAYS)


class NoCustodian(Exception):
    """It is not installed, or can't be run; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What Custodian can see of an instance, and what EC2 would answer it."""

    state: str
    reason: str
    up: bool
    marked: bool
    refuse: str
    points: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What its policies called; ``ms`` of processor time, None where that was not measured now."""

    calls: tuple[str, ...]
    errors: tuple[str, ...]
    ms: float | None = None


Ask = Callable[[Situation], Answer]


class Custodian:
    """Four policies in mode ``periodic``, once a minute."""

    name = "Cloud Custodian"
    model = (
        "Really run: c7n 0.9.53 in an environment of its own, with moto as EC2. It never calls DescribeInstanceStatus, "
        "so a filter on the metric StatusCheckFailed, two minutes in a row, stands for it; four policies "
        "(`sim/compare/custodian_process.py`) stop what fails, start what they or AWS have stopped, and forget what "
        "works. They run once a minute, the shortest schedule there is. Each situation that a trial comes to was put "
        "to it once; what it did then it does in every trial. It knows no load balancer's health, forces no stop, and "
        "tells nobody unless c7n-mailer is set up: here it is, and counted from the stop or start."
    )

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def watch(self, stage: Stage) -> None:
        _Watched(stage, self._ask)


class _Watched:
    """The victim, as Custodian meets it minute by minute; the others never differ from a healthy instance."""

    def __init__(self, stage: Stage, ask: Ask) -> None:
        self._stage = stage
        self._ask = ask
        self._points: list[tuple[datetime, int]] = []
        self._marked = False
        stage.on_sample.append(self._sampled)
        stage.time.every(RUNS_EVERY, stage.time.now + RUNS_EVERY * stage.random.random(), self._run)

    def _sampled(self, machine: Machine) -> None:
        if machine is self._stage.victim:
            failing = any(check.status is CheckStatus.IMPAIRED for check in any_check(machine))
            self._points.append((self._stage.time.now, int(failing)))

    def _run(self) -> None:
        machine, now = self._stage.victim, self._stage.time.now
        situation = self._situation(machine, now)
        for call in self._ask(situation).calls:
            match call:
                case "StopInstances":
                    self._stage.tell()
                    self._stage.stop(machine)
                case "StartInstances" if not situation.refuse:
                    self._stage.tell()
                    self._stage.start(machine)
                case "StartInstances":
                    self._stage.start(machine)
                case "CreateTags":
                    self._marked = True
                case "DeleteTags":
                    self._marked = False

    def _situation(self, machine: Machine, now: datetime) -> Situation:
        shown = machine.shown
        full = shown.state is InstanceState.STOPPED and machine.suffers(FaultKind.START_CAPACITY) is not None
        return Situation(
            state=shown.state.value,
            reason=shown.reason_code,
            up=now - shown.launched_at >= NEW,
            marked=self._marked,
            refuse=NO_ROOM if full else "",
            points=tuple(value for at, value in self._points if now - at <= WINDOW),
        )


class Asked:
    """Custodian in its own process; each situation is put to it once."""

    def __init__(self, python: Path = PYTHON) -> None:
        if not python.exists():
            raise NoCustodian(f"Cloud Custodian is not in {python.parent.parent}: make .venv/.custodian installs it.")
        self._process = subprocess.Popen(  # noqa: S603 - our own file
            [str(python), str(PROCESS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.answers: dict[Situation, Answer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _pipe(self._process.stdin).close()
        _pipe(self._process.stdout).close()
        self._process.wait()

    def __call__(self, situation: Situation) -> Answer:
        if situation not in self.answers:
            self.answers[situation] = self.again(situation)
        return self.answers[situation]

    def again(self, situation: Situation) -> Answer:
        """Ask whatever has been asked before. Raises NoCustodian when the process has ended."""
        asked, answered = _pipe(self._process.stdin), _pipe(self._process.stdout)
        asked.write(json.dumps(asdict(situation)) + "\n")
        asked.flush()
        line = answered.readline()
        if not line:
            raise NoCustodian(f"Cloud Custodian ended with status {self._process.wait()}; run {PROCESS} by hand")
        said = json.loads(line)
        return Answer(tuple(said["calls"]), tuple(said["errors"]), float(said["ms"]))


def remembered(path: Path = ANSWERS) -> Ask:
    """Custodian as it answered when it was last asked. A situation that it never was in raises NoCustodian."""
    known = {_key(entry["situation"]): entry for entry in json.loads(path.read_text(encoding="utf-8"))}

    def ask(situation: Situation) -> Answer:
        entry = known.get(_key(asdict(situation)))
        if entry is None:
            raise NoCustodian(f"Cloud Custodian was never asked about {situation}: make compare asks it anew.")
        return Answer(tuple(entry["calls"]), tuple(entry["errors"]))

    return ask


def keep(answers: Mapping[Situation, Answer], path: Path = ANSWERS) -> None:
    """Write what it answered, for ``remembered``."""
    entries = [
        {"situation": asdict(situation), "calls": answer.calls, "errors": answer.errors}
        for situation, answer in sorted(answers.items(), key=lambda item: _key(asdict(item[0])))
    ]
    path.write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n", encoding="utf-8")


def _key(situation: Mapping[str, str | bool | Sequence[int]]) -> str:
    return json.dumps(situation, sort_keys=True)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
