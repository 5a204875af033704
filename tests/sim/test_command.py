"""The command as a shell sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

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
