"""What says how the page lies in S3, when somebody has edited it: the next page is laid out whole all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import example, given

from defib.core.page.model import Page
from defib.publish.page.document import Document
from defib.publish.page.site import MANIFEST, MANIFEST_MOST, S3Site
from tests.fakes import FakeClock
from tests.hostile.strategies import BOUNDED, DEEP, LINEAR, TEXTS, VALUES, growth, tampered
from tests.publish.page.pages import NOW, states

PAGE = replace(states()["operational"], version=2)
OF = "of a table"
WRITTEN = json.dumps({"version": 1, "generated_at": "2026-04-30T12:00:00Z", "etags": {"index.html": "0" * 32}})
OURS = json.dumps({**json.loads(WRITTEN), "of": OF})


class Bucket:
    """As much of S3 as holds whole objects, with its conditions on a put."""

    def __init__(self, manifest: bytes) -> None:
        self.objects: dict[str, tuple[bytes, int, dict[str, str]]] = {MANIFEST: (manifest, 0, {})}
        self.given = 0
        """The bytes of the longest body that was read."""

    def get_object(self, **call: Any) -> dict[str, Any]:
        body, etag, said = self._found(call["Key"])
        return {"Body": Counted(body, self), "ETag": str(etag), "Metadata": said}

    head_object = get_object

    def put_object(self, **call: Any) -> dict[str, Any]:
        lies = self.objects.get(call["Key"])
        if ("IfNoneMatch" in call and lies is not None) or (
            "IfMatch" in call and call["IfMatch"] != str(lies and lies[1])
        ):
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, "PutObject")
        self.objects[call["Key"]] = (call["Body"], (lies[1] if lies else 0) + 1, call["Metadata"])
        return {}

    def _found(self, key: str) -> tuple[bytes, int, dict[str, str]]:
        if key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": ""}}, "GetObject")
        return self.objects[key]


class Counted(BytesIO):
    """A body that says how much of it is read."""

    def __init__(self, body: bytes, bucket: Bucket) -> None:
        super().__init__(body)
        self._bucket = bucket

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self._bucket.given = max(self._bucket.given, len(found))
        return found


def making(page: Page) -> Iterator[Document]:
    yield Document("index.html", "text/html", f"index of {page.version}".encode())


@BOUNDED
@given(tampered((WRITTEN,)) | VALUES.map(json.dumps) | TEXTS)
@example("")
@example("[" * DEEP)
@example('{"etags":' + '{"a":' * DEEP)
@example(WRITTEN.replace("2026", "20266"))
@example(WRITTEN.replace("}", "", 1))
def test_over_a_manifest_that_somebody_has_edited_the_page_is_laid_out_whole(text: str) -> None:
    bucket: Any = Bucket(text.encode("utf-8", "surrogatepass"))
    site = S3Site(bucket, "page", making, FakeClock(NOW), OF)
    site.laid_out()
    assert site.lay_out(PAGE, NOW + timedelta(hours=1))
    assert bucket.objects["index.html"][0] == b"index of 2"


@BOUNDED
@given(tampered((OURS,)))
@example(OURS.replace("00Z", "00"))
def test_what_is_said_to_lie_there_can_be_compared_with_what_is_to(text: str) -> None:
    bucket: Any = Bucket(text.encode("utf-8", "surrogatepass"))
    site = S3Site(bucket, "page", making, FakeClock(NOW), OF)
    lies = site.laid_out()
    assert lies is None or lies.generated_at - NOW < timedelta.max
    site.lay_out(PAGE, NOW + timedelta(hours=1))


def of_bytes(size: int) -> bytes:
    """One of ours, of that size."""
    return OURS[:-1].encode() + b" " * (size - len(OURS)) + b"}"


def test_a_manifest_that_is_too_long_is_read_as_none_and_not_to_its_end() -> None:
    for size, read in ((MANIFEST_MOST, True), (MANIFEST_MOST + 1, False), (2 * MANIFEST_MOST, False)):
        bucket: Any = Bucket(of_bytes(size))
        site = S3Site(bucket, "page", making, FakeClock(NOW), OF)
        assert (site.laid_out() is not None) is read
        assert bucket.given <= MANIFEST_MOST + 1
        assert site.lay_out(PAGE, NOW + timedelta(hours=1))
        assert bucket.objects["index.html"][0] == b"index of 2"


def test_over_a_manifest_of_twice_as_many_documents_a_page_takes_at_most_twice_the_work() -> None:
    def laid_out(documents: int) -> None:
        etags = {f"badges/{number}.svg": "0" * 32 for number in range(documents)}
        bucket: Any = Bucket(json.dumps({**json.loads(OURS), "etags": etags}).encode())
        site = S3Site(bucket, "page", making, FakeClock(NOW), OF)
        site.laid_out()
        assert site.lay_out(PAGE, NOW + timedelta(hours=1))

    assert growth(laid_out, 300) <= LINEAR
