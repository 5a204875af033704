"""A fleet in moto with what moto lacks laid over it: failing checks that filters find, refusals, a record of calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from defib.shell.ports import Transient, Unanswered

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

FILTERS = {
    "system-status.status": "SystemStatus",
    "instance-status.status": "InstanceStatus",
    "attached-ebs-status.status": "AttachedEbsStatus",
    "application-status.status": "ApplicationStatus",
}
Answer = dict[str, Any]

SILENCES: list[tuple[Exception, type[Transient]]] = [
    (ReadTimeoutError(endpoint_url="x"), Unanswered),
    (ConnectionClosedError(endpoint_url="x"), Unanswered),
    (ConnectTimeoutError(endpoint_url="x"), Transient),
    (EndpointConnectionError(endpoint_url="x"), Transient),
]
"""What botocore raises where nobody answers, and what that says of an act that was tried once."""


@dataclass(frozen=True)
class _Http:
    status_code: int


@dataclass
class Overlay:
    """Hooks on one client: records each call, refuses those in ``refusals``, answers those in ``answers``."""

    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """Operation to AWS error code."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """Operation to what it answers instead of moto."""
    silence: Exception | None = None
    """What botocore raises instead of an answer; None while the service answers."""
    silent: set[str] = field(default_factory=set)
    """The operations that are not answered then; empty: none is."""
    endless: set[str] = field(default_factory=set)
    """Operations whose answers, from ``answers``, always name a next page."""
    _conditions: dict[str, tuple[str, Callable[[Mapping[str, Any]], bool]]] = field(default_factory=dict)

    def refuse_if(self, operation: str, code: str, condition: Callable[[Mapping[str, Any]], bool]) -> None:
        """Refuse ``operation`` whenever its parameters meet ``condition``."""
        self._conditions[operation] = (code, condition)

    def lay_over(self, client: BaseClient) -> Self:
        events: Any = client.meta.events
        events.register_first("before-parameter-build.*.*", self._note)
        events.register_first("before-call.*.*", self._before)
        return self

    def named(self, operation: str) -> list[Mapping[str, Any]]:
        """The parameters of every call to ``operation``."""
        return [params for name, params in self.calls if name == operation]

    def _note(self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: object) -> None:
        context["asked"] = dict(params)
        self.calls.append((model.name, context["asked"]))

    def _before(self, model: Any, context: dict[str, Any], **_: object) -> tuple[_Http, Answer] | None:
        if self.silence is not None and (not self.silent or model.name in self.silent):
            raise self.silence
        if model.name in self.refusals:
            return refused(self.refusals[model.name])
        code, condition = self._conditions.get(model.name, ("", lambda _: False))
        if condition(context["asked"]):
            return refused(code)
        if model.name in self.answers:
            more = {"NextToken": str(len(self.calls))} if model.name in self.endless else {}
            return _Http(200), {**self.answers[model.name], **more, "ResponseMetadata": {"HTTPStatusCode": 200}}
        return None


def refused(code: str, status: int = 400, message: str = "") -> tuple[_Http, Answer]:
    """What botocore makes of AWS refusing a call."""
    error = {"Code": code, "Message": message or f"{code} was injected"}
    return _Http(status), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}


class Fleet:
    """Instances and target groups in moto, and the checks that moto never fails."""

    def __init__(self, ec2: EC2Client, elb: ElasticLoadBalancingv2Client) -> None:
        self._ec2 = ec2
        self._elb = elb
        self.ec2 = Overlay()
        self.elb = Overlay()
        self.failing: dict[str, dict[str, tuple[str, datetime | None]]] = {}
        """Instance id to check (such as ``SystemStatus``) to status and impaired-since."""
        self.failing_questions: set[str] = set()
        """Filter names, and ids of instances, with which EC2 throttles DescribeInstanceStatus."""
        self.forgotten: set[str] = set()
        """Instances that DescribeInstanceStatus no longer knows by id."""
        self.unsaid: set[str] = set()
        """Instances of whose checks EC2 has nothing to say yet."""
        self.events: dict[str, list[dict[str, Any]]] = {}
        """What AWS has announced for instances, as DescribeInstanceStatus says it."""
        self.unknown_filters: set[str] = set()
        # Moto has no such operation.
        self.ec2.answers["DescribeApplicationStatus"] = {}
        self.ec2.lay_over(cast("BaseClient", ec2))
        self.elb.lay_over(cast("BaseClient", elb))
        events: Any = ec2.meta.events
        events.register("before-call.ec2.DescribeInstanceStatus", self._refuse_question)
        events.register("after-call.ec2.DescribeInstanceStatus", self._lay_checks)
        self._vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        self.setup_done()

    def launch(self, **tags: str) -> str:
        """One running instance with these tags."""
        return self.launch_many(1, **tags)[0]

    def launch_many(self, count: int, **tags: str) -> list[str]:
        """So many running instances with these tags."""
        wanted = [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()]
        run: Any = self._ec2.run_instances
        answer = run(
            ImageId="ami-12c6146b",
            MinCount=count,
            MaxCount=count,
            InstanceType="t3.micro",
            TagSpecifications=[{"ResourceType": "instance", "Tags": wanted}] if wanted else [],
        )
        self.setup_done()
        return [instance["InstanceId"] for instance in answer["Instances"]]

    def stop(self, instance_id: str) -> None:
        self._ec2.stop_instances(InstanceIds=[instance_id])
        self.setup_done()

    def terminate(self, instance_id: str) -> None:
        self._ec2.terminate_instances(InstanceIds=[instance_id])
        self.setup_done()

    def fail(self, instance_id: str, check: str, status: str = "impaired", since: datetime | None = None) -> None:
        """From now on ``check`` of the instance has ``status``."""
        self.failing.setdefault(instance_id, {})[check] = (status, since)

    def target_group(self, name: str, members: Sequence[tuple[str, int]], **tags: str) -> str:
        """A target group with these members (instance id and port); returns its ARN."""
        create: Any = self._elb.create_target_group
        answer = create(
            Name=name,
            Protocol="HTTP",
            Port=80,
            VpcId=self._vpc,
            TargetType="instance",
            Tags=[{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()] or [_UNRELATED],
        )
        arn = cast("str", answer["TargetGroups"][0]["TargetGroupArn"])
        for instance_id, port in members:
            self._elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": instance_id, "Port": port}])
        self.setup_done()
        return arn

    def setup_done(self) -> None:
        """Forget the calls of the preparation."""
        self.ec2.calls.clear()
        self.elb.calls.clear()

    def _refuse_question(self, context: dict[str, Any], **_: object) -> tuple[_Http, Answer] | None:
        asked = {f["Name"] for f in context["asked"].get("Filters", ())}
        if asked & self.unknown_filters:
            return refused("InvalidParameterValue")
        ids = {*context["asked"].get("InstanceIds", ())}
        if ids & self.forgotten:
            return refused("InvalidInstanceID.NotFound")
        return refused("RequestLimitExceeded", 503) if (asked | ids) & self.failing_questions else None

    def _lay_checks(self, parsed: Answer, http_response: Any, context: dict[str, Any], **_: object) -> None:
        """What AWS would answer: moto passes every check and ignores filters on their status."""
        if http_response.status_code >= 300:
            return
        parsed["InstanceStatuses"] = [e for e in parsed["InstanceStatuses"] if e["InstanceId"] not in self.unsaid]
        for entry in parsed["InstanceStatuses"]:
            for check, (status, since) in self.failing.get(entry["InstanceId"], {}).items():
                at = {"ImpairedSince": since} if since else {}
                if check == "ApplicationStatus":
                    entry[check] = {"Status": status, **at}
                else:
                    details = [{"Name": "reachability", "Status": "failed", **at}]
                    entry[check] = {"Status": status, "Details": details}
        for entry in parsed["InstanceStatuses"]:
            entry["Events"] = self.events.get(entry["InstanceId"], [])
        for wanted in context["asked"].get("Filters", ()):
            parsed["InstanceStatuses"] = [
                entry for entry in parsed["InstanceStatuses"] if _values(entry, wanted["Name"]) & {*wanted["Values"]}
            ]


def _values(entry: Answer, filter_name: str) -> set[str]:
    """What one of DescribeInstanceStatus's filters sees of an entry."""
    if filter_name == "event.code":
        return {event["Code"] for event in entry["Events"]}
    return {entry.get(FILTERS[filter_name], {}).get("Status", "")}


_UNRELATED = {"Key": "team", "Value": "web"}
