"""A failing instance in moto, whose own always pass: laid over its answers at the boto3 boundary, for whoever asks.

And what moto can't answer at all: a picture of its console.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3

from defib.shell.ports import Clock

UP_FOR = timedelta(days=1)
CHECKS = {
    "system-status.status": "SystemStatus",
    "instance-status.status": "InstanceStatus",
    "attached-ebs-status.status": "AttachedEbsStatus",
    "application-status.status": "ApplicationStatus",
}
"""Filter to element of the answer."""
PICTURE = "/9j/4AAQSkZJRg=="
"""The beginning of a JPEG in Base64."""


class Failing:
    """Hooks on the default session; clients made from it afterwards see the instance fail its instance check."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.instance_id = ""
        self.since: datetime = clock.now()
        session = boto3.DEFAULT_SESSION
        assert session is not None
        session.events.register("before-parameter-build.ec2.DescribeInstanceStatus", self._note)
        session.events.register("after-call.ec2.DescribeInstanceStatus", self._fail)
        session.events.register("after-call.ec2.DescribeInstances", self._age)
        session.events.register("before-call.ec2.GetConsoleScreenshot", _pictured)  # type: ignore[arg-type]  # may answer

    def _note(self, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["bench_filters"] = params.get("Filters", ())

    def _fail(self, parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        for entry in parsed["InstanceStatuses"]:
            if entry["InstanceId"] == self.instance_id:
                details = [{"Name": "reachability", "Status": "failed", "ImpairedSince": self.since}]
                entry["InstanceStatus"] = {"Status": "impaired", "Details": details}
        for wanted in context["bench_filters"]:
            # AWS has announced nothing (event.code).
            check = CHECKS.get(wanted["Name"], "")
            parsed["InstanceStatuses"] = [
                e for e in parsed["InstanceStatuses"] if e.get(check, {}).get("Status") in wanted["Values"]
            ]

    def _age(self, parsed: dict[str, Any], **_: object) -> None:
        # An instance that fails right after its launch is another matter.
        for reservation in parsed["Reservations"]:
            for instance in reservation["Instances"]:
                instance["LaunchTime"] = self._clock.now() - UP_FOR


def _pictured(**_: object) -> tuple[object, dict[str, str]]:
    # Returning an answer keeps botocore from asking (botocore, Client._make_api_call).
    return SimpleNamespace(status_code=200), {"InstanceId": "", "ImageData": PICTURE}
