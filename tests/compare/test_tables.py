import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sim.compare import command, defib, picture, tables
from sim.compare.calls import LEAST
from sim.compare.command import main, options
from sim.compare.fault_class import CLASSES, Wanted, class_named
from sim.compare.run import Comparison
from sim.compare.tables import DOCUMENT, NoMarker, agents
from sim.compare.trial import Harm, Trial, summed
from sim.compare.verdict import verdict
from sim.report.tone import Tone


def trial(seed: int = 0, **given: Any) -> Trial:
    usual: dict[str, Any] = {
        "serves_again": timedelta(minutes=5),
        "told": timedelta(minutes=2),
        "harms": frozenset(),
        "acts": ("stop",),
    }
    return Trial(defib.NAME, "zombie", seed, **{**usual, **given})


def in_document(name: str) -> list[list[str]]:
    found = re.search(f"<!-- compared: {name} -->\n(.*?)\n\n", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None, name
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


class TestTheDocument:
    def test_names_the_present_agents_and_classes(self) -> None:
        head, _, *rows = in_document("healed")
        assert head == ["fault", *agents()]
        assert [row[0] for row in rows] == [fault_class.name for fault_class in CLASSES]

    def test_describes_the_present_models_and_classes(self) -> None:
        table = {t.name: t for t in tables.tables(Comparison(1, 0, ()))}
        assert in_document("agents") == [list(row) for row in _lines(table["agents"])]
        _, _, *rows = in_document("classes")
        assert [tuple(row) for row in rows] == [(c.name, c.about, c.wanted.value) for c in CLASSES]

    def test_has_a_cell_for_each_agent_in_each_class(self) -> None:
        assert all("–" not in row for row in in_document("healed"))

    def test_says_of_every_call_that_is_made_why_and_what_the_least_would_be(self) -> None:
        head, _, *rows = in_document("calls")
        assert head == list(tables.CALLS_HEAD)
        assert rows[0][0] == "all"
        assert all(LEAST[row[0].strip("`")].why == row[5] for row in rows[1:])
        for column, least in ((2, "idle"), (4, "heal")):
            assert int(rows[0][column]) == sum(getattr(one, least) for one in LEAST.values())

    def test_has_a_place_for_every_table(self, tmp_path: Path) -> None:
        lacking = tmp_path / "comparison.md"
        lacking.write_text("nothing")
        with pytest.raises(NoMarker, match="classes"):
            tables.write(Comparison(1, 0, (summed([trial()]),)), "made", lacking)

    def test_the_picture_is_of_the_same_agents_and_classes(self) -> None:
        words = " ".join(ElementTree.parse(DOCUMENT.with_suffix(".svg")).getroot().itertext())
        assert all(name in words for name in (*agents(), *(c.name for c in CLASSES)))


def _lines(table: tables.Table) -> Sequence[Sequence[str]]:
    return (table.head, ("---",) * len(table.head), *table.rows)


class TestVerdict:
    @pytest.mark.parametrize(
        ("fault", "given", "tone", "words"),
        [
            ("zombie", {}, Tone.GOOD, "5 min"),
            ("zombie", {"harms": frozenset({Harm.DATA_LOST})}, Tone.WARN, "5 min"),
            ("zombie", {"serves_again": None}, Tone.BAD, "not healed"),
            ("local disks", {"serves_again": None}, Tone.GOOD, "people decide"),
            ("local disks", {"serves_again": None, "told": None}, Tone.BAD, "not healed"),
            ("local disks", {"harms": frozenset({Harm.DATA_LOST})}, Tone.WARN, "5 min"),
            ("false alarm", {"acts": ()}, Tone.GOOD, "left alone"),
            ("false alarm", {}, Tone.BAD, "not left alone"),
        ],
    )
    def test_follows_what_a_good_operator_would_do(
        self, fault: str, given: dict[str, Any], tone: Tone, words: str
    ) -> None:
        found = verdict(summed([trial(**given)]), class_named(fault))
        assert (found.tone, found.words) == (tone, words)

    def test_says_how_many_were_healed_or_harmed_where_not_all(self) -> None:
        rows = summed([trial(0, harms=frozenset({Harm.NEEDLESS})), trial(1, serves_again=None)])
        found = verdict(rows, class_named("zombie"))
        assert (found.words, found.harms) == ("healed 1 of 2", "needless restart (1 of 2)")


class TestSums:
    def test_median_and_95th_percentile_are_of_those_healed(self) -> None:
        trials = [trial(n, serves_again=timedelta(minutes=n)) for n in range(1, 21)]
        row = summed([*trials, trial(0, serves_again=None)])
        assert row.took is not None
        assert (row.healed, row.took.median, row.took.p95) == (20, timedelta(minutes=10.5), timedelta(minutes=19))


def test_every_class_wants_something_of_a_good_operator() -> None:
    assert {c.wanted for c in CLASSES} == set(Wanted)


def test_the_picture_says_in_words_what_it_says_in_colours() -> None:
    text = picture.draw(Comparison(1, 0, (summed([trial()]),)))
    assert "✓ 5 min" in text


def test_what_was_tried_of_one_fault_or_under_other_limits_renews_no_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argparse.ArgumentParser()
    options(parser)
    for part in (["--only", "zombie"], ["--policy", "defib.toml"]):
        assert main(parser.parse_args([*part, "--write"])) == 2
        assert "leave --only and --policy out" in capsys.readouterr().err


class TestTheLimit:
    @pytest.mark.parametrize(("waste", "status", "shown"), [(0.10, 0, "✓ 10 %"), (0.11, 1, "✗ 10 %")])
    @pytest.mark.parametrize(("agent", "table"), [(defib.NAME, "waste"), (defib.REPLAYED, "replayed")])
    def test_that_is_shown_missed_ends_the_command_with_status_1(
        self,
        waste: float,
        status: int,
        shown: str,
        agent: str,
        table: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        found = Comparison(1, 0, (summed([replace(trial(waste=waste, waste_with_grace=waste), agent=agent)]),))
        monkeypatch.setattr(command, "_found", lambda _: found)
        parser = argparse.ArgumentParser()
        options(parser)

        assert main(parser.parse_args(["--replays", "0"])) == status
        said = capsys.readouterr()
        assert ("zombie: 11 % its own, more than 10 %" in said.err) is bool(status)
        (row,) = next(t.rows for t in tables.tables(found) if t.name == table)
        assert shown in row

    def test_what_is_left_to_ec2_stands_beside_the_share_without_it(self) -> None:
        found = Comparison(1, 0, (summed([trial(waste=0.04, waste_with_grace=0.34)]),))
        (row,) = next(t.rows for t in tables.tables(found) if t.name == "waste")
        assert row[3:5] == ("4 %", "34 %")

    def test_a_class_that_is_only_replayed_has_its_row(self) -> None:
        replayed = replace(trial(waste=0.01), agent=defib.REPLAYED, fault_class="retirement")
        found = Comparison(1, 1, (summed([replayed]),))
        assert [row[0] for row in next(t.rows for t in tables.tables(found) if t.name == "waste")] == ["retirement"]
