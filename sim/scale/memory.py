"""How much memory this process has had resident at most."""

from __future__ import annotations

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")
KILOBYTES = 1024


def peak_mb() -> float:
    """In megabytes; ``ru_maxrss`` would count the process that started this one, too (getrusage(2) survives execve)."""
    if STATUS.is_file():
        for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / KILOBYTES
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES
