"""A bucket in memory whose calls take time. It passes one suite with moto's (tests/aws/test_site_in_turns.py)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.clock import FakeClock


@dataclass
class FakeS3:
    """As much of the client as the page's layout calls."""

    clock: FakeClock
    takes: timedelta = timedelta(0)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    puts: int = 0
    """Those that were carried out."""
    calls: int = 0
    before: dict[int, Callable[[], object]] = field(default_factory=dict)
    """What happens just before a call of that number: somebody else acts, or an error is raised."""

    def put_object(self, **call: Any) -> dict[str, Any]:
        self._called()
        there, replaces = self.objects.get(call["Key"]), call.get("IfMatch", "")
        if replaces and there is None:
            raise _refused("NoSuchKey", "PutObject")
        if there is not None and ("IfNoneMatch" in call or (replaces and there["ETag"] != f'"{replaces}"')):
            raise _refused("PreconditionFailed", "PutObject")
        etag = f'"{hashlib.md5(call["Body"], usedforsecurity=False).hexdigest()}"'
        self.objects[call["Key"]] = {"Body": call["Body"], "ETag": etag, "Metadata": call.get("Metadata", {})}
        self.puts += 1
        return {"ETag": etag}

    def get_object(self, **call: Any) -> dict[str, Any]:
        self._called()
        if call["Key"] not in self.objects:
            raise _refused("NoSuchKey", "GetObject")
        found = self.objects[call["Key"]]
        return {**found, "Body": io.BytesIO(found["Body"])}

    def head_object(self, **call: Any) -> dict[str, Any]:
        self._called()
        if call["Key"] not in self.objects:
            raise _refused("404", "HeadObject")
        return {name: self.objects[call["Key"]][name] for name in ("ETag", "Metadata")}

    def _called(self) -> None:
        self.calls += 1
        happens = self.before.pop(self.calls, None)
        if happens is not None:
            happens()
        self.clock.advance(self.takes)


def _refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "as S3 answers"}}, operation)
