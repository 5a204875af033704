"""Every error of botocore is sorted by what the caller must do."""

from __future__ import annotations

import pytest
from botocore import exceptions

from defib.aws.errors import translated, translation
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered


def refusal(code: str, status: int) -> exceptions.ClientError:
    answer = {"Error": {"Code": code, "Message": "in AWS's words"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(answer, "StopInstances")  # type: ignore[arg-type] # the rest of the metadata is unread


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("RequestLimitExceeded", 503, Transient),
        ("Throttling", 400, Transient),
        ("ThrottlingException", 400, Transient),
        ("ProvisionedThroughputExceededException", 400, Transient),
        ("SlowDown", 503, Transient),
        ("InsufficientInstanceCapacity", 500, Transient),
        ("InsufficientInstanceCapacity", 400, Transient),
        ("InstanceLimitExceeded", 400, Transient),
        ("InsufficientCapacityOnHost", 400, Transient),
        ("ReservationCapacityExceeded", 400, Transient),
        ("VcpuLimitExceeded", 400, Transient),
        ("InsufficientFreeAddressesInSubnet", 400, Transient),
        ("ResourceContention", 500, Transient),
        ("ResourceContentionFault", 500, Transient),
        ("InternalError", 500, Unanswered),
        ("ServiceUnavailable", 503, Unanswered),
        ("NeverSeenBefore", 502, Unanswered),
        ("NeverSeenBefore", 429, Transient),
        ("ExpiredTokenException", 400, Transient),
        ("RequestExpired", 400, Transient),
        ("UnauthorizedOperation", 403, Rejected),
        ("AccessDenied", 403, Rejected),
        ("AccessDeniedException", 400, Rejected),
        ("OperationNotPermitted", 400, Rejected),
        ("IncorrectInstanceState", 400, Rejected),
        ("UnsupportedOperation", 400, Rejected),
        ("InvalidInstanceID.NotFound", 400, Rejected),
        ("ValidationError", 400, Rejected),
        ("NeverSeenBefore", 400, Rejected),
    ],
)
def test_a_refusal_keeps_its_code_and_is_sorted_by_it(code: str, status: int, meaning: type[CallFailed]) -> None:
    failure = translation(refusal(code, status), "stopping i-0a1b2c3d")

    assert type(failure) is meaning
    assert failure.code == code
    assert str(failure) == f"stopping i-0a1b2c3d: {code}: in AWS's words"


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (exceptions.ConnectTimeoutError(endpoint_url="https://ec2"), Unanswered),
        (exceptions.ReadTimeoutError(endpoint_url="https://ec2"), Unanswered),
        (exceptions.EndpointConnectionError(endpoint_url="https://ec2"), Unanswered),
        (exceptions.ConnectionClosedError(endpoint_url="https://ec2"), Unanswered),
        (exceptions.SSLError(endpoint_url="https://ec2", error=OSError("handshake")), Unanswered),
        (exceptions.CredentialRetrievalError(provider="env", error_msg="gone"), Unanswered),
        (exceptions.NoCredentialsError(), Rejected),
        (exceptions.ParamValidationError(report="no such parameter"), Rejected),
        (exceptions.NoRegionError(), Rejected),
    ],
)
def test_a_call_without_an_answer_is_named_for_what_cut_it_off(error: Exception, meaning: type[CallFailed]) -> None:
    failure = translation(error, "stopping i-0a1b2c3d")

    assert type(failure) is meaning
    assert failure.code == type(error).__name__


def test_the_cause_is_kept() -> None:
    cause = refusal("UnauthorizedOperation", 403)

    with pytest.raises(Rejected) as error, translated("stopping"):
        raise cause

    assert error.value.__cause__ is cause


@pytest.mark.parametrize("defect", [KeyError("InstanceId"), Transient("told already"), ZeroDivisionError()])
def test_what_is_not_botocores_passes_unchanged(defect: Exception) -> None:
    with pytest.raises(type(defect)) as error, translated("stopping"):
        raise defect

    assert error.value is defect
