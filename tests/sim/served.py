"""A scenario that is being served, for tests: over real HTTP, at the pace of the test."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from sim.listener import Deaf
from sim.recording import Recording
from sim.replay import POLICIES, ROOT
from sim.scenario_file import load
from sim.serve.player import Player
from sim.serve.show import show

WITH_API = POLICIES / "stashboard.toml"
"""Under which the page speaks Stashboard's API."""
SPEED = 10.0
WALL = datetime(2031, 7, 1, 9, 30, tzinfo=UTC)
"""What the clocks of clients show: years from the outage that is replayed."""


class TestPace:
    """Real time passes when the test says so, a second at a time."""

    __test__ = False

    def __init__(self) -> None:
        self.left = timedelta(0)

    def lap(self) -> timedelta:
        passed = min(self.left, timedelta(seconds=1))
        self.left -= passed
        return passed

    def wall(self) -> datetime:
        return WALL


@dataclass(frozen=True, slots=True)
class Got:
    """An answer over HTTP."""

    code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """What a test does with it."""

    player: Player
    pace: TestPace
    address: str
    ended: list[Recording] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.address.removeprefix("http://")

    @property
    def now(self) -> datetime:
        return self.player.ask(lambda: self.player.world.time.now)

    def pass_real(self, real: timedelta) -> None:
        """Let so much real time pass, and return when the player has seen it."""
        self.pace.left = real
        while self.pace.left:
            self.player.ask(lambda: None)
        # What it saw last it has carried out by the time that it answers twice more.
        for _ in range(2):
            self.player.ask(lambda: None)

    def until(self, clock: str) -> None:
        """Let real time pass until it is so late in virtual time, such as ``12:04:30``."""
        hour, minute, second = (int(part) for part in clock.split(":"))
        now = self.now
        self.pass_real((now.replace(hour=hour, minute=minute, second=second, microsecond=0) - now) / SPEED)

    def send(self, method: str, target: str, body: bytes = b"", **headers: str) -> Got:
        """``target`` goes onto the wire as it is."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, target, skip_host="host" in named, skip_accept_encoding=True)
        for name, value in ({"content-length": str(len(body))} | named).items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        got = Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return got

    def get(self, target: str, **headers: str) -> Got:
        return self.send("GET", target, b"", **headers)


@contextmanager
def served(scenario: str, port: int = 0, policy: Path = WITH_API) -> Iterator[Served]:
    """The shipped scenario of that name, from its first moment, at ten virtual seconds a second."""
    pace, ready, ended = TestPace(), Queue[Any](), list[Recording]()
    said: list[str] = []

    def run() -> None:
        try:
            show(
                load(ROOT / "scenarios" / f"{scenario}.toml"),
                scenario,
                policy,
                seed=None,
                speed=SPEED,
                port=port,
                pace=pace,
                listener=Deaf(),
                say=said.append,
                when_over=ended.append,
                started=ready.put,
            )
        except BaseException as error:  # noqa: BLE001 - the test gets it
            ready.put(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    player = ready.get(timeout=300)
    if isinstance(player, BaseException):
        raise player
    address = said[0].split("what customers see")[1].split()[0].rstrip("/")
    try:
        yield Served(player, pace, address, ended)
    finally:
        player.stop()
        thread.join(timeout=60)
    assert not thread.is_alive()
