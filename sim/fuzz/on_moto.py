"""A drawn story played by the deployed stack's own handlers on moto, to keep the ports in memory honest.

What can be judged there is: every call that changes an instance, at the moment at which EC2 gets it; and in the end the
cases, the notices, the trail and what the functions have left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

from defib.core.case import Case
from defib.core.guards.ownership import OWNERS
from defib.core.maintenance import maintenance_of
from defib.core.model import Cause, InstanceState
from defib.core.policy import Mode
from sim.boundary import Call
from sim.fuzz.draw_refusals import BATCHED
from sim.fuzz.invariants.ends import at_rest, tells_how_it_ends
from sim.fuzz.story import Story
from sim.fuzz.trouble import INDEX, REGION, VERSIONED, Nth, Spell, Trouble
from sim.machine import Machine
from sim.machinery import MachineryFault, MachineryKind
from sim.replay import ASSEMBLIES, STEP, world_of
from sim.scenario import TargetGroup
from sim.scenario_value import Trait
from sim.template import REGION as HERE
from sim.world import World

OVERTIME = timedelta(minutes=40)
"""How long after the story's end open cases may still be worked on; a minute there takes a second here."""
ACTS = frozenset({"ec2:RebootInstances", "ec2:StopInstances", "ec2:StartInstances"})
CALLS = {
    "ec2.observe": ("ec2:DescribeInstances", "ec2:DescribeInstanceStatus"),
    "ec2.suspects": ("ec2:DescribeInstanceStatus",),
    "ec2.perform": tuple(sorted(ACTS)),
    "table.read": ("dynamodb:GetItem", "dynamodb:Query"),
    "table.write": ("dynamodb:TransactWriteItems", "dynamodb:UpdateItem"),
    "switch.read": ("ssm:GetParameter",),
    "channel.publish": ("sns:Publish",),
    "channel.chat": ("sns:Publish",),
    "site.lay_out": ("s3:PutObject",),
}
QUEUED = ("sqs:SendMessage", "sqs:SendMessageBatch")
ANY = ("*",)
"""Any call of any function, the watchtower's included."""
KINDS = {
    Trouble.REFUSED: MachineryKind.CALL_THROTTLED,
    Trouble.DENIED: MachineryKind.CALL_REFUSED,
    Trouble.HANGS: MachineryKind.CALL_HANGS,
    Trouble.ANSWER_LOST: MachineryKind.ANSWER_LOST,
    Trouble.DIES_BEFORE: MachineryKind.DIES_BEFORE_CALL,
    Trouble.DIES_AFTER: MachineryKind.DIES_AFTER_CALL,
}
REFUSED_AS = {Trouble.DENIED: "AccessDenied"}
"""The error code with which a call is refused."""
OF_THE_TABLE = {
    VERSIONED: (("dynamodb:PutItem", "dynamodb:TransactWriteItems"), MachineryKind.WRITE_CONFLICTS),
    INDEX: (("dynamodb:Query",), MachineryKind.STALE_READS),
}
"""What befalls only those calls that the replay knows from others by itself."""
OF_THE_BUS = {
    Trouble.MESSAGE_LOST: MachineryKind.EVENTS_LOST,
    Trouble.MESSAGE_DOUBLED: MachineryKind.EVENTS_DOUBLED,
    Trouble.MESSAGE_LATE: MachineryKind.EVENTS_DELAYED,
}
FEW = 3
"""Calls that a spell strikes which strikes by chance in memory."""


def lived_on_moto(
    story: Story,
    nth: Nth | None = None,
    draws: Callable[[str], Random] | None = None,
    over: Callable[[World], None] = lambda _: None,
) -> tuple[World, list[str]]:
    """The world in which the story has been played, and what was broken in it.

    ``over`` hears of the world while it can still be asked; ``draws`` are those of fuzz/world.py.
    Left out is what has no like there: races, and people who change tags.
    """
    machinery = (*story.scenario.machinery, *(fault for spell in story.spells for fault in machinery_of(spell)))
    if nth is not None:
        fails = _refused_as(nth.trouble, MachineryFault(timedelta(0), ANY, KINDS[nth.trouble], nth=nth.number, times=1))
        machinery = (*machinery, fails)
    scenario = replace(story.scenario, machinery=machinery, target_groups=_target_groups(story))
    world = world_of(scenario, _policy_file(story))
    world.draws = draws or world.draws
    with world:
        broken = _Broken(story, world)
        world.functions.carried_out = broken.act
        end = scenario.start + scenario.until
        world.time.run_until(end)
        while world.time.now < end + OVERTIME and not _settled(world):
            world.time.run_until(world.time.now + STEP)
        over(world)
        return world, [*broken.found, *broken.at_end()]


def _policy_file(story: Story) -> Path:
    """The story's policy in a file, always the same one: the stack for it is then synthesized once."""
    text = story.policy_text.encode()
    file = ASSEMBLIES / f"{sha256(text).hexdigest()[:12]}.toml"
    if not file.is_file() or file.read_bytes() != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)
    return file


def _target_groups(story: Story) -> tuple[TargetGroup, ...]:
    """Those of the story, and those that its policy names besides, in which nobody is registered.

    Of one that is not there ELB says so (TargetGroupNotFound), and each sweep would have seen a part only.
    """
    here = {group.name for group in story.scenario.target_groups}
    named = dict.fromkeys(group.name for service in story.policy.services for group in service.target_groups)
    return (*story.scenario.target_groups, *(TargetGroup(name) for name in named if name not in here))


def machinery_of(spell: Spell) -> Iterator[MachineryFault]:
    """The spell as the replay's own trouble."""
    times = spell.times or (0 if spell.chance >= 1 else FEW)
    calls = CALLS.get(spell.on, QUEUED if spell.on.startswith("queue.") else ())
    if spell.trouble in KINDS and calls:
        fails = MachineryFault(spell.at, calls, KINDS[spell.trouble], spell.lasts, times=times)
        yield _refused_as(spell.trouble, fails)
    elif spell.on in OF_THE_TABLE and spell.trouble in (Trouble.CONFLICTS, Trouble.STALE):
        calls, kind = OF_THE_TABLE[spell.on]
        lag = spell.delay or timedelta(seconds=30)
        yield MachineryFault(spell.at, calls, kind, spell.lasts, times=times, delay=lag)
    elif spell.trouble is Trouble.PARTLY and spell.on == BATCHED:
        batches = ("sqs:SendMessageBatch",)
        yield MachineryFault(spell.at, batches, MachineryKind.BATCH_PARTLY_REFUSED, spell.lasts, times=times)
    elif spell.trouble in (Trouble.DIES_BEFORE, Trouble.DIES_AFTER):
        after = 1 if spell.trouble is Trouble.DIES_BEFORE else 2
        functions = ("diagnose", "remediate", "publish")
        yield MachineryFault(
            spell.at, functions, MachineryKind.FUNCTION_DIES, spell.lasts, times=FEW, after_calls=after
        )
    elif spell.trouble is Trouble.NO_SWEEP:
        yield MachineryFault(spell.at, ("every-minute",), MachineryKind.SCHEDULE_SILENT, spell.lasts)
    elif spell.trouble is Trouble.REGION_DARK and spell.on == REGION:
        yield MachineryFault(spell.at, (HERE,), MachineryKind.REGION_DARK, spell.lasts)
    elif spell.trouble in OF_THE_BUS:
        yield MachineryFault(spell.at, ("state-rule",), OF_THE_BUS[spell.trouble], spell.lasts, times=times)


def _refused_as(trouble: Trouble, fails: MachineryFault) -> MachineryFault:
    """With the error that AWS answers in that trouble."""
    return replace(fails, error=REFUSED_AS.get(trouble, fails.error))


def _settled(world: World) -> bool:
    return all(at_rest(case) for case in world.records.cases()) and not world.records.unpublished()


class _Broken:
    """Holds what Defib does against the invariants."""

    def __init__(self, story: Story, world: World) -> None:
        self.found: list[str] = []
        self._story = story
        self._world = world
        self._stopped: dict[str, datetime] = {}
        """Instances that Defib has stopped, and when it last did."""

    def act(self, call: Call) -> None:
        """A function's call is about to be carried out."""
        if call.name not in ACTS:
            return
        by_id = {machine.instance_id: machine for machine in self._world.machines.values()}
        for instance_id in call.params.get("InstanceIds", ()):
            self._consented(call, by_id[instance_id])
            if call.name == "ec2:StopInstances":
                self._stopped[instance_id] = self._world.time.now

    def _consented(self, call: Call, machine: Machine) -> None:
        policy, now, what = self._story.policy, self._world.time.now, f"{call.operation} on {machine.name}"
        service = policy.service_of(machine.tags)
        if not policy.opted_in(machine.tags) or service is None:
            self._break("consent", f"{what}, which is not opted in")
            return
        if any(key in OWNERS for key in machine.tags) or Trait.MANAGED in machine.traits:
            self._break("consent", f"{what}, which is another's")
        if Trait.SPOT in machine.traits and call.name != "ec2:RebootInstances":
            self._break("hazards", f"{what}, which is EC2's to stop and start")
        if service.mode is Mode.OBSERVE:
            self._break("consent", f"{what} in observe mode")
        pulled = [pull.to for pull in self._story.scenario.kill_switch if self._story.scenario.start + pull.at < now]
        if pulled and pulled[-1] != "on":
            self._break("consent", f"{what} with the kill switch {pulled[-1]}")
        case = self._case(machine)
        intent = case.intent if case is not None else None
        if case is None or intent is None or intent.claimed_at is None:
            self._break("intent precedes act", f"{what} without a claimed intent")
            return
        gives_back = call.name == "ec2:StartInstances" and machine.instance_id in self._stopped
        planned = case.confirmed_cause is Cause.EVENT_SCHEDULED
        if not gives_back and not planned and maintenance_of(policy, service, machine.tags, now) is not None:
            self._break("consent", f"{what} in maintenance")

    def _case(self, machine: Machine) -> Case | None:
        cases = [case for case in self._world.records.cases() if case.instance_id == machine.instance_id]
        return cases[-1] if cases else None

    def at_end(self) -> Sequence[str]:
        """What is broken when all is over."""
        world, machines = self._world, self._world.machines.values()
        cases = world.records.cases()
        audited = world.records.audited()
        unsaid = [case.id for case in cases if case.closed_at is not None and case.id not in audited]
        ends = (case for case in cases if not at_rest(case) and not self._waits_for_the_end_of_an_outage(case))
        broken = [f"ends: {case.id} is neither over nor people's: {case.reason}" for case in ends]
        broken += [f"audit: {case_id} does not say that it was closed" for case_id in unsaid]
        broken += [f"told: notice {n.incident_id}-{n.sequence} never went out" for n in world.records.unpublished()]
        for machine in machines:
            case = self._case(machine) if machine.instance_id in self._stopped else None
            if case is not None and machine.state is InstanceState.STOPPED and not self._was_told(case):
                broken.append(f"started again: Defib stopped {machine.name}, and nobody knows")
        ledger = world.recorder.ledger
        broken += [f"crash: {error}" for error in ledger.errors]
        return broken + [f"crash: a call was not allowed: {denied}" for denied in ledger.denied]

    def _waits_for_the_end_of_an_outage(self, case: Case) -> bool:
        """What fails while its operators have planned that is left alone until then, and a moment more."""
        policy, service = self._story.policy, self._story.policy.service(case.service)
        tags = next(m.tags for m in self._world.machines.values() if m.instance_id == case.instance_id)
        lately = self._world.time.now - STEP
        planned = service is not None and maintenance_of(policy, service, tags, lately) is not None
        return planned and case.confirmed_at is None

    def _was_told(self, case: Case) -> bool:
        of_it = (n for n in self._world.records.notices() if n.case_id == case.id)
        since = self._stopped[case.instance_id]
        return any(tells_how_it_ends(notice, case, since) for notice in of_it)

    def _break(self, invariant: str, what: str) -> None:
        self.found.append(f"{invariant}: {what} (at {self._world.time.now - self._story.scenario.start})")
