"""Evidence in S3: every part on its own, nothing that hangs or fails stops the rest, and never a raised error."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator
from concurrent.futures import Future, as_completed, wait
from datetime import timedelta
from threading import Event, Semaphore
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from defib.aws.clients import client, one_try
from defib.aws.evidence import EvidenceKeeper
from defib.core.case import Action
from defib.core.model import InstanceState, Observation
from defib.core.policy import Calls, Repair
from tests.aws.account import ONCE
from tests.aws.cases import NOON, a_case, an_attempt
from tests.aws.fleet import Fleet, Overlay
from tests.aws.policies import a_policy
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_s3 import S3Client

BUCKET = "evidence"
PARTS = {"console.txt", "instance.json", "metrics.json", "screenshot.jpg", "statuses.json"}
JPEG = b"\xff\xd8\xff\xe0 a blue screen"


class Scene:
    """An instance, what AWS shows of it, and the keeper of its evidence."""

    def __init__(self, ec2: EC2Client, fleet: Fleet, clock: FakeClock) -> None:
        self.s3: S3Client = client("s3", ONCE)
        self.s3.create_bucket(Bucket=BUCKET)
        self.ec2 = ec2
        self.shown = fleet.ec2
        self.cloudwatch = client("cloudwatch", ONCE)
        self.measured = Overlay()
        self.measured.lay_over(self.cloudwatch)
        self.kept = Overlay()
        self.web = fleet.launch(service="web", self_heal="true", Name="web-1")
        self.shown.answers |= {
            "GetConsoleScreenshot": {"ImageData": base64.b64encode(JPEG).decode()},
            "GetConsoleOutput": {"Output": "Kernel panic – not syncing"},
        }
        self._clock = clock

    def keep(self, timeout: timedelta = timedelta(seconds=20), **case: Any) -> str:
        policy = a_policy(repair=Repair(evidence_timeout=timeout))
        keeper = EvidenceKeeper(self.ec2, self.cloudwatch, self.s3, BUCKET, self._clock, policy)
        observation = Observation(self.web, NOON, InstanceState.RUNNING, NOON)
        return keeper.perform(an_attempt(Action.EVIDENCE, 2), a_case(self.web, **case), observation)

    def files(self) -> dict[str, bytes]:
        prefix = f"web/{self.web}-1/2/"
        s3 = boto3.client("s3")
        listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        assert all(entry["Key"].startswith(prefix) for entry in listed)
        return {
            entry["Key"].removeprefix(prefix): s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            for entry in listed
        }

    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files()["manifest.json"])
        return found


@pytest.fixture
def scene(ec2: EC2Client, fleet: Fleet, clock: FakeClock) -> Scene:
    return Scene(ec2, fleet, clock)


@pytest.fixture
def hang() -> Iterator[Event]:
    """What hangs waits for this; it ends with the test."""
    event = Event()
    yield event
    event.set()


def test_everything_is_kept_under_the_cases_own_prefix(scene: Scene) -> None:
    told = scene.keep()

    files = scene.files()
    assert told == f"s3://{BUCKET}/web/{scene.web}-1/2/"
    assert set(files) == PARTS | {"manifest.json"}
    assert files["console.txt"].decode() == "Kernel panic – not syncing"
    assert files["screenshot.jpg"] == JPEG
    assert json.loads(files["statuses.json"])[0]["InstanceId"] == scene.web
    assert {"Key": "Name", "Value": "web-1"} in json.loads(files["instance.json"])[0]["Instances"][0]["Tags"]


def test_the_manifest_names_what_was_kept(scene: Scene) -> None:
    scene.keep()

    assert scene.manifest() == {
        "case_id": f"{scene.web}-1",
        "instance_id": scene.web,
        "captured_at": "2026-04-30T12:00:00Z",
        "captured": sorted(PARTS),
        "not_captured": {},
    }


def test_metrics_are_those_of_the_last_hour_by_name(scene: Scene) -> None:
    scene.measured.answers["GetMetricData"] = {
        "MetricDataResults": [{"Label": "StatusCheckFailed", "Timestamps": [NOON], "Values": [1.0]}]
    }

    scene.keep()

    (asked,) = scene.measured.named("GetMetricData")
    assert (asked["StartTime"], asked["EndTime"]) == (NOON - timedelta(hours=1), NOON)
    assert {q["Label"] for q in asked["MetricDataQueries"]} > {"StatusCheckFailed_System", "CPUUtilization"}
    assert json.loads(scene.files()["metrics.json"]) == {
        "StatusCheckFailed": [{"at": "2026-04-30T12:00:00Z", "value": 1.0}]
    }


def test_the_latest_console_output_is_asked_for_where_there_is_one(scene: Scene) -> None:
    scene.keep()

    assert scene.shown.named("GetConsoleOutput") == [{"InstanceId": scene.web, "Latest": True}]


@pytest.mark.parametrize("code", ["UnsupportedOperation", "InvalidParameterValue"])
def test_where_there_is_no_latest_console_output_the_older_will_do(scene: Scene, code: str) -> None:
    scene.shown.refuse_if("GetConsoleOutput", code, lambda params: params["Latest"])

    scene.keep()

    assert scene.files()["console.txt"].decode() == "Kernel panic – not syncing"


@pytest.mark.parametrize(
    ("operation", "file"),
    [
        ("GetConsoleOutput", "console.txt"),
        ("GetConsoleScreenshot", "screenshot.jpg"),
        ("DescribeInstanceStatus", "statuses.json"),
        ("DescribeInstances", "instance.json"),
    ],
)
def test_a_part_that_is_refused_is_named_and_the_others_are_kept(scene: Scene, operation: str, file: str) -> None:
    scene.shown.refusals[operation] = "UnauthorizedOperation"

    told = scene.keep()

    assert told.endswith(f"/ (not captured: {file})")
    assert set(scene.files()) == PARTS - {file} | {"manifest.json"}
    assert "UnauthorizedOperation" in scene.manifest()["not_captured"][file]


@pytest.mark.parametrize("answer", [{}, {"ImageData": ""}])
def test_a_screenshot_without_a_picture_is_not_captured(scene: Scene, answer: dict[str, str]) -> None:
    scene.shown.answers["GetConsoleScreenshot"] = answer

    scene.keep()

    assert scene.manifest()["not_captured"] == {"screenshot.jpg": "EC2 has no screenshot of it"}


def test_an_empty_console_is_not_captured(scene: Scene) -> None:
    scene.shown.answers["GetConsoleOutput"] = {}

    scene.keep()

    assert scene.manifest()["not_captured"] == {"console.txt": "EC2 has no console output of it"}


def test_an_answer_that_makes_no_sense_costs_its_own_part_only(scene: Scene) -> None:
    scene.shown.answers["GetConsoleScreenshot"] = {"ImageData": "x"}

    scene.keep()

    assert list(scene.manifest()["not_captured"]) == ["screenshot.jpg"]


def test_a_part_that_hangs_is_left_behind_at_the_deadline(
    scene: Scene, hang: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadlines: list[float] = []

    def waits_for_all_but_one(futures: Collection[Future[None]], timeout: float) -> None:
        deadlines.append(timeout)
        for done, _ in enumerate(as_completed(futures), start=1):
            if done == max(len(futures) - 1, 1):
                return

    monkeypatch.setattr("defib.aws.evidence.wait", waits_for_all_but_one)
    del scene.shown.answers["GetConsoleScreenshot"]
    scene.ec2.meta.events.register("before-call.ec2.GetConsoleScreenshot", lambda **_: _hung(hang))

    told = scene.keep(timedelta(seconds=20))

    assert told.endswith("/ (not captured: screenshot.jpg)")
    assert scene.manifest()["not_captured"] == {"screenshot.jpg": "no answer within 13 s"}
    assert deadlines == [13, 2]


def test_a_bucket_that_hangs_holds_nothing_up(scene: Scene, hang: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived = Semaphore(0)

    def hangs(**_: object) -> None:
        arrived.release()
        _hung(hang)

    def waits_until_all_hang(futures: Collection[Future[None]], timeout: float) -> None:
        for _ in futures:
            arrived.acquire(timeout=timeout)

    monkeypatch.setattr("defib.aws.evidence.wait", waits_until_all_hang)
    scene.s3.meta.events.register("before-call.s3.PutObject", hangs)

    told = scene.keep()

    assert told == f"no evidence was kept (not captured: {', '.join(sorted(PARTS | {'manifest.json'}))})"


def test_however_short_the_operators_timeout_something_is_tried(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines: list[float] = []

    def waits(futures: Collection[Future[None]], timeout: float) -> None:
        deadlines.append(timeout)
        wait(futures)

    monkeypatch.setattr("defib.aws.evidence.wait", waits)

    scene.keep(timedelta(seconds=3))

    assert deadlines == [1, 2]


def test_a_bucket_that_refuses_fails_no_repair(scene: Scene) -> None:
    scene.kept.lay_over(scene.s3)
    scene.kept.refusals["PutObject"] = "AccessDenied"

    assert scene.keep().startswith("no evidence was kept")


def test_a_case_without_a_service_has_a_place_too(scene: Scene) -> None:
    assert scene.keep(service="").startswith(f"s3://{BUCKET}/none/")


def test_evidence_is_tried_once() -> None:
    assert one_try(Calls()).attempts == 1
    assert one_try(Calls()).read_timeout == Calls().read_timeout


def _hung(until: Event) -> None:
    until.wait(timeout=30)
    raise TimeoutError("it was hung")
