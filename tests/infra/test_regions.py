"""What some Regions lack: one template must do for all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from defib.core.policy import Policy, Tag
from infra.operator_error import OperatorError
from infra.regions import must_exist
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


ANYWHERE = Policy(Tag("self-heal", "true"), ())


@pytest.mark.parametrize("region", ["", "us-east-1", "mx-central-1", "ap-east-2", "ap-southeast-6", "us-gov-west-1"])
def test_regions_that_there_are_may_be_named_the_newest_too(region: str) -> None:
    tower = replace(ANYWHERE.watchtower, region=region, primary_region=region)
    must_exist(replace(ANYWHERE, watchtower=tower, page=replace(ANYWHERE.page, failover_region=region)))


def test_a_region_that_resembles_none_is_refused_all_the_same() -> None:
    nowhere = replace(ANYWHERE, page=replace(ANYWHERE.page, failover_region="zz-upside-9"))
    with pytest.raises(OperatorError, match=r'^page\.failover_region = "zz-upside-9": no Region of AWS'):
        must_exist(nowhere)
