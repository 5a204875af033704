"""What Lambda is given: the functions' bundle, beside Cloud Custodian's own package."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.bundle import Target, bundle
from infra.bytecode import add_bytecode
from sim.compare.rivals.custodian import PYTHON
from tests.bench.figure import Figure, Section, Unit
from tests.bench.process import ROOT

BUNDLE_LIMIT_MB = 250.0
"""Lambda quotas, deployment package, unzipped."""


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
