"""Findings of cdk-nag's AwsSolutions rules that stay, each told beside the construct it is about."""

from __future__ import annotations

from typing import cast

from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Let ``rule`` (such as ``S1`` or ``IAM5[Resource::*]``) pass for ``construct`` alone."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))


def in_nags_words(construct: IConstruct) -> str:
    """The ARN of ``construct`` as cdk-nag writes it in the ids of its findings."""
    resource = cast(CfnElement, construct.node.default_child)
    return f"<{Stack.of(construct).get_logical_id(resource)}.Arn>"
