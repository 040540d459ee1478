"""An asynchronous producer behind a plain iterator."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def stream(produce: Callable[[Callable[[T], None]], Awaitable[None]]) -> Iterator[T]:
    """Run `produce(emit)` on an event loop in a thread, and yield what it emits.

    Everything emitted is yielded before an exception of the producer is raised here. Leaving
    the iterator early cancels the producer and waits until it has cleaned up.
    """
    items: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
    running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None] | None]] = Future()

    async def main() -> None:
        running.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        await produce(lambda item: items.put((item,)))

    with ThreadPoolExecutor(1, thread_name_prefix="cladist-endpoint") as pool:
        work = pool.submit(lambda: asyncio.run(main()))
        work.add_done_callback(lambda _: items.put(None))
        try:
            while (item := items.get()) is not None:
                yield item[0]
        except BaseException:
            loop, task = running.result()
            with suppress(RuntimeError):  # the loop may have ended by itself in the meantime
                if task is not None:
                    loop.call_soon_threadsafe(task.cancel)
            raise
        work.result()
