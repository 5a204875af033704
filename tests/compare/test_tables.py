import argparse
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sim.__main__ import main as sim
from sim.compare import command, defib, picture, tables
from sim.compare.calls import LEAST
from sim.compare.command import main, options
from sim.compare.fault_class import CLASSES, Wanted, class_named
from sim.compare.run import Comparison
from sim.compare.tables import DOCUMENT, NoMarker, agents
from sim.compare.trial import Harm, Trial, summed
from sim.compare.verdict import verdict
from sim.replay import POLICIES, POLICY
from sim.report.tone import Tone
from sim.report.words import percent, span

SVG = "{http://www.w3.org/2000/svg}"


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


def drawn(*trials: Trial) -> ElementTree.Element:
    return ElementTree.fromstring(picture.draw(Comparison(1, 0, (summed(trials),))))


class TestThePicture:
    def test_says_in_words_what_it_says_in_colours(self) -> None:
        assert "✓ 5 min" in list(drawn(trial()).itertext())

    def test_says_and_marks_the_95th_percentile(self) -> None:
        times = (timedelta(minutes=n) for n in (5, 5, 9))
        svg = drawn(*(trial(n, serves_again=took) for n, took in enumerate(times)))
        assert {"✓ 5 min", "p95 9 min"} <= set(svg.itertext())
        (tick,) = (line for line in svg.iter() if line.get("class") == "moment")
        *_, bar = (box for box in svg.iter() if box.get("class") == "now")
        from_left = [float(tick.attrib[at]) - float(bar.attrib["x"]) for at in ("x1", "x2")]
        assert from_left == pytest.approx([float(bar.attrib["width"]) * 9 / 5] * 2, abs=0.2)

    def test_of_what_was_not_healed_it_marks_none(self) -> None:
        svg = drawn(trial(serves_again=None))
        assert [line for line in svg.iter() if line.get("class") == "moment"] == []

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ((timedelta(seconds=107),) * 2, "told 1 min 47 s"),
            ((timedelta(seconds=107), None), "told 1 of 2"),
            ((None,) * 2, "nobody told"),
        ],
    )
    def test_says_who_is_told(self, told: tuple[timedelta | None, ...], words: str) -> None:
        assert words in list(drawn(*(trial(n, told=at) for n, at in enumerate(told))).itertext())

    def test_each_harm_has_a_sign_of_its_own_and_a_legend(self) -> None:
        assert set(picture.SIGNS) == set(Harm)
        assert len(set(picture.SIGNS.values())) == len(Harm)
        unharmed = list(drawn(trial()).itertext())
        for harm, sign in picture.SIGNS.items():
            harmed = list(drawn(trial(harms=frozenset({harm}))).itertext())
            assert (unharmed.count(sign), harmed.count(sign)) == (1, 2)
            assert harm.value in unharmed

    def test_in_the_document_says_of_each_cell_what_its_tables_say(self) -> None:
        svg = ElementTree.parse(DOCUMENT.with_suffix(".svg")).getroot()
        words = Counter(word.text for word in svg.iter(f"{SVG}text"))
        tables_say = {
            name: [cell for row in in_document(name)[2:] for cell in row[1:]] for name in ("healed", "p95", "told")
        }
        told = ["nobody told" if cell == "nobody" else f"told {cell}" for cell in tables_say["told"]]
        # What should have been left alone may serve again, and is no success.
        p95 = [f"p95 {p}" for p, h in zip(tables_say["p95"], tables_say["healed"], strict=True) if h[2].isdigit()]
        assert Counter({word: n for word, n in words.items() if word in told}) == Counter(told)
        assert Counter({word: n for word, n in words.items() if word in p95}) == Counter(p95)
        assert len([line for line in svg.iter() if line.get("class") == "moment"]) == len(p95)


def test_the_page_says_what_the_shipped_policy_makes_of_a_dead_application() -> None:
    found = defib.in_memory(class_named("application down"), 1, POLICY)

    assert (found.told, found.serves_again, found.acts) == (None, None, ())
    page = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    assert "the shipped policy names no target groups to ask about, so that nobody is told" in page


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (("pool-at-once", '"5s"', '"10s"'), 'With `"10s"` it is {median} (p95 {p95}).'),
        (("pool", "", ""), "it is {median} (p95 {p95}), and all serve again after {again}:"),
    ],
    ids=["asked every ten seconds", "the shipped patience"],
)
def test_the_page_says_what_a_dead_application_costs_under_more_patience(
    other: tuple[str, str, str], said: str, tmp_path: Path
) -> None:
    name, was, becomes = other
    policy = tmp_path / "defib.toml"
    policy.write_text((POLICIES / f"{name}.toml").read_text(encoding="utf-8").replace(was, becomes), encoding="utf-8")
    row = summed([defib.in_memory(class_named("application down"), seed, policy) for seed in range(40)])

    assert row.waste is not None
    assert row.took is not None
    told = said.format(median=percent(row.waste.median), p95=percent(row.waste.p95), again=span(row.took.median))
    assert told in " ".join(DOCUMENT.read_text(encoding="utf-8").split())


def test_what_was_tried_of_one_fault_or_under_other_limits_renews_no_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argparse.ArgumentParser()
    options(parser)
    for part in (["--only", "zombie"], ["--policy", "defib.toml"]):
        assert main(parser.parse_args([*part, "--write"])) == 2
        assert "leave --only and --policy out" in capsys.readouterr().err


def test_the_calls_are_not_said_to_be_another_policys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sim.compare.command.counted", lambda: pytest.fail("they were counted"))
    for part in (["--only", "zombie"], ["--policy", "scenarios/policies/pool.toml"]):
        assert sim(["compare", "--calls", *part]) == 2
        assert "leave --only and --policy out" in capsys.readouterr().err


@pytest.mark.parametrize(("given", "least"), [(["--seeds", "0"], 1), (["--replays", "-1"], 0)])
def test_a_number_of_trials_or_replays_that_is_none_is_refused(
    given: Sequence[str], least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        sim(["compare", *given])
    assert ended.value.code == 2
    assert f"give a number from {least} to 10000" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
def test_why_defib_has_no_row_of_what_is_played_on_moto_alone_is_said(
    as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    floors = replace(trial(), agent="the floor", fault_class="retirement")
    monkeypatch.setattr(command, "_found", lambda _: Comparison(1, 0, (summed([floors]), summed([trial()]))))

    assert sim(["compare", "--replays", "0", *(["--json"] if as_json else [])]) == 0
    why = "Defib, retirement: played on moto alone, and --replays 0 plays nothing there\n"
    assert capsys.readouterr().err == why


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
