"""Which build a document is of: one of another build is laid out anew at once, not when it is renewed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from defib.core.page import languages

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
LANGUAGES = Path(languages.__file__).parent


def build() -> str:
    """The digest of all that documents are made of: their templates, style and script, and the code that fills them."""
    digest = hashlib.sha256()
    for path in sorted([*TEMPLATES.iterdir(), *HERE.glob("*.py"), *LANGUAGES.glob("*.py")]):
        digest.update(f"{path.name} {path.stat().st_size} ".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
