"""Makes moto's sizes of items quick: to know that of a map it copies each value in it, with all that is in that.

It asks with every attribute of an item that is put, each time for all before it, and with every item that is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.utilities import bytesize

LARGEST = 405_000
"""Bytes of an item: moto's own limit, which has no name there."""


@contextmanager
def quick() -> Iterator[None]:
    """Within it, sizes are added up without copies, and that of a new item once."""
    with patch.object(DynamoType, "size", _size), patch.object(Item, "__init__", _fill):
        yield


def _fill(item: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]) -> None:
    item.hash_key, item.range_key, item.attrs = hash_key, range_key, LimitedSizeDict()
    for name, value in attrs.items():
        # Not by its own method, which adds up all that is there already.
        dict.__setitem__(item.attrs, name, DynamoType(value))
    if sum(bytesize(name) + value.size() for name, value in item.attrs.items()) > LARGEST:
        raise ItemSizeTooLarge


def _size(attribute: DynamoType) -> int:
    value = attribute.value
    match attribute.type:
        case "M":
            return sum([bytesize(name) + _size(inner) for name, inner in value.items()])
        case "L":
            return sum([_size(inner) for inner in value])
        case "SS" | "BS":
            return sum([bytesize(inner) for inner in value])
        case "N":
            return len(str(value))
        case "NS":
            return sum([len(str(inner)) for inner in value])
    return 1 if isinstance(value, bool) else bytesize(value)
