"""The same fleet behind the ports in memory, and behind the real edges on moto, as the replays have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ReadTimeoutError

from defib.aws.act import AwsActor
from defib.aws.clients import client
from defib.aws.membership import Memberships
from defib.aws.observe import AwsObserver
from defib.aws.switch import SsmSwitch
from defib.core.parse import parse as parse_policy
from defib.core.policy import Policy
from defib.shell.ports import Actor, KillSwitch, Observer
from sim.clock import VirtualTime
from sim.fuzz import edges
from sim.fuzz.acts import Acts
from sim.fuzz.cloud import Cloud
from sim.fuzz.on_moto import CALLS
from sim.fuzz.outside import Outside
from sim.fuzz.seen import Seen
from sim.fuzz.trouble import Spell, Trouble
from sim.listener import Deaf
from sim.machine import Machine
from sim.middle import middle
from sim.scenario import Fault, Scenario
from sim.scenario_file import parse
from sim.world import World
from tests.aws.account import ONCE
from tests.aws.fleet import Overlay
from tests.sim.small_world import function, wiring

SWITCH = "/defib/healing"
SUPPRESS_FOR = timedelta(minutes=30)
REFUSED_AS = {Trouble.REFUSED: "ThrottlingException", Trouble.DENIED: "AccessDenied"}

POLICY = """
[defib]
opt_in_tag = "self-heal=true"

[services.web]
match = { service = "web" }
mode = "heal"
minimum_healthy = 1
replicated = true
group_member = "replace"
tell = ["oncall"]

[[services.web.target_groups]]
arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09"
load_balancer = "app/web/50dc6c495c0c9188"

[services.pool]
match = { service = "pool" }
mode = "heal"
minimum_healthy = 1
replicated = true
tell = ["oncall"]

[contacts.oncall]
email = ["oncall@example.com"]
"""

FLEET = """
title = "A fleet of many kinds"
story = "Each instance has another trouble."
start = 2026-04-30T12:00:00Z
until = "30m"

[fleet.web]
count = 4
target_group = "web"
group = "web"

[fleet.pool]
count = 4
target_group = "pool"
application_check = 1
traits = ["public_ip", "hibernation"]
instance_type = "m7gd.large"

[fleet.alone]
count = 6
service = "pool"
traits = ["elastic_ip", "stop_protection"]

[fleet.host]
count = 2
service = "pool"
traits = ["dedicated_host", "windows"]
instance_type = "m7i.large"

[fleet.spare]
count = 1
service = "pool"

[fleet.other]
count = 1
service = "web"
opted_in = false

[fleet.nobodys]
count = 1

[groups.web]
minimum = 1

[target_groups.web]
check_every = "10s"
healthy_after = 3
deregistration_delay = "30s"

[target_groups.pool]
opted_in = false
"""


@dataclass(frozen=True)
class Ports:
    """What Defib has of the outside world, and the outside world."""

    observer: Observer
    actor: Actor
    switch: KillSwitch
    machines: Mapping[str, Machine]
    """By name; what has not been launched yet may be missing."""
    time: VirtualTime
    start: datetime

    def later(self, minutes: float) -> None:
        """Let so many minutes pass."""
        self.time.run_until(self.time.now + timedelta(minutes=minutes))

    def id_of(self, name: str) -> str:
        return self.machines[name].instance_id

    def names(self) -> Mapping[str, str]:
        """The names of the instances by their ids."""
        return {machine.instance_id: name for name, machine in self.machines.items()}


@dataclass(frozen=True)
class Befalls:
    """Trouble with every call of that name (sim/fuzz/trouble.py)."""

    trouble: Trouble
    on: str


def scenario(faults: Sequence[Fault]) -> Scenario:
    return replace(parse(FLEET), faults=tuple(faults))


@contextmanager
def in_memory(faults: Sequence[Fault] = (), befalls: Befalls | None = None, says: str = "on") -> Iterator[Ports]:
    """The ports that the fuzz has."""
    told, policy = scenario(faults), parse_policy(POLICY)
    time = VirtualTime(told.start)
    cloud = Cloud(told, policy, time, middle)
    spells = () if befalls is None else (Spell(timedelta(0), timedelta(days=1), befalls.trouble, befalls.on),)
    outside = Outside(time, spells, None, middle("trouble"))
    for fault in told.faults:
        time.after(fault.at, lambda f=fault: cloud.strike(f))  # type: ignore[misc]  # binds the loop's value
    switch = edges.KillSwitch(outside)
    switch.says = says
    nobody: Callable[..., None] = lambda *_: None  # noqa: E731 - judges nothing
    yield Ports(
        edges.Observer(Seen(cloud), outside, nobody),
        edges.Actor(Acts(cloud, SUPPRESS_FOR), outside, nobody, nobody, nobody),
        switch,
        cloud.by_name,
        time,
        told.start,
    )


@contextmanager
def on_moto(faults: Sequence[Fault] = (), befalls: Befalls | None = None, says: str = "on") -> Iterator[Ports]:
    """The edges that are deployed, over moto with the replays' machines laid over it."""
    told, policy = scenario(faults), parse_policy(POLICY)
    world = World(told, policy, wiring(function("note")), 1, Deaf())
    world.draws = middle
    with world:
        clients: dict[str, Any] = {name: client(name, ONCE) for name in ("ec2", "elbv2", "autoscaling", "ssm")}
        clients["ssm"].put_parameter(Name=SWITCH, Value=says, Type="String")
        if befalls is not None:
            _trouble(clients, befalls)
        yield _edges(world, policy, clients)


def _edges(world: World, policy: Policy, clients: Mapping[str, Any]) -> Ports:
    ec2, elb, scaling = clients["ec2"], clients["elbv2"], clients["autoscaling"]
    memberships = Memberships(lambda: scaling, policy.opt_in)
    return Ports(
        AwsObserver(ec2, elb, edges.Now(world.time), policy, memberships),
        AwsActor(lambda: ec2, lambda: elb, lambda: scaling, SUPPRESS_FOR),
        SsmSwitch(clients["ssm"], SWITCH),
        world.machines,
        world.time,
        world.scenario.start,
    )


def _trouble(clients: Mapping[str, Any], befalls: Befalls) -> None:
    """The same trouble, where botocore meets it."""
    for name in CALLS[befalls.on]:
        service, _, operation = name.partition(":")
        overlay = Overlay().lay_over(clients[service])
        if befalls.trouble in REFUSED_AS:
            overlay.refusals[operation] = REFUSED_AS[befalls.trouble]
        else:
            overlay.silence, overlay.silent = ReadTimeoutError(endpoint_url=service), {operation}


STAGES = {"memory": in_memory, "moto": on_moto}
