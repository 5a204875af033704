"""What can be wrong with a scenario's ``[[machinery]]``: in the file alone, and held against the deployed stacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields
from fnmatch import fnmatchcase
from functools import cache

from botocore.session import get_session

from defib.core.mistake import Mistake, Mistakes
from sim.machinery import NATURES, MachineryFault, MachineryKind, Strikes
from sim.scenario import Scenario
from sim.wiring import Wiring

ANY_KIND = frozenset({"at", "on", "kind", "lasts", "region"})
ONLY = {
    MachineryKind.BATCH_PARTLY_REFUSED: "sqs:SendMessageBatch",
    MachineryKind.WRITE_CONFLICTS: "dynamodb",
    MachineryKind.STALE_READS: "dynamodb",
}
"""Kinds that make sense for some calls only."""


class NoSuchComponent(ValueError):
    """The scenario strikes what no stack has; ``str()`` lists every such thing."""


def check_machinery(scenario: Scenario, mistakes: Mistakes) -> None:
    """What the file alone shows."""
    for n, fault in enumerate(scenario.machinery):
        if mistakes.spoil(("machinery", n)):
            continue
        for key, must in _wrong(fault, scenario):
            mistakes.add(("machinery", n, key), _given(fault, key), must)


def check_components(scenario: Scenario, wiring: Wiring) -> None:
    """Raises NoSuchComponent unless everything that is struck is there."""
    wrong = [
        str(Mistake(f"machinery[{n}].on", f'"{pattern}"', f"must name one of the {fault.strikes}: {', '.join(known)}"))
        for n, fault in enumerate(scenario.machinery)
        for pattern in fault.on
        if (known := _known(fault, pattern, wiring)) and not any(fnmatchcase(word, pattern) for word in known)
    ]
    if wrong:
        raise NoSuchComponent("\n  ".join([f"{scenario.title}: the stacks hold no such thing", *wrong]))


def words_of(strikes: Strikes, wiring: Wiring) -> tuple[str, ...]:
    """The words of everything of a kind that the stacks hold; hosts and calls are not theirs."""
    match strikes:
        case Strikes.FUNCTIONS:
            found = [function.word for function in wiring.functions]
        case Strikes.SCHEDULES:
            found = [schedule.word for schedule in wiring.schedules]
        case Strikes.RULES:
            found = [rule.word for rule in wiring.rules]
        case Strikes.QUEUES:
            polled = {poll.queue_arn for poll in wiring.polls}
            found = [queue.word for queue in wiring.queues if queue.arn in polled]
        case Strikes.TOPICS:
            found = [topic.word for topic in wiring.topics]
        case Strikes.ALARMS:
            found = [alarm.word for alarm in wiring.alarms]
        case Strikes.REGIONS:
            found = list(wiring.regions)
        case Strikes.CALLS | Strikes.HOSTS:
            found = []
    return tuple(dict.fromkeys(found))


def _wrong(fault: MachineryFault, scenario: Scenario) -> Iterator[tuple[str, str]]:
    uses = ANY_KIND | set(NATURES[fault.kind].uses)
    for one in fields(MachineryFault):
        if one.name not in uses and one.default is not MISSING and getattr(fault, one.name) != one.default:
            yield one.name, f"means nothing to {fault.kind}; leave it out"
    if not fault.on:
        yield "on", "must name at least one thing"
    if fault.at >= scenario.until:
        yield "at", "must come before the scenario's until"
    only = ONLY.get(fault.kind, "")
    if only and any(pattern != only and not pattern.startswith(f"{only}:") for pattern in fault.on):
        yield "on", f"must be {only} for {fault.kind}"
    if fault.kind is MachineryKind.PARTITION and len(fault.on) != 2:
        yield "on", 'must be the two Regions between which nothing gets through, such as ["us-east-1", "us-west-2"]'


def _given(fault: MachineryFault, key: str) -> object:
    value = getattr(fault, key)
    return list(value) if isinstance(value, tuple) else value


def _known(fault: MachineryFault, pattern: str, wiring: Wiring) -> Sequence[str]:
    """Everything that a pattern could have meant; empty where nobody can say."""
    if fault.strikes is Strikes.CALLS:
        service, _, operation = pattern.partition(":")
        return _calls(service) if operation else _services()
    return words_of(fault.strikes, wiring)


@cache
def _services() -> tuple[str, ...]:
    return tuple(get_session().get_available_services())


@cache
def _calls(service: str) -> tuple[str, ...]:
    if service not in _services():
        return _services()
    names = get_session().get_service_model(service).operation_names
    return tuple(f"{service}:{name}" for name in names)
