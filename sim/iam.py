"""IAM, as far as Defib's policies go: whether a role's statements allow an action on a resource, and by which grant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sim.clock import SimulatorGap

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Operator to condition key to the allowed values."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy, with all intrinsic functions resolved."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions
    principals: tuple[str, ...] = ()
    """Services, in a resource policy; empty in a role's."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing a caller wants to do. A call may need several."""

    action: str
    """Such as ``ec2:StopInstances``."""
    resource: str
    """An ARN, or ``*`` for an action that IAM can't scope."""
    context: Mapping[str, tuple[str, ...]]
    """Condition key to its values."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One action of one statement, on one resource pattern: the unit in which a role can hold too much."""

    role: str
    action: str
    resource: str


Operator = Callable[[tuple[str, ...], tuple[str, ...]], bool]

OPERATORS: Mapping[str, Operator] = {
    "StringEquals": lambda actual, allowed: any(value in allowed for value in actual),
    "StringLike": lambda actual, allowed: any(_like(value, pattern) for value in actual for pattern in allowed),
    "ArnEquals": lambda actual, allowed: any(_like(value, pattern) for value in actual for pattern in allowed),
    "ArnLike": lambda actual, allowed: any(_like(value, pattern) for value in actual for pattern in allowed),
    "StringNotEquals": lambda actual, allowed: all(value not in allowed for value in actual),
    "Bool": lambda actual, allowed: any(value.lower() in {a.lower() for a in allowed} for value in actual),
    "ForAllValues:StringEquals": lambda actual, allowed: all(value in allowed for value in actual),
    "ForAllValues:StringLike": lambda actual, allowed: all(any(_like(v, p) for p in allowed) for v in actual),
    "ForAnyValue:StringEquals": lambda actual, allowed: any(value in allowed for value in actual),
}


def parse_statement(raw: Mapping[str, object]) -> Statement:
    """Read one resolved statement. Raises SimulatorGap for a form that this evaluator does not know."""
    unknown = set(raw) - {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}
    if unknown:
        raise SimulatorGap(f"IAM statement with {sorted(unknown)}: sim/iam.py evaluates no such element")
    raw_conditions = raw.get("Condition", {})
    assert isinstance(raw_conditions, Mapping)
    for operator in raw_conditions:
        if operator not in OPERATORS:
            raise SimulatorGap(f"IAM condition operator {operator}: sim/iam.py knows {sorted(OPERATORS)}")
    principal = raw.get("Principal", {})
    services: object = principal.get("Service", "*") if isinstance(principal, Mapping) else principal
    return Statement(
        effect=str(raw["Effect"]),
        actions=_strings(raw["Action"]),
        resources=_strings(raw.get("Resource", "*")),
        conditions={
            operator: {key: _strings(values) for key, values in block.items()}
            for operator, block in raw_conditions.items()
        },
        principals=_strings(services) if "Principal" in raw else (),
    )


def allowed_by(role: str, statements: Sequence[Statement], request: Request) -> Grant | None:
    """The grant that allows ``request``, or None when nothing does or a statement denies it."""
    if any(s.effect == "Deny" and _match(s, request) for s in statements):
        return None
    for statement in statements:
        if statement.effect == "Allow" and (hit := _match(statement, request)):
            return Grant(role, *hit)
    return None


def grants_of(role: str, statements: Sequence[Statement]) -> tuple[Grant, ...]:
    """Everything the statements allow, one grant for each action and resource pattern."""
    return tuple(Grant(role, a, r) for s in statements if s.effect == "Allow" for a in s.actions for r in s.resources)


def _match(statement: Statement, request: Request) -> tuple[str, str] | None:
    action = next((a for a in statement.actions if _like(request.action.lower(), a.lower())), None)
    resource = next((r for r in statement.resources if _like(request.resource, r)), None)
    if action is None or resource is None or not _conditions_hold(statement.conditions, request.context):
        return None
    return action, resource


def _conditions_hold(conditions: Conditions, context: Mapping[str, tuple[str, ...]]) -> bool:
    known = {key.lower(): values for key, values in context.items()}
    for operator, block in conditions.items():
        for key, allowed in block.items():
            actual = known.get(key.lower())
            if actual is None and not operator.startswith(("ForAllValues:", "StringNotEquals")):
                return False
            if not OPERATORS[operator](actual or (), allowed):
                return False
    return True


def _like(value: str, pattern: str) -> bool:
    # fnmatch gives brackets a meaning that IAM does not know.
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bool):
        return (str(value).lower(),)
    assert isinstance(value, Sequence), value
    return tuple(str(v) for v in value)
