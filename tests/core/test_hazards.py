"""docs/hazards.md: every hazard names a test or a scenario, and each of these exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| hazard ")]
PROOF = re.compile(r"`((?:tests|scenarios)/[^`]+)`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:60])
def test_every_hazard_names_its_proof_and_the_proof_exists(row: str) -> None:
    proofs = PROOF.findall(row.rsplit("|", 2)[-2])

    assert proofs
    for proof in proofs:
        file, *names = proof.split("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        for name in names:
            assert re.search(rf"\b(?:def|class) {name}\b", text), proof


def test_no_table_is_broken_by_an_empty_line() -> None:
    assert not re.search(r"\|\n\n\| (?!hazard)", PAGE)
