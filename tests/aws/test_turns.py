"""Turns of the status page, and of the pages that follow it, on queues of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from defib.aws.queues import Addresses, SqsQueues
from defib.aws.wire import Turn, turn_in, turn_of
from defib.shell.ports import Rejected
from tests.aws.account import received
from tests.aws.fleet import Overlay

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def overlay(sqs: SQSClient) -> Overlay:
    return Overlay().lay_over(sqs)


class TestPage:
    @pytest.fixture
    def url(self, sqs: SQSClient) -> str:
        return sqs.create_queue(QueueName="page.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]

    def test_a_turn_that_hangs_or_fails_holds_up_none_that_comes_after_it(self, sqs: SQSClient, url: str) -> None:
        queues = SqsQueues(sqs, Addresses(page=url))
        for change in ("web-1-1", "web-1-2"):
            queues.follow(change)
        taken = [
            turn_in(message["Body"])
            for _ in range(2)
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
        ]
        assert taken == [Turn("web-1-1"), Turn("web-1-2")]

    def test_what_is_said_twice_is_done_once(self, sqs: SQSClient, url: str) -> None:
        queues = SqsQueues(sqs, Addresses(page=url))
        for _ in range(2):
            queues.follow("web-1-1")
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert len(found) == 1

    def test_without_a_page_nothing_is_sent(self, sqs: SQSClient) -> None:
        SqsQueues(sqs, Addresses()).follow("web-1-1")


class TestOtherPages:
    @pytest.fixture
    def urls(self, sqs: SQSClient) -> tuple[str, ...]:
        return tuple(sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("chat", "atlassian"))

    def test_each_page_that_follows_is_told_by_its_own_queue(self, sqs: SQSClient, urls: tuple[str, ...]) -> None:
        SqsQueues(sqs, Addresses(elsewhere=urls)).hand_on("page-7")
        assert [[turn_of(body) for body in received(url)] for url in urls] == [[Turn("page-7")]] * 2

    def test_one_that_cannot_be_told_holds_up_no_other_and_is_told_of(
        self, sqs: SQSClient, urls: tuple[str, ...]
    ) -> None:
        boto3.client("sqs").delete_queue(QueueUrl=urls[0])
        with pytest.raises(Rejected, match="telling another page to follow"):
            SqsQueues(sqs, Addresses(elsewhere=urls)).hand_on("page-7")
        assert [turn_of(body) for body in received(urls[1])] == [Turn("page-7")]

    @pytest.mark.parametrize(
        ("after", "delay"), [(timedelta(0), 0), (timedelta(seconds=0.2), 1), (timedelta(hours=9), 900)]
    )
    def test_another_turn_comes_as_late_as_asked_for_or_as_late_as_a_queue_can(
        self, sqs: SQSClient, overlay: Overlay, urls: tuple[str, ...], after: timedelta, delay: int
    ) -> None:
        SqsQueues(sqs, Addresses(elsewhere=urls[:1])).again(after)
        (call,) = [parameters for operation, parameters in overlay.calls if operation == "SendMessage"]
        assert call["DelaySeconds"] == delay
