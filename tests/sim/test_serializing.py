"""The quicker ways in which moto's answers are written, items measured and names spelt change none of them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore import useragent
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import responses
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler
from moto.sqs import models as sqs

from sim import recalling, serializing, sizing
from sim.sizing import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from mypy_boto3_dynamodb import DynamoDBClient
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


def a_table() -> DynamoDBClient:
    """An empty one, called any."""
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    dynamodb.create_table(
        TableName="any",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb


@mock_aws
def test_an_item_of_every_type_is_read_alike() -> None:
    dynamodb = a_table()
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


@pytest.mark.parametrize("measured", [nullcontext, sizing.quick], ids=["slowly", "quickly"])
@mock_aws
def test_an_item_is_too_large_from_the_same_byte_on(measured: Callable[[], AbstractContextManager[None]]) -> None:
    # "pk", "a", "one" and "two" are nine bytes beside the two values.
    filling = "x" * (LARGEST - 200_009)
    with measured():
        dynamodb = a_table()
        item: dict[str, AttributeValueTypeDef] = {"pk": {"S": "a"}, "one": {"S": "ä" * 100_000}}
        dynamodb.put_item(TableName="any", Item={**item, "two": {"S": filling}})
        with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
            dynamodb.put_item(TableName="any", Item={**item, "two": {"S": f"{filling}x"}})


def named(found: str | list[str]) -> str | list[str]:
    """Without what Python adds to a class when it is asked for its annotations."""
    return found if isinstance(found, str) else [name for name in found if not name.startswith("__")]


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        (responses, "camelcase_to_underscores", ("TransactWriteItems",)),
        (responses, "camelcase_to_underscores", ("DescribeDBInstances",)),
        (sqs, "camelcase_to_underscores", ("maxReceiveCount",)),
        (responses, "method_names_from_class", (DynamoHandler,)),
        (useragent, "sanitize_user_agent_string_component", ("cfg/a (b)#c", True)),
        (useragent, "sanitize_user_agent_string_component", ("cfg/a (b)#c", False)),
    ],
)
def test_what_is_known_of_a_name_is_what_would_be_found(module: object, name: str, arguments: tuple[object]) -> None:
    slowly = named(getattr(module, name)(*arguments))
    with recalling.quick():
        for _ in range(2):
            assert named(getattr(module, name)(*arguments)) == slowly
