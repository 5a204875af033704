"""One scenario, played for people to watch in a browser, until they have seen enough."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from defib.core.parse import parse
from defib.stashboard.oauth import Credentials
from infra.operator_error import OperatorError
from sim.listener import EventKind, Listener
from sim.machine import Machine
from sim.outcome import recording_of
from sim.recording import Recording
from sim.replay import policy_of, world_of
from sim.scenario import Scenario
from sim.serve.control import Diary, told
from sim.serve.front import CONTROL, credentials_of, front_of
from sim.serve.http import Server
from sim.serve.pace import Pace
from sim.serve.player import Player

Say = Callable[[str], None]


class Both:
    """Two who listen."""

    def __init__(self, first: Listener, second: Listener) -> None:
        self._listeners = (first, second)

    def on_event(self, at: datetime, kind: EventKind, instance: str, text: str) -> None:
        for listener in self._listeners:
            listener.on_event(at, kind, instance, text)

    def on_instance(self, machine: Machine, doing: str) -> None:
        for listener in self._listeners:
            listener.on_instance(machine, doing)


def show(
    scenario: Scenario,
    name: str,
    policy: Path | None,
    *,
    seed: int | None,
    speed: float,
    port: int,
    pace: Pace,
    listener: Listener,
    say: Say,
    when_over: Callable[[Recording], None],
    started: Callable[[Player], None] = lambda _: None,
) -> None:
    """Play and serve until the player is stopped; ``started`` is given it.

    Raises OperatorError for a port that can't be had, or a policy without a status page.
    """
    seed = scenario.seed if seed is None else seed
    policy = policy_of(scenario, policy)
    if not parse(policy.read_text(encoding="utf-8")).page.enabled:
        raise OperatorError(f"{policy} has no status page to serve: set enabled = true under [page]")
    server, diary = Server(port), Diary()
    try:
        with world_of(scenario, policy, seed=seed, listener=Both(diary, listener)) as world:
            player = Player(world, pace, speed, lambda: when_over(recording_of(world, name, seed)))
            front = front_of(player, pace, name, seed, diary)
            say(greeting(server.address, player.speed, credentials_of(world.wiring)))
            with server.serving(lambda request: player.ask(lambda: front.answer(request))):
                started(player)
                player.play()
    finally:
        server.server_close()


def greeting(address: str, speed: float, keys: Credentials | None) -> str:
    """Where to look, and how to write, if one can. The credentials are made up, and good for this replay alone."""
    rate = "as fast as it can" if told(speed) == "max" else f"at {told(speed)} seconds a second"
    return "\n".join(
        (
            f"Playing {rate}; Ctrl-C ends it.",
            f"  what customers see   {address}/",
            f"  what programs read   {address}/api/v2/summary.json, {address}/history.rss",
            f"  clock, speed, staff  {address}{CONTROL}",
            *(_by_stashboard(address, keys) if keys is not None else ()),
            "",
        )
    )


def _by_stashboard(address: str, keys: Credentials) -> Iterator[str]:
    session = ", ".join(repr(key) for key in (keys.consumer_key, keys.consumer_secret, keys.token, keys.token_secret))
    yield f"  Stashboard API       {address}/api/v1/services, and {address}/admin/api/v1 for writes, signed with"
    yield (
        f"                       consumer {keys.consumer_key} / {keys.consumer_secret}, "
        f"token {keys.token} / {keys.token_secret} (all made up):"
    )
    yield f"  from requests_oauthlib import OAuth1Session; OAuth1Session({session}).post("
    yield f'      "{address}/admin/api/v1/services/web/events",'
    yield '      data={"status": "down", "message": "We look into it."})'


@contextmanager
def ended_by_signals(player: Player) -> Iterator[None]:
    """Within it, the first Ctrl-C, or SIGTERM, ends the replay between two steps; a second one at once."""

    def end(_: int, __: object) -> None:
        player.stop()
        for number in saved:
            signal.signal(number, signal.SIG_DFL)

    saved = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in saved:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)
