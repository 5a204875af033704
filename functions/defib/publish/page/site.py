"""Lays the page's documents out in S3: each whole, the main page last, and none of an older page over a newer one's.

A put names what it replaces (S3 User Guide, Conditional writes), so two that lay out at once can't undo each other;
what a process leaves half done, the next one finishes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.frozen import dataclass
from defib.core.page.model import Page
from defib.core.page.planned import standing
from defib.publish.page.document import Document
from defib.shell.page import LaidOut
from defib.shell.ports import Rejected, Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PERMISSIONS = (
    Permission(("s3:GetObject", "s3:PutObject"), Scope.PAGE_BUCKET_OBJECTS),
    # Else S3 answers "forbidden" where there is nothing (S3 API, GetObject, Permissions).
    Permission(("s3:ListBucket",), Scope.PAGE_BUCKET),
)

MANIFEST = "manifest.json"
TRIES = 5
"""How often one document is tried when others write it at the same time."""
GONE = b"This is no longer part of the status page.\n"
MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
LOST_RACE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409"})
"""Answers to a put whose condition does not hold, or that met another (S3 API, PutObject).

There is no such key where somebody has deleted what it would replace (S3 User Guide, Conditional write behavior).
"""

Making = Callable[[Page], Iterable[Document]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What lies in the bucket, as the last one who finished left it."""

    version: int = 0
    generated_at: datetime | None = None
    standing: str = ""
    build: str = ""
    etags: Mapping[str, str] | None = None
    """By path; S3's ETag of an object put at once is its MD5 (S3 API, Object)."""


class _Overtaken(Exception):
    """A newer page is being laid out: this one is of no use any more."""


class S3Site:
    """Keeps the promises of ``shell.page.Site``. Raises Transient or Rejected."""

    def __init__(self, s3: S3Client, bucket: str, making: Making, build: str = "") -> None:
        """``build`` says which build's documents ``making`` makes."""
        self._s3 = s3
        self._bucket = bucket
        self._making = making
        self._build = build

    def laid_out(self) -> LaidOut | None:
        manifest, _ = self._manifest()
        if manifest.generated_at is None:
            return None
        return LaidOut(manifest.version, manifest.generated_at, manifest.standing, manifest.build)

    def lay_out(self, page: Page) -> None:
        manifest, etag = self._manifest()
        known = manifest.etags or {}
        stamp = _stamp(page.version, page.generated_at)
        if manifest.generated_at is not None and _stamp(manifest.version, manifest.generated_at) > stamp:
            return
        try:
            fresh: dict[str, str] = {}
            for document in chain(self._making(page), _gone(known, fresh)):
                fresh[document.path] = _etag(document.body)
                if known.get(document.path) != fresh[document.path]:
                    self._put(document, known.get(document.path, ""), stamp)
            after = Manifest(page.version, page.generated_at, standing(page.planned), self._build, fresh)
            self._put(_as_document(after), etag, stamp)
        except _Overtaken:
            return

    def _manifest(self) -> tuple[Manifest, str]:
        """The manifest and its own ETag; empty ones when there is none."""
        import msgspec  # noqa: PLC0415 - beside its only use

        try:
            with translated("reading the page's manifest"):
                answer = self._s3.get_object(Bucket=self._bucket, Key=MANIFEST)
                body = answer["Body"].read()
        except Rejected as error:
            if error.code in MISSING:
                return Manifest(), ""
            raise
        return msgspec.json.decode(body, type=Manifest), answer["ETag"].strip('"')

    def _put(self, document: Document, replaces: str, stamp: str) -> None:
        """Put what is newer than what lies there; ``replaces`` is the ETag of what is believed to, empty: nothing."""
        for _ in range(TRIES):
            try:
                self._put_if(document, replaces, stamp)
            except (Rejected, Transient) as error:
                if error.code not in LOST_RACE:
                    raise
            else:
                return
            replaces, lies = self._lies(document.path)
            if replaces == _etag(document.body):
                return
            if lies > stamp:
                raise _Overtaken(document.path)
        raise Transient(f"{document.path} was written by others {TRIES} times in a row; trying again later")

    def _put_if(self, document: Document, replaces: str, stamp: str) -> None:
        condition = {"IfMatch": replaces} if replaces else {"IfNoneMatch": "*"}
        with translated(f"putting {document.path} on the page"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=document.path,
                Body=document.body,
                ContentType=document.content_type,
                CacheControl=document.cache_control,
                Metadata={"page": stamp},
                **condition,  # type: ignore[arg-type]  # one of two of its parameters
            )

    def _lies(self, path: str) -> tuple[str, str]:
        """The ETag and the stamp of what lies there; empty ones when nothing does."""
        try:
            with translated(f"asking what lies at {path}"):
                answer = self._s3.head_object(Bucket=self._bucket, Key=path)
        except Rejected as error:
            if error.code in MISSING:
                return "", ""
            raise
        return answer["ETag"].strip('"'), answer["Metadata"].get("page", "")


def _gone(known: Mapping[str, str], fresh: Mapping[str, str]) -> Iterator[Document]:
    """In the place of what the page no longer has, such as the badge of a component that has left it.

    ``fresh`` is looked at only once all that the page has is in it. Whoever may not delete can't wipe the page out.
    """
    for path in sorted(known.keys() - fresh.keys()):
        yield Document(path, "text/plain; charset=utf-8", GONE)


def _stamp(version: int, generated_at: datetime) -> str:
    """Sorts as pages do in age."""
    return f"{version:012d} {generated_at:%Y-%m-%dT%H:%M:%S.%f}"


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _as_document(manifest: Manifest) -> Document:
    import msgspec  # noqa: PLC0415 - beside its only uses

    return Document(MANIFEST, "application/json; charset=utf-8", msgspec.json.encode(manifest))
