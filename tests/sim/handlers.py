"""Tiny handlers for the simulated Lambda to run."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.sim.seen import SEEN

loads = 0


def note(event: dict[str, Any], context: Any) -> None:
    for record in event["Records"]:
        SEEN.append(f"{_now()} {record['body']}")


def fail(event: dict[str, Any], context: Any) -> None:
    note(event, context)
    raise ValueError("cannot digest it")


def fail_in_part(event: dict[str, Any], context: Any) -> dict[str, Any]:
    note(event, context)
    bad = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": i} for i in bad]}


def never_end(event: dict[str, Any], context: Any) -> None:
    sqs = boto3.client("sqs")
    try:
        while True:
            sqs.get_queue_url(QueueName="orders")
    except Exception:  # noqa: BLE001 - that nothing can catch a timeout is what is tested
        SEEN.append("caught something")
    finally:
        SEEN.append(f"{_now()} died with {context.get_remaining_time_in_millis()} ms left")


def forward(event: dict[str, Any], context: Any) -> None:
    sqs = boto3.client("sqs")
    for record in event["Records"]:
        sqs.send_message(QueueUrl=os.environ["ONWARD"], MessageBody=record["body"], DelaySeconds=60)


def count_down(event: dict[str, Any], context: Any) -> None:
    """Each message has the next one sent, with one less, the way that WAY says."""
    note(event, context)
    for record in event["Records"]:
        left = json.loads(record["body"])
        less = (left["detail"]["left"] if isinstance(left, dict) else left) - 1
        if less:
            _send(str(less), os.environ["ONWARD"])


def _send(body: str, url: str) -> None:
    match os.environ["WAY"]:
        case "message":
            boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body)
        case "batch":
            boto3.client("sqs").send_message_batch(QueueUrl=url, Entries=[{"Id": "0", "MessageBody": body}])
        case "topic":
            boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message=body)
        case "event":
            event: Any = {"Source": "test", "DetailType": "Test", "Detail": json.dumps({"left": int(body)})}
            boto3.client("events").put_events(Entries=[event])


def patient(event: dict[str, Any], context: Any) -> None:
    """One call with two attempts of one second to connect and three to be answered, here or elsewhere."""
    limits = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
    sqs = boto3.client("sqs", region_name=os.environ.get("ELSEWHERE"), config=limits)
    began = _seconds()
    try:
        sqs.get_queue_url(QueueName="orders")
        SEEN.append(f"answered after {_seconds() - began}")
    except ClientError as error:
        SEEN.append(f"{error.response['Error']['Code']} after {_seconds() - began}")
    except BotoCoreError as error:
        SEEN.append(f"{type(error).__name__} after {_seconds() - began}")


def send_two(event: dict[str, Any], context: Any) -> None:
    entries: Any = [{"Id": name, "MessageBody": name} for name in ("a", "b")]
    answer: Any = boto3.client("sqs").send_message_batch(QueueUrl=os.environ["ONWARD"], Entries=entries)
    sent, refused = ([entry["Id"] for entry in answer[key]] for key in ("Successful", "Failed"))
    SEEN.append(f"sent {sent}, refused {refused}")


def write_and_read(event: dict[str, Any], context: Any) -> None:
    dynamodb = boto3.client("dynamodb")
    dynamodb.put_item(TableName="t", Item={"k": {"S": "a"}})
    found = [len(dynamodb.scan(TableName="t", ConsistentRead=sure)["Items"]) for sure in (False, True)]
    SEEN.append(f"lagging {found[0]}, consistent {found[1]}")


def write_on_condition(event: dict[str, Any], context: Any) -> None:
    dynamodb: Any = boto3.client("dynamodb")
    key, is_there = {"k": {"S": "a"}}, {"ConditionExpression": "attribute_exists(k)"}
    put = {"TableName": "t", "Item": key}
    for write, asked in (
        (dynamodb.put_item, put),
        (dynamodb.put_item, put | is_there),
        (dynamodb.update_item, {"TableName": "t", "Key": key} | is_there),
        (dynamodb.transact_write_items, {"TransactItems": [{"Put": put}]}),
    ):
        try:
            write(**asked)
            SEEN.append("written")
        except ClientError as error:
            SEEN.append(error.response["Error"]["Code"])


def note_events(event: dict[str, Any], context: Any) -> None:
    for record in event["Records"]:
        SEEN.append(f"{_now()} {json.loads(record['body'])['detail']['n']}")


def stop(event: dict[str, Any], context: Any) -> None:
    ec2 = boto3.client("ec2")
    for record in event["Records"]:
        try:
            ec2.stop_instances(InstanceIds=[record["body"]])
            SEEN.append("stopped")
        except ec2.exceptions.ClientError as error:
            SEEN.append(error.response["Error"]["Code"])


def start_often(event: dict[str, Any], context: Any) -> None:
    """Without pauses, as EC2 sees it, and without the retries of a client that waits."""
    ec2 = boto3.client(
        "ec2", config=Config(retries={"mode": "standard", "total_max_attempts": int(os.environ["TRIES"])})
    )
    for record in event["Records"]:
        for _ in range(9):
            try:
                ec2.start_instances(InstanceIds=[record["body"]])
                SEEN.append("started")
            except ec2.exceptions.ClientError as error:
                SEEN.append(error.response["Error"]["Code"])


def two_at_once(event: dict[str, Any], context: Any) -> None:
    sqs = boto3.client("sqs")

    def ask(times: int) -> str:
        for _ in range(times):
            sqs.get_queue_url(QueueName="orders")
        return f"asked {times} times until {_now()}"

    pool = ThreadPoolExecutor(max_workers=2)
    short, long = pool.submit(ask, 1), pool.submit(ask, 1000)
    done, running = wait([short, long], timeout=2)
    SEEN.append(f"{_now()} {short.result()}; {len(done)} done, {len(running)} running")
    pool.shutdown(wait=False, cancel_futures=True)


def call_out(event: dict[str, Any], context: Any) -> None:
    """Each message is "METHOD address body": what comes of it is seen."""
    http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=5), retries=urllib3.Retry(0))
    for record in event["Records"]:
        method, address, body = record["body"].split(" ")
        try:
            answer = http.request(method, address, body=body, headers={"X-Key": "k"})
            SEEN.append(f"{_now()} {answer.status} {answer.data.decode()} {answer.headers.get('Retry-After')}")
        except urllib3.exceptions.MaxRetryError as error:
            SEEN.append(f"{_now()} {type(error.reason).__name__}")
        except urllib3.exceptions.HTTPError as error:
            SEEN.append(f"{_now()} {type(error).__name__}")


def call_without_a_deadline(event: dict[str, Any], context: Any) -> None:
    urllib3.PoolManager(timeout=None).request("GET", "https://api.example.com/")


def count_loads(event: dict[str, Any], context: Any) -> None:
    global loads  # noqa: PLW0603 - what a warm environment remembers is what is tested
    loads += 1
    SEEN.append(f"{loads}")


def _seconds() -> float:
    return datetime.now(UTC).timestamp()  # noqa: TID251 - the replayed code's own clock is what is tested


def _now() -> str:
    return f"{datetime.now(UTC):%H:%M:%S}"  # noqa: TID251 - the replayed code's own clock is what is tested
