"""Lambda functions of the template, with what their roles allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sim.clock import SimulatorGap
from sim.iam import Statement, parse_statement
from sim.template import Resource, Template, region_of

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions"
LOGGING_POLICY = "AWSLambdaBasicExecutionRole"


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function and what its role allows."""

    name: str
    arn: str
    word: str
    """What people call it: diagnose, remediate, ..."""
    handler: str
    environment: Mapping[str, str]
    timeout: timedelta
    memory: int
    task_root: Path
    """Where its bundle lies; holds the operator's policy file."""
    concurrency: int | None
    statements: tuple[Statement, ...]
    may_recur: bool = False
    """Whether Lambda lets a chain of requests invoke it without end; by default it does not (RecursiveLoop)."""

    @property
    def region(self) -> str:
        return region_of(self.arn)


def functions_of(template: Template) -> tuple[Function, ...]:
    """Those whose code is ours. Raises SimulatorGap for a managed policy that the simulated IAM doesn't know."""
    return tuple(_function(template, r) for r in template.of_type("AWS::Lambda::Function") if _is_ours(r))


def _is_ours(resource: Resource) -> bool:
    """Whether its code is in functions/; CDK adds functions of its own, such as custom resource providers."""
    package = str(resource.properties.get("Handler", "")).partition(".")[0]
    return bool(package) and (FUNCTIONS / package).is_dir()


def _function(template: Template, resource: Resource) -> Function:
    properties = resource.properties
    environment = properties.get("Environment", {}).get("Variables", {})
    code = properties.get("Code", {})
    asset = resource.metadata.get("aws:asset:path") or "asset." + str(code.get("S3Key", "")).removesuffix(".zip")
    return Function(
        name=resource.name,
        arn=resource.arn,
        word=environment.get("POWERTOOLS_SERVICE_NAME", properties["Handler"].partition(".")[0]),
        handler=properties["Handler"],
        environment=environment,
        timeout=timedelta(seconds=int(properties.get("Timeout", 3))),
        memory=int(properties.get("MemorySize", 128)),
        task_root=template.assembly / asset,
        concurrency=properties.get("ReservedConcurrentExecutions"),
        statements=_statements_of_role(template, properties["Role"]),
        may_recur=properties.get("RecursiveLoop") == "Allow",
    )


def _statements_of_role(template: Template, role_arn: str) -> tuple[Statement, ...]:
    role = template.by_arn(role_arn)
    for managed in role.properties.get("ManagedPolicyArns", ()):
        if not str(managed).endswith(LOGGING_POLICY):
            raise SimulatorGap(
                f"{role.logical_id} has the managed policy {managed}; sim/function.py knows {LOGGING_POLICY}"
            )
    documents = [p["PolicyDocument"] for p in role.properties.get("Policies", ())]
    documents += [
        policy.properties["PolicyDocument"]
        for policy in template.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        if role.ref in policy.properties.get("Roles", ())
    ]
    return tuple(parse_statement(statement) for document in documents for statement in document["Statement"])
