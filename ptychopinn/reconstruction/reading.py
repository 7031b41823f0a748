"""Read ahead of the work, and clear up behind it."""

import collections
import concurrent.futures
import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def read_ahead(read: Callable[[T], R], items: Iterable[T], threads: int = 0) -> Iterator[R]:
    """Yield `read(item)` of items in their order, while threads read those that follow.

    Args:
        read: function of an item.
        items: iterable.
        threads: int. At most so many results wait. Defaults to 0: each is read when it is asked for.
    """
    if not threads:
        yield from map(read, items)
        return
    items = iter(items)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        waiting = collections.deque(pool.submit(read, item) for item in itertools.islice(items, threads))
        while waiting:
            done = waiting.popleft().result()
            waiting.extend(pool.submit(read, item) for item in itertools.islice(items, 1))
            yield done


@contextlib.contextmanager
def aside() -> Iterator[Callable[..., None]]:
    """Do calls in a thread, one after the other, while the work goes on: `do(function, *arguments)`.

    One waits at most. What a call raises is raised by the next one, or at the end, when all are done.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        last = pool.submit(lambda: None)

        def do(function: Callable[..., Any], *arguments: Any) -> None:
            nonlocal last
            last.result()
            last = pool.submit(function, *arguments)

        yield do
        last.result()
