"""Where Lambda watches for recursive loops: in other Regions nothing can be set of that."""

from __future__ import annotations

from aws_cdk import Aws, CfnCondition, Fn
from constructs import Construct

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
