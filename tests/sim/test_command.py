"""The command as a shell sees it."""

from __future__ import annotations

import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from fcntl import ioctl
from pathlib import Path

import pytest

from sim.replay import ROOT

REPLAY = (sys.executable, "-m", "sim", "replay", "scenarios/april-30.toml")
APART = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "functions"))), "TERM": "xterm"}
ENDS_WITHIN_S = 60


def test_whoever_has_read_enough_ends_it_without_a_traceback() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "sim", "fuzz", "--seeds", "1"]
    try:
        ended = subprocess.run(command, cwd=ROOT, stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writes)

    assert ended.returncode == 128 + signal.SIGPIPE
    assert ended.stderr == ""


def test_the_screen_that_a_terminal_is_shown_never_gets_among_what_functions_write() -> None:
    status, shown = _on_a_terminal(columns=80)

    assert "is not JSON" not in shown
    assert "PASSED" in shown
    assert status == 0


def test_on_a_narrow_terminal_the_result_is_as_wide_as_that() -> None:
    _, shown = _on_a_terminal(columns=60)

    bars = [line for line in re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown).splitlines() if "█" in line]
    assert [line.split()[0] for line in bars] == ["then", "now"]
    assert all(line.split("█ ")[1] for line in bars)


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_PROFILE": "gone"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-west-1"},
        {},
    ],
    ids=lambda variables: next(iter(variables), "only its files"),
)
def test_a_replay_knows_nothing_of_the_operators_aws_configuration(variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:9\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    given = {"HOME": str(tmp_path), **variables}
    ended = subprocess.run(
        REPLAY, cwd=ROOT, env={**kept, **APART, **given}, capture_output=True, text=True, check=False
    )

    assert ended.stderr == ""
    assert "PASSED" in ended.stdout


def test_what_can_not_be_written_is_said_before_the_replay(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    ended = subprocess.run(
        [*REPLAY, "--out", str(taken)],
        cwd=ROOT,
        env={**os.environ, **APART},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == f"{taken}: File exists\n"


def test_whoever_ends_it_by_hand_gets_no_traceback(tmp_path: Path, can_be_ended_by_hand: None) -> None:
    scenario = tmp_path / "still-being-written.toml"
    os.mkfifo(scenario)
    replay = [sys.executable, "-m", "sim", "replay", str(scenario)]
    environment = {**os.environ, **APART}
    # Opened once the command reads it, which waits for what never comes.
    with (
        subprocess.Popen(replay, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process,
        scenario.open("w"),
    ):
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=ENDS_WITHIN_S)

    assert process.returncode == 128 + signal.SIGINT
    assert said == ""


@pytest.fixture
def can_be_ended_by_hand() -> Iterator[None]:
    """What is started has SIGINT's default handler; where the tests run in the background it would inherit none."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _on_a_terminal(columns: int, **variables: str) -> tuple[int, str]:
    """The exit status of April 30th's replay, and what a terminal of that width is shown."""
    screen, terminal = pty.openpty()
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 40, columns, 0, 0))
    environment = _without_size({**os.environ, **APART, **variables})
    try:
        with subprocess.Popen(REPLAY, cwd=ROOT, stdout=terminal, stderr=terminal, env=environment) as process:
            os.close(terminal)
            shown = b"".join(_until_closed(screen)).decode()
    finally:
        os.close(screen)
    return process.returncode, shown


def _without_size(environment: Mapping[str, str]) -> dict[str, str]:
    """What says another size than the terminal's is left out."""
    return {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}


def _until_closed(screen: int) -> Iterator[bytes]:
    """What is written to a terminal. Linux ends it with an error, others with nothing (pty(7), read(2))."""
    try:
        while some := os.read(screen, 65_536):
            yield some
    except OSError:
        return
