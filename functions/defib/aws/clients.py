"""The one place that makes boto3 clients, so that none is without deadlines and a bound on retries."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, overload

from defib.core.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

    from defib.aws.operator_events import EventsClient
    from defib.aws.zonal_shift import ArcClient
    from defib.core.policy import Calls


@overload
def client(service: Literal["arc-zonal-shift"], calls: Calls) -> ArcClient: ...


@overload
def client(service: Literal["autoscaling"], calls: Calls) -> AutoScalingClient: ...


@overload
def client(service: Literal["cloudformation"], calls: Calls, region: str = ...) -> CloudFormationClient: ...


@overload
def client(service: Literal["cloudwatch"], calls: Calls, region: str = ...) -> CloudWatchClient: ...


@overload
def client(service: Literal["dynamodb"], calls: Calls) -> DynamoDBClient: ...


@overload
def client(service: Literal["ec2"], calls: Calls) -> EC2Client: ...


@overload
def client(service: Literal["elbv2"], calls: Calls) -> ElasticLoadBalancingv2Client: ...


@overload
def client(service: Literal["events"], calls: Calls) -> EventsClient: ...


@overload
def client(service: Literal["lambda"], calls: Calls, region: str = ...) -> LambdaClient: ...


@overload
def client(service: Literal["s3"], calls: Calls, region: str = ...) -> S3Client: ...


@overload
def client(service: Literal["secretsmanager"], calls: Calls) -> SecretsManagerClient: ...


@overload
def client(service: Literal["sns"], calls: Calls, region: str = ...) -> SNSClient: ...


@overload
def client(service: Literal["sqs"], calls: Calls) -> SQSClient: ...


@overload
def client(service: Literal["ssm"], calls: Calls, region: str = ...) -> SSMClient: ...


def client(service: str, calls: Calls, region: str = "") -> Any:
    """A client of the default session whose every call ends in bounded time; of its Region unless another is named.

    ``calls.attempts`` counts the first try too (botocore Config, ``total_max_attempts``).
    """
    with _nothing_collected():
        # boto3 takes longer to import than all of Defib: whoever only asks for permissions shouldn't wait for it.
        import boto3  # noqa: PLC0415 - see above
        from botocore.config import Config  # noqa: PLC0415 - see above

        from defib.aws.models import new_session  # noqa: PLC0415 - see above

        # One that is there already is a replay's or a test's, with hooks of its own.
        if boto3.DEFAULT_SESSION is None:
            boto3.setup_default_session(botocore_session=new_session())
        make: Callable[..., Any] = boto3.client
        made = make(
            service,
            region_name=region or None,
            config=Config(
                connect_timeout=calls.connect_timeout.total_seconds(),
                read_timeout=calls.read_timeout.total_seconds(),
                retries={"mode": "standard", "total_max_attempts": calls.attempts},
            ),
        )
        if calls.attempts == 1:
            hooks = made.meta.events
            hooks.register("before-send", _afresh)
        return made


def one_try(calls: Calls) -> Calls:
    """Bounds for a client that acts, or whose second try would use up the time of what else its function has to do.

    Whether an act that nobody answered was carried out only a new look tells, and whoever has looked decides afresh.
    """
    return replace(calls, attempts=1)


def _afresh(request: AWSPreparedRequest, **_: object) -> None:
    """Have the connection closed after the call, so that the next one opens its own.

    What a frozen function has kept of its connections is often dead when it wakes: "Lambda purges idle connections over
    time. Attempting to reuse an idle connection when invoking a function will result in a connection error" (Lambda
    Developer Guide, Best practices). A client that tries again needs none: its first try finds that out.
    """
    request.headers["Connection"] = "close"


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Hold the garbage collector off: a service's model is all lasting objects, which it would walk time and again.

    Saves about a tenth of a cold start (docs/measurements.md).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Both together move what is new to the oldest generation, unvisited; the first collection would walk it all.
        gc.freeze()
        gc.unfreeze()
        if was_enabled:
            gc.enable()
