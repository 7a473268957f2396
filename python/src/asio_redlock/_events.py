"""What a manager reports: as an iterator, and into `logging`."""

from __future__ import annotations

from collections import deque

from ._waiting import result_of, wait_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging

    from ._native import Event, Listener


class _Stream:
    __slots__ = ("_kept", "_listener", "dropped")

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._kept: deque[Event] = deque()
        #: How many events were lost since nobody read them in time: the oldest of 10,000.
        self.dropped = 0

    def _take(self) -> bool:
        """Whether there is an event, or none will come any more."""
        events, dropped, is_last = self._listener.take()
        self._kept.extend(events)
        self.dropped += dropped
        return is_last or bool(events)


class EventStream(_Stream):
    """Events in their order, for ``async for``. Ends when the manager is closed."""

    __slots__ = ()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> Event:
        while not self._kept and not self._take():
            await result_of(self._listener.ring)
        if not self._kept:
            raise StopAsyncIteration
        return self._kept.popleft()


class SyncEventStream(_Stream):
    """Events in their order, for ``for``. Ends when the manager is closed."""

    __slots__ = ()

    def __iter__(self) -> SyncEventStream:
        return self

    def __next__(self) -> Event:
        while not self._kept and not self._take():
            wait_for(self._listener.ring)
        if not self._kept:
            raise StopIteration
        return self._kept.popleft()


_INFO = 20
_WARNING = 30
_ERROR = 40
_DEBUG = 10
#: What somebody should look at; the rest is for whoever asks how it went.
_LEVELS = {
    "lost": _WARNING,
    "release_failed": _WARNING,
    "extend_failed": _WARNING,
    "node_ready": _INFO,
    "node_down": _WARNING,
    "node_refused": _ERROR,
    "node_without_vote": _WARNING,
    "tracking_refused": _WARNING,
    "node_unverified": _WARNING,
}


def _sentence(event: Event) -> str:
    parts = [event.kind.replace("_", " ")]
    if event.resource:
        parts.append(repr(event.resource))
    if event.node_name:
        parts.append(f"node {event.node} ({event.node_name})")
    why = event.message or event.error
    return " ".join(parts) + (f": {why}" if why else "")


def log_events(listener: Listener, logger: logging.Logger | None) -> None:
    """Logs each event from a thread of its own, so that no event loop has to run for it."""
    import logging
    import threading
    import traceback

    log = logger if logger is not None else logging.getLogger("asio_redlock")

    def pass_on() -> None:
        for event in SyncEventStream(listener):
            level = _LEVELS.get(event.kind, _DEBUG)
            try:
                if log.isEnabledFor(level):
                    log.log(level, "%s", _sentence(event), extra={"redlock": event})
            except Exception:
                # Of a handler: the next event may fare better.
                if logging.raiseExceptions:
                    traceback.print_exc()

    threading.Thread(target=pass_on, name="asio-redlock-log", daemon=True).start()
