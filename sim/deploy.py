"""Puts the template's table, buckets, parameters and secrets into moto, as CloudFormation would."""

from __future__ import annotations

import json
from typing import Any

import boto3

from sim.clock import SimulatorGap
from sim.template import REGION, Resource, region_of
from sim.wiring import Wiring

VERSION = "5f3a1c52-0d0e-4f0b-9a55-6c1b6d1f2e10"
"""The id of the first version of each secret."""
INDEX_KEYS = ("IndexName", "KeySchema", "Projection")


def deploy_storage(wiring: Wiring) -> None:
    """Create tables, buckets, parameters and secrets; queues and topics are created by what simulates them."""
    for table in wiring.tables:
        boto3.client("dynamodb", region_name=region_of(table.arn)).create_table(**_table(table))
    s3 = boto3.client("s3", region_name=REGION)
    for bucket in wiring.buckets:
        s3.create_bucket(Bucket=bucket.name)
    for parameter in wiring.parameters:
        boto3.client("ssm", region_name=region_of(parameter.arn)).put_parameter(
            Name=parameter.name, Type="String", Value=parameter.properties["Value"]
        )
    for secret in wiring.secrets:
        # The same in every replay, so that the links in its messages are.
        boto3.client("secretsmanager", region_name=region_of(secret.arn)).create_secret(
            Name=secret.name, SecretString=generated(secret), ClientRequestToken=VERSION
        )


def set_kill_switch(wiring: Wiring, to: str) -> None:
    """Somebody sets the stack's kill switch, as with ``aws ssm put-parameter --overwrite``."""
    (switch,) = (parameter for parameter in wiring.parameters if parameter.name.endswith("/healing"))
    boto3.client("ssm", region_name=region_of(switch.arn)).put_parameter(
        Name=switch.name, Type="String", Value=to, Overwrite=True
    )


def generated(secret: Resource) -> str:
    """A secret as Secrets Manager generates it (CloudFormation, GenerateSecretString), but it says what it is."""
    asked = secret.properties.get("GenerateSecretString")
    if asked is None:
        raise SimulatorGap(f"{secret.logical_id} is not generated: sim/deploy.py knows no other secret")
    if "GenerateStringKey" not in asked:
        length = int(asked.get("PasswordLength", 32))
        return ("made-up-secret-" * length)[:length]
    key = str(asked["GenerateStringKey"])
    return json.dumps({**json.loads(asked["SecretStringTemplate"]), key: f"made-up-{key.replace('_', '-')}"})


def _table(resource: Resource) -> dict[str, Any]:
    properties = resource.properties
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        raise SimulatorGap(f"{resource.logical_id} is not billed by request: sim/deploy.py knows no other table")
    table: dict[str, Any] = {
        "TableName": resource.name,
        "AttributeDefinitions": properties["AttributeDefinitions"],
        "KeySchema": properties["KeySchema"],
        "BillingMode": "PAY_PER_REQUEST",
    }
    indexes = properties.get("GlobalSecondaryIndexes", ())
    if indexes:
        table["GlobalSecondaryIndexes"] = [{key: index[key] for key in INDEX_KEYS} for index in indexes]
    return table
