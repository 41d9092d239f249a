# SPDX-License-Identifier: Apache-2.0
"""What can go wrong: by demand for the next call that fits, or by seed for a share of all calls."""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
from typing import Any

from .books import Books

# Any call. The first group is answered in place of it; of the second, reset-after, truncated and cut-short let it happen.
ANSWERS = (
    "rate-limited",
    "unavailable",
    "bad-gateway",
    "server-error",
    "unauthorized",
    "unknown-route",
    "redirect",
    "not-json",
    "too-large",
    "too-deep",
    "endless",
)
TRANSPORT = ("reset", "reset-after", "truncated", "cut-short", "slow", "hang")
# Creations and deletions: what becomes of the job. `busy`, `quota` and `duplicate` refuse it at once.
JOBS = ("job-failed", "job-timeout", "job-lost", "job-slow", "job-stuck")
REFUSALS = ("busy", "quota", "duplicate")
# Creations: what the credentials will be like.
CREDENTIALS = (
    "chain-shuffled",
    "root-missing",
    "chain-missing",
    "key-mismatch",
    "key-pkcs8",
    "key-ec",
    "already-expired",
    "same-serial",
    "same-certificate",
    "literal-newlines",
    "no-client-auth",
    "ends-earlier",
)
# Reads of details.
DETAILS = ("credentials-unavailable",)
# Verifications and logins.
ACCESS = ("refused", "locked")
KINDS = ANSWERS + TRANSPORT + JOBS + REFUSALS + CREDENTIALS + DETAILS + ACCESS

# Which faults a seed may choose, by route: such as pass when a client waits, asks again or begins anew.
PASSING = ("rate-limited", "unavailable", "bad-gateway", "reset", "reset-after")
BY_SEED = (
    ("cf.keys.create", PASSING + ("unauthorized", "job-failed", "job-lost", "job-slow")),
    ("cf.keys.delete", PASSING + ("unauthorized", "job-failed", "job-lost", "job-slow")),
    ("cf.keys.details", PASSING + ("unauthorized", "credentials-unavailable")),
    # Root and version are exempt from the rate limit, and ask for no token.
    ("cf.root", ("unavailable", "bad-gateway", "reset")),
    ("cf.*", PASSING + ("unauthorized",)),
    ("sm.bindings.create", PASSING + ("unauthorized", "unknown-route", "job-failed", "job-slow")),
    ("sm.bindings.delete", PASSING + ("unauthorized", "unknown-route", "job-failed", "job-slow")),
    ("sm.*", PASSING + ("unauthorized", "unknown-route")),
    ("*", PASSING),
)


@dataclasses.dataclass
class Fault:
    """A fault that waits for its call, or is given to one."""

    kind: str
    # A route's name, in which * stands for anything.
    route: str = "*"
    # How many calls that fit pass first, and how many are hit after that; negative: all.
    after: int = 0
    times: int = 1
    # Of Retry-After, of `slow` and of `job-slow`.
    seconds: float = 2

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; the faults are {', '.join(KINDS)}")


class FaultEngine:
    """Decides for each call whether something goes wrong with it."""

    def __init__(self, books: Books, rate: float = 0, seed: int = 0, kinds: list[str] | None = None) -> None:
        self._books = books
        self.rate = rate
        self.seed = seed
        self.kinds = kinds
        self.retry_after = 2.0
        self.waiting: list[Fault] = []
        self._seen: dict[str, int] = {}

    def add(self, fault: Fault) -> None:
        """Lets a fault wait for its call."""
        self.waiting.append(fault)

    def take(self, route: str) -> Fault | None:
        """The fault of this call, if it has one; waiting ones come before those of the seed."""
        fault = self._waiting(route) or self._by_seed(route)
        if fault:
            self._books.record("faults", route=route, kind=fault.kind)
        return fault

    def _waiting(self, route: str) -> Fault | None:
        for fault in self.waiting:
            if not fnmatch.fnmatchcase(route, fault.route):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times == 0:
                self.waiting.remove(fault)
            return fault
        return None

    def _by_seed(self, route: str) -> Fault | None:
        """Depends on the seed, the route and how often it was called: calls of other routes change nothing."""
        count = self._seen[route] = self._seen.get(route, 0) + 1
        if self.rate <= 0:
            return None
        digest = hashlib.sha256(f"{self.seed} {route} {count}".encode()).digest()
        if int.from_bytes(digest[:8], "big") / 2**64 >= self.rate:
            return None
        allowed = next(kinds for pattern, kinds in BY_SEED if fnmatch.fnmatchcase(route, pattern))
        chosen = [kind for kind in allowed if not self.kinds or kind in self.kinds]
        if not chosen:
            return None
        kind = chosen[int.from_bytes(digest[8:16], "big") % len(chosen)]
        return Fault(kind, route, seconds=self.retry_after)

    def describe(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "seed": self.seed,
            "kinds": self.kinds or [],
            "retry_after": self.retry_after,
            "waiting": [dataclasses.asdict(fault) for fault in self.waiting],
        }
