"""How Python waits for the engine: an asyncio task for a future, a thread for a box of its own."""

from __future__ import annotations

import os
import threading
import weakref

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any

    from ._options import Duration

    #: Begins an operation that ends in the target: `start(inbox, target, *arguments)`.
    Start = Callable[..., _native.Call]

_inboxes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _native.Inbox] = (
    weakref.WeakKeyDictionary()
)
_inboxes_mutex = threading.Lock()
_of_thread = threading.local()


def inbox_of(loop: asyncio.AbstractEventLoop) -> _native.Inbox:
    """The loop's inbox, which the loop reads when the engine rings."""
    inbox = _inboxes.get(loop)
    if inbox is None:
        inbox = _native.Inbox()
        # The loop alone refers to the reader: when it is closed, what comes still is dropped, and
        # a lock among it released.
        loop.add_reader(inbox.fileno(), _native.InboxReader(inbox))
        with _inboxes_mutex:
            _inboxes[loop] = inbox
    return inbox


def _thread_inbox() -> _native.Inbox:
    inbox: _native.Inbox | None = getattr(_of_thread, "inbox", None)
    if inbox is None:
        inbox = _of_thread.inbox = _native.Inbox()
    return inbox


def _after_fork() -> None:
    # The parent's descriptors must not be read here, nor its locks used: they may be held.
    global _inboxes, _inboxes_mutex, _of_thread
    _inboxes = weakref.WeakKeyDictionary()
    _inboxes_mutex = threading.Lock()
    _of_thread = threading.local()
    _native.forget()


os.register_at_fork(
    before=_native.pause, after_in_parent=_native.resume, after_in_child=_after_fork
)


def _drop(value: Any) -> None:
    """A result that nobody wants: a lock is released, unless it was somebody else's before."""
    if isinstance(value, _native.Held):
        value.discard()


async def result_of(start: Start, *arguments: Any) -> Any:
    """The operation's result, in a task. Cancelling the task cancels the operation."""
    from asyncio import CancelledError, get_running_loop

    loop = get_running_loop()
    future = loop.create_future()
    call = start(inbox_of(loop), future, *arguments)
    try:
        return await future
    except CancelledError:
        if future.done() and not future.cancelled() and future.exception() is None:
            _drop(future.result())
        call.cancel()
        raise
    except GeneratorExit:
        # The task was destroyed while it waited.
        call.cancel()
        raise
    finally:
        # The error that it raised holds this frame.
        del future


async def end_of(start: Start, *arguments: Any) -> Any:
    """The same of an operation that goes on when the task is cancelled, such as a release."""
    from asyncio import get_running_loop

    loop = get_running_loop()
    future = loop.create_future()
    start(inbox_of(loop), future, *arguments)
    try:
        return await future
    finally:
        del future


def wait_for(start: Start, *arguments: Any, timeout: Duration | None = None) -> Any:
    """The operation's result, in a thread that blocks for it. A signal whose handler raises
    cancels it. With a timeout, TimeoutError once it has passed, and the operation is cancelled.
    """
    inbox = _thread_inbox()
    box = _native.Box()
    # A signal may come at any moment from here on: the box knows what has begun.
    try:
        start(inbox, box, *arguments)
        if timeout is None:
            while not box.done():
                inbox.wait(box, None)
                inbox.drain()
        else:
            _wait_until(inbox, box, timeout)
    except BaseException:
        box.give_up()
        raise
    return box.result()


def _wait_until(inbox: _native.Inbox, box: _native.Box, timeout: Duration) -> None:
    from time import monotonic

    end = monotonic() + _native.seconds_of(timeout, "timeout")
    while not box.done():
        left = end - monotonic()
        if left <= 0:
            raise TimeoutError
        inbox.wait(box, left)
        inbox.drain()
