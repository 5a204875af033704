"""The page in S3: whatever fails or races, what customers read is whole, and never older than it was."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from defib.aws.clients import client
from defib.core.page.model import Page
from defib.core.page.planned import standing
from defib.publish.page.document import Document
from defib.publish.page.site import MANIFEST, S3Site
from defib.shell.page import LaidOut
from defib.shell.ports import CallFailed, Rejected, Transient
from tests.aws.account import ONCE
from tests.fakes import FakeClock
from tests.publish.page.pages import NOW, states

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "page"
OLD = replace(states()["operational"], version=1)
NEW = replace(states()["outage"], version=2, generated_at=NOW + timedelta(minutes=1))
CLOCK = FakeClock(NOW)
LATE = NOW + timedelta(hours=1)
PATHS = ("badge/web.svg", "api/v2/summary.json", "index.html")


def making(page: Page) -> Iterator[Document]:
    """Three documents that say whose they are, and one that only the newer page has."""
    yield from (Document(path, "text/plain", f"{path} of {page.version}".encode()) for path in PATHS[:2])
    if page.version > 1:
        yield Document("incidents/new.html", "text/plain", b"new")
    yield Document(PATHS[2], "text/plain", f"index of {page.version} at {page.generated_at}".encode())


class Interrupted:
    """An S3 whose n-th put does as told: fails, or lets somebody else act just before it."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3
        self.puts: list[str] = []
        self.before: dict[int, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def put_object(self, **call: Any) -> Any:
        self.puts.append(call["Key"])
        happens = self.before.pop(len(self.puts), None)
        if happens is not None:
            happens()
        return self._s3.put_object(**call)


def throttled() -> None:
    raise ClientError({"Error": {"Code": "SlowDown", "Message": "Please reduce your request rate."}}, "PutObject")


@pytest.fixture
def s3() -> Interrupted:
    made = client("s3", ONCE)
    made.create_bucket(Bucket=BUCKET)
    return Interrupted(made)


@pytest.fixture
def site(s3: Interrupted) -> S3Site:
    return S3Site(s3, BUCKET, making, CLOCK, "of a table")  # type: ignore[arg-type]  # all that it is asked, it passes on


def text(path: str) -> str:
    return boto3.client("s3").get_object(Bucket=BUCKET, Key=path)["Body"].read().decode()


def lies() -> set[str]:
    return {entry["Key"] for entry in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", ())}


def test_at_first_nothing_lies_there(site: S3Site) -> None:
    assert site.laid_out() is None


def test_what_was_laid_out_is_known(site: S3Site) -> None:
    site.lay_out(OLD, LATE)
    assert site.laid_out() == LaidOut(1, OLD.generated_at, standing(OLD.planned))
    assert text("index.html").startswith("index of 1")


def test_it_is_known_which_build_has_laid_it_out(site: S3Site, s3: Interrupted) -> None:
    site.lay_out(OLD, LATE)
    next_build = S3Site(s3, BUCKET, making, CLOCK, "of a table", "next")  # type: ignore[arg-type]  # as above
    before = next_build.laid_out()
    next_build.lay_out(replace(OLD, generated_at=OLD.generated_at + timedelta(minutes=1)), LATE)
    after = next_build.laid_out()

    assert before is not None
    assert after is not None
    assert (before.build, after.build) == ("", "next")


def test_the_main_page_comes_after_what_it_links_to_and_the_manifest_last(site: S3Site, s3: Interrupted) -> None:
    site.lay_out(NEW, LATE)
    assert s3.puts == [*PATHS[:2], "incidents/new.html", "index.html", MANIFEST]


def test_only_what_has_changed_is_put(site: S3Site, s3: Interrupted) -> None:
    site.lay_out(OLD, LATE)
    s3.puts.clear()
    site.lay_out(replace(OLD, generated_at=OLD.generated_at + timedelta(minutes=5)), LATE)
    assert s3.puts == ["index.html", MANIFEST]


def test_a_document_says_what_it_is_and_how_long_it_may_be_shown(site: S3Site) -> None:
    site.lay_out(OLD, LATE)
    head = boto3.client("s3").head_object(Bucket=BUCKET, Key="index.html")
    assert head["ContentType"] == "text/plain"
    assert head["CacheControl"] == "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400"


def test_an_older_page_is_not_laid_out_over_a_newer_one(site: S3Site, s3: Interrupted) -> None:
    site.lay_out(NEW, LATE)
    s3.puts.clear()
    site.lay_out(OLD, LATE)
    assert s3.puts == []


def test_what_the_page_no_longer_has_says_so_and_is_put_once(site: S3Site, s3: Interrupted) -> None:
    site.lay_out(NEW, LATE)
    less = S3Site(s3, BUCKET, lambda page: (d for d in making(page) if "badge" not in d.path), CLOCK, "of a table")  # type: ignore[arg-type]  # as above
    less.lay_out(replace(NEW, version=3), LATE)
    assert text("badge/web.svg") == "This is no longer part of the status page.\n"
    s3.puts.clear()
    less.lay_out(replace(NEW, version=4), LATE)
    assert "badge/web.svg" not in s3.puts


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_whichever_put_fails_the_next_call_finishes_and_the_main_page_is_never_ahead(
    site: S3Site, s3: Interrupted, nth: int
) -> None:
    site.lay_out(OLD, LATE)
    s3.puts.clear()
    s3.before[nth] = throttled
    with pytest.raises(Transient, match="SlowDown"):
        site.lay_out(NEW, LATE)
    if text("index.html").startswith("index of 2"):
        assert [text(path) for path in PATHS[:2]] == [f"{path} of 2" for path in PATHS[:2]]
        assert "incidents/new.html" in lies()
    laid = site.laid_out()
    assert laid is not None
    assert laid.version == 1
    site.lay_out(NEW, LATE)
    laid = site.laid_out()
    assert laid is not None
    assert laid.version == 2
    assert [text(path) for path in PATHS[:2]] == [f"{path} of 2" for path in PATHS[:2]]


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_slow_older_layout_never_overwrites_a_newer_one_that_passes_it(
    site: S3Site, s3: Interrupted, nth: int
) -> None:
    quick = S3Site(boto3.client("s3"), BUCKET, making, CLOCK, "of a table")
    s3.before[nth] = lambda: quick.lay_out(NEW, LATE)
    site.lay_out(OLD, LATE)
    assert {text(path)[-1] for path in PATHS[:2]} == {"2"}
    assert text("index.html").startswith("index of 2")
    laid = quick.laid_out()
    assert laid is not None
    assert laid.version == 2


@pytest.mark.parametrize(("first", "second"), tuple(itertools.product(range(1, 6), repeat=2)))
def test_a_newer_layout_that_dies_half_way_and_an_older_one_that_goes_on_leave_a_page_that_the_next_mends(
    site: S3Site, s3: Interrupted, first: int, second: int
) -> None:
    dying = Interrupted(boto3.client("s3"))
    dying.before[second] = throttled

    def rival() -> None:
        with pytest.raises(CallFailed):
            S3Site(dying, BUCKET, making, CLOCK, "of a table").lay_out(NEW, LATE)  # type: ignore[arg-type]  # as above
        newer.update({path: text(path) for path in lies() if " of 2" in text(path)})

    newer: dict[str, str] = {}
    s3.before[first] = rival
    site.lay_out(OLD, LATE)
    assert {path: text(path) for path in newer} == newer
    S3Site(boto3.client("s3"), BUCKET, making, CLOCK, "of a table").lay_out(NEW, LATE)
    assert {text(path)[-1] for path in PATHS[:2]} == {"2"}
    assert text("index.html").startswith("index of 2")


def test_a_put_that_was_carried_out_though_its_answer_was_lost_is_recognised(site: S3Site, s3: Interrupted) -> None:
    site.lay_out(OLD, LATE)
    s3.puts.clear()

    def carried_out() -> None:
        quick = boto3.client("s3")
        (document,) = (d for d in making(NEW) if d.path == "index.html")
        quick.put_object(Bucket=BUCKET, Key="index.html", Body=document.body, Metadata={"page": "000000000002 x"})

    s3.before[4] = carried_out
    site.lay_out(NEW, LATE)
    laid = site.laid_out()
    assert laid is not None
    assert laid.version == 2


@pytest.mark.parametrize(("path", "nth"), [("index.html", 1), ("index.html", 4), (MANIFEST, 5)])
def test_what_somebody_deletes_before_or_during_a_layout_lies_there_again_after_it(
    site: S3Site, s3: Interrupted, path: str, nth: int
) -> None:
    site.lay_out(OLD, LATE)
    s3.puts.clear()
    s3.before[nth] = lambda: boto3.client("s3").delete_object(Bucket=BUCKET, Key=path)

    site.lay_out(NEW, LATE)

    assert text("index.html").startswith("index of 2")
    assert site.laid_out() == LaidOut(2, NEW.generated_at, standing(NEW.planned))


def test_a_bucket_that_is_not_there_is_a_persons_business(site: S3Site, s3: Interrupted) -> None:
    s3.before[1] = lambda: boto3.client("s3").delete_bucket(Bucket=BUCKET)
    with pytest.raises(Rejected, match="NoSuchBucket"):
        site.lay_out(OLD, LATE)


def test_a_bucket_that_may_not_be_written_is_a_persons_business(s3: Interrupted, site: S3Site) -> None:
    def denied() -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "PutObject")

    s3.before[1] = denied
    with pytest.raises(Rejected, match=r"badge/web\.svg"):
        site.lay_out(OLD, LATE)
