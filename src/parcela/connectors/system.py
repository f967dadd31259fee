"""The machine's own clock, identifiers and randomness: the only place that asks for them."""

import asyncio
import os
import time
from datetime import UTC, datetime

import uuid_utils

from parcela.domain.ids import MAX_SEQUENCE, SNOWFLAKE_EPOCH, compose_snowflake

_EPOCH_MS = int((SNOWFLAKE_EPOCH - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


class SystemClock:
    """Time of this machine."""

    def monotonic_s(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class SystemIds:
    """Identifiers of one process, told from those of others by its worker number (0 to 1,023)."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._last_ms = 0
        self._sequence = 0

    def new_uuid(self) -> str:
        """A UUID of version 7."""
        return str(uuid_utils.uuid7())

    def next_offer_transaction_id(self) -> int:
        """The next snowflake; more than 4,096 in a millisecond run on into the next one."""
        now_ms = time.time_ns() // 1_000_000 - _EPOCH_MS
        if now_ms > self._last_ms:
            self._last_ms, self._sequence = now_ms, 0
        else:
            self._sequence += 1
            if self._sequence == MAX_SEQUENCE:
                self._last_ms, self._sequence = self._last_ms + 1, 0
        return compose_snowflake(milliseconds=self._last_ms, worker=self._worker, sequence=self._sequence)

    def random_bytes(self, count: int) -> bytes:
        """Bytes from the operating system."""
        return os.urandom(count)
