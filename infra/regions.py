"""Which Regions there are, and where Lambda watches for recursive loops: elsewhere nothing can be set of that."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Aws, CfnCondition, Fn
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from defib.core.mistake import closest
from defib.core.policy import Policy
from infra.operator_error import OperatorError

PARTITION = "aws"
"""Of the commercial Regions."""

WITHOUT_LOOP_DETECTION = ("mx-central-1", "ap-southeast-6")
"""Those of them where Lambda detects no loops (Lambda Developer Guide, "Supported Regions for Lambda recursive loop
detection"); nor does it in GovCloud (aws-lambda-roadmap#18) and China (Getting Started with AWS in China, Lambda)."""


def where_loops_are_detected(scope: Construct) -> CfnCondition:
    """Whether the stack goes to a Region where Lambda watches for recursive loops; one template serves all Regions."""
    elsewhere = [Fn.condition_not(Fn.condition_equals(Aws.REGION, region)) for region in WITHOUT_LOOP_DETECTION]
    return CfnCondition(
        scope,
        "LoopsDetected",
        expression=Fn.condition_and(Fn.condition_equals(Aws.PARTITION, PARTITION), *elsewhere),
    )


def must_exist(policy: Policy) -> None:
    """Raise OperatorError if the policy names a Region that there is not; only the CDK knows which there are."""
    wrong = [line for key, name in _named(policy) for line in _unknown(key, name)]
    if wrong:
        raise OperatorError("\n".join(wrong))


def _named(policy: Policy) -> tuple[tuple[str, str], ...]:
    return (
        ("page.failover_region", policy.page.failover_region),
        ("watchtower.region", policy.watchtower.region),
        ("watchtower.primary_region", policy.watchtower.primary_region),
    )


def _unknown(key: str, name: str) -> Iterator[str]:
    known = [region.name for region in RegionInfo.regions] if name else []
    if name and name not in known:
        # Letters that have changed places first: by likeness alone "us-esat-1" would be us-west-1.
        meant = closest(name, [region for region in known if sorted(region) == sorted(name)] or known)
        hint = f'; did you mean "{meant}"?' if meant else ""
        yield f'{key} = "{name}": no Region of AWS that this CDK knows{hint}'
