"""What Cloud Custodian needs for a stop and a start, beside Defib's own invocations, taken in turns; and the bundle."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from infra.bundle import Target, bundle
from infra.bytecode import add_bytecode
from sim.compare.rivals.custodian import PYTHON, Asked, NoCustodian, Situation
from tests.bench import warm
from tests.bench.figure import Figure, Section, Unit
from tests.bench.process import ROOT

TURNS = 3
BUNDLE_LIMIT_MB = 250.0
"""Lambda quotas, deployment package, unzipped."""
SITUATIONS: Mapping[str, Situation] = {
    "an idle minute": Situation("running", "", up=True, marked=False, refuse="", points=(0, 0)),
    "a minute in which it stops": Situation("running", "", up=True, marked=False, refuse="", points=(1, 1)),
    "a minute in which it starts": Situation(
        "stopped", "Client.UserInitiatedShutdown", up=True, marked=True, refuse="", points=()
    ),
}


def custodian(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``custodian``: processor time, with moto in the process on both sides.

    Nothing where Cloud Custodian isn't installed.
    """
    took: dict[str, list[float]] = {}
    calls: dict[str, int] = {}
    try:
        with Asked() as ask:
            for turn in range(TURNS):
                tell(f"Defib and Cloud Custodian in turns, {turn + 1} of {TURNS}")
                for figure in warm.measure(runs, tell)[0].figures:
                    took.setdefault(f"Defib, {figure.what}", []).append(figure.measured)
                for name, situation in SITUATIONS.items():
                    # The first asks pay for clients and bytecode.
                    answers = [ask.again(situation) for _ in range(runs + 1)][1:]
                    took.setdefault(name, []).extend(answer.ms or 0.0 for answer in answers)
                    calls[name] = len(answers[-1].calls)
    except NoCustodian as error:
        tell(str(error))
        return ()
    named = {what: f"Cloud Custodian, {what}, {calls[what]} calls" if what in calls else what for what in took}
    figures = tuple(Figure(named[what], median(times), Unit.MILLISECONDS) for what, times in took.items())
    return (Section("custodian", "Cloud Custodian's four functions, beside Defib's", "what", figures),)


def bundled(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``bundle``: what Lambda is given, once."""
    del runs
    tell("the bundle")
    with TemporaryDirectory() as name:
        laid = Path(name) / "asset"
        bundle(ROOT / "defib.toml", Target(), laid)
        figures = [
            Figure("unzipped", _mb(laid), Unit.MEGABYTES, limit=BUNDLE_LIMIT_MB, note="Lambda's own limit"),
            Figure("of it Defib", _mb(laid / "defib"), Unit.MEGABYTES),
            Figure("zipped", _zipped_mb(laid), Unit.MEGABYTES),
        ]
        add_bytecode(laid, Target().python)
        note = "as it is deployed"
        figures += [
            Figure("with bytecode, unzipped", _mb(laid), Unit.MEGABYTES, limit=BUNDLE_LIMIT_MB, note=note),
            Figure("with bytecode, zipped", _zipped_mb(laid), Unit.MEGABYTES),
        ]
    theirs = next(iter(PYTHON.parent.parent.glob("lib/python3*/site-packages/c7n")), None)
    if theirs is not None:
        sources = sum(f.stat().st_size for f in theirs.rglob("*") if f.is_file() and f.suffix != ".pyc") / 1e6
        note = "without what it needs"
        figures.append(Figure("Cloud Custodian's own package", sources, Unit.MEGABYTES, note=note))
    return (Section("bundle", "The functions' bundle", "what", tuple(figures)),)


def _mb(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def _zipped_mb(folder: Path) -> float:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(f for f in folder.rglob("*") if f.is_file()):
            archive.write(file, file.relative_to(folder))
    return packed.tell() / 1e6
