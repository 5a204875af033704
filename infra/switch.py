"""The kill switch: one parameter that stops every act of this stack at once."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.kept_switch import switch_name


class KillSwitch(Construct):
    """On when the stack is made. What a later deploy would do to it: infra/kept_switch.py.

    None of what is said here may ever change: any update writes the value, too (CloudFormation's handler of
    AWS::SSM::Parameter calls PutParameter), and switches on what the operator has switched off.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.parameter = ssm.StringParameter(
            self,
            "Healing",
            parameter_name=switch_name(Stack.of(self).stack_name),
            string_value="on",
            description="Defib acts while this is on. Set it to off, or to anything else, and it acts no more.",
        )
