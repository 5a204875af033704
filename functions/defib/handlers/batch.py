"""SQS batches by Powertools: each message on its own, the failed ones and only they delivered again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from defib.aws.journal import count, count_unanswered
from defib.aws.untrusted import plain
from defib.shell.ports import CallFailed, Malformed, Unanswered
from defib.shell.store import Conflict

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

Event = dict[str, Any]
BODY_SHOWN = 1000
"""Characters of a message that nobody could read, in the log line about it."""


RETRY_AFTER = timedelta(seconds=5)
"""When what failed for the first time is tried again, where its function has a way to put it off.

Most faults have passed by then, and a person waits; the queue itself would wait out its invisibility. What fails once
more is left to that.
"""


class NotYet(Exception):
    """The message came before its time."""

    def __init__(self, by: timedelta) -> None:
        super().__init__(f"{by} too early")
        self.by = by


def each_message(
    event: Event,
    context: LambdaContext,
    logger: Logger,
    work: Callable[[str], None],
    *,
    in_order: bool = False,
    put_off: Callable[[str, timedelta], None] | None = None,
) -> PartialItemFailureResponse:
    """Do ``work`` with the body of each message and report those that failed.

    With ``in_order`` (a FIFO queue) a failure leaves the rest of its group for later, so that none is overtaken.
    ``put_off`` has the message with that receipt come again later: where ``work`` raises NotYet when it is time, and
    what fails for the first time after ``RETRY_AFTER``.
    """
    from aws_lambda_powertools.utilities import batch  # noqa: PLC0415 - reads the environment

    def handle(record: SQSRecord) -> None:
        _logged(record, partial(_attempt, record, work, put_off), logger)

    processor = (
        batch.SqsFifoPartialProcessor(skip_group_on_error=True)
        if in_order
        else batch.BatchProcessor(event_type=batch.EventType.SQS)
    )
    # A batch of which all fails is delivered again like any other; it is no failure of the function.
    processor.raise_on_entire_batch_failure = False

    @logger.inject_lambda_context(clear_state=True)
    def respond(event: Event, context: LambdaContext) -> PartialItemFailureResponse:
        return batch.process_partial_response(event=event, record_handler=handle, processor=processor, context=context)

    return respond(event, context)


def _attempt(record: SQSRecord, work: Callable[[str], None], put_off: Callable[[str, timedelta], None] | None) -> None:
    try:
        work(record.body)
    except NotYet as early:
        # It counts as failed, so that it stays on the queue.
        if put_off is not None:
            put_off(record.receipt_handle, early.by)
        raise
    except (CallFailed, Conflict):
        if put_off is not None and record.attributes.approximate_receive_count == "1":
            # Where that fails too, it comes again when the queue has it.
            with suppress(CallFailed):
                put_off(record.receipt_handle, RETRY_AFTER)
        raise


def _logged(record: SQSRecord, attempt: Callable[[], None], logger: Logger) -> None:
    """Make the attempt; how it failed, if it did, is in the log, by what somebody has to do about it."""
    logger.append_keys(message_id=record.message_id)
    try:
        attempt()
    except NotYet:
        raise
    except Malformed as error:
        count("MalformedSignals")
        logger.error("malformed message", extra={"problem": str(error), "body": plain(record.body, BODY_SHOWN)})
        raise
    except (CallFailed, Conflict) as error:
        if isinstance(error, Unanswered):
            # Watched: a message that is dropped when it comes again, as being out of date, leaves no other trace.
            count_unanswered()
        logger.warning("will be tried again", extra={"problem": str(error), "code": getattr(error, "code", "")})
        raise
    except Exception:
        logger.exception("defect", extra={"body": plain(record.body, BODY_SHOWN)})
        raise
