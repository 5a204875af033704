"""What some Regions lack: one template must do for all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.synthesized import Synthesized


def holds(condition: dict[str, Any], pseudo: dict[str, str]) -> bool:
    """As CloudFormation evaluates it."""
    ((function, argument),) = condition.items()
    if function == "Fn::And":
        return all(holds(one, pseudo) for one in argument)
    if function == "Fn::Not":
        return not holds(argument[0], pseudo)
    assert function == "Fn::Equals"
    return bool(pseudo[argument[0]["Ref"]] == argument[1])


@pytest.mark.parametrize(
    ("region", "partition", "detects"),
    [
        ("us-east-1", "aws", True),
        ("ap-southeast-5", "aws", True),
        ("mx-central-1", "aws", False),
        ("ap-southeast-6", "aws", False),
        ("us-gov-west-1", "aws-us-gov", False),
        ("cn-north-1", "aws-cn", False),
    ],
)
def test_lambda_is_told_to_let_functions_recur_only_in_regions_where_it_watches_for_that(
    stack: Synthesized, region: str, partition: str, detects: bool
) -> None:
    functions = stack.of("AWS::Lambda::Function").values()

    (name,) = {function["RecursiveLoop"]["Fn::If"][0] for function in functions if "RecursiveLoop" in function}

    assert holds(stack.template["Conditions"][name], {"AWS::Region": region, "AWS::Partition": partition}) is detects
