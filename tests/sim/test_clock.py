"""Virtual time and its processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sim.clock import Abandoned, Guise, SimulatorGap, VirtualTime

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def real_code_reads() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - what replayed code reads is what is tested


def test_events_happen_in_the_order_of_their_time_and_then_of_their_making() -> None:
    seen: list[str] = []
    with VirtualTime(NOON) as time:
        time.after(seconds(20), lambda: seen.append("late"))
        time.after(seconds(10), lambda: seen.append("first"))
        time.after(seconds(10), lambda: seen.append("second"))
        time.run_until(NOON + seconds(15))

    assert seen == ["first", "second"]


def test_code_sees_the_virtual_time_and_it_stands_still() -> None:
    with VirtualTime(NOON) as time:
        time.run_until(NOON + seconds(90))

        assert real_code_reads() == real_code_reads() == NOON + seconds(90)


def test_processes_overlap_while_they_pause() -> None:
    seen: list[tuple[str, float]] = []
    with VirtualTime(NOON) as time:

        def body(name: str, pause: float) -> None:
            for _ in range(2):
                assert time.current is not None
                time.current.pause(seconds(pause))
                seen.append((name, (real_code_reads() - NOON).total_seconds()))

        time.spawn(lambda: body("slow", 10), Guise())
        time.spawn(lambda: body("quick", 4), Guise())
        time.run_until(NOON + seconds(60))

    assert seen == [("quick", 4), ("quick", 8), ("slow", 10), ("slow", 20)]


def test_a_process_is_unwound_when_the_replay_ends() -> None:
    seen: list[str] = []
    with VirtualTime(NOON) as time:

        def body() -> None:
            try:
                assert time.current is not None
                time.current.pause(timedelta(hours=1))
            except Exception:  # noqa: BLE001 - that replayed code can't swallow it is what is tested
                seen.append("swallowed")
            except Abandoned:
                seen.append("unwound")
                raise

        time.spawn(body, Guise())
        time.run_until(NOON + seconds(1))

    assert seen == ["unwound"]


def test_what_the_simulator_does_not_know_stops_the_replay_even_from_within_a_process() -> None:
    def body() -> None:
        try:
            raise SimulatorGap("no such service")
        except Exception:  # noqa: BLE001 - as above
            pytest.fail("replayed code could swallow it")

    with VirtualTime(NOON) as time:
        time.spawn(body, Guise())
        with pytest.raises(SimulatorGap, match="no such service"):
            time.run_until(NOON)
