"""Bytecode for what Lambda unpacks, so that a cold start compiles nothing: where a Python of its version is at hand."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

TASK_ROOT = "/var/task"
"""Where Lambda unpacks a function's code (Lambda Developer Guide, LAMBDA_TASK_ROOT): tracebacks name it."""
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version of Python that decides what bytecode looks like: all its patch releases read each other's."""


def add_bytecode(laid: Path, python: str) -> None:
    """Lay bytecode beside every source in ``laid`` if this Python, or one on the PATH, is of version ``python`` (3.14).

    It depends on the sources alone: not on when or where they were laid out, for the asset's hash would change with it.
    It is never held against the source's time, which unpacking sets anew. A file that can't be compiled stays without.
    """
    interpreter = sys.executable if python == HERE else shutil.which(f"python{python}")
    if interpreter is None:
        return
    # A process of its own, with nothing loaded: what is shared between constants depends on what was compiled before.
    command = [interpreter, "-I", "-S", "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(laid), "-p", TASK_ROOT, str(laid)]
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - a Python
