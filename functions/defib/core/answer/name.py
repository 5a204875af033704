"""Who answers, in their own words: a name that is fit to be remembered, mailed and shown."""

from __future__ import annotations

import unicodedata

NAME_MAX = 80
"""Characters."""


def name_in(given: str) -> str:
    """The name in ``given``, in one spelling (Unicode NFC) and with single spaces.

    Characters that only change how others look, such as those that turn the direction of writing, are left out. Raises
    ValueError, in words for the person, for what is no name.
    """
    if any(unicodedata.category(c) == "Cc" for c in given):
        raise ValueError("A name is one line of printable characters.")
    seen = "".join(c for c in given if unicodedata.category(c) != "Cf")
    name = unicodedata.normalize("NFC", " ".join(seen.split()))
    if not name:
        raise ValueError("Please say who you are.")
    if len(name) > NAME_MAX:
        raise ValueError(f"A name has at most {NAME_MAX} characters; this one has {len(name)}.")
    if not name.isprintable():
        raise ValueError("A name is one line of printable characters.")
    return name
