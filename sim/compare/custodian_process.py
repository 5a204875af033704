"""Cloud Custodian itself, run in its own environment (.venv/custodian) with moto as AWS. Imports nothing of Defib.

Reads situations of one instance from standard input, one JSON document a line, and answers each with what Custodian's
policies called, how often, and how long that took.
"""

# The environment must be set before moto is imported, and Custodian has no other way in.
# ruff: noqa: PLC0415, SLF001, TID251
from __future__ import annotations

import gc
import json
import logging
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

MARK = "custodian-restart"
"""The tag by which one policy tells another that it has stopped the instance."""
WINDOW_DAYS = 0.0015
"""130 s: the last two datapoints."""

POLICIES: list[dict[str, Any]] = [
    {
        "name": "stop-what-fails",
        "resource": "aws.ec2",
        "filters": [
            {"State.Name": "running"},
            {"tag:self-heal": "true"},
            {"type": "instance-uptime", "op": "gte", "days": 0.0035},
            {
                "type": "metrics",
                "name": "StatusCheckFailed",
                "statistics": "Minimum",
                "days": WINDOW_DAYS,
                "period": 60,
                "value": 1,
                "op": "gte",
            },
        ],
        "actions": [{"type": "tag", "key": MARK, "value": "true"}, "stop"],
    },
    {
        "name": "start-what-was-stopped",
        "resource": "aws.ec2",
        "filters": [{"State.Name": "stopped"}, {f"tag:{MARK}": "present"}],
        "actions": ["start"],
    },
    {
        "name": "start-what-aws-stopped",
        "resource": "aws.ec2",
        "filters": [
            {"State.Name": "stopped"},
            {"tag:self-heal": "true"},
            {"type": "value", "key": "StateReason.Code", "op": "regex", "value": r"^Server\."},
        ],
        "actions": [{"type": "tag", "key": MARK, "value": "true"}, "start"],
    },
    {
        "name": "forget-what-works",
        "resource": "aws.ec2",
        "filters": [
            {"State.Name": "running"},
            {f"tag:{MARK}": "present"},
            {
                "type": "metrics",
                "name": "StatusCheckFailed",
                "statistics": "Maximum",
                "days": WINDOW_DAYS,
                "period": 60,
                "value": 1,
                "op": "lt",
            },
        ],
        "actions": [{"type": "remove-tag", "tags": [MARK]}],
    },
]
"""All run once a minute, as four Lambda functions in Custodian's mode ``periodic``."""

STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


class Account:
    """One instance in moto, put into any situation."""

    def __init__(self) -> None:
        import boto3
        from moto.core.models import DEFAULT_ACCOUNT_ID
        from moto.ec2.models import ec2_backends

        self.calls: list[str] = []
        self.refuse = ""
        self.points: list[int] = []
        boto3.setup_default_session(region_name="us-east-1")
        ec2 = boto3.client("ec2")
        self._backend = ec2_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
        self.id = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]

    def watch(self, session: Any) -> Any:
        """Note every call of the session's clients, and lay over what moto does not know."""
        events = session._session.get_component("event_emitter")
        events.register("before-call", self._called)
        return session

    def become(self, situation: dict[str, Any]) -> None:
        instance = self._backend.get_instance(self.id)
        instance._state.name, instance._state.code = situation["state"], STATES[situation["state"]]
        instance.state_reason.code = situation["reason"]
        uptime = timedelta(hours=1) if situation["up"] else timedelta(minutes=1)
        instance.launch_time = datetime.now(UTC) - uptime
        tags = {"self-heal": "true", **({MARK: "true"} if situation["marked"] else {})}
        self._backend.delete_tags([self.id], {MARK: "true"})
        self._backend.create_tags([self.id], tags)
        self.refuse, self.points = situation["refuse"], situation["points"]
        self.calls.clear()

    def _called(self, model: Any, **_: Any) -> Any:
        self.calls.append(model.name)
        if model.name == "GetMetricStatistics":
            now = datetime.now(UTC)
            points = [{"Timestamp": now, "Minimum": p, "Maximum": p, "Unit": "Count"} for p in self.points]
            return _Answer(200), {"Label": "StatusCheckFailed", "Datapoints": points}
        if model.name == "StartInstances" and self.refuse:
            return _Answer(500), {"Error": {"Code": self.refuse, "Message": "laid over"}, "ResponseMetadata": {}}
        return None


class _Answer:
    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


def custodian(account: Account, scratch: str) -> list[Any]:
    """The policies, loaded as Custodian's command loads them."""
    import boto3
    from c7n.config import Config
    from c7n.policy import PolicyCollection
    from c7n.resources import load_resources

    load_resources(("aws.ec2",))
    options = Config.empty(region="us-east-1", regions=["us-east-1"], account_id="123456789012", output_dir=scratch)
    sessions = lambda *_, **__: account.watch(boto3.Session(region_name="us-east-1"))  # noqa: E731
    return list(PolicyCollection.from_data({"policies": POLICIES}, options, sessions))


def main() -> None:
    """Answer situations until standard input ends."""
    logging.disable(logging.CRITICAL)
    os.environ.update(
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",  # noqa: S106 - none
        AWS_DEFAULT_REGION="us-east-1",
        MOTO_EC2_LOAD_DEFAULT_AMIS="false",
    )
    from moto import mock_aws  # reads the environment when it is imported

    with mock_aws(), TemporaryDirectory() as scratch:
        account = Account()
        # As in Lambda, where Custodian writes its results to a directory under /tmp (c7n/handler.py).
        policies = custodian(account, scratch)
        for line in sys.stdin:
            print(json.dumps(answered(account, policies, json.loads(line))), flush=True)


def answered(account: Account, policies: list[Any], situation: dict[str, Any]) -> dict[str, Any]:
    """What all policies do about the situation in one minute, each on its own, as their functions would."""
    calls: list[str] = []
    errors: list[str] = []
    took = 0.0
    for policy in policies:
        # moto stops an instance at once: the next policy would find it stopped within the same minute.
        account.become(situation)
        # Otherwise Custodian would pay for a walk through all that moto keeps, which would be elsewhere.
        gc.collect()
        gc.freeze()
        started = time.process_time()
        try:
            policy.run()
        except Exception as error:  # noqa: BLE001 - the Lambda function would end with it
            errors.append(type(error).__name__)
        took += (time.process_time() - started) * 1000
        calls += account.calls
    return {"calls": calls, "ms": took, "errors": errors}


if __name__ == "__main__":
    main()
