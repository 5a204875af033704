"""The quicker ways in which moto's answers are written and items measured change none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models.dynamo_type import DynamoType

from sim import serializing, sizing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

ITEM: Mapping[str, AttributeValueTypeDef] = {
    "pk": {"S": "of every type"},
    "text": {"S": ""},
    "number": {"N": "-12.5"},
    "bytes": {"B": b"\x00\xff"},
    "said": {"BOOL": False},
    "nothing": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "many": {"BS": [b"\x01"]},
    "list": {"L": [{"S": "a"}, {"M": {}}, {"L": []}]},
    "map": {"M": {"S": {"S": "a"}, "inner": {"M": {"B": {"B": b"b"}}}}},
}
"""A member of a map may be called like a type."""


@mock_aws
def test_an_item_of_every_type_is_read_alike() -> None:
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    dynamodb.create_table(
        TableName="any",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="any", Item=ITEM)

    slowly = dynamodb.get_item(TableName="any", Key={"pk": ITEM["pk"]})["Item"], dynamodb.scan(TableName="any")["Items"]
    with serializing.quick():
        quickly = (
            dynamodb.get_item(TableName="any", Key={"pk": ITEM["pk"]})["Item"],
            dynamodb.scan(TableName="any")["Items"],
        )

    assert slowly == quickly == (ITEM, [ITEM])


@pytest.mark.parametrize("attribute", [*ITEM.values(), {"M": dict(ITEM)}], ids=[*ITEM, "all"])
def test_an_attribute_of_every_type_is_measured_alike(attribute: Mapping[str, object]) -> None:
    measured = DynamoType(dict(attribute))
    slowly = measured.size()
    with sizing.quick():
        assert measured.size() == slowly
