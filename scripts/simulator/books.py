# SPDX-License-Identifier: Apache-2.0
"""What happened in the simulator, so that a test can compare it with what a client believes."""

from __future__ import annotations

import collections
from typing import Any

from .clock import Clock, stamp


class Books:
    """Records events by kind, counts calls, and remembers every secret that was given out."""

    KINDS = (
        "creations",
        "deletions",
        "details_reads",
        "token_requests",
        "logins",
        "iflow_calls",
        "faults",
        "endless_bodies",
        "handshakes_refused",
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.events: dict[str, list[dict[str, Any]]] = {kind: [] for kind in self.KINDS}
        self.calls: collections.Counter[str] = collections.Counter()
        self.executions: collections.Counter[str] = collections.Counter()
        self.most_sessions: dict[str, int] = {}
        self._secrets: dict[str, str] = {}

    def record(self, event: str, /, **facts: Any) -> None:
        """Notes that something happened now."""
        self.events[event].append({"time": stamp(self._clock.now(), milliseconds=True), **facts})

    def secret(self, kind: str, value: str) -> str:
        """Remembers a secret, and returns it."""
        self._secrets.setdefault(value, kind)
        return value

    def secrets(self) -> list[dict[str, str]]:
        """Every secret so far, each once."""
        return [{"kind": kind, "value": value} for value, kind in self._secrets.items()]

    def summary(self) -> dict[str, Any]:
        return {
            "now": stamp(self._clock.now(), milliseconds=True),
            **self.events,
            "calls": dict(self.calls),
            "iflow_executions": dict(self.executions),
            "most_sessions": self.most_sessions,
        }
