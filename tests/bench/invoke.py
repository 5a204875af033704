"""One invocation in a process of its own, or the bare calls of one: writes what it called and its peak of memory.

Imports nothing else, so that the peak is the function's.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.bench.calls import Notebook, clients_for, replay

STATUS = Path("/proc/self/status")


def defib(handler: str, event: dict[str, Any], proof: str) -> dict[str, Any]:
    """Invoke the handler of the module ``handler`` once, from its import on."""
    notebook = Notebook()
    module = importlib.import_module(handler)
    context = SimpleNamespace(
        function_name=handler,
        memory_limit_in_mb=512,
        invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{handler}",
        aws_request_id="52fdfc07-2182-454f-963f-5f0f9a621d72",
        get_remaining_time_in_millis=lambda: 30_000,
    )
    module.lambda_handler(event, context)
    return {"calls": notebook.made(proof), "peak_mb": peak_mb()}


def bare(services: list[str], calls: list[Any]) -> dict[str, Any]:
    """Make the same clients and the same calls."""
    replay(calls, clients_for(services))
    return {"peak_mb": peak_mb()}


def peak_mb() -> float:
    """The most memory that this process ever had resident."""
    if STATUS.exists():
        # ru_maxrss would count the process that started this one, too (getrusage(2) survives execve).
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    task = json.loads(Path(sys.argv[1]).read_text())
    done = bare(**task["bare"]) if "bare" in task else defib(**task["defib"])
    Path(sys.argv[2]).write_text(json.dumps(done))
    print("measured")
