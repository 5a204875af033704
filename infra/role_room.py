"""Whether IAM has room for what a role may do: it says so only in the middle of a deploy, which then fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.operator_error import OperatorError

ROLE_MOST = 10_240
"""Characters of all inline policies of a role, white space not counted (IAM User Guide, "IAM and AWS STS quotas")."""

FILLED_IN = {"AWS::Partition": "aws-us-gov", "AWS::Region": "us-gov-west-1", "AWS::AccountId": 12 * "0"}
"""What CloudFormation fills in, at its longest."""
ARN = "arn:aws-us-gov:service:us-gov-west-1:000000000000:Defib--0123456789AB"
"""Around a resource's logical id, from which CloudFormation makes its name."""


def refuse_overfull(template: Mapping[str, Any]) -> None:
    """Raise OperatorError if a role of ``template`` is to hold more than IAM takes."""
    most = max(sizes(template).values(), default=0)
    if most > ROLE_MOST:
        raise OperatorError(
            f"The policy names more target groups than IAM has room for in a role: {most:,} characters of "
            f'{ROLE_MOST:,}. With limits.zonal_shift = "start" their load balancers stand there too. Name fewer of '
            'them and give the others the opt-in tag instead, or set limits.zonal_shift = "recommend".'
        )


def sizes(template: Mapping[str, Any]) -> dict[str, int]:
    """By logical id how many characters of inline policies each role is to hold."""
    found: dict[str, int] = {}
    for role, document in _inline(template.get("Resources", {})):
        found[role] = found.get(role, 0) + len(json.dumps(_filled_in(document), separators=(",", ":")))
    return found


def _inline(resources: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for logical_id, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            yield from ((logical_id, policy["PolicyDocument"]) for policy in properties.get("Policies", ()))
        elif resource["Type"] == "AWS::IAM::Policy":
            yield from ((role["Ref"], properties["PolicyDocument"]) for role in properties.get("Roles", ()))


def _filled_in(value: Any) -> Any:
    match value:
        case {"Ref": str(name)}:
            return FILLED_IN.get(name, ARN + name)
        case {"Fn::GetAtt": [name, *_]}:
            return f"{ARN}{name}"
        case {"Fn::Join": [between, parts]}:
            return str(between).join(str(_filled_in(part)) for part in parts)
        case dict():
            return {key: _filled_in(part) for key, part in value.items()}
        case list():
            return [_filled_in(part) for part in value]
        case _:
            return value
