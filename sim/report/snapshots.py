"""The status page as customers saw it, one folder for each change of it."""

from __future__ import annotations

from pathlib import Path

from sim.customers import MAIN
from sim.reader import as_read_at
from sim.recording import PageMoment, Recording
from sim.report.words import clock

STATUS = "status"


def folders(recording: Recording) -> tuple[tuple[str, PageMoment], ...]:
    """Each page with its folder: its time of day such as ``12-05-10``, and a number where two have the same."""
    taken: dict[str, PageMoment] = {}
    for moment in recording.pages:
        name, number = clock(moment.at).replace(":", "-"), 1
        folder = name
        while folder in taken:
            number += 1
            folder = f"{name}-{number}"
        taken[folder] = moment
    return tuple(taken.items())


def write(recording: Recording, directory: Path) -> None:
    """Write each page's documents under ``directory``/status. Raises OSError."""
    for folder, moment in folders(recording):
        for path, document in moment.files.items():
            file = directory / STATUS / folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            # Whoever opens it years later should not be told that it is stale.
            file.write_bytes(as_read_at(moment.at, document.body) if path == MAIN else document.body)
