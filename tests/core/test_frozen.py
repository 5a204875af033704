"""Frozen dataclasses behave as the standard library's: each promise is tried on both."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass
from typing import Any, get_type_hints

import pytest

from defib.core import frozen

Decorator = Callable[..., Callable[[type], type]]

ours: Any = frozen.dataclass
both = pytest.mark.parametrize(
    ("made", "replace"), [(dataclass, dataclasses.replace), (ours, frozen.replace)], ids=["standard", "ours"]
)


class Standard:
    @dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 0
        tags: Mapping[str, str] = field(default_factory=dict)
        secret: str = field(default="", repr=False, compare=False)


class Ours:
    @ours(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 0
        tags: Mapping[str, str] = field(default_factory=dict)
        secret: str = field(default="", repr=False, compare=False)


points = pytest.mark.parametrize(
    ("point", "replace"),
    [(Standard.Point, dataclasses.replace), (Ours.Point, frozen.replace), (Ours.Point, dataclasses.replace)],
    ids=["standard", "ours", "ours, copied by the standard library"],
)


@points
def test_what_is_left_out_has_its_default_and_each_its_own_mapping(point: Any, replace: Any) -> None:
    one, other = point(1), point(x=1)
    assert (one.x, one.y, one.tags, one.secret) == (1, 0, {}, "")
    assert one == other
    assert one.tags is not other.tags


@points
@pytest.mark.parametrize(("args", "named"), [((), {}), ((1, 2, {}, "", 5), {}), ((1,), {"z": 2}), ((1,), {"x": 2})])
def test_what_does_not_fit_the_fields_is_refused(point: Any, replace: Any, args: Any, named: Any) -> None:
    with pytest.raises(TypeError):
        point(*args, **named)


@points
def test_nothing_of_it_can_be_set_or_deleted_or_added(point: Any, replace: Any) -> None:
    one = point(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        one.x = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del one.x
    with pytest.raises((FrozenInstanceError, TypeError)):
        one.other = 2
    assert not hasattr(one, "__dict__")


@points
def test_two_are_equal_when_all_that_is_compared_is(point: Any, replace: Any) -> None:
    assert point(1, 2, {"a": "b"}, "s") == point(1, 2, {"a": "b"}, "other")
    assert point(1, 2) != point(1, 3)
    assert point(1) != (1, 0, {})
    unlike: Any = Ours.Point
    assert unlike(1) != Standard.Point(1)


@both
def test_equal_ones_have_one_hash(made: Decorator, replace: Any) -> None:
    class Pair:
        a: int
        b: str = field(default="", compare=False)

    class Nothing:
        pass

    pair, nothing = made(frozen=True, slots=True)(Pair), made(frozen=True, slots=True)(Nothing)
    assert {pair(1, "x"), pair(1, "y"), pair(2, "x")} == {pair(1), pair(2)}
    assert len({nothing(), nothing()}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(pair({}))


@points
def test_it_is_shown_with_its_fields_but_for_those_that_are_kept_back(point: Any, replace: Any) -> None:
    assert repr(point(1, secret="hush")).endswith("Point(x=1, y=0, tags={})")


@both
def test_how_a_class_shows_and_compares_itself_is_left_to_it(made: Decorator, replace: Any) -> None:
    class Key:
        secret: str

        def __repr__(self) -> str:
            return "a key"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    key: Any = made(frozen=True, slots=True)(Key)
    assert (repr(key("hush")), key("a") == key("b"), hash(key("a"))) == ("a key", True, 7)


@points
def test_a_copy_differs_in_the_changes_alone(point: Any, replace: Any) -> None:
    old = point(1, 2, {"a": "b"}, "s")
    new = replace(old, y=3, secret="t")
    assert (new.x, new.y, new.tags, new.secret) == (1, 3, {"a": "b"}, "t")
    assert (old.y, old.secret) == (2, "s")
    assert new.tags is old.tags
    with pytest.raises(TypeError):
        replace(old, z=1)


@points
@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_it_survives_copying_and_pickling(point: Any, replace: Any, way: Callable[[Any], Any]) -> None:
    one = point(1, 2, {"a": "b"}, "s")
    again = way(one)
    assert (again, again.secret) == (one, "s")


@both
def test_one_of_many_fields_is_made_copied_and_compared_like_one_of_few(made: Decorator, replace: Any) -> None:
    names = [f"field_{number}" for number in range(2 * frozen.MANY)]
    many: Any = made(frozen=True, slots=True)(type("Many", (), {"__annotations__": dict.fromkeys(names, "int")}))
    one = many(*range(len(names)))
    other = replace(one, field_3=-1)
    assert [getattr(one, name) for name in names] == list(range(len(names)))
    assert (type(one), type(other), other.field_3, other.field_4) == (many, many, -1, 4)
    assert one == replace(other, field_3=3) != other
    assert one != tuple(range(len(names)))
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'field_0'"):
        other.field_0 = 1
    with pytest.raises(TypeError):
        replace(one, field_99=1)


def test_two_are_compared_by_some_of_their_fields() -> None:
    point: Any = Ours.Point
    same = frozen.comparer(point, ["x", "secret"])
    assert same(point(1, 2, secret="s"), point(1, 3, secret="s"))
    assert not same(point(1, secret="s"), point(1, secret="t"))


@both
def test_fields_given_by_name_alone_come_in_any_order(made: Decorator, replace: Any) -> None:
    class Named:
        a: int = 1
        b: int

    named: Any = made(frozen=True, slots=True, kw_only=True)(Named)
    assert (named(b=2).a, replace(named(b=2), a=3).b) == (1, 2)
    with pytest.raises(TypeError):
        named(2)


def test_what_reads_dataclasses_reads_them_alike() -> None:
    point: Any = Ours.Point
    standard: Any = Standard.Point
    assert all(is_dataclass(kind) for kind in (point, standard))
    assert [_told(f) for f in fields(point)] == [_told(f) for f in fields(standard)]
    assert point.__match_args__ == standard.__match_args__
    assert repr(point.__dataclass_params__) == repr(standard.__dataclass_params__)
    assert list(inspect.signature(point).parameters) == list(inspect.signature(standard).parameters)
    assert get_type_hints(point.__init__) == get_type_hints(standard.__init__)


def test_only_a_class_that_is_used_has_its_init_compiled() -> None:
    class Used:
        x: int

    class Unused:
        x: int

    used, unused = ours(frozen=True, slots=True)(Used), ours(frozen=True, slots=True)(Unused)
    assert used(x=1).x == 1
    assert inspect.isfunction(used.__dict__["__init__"])
    assert not inspect.isfunction(unused.__dict__["__init__"])
    assert inspect.isfunction(unused.__init__)


def _told(f: dataclasses.Field[Any]) -> tuple[object, ...]:
    return f.name, f.type, f.default, f.default_factory, f.init, f.repr, f.compare, f.kw_only


class WithAfterthought:
    x: int

    def __post_init__(self) -> None:
        pass


class WithFieldLeftOut:
    x: int = field(default=1, init=False)


class WithFieldsOfItsBase(Ours.Point):
    z: int = 0


@pytest.mark.parametrize("bare", [WithAfterthought, WithFieldLeftOut, WithFieldsOfItsBase])
def test_what_it_cannot_make_is_refused(bare: type) -> None:
    with pytest.raises(TypeError):
        ours(frozen=True, slots=True)(bare)


@pytest.mark.parametrize("options", [{"frozen": False, "slots": True}, {"frozen": True, "slots": False}])
def test_only_frozen_ones_with_slots_are_made(options: Mapping[str, bool]) -> None:
    with pytest.raises(TypeError, match=r"take dataclasses\.dataclass"):
        ours(**options)
