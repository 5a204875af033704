"""A page that follows the status page: a queue of its own, so that it delays nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from aws_cdk import ArnFormat, Duration, Stack
from constructs import Construct

from defib.aws.permission import Scope
from defib.core.page.elsewhere import OtherPage
from infra.functions import FOLLOWER
from infra.set_aside import SetAside
from infra.signals import Queue

ANY_SUFFIX = "??????"
"""What Secrets Manager adds to a secret's name in its ARN (Secrets Manager User Guide, "What's in a secret")."""


class Follower(Construct):
    """What one other page needs; healing adds the function that tells it."""

    def __init__(self, scope: Construct, construct_id: str, *, other: OtherPage, set_aside: SetAside) -> None:
        super().__init__(scope, construct_id)
        self.name = other.name
        self.secret = other.secret
        self.function = f"elsewhere-{other.name}"
        # Not in order: the table keeps the order, and FIFO queues put off no single message.
        self.queue = Queue(
            self,
            f"Turns-{other.name}",
            feeds=self.function,
            set_aside=set_aside,
            kept_for=Duration.hours(1),
            wakes=True,
            shape=FOLLOWER,
        )

    @property
    def secret_arn(self) -> str:
        """Of the operator's own secret, which this stack does not make."""
        return Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{self.secret}-{ANY_SUFFIX}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


def follower_arns(scope: Scope, followers: Sequence[Follower], own: Follower | None) -> list[str]:
    """``own`` is the page that the function in question tells."""
    if scope is Scope.OTHER_PAGE_QUEUES:
        return [follower.queue.queue.queue_arn for follower in followers]
    if own is None:
        return []
    return [own.secret_arn] if scope is Scope.OTHER_PAGE_SECRET else [own.queue.queue.queue_arn]


def follower_variables(
    used: Set[Scope], followers: Sequence[Follower], own: Follower | None
) -> Iterator[tuple[str, str]]:
    told = followers if Scope.OTHER_PAGE_QUEUES in used else [own] if own is not None else []
    if told:
        yield "DEFIB_OTHER_PAGE_QUEUES", " ".join(follower.queue.queue.queue_url for follower in told)
    if own is not None:
        yield "DEFIB_OTHER_PAGE", own.name
        yield "DEFIB_OTHER_PAGE_SECRET", own.secret
