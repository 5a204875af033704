"""A scenario's own trouble in the machinery, as the spells that befall a story in memory.

Each keeps its meaning and its time. What a scenario leaves broken for good is mended when its time is over, by people
who were told (docs/watching.md): whatever had to wait must come to its end then. What memory does not have can't fail
there: the watchtower and its Region, and CloudWatch's alarms about Defib itself. Where only these are struck, Defib
lives through the story as if nothing were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from defib.core.policy import Policy
from sim.fuzz.lanes import CARRIES
from sim.fuzz.trouble import FUNCTIONS, INDEX, REGION, VERSIONED, Spell, Trouble
from sim.machinery import MachineryFault, MachineryKind
from sim.scenario import Scenario
from sim.template import REGION as HERE

NOTHING = timedelta(0)
CALLS = {
    "dynamodb": ("table.read", "table.write"),
    "ec2:DescribeInstanceStatus": ("ec2.observe instance", "ec2.suspects status"),
    "elbv2:DescribeTargetHealth": ("ec2.observe", "ec2.suspects status"),
    "sns:Publish": ("channel.publish", "channel.chat", "subscribers.tell"),
}
"""By the word of a scenario, the calls that make that call, and no good of it."""
OF_CALLS = {
    MachineryKind.CALL_HANGS: Trouble.HANGS,
    MachineryKind.CALL_REFUSED: Trouble.REFUSED,
    MachineryKind.CALL_THROTTLED: Trouble.REFUSED,
    MachineryKind.ANSWER_LOST: Trouble.ANSWER_LOST,
    MachineryKind.DIES_BEFORE_CALL: Trouble.DIES_BEFORE,
    MachineryKind.DIES_AFTER_CALL: Trouble.DIES_AFTER,
}
DENIED_AS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedOperation",
    }
)
"""The codes by which AWS says that a role may not make the call (SNS API, Common errors; EC2 API, Error codes)."""
OF_WHOLE = {
    (MachineryKind.BATCH_PARTLY_REFUSED, frozenset({"sqs:SendMessageBatch"})): (Trouble.PARTLY, "queue.signals"),
    (MachineryKind.STALE_READS, frozenset({"dynamodb"})): (Trouble.STALE, INDEX),
    (MachineryKind.STALE_READS, frozenset({"dynamodb:Query"})): (Trouble.STALE, INDEX),
    (MachineryKind.WRITE_CONFLICTS, frozenset({"dynamodb:PutItem", "dynamodb:TransactWriteItems"})): (
        *(Trouble.CONFLICTS, VERSIONED),
    ),
}
"""What befalls a kind of call that takes all of these words to name: memory does not tell a put from a transaction."""
OF_QUEUES = {
    MachineryKind.QUEUE_LATE: Trouble.QUEUE_LATE,
    MachineryKind.QUEUE_DOUBLES: Trouble.QUEUE_DOUBLES,
}


class BeyondMemory(Exception):
    """The scenario strikes what is not there in memory; ``str()`` says what. The replay plays it."""


def spells_of(scenario: Scenario, policy: Policy) -> tuple[Spell, ...]:
    """What befalls the machinery in that scenario. Raises BeyondMemory."""
    faults = (replace(fault, lasts=fault.lasts or scenario.until - fault.at) for fault in scenario.machinery)
    return tuple(spell for fault in faults for spell in _of_fault(fault, policy))


def _of_fault(fault: MachineryFault, policy: Policy) -> Iterator[Spell]:
    whole = OF_WHOLE.get((fault.kind, frozenset(fault.on)))
    if whole is None or fault.nth > 1:
        for on in fault.on:
            yield from _spells(fault, on, policy)
        return
    trouble, call = whole
    delay = fault.delay if trouble is Trouble.STALE else NOTHING
    for by in fault.by or ("",):
        yield Spell(fault.at, fault.lasts or NOTHING, trouble, call, by=by, times=fault.times, delay=delay)


def _spells(fault: MachineryFault, on: str, policy: Policy) -> Iterator[Spell]:
    """What the fault does to one of the things that it strikes."""
    kind, at, lasts = fault.kind, fault.at, fault.lasts or NOTHING
    whenever = fault.nth == 1 and not fault.times
    hosts = {other.name: urlsplit(other.address).hostname for other in policy.page.elsewhere}
    if kind in OF_CALLS and on in CALLS and fault.nth == 1:
        for call in CALLS[on]:
            for by in fault.by or ("",):
                yield Spell(at, lasts, _trouble(fault), call, by=by, times=fault.times)
    elif kind in OF_QUEUES and on in CARRIES.values() and whenever:
        yield Spell(at, lasts, OF_QUEUES[kind], on, delay=fault.delay)
    elif kind is MachineryKind.FUNCTION_DIES and on in FUNCTIONS and whenever:
        yield Spell(at, lasts, Trouble.FUNCTION_DIES, on, after_calls=fault.after_calls)
    elif kind is MachineryKind.HTTPS_HANGS and on in hosts.values():
        for name in (name for name, host in hosts.items() if host == on):
            yield Spell(at, lasts, Trouble.HANGS, f"elsewhere.tell {name}")
    elif kind is MachineryKind.REGION_DARK:
        if on == HERE:
            yield Spell(at, lasts, Trouble.REGION_DARK, REGION)
    elif kind is not MachineryKind.PARTITION:
        raise BeyondMemory(f"{kind.value} on {on}")


def _trouble(fault: MachineryFault) -> Trouble:
    """What befalls the calls: what a role may not do does not pass by itself."""
    denied = fault.kind is MachineryKind.CALL_REFUSED and fault.error in DENIED_AS
    return Trouble.DENIED if denied else OF_CALLS[fault.kind]
