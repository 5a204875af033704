"""Makes moto's sizes of items quick: to know that of a map it copies each value in it, with all that is in that.

It asks with every attribute of an item that is put, and with every item that is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.utilities import bytesize


@contextmanager
def quick() -> Iterator[None]:
    """Within it, sizes are added up without copies."""
    with patch.object(DynamoType, "size", _size):
        yield


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
