"""What the watchtower watches, in moto or the emulator, and its looks beside the calls that they make.

A look as it is each minute while all is well: nothing is told, and nothing new is remembered. Both its Regions are one
here, addresses are e-mail's, and there is no page: what a look asks over HTTPS besides, bare boto3 could not.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws

from defib.aws.clock import SystemClock
from defib.aws.heartbeats import DynamoHeartbeats
from tests.aws.table import TABLE
from tests.bench import calls, warm
from tests.watchtower.primary import PARAMETER, create_memory, create_watched, live
from tests.watchtower.seen import ADA

MODULE = "watchtower.handler"
PROOF = "PutEvents"
REGION = "us-east-1"
OWN_TABLE = "watchtower"
SETTINGS: Mapping[str, object] = {
    "region": REGION,
    "primary_region": REGION,
    "primary_stack": "Defib",
    "parameter": PARAMETER,
    "alarms": 1,
    "ways": [["notices", "publish", ""]],
    "rules": ["StateRule"],
    "doors": [],
    "subscribers": [["Alerts", "email", ADA]],
    "own_subscribers": [["Findings", "email", ADA], ["Heartbeat", "email", ADA]],
    "sweep_within_s": 90,
    "canary_within_s": 30,
    "page_within_s": 900,
    "has_page": False,
    "sms_share": 80,
    "looks": 2,
    "dead_mans_switch": "",
    "seen": "",
}
"""What a deployment writes beside the code (infra/watchtower_bundle.py)."""


def create() -> Mapping[str, str]:
    """What is watched, and the watchtower's own; returns what it finds in its environment."""
    sns = boto3.client("sns")
    topics = {name: sns.create_topic(Name=f"Defib-{name}")["TopicArn"] for name in ("Alerts", "Findings", "Heartbeat")}
    for topic in topics.values():
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADA)
    create_watched(REGION, topics["Alerts"])
    create_memory(REGION, OWN_TABLE)
    return {
        "WATCHTOWER_TABLE": OWN_TABLE,
        "WATCHTOWER_TOPIC": topics["Findings"],
        "WATCHTOWER_HEARTBEAT_TOPIC": topics["Heartbeat"],
    }


def alive() -> dict[str, Any]:
    """Have the watched stack leave its signs of life; returns the event of a look."""
    live(DynamoHeartbeats(boto3.client("dynamodb"), TABLE), SystemClock().now(), ["notices"])
    return {}


def main(runs: int) -> Mapping[str, float]:
    """As ``warm.main``, of looks."""
    with mock_aws():
        noting = (calls.Notebook(), warm.Stopwatch())
        os.environ.update(create())
        invoke: Callable[..., object] = importlib.import_module(MODULE).lambda_handler
        return warm.in_turns(invoke, alive, PROOF, runs, noting)


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(main(int(sys.argv[1]))))
    print("measured")
