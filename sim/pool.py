"""Thread pools of the code under replay, on virtual time: each task is a process, and waiting passes virtual time."""

from __future__ import annotations

import concurrent.futures
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

T = TypeVar("T")

LOOK = timedelta(milliseconds=20)
"""How often, in virtual time, someone who waits looks whether it is done."""

OURS = ("defib.", "watchtower.")
"""The packages under replay."""

Start = Callable[[Callable[[], None]], None]
PassTime = Callable[[timedelta], None]


class _Patience:
    """How the running invocation starts tasks and waits for them."""

    start: ClassVar[Start]
    pass_time: ClassVar[PassTime]

    @classmethod
    def until(cls, is_over: Callable[[], bool], timeout: float | None) -> bool:
        """Wait; tells whether it was over in time."""
        left = timedelta.max if timeout is None else timedelta(seconds=timeout)
        while not is_over() and left > timedelta(0):
            cls.pass_time(min(LOOK, left))
            left -= LOOK
        return is_over()


class VirtualFuture(Future[T]):
    """A future whose waiting takes virtual time."""

    def result(self, timeout: float | None = None) -> T:
        if not _Patience.until(self.done, timeout):
            raise TimeoutError
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        if not _Patience.until(self.done, timeout):
            raise TimeoutError
        return super().exception(0)


class VirtualPool:
    """Stands in for ThreadPoolExecutor; starts every task at once, whatever ``max_workers`` says."""

    def __init__(self, *_: object, **__: object) -> None:
        self._futures: list[VirtualFuture[Any]] = []

    def submit(self, task: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: VirtualFuture[T] = VirtualFuture()
        self._futures.append(future)

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(task(*args, **kwargs))
            except Exception as error:  # noqa: BLE001  # as every pool, it hands on whatever the task raised
                future.set_exception(error)

        _Patience.start(run)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            for future in self._futures:
                future.cancel()
        if wait:
            _Patience.until(lambda: all(f.done() for f in self._futures), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.shutdown()


def virtual_wait(futures: Iterable[Future[T]], timeout: float | None = None) -> tuple[set[Future[T]], set[Future[T]]]:
    """Stands in for ``concurrent.futures.wait`` for all of them."""
    waited = list(futures)
    _Patience.until(lambda: all(f.done() for f in waited), timeout)
    return {f for f in waited if f.done()}, {f for f in waited if not f.done()}


STAND_INS: tuple[tuple[Any, Any], ...] = (
    (concurrent.futures.ThreadPoolExecutor, VirtualPool),
    (concurrent.futures.wait, virtual_wait),
)


@contextmanager
def virtual_pools(start: Start, pass_time: PassTime) -> Iterator[None]:
    """Within it, Defib's modules find the stand-ins, however they imported the originals."""
    _Patience.start = start
    _Patience.pass_time = pass_time
    _swap(dict(STAND_INS))
    try:
        yield
    finally:
        _swap({stand_in: original for original, stand_in in STAND_INS})


def _swap(replacements: Mapping[Any, Any]) -> None:
    # A module that was imported meanwhile holds a stand-in, too: look at all of them each time.
    for module in [concurrent.futures, *(m for name, m in sys.modules.items() if name.startswith(OURS))]:
        for name, value in list(vars(module).items()):
            # Only by what they are: a value of ours may be hashable by its type, and yet hold what is not.
            if callable(value) and isinstance(value, Hashable) and value in replacements:
                setattr(module, name, replacements[value])
