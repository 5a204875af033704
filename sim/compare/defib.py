"""Defib itself on the same machines: the real core and shell in memory, and the deployed functions on moto."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from defib.core.case import Action, Case
from defib.core.parse import parse
from defib.core.policy import Policy
from sim.accounting import aws_imposed, grace_for
from sim.compare.fault_class import FaultClass
from sim.compare.onlooker import Onlooker, losses
from sim.compare.trial import Harm, Trial
from sim.fuzz.story import Story
from sim.fuzz.world import World
from sim.machine import Machine
from sim.outcome import HEALED
from sim.recording import Recording
from sim.replay import policy_of, replay
from sim.report.figures import figures

NAME = "Defib"
REPLAYED = "Defib, replayed"
MODEL = (
    "The real core and shell over the in-memory ports of `python -m sim fuzz`. "
    "Its stores pass the same contract suites as the table; what stands in for EC2's and load balancers' answers, "
    "the kill switch, the queues, the channels and the bus that people answer on passes the same as the deployed edges "
    "(`tests/contract`). "
    "And, for a share of the seeds, the synthesized stack's own handlers on moto (`python -m sim replay`). "
    "The policy is the shipped `defib.toml`; for an application that is down, which that does not see, "
    "`scenarios/policies/pool-at-once.toml`, by which it is restarted as soon as its load balancer says so."
)


def in_memory(fault_class: FaultClass, seed: int, policy: Path | None = None) -> Trial:
    """One trial over the ports in memory; ``policy`` is another than the class's. Raises OSError, PolicyError."""
    scenario = fault_class.scenario(seed)
    world = World(Story(seed, scenario, *_policy(policy_of(scenario, policy))))
    victim = world.cloud.by_name[fault_class.victim]
    balancer = world.cloud.balancer_of(victim)
    looker = Onlooker(world.time, fault_class, lambda: list(world.cloud.machines.values()), balancer)
    world.run()
    return _trial(world, looker, victim)


def _share(imposed: timedelta, until: timedelta | None) -> float | None:
    """What of the time until then AWS does not impose."""
    return max(0.0, 1 - imposed / until) if until else None


NO_ACTS = frozenset({Action.EVIDENCE, Action.DRAIN, Action.RESTORE, Action.RESIZE})


def _trial(world: World, looker: Onlooker, victim: Machine) -> Trial:
    struck, serves_again = looker.struck_at, looker.serves_again
    case = _case(world.cases(), victim, struck)
    closed = case.closed_at - struck if case is not None and case.closed_at and case.outcome in HEALED else None
    for each in world.cases():
        _judge(looker, each, world.cloud.machines[each.instance_id])

    repair = world.story.policy.repair
    grace = grace_for(victim, repair)

    def waste(until: timedelta | None, grace: timedelta = grace) -> float | None:
        if case is None or not until:
            return None
        history = looker.history(victim)
        track, shown = history.recorded(world.time.now), history.shows_trouble(struck)
        trial = repair.reboot_trial
        return _share(
            aws_imposed(struck, shown, struck + until, case.attempts, track, trial, victim.faults, grace), until
        )

    heard = [at for at in world.store.published.values() if at >= struck]
    return Trial(
        agent=NAME,
        fault_class=world.story.scenario.title,
        seed=world.story.seed,
        serves_again=serves_again,
        told=min(heard) - struck if heard else None,
        harms=frozenset(looker.harms),
        acts=tuple(looker.acts),
        closed=closed,
        waste=waste(serves_again),
        waste_with_grace=waste(serves_again, timedelta(0)),
        waste_closed=waste(closed),
    )


def _judge(looker: Onlooker, case: Case, machine: Machine) -> None:
    for attempt in case.attempts:
        if attempt.done_at is not None and attempt.action not in NO_ACTS:
            looker.act(attempt.action.value, machine, attempt.claimed_at or attempt.intended_at)


def _case(cases: Sequence[Case], victim: Machine, struck: datetime) -> Case | None:
    """The last case of the victim that was open at the strike or opened later: what was refused may have another."""
    own = [c for c in cases if c.instance_id == victim.instance_id and (c.closed_at is None or c.closed_at > struck)]
    return own[-1] if own else None


@cache
def _policy(path: Path) -> tuple[str, Policy]:
    text = path.read_text(encoding="utf-8")
    return text, parse(text)


def replayed(fault_class: FaultClass, seed: int, policy: Path | None = None) -> tuple[Trial, Recording]:
    """One trial of the deployed stack's own handlers on moto, and its recording; ``policy`` as in memory."""
    recording = replay(fault_class.scenario(seed), fault_class.name, policy, seed=seed)
    fault = recording.faults[0]
    serving, again = fault.serving, fault.serving.at - fault.struck_at if fault.serving is not None else None
    told = [m.at for m in recording.messages if m.at >= fault.struck_at]
    acts = [a for a in fault.actions if a.verdict == "done" and a.action not in NO_ACTS]
    lost: set[Harm] = set()
    for act in acts:
        lost |= losses(act.action, fault_class.fleet.instance_type, fault_class.fleet.traits)
    return (
        Trial(
            agent=REPLAYED,
            fault_class=fault_class.name,
            seed=seed,
            serves_again=again,
            told=min(told) - fault.struck_at if told else None,
            harms=frozenset(lost),
            acts=tuple(act.action for act in acts),
            closed=fault.healed_at - fault.struck_at if fault.healed_at is not None else None,
            waste=_share(serving.aws_imposed, again) if serving is not None else None,
            waste_with_grace=_share(serving.without_grace, again) if serving is not None else None,
            waste_closed=figures(fault).defib_share,
        ),
        recording,
    )
