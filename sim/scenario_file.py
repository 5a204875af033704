"""A scenario file to a Scenario, with the parser of ``defib.toml``; all mistakes at once, each with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import get_args, get_origin

from defib.core.duration import parse_duration
from defib.core.mistake import Mistake, Mistakes, PolicyError
from defib.core.mistake import Path as Key
from defib.core.parse import not_toml
from defib.core.read import Reader
from defib.core.setting import Setting
from sim.scenario import Scenario
from sim.scenario_check import check
from sim.scenario_value import OUTCOMES, Range

BYTES_MOST = 256 * 1024
LINE_MOST = 4000
"""In characters; reading a dotted key costs the square of its parts."""
YEARS = range(1970, 2100)


class ScenarioError(ValueError):
    """The file is no usable scenario; ``str()`` lists every mistake with its line."""

    def __init__(self, file: str, mistakes: Sequence[tuple[int, Mistake]]) -> None:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = (f"line {number}: {mistake}" for number, mistake in mistakes)
        super().__init__("\n  ".join([f"{file}: {count}", *lines]))
        self.mistakes = tuple(mistakes)


def load(file: Path) -> Scenario:
    """Read a scenario file. Raises ScenarioError with all mistakes, or OSError."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ScenarioError(str(file), [(1, Mistake("the file", "", "must be text in UTF-8"))]) from None
    return parse(text, str(file))


def parse(text: str, file: str = "scenario") -> Scenario:
    """Read a scenario. Raises ScenarioError with all mistakes."""
    rows = decoded(text, file)
    mistakes = _Located()
    scenario: Scenario | None = None
    try:
        scenario = _ScenarioReader(mistakes, rows.get("start")).table(Scenario, rows, ())
        check(scenario, mistakes)
        mistakes.raise_if_any()
    except PolicyError:
        lines = _Lines(text)
        found = sorted(((lines.of(path), m) for path, m in mistakes.located), key=lambda pair: pair[0])
        raise ScenarioError(file, found) from None
    return scenario


def decoded(text: str, file: str) -> dict[str, object]:
    """The TOML in ``text``, of bounded size and depth. Raises ScenarioError."""
    if len(text.encode("utf-8", "surrogatepass")) > BYTES_MOST:
        raise ScenarioError(file, [(1, Mistake("the file", "", f"must be at most {BYTES_MOST} bytes long"))])
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_MOST:
            raise ScenarioError(
                file, [(number, Mistake("the line", "", f"must be at most {LINE_MOST} characters long"))]
            )
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ScenarioError(file, [(1, Mistake("the file", "", "must nest its brackets less deeply"))]) from None
    except ValueError as error:
        raise ScenarioError(file, [_syntax(str(error), text)]) from error


class _Located(Mistakes):
    """Remembers where each mistake is."""

    def __init__(self) -> None:
        super().__init__()
        self.located: list[tuple[Key, Mistake]] = []

    def add(self, path: Key, given: object, must: str, example: str = "", hint: str = "") -> None:
        try:
            super().add(path, given, must, example, hint)
        finally:
            self.located.append((path, self._found[-1]))


class _ScenarioReader(Reader):
    """Knows the values that only scenarios have: moments, drawn durations, lists of words."""

    def __init__(self, mistakes: Mistakes, start: object) -> None:
        super().__init__(mistakes)
        self._start = start if isinstance(start, datetime) else None

    def _value(self, hint: object, given: object, at: Key, setting: Setting) -> object | None:
        if isinstance(hint, UnionType):
            hint = next(part for part in get_args(hint) if part is not type(None))
        value: object | None
        if hint is Range:
            value = _range(given, setting)
        elif hint is datetime:
            value = _when(given)
        elif hint is timedelta and at[-1] == "at":
            value = self._moment(given)
        elif at == ("expect", "outcome"):
            value = _outcomes(given)
        elif get_origin(hint) is tuple and _is_words(get_args(hint)[0]):
            value = _words(get_args(hint)[0], given, setting)
        else:
            return super()._value(hint, given, at, setting)
        if value is None:
            self._mistakes.add(at, given, f"must be {setting.allowed}", f"{at[-1]} = {setting.example}")
        return value

    def _moment(self, given: object) -> timedelta | None:
        """A duration since the start, or a time of day on or after it."""
        if isinstance(given, str):
            return _duration(given)
        if not isinstance(given, time):
            return None
        start = _when(self._start)
        if start is None:
            return None
        moment = datetime.combine(start.date(), given, UTC)
        return (moment if moment >= start else moment + timedelta(days=1)) - start


def _when(given: object) -> datetime | None:
    """A moment in UTC, of a year in which a scenario has room to end."""
    if not isinstance(given, datetime) or given.tzinfo is None or given.year not in YEARS:
        return None
    return given.astimezone(UTC)


def _range(given: object, setting: Setting) -> Range | None:
    ends = given if isinstance(given, list) and len(given) == 2 else [given, given]
    durations = [_duration(end) if isinstance(end, str) else None for end in ends]
    least, most = durations
    if least is None or most is None or least > most:
        return None
    within = setting.holds(int(least.total_seconds())) and setting.holds(int(most.total_seconds()))
    return Range(least, most) if within else None


def _duration(given: str) -> timedelta | None:
    try:
        return parse_duration(given)
    except ValueError:
        return None


def _is_words(item: object) -> bool:
    return isinstance(item, type) and issubclass(item, StrEnum)


def _words(kind: type[StrEnum], given: object, setting: Setting) -> tuple[StrEnum, ...] | None:
    known = {member.value: member for member in kind}
    if (
        not isinstance(given, list)
        or len(given) > setting.most
        or any(not isinstance(item, str) or item not in known for item in given)
    ):
        return None
    return tuple(known[item] for item in given)


def _outcomes(given: object) -> tuple[str, ...] | None:
    items: list[str] = given if isinstance(given, list) else [str(given)]
    return tuple(items) if items and all(item in OUTCOMES for item in items) else None


def _syntax(error: str, text: str) -> tuple[int, Mistake]:
    number, wrong, example = not_toml(error, text)
    trouble, _, remedy = wrong.partition(": ")
    return number, Mistake(trouble, "", remedy, example)


class _Lines:
    """Finds the line on which a key stands, by the table headers and keys of the text."""

    _HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-\"]+)\s*\]\]?")
    _KEY = re.compile(r"\s*([A-Za-z0-9_\-\"]+(?:\s*\.\s*[A-Za-z0-9_\-\"]+)*)\s*=")

    def __init__(self, text: str) -> None:
        self._lines: dict[Key, int] = {(): 1}
        counts: dict[Key, int] = {}
        at: Key = ()
        for number, line in enumerate(text.split("\n"), 1):
            header = self._HEADER.match(line)
            if header is not None:
                at = self._parts(header[2])
                if header[1] == "[[":
                    counts[at] = counts.get(at, -1) + 1
                    at = (*at, counts[at])
                self._note(at, number)
            elif (key := self._KEY.match(line)) is not None:
                self._note((*at, *self._parts(key[1])), number)

    def of(self, path: Key) -> int:
        """The line of the value at ``path``, or of the nearest table around it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _note(self, path: Key, number: int) -> None:
        for end in range(1, len(path) + 1):
            self._lines.setdefault(path[:end], number)

    @staticmethod
    def _parts(dotted: str) -> Key:
        return tuple(part.strip().strip('"') for part in dotted.split("."))
