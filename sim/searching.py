"""Makes moto quick with hundreds of messages and cases: it looks at all of a queue, or a table, to find a few.

Each patch finds the same, and leaves out only what can't be among it.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from moto.dynamodb.models.table import Table
from moto.sqs.models import Queue, SQSBackend

from sim.clock import VirtualTime


@contextmanager
def quick(time: VirtualTime) -> Iterator[None]:
    """Within it, queries look at one partition, and messages know the time without a detour, all of a queue at once."""

    def milliseconds() -> float:
        return time.now.timestamp() * 1000

    def is_retained(backend: SQSBackend, queue_name: str, message: Any) -> bool:
        # Moto asks for all attributes of the queue here, and counts its messages three times for that.
        queue: Any = backend.get_queue(queue_name)
        expires: float = queue.message_retention_period * 1000 + (message.sent_timestamp or 0)
        return expires > milliseconds()

    def to_be_had(queue: Any) -> list[Any]:
        # Moto reads the clock twice for each message.
        now, messages = milliseconds(), queue._messages  # noqa: SLF001 - what is hidden just now moto shows nowhere else
        return [message for message in messages if message.visible_at < now >= message.delayed_until]

    with ExitStack() as stack:
        stack.enter_context(patch.object(Table, "query", _partition_only(Table.query)))
        stack.enter_context(patch.object(Queue, "messages", property(to_be_had)))
        stack.enter_context(patch.object(SQSBackend, "is_message_valid_based_on_retention_period", is_retained))
        stack.enter_context(patch("moto.sqs.models.unix_time_millis", milliseconds))
        yield


def _partition_only(query: Any) -> Any:
    def narrowed(table: Table, hash_key: Any, *given: Any, **more: Any) -> Any:
        index_name = given[6] if len(given) > 6 else more.get("index_name")
        if index_name is None:
            partition = table.items.get(hash_key, {})
            table = copy.copy(table)
            table.items = defaultdict(dict, {hash_key: partition})
        return query(table, hash_key, *given, **more)

    return narrowed
