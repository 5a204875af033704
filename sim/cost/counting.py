"""What the replayed system does while nothing happens, and in one heal: the real handlers on the simulated AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from defib.core.duration import format_duration
from defib.core.parse import parse as parse_policy
from sim.ledger import Ledger
from sim.replay import POLICY, ROOT, planned_end, run, world_of
from sim.scenario import Scenario
from sim.scenario_file import load, parse
from sim.wiring import Wiring
from sim.world import World

AFTER = timedelta(minutes=5)
"""When the first sandboxes are warm and the page has been laid out for the first time."""
SPAN = timedelta(minutes=15)
"""Three renewals of the page. What is asked once an hour, whether people can be reached, costs under a cent a month."""
FLEET_MOST = 1_000
"""A quiet fleet larger than this is counted as one of this size: nothing that costs depends on it (docs/cost.md)."""

HEAL = ROOT / "scenarios" / "april-30.toml"

QUIET = """\
title = "A quiet while"
story = "Nothing breaks."
seed = 1
start = 2026-04-30T12:00:00Z
until = "{until}"
[fleet.web]
count = {web}
[fleet.db]
count = 1
[fleet.worker]
count = {worker}
"""


Amounts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Counted:
    """What was done in ``span``, and by which application."""

    wiring: Wiring
    span: timedelta
    calls: Amounts
    """By ``service:Operation``, each attempt."""
    invocations: Amounts
    """By function."""
    seconds: Amounts
    """Virtual seconds, by function."""
    log_bytes: Amounts
    """By function."""
    metrics: Amounts
    """How often each custom metric was put."""
    messages: Amounts
    """By medium: what people received from SNS."""

    def beyond(self, quiet: Counted) -> Counted:
        """What this did beyond a quiet time of the same length."""
        share = self.span / quiet.span
        return Counted(
            self.wiring,
            self.span,
            _less(self.calls, quiet.calls, share),
            _less(self.invocations, quiet.invocations, share),
            _less(self.seconds, quiet.seconds, share),
            _less(self.log_bytes, quiet.log_bytes, share),
            {name: put for name, put in self.metrics.items() if name not in quiet.metrics},
            self.messages,
        )


def quiet(instances: int, policy: Path | None = None, span: timedelta = SPAN, after: timedelta = AFTER) -> Counted:
    """A quiet ``span`` of a fleet of so many instances, or of FLEET_MOST if they are more, under ``policy``.

    Raises PolicyError, OperatorError or OSError for a policy to mend.
    """
    scenario = quiet_scenario(min(instances, FLEET_MOST), after + span, _target_groups(policy or POLICY))
    with world_of(scenario, policy) as world:
        world.time.run_until(world.scenario.start + after)
        before = _counted(world, after)
        world.time.run_until(world.scenario.start + after + span)
        return _since(before, _counted(world, after + span))


def quiet_scenario(instances: int, until: timedelta, target_groups: Sequence[str] = ()) -> Scenario:
    """So many instances, three at least, of the services of the shipped policy; and these target groups, of nobody."""
    spread = max(instances - 1, 2)
    text = QUIET.format(until=format_duration(until), web=spread // 2, worker=spread - spread // 2)
    return parse(text + "".join(f"[target_groups.{name}]\n" for name in target_groups))


def _target_groups(policy: Path) -> tuple[str, ...]:
    """The names of those in the policy: each is asked, whether or not anybody serves there."""
    services = parse_policy(policy.read_text(encoding="utf-8")).services
    return tuple(dict.fromkeys(group.name for service in services for group in service.target_groups))


def heal(policy: Path | None = None, scenario: Path = HEAL) -> Counted:
    """All that happens from the start to the end of the one heal in ``scenario``."""
    with world_of(load(scenario), policy) as world:
        run(world)
        return _counted(world, max(world.time.now - world.scenario.start, planned_end(world) - world.scenario.start))


def _counted(world: World, span: timedelta) -> Counted:
    ledger: Ledger = world.recorder.ledger
    return Counted(
        world.wiring,
        span,
        dict(ledger.calls),
        dict(ledger.invocations),
        {function: sum(lasted) for function, lasted in ledger.durations.items()},
        dict(ledger.logged),
        dict(ledger.metrics),
        dict(Counter(message.medium for message in world.recorder.messages)),
    )


def _since(before: Counted, after: Counted) -> Counted:
    return Counted(
        after.wiring,
        after.span - before.span,
        _less(after.calls, before.calls),
        _less(after.invocations, before.invocations),
        _less(after.seconds, before.seconds),
        _less(after.log_bytes, before.log_bytes),
        _less(after.metrics, before.metrics),
        _less(after.messages, before.messages),
    )


def _less(whole: Amounts, part: Amounts, times: float = 1.0) -> Amounts:
    """``whole`` less so many times ``part``, of what is more in it."""
    left = {name: amount - part.get(name, 0.0) * times for name, amount in whole.items()}
    return {name: amount for name, amount in left.items() if amount > 0}
