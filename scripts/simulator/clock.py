# SPDX-License-Identifier: Apache-2.0
"""The time that the simulated platform lives in."""

from __future__ import annotations

import datetime
import email.utils
import time

UTC = datetime.timezone.utc


class Clock:
    """A clock that runs with the host's, ahead of it or behind it, or stands still until it is moved."""

    def __init__(self, start: datetime.datetime | None = None, frozen: bool = False) -> None:
        self.frozen = frozen
        self.set(start or datetime.datetime.now(UTC))

    def now(self) -> datetime.datetime:
        """The platform's time, in UTC."""
        if self.frozen:
            return self._base
        return self._base + datetime.timedelta(seconds=time.monotonic() - self._since)

    def set(self, moment: datetime.datetime) -> None:
        """Jumps to a moment, which may be in the past."""
        # What the clock tells in milliseconds can be given back to it without going back a little.
        self._base = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        self._since = time.monotonic()

    def advance(self, seconds: float) -> None:
        """Moves on by so many seconds; back, if they are negative."""
        self.set(self.now() + datetime.timedelta(seconds=seconds))

    def freeze(self, frozen: bool) -> None:
        """Stops the clock, or lets it run on from where it stands."""
        self.set(self.now())
        self.frozen = frozen

    def http_date(self, later: float = 0) -> str:
        """The time, or a time so many seconds later, as RFC 9110 section 5.6.7 writes it."""
        return email.utils.format_datetime(self.now() + datetime.timedelta(seconds=later), usegmt=True)


def stamp(moment: datetime.datetime, milliseconds: bool = False) -> str:
    """A moment as the platform's JSON has it: RFC 3339 with Z."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond // 1000:03d}Z" if milliseconds else f"{text}Z"


def parse(text: str | float) -> datetime.datetime:
    """A moment from RFC 3339 text or from seconds since 1970. Raises ValueError on anything else."""
    if isinstance(text, (int, float)):
        return datetime.datetime.fromtimestamp(text, UTC)
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
