"""A world of one queue and one function, wired by hand, and what befalls it, for tests of the simulator itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import boto3

from defib.core.parse import parse as parse_policy
from sim.faults import Cure, FaultKind
from sim.function import Function
from sim.iam import Statement
from sim.listener import Deaf
from sim.machine import ActiveFault, Machine
from sim.machinery import MachineryFault
from sim.replay import POLICY
from sim.scenario import Fault, Scenario
from sim.scenario_file import parse
from sim.template import ACCOUNT, REGION
from sim.wiring import Poll, Queue, Wiring
from sim.world import World

QUIET = """
title = "Nothing happens"
story = "Nothing at all."
start = 2026-04-30T12:00:00Z
until = "10m"

[fleet.web]
count = 2
target_group = "web"

[fleet.other]
count = 1
opted_in = false

[target_groups.web]
check_every = "10s"
healthy_after = 3
deregistration_delay = "30s"

[durations]
stop = "60s"
force_stop = "30s"
pending = "20s"
boot = "40s"
checks = "2m"
reboot = "50s"
read_lag = "0s"
"""

EVERYTHING = Statement("Allow", ("*",), ("*",), {})


def scenario(read_lag: str = "0s") -> Scenario:
    return parse(QUIET.replace('read_lag = "0s"', f'read_lag = "{read_lag}"'))


def queue(name: str, dead_letters: Queue | None = None, fifo: bool = False) -> Queue:
    attributes = {"VisibilityTimeout": "40"}
    if fifo:
        attributes |= {"FifoQueue": "true"}
    if dead_letters is not None:
        attributes["RedrivePolicy"] = f'{{"deadLetterTargetArn": "{dead_letters.arn}", "maxReceiveCount": 3}}'
    return Queue(
        name=name,
        url=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}",
        arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
        attributes=attributes,
        visibility=timedelta(seconds=40),
        dead_letters_to=dead_letters.arn if dead_letters else None,
        policy=(replace(EVERYTHING, principals=("events.amazonaws.com",)),),
        word=name,
    )


def function(handler: str, *statements: Statement, environment: dict[str, str] | None = None) -> Function:
    return Function(
        name=f"Defib-{handler}",
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:Defib-{handler}",
        word=handler,
        handler=f"tests.sim.handlers.{handler}",
        environment=environment or {},
        timeout=timedelta(seconds=30),
        memory=128,
        task_root=Path(),
        concurrency=None,
        statements=statements or (EVERYTHING,),
    )


def wiring(of: Function, *, batch_size: int = 10, more: tuple[Queue, ...] = (), fifo: bool = False) -> Wiring:
    suffix = ".fifo" if fifo else ""
    letters = queue(f"dead{suffix}", fifo=fifo)
    orders = queue(f"orders{suffix}", letters, fifo)
    return Wiring(
        queues=(letters, orders, *more),
        functions=(of,),
        polls=(Poll(orders.arn, of.name, batch_size, reports_failures=True, concurrency=None),),
        rules=(),
        schedules=(),
        topics=(),
        subscriptions=(),
        tables=(),
        buckets=(),
        alarms=(),
    )


def world(of: Wiring | None = None, read_lag: str = "0s", machinery: tuple[MachineryFault, ...] = ()) -> World:
    """Not yet entered."""
    policy = parse_policy(POLICY.read_text(encoding="utf-8"))
    told = replace(scenario(read_lag), machinery=machinery)
    return World(told, policy, of or wiring(function("note")), 1, Deaf())


def run_for(entered: World, time: timedelta) -> None:
    entered.time.run_until(entered.time.now + time)


def send(entered: World, body: str, name: str = "orders", **more: str) -> None:
    url = next(q.url for q in entered.wiring.queues if q.name == name)
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body, **more)  # type: ignore[arg-type]  # attributes of FIFO queues


def dead(entered: World) -> int:
    return sum(entered.queues.dead_letters().values())


def strike(world: World, kind: FaultKind, *cures: Cure, after: int = 1, lasts: timedelta | None = None) -> Machine:
    """Break web-1 now."""
    machine = world.machines["web-1"]
    fault = Fault(at=timedelta(0), on=("web-1",), kind=kind, cured_by=cures or None, after=after, lasts=lasts)
    active = ActiveFault(fault, machine, world.time.now)
    world.recorder.struck(active)
    world.physics.strike(active)
    return machine


def restart(world: World, machine: Machine) -> None:
    """Stop it, start it, and wait until its checks are known."""
    ec2 = boto3.client("ec2")
    ec2.stop_instances(InstanceIds=[machine.instance_id])
    run_for(world, timedelta(minutes=2))
    ec2.start_instances(InstanceIds=[machine.instance_id])
    run_for(world, timedelta(minutes=3))
