"""Lays the page's documents out in S3: each whole, the main page last, and none of an older page over a newer one's.

A put names what it replaces (S3 User Guide, Conditional writes), so two that lay out at once can't undo each other;
what a process leaves half done, the next one finishes. One that has more to put than it has time notes how far it has
come, so that whoever goes on need not look at all of it again.

Documents are known by their bytes, so those of none may come back: what lies there since would pass for what lay there
before. Whatever says how something stands holds since when.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.frozen import dataclass, replace
from defib.core.page.model import Page
from defib.core.page.planned import standing
from defib.publish.page.document import Document
from defib.shell.page import LaidOut
from defib.shell.ports import Clock, Rejected, Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PERMISSIONS = (
    Permission(("s3:GetObject", "s3:PutObject"), Scope.PAGE_BUCKET_OBJECTS),
    # Else S3 answers "forbidden" where there is nothing (S3 API, GetObject, Permissions).
    Permission(("s3:ListBucket",), Scope.PAGE_BUCKET),
)

MANIFEST = "manifest.json"
MANIFEST_MOST = 8 * 1024 * 1024
"""Bytes of it that are read: those of a hundred thousand documents."""
NOTED_EVERY = 100
"""Documents put between two notes of how far a layout has come: so many at most are asked about again by whoever goes
on after a process that died."""
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
    """What lies in the bucket, as the last one who finished left it, and how far those after it have come.

    The watchtower reads when the page was made, so that changes only once all of it lies there.
    """

    version: int = 0
    generated_at: datetime | None = None
    standing: str = ""
    build: str = ""
    etags: Mapping[str, str] | None = None
    """By path; S3's ETag of an object put at once is its MD5 (S3 API, Object)."""
    of: str = ""
    """Whose versions these are, as ``S3Site`` has it."""
    toward: str = ""
    """The stamp of the page that has been laid out in part since; empty for none."""

    @property
    def newest(self) -> str:
        """The stamp of the newest page of which anything lies there."""
        whole = _stamp(self.version, self.generated_at) if self.generated_at is not None else ""
        return max(whole, self.toward)


class _Overtaken(Exception):
    """A newer page is being laid out: this one is of no use any more."""


class S3Site:
    """Keeps the promises of ``shell.page.Site``. Raises Transient or Rejected.

    ``of`` says whose versions it lays out: a bucket outlives its stack, and the next one counts from 1 again. What is
    of another, or of nobody knows whom, counts as older than all.
    """

    def __init__(self, s3: S3Client, bucket: str, making: Making, clock: Clock, of: str, build: str = "") -> None:
        """``build`` says which build's documents ``making`` makes."""
        self._s3 = s3
        self._bucket = bucket
        self._making = making
        self._clock = clock
        self._of = of
        self._build = build

    def laid_out(self) -> LaidOut | None:
        manifest, _ = self._manifest()
        if manifest.generated_at is None or manifest.toward:
            return None
        return LaidOut(manifest.version, manifest.generated_at, manifest.standing, manifest.build)

    def lay_out(self, page: Page, until: datetime) -> bool:
        manifest, lies = self._manifest()
        stamp = _stamp(page.version, page.generated_at)
        if manifest.newest > stamp:
            return True
        try:
            return self._lay_out(page, stamp, manifest, lies, until)
        except _Overtaken:
            return True

    def _lay_out(self, page: Page, stamp: str, manifest: Manifest, lies: str, until: datetime) -> bool:
        """``lies`` is the manifest's own ETag."""
        known = manifest.etags or {}
        fresh: dict[str, str] = {}
        put = 0
        for document in chain(self._making(page), _gone(known, fresh)):
            etag = _etag(document.body)
            if known.get(document.path) != etag:
                # After the first at the earliest: a layout of which each call does something has an end.
                late = put > 0 and self._clock.now() >= until
                if late or put == NOTED_EVERY:
                    note = replace(manifest, of=self._of, toward=stamp, etags={**known, **fresh})
                    lies, put = self._put(_as_document(note), lies, stamp), 0
                if late:
                    return False
                self._put(document, known.get(document.path, ""), stamp)
                put += 1
            fresh[document.path] = etag
        after = Manifest(page.version, page.generated_at, standing(page.planned), self._build, fresh, self._of)
        self._put(_as_document(after), lies, stamp)
        return True

    def _manifest(self) -> tuple[Manifest, str]:
        """The manifest and its own ETag; empty ones when there is none, and nothing in one that is garbled or too long.

        Then all is laid out anew, over whatever lies there.
        """
        import msgspec  # noqa: PLC0415 - beside its only use

        try:
            with translated("reading the page's manifest"):
                answer = self._s3.get_object(Bucket=self._bucket, Key=MANIFEST)
                body = answer["Body"].read(MANIFEST_MOST + 1)
        except Rejected as error:
            if error.code in MISSING:
                return Manifest(), ""
            raise
        try:
            found = msgspec.json.decode(body, type=Manifest) if len(body) <= MANIFEST_MOST else Manifest()
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            found = Manifest()
        if found.generated_at is not None and found.generated_at.tzinfo is None:
            # In no time zone it compares with no other.
            found = Manifest()
        # What lies there does so whosever it is; which page it shows says nothing of ours: it is older than all.
        mine = found if found.of == self._of else replace(found, version=0, build="", toward="")
        return mine, answer["ETag"].strip('"')

    def _put(self, document: Document, replaces: str, stamp: str) -> str:
        """Put what is newer than what lies there; ``replaces`` is the ETag of what is believed to, empty: nothing.

        Returns the ETag of what lies there then.
        """
        for _ in range(TRIES):
            try:
                self._put_if(document, replaces, stamp)
            except (Rejected, Transient) as error:
                if error.code not in LOST_RACE:
                    raise
            else:
                return _etag(document.body)
            replaces, lies = self._lies(document.path)
            if replaces == _etag(document.body):
                return replaces
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
                Metadata={"page": stamp, "of": self._of},
                **condition,  # type: ignore[arg-type]  # one of two of its parameters
            )

    def _lies(self, path: str) -> tuple[str, str]:
        """The ETag and the stamp of what lies there; empty ones when nothing does, and no stamp for another's."""
        try:
            with translated(f"asking what lies at {path}"):
                answer = self._s3.head_object(Bucket=self._bucket, Key=path)
        except Rejected as error:
            if error.code in MISSING:
                return "", ""
            raise
        said = answer["Metadata"]
        return answer["ETag"].strip('"'), said.get("page", "") if said.get("of", "") == self._of else ""


def _gone(known: Mapping[str, str], fresh: Mapping[str, str]) -> Iterator[Document]:
    """In the place of what the page no longer has, such as the badge of a component that has left it.

    ``fresh`` is looked at only once all that the page has is in it. Whoever may not delete can't wipe the page out.
    """
    for path in sorted(known.keys() - fresh.keys()):
        yield Document(path, "text/plain; charset=utf-8", GONE)


def generation(table: str) -> str:
    """Whose versions those are that are counted in ``table``. All may read it, so it tells nobody the table's name."""
    return hashlib.sha256(table.encode()).hexdigest()[:12]


def _stamp(version: int, generated_at: datetime) -> str:
    """Sorts as pages do in age."""
    return f"{version:012d} {generated_at:%Y-%m-%dT%H:%M:%S.%f}"


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _as_document(manifest: Manifest) -> Document:
    import msgspec  # noqa: PLC0415 - beside its only uses

    return Document(MANIFEST, "application/json; charset=utf-8", msgspec.json.encode(manifest))
