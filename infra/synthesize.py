"""The synthesized stack for whoever reads the template: the replay, the tests, the cost summary.

Light to import: the CDK is loaded only when an input has changed since the last time.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.bundle import ROOT, Target
from infra.bytecode import can_compile
from infra.operator_error import OperatorError

TEMPLATE = "Defib.template.json"
WATCHTOWER_TEMPLATE = "DefibWatchtower.template.json"
_STAMP = "inputs.sha256"


def synthesize(policy: Path, outdir: Path, target: Target | None = None) -> Path:
    """The directory that holds the template (``TEMPLATE``) and assets for ``policy``: ``outdir``.

    Does nothing when neither the code nor the policy has changed. Raises OperatorError when the operator
    must mend something.
    """
    target = target or Target()
    inputs = _digest(policy, target)
    stamp = outdir / _STAMP
    if _is(stamp, inputs):
        return outdir
    with _alone(outdir):
        if not _is(stamp, inputs):
            _synthesize(policy, outdir, target, inputs)
    return outdir


def _synthesize(policy: Path, outdir: Path, target: Target, inputs: str) -> None:
    from infra import assembly  # noqa: PLC0415 - loads the CDK: seconds that an unchanged tree need not spend

    # An interrupted synth leaves no half of an assembly behind.
    with tempfile.TemporaryDirectory(prefix="synth-", dir=outdir.parent) as scratch:
        fresh = Path(scratch) / "cdk.out"
        assembly.into(fresh, policy, target)
        (fresh / _STAMP).write_text(inputs, encoding="utf-8")
        shutil.rmtree(outdir, ignore_errors=True)
        fresh.rename(outdir)


@contextmanager
def _alone(outdir: Path) -> Iterator[None]:
    """Whoever wants the same assembly at the same time waits for the first, and finds it done."""
    outdir.parent.mkdir(parents=True, exist_ok=True)
    with outdir.with_name(f".{outdir.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is(stamp: Path, inputs: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == inputs


def _digest(policy: Path, target: Target) -> str:
    compiled = target.compiled and can_compile(target.python)
    digest = hashlib.sha256(f"{target.platform} {target.python} {compiled}\n".encode())
    for file in (*_sources(), policy):
        digest.update(f"{file}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest() if file.is_file() else b"missing")
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from (ROOT / "cdk.json", ROOT / "requirements.txt", ROOT / "functions" / "requirements.txt")
    for folder in (ROOT / "infra", ROOT / "functions" / "defib", ROOT / "functions" / "watchtower"):
        yield from sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")


def _to_see(policy: Path) -> Iterator[str]:
    from defib.core.parse import parse  # noqa: PLC0415 - not before the policy is known to be right
    from infra.remarks import to_see_in  # noqa: PLC0415 - as parse

    return to_see_in(parse(policy.read_text(encoding="utf-8")), policy.name)


def main() -> None:
    """Synthesize from the command line, as ``make synth`` does."""
    parser = argparse.ArgumentParser(prog="python -m infra.synthesize", description="Synthesize the stack, offline.")
    parser.add_argument("--policy", type=Path, default=ROOT / "defib.toml", help="the operator's file")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "cdk.out", help="where the template goes")
    chosen = parser.parse_args()
    sys.path.insert(0, str(ROOT / "functions"))
    try:
        print(synthesize(chosen.policy.resolve(), chosen.out.resolve(), Target(compiled=True)) / TEMPLATE)
        print("".join(f"{line}\n" for line in _to_see(chosen.policy)), end="", file=sys.stderr)
    except OperatorError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
