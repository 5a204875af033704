"""The table that remembers cases, incidents, notices and their audit trail."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

DUE_INDEX = "due"


class Cases(Construct):
    """One table: what is remembered outlives the stack, and any second of its last 35 days can be restored."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=_string("pk"),
            sort_key=_string("sk"),
            billing=dynamodb.Billing.on_demand(),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires",
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=DUE_INDEX,
                    partition_key=_string("due_kind"),
                    sort_key=_string("due_at"),
                    # DynamoDB changes no index that is there: less would end the deploy of whoever has this one.
                    projection_type=dynamodb.ProjectionType.ALL,
                )
            ],
        )


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
