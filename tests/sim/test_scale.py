"""How growth is fitted and drawn, and what a storm and a large fleet report of themselves."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from sim.__main__ import main as sim
from sim.scale.chart import Series, drawn
from sim.scale.command import DOCUMENT, PICTURE, REPLAY_MB, STORM_MB, Measured, picture, renew, tables
from sim.scale.growth import at_last, fitted
from sim.scale.measure import NotMeasured, Replayed, Stormed, stormed
from sim.scale.replayed import scenario

STORM = Stormed(100, 1, 5.8, 3, 0.03, 9, 19, 0, 0.1, 21.0)
REPLAY = Replayed(100, 6.0, 0.6, 700, 4.0, 250.0)


def found(*storms: Stormed, replays: tuple[Replayed, ...] = (REPLAY,)) -> Measured:
    return Measured(((0.01, storms or (STORM,)), (0.10, storms or (STORM,))), replays)


@pytest.mark.parametrize(
    ("points", "exponent"),
    [
        ([(10, 5), (100, 5), (1_000, 5)], 0),
        ([(10, 3), (100, 30), (1_000, 300)], 1),
        ([(10, 1), (100, 100)], 2),
        ([(10, 0), (100, 10), (10_000, 100)], 0.5),
    ],
)
def test_the_exponent_is_that_of_the_power_law(points: list[tuple[float, float]], exponent: float) -> None:
    growth = fitted(points)

    assert growth is not None
    assert growth.exponent == pytest.approx(exponent)
    assert growth.at(points[-1][0]) == pytest.approx(points[-1][1])


def test_one_size_has_no_growth() -> None:
    assert fitted([(10, 1), (10, 2)]) is None
    assert fitted([(10, 0), (100, 0)]) is None


def test_a_storm_is_measured_in_a_process_of_its_own() -> None:
    storm = stormed(200, 0.05)

    assert (storm.instances, storm.failing) == (200, 10)
    assert storm.drained_min > 1
    assert storm.calls > 2 * storm.failing
    assert storm.sweep_ms > 0
    # This process, which has the simulated AWS in it, has more; a storm has none of that.
    assert 10 < storm.memory_mb < 60


def test_one_at_least_fails() -> None:
    assert stormed(10, 0.01).failing == 1


def test_a_fleet_below_the_smallest_size_is_refused_for_its_tables_would_be_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        sim(["scale", "--most", "9"])
    assert "give a number from 10" in capsys.readouterr().err


def test_what_can_not_be_measured_is_said_with_its_words() -> None:
    with pytest.raises(NotMeasured, match="ended with status 1"):
        stormed(1, 5)


def test_a_fleet_of_any_size_is_spread_over_fleets_that_a_scenario_allows() -> None:
    counts = [fleet.count for fleet in scenario(2_500).fleet]

    assert counts == [1_000, 1_000, 500]
    assert [fleet.count for fleet in scenario(10).fleet] == [10]


def test_a_limit_of_memory_that_is_exceeded_is_named() -> None:
    greedy = found(replace(STORM, memory_mb=STORM_MB + 1), replays=(replace(REPLAY, memory_mb=REPLAY_MB + 1),))

    assert list(found().missed()) == []
    assert "100 instances replayed took 1001 MB, more than 1000 MB" in list(greedy.missed())
    assert "100 instances in memory took 4001 MB, more than 4000 MB" in list(greedy.missed())


def test_the_tables_say_how_each_figure_grows() -> None:
    larger = replace(STORM, instances=1_000, drained_min=58.0)

    assert "| N^1.00 |" in "\n".join(tables(found(STORM, larger))["storm-1"])


def test_the_growth_of_the_last_tenfold_stands_beside_the_fit_that_hides_it() -> None:
    sizes = [(10, 0.03), (100, 0.03), (1_000, 0.11), (10_000, 0.23), (100_000, 23.0)]
    fit, last = fitted(sizes), at_last(sizes)
    storms = [replace(STORM, instances=int(size), sweep_ms=took) for size, took in sizes]

    assert fit is not None
    assert fit.exponent < 0.7
    assert last == pytest.approx(2)
    (row,) = (line for line in tables(found(*storms))["storm-1"] if "the last tenfold" in line)
    assert "| N^2.00 |" in row


def test_all_that_is_fitted_is_drawn() -> None:
    larger = Measured(
        tuple((share, (STORM, replace(STORM, instances=1_000, throttled=2))) for share in (0.01, 0.10)),
        (REPLAY, replace(REPLAY, instances=1_000)),
    )
    fits = sum(row.count("N^") for lines in tables(larger).values() for row in lines if "*grows with*" in row)

    assert fits > 15
    assert picture(larger).count('class="fit"') == fits


def test_the_picture_is_well_formed_described_and_both_light_and_dark() -> None:
    root = ET.fromstring(picture(found(STORM, replace(STORM, instances=1_000, memory_mb=40.0))))

    (said,) = (element.text or "" for element in root.iter() if element.tag.endswith("desc"))
    assert "Memory, 1 in 100 N^0.28, at last N^0.28" in said
    assert "prefers-color-scheme: dark" in (next(e.text for e in root.iter() if e.tag.endswith("style")) or "")


def test_the_unit_is_set_apart_from_the_growth_which_two_spaces_in_svg_do_not() -> None:
    assert ">virtual minutes · N^0.51, at last N^0.51</text>" in drawn(
        [Series("Drained in", "virtual minutes", ((10, 1.0), (100, 10**0.51)))], "t"
    )


def test_a_name_can_not_break_out_of_the_picture() -> None:
    assert "<b>" not in drawn([Series("<b>", "MB", ((10, 1), (100, 2)))], "</title><b>")


def test_what_is_zero_is_left_out_of_a_logarithmic_picture() -> None:
    text = drawn([Series("Deepest queue", "messages", ((10, 0), (100, 0), (1_000, 2), (10_000, 55)))], "one")

    assert text.count("<circle") == 2


def test_the_documents_tables_have_a_place_each(tmp_path: Path) -> None:
    copy = tmp_path / "scale.md"
    copy.write_text(DOCUMENT.read_text(encoding="utf-8"), encoding="utf-8")
    renew(found(), copy)

    for lines in tables(found()).values():
        assert "\n".join(lines) in copy.read_text(encoding="utf-8")
    assert PICTURE.is_file()


def test_a_document_without_a_place_is_told_of(tmp_path: Path) -> None:
    copy = tmp_path / "scale.md"
    copy.write_text("nothing", encoding="utf-8")

    with pytest.raises(LookupError, match=r"scale\.md needs one place between <!-- measured: storm-1 -->"):
        renew(found(), copy)


def test_the_smaller_fleets_do_not_take_the_place_of_the_tables_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    before = DOCUMENT.read_text(encoding="utf-8"), PICTURE.read_text(encoding="utf-8")

    assert sim(["scale", "--most", "10", "--write"]) == 2
    assert "leave --most out" in capsys.readouterr().err
    assert (DOCUMENT.read_text(encoding="utf-8"), PICTURE.read_text(encoding="utf-8")) == before


def test_what_does_not_grow_is_said_without_a_sign() -> None:
    points = ((10, 5.0), (100, 5.0), (1_000, 4.999))
    assert Series("calls", "calls", points).growth == "N^0.00"
