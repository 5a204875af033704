"""What a scenario says of an EC2 Auto Scaling group: its size, its lifecycle hooks, and its warm pool."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from defib.core.setting import choice, duration, flag, number, table


class HookResult(StrEnum):
    """What a group does when a lifecycle hook has timed out (EC2 Auto Scaling API, LifecycleHook, DefaultResult)."""

    ABANDON = "abandon"
    """What is launched is terminated; what is to be terminated is."""
    CONTINUE = "continue"


class PoolState(StrEnum):
    """In which state a warm pool keeps its instances (EC2 Auto Scaling API, WarmPoolConfiguration, PoolState)."""

    STOPPED = "stopped"
    RUNNING = "running"
    HIBERNATED = "hibernated"


@dataclass(frozen=True, slots=True)
class Hook:
    """A lifecycle hook. The heartbeat and the default result are AWS's own (EC2 Auto Scaling API, PutLifecycleHook)."""

    holds: timedelta = field(
        default=timedelta(0),
        metadata=duration("After how long somebody completes its action. 0s: there is no such hook.", "3m", "0s", "2h"),
    )
    times_out: int = field(
        default=0,
        metadata=number("Of how many of the instances that it holds nobody does, from the first on.", 1, 0, 1_000),
    )
    heartbeat: timedelta = field(
        default=timedelta(hours=1),
        metadata=duration("After how long it times out: nobody records a heartbeat.", "10m", "30s", "2h"),
    )
    default_result: HookResult = field(
        default=HookResult.ABANDON,
        metadata=choice("What comes of that.", HookResult, HookResult.CONTINUE),
    )

    @property
    def is_there(self) -> bool:
        return self.holds > timedelta(0)


@dataclass(frozen=True, slots=True)
class WarmPool:
    """Instances that a group has launched ahead, for members' places (EC2 Auto Scaling User Guide, Warm pools)."""

    size: int = field(
        default=0,
        metadata=number("How many it keeps, launched from the beginning on. 0: there is no warm pool.", 1, 0, 20),
    )
    state: PoolState = field(
        default=PoolState.STOPPED,
        metadata=choice("In which state; hibernated is for fleets with that trait.", PoolState, PoolState.RUNNING),
    )


@dataclass(frozen=True, slots=True)
class ScalingGroup:
    """An EC2 Auto Scaling group, with as many members in service as its fleets have instances."""

    name: str
    minimum: int = field(default=0, metadata=number("Its minimum size.", 2, 0, 200))
    opted_in: bool = field(default=True, metadata=flag("Whether it carries the opt-in tag of defib.toml."))
    dead_launches: int = field(
        default=0,
        metadata=number(
            "How many of the instances that it launches are dead on arrival, from the first on.", 5, 0, 1_000
        ),
    )
    dead_for: timedelta | None = field(
        default=None,
        metadata=duration("After how long each of these comes up after all. Left out, never.", "20m", "1m", "1d"),
    )
    launching: Hook = field(default_factory=Hook, metadata=table("A lifecycle hook that holds what it launches."))
    terminating: Hook = field(
        default_factory=Hook, metadata=table("A lifecycle hook that holds what it is about to terminate.")
    )
    warm_pool: WarmPool = field(default_factory=WarmPool, metadata=table("Its warm pool."))
