"""Values to DynamoDB items and back: native maps, so that people and queries can read what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from defib.aws.untrusted import SHOWN_MAX, plain
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from defib.core.answer.link import Use
    from defib.core.answer.many import Many
    from defib.core.audit import CallEntry, Entry
    from defib.core.case import Case
    from defib.core.incident import Incident, Notice
    from defib.core.outbox import Outbox, Waiting
    from defib.core.page.followed import Followed
    from defib.core.page.mail import Mailed
    from defib.core.page.model import PublicIncident, Shown
    from defib.core.page.subscribing import Day
    from defib.core.reach import Reach
    from defib.core.stack import Stack
    from defib.stashboard.model import Board, Event

    Item = dict[str, AttributeValueTypeDef]
    Page = Shown | PublicIncident | Followed | Board | Event | Mailed | Day
    Kept = Case | Entry | CallEntry | Incident | Notice | Outbox | Waiting | Stack | Reach | Use | Many
    Remembered = Kept | Page

T = TypeVar("T")

NO_ITEM = (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError)
"""What boto3's deserializer raises for what DynamoDB never sends, and Decimal for numbers that are none."""


WHAT_TO_DO = (
    "mend it, or deploy the version that wrote it. Do not delete it: its number would be given again, and refused "
    "for the trail that still has it"
)
"""What is said of an item that can't be read. Not each has a number, but here nobody knows what else names it."""


class Codec:
    """boto3's own serializer around msgspec's plain values."""

    def __init__(self) -> None:
        from boto3.dynamodb import types  # noqa: PLC0415 - boto3 is loaded with the first client, not before

        self._serializer = types.TypeSerializer()
        self._deserializer = types.TypeDeserializer()

    def item(
        self,
        value: Remembered,
        attributes: Mapping[str, str | int | None],
    ) -> Item:
        """``value``'s fields and ``attributes`` as one item; attributes that are None are left out."""
        fields = msgspec.to_builtins(value) | {name: a for name, a in attributes.items() if a is not None}
        return {name: self._serializer.serialize(field) for name, field in fields.items()}

    def value(self, item: Mapping[str, Any], shape: type[T]) -> T:
        """The ``shape`` in ``item``; other attributes are ignored. Raises Rejected for an item that is none."""
        try:
            fields = {name: _whole(self._deserializer.deserialize(field)) for name, field in item.items()}
            return msgspec.convert(fields, type=shape)
        except (msgspec.MsgspecError, *NO_ITEM) as error:
            key = plain(f"{item.get('pk')} {item.get('sk')}", SHOWN_MAX)
            wrong = plain(str(error)) or type(error).__name__
            message = f"the table's item {key} is no {shape.__name__}: {wrong}; {WHAT_TO_DO}"
            raise Rejected(message, "DamagedItem") from error


def _whole(field: Any) -> Any:
    """Numbers come back as Decimal. None of ours has a fraction."""
    match field:
        case Decimal():
            return int(field)
        case list():
            return [_whole(part) for part in field]
        case dict():
            return {name: _whole(part) for name, part in field.items()}
    return field
