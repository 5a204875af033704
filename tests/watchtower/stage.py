"""A watchtower in moto: the watched stack's resources in one Region, its own in another, and its handler."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import boto3
import pytest
import time_machine
from botocore.exceptions import ConnectTimeoutError
from botocore.model import OperationModel
from urllib3.exceptions import ConnectTimeoutError as HttpTimeout

from defib.aws.heartbeats import DynamoHeartbeats
from tests.aws.table import TABLE
from tests.watchtower.primary import PARAMETER, create_memory, create_watched, live
from tests.watchtower.seen import ADA, HERE, PHONE, THERE
from watchtower import clock, handler

MEMORY = "DefibWatchtower-Memory"
PAGE = "https://page.defib.test"
SWITCH = "https://ping.defib.test/4b0d"
LINKS = "https://links.defib.test/a/watchtower"
DOOR = {"function": "answer", "method": "PUT", "url": LINKS, "status": 405}
MINUTE = 60.0
WAYS = (("notices", "publish", ""), ("orders", "remediate", ""))


class Answer:
    """As much of urllib3's response as is read."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        self.status, self._body = status, body

    def read(self, most: int) -> bytes:
        return self._body[:most]

    def release_conn(self) -> None: ...


class Web:
    """Stands in for urllib3's PoolManager: the page, and the dead man's switch."""

    def __init__(self) -> None:
        self.made: datetime | None = None
        self.requests: list[tuple[str, Any]] = []
        self.pinged: list[datetime] = []
        """When the dead man's switch was."""
        self.fault: Callable[[str], Answer | None] = lambda address: None

    def request(self, method: str, address: str, **options: Any) -> Answer:
        self.requests.append((address, options))
        if (faulty := self.fault(address)) is not None:
            return faulty
        if address == SWITCH:
            self.pinged.append(clock.now())
            return Answer(200)
        if address == LINKS:
            return Answer(405)
        made = self.made or clock.now()
        return Answer(206, json.dumps({"version": 7, "generated_at": made.isoformat()}, separators=(",", ":")).encode())

    @property
    def pings(self) -> int:
        return len(self.pinged)


class Wire:
    """Between every client and moto: what moto lacks is answered here, and calls fail as a test wants them to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        """Region and ``service:Operation``."""
        self.fault: Callable[[str, str], None] = lambda region, call: None
        """Raises for a call that is to fail."""
        self.events: list[dict[str, str]] = []
        """What was put onto a bus."""
        self.sandboxed = False
        self.answers: dict[tuple[str, str], Callable[[], Mapping[str, Any]]] = {}
        """To calls, by Region and ``service:Operation``, instead of moto's."""

    def before(
        self, model: OperationModel, params: dict[str, Any], context: dict[str, Any], **_: object
    ) -> tuple[Any, Any] | None:
        region, call = context["client_region"], f"{model.service_model.service_name}:{model.name}"
        self.calls.append((region, call))
        if not call.startswith("sqs:"):
            # The inbox is the test's own.
            self.fault(region, call)
        if model.name == "PutEvents":
            self.events += json.loads(params["body"])["Entries"]
        if (region, call) in self.answers:
            return Ok(), {**self.answers[region, call](), "ResponseMetadata": {"HTTPStatusCode": 200}}
        if call != "sns:GetSMSSandboxAccountStatus":
            return None
        return Ok(), {"IsInSandbox": self.sandboxed, "ResponseMetadata": {"HTTPStatusCode": 200}}


def pages(name: str, *entries: Sequence[Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
    """A list's answers, one after the other, again and again: moto answers all at once, however few are asked for."""
    last = len(entries) - 1
    answers = cycle({name: found, **({"NextToken": f"{n}"} if n < last else {})} for n, found in enumerate(entries))
    return lambda: next(answers)


@dataclass(frozen=True)
class Ok:
    """As much of an HTTP response as botocore looks at when a hook answers."""

    status_code: int = 200


class Stage:
    """Where the watchtower looks, and what people hear of it."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, root: Path, capsys: pytest.CaptureFixture[str], wire: Wire
    ) -> None:
        self._capsys, self.wire = capsys, wire
        self._settings = root / "settings.json"
        there, here = boto3.client("sns", region_name=THERE), boto3.client("sns", region_name=HERE)
        self.alerts = there.create_topic(Name="Defib-Alerts")["TopicArn"]
        self.findings = here.create_topic(Name="DefibWatchtower-Findings")["TopicArn"]
        self.heartbeat = here.create_topic(Name="DefibWatchtower-Heartbeat")["TopicArn"]
        for sns, topic in ((there, self.alerts), (here, self.findings), (here, self.heartbeat)):
            sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADA)
            sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=PHONE)
        self._inbox = boto3.client("sqs", region_name=HERE)
        self._box = self._inbox.create_queue(QueueName="inbox")["QueueUrl"]
        here.subscribe(TopicArn=self.findings, Protocol="sqs", Endpoint=f"arn:aws:sqs:{HERE}:123456789012:inbox")
        create_watched(THERE, self.alerts, PAGE, [DOOR])
        create_memory(HERE, MEMORY)
        self.cloudwatch = boto3.client("cloudwatch", region_name=THERE)
        self.heartbeats = DynamoHeartbeats(boto3.client("dynamodb", region_name=THERE), TABLE)
        self.web = Web()
        self.configure()
        for name, value in (
            ("LAMBDA_TASK_ROOT", str(root)),
            ("WATCHTOWER_TABLE", MEMORY),
            ("WATCHTOWER_TOPIC", self.findings),
            ("WATCHTOWER_HEARTBEAT_TOPIC", self.heartbeat),
        ):
            monkeypatch.setenv(name, value)
        self.restart()

    def configure(self, **changes: object) -> None:
        given: dict[str, object] = {
            "region": HERE,
            "primary_region": THERE,
            "primary_stack": "Defib",
            "parameter": PARAMETER,
            "alarms": 1,
            "ways": WAYS,
            "rules": ["StateRule"],
            "doors": ["answer"],
            "subscribers": [["Alerts", "email", ADA], ["Alerts", "sms", PHONE]],
            "own_subscribers": [
                [topic, *address] for topic in ("Findings", "Heartbeat") for address in (("email", ADA), ("sms", PHONE))
            ],
            "sweep_within_s": 90,
            "canary_within_s": 30,
            "page_within_s": 900,
            "has_page": True,
            "sms_share": 80,
            "looks": 2,
            "dead_mans_switch": SWITCH,
            "seen": "",
        }
        self._settings.write_text(json.dumps(given | changes))

    def restart(self) -> None:
        """A new environment of the function."""
        handler._built.cache_clear()
        tower = handler._built()
        tower.eyes = replace(tower.eyes, http=self.web)  # type: ignore[arg-type]  # a fake
        self.tower = tower

    def alive(self, ways: Sequence[str] = ("notices", "orders")) -> None:
        """Have the watched stack leave its signs of life."""
        live(self.heartbeats, clock.now(), ways)

    def look(self) -> dict[str, Any]:
        """One look; returns its log line."""
        handler.lambda_handler({}, None)
        lines: list[dict[str, Any]] = [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]
        (looked,) = (line for line in lines if line["message"] == "looked")
        return looked

    def heard(self) -> list[dict[str, Any]]:
        """What people were told since the last time."""
        answer = self._inbox.receive_message(QueueUrl=self._box, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self._inbox.delete_message(QueueUrl=self._box, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def unheard() -> HttpTimeout:
    return HttpTimeout(None, "timed out")


def silent(region: str, call: str) -> None:
    raise ConnectTimeoutError(endpoint_url=f"https://{call}.{region}.test")


def minutes(stage: Stage, time: time_machine.Traveller, number: int, alive: bool = True) -> list[dict[str, Any]]:
    """So many looks, a minute apart, and all that people heard of them."""
    heard: list[dict[str, Any]] = []
    for _ in range(number):
        time.shift(MINUTE)
        if alive:
            stage.alive()
        stage.look()
        heard += stage.heard()
    return heard
