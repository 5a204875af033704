"""What is wrong with a ``defib.toml``: every mistake at once, one line each."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from defib.core.duration import format_duration
from defib.core.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
"""Where a value is in the file: ``("services", "web", "patience", "check")``."""

MISTAKES_MOST = 100
"""A file with more is not read to its end, so that no input takes long."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake; ``str()`` is its line."""

    key: str
    given: str | None
    """The value as it would be written; None when missing, empty when the key says it all."""
    must: str
    """What is allowed, or why this isn't."""
    example: str = ""
    hint: str = ""
    """What was probably meant."""

    def __str__(self) -> str:
        given = " is missing" if self.given is None else self.given and f" = {self.given}"
        hint = self.hint and f'; did you mean "{self.hint}"?'
        example = self.example and f"; for example {self.example}"
        return f"{self.key}{given}: {self.must}{example}{hint}"


class PolicyError(ValueError):
    """The text is no usable policy; ``mistakes`` holds all that is wrong with it."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return self.told("defib.toml")

    def told(self, file: str) -> str:
        """Every mistake under the name of the file that was read."""
        number = len(self.mistakes)
        more = " (and perhaps more)" if number >= MISTAKES_MOST else ""
        heading = f"{number} mistake{'s' if number > 1 else ''}{more} in the policy ({file}):"
        return "\n  ".join([heading, *map(str, self.mistakes)])


class Mistakes:
    """Collects mistakes while a file is read."""

    def __init__(self) -> None:
        self._found: list[Mistake] = []
        self._paths: set[Path] = set()

    def add(self, path: Path, given: object, must: str, example: str = "", hint: str = "") -> None:
        """Record a mistake in the value at ``path``; None is a missing one.

        Raises PolicyError when there are too many to go on.
        """
        self._paths.add(path)
        self._found.append(
            Mistake(written(path), None if given is None else _cut(shown(given), 200), must, example, hint)
        )
        if len(self._found) >= MISTAKES_MOST:
            self.raise_if_any()

    def spoil(self, *paths: Path) -> bool:
        """Whether a mistake at, above or below any of these makes a judgement on them worthless."""
        return any(_related(found, path) for found in self._paths for path in paths)

    def found_at(self, path: Path) -> bool:
        """Whether the value at ``path`` is wrong as a whole."""
        return path in self._paths

    def raise_if_any(self) -> None:
        if self._found:
            raise PolicyError(tuple(self._found))


def _related(one: Path, other: Path) -> bool:
    return all(a == b for a, b in zip(one, other, strict=False))


def written(path: Path) -> str:
    """The path as TOML would have it: ``services.web.target_groups[0].arn``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def shown(value: object, depth: int = 0) -> str:
    """The value as TOML would have it, cut to a readable length and safe to print."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if value.bit_length() <= 64 else "a number of more than 64 bits"
        case StrEnum():
            return _quoted(value.value)
        case str():
            return _quoted(value)
        case timedelta():
            return _quoted(format_duration(value))
        case list() | tuple():
            return "[]" if not value else "[…]" if depth > 1 else f"[{_some(shown(item, depth + 1) for item in value)}]"
        case dict():
            items = (f"{_key(str(key))} = {shown(item, depth + 1)}" for key, item in value.items())
            return "{}" if not value else "{…}" if depth > 1 else f"{{ {_some(items)} }}"
        case _:
            return str(value)


def _some(items: Iterable[str]) -> str:
    first = [item for item, _ in zip(items, range(4), strict=False)]
    return ", ".join(first if len(first) < 4 else [*first[:3], "…"])


def _quoted(text: str) -> str:
    escaped = _cut(text, 100).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable(escaped)}"'


def printable(text: str) -> str:
    """The text, cut to a readable length, with escapes for what can't be printed."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in _cut(text, 200))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def closest(given: str, allowed: Iterable[str]) -> str:
    """The allowed word that was probably meant, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it, and cold starts have none

    return next(iter(get_close_matches(given[:64], list(allowed), n=1)), "")
