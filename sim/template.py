"""The synthesized CloudFormation template, with every reference resolved to the value it will have when deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.clock import SimulatorGap

ACCOUNT = "123456789012"
REGION = "us-east-1"

PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "Defib",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/Defib/0",
    "AWS::NoValue": None,
}

ARN = {
    "AWS::SQS::Queue": "sqs:{where}:{name}",
    "AWS::SNS::Topic": "sns:{where}:{name}",
    "AWS::Lambda::Function": "lambda:{where}:function:{name}",
    "AWS::DynamoDB::Table": "dynamodb:{where}:table/{name}",
    "AWS::DynamoDB::GlobalTable": "dynamodb:{where}:table/{name}",
    "AWS::Events::Rule": "events:{where}:rule/{name}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{where}:alarm:{name}",
    "AWS::Scheduler::Schedule": "scheduler:{where}:schedule/default/{name}",
    "AWS::Scheduler::ScheduleGroup": "scheduler:{where}:schedule-group/{name}",
    "AWS::Logs::LogGroup": "logs:{where}:log-group:{name}:*",
    "AWS::KMS::Key": "kms:{where}:key/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SSM::Parameter": "ssm:{where}:parameter{name}",
}
"""The ARN of each kind of resource, after ``arn:aws:`` (Service Authorization Reference)."""

NAME_PROPERTY = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::IAM::Role": "RoleName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Logs::LogGroup": "LogGroupName",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource, its properties resolved."""

    logical_id: str
    type: str
    properties: dict[str, Any]
    metadata: dict[str, Any]
    name: str
    arn: str
    ref: str


class Template:
    """One synthesized template and the directory of its cloud assembly."""

    def __init__(self, raw: Mapping[str, Any], assembly: Path) -> None:
        self.assembly = assembly
        self._raw = raw
        self._bodies: Mapping[str, Mapping[str, Any]] = raw["Resources"]
        self._resources: dict[str, Resource] = {}

    @classmethod
    def load(cls, assembly: Path, stack: str | None = None) -> Template:
        """The assembly's one template, or that of ``stack``. Raises FileNotFoundError unless there is exactly one."""
        found = sorted(assembly.glob(f"{stack or '*'}.template.json"))
        if len(found) != 1:
            raise FileNotFoundError(
                f"{assembly} holds {len(found)} templates; expected one. Synthesize it first: make synth"
            )
        return cls(json.loads(found[0].read_text()), assembly)

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Resources of these types in template order."""
        return (self.resource(logical_id) for logical_id, body in self._bodies.items() if body["Type"] in types)

    def resource(self, logical_id: str) -> Resource:
        if logical_id not in self._resources:
            body = self._bodies[logical_id]
            self._resources[logical_id] = Resource(
                logical_id,
                body["Type"],
                self.resolve(body.get("Properties", {})),
                body.get("Metadata", {}),
                self._name(logical_id),
                self._arn(logical_id),
                self._ref(logical_id),
            )
        return self._resources[logical_id]

    def by_arn(self, arn: str) -> Resource:
        """The resource whose ARN this is. Raises SimulatorGap when the template has none."""
        for logical_id in self._bodies:
            if self._arn(logical_id) == arn:
                return self.resource(logical_id)
        raise SimulatorGap(f"the template has no resource with the ARN {arn}")

    def resolve(self, value: Any) -> Any:
        """``value`` with Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split and Fn::If carried out."""
        if isinstance(value, list):
            resolved = (self.resolve(v) for v in value)
            return [v for v in resolved if v is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), *_ = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, argument)
        pairs = ((k, self.resolve(v)) for k, v in value.items())
        return {k: v for k, v in pairs if v is not None}

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._ref(argument)
            case "Fn::GetAtt":
                logical_id, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
                return self._attribute(logical_id, attribute)
            case "Fn::Join":
                return str(argument[0]).join(str(v) for v in self.resolve(argument[1]))
            case "Fn::Select":
                return self.resolve(argument[1])[int(argument[0])]
            case "Fn::Split":
                return str(self.resolve(argument[1])).split(argument[0])
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::GetAZs":
                return [f"{REGION}{letter}" for letter in "abcdef"]
            case _:
                raise SimulatorGap(f"{function}: sim/template.py resolves no such function")

    def _sub(self, argument: Any) -> str:
        text, names = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in names:
                return str(self.resolve(names[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^!}]+)\}", value, text)

    def _ref(self, logical_id: str) -> Any:
        if logical_id in PSEUDO:
            return PSEUDO[logical_id]
        if logical_id in self._raw.get("Parameters", {}):
            return self._raw["Parameters"][logical_id].get("Default", "")
        match self._bodies[logical_id]["Type"]:
            case "AWS::SQS::Queue":
                return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self._name(logical_id)}"
            case "AWS::SNS::Topic":
                return self._arn(logical_id)
            case _:
                return self._name(logical_id)

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if attribute.endswith("Arn"):
            return self._arn(logical_id)
        if attribute == "DomainName":
            return f"{logical_id.lower()}.cloudfront.net"
        if attribute.endswith("Name"):
            return self._name(logical_id)
        raise SimulatorGap(f"Fn::GetAtt {logical_id}.{attribute}: sim/template.py knows only ARNs and names")

    def _name(self, logical_id: str) -> str:
        body = self._bodies[logical_id]
        given = body.get("Properties", {}).get(NAME_PROPERTY.get(body["Type"], "Name"))
        if given is not None:
            return str(self.resolve(given))
        if body["Type"] == "AWS::S3::Bucket":
            return f"defib-{logical_id}".lower()[:63]
        fifo = body["Type"] == "AWS::SQS::Queue" and body.get("Properties", {}).get("FifoQueue")
        return f"Defib-{logical_id}.fifo" if fifo else f"Defib-{logical_id}"

    def _arn(self, logical_id: str) -> str:
        pattern = ARN.get(self._bodies[logical_id]["Type"], "cloudformation:{where}:resource/{name}")
        return "arn:aws:" + pattern.format(where=f"{REGION}:{ACCOUNT}", account=ACCOUNT, name=self._name(logical_id))
