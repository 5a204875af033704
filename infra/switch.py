"""The kill switch: one parameter that stops every act of this stack at once."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct


class KillSwitch(Construct):
    """On when the stack is made. A later deploy leaves it as the operator set it: its template never changes."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.parameter = ssm.StringParameter(
            self,
            "Healing",
            parameter_name=f"/defib/{Stack.of(self).stack_name}/healing",
            string_value="on",
            description="Defib acts while this is on. Set it to off, or to anything else, and it acts no more.",
        )
