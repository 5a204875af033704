"""The page in S3 where there is more to put than a turn has time for, or where an earlier stack's page lies."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from defib.aws.clients import client
from defib.core.page.model import Page
from defib.publish.page import site as module
from defib.publish.page.document import Document
from defib.publish.page.everything import documents
from defib.publish.page.site import MANIFEST, NOTED_EVERY, S3Site, generation
from defib.shell.page import LAYOUT_WITHIN
from defib.shell.ports import CallFailed
from tests.aws.account import ONCE
from tests.fakes import FakeClock
from tests.fakes.s3 import FakeS3
from tests.publish.page.pages import NOW, SETTINGS, URL, states, story, trouble

A_MINUTE = timedelta(minutes=1)
TURN_MOST = timedelta(seconds=100)
"""Of the two minutes that the function has."""
MANY = 2_000
PAGE = replace(states()["operational"], version=7, generated_at=NOW)
MOMENTS = ((NOW, ()), (NOW + 3 * A_MINUTE, (trouble("web", NOW),)), (NOW + 9 * A_MINUTE, ()))
UP, DOWN, AGAIN = (story(*MOMENTS[: n + 1], now=at, born=NOW) for n, (at, _) in enumerate(MOMENTS))


def making(page: Page) -> Iterator[Document]:
    """What stays as it is, what changes with the page's version, and the main page."""
    yield Document("feed", "text/plain", f"feed of {page.version}".encode())
    for number in range(MANY):
        yield Document(f"incidents/{number}.html", "text/plain", f"{number} by {page.components[0].name}".encode())
    yield Document("index.html", "text/plain", f"index of {page.version} at {page.generated_at}".encode())


class Stage:
    """A bucket each call to which takes as long as one to another Region may, and turns a minute apart."""

    def __init__(self, *, many: int = MANY) -> None:
        self.clock = FakeClock(NOW)
        self.s3 = FakeS3(self.clock, timedelta(seconds=0.1))
        self.many = many
        self.site = self.of("one")

    def of(self, table: str) -> S3Site:
        return S3Site(self.s3, "page", self._making, self.clock, table)  # type: ignore[arg-type]  # as much as it calls

    def turn(self, version: int = 7, site: S3Site | None = None, name: str = "") -> bool:
        began = self.clock.now()
        page = replace(PAGE, version=version, generated_at=began)
        if name:
            page = replace(page, components=(replace(page.components[0], name=name), *page.components[1:]))
        whole = (site or self.site).lay_out(page, began + LAYOUT_WITHIN)
        assert self.clock.now() - began < TURN_MOST
        return whole

    def turns(self, version: int = 7, site: S3Site | None = None, name: str = "") -> int:
        """Until one has done all; how many that were."""
        for number in range(1, 100):
            if self.turn(version, site, name):
                return number
            self.clock.advance(A_MINUTE)
        pytest.fail("it has no end")

    def text(self, path: str) -> str:
        return str(self.s3.objects[path]["Body"], "utf-8")

    def _making(self, page: Page) -> Iterator[Document]:
        return (d for d in making(page) if not (found := re.search(r"\d+", d.path)) or int(found[0]) < self.many)


class TestMoreThanATurn:
    def test_a_page_that_takes_more_than_a_turn_is_laid_out_by_several(self) -> None:
        stage = Stage()
        assert stage.turns() == 5
        assert len(stage.s3.objects) == MANY + 3
        assert stage.site.laid_out() is not None

    def test_nothing_is_put_twice_but_what_changes_with_each_turn(self) -> None:
        stage = Stage()
        turns = stage.turns()
        notes = MANY // NOTED_EVERY + turns
        assert MANY < stage.s3.puts <= MANY + 3 + notes

    def test_the_main_page_is_not_there_before_all_that_it_links_to(self) -> None:
        stage = Stage()
        while not stage.turn():
            assert "index.html" not in stage.s3.objects
            stage.clock.advance(A_MINUTE)
        assert stage.text("index.html").startswith("index of 7")

    def test_a_page_that_is_laid_out_in_part_does_not_pass_for_a_new_one(self) -> None:
        stage = Stage()
        stage.turns()
        made = json.loads(stage.text(MANIFEST))["generated_at"]
        stage.clock.advance(A_MINUTE)
        assert not stage.turn(8, name="Renamed")
        assert stage.site.laid_out() is None
        assert json.loads(stage.text(MANIFEST))["generated_at"] == made
        assert stage.text("index.html").startswith("index of 7")
        stage.turns(8, name="Renamed")
        assert stage.text(f"incidents/{MANY - 1}.html") == f"{MANY - 1} by Renamed"
        assert stage.site.laid_out() is not None

    def test_whoever_goes_on_after_a_death_looks_at_few_documents_again(self) -> None:
        stage = Stage()
        stage.s3.before[350] = _dies
        with pytest.raises(KeyboardInterrupt):
            stage.turn()
        before = stage.s3.calls
        stage.clock.advance(A_MINUTE)
        assert not stage.turn()
        lying = stage.s3.puts
        assert stage.s3.calls - before < lying - 300 + 2 * NOTED_EVERY + 10

    def test_a_turn_that_has_no_time_at_all_still_gets_further(self) -> None:
        stage = Stage(many=5)
        page = replace(PAGE, generated_at=stage.clock.now())
        done = [stage.site.lay_out(page, NOW - A_MINUTE) for _ in range(7)]
        assert done == [False] * 6 + [True]
        assert stage.text("index.html").startswith("index of 7")

    def test_an_older_page_changes_nothing_of_a_newer_one_that_is_laid_out_in_part(self) -> None:
        stage = Stage()
        stage.turns(7)
        stage.clock.advance(A_MINUTE)
        assert not stage.turn(9, name="Renamed")
        before = stage.s3.puts
        assert stage.turn(8)
        assert stage.s3.puts == before


class TestTwoAtOnce:
    """Each notes after every document, so that they meet everywhere."""

    @pytest.fixture(autouse=True)
    def noting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "NOTED_EVERY", 1)

    @pytest.mark.parametrize("nth", range(1, 12))
    def test_a_newer_layout_that_passes_an_older_one_at_whatever_call_is_what_lies_there(self, nth: int) -> None:
        stage = Stage(many=3)
        stage.s3.before[nth] = lambda: stage.turn(8, name="Renamed")
        stage.turn(7)
        assert _versions(stage) == {"8"}
        assert {stage.text(f"incidents/{number}.html") for number in range(3)} == {f"{n} by Renamed" for n in range(3)}

    @pytest.mark.parametrize(("first", "second"), tuple(itertools.product(range(1, 12), repeat=2)))
    def test_whichever_call_of_a_newer_one_fails_in_the_midst_of_an_older_one_the_next_mends_it(
        self, first: int, second: int
    ) -> None:
        stage = Stage(many=3)

        def rival() -> None:
            stage.s3.before[stage.s3.calls + second] = _throttled
            with pytest.raises(CallFailed):
                stage.turn(8, name="Renamed")

        stage.s3.before[first] = rival
        stage.turn(7)
        stage.s3.before.clear()
        stage.clock.advance(A_MINUTE)
        assert stage.turn(8, name="Renamed")
        assert _versions(stage) == {"8"}
        assert {stage.text(f"incidents/{number}.html") for number in range(3)} == {f"{n} by Renamed" for n in range(3)}


class TestUpDownAndUpAgain:
    """What a badge says comes back; nothing of the time between may stay."""

    def lay_out(self, page: Page) -> None:
        making = partial(documents, settings=SETTINGS, url=URL)
        site = S3Site(self.s3, "page", making, self.clock, "one")  # type: ignore[arg-type]  # as much as it calls
        site.lay_out(page, self.clock.now() + LAYOUT_WITHIN)

    def holds(self) -> bool:
        made = {d.path: d.body for d in documents(AGAIN, SETTINGS, URL)}
        lies = {path: found["Body"] for path, found in self.s3.objects.items() if path != MANIFEST}
        return all(lies[path] == body for path, body in made.items())

    @pytest.fixture(autouse=True)
    def _is_up(self) -> None:
        self.clock = FakeClock(NOW)
        self.s3 = FakeS3(self.clock, timedelta(milliseconds=20))
        self.lay_out(UP)

    def test_a_layout_that_failed_in_between_leaves_nothing(self) -> None:
        up = {path: dict(found) for path, found in self.s3.objects.items()}
        for nth in range(1, len(up) + 10):
            self.s3.objects = {path: dict(found) for path, found in up.items()}
            self.s3.before = {self.s3.calls + nth: _throttled}
            with suppress(CallFailed):
                self.lay_out(DOWN)
            self.s3.before = {}
            self.lay_out(AGAIN)
            assert self.holds(), nth

    def test_nor_does_one_that_goes_on_beside_that_of_the_end(self) -> None:
        up = {path: dict(found) for path, found in self.s3.objects.items()}
        for nth in range(1, len(up) + 10):
            self.s3.objects = {path: dict(found) for path, found in up.items()}
            self.s3.before = {self.s3.calls + nth: partial(self.lay_out, AGAIN)}
            self.lay_out(DOWN)
            self.s3.before = {}
            self.lay_out(AGAIN)
            assert self.holds(), nth


class TestAnEarlierStacksPage:
    """A bucket outlives its stack; the versions of the next table begin at 1."""

    def test_it_is_older_than_the_first_of_this_one(self) -> None:
        stage = Stage(many=3)
        stage.turn(800, stage.of("another"))
        theirs = stage.site.laid_out()
        assert theirs is not None
        assert (theirs.version, theirs.build) == (0, ""), "older than all that is to come"
        assert stage.turn(1)
        assert _versions(stage) == {"1"}
        ours = stage.site.laid_out()
        assert ours is not None
        assert ours.version == 1

    def test_so_is_one_that_was_never_finished(self) -> None:
        stage = Stage()
        assert not stage.turn(800, stage.of("another"), name="Theirs")
        stage.turns(1)
        assert stage.text("feed") == "feed of 1"
        assert stage.text("incidents/0.html").endswith(PAGE.components[0].name)

    def test_so_is_what_nobody_has_noted(self) -> None:
        stage = Stage(many=3)
        stage.turn(800, stage.of("another"))
        del stage.s3.objects[MANIFEST]
        assert stage.turn(1)
        assert _versions(stage) == {"1"}

    def test_so_is_that_of_a_release_which_did_not_say_whose_it_was(self) -> None:
        stage = Stage(many=3)
        stage.turn(800)
        old = {name: value for name, value in json.loads(stage.text(MANIFEST)).items() if name not in {"of", "toward"}}
        stage.s3.put_object(Bucket="page", Key=MANIFEST, Body=json.dumps(old).encode())
        assert stage.turn(1)
        assert _versions(stage) == {"1"}

    def test_what_is_the_same_in_both_is_not_put_again(self) -> None:
        stage = Stage(many=300)
        stage.turn(800, stage.of("another"))
        before = stage.s3.puts
        stage.turn(1)
        assert stage.s3.puts - before == len(("feed", "index.html", MANIFEST))

    def test_nobody_reads_the_tables_name_from_whose_it_is(self) -> None:
        assert generation("Defib-CasesTable-1ABC") == generation("Defib-CasesTable-1ABC") != generation("Defib-2")
        assert "Table" not in generation("Defib-CasesTable-1ABC")


@pytest.fixture(params=["moto", "in memory"])
def s3(request: pytest.FixtureRequest) -> Any:
    if request.param == "in memory":
        return FakeS3(FakeClock())
    made = client("s3", ONCE)
    made.create_bucket(Bucket="page")
    return made


class TestConditions:
    """What the layout builds upon; the fake answers as moto does (S3 API, PutObject)."""

    def put(self, s3: Any, body: bytes, **condition: str) -> str:
        answer = s3.put_object(Bucket="page", Key="a", Body=body, Metadata={"page": "7"}, **condition)
        etag: str = answer["ETag"]
        return etag

    def test_what_was_put_is_read(self, s3: Any) -> None:
        etag = self.put(s3, b"one", IfNoneMatch="*")
        read, head = s3.get_object(Bucket="page", Key="a"), s3.head_object(Bucket="page", Key="a")
        assert (read["Body"].read(), read["ETag"]) == (b"one", etag)
        assert (head["ETag"], head["Metadata"]) == (etag, {"page": "7"})

    def test_what_is_there_is_replaced_by_whoever_names_it_alone(self, s3: Any) -> None:
        first = self.put(s3, b"one", IfNoneMatch="*").strip('"')
        self.put(s3, b"two", IfMatch=first)
        for condition in ({"IfNoneMatch": "*"}, {"IfMatch": first}):
            with pytest.raises(ClientError, match="PreconditionFailed"):
                self.put(s3, b"three", **condition)
        assert s3.get_object(Bucket="page", Key="a")["Body"].read() == b"two"

    def test_what_is_not_there_can_be_neither_replaced_nor_read(self, s3: Any) -> None:
        with pytest.raises(ClientError, match="NoSuchKey"):
            self.put(s3, b"one", IfMatch="0" * 32)
        with pytest.raises(ClientError, match="NoSuchKey"):
            s3.get_object(Bucket="page", Key="a")
        with pytest.raises(ClientError, match="404"):
            s3.head_object(Bucket="page", Key="a")


def _versions(stage: Stage) -> set[str]:
    laid = json.loads(stage.text(MANIFEST))
    feed, index = (stage.text(path).split(" of ")[1].split(" ")[0] for path in ("feed", "index.html"))
    return {feed, index, str(laid["version"])}


def _dies() -> None:
    raise KeyboardInterrupt


def _throttled() -> None:
    raise ClientError({"Error": {"Code": "SlowDown", "Message": "Please reduce your request rate."}}, "PutObject")
