"""What is deployed starts from bytecode of its Python: the same whenever and wherever it was made."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from defib.core.parse import parse
from infra import bundle, bytecode
from infra.bundle import Target
from infra.bytecode import PYTHON, add_bytecode
from infra.watched import Seen
from infra.watchtower_bundle import bundle_watchtower
from tests.infra.conftest import POLICY

SOURCE = """
NAMES = frozenset({"diagnose", "remediate", "publish", "sweep"})
"""
MAGIC = (3627).to_bytes(2, "little") + b"\r\n"
"""How bytecode of Python 3.14 begins (CPython, Include/internal/pycore_magic_number.h)."""
UNCHECKED = (0b01).to_bytes(4, "little")
"""Its flags where it holds a hash of its source that nobody holds against it (PEP 552)."""


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """A package, laid out."""
    package = tmp_path / "asset" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "module.py").write_text(SOURCE)
    return tmp_path / "asset"


def test_the_compiler_is_of_the_functions_python() -> None:
    assert Target().python == PYTHON


def test_every_source_has_its_bytecode_beside_it(laid: Path) -> None:
    add_bytecode(laid, PYTHON)

    found = {path.name for path in laid.rglob("*.pyc")}
    assert found == {"__init__.cpython-314.pyc", "module.cpython-314.pyc"}


def test_it_is_that_pythons_and_never_held_against_its_source_whose_time_is_that_of_its_unpacking(laid: Path) -> None:
    add_bytecode(laid, PYTHON)

    assert _compiled(laid)[:8] == MAGIC + UNCHECKED


def test_it_is_the_same_whenever_and_wherever_it_was_made(laid: Path, tmp_path: Path) -> None:
    other = tmp_path / "by" / "somebody" / "else"
    shutil.copytree(laid, other)
    os.utime(other / "package" / "module.py", (0, 0))
    add_bytecode(laid, PYTHON)
    add_bytecode(other, PYTHON)

    assert _files(laid) == _files(other)
    assert not [name for name, held in _files(laid).items() if str(tmp_path).encode() in held]


def test_a_traceback_shows_the_source_where_lambda_has_it(laid: Path) -> None:
    add_bytecode(laid, PYTHON)

    assert b"/var/task/package/module.py" in _compiled(laid)


def test_a_file_of_another_pythons_syntax_stays_without(laid: Path) -> None:
    (laid / "package" / "old.py").write_text("print 1")

    add_bytecode(laid, PYTHON)

    assert not list(laid.rglob("old.*.pyc"))
    assert list(laid.rglob("module.*.pyc"))


def test_functions_of_another_python_have_sources_alone(laid: Path) -> None:
    add_bytecode(laid, "3.13")

    assert not list(laid.rglob("*.pyc"))


def test_where_no_compiler_is_installed_there_are_sources_alone(laid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode, "PYODIDE", laid / "nowhere.mjs")

    add_bytecode(laid, PYTHON)

    assert not list(laid.rglob("*.pyc"))


def test_a_compiler_that_fails_holds_up_no_deploy_and_people_are_told(
    laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "pyodide.mjs"
    broken.write_text("export async function loadPyodide() { throw new Error('half of it is missing') }")
    monkeypatch.setattr(bytecode, "PYODIDE", broken)

    add_bytecode(laid, PYTHON)

    said = capsys.readouterr().err
    assert said.startswith("Can't compile the functions, which will start slower: ")
    assert "half of it is missing" in said


@pytest.mark.parametrize("compiled", [True, False], ids=["deployed", "replayed"])
def test_what_is_deployed_has_it_in_the_assets_of_both_stacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    target = Target(compiled=compiled)
    _fetched(target, tmp_path / "cache", monkeypatch)

    bundle.bundle(POLICY, target, tmp_path / "functions")
    bundle_watchtower(parse(POLICY.read_text()), target, Seen("Defib", (), 28), tmp_path / "watchtower")

    for source in ("functions/defib/handlers/diagnose", "functions/urllib3/__init__", "watchtower/watchtower/handler"):
        folder, _, name = source.rpartition("/")
        assert bool(list((tmp_path / folder / "__pycache__").glob(f"{name}.*.pyc"))) is compiled, source


def _fetched(target: Target, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its dependencies, as if they had been fetched."""
    digest = hashlib.sha256(bundle.REQUIREMENTS.read_bytes()).hexdigest()[:16]
    kept = cache / f"{target.platform}-{target.python}-{digest}" / "urllib3"
    kept.mkdir(parents=True)
    (kept / "__init__.py").write_text("")
    monkeypatch.setattr(bundle, "CACHE", cache)


def _compiled(laid: Path) -> bytes:
    (path,) = laid.rglob("module.*.pyc")
    return path.read_bytes()


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
