"""The whole simulated AWS: the template's application, the scenario's fleet, and one virtual time over both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from random import Random
from types import TracebackType
from typing import Self

import boto3
from moto import mock_aws
from moto.moto_api._internal import mock_random

from defib.core.membership import GROUP_TAG
from defib.core.model import InstanceState
from defib.core.policy import Policy
from sim import deploy, recalling, searching, serializing, sizing, transactions
from sim.addresses import Addresses
from sim.alarms import Alarms
from sim.application import ApplicationChecks
from sim.authority import Authority, Tags
from sim.boundary import Boundary
from sim.breakdowns import Breakdowns
from sim.bus import Bus
from sim.carrier import Carrier
from sim.clock import VirtualTime
from sim.customers import Customers
from sim.ec2 import Ec2
from sim.elb import LoadBalancing, load_balancer_arn
from sim.elsewhere.stand import stand
from sim.faults import FaultKind
from sim.fleet import LONG_AGO, Launcher, Place, places, scaling_groups, target_groups
from sim.functions import Lambda
from sim.gateway import Gateway
from sim.groups import AutoScaling
from sim.health import schedule_issues, zone_id_of
from sim.http_api import HttpApi
from sim.iam import Grant, grants_of
from sim.internet import Internet, connected
from sim.listener import EventKind, Listener
from sim.machine import ActiveFault, Machine
from sim.mail import Mail
from sim.metrics import Measurements, Metric
from sim.people import Ways, answer, answer_drill
from sim.physics import Physics
from sim.pool import virtual_pools
from sim.queues import Queues
from sim.recorder import Recorder
from sim.recording import Message
from sim.records import Records
from sim.replies import Reply
from sim.scenario import Fault, Scenario, pool_names, selected
from sim.session import environment, new_session
from sim.shifts import ZonalShifts
from sim.stale import StaleReads
from sim.template import ACCOUNT, REGION
from sim.topics import Topics
from sim.watching import Watching, put_apis_online, put_page_online
from sim.wiring import Wiring


class World:
    """Entered, it is the only AWS there is; its clock moves only by ``run``."""

    def __init__(self, scenario: Scenario, policy: Policy, wiring: Wiring, seed: int, listener: Listener) -> None:
        self.scenario = scenario
        self.policy = policy
        self.wiring = wiring
        self.time = VirtualTime(scenario.start)
        self.breakdowns = Breakdowns(self.time, scenario.start, scenario.machinery)
        self.measurements = Measurements(self.breakdowns.is_dark)
        self.metrics = self.measurements.of(REGION)
        """Those of the first stack's Region, where the fleet is."""
        self.records = Records(wiring.tables)
        self.recorder = Recorder(self.time, self.measurements, listener)
        self.machines: dict[str, Machine] = {}
        """By name; an instance that has not been launched yet is missing."""
        self._seed = seed
        self.draws: Callable[[str], Random] = lambda what: Random(f"{seed}/{what}")
        """A stream of its own for each part, so that one part's draws don't shift another's; read when entered."""
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack as stack:
            stack.enter_context(environment())
            stack.enter_context(mock_aws())
            stack.enter_context(transactions.quick())
            stack.enter_context(serializing.quick())
            stack.enter_context(sizing.quick())
            stack.enter_context(recalling.quick())
            stack.enter_context(searching.quick(self.time))
            stack.enter_context(self.time)
            mock_random.seed(self._seed)
            boto3.setup_default_session(botocore_session=new_session())
            self._build()
            # Once more: instance ids shouldn't change with the number of queues.
            mock_random.seed(self._seed)
            self._populate()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _build(self) -> None:
        assert boto3.DEFAULT_SESSION is not None
        recorder, ledger, time = self.recorder, self.recorder.ledger, self.time
        boundary = Boundary(boto3.DEFAULT_SESSION)
        transactions.only_puts(boundary)
        deploy.deploy_storage(self.wiring)
        self.customers = Customers(time, self.wiring, partial(recorder.tell, EventKind.PAGE, ""))
        self.customers.watch(boundary)
        self.launcher = Launcher(self.policy)
        self.physics = Physics(time, self.draws("physics"), self.scenario.durations, recorder)
        self.ec2 = Ec2(time, self.physics, boundary)
        self.balancing = LoadBalancing(time, self.draws("elb"), self.ec2, boundary, self._target_changed)
        self.applications = ApplicationChecks(time, self.draws("applications"), self.machines, boundary)
        self.scaling = AutoScaling(time, self.physics, boundary, self._launch_in_place_of)
        self.shifts = ZonalShifts(time, boundary, self._load_balancers, self._shift_changed)
        self.balancing.kept_from = self._kept_from
        authority = Authority(ACCOUNT, self._tags_of, self.scaling.arn_of, self.shifts.load_balancer_of)
        draws, broken = self.draws("lambda"), self.breakdowns
        carrier = Carrier(
            time, authority, ledger, draws, broken, StaleReads(time, self.wiring, boundary, self.scenario.machinery)
        )
        self.functions = Lambda(time, carrier, ledger, self.measurements, draws, recorder.logged)
        self.queues = Queues(time, self.wiring, self.functions, ledger, boundary, broken)
        self.bus = Bus(time, self.wiring, self.queues, self.functions, self.draws("bus"), broken)
        tell_of_mail = partial(recorder.tell, EventKind.MESSAGE, "")
        gateway = Gateway(self.wiring, self.functions, self._measure_call)
        self.mail = Mail(time, gateway, self.records.used_links, tell_of_mail)
        subscriptions = self.wiring.subscriptions
        self.addresses = Addresses(time, subscriptions, self.scenario.unreachable, self.metrics, boundary)
        hears, put, chain = self.addresses.hears, self.queues.put, self.functions.chain
        self.topics = Topics(time, self.wiring, boundary, self._received, broken, hears, put, chain)
        self.alarms = Alarms(time, self.measurements, self.bus, self.topics, self.wiring.alarms, broken)
        boundary.admit, boundary.answered = self.functions.admit, self.functions.answered
        self._stack.enter_context(virtual_pools(self.functions.start_task, self.functions.pass_time))
        self.internet = self._stack.enter_context(connected(Internet(time, self.functions)))
        self.elsewhere = stand(self.policy, self.internet, time.now)
        Watching(boundary, self.bus, self.alarms, self.measurements)
        put_page_online(self.internet, self.wiring, self.customers)
        put_apis_online(self.internet, self.wiring, gateway, broken)
        recorder.on_state = self._announce_state
        recorder.on_shown = self._show

    def _populate(self) -> None:
        groups = target_groups(self.scenario, self.policy, self.balancing, self.launcher)
        scaling_groups(self.scenario, self.policy, self.scaling, self.balancing, groups)
        every = places(self.scenario)
        late = {
            name for f in self.scenario.faults if f.kind is FaultKind.DEAD_ON_ARRIVAL for name in selected(f.on, every)
        }
        for name, place in every.items():
            if name in late:
                continue
            machine = self.launcher.launch(place, self.scenario.start - LONG_AGO, InstanceState.RUNNING)
            self._add(machine)
            self.physics.settle(machine)
            if place.fleet.target_group:
                self.balancing.join(groups[place.fleet.target_group], machine)
            self.recorder.add(machine)
            self._target_changed(machine)
            self.ec2.show(machine)
        for fault in self.scenario.faults:
            for name in selected(fault.on, {**every, **dict.fromkeys(pool_names(self.scenario))}):
                self.time.at(self.scenario.start + fault.at, lambda f=fault, n=name: self._strike(f, n))  # type: ignore[misc]  # mypy infers no type for a lambda's default
        self.breakdowns.tell(partial(self.recorder.tell, EventKind.MACHINERY, ""))
        for pull in self.scenario.kill_switch:
            self.time.at(self.scenario.start + pull.at, partial(deploy.set_kill_switch, self.wiring, pull.to))
        for reply in self.scenario.answers:
            for name in selected(reply.on, every):
                self.time.at(self.scenario.start + reply.at, partial(self._reply, reply, name))
        for drilled in self.scenario.drill_answers:
            at = self.scenario.start + drilled.at
            self.time.at(at, partial(answer_drill, drilled, self.records.drills_of, self.bus))
        for by_aws in self.scenario.aws_shifts:
            begin = partial(self.shifts.begin, zone_id_of(by_aws.zone), by_aws.lasts, by_aws.practice)
            self.time.at(self.scenario.start + by_aws.at, begin)
        schedule_issues(self.time, self.bus, self.scenario.start, self.scenario.health_issues)
        self.bus.start_schedules(self.draws("schedules"))
        self.alarms.start(self.draws("alarms"), self._measure)

    def _add(self, machine: Machine) -> None:
        self.machines[machine.name] = machine
        self.ec2.add(machine)
        self.applications.watch(machine)
        if machine.tags.get(GROUP_TAG, "") in self.scaling.groups:
            self.scaling.join(machine, machine.tags[GROUP_TAG])

    def _launch_in_place_of(self, old: Machine, wrong: Fault | None) -> Machine:
        """What a group launches where it has terminated ``old``: of the same fleet, with the next name."""
        fleet = next(f for f in self.scenario.fleet if f.name == old.name.rpartition("-")[0])
        number = fleet.count + 1
        while f"{fleet.name}-{number}" in self.machines:
            number += 1
        place = Place(f"{fleet.name}-{number}", fleet, old.zone)
        machine = self.launcher.launch(place, self.time.now, InstanceState.PENDING)
        self._add(machine)
        self.recorder.add(machine)
        if wrong is None:
            self.physics.launch(machine)
        else:
            self._strike(wrong, machine.name)
        return machine

    def _reply(self, reply: Reply, name: str) -> None:
        answer(reply, name, Ways(self.records.cases, self.records.notices, self.bus, self.mail))

    def _received(self, message: Message) -> None:
        self.recorder.received(message)
        self.mail.receive(message)

    def _strike(self, fault: Fault, name: str) -> None:
        if name not in self.machines:
            if name in pool_names(self.scenario):
                return
            machine = self.launcher.launch(places(self.scenario)[name], self.time.now, InstanceState.PENDING)
            self._add(machine)
            self.recorder.add(machine)
        active = ActiveFault(fault, self.machines[name], self.time.now)
        self.recorder.struck(active)
        self.physics.strike(active)

    def _announce_state(self, machine: Machine) -> None:
        self.bus.put(
            "aws.ec2",
            "EC2 Instance State-change Notification",
            {"instance-id": machine.instance_id, "state": machine.state.value},
            (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{machine.instance_id}",),
        )

    def _show(self, machine: Machine) -> None:
        self.ec2.show(machine)
        self.balancing.state_shown(machine)

    def _target_changed(self, machine: Machine) -> None:
        self.recorder.target_changed(machine, self.balancing.group_of(machine))

    def _load_balancers(self) -> frozenset[str]:
        return frozenset(map(load_balancer_arn, self.balancing.groups.values()))

    def _kept_from(self, load_balancer: str) -> str:
        shift = self.shifts.applied(load_balancer)
        return shift.away_from if shift is not None else ""

    def _shift_changed(self, words: str) -> None:
        self.recorder.tell(EventKind.TARGET, "", words)

    def _tags_of(self, resource: str) -> Tags:
        """Tags of an instance id, a target group or an Auto Scaling group; none for what does not exist."""
        if ":autoScalingGroup:" in resource:
            return self.scaling.tags_of(resource)
        machine = next((m for m in self.machines.values() if m.instance_id == resource), None)
        if machine is not None:
            return machine.tags
        group = self.balancing.groups.get(resource)
        opt_in = self.policy.opt_in
        return {opt_in.key: opt_in.value} if group is not None and group.spec.opted_in else {}

    def _measure(self) -> None:
        """What services put into CloudWatch once a minute."""
        self.addresses.measure()
        for group in self.balancing.groups.values():
            name = group.arn.rpartition(":")[2]
            metric = Metric.of(
                "AWS/ApplicationELB", "UnHealthyHostCount", TargetGroup=name, LoadBalancer=group.load_balancer
            )
            self.metrics.put(metric, group.unhealthy(), self.time.now)
        for queue in self.queues.measured():
            for name, value in (
                ("ApproximateNumberOfMessagesVisible", self.queues.visible(queue.name)),
                ("ApproximateAgeOfOldestMessage", self.queues.oldest(queue.name)),
            ):
                metric = Metric.of("AWS/SQS", name, QueueName=queue.name)
                self.measurements.of(queue.region).put(metric, value, self.time.now)

    def _measure_call(self, api: HttpApi, code: int) -> None:
        """What API Gateway counts of each call (API Gateway Developer Guide, "Working with metrics for HTTP APIs")."""
        metric = Metric.of("AWS/ApiGateway", "5xx", ApiId=api.api_id)
        self.metrics.put(metric, float(code >= 500), self.time.now)

    def unused_grants(self) -> tuple[Grant, ...]:
        """What the roles allow and this replay did not need."""
        granted = (g for f in self.wiring.functions for g in grants_of(f.word, f.statements))
        return tuple(g for g in granted if g not in self.recorder.ledger.used)
