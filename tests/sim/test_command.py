"""The command as a shell sees it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator

from sim.replay import ROOT


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
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "sim", "replay", "scenarios/april-30.toml"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "functions"))), "TERM": "xterm"}
    try:
        with subprocess.Popen(command, cwd=ROOT, stdout=terminal, stderr=terminal, env=environment) as process:
            os.close(terminal)
            shown = b"".join(_until_closed(screen)).decode()
    finally:
        os.close(screen)

    assert "is not JSON" not in shown
    assert "PASSED" in shown
    assert process.returncode == 0


def _until_closed(screen: int) -> Iterator[bytes]:
    """What is written to a terminal. Linux ends it with an error, others with nothing (pty(7), read(2))."""
    try:
        while some := os.read(screen, 65_536):
            yield some
    except OSError:
        return
