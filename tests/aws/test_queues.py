"""What travels on the queues: delays, order, batches, and batches refused in part."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from defib.aws.normalise import normalise
from defib.aws.queues import PUT_OFF_MOST, Addresses, SqsQueues
from defib.aws.wire import (
    NUMBER_MAX,
    DigestDue,
    NoticeReference,
    Untold,
    digest_in,
    encode,
    notice_in,
    order_in,
    shift_in,
)
from defib.core.case import Action
from defib.core.detection import MINUTE
from defib.core.effect import Perform, Wake
from defib.core.model import Signal, Source, TargetGroupSignal
from defib.core.rationing import spread
from defib.core.setting import CONTACT_NAME
from defib.core.shift import Move, ShiftOrder
from defib.shell.ports import Rejected, Transient, Unanswered
from defib.shell.still_to_tell import INTERVAL
from tests.aws.account import received
from tests.aws.cases import NOON, WEB_1, a_notice
from tests.aws.fleet import Overlay

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


@pytest.fixture
def overlay(sqs: SQSClient) -> Overlay:
    return Overlay().lay_over(sqs)


@pytest.fixture
def to() -> Addresses:
    made = boto3.client("sqs")
    urls = {name: made.create_queue(QueueName=name)["QueueUrl"] for name in ("signals", "orders", "evidence")}
    notices = made.create_queue(QueueName="notices.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    return Addresses(urls["signals"], urls["orders"], urls["evidence"], notices)


@pytest.fixture
def queues(sqs: SQSClient, to: Addresses) -> SqsQueues:
    return SqsQueues(sqs, to)


def a_signal(number: int = 1) -> Signal:
    return Signal(Source.SWEEP, f"i-0a1b2c3d4e5f6{number:04x}", NOON, "instance check impaired")


@pytest.mark.parametrize(("count", "batches"), [(0, 0), (1, 1), (10, 1), (11, 2), (15, 2)])
def test_signals_are_sent_in_tens_and_read_back_alike(
    queues: SqsQueues, overlay: Overlay, to: Addresses, count: int, batches: int
) -> None:
    signals = [a_signal(number) for number in range(count)]

    queues.signal(signals)

    assert len(overlay.named("SendMessageBatch")) == batches
    assert [normalise(body)[0] for body in received(to.signals)] == signals


def test_many_signals_come_one_after_the_other_over_the_minute(queues: SqsQueues, overlay: Overlay) -> None:
    queues.signal([a_signal(number) for number in range(150)])

    delays = [entry.get("DelaySeconds", 0) for call in overlay.named("SendMessageBatch") for entry in call["Entries"]]
    assert delays == [spread(number).total_seconds() for number in range(150)]
    assert (delays[14], delays[15], delays[-1]) == (0, 1, 45)


def test_a_question_to_a_load_balancer_comes_when_it_is_due_and_reads_back_alike(
    queues: SqsQueues, overlay: Overlay, to: Addresses
) -> None:
    arn, until = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09", NOON + MINUTE
    questions = [TargetGroupSignal(arn, NOON + timedelta(seconds=5 * n), "in between", until) for n in range(12)]

    queues.ask(questions, NOON + timedelta(seconds=4))

    sent = [entry for call in overlay.named("SendMessageBatch") for entry in call["Entries"]]
    assert [entry["DelaySeconds"] for entry in sent] == [0, 1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 51]
    assert len(overlay.named("SendMessageBatch")) == 2
    assert [normalise(entry["MessageBody"])[0] for entry in sent] == questions
    assert {call["QueueUrl"] for call in overlay.named("SendMessageBatch")} == {to.signals}


def test_an_order_of_a_zonal_shift_is_told_from_one_about_an_instance(queues: SqsQueues, to: Addresses) -> None:
    shift, stop = ShiftOrder("arn:aws:x", "us-east-1a", Move.START, NOON), Perform(f"{WEB_1}-1", WEB_1, 3, Action.STOP)

    queues.shift(shift)

    assert [shift_in(body) for body in received(to.orders)] == [shift]
    assert shift_in(encode(stop)) is None


@pytest.mark.parametrize("action", Action)
def test_evidence_has_a_queue_of_its_own(queues: SqsQueues, to: Addresses, action: Action) -> None:
    order = Perform(f"{WEB_1}-1", WEB_1, 3, action)

    queues.perform(order)

    mine, other = (to.evidence, to.orders) if action is Action.EVIDENCE else (to.orders, to.evidence)
    assert [order_in(body) for body in received(mine)] == [order]
    assert received(other) == []


@pytest.mark.parametrize(
    ("after", "delay"),
    [
        (timedelta(seconds=-5), 0),
        (timedelta(0), 0),
        (timedelta(milliseconds=1), 1),
        (timedelta(seconds=15), 15),
        (timedelta(seconds=15, microseconds=1), 16),
        (timedelta(seconds=900), 900),
        (timedelta(hours=2), 900),
    ],
)
def test_a_wake_up_comes_no_earlier_than_asked_and_as_late_as_sqs_allows(
    queues: SqsQueues, overlay: Overlay, after: timedelta, delay: int
) -> None:
    queues.wake(Wake(WEB_1, NOON + after), NOON)

    (sent,) = overlay.named("SendMessage")
    assert sent["DelaySeconds"] == delay
    assert normalise(sent["MessageBody"]) == (Signal(Source.WAKE, WEB_1, NOON + after, "time to look again"),)


def test_notices_go_in_order_within_their_incident_and_only_once(
    queues: SqsQueues, overlay: Overlay, to: Addresses
) -> None:
    queues.announce([a_notice(1), a_notice(2)])
    queues.announce([a_notice(2)])

    assert [(s["MessageGroupId"], s["MessageDeduplicationId"]) for s in overlay.named("SendMessage")] == [
        ("web-7", "web-7-1+0"),
        ("web-7", "web-7-2+0"),
        ("web-7", "web-7-2+0"),
    ]
    assert [notice_in(body) for body in received(to.notices)] == [
        NoticeReference("web-7", 1),
        NoticeReference("web-7", 2),
    ]


def test_what_goes_a_way_alone_holds_up_nothing_else_of_its_incident(
    sqs: SQSClient, queues: SqsQueues, overlay: Overlay, to: Addresses
) -> None:
    queues.announce([a_notice(1)])
    for sequence, way in ((1, "oncall chat"), (1, "oncall chat"), (2, "oncall chat"), (2, "oncall sns")):
        queues.alone(a_notice(sequence), way, NOON)

    assert [(s["MessageGroupId"], s["MessageDeduplicationId"]) for s in overlay.named("SendMessage")[1:]] == [
        ("web-7@oncall@chat", "web-7@oncall@chat-1+0"),
        ("web-7@oncall@chat", "web-7@oncall@chat-1+0"),
        ("web-7@oncall@chat", "web-7@oncall@chat-2+0"),
        ("web-7@oncall@sns", "web-7@oncall@sns-2+0"),
    ]
    taken = [sqs.receive_message(QueueUrl=to.notices, VisibilityTimeout=30).get("Messages", []) for _ in range(4)]
    assert [notice_in(message["Body"]) for messages in taken for message in messages] == [
        NoticeReference("web-7", 1),
        Untold("web-7", 1, "oncall chat"),
        Untold("web-7", 2, "oncall sns"),
    ], "the second by chat waits for the first"


def test_the_longest_names_make_no_group_that_sqs_refuses(queues: SqsQueues, overlay: Overlay) -> None:
    longest = NoticeReference(f"{'x' * 61}-{10**12 - 1}", NUMBER_MAX)
    assert notice_in(encode(longest)) == longest

    made, late = a_notice(longest.sequence, incident_id=longest.incident_id), NOON + timedelta(days=400)
    queues.alone(made, f"{'x' * CONTACT_NAME.longest} chat", late)

    (sent,) = overlay.named("SendMessage")
    assert max(len(sent["MessageGroupId"]), len(sent["MessageDeduplicationId"])) <= 128, "SQS API, SendMessage"


def test_a_batch_that_is_refused_holds_up_no_other(queues: SqsQueues, overlay: Overlay) -> None:
    signals = [a_signal(number) for number in range(35)]
    overlay.refuse_if("SendMessageBatch", "ThrottlingException", lambda _: len(overlay.named("SendMessageBatch")) == 1)

    with pytest.raises(Transient):
        queues.signal(signals)

    sent = [
        normalise(entry["MessageBody"])[0] for call in overlay.named("SendMessageBatch") for entry in call["Entries"]
    ]
    assert sent == signals


def test_a_queue_that_does_not_answer_is_asked_once(queues: SqsQueues, overlay: Overlay) -> None:
    overlay.silence = ReadTimeoutError(endpoint_url="https://sqs")

    with pytest.raises(Unanswered):
        queues.signal([a_signal(number) for number in range(35)])

    assert len(overlay.named("SendMessageBatch")) == 1


class TestOtherPages:
    OTHERS = Addresses(elsewhere=("https://sqs/one", "https://sqs/two", "https://sqs/three"))

    def test_one_that_is_refused_keeps_no_other_from_its_turn(self, sqs: SQSClient, overlay: Overlay) -> None:
        overlay.refusals["SendMessage"] = "AccessDenied"

        with pytest.raises(Rejected):
            SqsQueues(sqs, self.OTHERS).hand_on("page-1")

        assert [call["QueueUrl"] for call in overlay.named("SendMessage")] == [*self.OTHERS.elsewhere]

    def test_where_nothing_answers_the_page_does_not_wait_for_each(self, sqs: SQSClient, overlay: Overlay) -> None:
        overlay.silence = ReadTimeoutError(endpoint_url="https://sqs")

        with pytest.raises(Unanswered):
            SqsQueues(sqs, self.OTHERS).hand_on("page-1")

        assert len(overlay.named("SendMessage")) == 1


class TestPartialFailure:
    """SendMessageBatch may refuse some of its messages and take the others."""

    def refuse(self, sqs: SQSClient, *answers: list[dict[str, Any]]) -> list[list[str]]:
        """Answer with these failures, one list a call; returns the ids that each call carried."""
        carried: list[list[str]] = []
        left = list(answers)

        def answer(params: dict[str, Any], **_: object) -> None:
            carried.append([entry["Id"] for entry in params["Entries"]])

        def amend(parsed: dict[str, Any], **_: object) -> None:
            parsed["Failed"] = left.pop(0)

        sqs.meta.events.register("provide-client-params.sqs.SendMessageBatch", answer)
        sqs.meta.events.register("after-call.sqs.SendMessageBatch", amend)
        return carried

    def test_what_was_refused_for_a_passing_reason_is_sent_once_more(self, sqs: SQSClient, queues: SqsQueues) -> None:
        carried = self.refuse(sqs, [failure("1", sender=False)], [])

        queues.signal([a_signal(0), a_signal(1), a_signal(2)])

        assert carried == [["0", "1", "2"], ["1"]]

    def test_what_is_refused_again_is_an_error(self, sqs: SQSClient, queues: SqsQueues) -> None:
        self.refuse(sqs, [failure("1", sender=False)], [failure("1", sender=False)])

        with pytest.raises(Transient, match="1 of 2 signals not sent: InternalError"):
            queues.signal([a_signal(0), a_signal(1)])

    def test_what_is_our_fault_is_not_sent_again(self, sqs: SQSClient, queues: SqsQueues) -> None:
        carried = self.refuse(sqs, [failure("0", sender=True, code="InvalidMessageContents")])

        with pytest.raises(Rejected) as error:
            queues.signal([a_signal(0), a_signal(1)])

        assert error.value.code == "InvalidMessageContents"
        assert len(carried) == 1

    def test_one_of_our_faults_does_not_keep_the_others_from_a_second_try(
        self, sqs: SQSClient, queues: SqsQueues
    ) -> None:
        carried = self.refuse(
            sqs, [failure("0", sender=True, code="InvalidMessageContents"), failure("1", sender=False)], []
        )

        with pytest.raises(Rejected):
            queues.signal([a_signal(0), a_signal(1)])

        assert carried == [["0", "1"], ["1"]]


@pytest.mark.parametrize(
    ("operation", "send"),
    [
        ("SendMessage", lambda queues: queues.perform(Perform(f"{WEB_1}-1", WEB_1, 1, Action.STOP))),
        ("SendMessage", lambda queues: queues.wake(Wake(WEB_1, NOON), NOON)),
        ("SendMessage", lambda queues: queues.announce([a_notice()])),
        ("SendMessageBatch", lambda queues: queues.signal([a_signal()])),
    ],
)
def test_what_sqs_refuses_is_raised_sorted(queues: SqsQueues, overlay: Overlay, operation: str, send: Any) -> None:
    overlay.refusals[operation] = "AccessDenied"

    with pytest.raises(Rejected):
        send(queues)


class TestDigests:
    def test_one_says_from_when_on_it_is_due(self, queues: SqsQueues, to: Addresses) -> None:
        at = NOON + timedelta(seconds=50)

        queues.digest("oncall", at, NOON)

        assert [digest_in(body) for body in received(to.notices)] == [DigestDue("oncall", at)]

    @pytest.mark.parametrize(("ahead", "sent"), [(timedelta(0), 1), (PUT_OFF_MOST, 1), (timedelta(seconds=61), 0)])
    def test_what_is_due_later_is_left_to_the_sweep(
        self, queues: SqsQueues, to: Addresses, ahead: timedelta, sent: int
    ) -> None:
        queues.digest("oncall", NOON + ahead, NOON)

        assert len(received(to.notices)) == sent

    def test_one_that_is_put_off_comes_again_no_sooner_and_holds_up_no_other(
        self, sqs: SQSClient, queues: SqsQueues, to: Addresses
    ) -> None:
        def taken() -> list[MessageTypeDef]:
            return sqs.receive_message(QueueUrl=to.notices, VisibilityTimeout=30).get("Messages", [])

        queues.digest("oncall", NOON + timedelta(seconds=50), NOON)
        (early,) = taken()
        queues.put_off(early["ReceiptHandle"], timedelta(seconds=49.2))
        queues.digest("oncall", NOON, NOON)

        (other,) = taken()
        assert digest_in(other["Body"]) == DigestDue("oncall", NOON)
        assert taken() == []
        queues.put_off(early["ReceiptHandle"], timedelta(0))
        assert [message["Body"] for message in taken()] == [early["Body"]]

    def test_what_is_asked_for_twice_is_done_once(self, queues: SqsQueues, to: Addresses) -> None:
        for _ in range(2):
            queues.digest("oncall", NOON, NOON)

        assert len(received(to.notices)) == 1


def failure(entry: str, *, sender: bool, code: str = "InternalError") -> dict[str, Any]:
    return {"Id": entry, "SenderFault": sender, "Code": code, "Message": "refused"}


def test_the_queue_holds_a_digest_from_the_sweep_that_asks_for_it_until_it_is_due() -> None:
    assert PUT_OFF_MOST >= INTERVAL
