"""What wakes a function once a minute, whatever else happens."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledgments import acknowledge, in_nags_words


def every_minute(
    scope: Construct, function: lambda_.Function, *, does: str, dead_letter_queue: sqs.IQueue | None = None
) -> None:
    """A schedule for ``function``, and the role that may start nothing else.

    What fails is not repeated: the next one, a minute later, looks at everything anew.
    """
    function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
    role = iam.Role(
        scope,
        "SchedulerRole",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
        description=f"Defib: starts {does}",
    )
    acknowledge(
        role,
        f"IAM5[Resource::{in_nags_words(function)}:*]",
        "Versions and aliases of the one function that this role may start.",
    )
    scheduler.Schedule(
        scope,
        "EveryMinute",
        description=f"Defib: {does.rpartition(' ')[2]}",
        schedule=scheduler.ScheduleExpression.rate(Duration.minutes(1)),
        target=scheduler_targets.LambdaInvoke(
            function,
            role=role,
            dead_letter_queue=dead_letter_queue,
            retry_attempts=2,
            max_event_age=Duration.minutes(1),
        ),
    )
