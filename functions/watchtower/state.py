"""What is remembered from look to look: one item of a table in the watchtower's own Region."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from watchtower.memory import Known, Memory
from watchtower.model import Door, Watched, Weight

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"pk": {"S": "MEMORY"}}


class State:
    """The item. What is in it is small: one line for each thing that is wrong."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self) -> Memory:
        """What was last written; nothing when there is none, or it is from another version of the code."""
        answer = self._dynamodb.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        try:
            return _decoded(json.loads(answer["Item"]["memory"]["S"]))
        except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError):
            return Memory()

    def write(self, memory: Memory) -> None:
        self._dynamodb.put_item(
            TableName=self._table, Item={**KEY, "memory": {"S": json.dumps(asdict(memory), default=_encoded)}}
        )


def watched_in(given: Mapping[str, Any]) -> Watched:
    """As the watched stack says it, and as it is remembered. Raises KeyError, TypeError or ValueError."""
    return Watched(
        given["table"],
        dict(given["topics"]),
        given["page"],
        dict(given["rules"]),
        tuple(_door(door) for door in given["doors"]),
        # One that was deployed, or remembered, before there was a word of these has none.
        str(given.get("seen", "")),
        str(given.get("tower", "")),
    )


def _door(given: Mapping[str, Any]) -> Door:
    """Of what a later deploy says besides, nothing."""
    return Door(given["function"], given["method"], given["url"], given["status"])


def _encoded(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is not kept")


def _decoded(given: Mapping[str, Any]) -> Memory:
    watched, since = given["watched"], given.get("differs_since")
    return Memory(
        {
            key: Known(
                about=entry["about"],
                weight=Weight(entry["weight"]),
                short=entry["short"],
                since=datetime.fromisoformat(entry["since"]),
                wrong=int(entry["wrong"]),
                right=int(entry["right"]),
                told=bool(entry["told"]),
            )
            for key, entry in given["known"].items()
        },
        None if watched is None else watched_in(watched),
        None if since is None else datetime.fromisoformat(since),
    )
