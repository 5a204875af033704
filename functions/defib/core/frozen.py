"""The standard library's frozen, slotted dataclasses, made and copied in a fraction of the time.

``dataclasses`` compiles seven functions for each class, half a millisecond: with over a hundred classes more than half
of what Defib adds to a cold start. Here what makes, copies and compares instances is compiled when it is first used,
and the classes share the rest. To copy one, ``dataclasses.replace`` asks for each field by name and goes through
``__init__``; here the slots are copied. While its slots are filled an instance is of an open twin of its class, with
the same slots: the interpreter has an instruction for setting a slot, which is several times as quick as a call.

To type checkers these are the standard ones, and so they are to ``dataclasses.fields`` and ``is_dataclass``. What no
class of Defib has is refused: ``__post_init__``, fields outside ``__init__``, and fields of a base class.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from dataclasses import dataclass as standard
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

MANY = 3
"""Fields from which on an instance is opened to be filled: that costs what some two calls do."""

_become: Any = object.__dict__["__class__"].__set__
"""Makes an object one of another class with the same slots."""


def frozen(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """``dataclasses.dataclass(frozen=True, slots=True)``; raises TypeError for what it can't make."""
    if not (frozen and slots):
        raise TypeError("defib.core.frozen makes frozen dataclasses with slots only: take dataclasses.dataclass.")

    def made(bare: type[T]) -> type[T]:
        cls: Any = standard(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(bare)
        own = fields(cls)
        if hasattr(cls, "__post_init__") or not all(field.init and field.name in cls.__slots__ for field in own):
            raise TypeError(f"{cls.__qualname__} has __post_init__ or a field that defib.core.frozen doesn't set.")
        for made_here in ("init", "repr", "eq", "frozen"):
            setattr(cls.__dataclass_params__, made_here, True)
        cls.__init__ = _Init(cls, own)
        cls.__setattr__, cls.__delattr__ = _no_setting, _no_deleting
        if "__repr__" not in bare.__dict__:
            cls.__repr__ = _repr
        if "__eq__" not in bare.__dict__:
            cls.__eq__, cls.__hash__ = _comparing(cls, [field.name for field in own if field.compare])
        cls.__getstate__, cls.__setstate__ = _getstate, _setstate
        return cls  # type: ignore[no-any-return]

    return made


def copied(old: T, /, **changes: object) -> T:
    """``dataclasses.replace``: a copy of ``old`` but for ``changes``; raises TypeError for a name that is no field."""
    cls: Any = type(old)
    try:
        new: T = _copier(cls)(old, changes)
    except AttributeError:
        raise TypeError(f"{cls.__qualname__} has no field {', '.join(changes.keys() - set(cls.__slots__))}.") from None
    return new


def comparer(cls: type[T], names: Sequence[str]) -> Callable[[T, T], bool]:
    """What says whether two instances of ``cls`` are equal in the fields ``names``."""
    one, other = ("".join(f"{side}.{name}, " for name in names) for side in ("one", "other"))
    same: Callable[[T, T], bool] = _compiled(cls, "same(one, other)", f"\n return ({one}) == ({other})", {})
    return same


if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:
    dataclass, replace = frozen, copied

__all__ = ["comparer", "dataclass", "replace"]


class _Init:
    """Stands for ``__init__`` until it is first looked up: of many a class a process makes no instance."""

    def __init__(self, cls: Any, own: Sequence[Field[Any]]) -> None:
        self._cls, self._own = cls, own

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., None]:
        init: Any = _init(self._cls, self._own)
        self._cls.__init__ = init
        return init.__get__(instance, owner)  # type: ignore[no-any-return]


def _init(cls: type, own: Sequence[Field[Any]]) -> Callable[..., None]:
    """``__init__`` of a class with the fields ``own``: it sets each slot."""
    opens = len(own) >= MANY
    known: dict[str, object] = {"MISSING": MISSING, "_open": _twin(cls) if opens else None, "_become": _become}
    parameters = ["self", *(["*"] if own and own[0].kw_only else [])]
    body = "\n _cls = self.__class__\n _become(self, _open)" if opens else "\n pass"
    for field in own:
        name, default, value = field.name, "", field.name
        if field.default is not MISSING:
            known[f"_default_{name}"], default = field.default, f"=_default_{name}"
        elif field.default_factory is not MISSING:
            known[f"_make_{name}"], default = field.default_factory, "=MISSING"
            value = f"_make_{name}() if {name} is MISSING else {name}"
        parameters.append(name + default)
        known[f"_set_{name}"] = cls.__dict__[name].__set__
        body += f"\n self.{name} = {value}" if opens else f"\n _set_{name}(self, {value})"
    body += "\n self.__class__ = _cls" if opens else ""
    init: Any = _compiled(cls, f"__init__({', '.join(parameters)})", body, known)
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {**{field.name: field.type for field in own}, "return": None}
    return init  # type: ignore[no-any-return]


@cache
def _copier(cls: Any) -> Callable[[Any, Mapping[str, object]], Any]:
    """What copies an instance of ``cls``, slot by slot, but for the changes that it is given."""
    known = {"_new": object.__new__, "_open": _twin(cls), "_cls": cls}
    copying = "".join(f"\n new.{name} = old.{name}" for name in cls.__slots__)
    body = f"\n new = _new(_open){copying}\n for name, value in changes.items(): setattr(new, name, value)"
    copy: Any = _compiled(cls, "copy(old, changes)", f"{body}\n new.__class__ = _cls\n return new", known)
    return copy  # type: ignore[no-any-return]


@cache
def _twin(cls: Any) -> type:
    """A class with the slots of ``cls``, which anybody may set: as a subclass it is exchanged for it the quickest."""
    as_ever = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(cls.__name__, (cls,), {"__slots__": (), **as_ever})


def _compiled(cls: type, head: str, body: str, known: Mapping[str, object]) -> Any:
    """The function ``head`` with ``body``, to which the names in ``known`` are those of a function around it."""
    inner = f"def {head}:{body}".replace("\n", "\n ")
    made: dict[str, Any] = {}
    text = f"def around({', '.join(known)}):\n {inner}\n return {head.partition('(')[0]}"
    exec(text, sys.modules[cls.__module__].__dict__, made)  # noqa: S102 - made of the names of fields alone
    return made["around"](**known)


def _comparing(cls: type, names: Sequence[str]) -> tuple[Callable[[object, object], bool], Callable[[object], int]]:
    """``__eq__`` and ``__hash__`` by the fields ``names``."""
    values: Callable[[object], object] = attrgetter(*names) if names else type

    @cache
    def same() -> Callable[[Any, Any], bool]:
        return comparer(cls, names)

    def equals(self: object, other: object) -> bool:
        if self is other:
            return True
        return same()(self, other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: object) -> int:
        return hash(values(self))

    return equals, hashed


def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{type(self).__qualname__}({shown})"


def _no_setting(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deleting(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[object]:
    return [getattr(self, name) for name in self.__slots__]


def _setstate(self: Any, state: Sequence[object]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)
