# SPDX-License-Identifier: Apache-2.0
"""Lets one daemon probe and reload for long, and compares its descriptors and its memory before and after."""

import argparse
import json
import sqlite3
import sys
import time
from pathlib import Path

import daemon
from landscape import Landscape

PROBES = "SELECT coalesce(sum(count), 0) FROM observation"
UNVERIFIED = "SELECT count(*) FROM observation WHERE verdict <> 'verified'"
# Two turns of the refetch interval: every buffer and every memory has then been filled once.
WARM_UP_TURNS = 3
# What an allocator may keep, in units of 2^20 bytes, and descriptors that happen to be open at one time.
MEMORY_TOLERANCE_MB = 4.0
DESCRIPTOR_TOLERANCE = 8
POLL_SECONDS = 0.5
STALLED_SECONDS = 120


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="bench soak")
    parser.add_argument("--endpoints", type=int, default=4000)
    parser.add_argument("--probes", type=int, default=100_000)
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--place", type=Path, required=True)
    parser.add_argument("--certrotd", required=True)
    arguments = parser.parse_args()
    if arguments.endpoints < 1 or arguments.probes < 1 or arguments.reloads < 1:
        parser.error("--endpoints, --probes and --reloads are 1 or more")
    try:
        landscape = Landscape(arguments.place, arguments.endpoints, "ec")
        with landscape.serve():
            figures = {
                "probes": soak_probes(landscape, arguments), "reloads": soak_reloads(landscape, arguments)}
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(figures, separators=(",", ":")))
    else:
        for name, entry in figures.items():
            print(f"{name:<8} {entry['count']}: descriptors {entry['fds'][0]} -> {entry['fds'][1]}, "
                  f"resident MB {entry['rss_mb'][0]:.1f} -> {entry['rss_mb'][1]:.1f}")
    return 0 if all(is_flat(entry) for entry in figures.values()) else 1


def soak_probes(landscape: Landscape, arguments) -> dict:
    """Probes every endpoint every ten seconds until there were enough probes."""
    entries = daemon.entries(landscape, landscape.hosts)
    with daemon.start(landscape, arguments.certrotd, entries, "defaults: {refetch-every: 10s}\n") as (process, ledger):
        _await_probes(process, ledger, WARM_UP_TURNS * len(entries))
        before = _look(process)
        first = _probes(ledger)
        count = _await_probes(process, ledger, first + arguments.probes) - first
        figures = _figures(count, before, _look(process))
        with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10) as database:
            failed = database.execute(UNVERIFIED).fetchone()[0]
        if failed:
            raise RuntimeError(f"{failed} probes found a chain that is not good:\n{process.last_lines()}")
        process.stop()
    return figures


def soak_reloads(landscape: Landscape, arguments) -> dict:
    """Reloads again and again, each time with one endpoint more or less."""
    entries = daemon.entries(landscape, landscape.hosts[:100])
    with daemon.start(landscape, arguments.certrotd, entries[:-1]) as (process, ledger):
        settings = landscape.place / "certrotd" / "certrotd.yaml"
        extra = "endpoints:\n" + entries[-1]
        warm_up = max(50, arguments.reloads // 10)
        before = None
        with daemon.Notices(landscape) as notices:
            for number in range(warm_up + arguments.reloads):
                if number == warm_up:
                    before = _look(process)
                settings.write_text(extra if number % 2 else "endpoints: {}\n")
                process.reload()
                notices.await_ready(process)
        figures = _figures(arguments.reloads, before, _look(process))
        _await_probes(process, ledger, len(entries) - 1)
        process.stop()
    return figures


def is_flat(figures: dict) -> bool:
    """Whether nothing grew by more than what comes and goes."""
    fds, memory = figures["fds"], figures["rss_mb"]
    return fds[1] - fds[0] <= DESCRIPTOR_TOLERANCE and memory[1] - memory[0] <= MEMORY_TOLERANCE_MB


def _look(process) -> tuple:
    """The fewest descriptors within two seconds, as probes that are under way have some, and the memory."""
    looks = []
    for _ in range(20):
        looks.append(process.look())
        time.sleep(0.1)
    return min(fds for fds, _ in looks), looks[-1][1]


def _figures(count: int, before: tuple, after: tuple) -> dict:
    return {"count": count, "fds": [before[0], after[0]], "rss_mb": [round(before[1], 1), round(after[1], 1)]}


def _probes(ledger: Path) -> int:
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10) as database:
        return database.execute(PROBES).fetchone()[0]


def _await_probes(process, ledger: Path, wanted: int) -> int:
    seen, last_progress = 0, time.monotonic()
    while True:
        count = _probes(ledger)
        if count >= wanted:
            return count
        if count > seen:
            seen, last_progress = count, time.monotonic()
        process.must_run()
        if time.monotonic() - last_progress > STALLED_SECONDS:
            raise RuntimeError(f"certrotd stands still after {seen} of {wanted} probes:\n{process.last_lines()}")
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
