"""The bucket that keeps what a stop destroys: console output, screenshot, statuses, metrics."""

from __future__ import annotations

import math
from datetime import timedelta

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.acknowledgments import acknowledge


class Evidence(Construct):
    """A private bucket that forgets after ``kept_for``.

    Versioned, because a redelivered order writes the same keys again, perhaps after the stop it was to precede.
    """

    def __init__(self, scope: Construct, construct_id: str, *, kept_for: timedelta) -> None:
        super().__init__(scope, construct_id)
        expiry = Duration.days(math.ceil(kept_for / timedelta(days=1)))
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="forget",
                    expiration=expiry,
                    noncurrent_version_expiration=expiry,
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            # Of a first deploy that fails nothing is left.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        acknowledge(
            self.bucket,
            "S1",
            "Only the evidence function writes here and only the operator's staff read; CloudTrail data events show "
            "who did where that matters, without a second bucket to secure.",
        )
