"""Where a Python of their version is, functions start from bytecode: the same whenever and wherever it was made."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from defib.core.parse import parse
from infra import bundle
from infra.bundle import Target
from infra.bytecode import HERE, add_bytecode
from infra.watched import Seen
from infra.watchtower_bundle import bundle_watchtower
from tests.infra.conftest import POLICY

SOURCE = """
NAMES = frozenset({"diagnose", "remediate", "publish", "sweep"})
"""
ELSEWHERE = Target("manylinux2014_x86_64", HERE)


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """A package, laid out."""
    package = tmp_path / "asset" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "module.py").write_text(SOURCE)
    return tmp_path / "asset"


def test_every_source_has_its_bytecode_beside_it(laid: Path) -> None:
    add_bytecode(laid, HERE)

    assert {path.name.split(".")[0] for path in laid.rglob("__pycache__/*.pyc")} == {"__init__", "module"}


def test_a_python_of_the_wanted_version_is_taken_from_the_path(
    laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "bin" / "python3.99"
    other.parent.mkdir()
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent), prepend=os.pathsep)

    add_bytecode(laid, "3.99")

    assert list(laid.rglob("module.*.pyc"))


@pytest.mark.parametrize("broken", [False, True], ids=["nowhere", "that does not run"])
def test_without_one_there_are_sources_alone(
    laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    if broken:
        other = tmp_path / "python3.99"
        other.write_text("#!/bin/sh\nexit 127\n")
        other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    add_bytecode(laid, "3.99")

    assert not list(laid.rglob("*.pyc"))


def test_it_is_the_same_whenever_and_wherever_it_was_made(laid: Path, tmp_path: Path) -> None:
    other = tmp_path / "by" / "somebody" / "else"
    shutil.copytree(laid, other)
    os.utime(other / "package" / "module.py", (0, 0))
    add_bytecode(laid, HERE)
    add_bytecode(other, HERE)

    assert _files(laid) == _files(other)
    assert not [name for name, held in _files(laid).items() if str(tmp_path).encode() in held]


def test_it_is_loaded_without_a_look_at_the_source_whose_time_is_that_of_its_unpacking(laid: Path) -> None:
    add_bytecode(laid, HERE)
    (laid / "package" / "module.py").write_text("NAMES = ()")
    os.utime(laid / "package" / "module.py", (0, 0))

    load = f"import sys; sys.path.insert(0, {str(laid)!r}); from package.module import NAMES; print(len(NAMES))"
    # -I: whatever else this machine has been told of bytecode.
    done = subprocess.run([sys.executable, "-I", "-B", "-c", load], capture_output=True, text=True, check=True)
    assert done.stdout == "4\n"


def test_a_traceback_shows_the_source_where_lambda_has_it(laid: Path) -> None:
    add_bytecode(laid, HERE)
    (compiled,) = laid.rglob("module.*.pyc")
    assert b"/var/task/package/module.py" in compiled.read_bytes()


def test_a_file_of_another_pythons_syntax_stays_without(laid: Path) -> None:
    (laid / "package" / "old.py").write_text("print 1")

    add_bytecode(laid, HERE)

    assert not list(laid.rglob("old.*.pyc"))
    assert list(laid.rglob("module.*.pyc"))


def test_the_assets_of_both_stacks_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fetched(tmp_path / "cache", monkeypatch)

    bundle.bundle(POLICY, ELSEWHERE, tmp_path / "functions")
    bundle_watchtower(parse(POLICY.read_text()), ELSEWHERE, Seen("Defib", (), 28), tmp_path / "watchtower")

    for source in ("functions/defib/handlers/diagnose", "functions/urllib3/__init__", "watchtower/watchtower/handler"):
        folder, _, name = source.rpartition("/")
        assert list((tmp_path / folder / "__pycache__").glob(f"{name}.*.pyc")), source


def _fetched(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dependencies for ELSEWHERE, as if they had been fetched."""
    digest = hashlib.sha256(bundle.REQUIREMENTS.read_bytes()).hexdigest()[:16]
    kept = cache / f"{ELSEWHERE.platform}-{ELSEWHERE.python}-{digest}" / "urllib3"
    kept.mkdir(parents=True)
    (kept / "__init__.py").write_text("")
    monkeypatch.setattr(bundle, "CACHE", cache)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
