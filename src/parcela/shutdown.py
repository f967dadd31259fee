"""Knows when this process was asked to end, while the server still finishes what it has begun."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class ShutdownWatch:
    """Notes the signals that end the server, and hands them on to whoever handles them."""

    def __init__(self) -> None:
        self._is_asked = False

    def is_asked(self) -> bool:
        """Did such a signal come?"""
        return self._is_asked

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Note signals as long as the block runs. Only the main thread may set handlers: others note none."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        found = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        held: dict[int, Callable[[int, FrameType | None], Any]] = {
            number: handler for number, handler in found.items() if callable(handler)
        }

        def note(number: int, frame: FrameType | None) -> None:
            self._is_asked = True
            held[number](number, frame)

        for number in held:
            signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in held.items():
                if signal.getsignal(number) is note:
                    signal.signal(number, handler)
