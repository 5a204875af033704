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

REGION_UNKNOWN = "unknown-region"
"""What an assembly says of a stack that goes wherever it is deployed: in a replay, to REGION."""
MAIN_STACK = "Defib"

GENERIC = frozenset({"Queue", "Function", "Bucket", "Table", "Topic", "Resource", "Default"})
"""Construct ids that say what a thing is and not which; the id around it does."""

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
    "AWS::SecretsManager::Secret": "secretsmanager:{where}:secret:{name}",
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
    word: str = ""
    """What people call it: orders, alerts, state-rule, ..., from its path in the construct tree."""


class Template:
    """One synthesized template, the Region it goes to, and the directory of its cloud assembly."""

    def __init__(
        self,
        raw: Mapping[str, Any],
        assembly: Path,
        stack: str = MAIN_STACK,
        region: str = REGION,
        words: Mapping[str, str] | None = None,
    ) -> None:
        self.assembly = assembly
        self.region = region
        self._raw = raw
        self._stack = stack
        self._words = words or {}
        self._pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack,
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{stack}/0",
            "AWS::NoValue": None,
        }
        self._bodies: Mapping[str, Mapping[str, Any]] = raw["Resources"]
        self._resources: dict[str, Resource] = {}

    @classmethod
    def load(cls, assembly: Path) -> tuple[Template, ...]:
        """Every stack of the assembly, Defib's own first. Raises FileNotFoundError where there is none."""
        manifest = assembly / "manifest.json"
        artifacts = json.loads(manifest.read_text(encoding="utf-8"))["artifacts"] if manifest.is_file() else {}
        stacks = {name: a for name, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}
        if MAIN_STACK not in stacks:
            raise FileNotFoundError(f"{assembly} holds no stack {MAIN_STACK}. Synthesize it first: make synth")
        return tuple(
            _loaded(assembly, name, stacks[name]) for name in sorted(stacks, key=lambda n: (n != MAIN_STACK, n))
        )

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
                self._words.get(logical_id, ""),
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
            case "Fn::If":
                condition, then, otherwise = argument
                return self.resolve(then if self._holds({"Condition": condition}) else otherwise)
            case "Fn::GetAZs":
                return [f"{self.region}{letter}" for letter in "abcdef"]
            case _:
                raise SimulatorGap(f"{function}: sim/template.py resolves no such function")

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        ((function, argument),) = condition.items()
        match function:
            case "Condition":
                return self._holds(self._raw["Conditions"][argument])
            case "Fn::Equals":
                return bool(self.resolve(argument[0]) == self.resolve(argument[1]))
            case "Fn::Not":
                return not self._holds(argument[0])
            case "Fn::And":
                return all(self._holds(one) for one in argument)
            case _:
                raise SimulatorGap(f"{function}: sim/template.py knows no such condition")

    def _sub(self, argument: Any) -> str:
        text, names = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in names:
                return str(self.resolve(names[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^!}]+)\}", value, text)

    def _ref(self, logical_id: str) -> Any:
        if logical_id in self._pseudo:
            return self._pseudo[logical_id]
        if logical_id in self._raw.get("Parameters", {}):
            return self._raw["Parameters"][logical_id].get("Default", "")
        match self._bodies[logical_id]["Type"]:
            case "AWS::SQS::Queue":
                return f"https://sqs.{self.region}.amazonaws.com/{ACCOUNT}/{self._name(logical_id)}"
            case "AWS::SNS::Topic" | "AWS::SecretsManager::Secret":
                return self._arn(logical_id)
            case "AWS::ApiGatewayV2::Api":
                # The id that AWS gives it: its name is no one's own.
                return logical_id.lower()
            case _:
                return self._name(logical_id)

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if attribute.endswith("Arn"):
            return self._arn(logical_id)
        if attribute == "ApiEndpoint":
            return f"https://{logical_id.lower()}.execute-api.{self.region}.amazonaws.com"
        if attribute == "DomainName":
            return f"{logical_id.lower()}.cloudfront.net"
        if attribute.endswith("Name"):
            return self._name(logical_id)
        if attribute == "Id":
            return str(self._ref(logical_id))
        raise SimulatorGap(f"Fn::GetAtt {logical_id}.{attribute}: sim/template.py knows only ARNs, names and ids")

    def _name(self, logical_id: str) -> str:
        body = self._bodies[logical_id]
        given = body.get("Properties", {}).get(NAME_PROPERTY.get(body["Type"], "Name"))
        if given is not None:
            return str(self.resolve(given))
        if body["Type"] == "AWS::S3::Bucket":
            return f"{self._stack}-{logical_id}".lower()[:63]
        fifo = body["Type"] == "AWS::SQS::Queue" and body.get("Properties", {}).get("FifoQueue")
        return f"{self._stack}-{logical_id}.fifo" if fifo else f"{self._stack}-{logical_id}"

    def _arn(self, logical_id: str) -> str:
        pattern = ARN.get(self._bodies[logical_id]["Type"], "cloudformation:{where}:resource/{name}")
        where = f"{self.region}:{ACCOUNT}"
        return "arn:aws:" + pattern.format(where=where, account=ACCOUNT, name=self._name(logical_id))


def region_of(arn: str) -> str:
    """The Region in an ARN."""
    return arn.split(":", 4)[3]


def _loaded(assembly: Path, name: str, artifact: Mapping[str, Any]) -> Template:
    raw = json.loads((assembly / artifact["properties"]["templateFile"]).read_text(encoding="utf-8"))
    region = str(artifact["environment"]).rpartition("/")[2]
    listed = assembly / str(artifact.get("additionalMetadataFile", ""))
    metadata = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else artifact.get("metadata", {})
    words = {
        str(entry["data"]): _word(path)
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
    return Template(raw, assembly, name, REGION if region == REGION_UNKNOWN else region, words)


def _word(path: str) -> str:
    """``/Defib/Signals/Orders/Queue/Resource`` is ``orders``."""
    ids = [part for part in path.strip("/").split("/")[1:] if part]
    while len(ids) > 1 and ids[-1] in GENERIC:
        ids.pop()
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", ids[-1]).lower()
