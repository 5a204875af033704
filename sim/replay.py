"""Runs one scenario against one policy, from the synthesized template, on virtual time."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from defib.core.parse import parse as parse_policy
from infra.synthesize import synthesize
from sim.listener import Deaf, Listener
from sim.machinery_check import check_components
from sim.outcome import recording_of
from sim.recording import Recording
from sim.scenario import Scenario
from sim.template import Template
from sim.wiring import Wiring, wiring_of
from sim.world import World

ROOT = Path(__file__).resolve().parent.parent
POLICY = ROOT / "defib.toml"
POLICIES = ROOT / "scenarios" / "policies"
ASSEMBLIES = ROOT / "build" / "replay"
"""One for each policy, synthesized afresh only when the code or the policy has changed."""

OVERTIME = timedelta(hours=2)
"""How long after the scenario's ``until`` open cases may still be worked on."""
STEP = timedelta(seconds=30)


def wiring_for(policy: Path, assemblies: Path = ASSEMBLIES) -> Wiring:
    """What the stack for ``policy`` deploys. Raises OperatorError for a policy that can't be synthesized."""
    assemblies.mkdir(parents=True, exist_ok=True)
    # Replays of other policies may run at the same time, and must not lose their assembly meanwhile.
    name = hashlib.sha256(policy.read_bytes()).hexdigest()[:12]
    with (assemblies / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return wiring_of(*Template.load(synthesize(policy, assemblies / name)))


def replay(
    scenario: Scenario,
    name: str,
    policy: Path | None = None,
    *,
    seed: int | None = None,
    listener: Listener | None = None,
) -> Recording:
    """Run ``scenario`` to its end, against ``policy`` or else its own, or else the shipped one."""
    seed = scenario.seed if seed is None else seed
    with played(scenario, policy, seed=seed, listener=listener) as world:
        return recording_of(world, name, seed)


@contextmanager
def played(
    scenario: Scenario, policy: Path | None = None, *, seed: int | None = None, listener: Listener | None = None
) -> Iterator[World]:
    """The world in which ``scenario`` has run to its end, while it can still be asked.

    Raises NoSuchComponent where its ``[[machinery]]`` strikes what no stack has.
    """
    with world_of(scenario, policy, seed=seed, listener=listener) as world:
        run(world)
        yield world


def world_of(
    scenario: Scenario, policy: Path | None = None, *, seed: int | None = None, listener: Listener | None = None
) -> World:
    """The world in which ``scenario`` is about to begin, not yet entered.

    Raises NoSuchComponent where its ``[[machinery]]`` strikes what no stack has.
    """
    policy = policy_of(scenario, policy)
    seed = scenario.seed if seed is None else seed
    wiring = wiring_for(policy)
    check_components(scenario, wiring)
    return World(scenario, parse_policy(policy.read_text(encoding="utf-8")), wiring, seed, listener or Deaf())


def policy_of(scenario: Scenario, other: Path | None) -> Path:
    """The file of the policy that counts: ``other``, or else the scenario's own, or else the shipped one."""
    return other or (POLICIES / f"{scenario.policy}.toml" if scenario.policy else POLICY)


def run(world: World) -> None:
    """Let time pass until ``until`` and until every case is closed or handed over, but not for ever."""
    world.time.run_until(planned_end(world))
    while not is_over(world):
        world.time.run_until(world.time.now + STEP)


def planned_end(world: World) -> datetime:
    """The scenario's ``until``."""
    return world.scenario.start + world.scenario.until


def is_over(world: World) -> bool:
    """Whether it is past ``until`` and nothing is being worked on any more, or for too long."""
    late = world.time.now - planned_end(world)
    if late < timedelta(0):
        return False
    return late >= OVERTIME or all(
        c.closed_at is not None or c.handed_over_at is not None for c in world.records.cases()
    )
