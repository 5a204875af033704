"""Keeps in S3 what a stop would destroy, within a deadline: a capture that hangs can't hold up a repair."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from defib.aws import capture
from defib.aws.capture import Part, parts_of
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope, union
from defib.core.case import Attempt, Case
from defib.core.frozen import dataclass
from defib.core.model import Observation
from defib.shell.ports import CallFailed

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_s3 import S3Client

    from defib.core.policy import Policy
    from defib.shell.ports import Clock

PERMISSIONS = union(capture.PERMISSIONS, (Permission(("s3:PutObject",), Scope.EVIDENCE_BUCKET_OBJECTS),))

MANIFEST = "manifest.json"
ON_THE_WAY = timedelta(seconds=5)
"""Of the time a repair waits for its evidence: the order's way here, the result's way back."""
FOR_THE_MANIFEST = timedelta(seconds=2)
LEAST = timedelta(seconds=1)
"""However short the operator's timeout is, this long is tried."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was kept and what was not."""

    case_id: str
    instance_id: str
    captured_at: datetime
    captured: tuple[str, ...]
    not_captured: Mapping[str, str]
    """File to reason."""


class EvidenceKeeper:
    """Keeps the promises of ``ports.Actor`` for Action.EVIDENCE. Never raises: a repair goes on without evidence."""

    def __init__(
        self, ec2: EC2Client, cloudwatch: CloudWatchClient, s3: S3Client, bucket: str, clock: Clock, policy: Policy
    ) -> None:
        self._ec2 = ec2
        self._cloudwatch = cloudwatch
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._time = max(policy.repair.evidence_timeout - ON_THE_WAY - FOR_THE_MANIFEST, LEAST)

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        """Where the evidence is, and which parts are missing."""
        del observation  # What is kept is what AWS says itself, not Defib's reading of it.
        prefix = f"{case.service or 'none'}/{case.id}/{attempt.number}"
        parts = parts_of(self._ec2, self._cloudwatch, case.instance_id, self._clock.now())
        pool = ThreadPoolExecutor(max_workers=len(parts) + 1, thread_name_prefix="evidence")
        try:
            running = {part.file: pool.submit(self._keep, part, prefix) for part in parts}
            missing = _missing(running, self._time)
            captured = tuple(sorted(running.keys() - missing.keys()))
            manifest = Manifest(case.id, case.instance_id, self._clock.now(), captured, missing)
            listing = Part(MANIFEST, "application/json", lambda: msgspec.json.encode(manifest))
            unlisted = _missing({MANIFEST: pool.submit(self._keep, listing, prefix)}, FOR_THE_MANIFEST)
        finally:
            # What hangs is left behind: it ends with its own deadlines.
            pool.shutdown(wait=False, cancel_futures=True)
        return _told(f"s3://{self._bucket}/{prefix}/", captured, {**missing, **unlisted})

    def _keep(self, part: Part, prefix: str) -> None:
        content = part.capture()
        with translated("keeping it"):
            self._s3.put_object(
                Bucket=self._bucket, Key=f"{prefix}/{part.file}", Body=content, ContentType=part.media_type
            )


def _missing(running: Mapping[str, Future[None]], time: timedelta) -> dict[str, str]:
    """Which have not succeeded after ``time``, and why."""
    wait(running.values(), timeout=time.total_seconds())
    return {file: why for file, future in running.items() if (why := _why(future, time)) is not None}


def _why(future: Future[None], time: timedelta) -> str | None:
    if not future.done():
        return f"no answer within {time.total_seconds():g} s"
    match future.exception():
        case None:
            return None
        case CallFailed() as error:
            return str(error)
        case error:
            # A part is never worth the repair, whatever is wrong with it.
            return f"{type(error).__name__}: {error}"


def _told(location: str, captured: tuple[str, ...], missing: Mapping[str, str]) -> str:
    place = location if captured else "no evidence was kept"
    return f"{place} (not captured: {', '.join(sorted(missing))})" if missing else place
