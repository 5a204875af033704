"""Reads TOML values along the types that they fill, each within the limits of its setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

from defib.core.duration import parse_duration
from defib.core.mistake import Mistakes, Path, closest, written
from defib.core.percent import Percent, parse_percent
from defib.core.policy import Tag
from defib.core.setting import NAME, TAG_KEY, Setting, setting_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


@cache
def _read_along(kind: type[DataclassInstance]) -> tuple[Mapping[str, object], Mapping[str, Setting]]:
    """The types of a table's fields, and the settings of those that are read. A type's are the same in every table."""
    return get_type_hints(kind), {f.name: s for f in fields(kind) if (s := setting_of(f.metadata)) is not None}


class Reader:
    """Reads values. What is wrong goes to ``mistakes``, and a default or an empty value stands in for it."""

    def __init__(self, mistakes: Mistakes) -> None:
        self._mistakes = mistakes
        self._open: list[tuple[Path, type[DataclassInstance]]] = []
        """The tables that are being read, the outermost first."""

    def table(self, kind: type[T], given: object, at: Path, example: str = "", name: str = "") -> T:
        """Read one table; a field ``name`` takes the table's own."""
        hints, settings = _read_along(kind)
        values: dict[str, object] = {"name": name} if _is_named(kind) else {}
        rows = given if isinstance(given, dict) else None
        self._open.append((at, kind))
        if rows is None:
            self._mistakes.add(at, given, "must be a table", example)
        else:
            self._refuse_unknown(rows, settings, at)
        for f in fields(kind):
            if f.name not in settings:
                continue
            value = self._field(f, hints[f.name], settings[f.name], rows, at)
            if value is not None:
                values[f.name] = value
        self._open.pop()
        make: Callable[..., T] = kind
        return make(**values)

    def _refuse_unknown(self, rows: Mapping[str, object], known: Mapping[str, Setting], at: Path) -> None:
        for key, value in rows.items():
            if key in known:
                continue
            is_table = _holds_tables(value)
            above = self._above(key, is_table)
            if above is not None and not is_table:
                place = f"right below [{written(above)}], before any other table" if above else "above the first table"
                self._mistakes.add((*at, key), value, f"unknown key here; it belongs {place}")
                continue
            meant = written((*above, key)) if above is not None else self._elsewhere(key) or closest(key, known)
            must = "unknown key" if meant else f"unknown key; allowed here: {', '.join(known)}"
            self._mistakes.add((*at, key), value, must, hint=meant)

    def _above(self, key: str, is_table: bool) -> Path | None:
        """The enclosing table that has such a key, if one does: all that follows a table's heading is that table's."""
        return next((at for at, kind in reversed(self._open[:-1]) if _takes(kind, key, is_table)), None)

    def _elsewhere(self, key: str) -> str:
        """The one other place, near or far, that has the key; empty where there are none or several."""
        for at, kind in reversed(self._open):
            inner = [name for name, hint in _read_along(kind)[0].items() if _is_table(hint) and _has(hint, key)]
            if inner:
                return written((*at, inner[0], key)) if len(inner) == 1 else ""
        return ""

    def _field(
        self, f: Field[object], hint: object, setting: Setting, rows: Mapping[str, object] | None, at: Path
    ) -> object | None:
        """The field's value; None leaves it at its default."""
        path = (*at, f.name)
        if _is_table(hint):
            return self.table(hint, (rows or {}).get(f.name, {}), path, f"[{written(path)}]")
        required = f.default is MISSING and f.default_factory is MISSING
        value: object | None = None
        if rows is not None and f.name in rows:
            value = self._value(hint, rows[f.name], path, setting)
        elif rows is not None and required:
            self._mistakes.add(path, None, f"must be {setting.allowed}", _example(f.name, hint, setting))
        return _nothing(hint) if value is None and required else value

    def _value(self, hint: object, given: object, at: Path, setting: Setting) -> object | None:
        example = _example(str(at[-1]), hint, setting)
        if get_origin(hint) is tuple:
            item: object = get_args(hint)[0]
            if _is_table(item):
                return self._tables(item, given, at, setting, example)
            return self._strings(given, at, setting, setting.allowed, example)
        if get_origin(hint) is Mapping:
            return self._tags(given, at, setting, example)
        value = _scalar(hint, given, setting)
        if value is None:
            words = [member.value for member in hint] if _is_choice(hint) else []
            meant = closest(given, words) if isinstance(given, str) else ""
            self._mistakes.add(at, given, f"must be {setting.allowed}", example, meant)
        return value

    def _tables(self, kind: type[T], given: object, at: Path, setting: Setting, example: str) -> tuple[T, ...] | None:
        shape = dict if _is_named(kind) else list
        if not isinstance(given, shape) or not setting.holds(len(given)):
            self._mistakes.add(at, given, f"must be {setting.allowed}", example)
            return None
        if isinstance(given, list):
            return tuple(self.table(kind, rows, (*at, n), example) for n, rows in enumerate(given))
        for name in given:
            if not NAME.fits(name):
                self._mistakes.add((*at, name), given[name], f"its name must be {NAME.words}", example)
        return tuple(self.table(kind, rows, (*at, name), example, name) for name, rows in given.items())

    def _strings(self, given: object, at: Path, setting: Setting, allowed: str, example: str) -> tuple[str, ...] | None:
        items = [given] if isinstance(given, str) else given
        if not isinstance(items, list) or not setting.holds(len(items)):
            self._mistakes.add(at, given, f"must be {allowed}", example)
            return None
        for number, item in enumerate(items):
            path = at if items is not given else (*at, number)
            if not isinstance(item, str) or not setting.form.fits(item):
                self._mistakes.add(path, item, f"must be {setting.form.words}", example)
            elif item in items[:number]:
                self._mistakes.add(path, item, "must be in the list only once", example)
        return tuple(item if isinstance(item, str) else "" for item in items)

    def _tags(self, given: object, at: Path, setting: Setting, example: str) -> Mapping[str, tuple[str, ...]] | None:
        if not isinstance(given, dict) or not 1 <= len(given) <= setting.keys:
            self._mistakes.add(at, given, f"must be {setting.allowed}", example)
            return None
        allowed = f"text in quotes, or a list of {setting.least} to {setting.most} different texts"
        for key in given:
            if not TAG_KEY.fits(key):
                self._mistakes.add((*at, key), given[key], f"its key must be {TAG_KEY.words}", example)
        return {key: self._strings(it, (*at, key), setting, allowed, example) or () for key, it in given.items()}


def _scalar(hint: object, given: object, setting: Setting) -> object | None:
    """The value, converted; None unless it is of the right type and within the limits."""
    if hint is bool:
        return given if isinstance(given, bool) else None
    if hint is int:
        return given if isinstance(given, int) and not isinstance(given, bool) and setting.holds(given) else None
    if hint == int | Percent:
        return _percent(given, setting) if isinstance(given, str) else _scalar(int, given, setting)
    if not isinstance(given, str):
        return None
    if hint is timedelta:
        return _duration(given, setting)
    if _is_choice(hint):
        return next((member for member in hint if member.value == given), None)
    if not setting.form.fits(given):
        return None
    return Tag(*given.split("=")) if hint is Tag else given


def _duration(given: str, setting: Setting) -> timedelta | None:
    try:
        duration = parse_duration(given)
    except ValueError:
        return None
    return duration if setting.holds(int(duration.total_seconds())) else None


def _percent(given: str, setting: Setting) -> Percent | None:
    percent = parse_percent(given)
    return percent if percent is not None and 1 <= percent.value <= setting.percent_most else None


def _nothing(hint: object) -> object:
    """What stands in for a value that is required and missing or wrong."""
    if hint is Tag:
        return Tag("", "")
    if get_origin(hint) is tuple:
        return ()
    return {} if get_origin(hint) is Mapping else ""


def _has(kind: type[DataclassInstance], key: str) -> bool:
    return key in _read_along(kind)[1]


def _takes(kind: type[DataclassInstance], key: str, is_table: bool) -> bool:
    """Whether the table has the key, for tables or for a value."""
    hint = _read_along(kind)[0].get(key)
    return _has(kind, key) and is_table == any(map(_is_table, (hint, *get_args(hint))))


def _holds_tables(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))


def _is_table(hint: object) -> TypeGuard[type[DataclassInstance]]:
    return isinstance(hint, type) and is_dataclass(hint) and hint is not Tag


def _is_choice(hint: object) -> TypeGuard[type[StrEnum]]:
    return isinstance(hint, type) and issubclass(hint, StrEnum)


@cache
def _is_named(kind: type[DataclassInstance]) -> bool:
    """Whether tables of this kind have a name, which is their key in the file rather than a value."""
    return any(f.name == "name" for f in fields(kind))


def _example(name: str, hint: object, setting: Setting) -> str:
    named = any(_is_table(item) and _is_named(item) for item in get_args(hint))
    return setting.example if named else f"{name} = {setting.example}"
