# SPDX-License-Identifier: Apache-2.0
"""Measures the contestants of `scripts/bench probe`, one after the other, and prints the figures."""

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import daemon
import exporter
import s_client
from landscape import Landscape
from process import Use

NAMES = ["certrotd", "blackbox_exporter", "s_client"]


@dataclass
class Figures:
    """What is told of one contestant."""

    cpu_us: float
    per_second: float
    peak_rss_mb: float

    @staticmethod
    def of(use: Use, endpoints: int) -> "Figures":
        """Per endpoint; the start and the end of the process are included."""
        return Figures(use.cpu_us / endpoints, endpoints / use.seconds, use.peak_rss_mb)

    @staticmethod
    def median(runs: list) -> "Figures":
        """The median of each figure by itself."""
        return Figures(*(
            round(statistics.median(getattr(run, name) for run in runs), 1)
            for name in ("cpu_us", "per_second", "peak_rss_mb")))


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="bench probe")
    parser.add_argument("--endpoints", type=int, required=True)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--sample", type=int, default=1000)
    parser.add_argument("--key", choices=["rsa", "ec"], default="rsa")
    parser.add_argument("--only", action="append", choices=NAMES)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--place", type=Path, required=True)
    parser.add_argument("--certrotd", required=True)
    arguments = parser.parse_args()
    if not 1 <= arguments.endpoints <= 60000 or arguments.runs < 1 or arguments.sample < 1:
        parser.error("--endpoints is 1 to 60000, --runs and --sample are 1 or more")
    try:
        figures, idle = run(arguments)
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps({name: vars(entry) for name, entry in figures.items()}, separators=(",", ":")))
    else:
        print_table(figures, idle, arguments)
    return 0


def run(arguments) -> tuple:
    """The medians by contestant, and what starting alone costs those that stay."""
    landscape = Landscape(arguments.place, arguments.endpoints, arguments.key)
    sample = min(arguments.sample, arguments.endpoints)
    chosen = [name for name in NAMES if name in (arguments.only or NAMES)]
    measures = {
        "certrotd": lambda: Figures.of(daemon.measure(landscape, arguments.certrotd), arguments.endpoints),
        "blackbox_exporter": lambda: Figures.of(exporter.measure(landscape), arguments.endpoints),
        "s_client": lambda: Figures.of(s_client.measure(landscape, sample), sample),
    }
    idles = {
        "certrotd": lambda: daemon.idle(landscape, arguments.certrotd),
        "blackbox_exporter": lambda: exporter.idle(landscape),
    }
    runs = {name: [] for name in chosen}
    with landscape.serve():
        for number in range(1, arguments.runs + 1):
            for name in chosen:
                print(f"bench: run {number} of {arguments.runs}: {name}", file=sys.stderr)
                runs[name].append(measures[name]())
        idle = {name: idles[name]() for name in chosen if name in idles}
    return {name: Figures.median(entries) for name, entries in runs.items()}, idle


def print_table(figures: dict, idle: dict, arguments) -> None:
    """Figures and ratios for people."""
    print(f"{arguments.endpoints} endpoints, {arguments.key} keys, median of {arguments.runs}")
    print(f"{'':<18}{'CPU us/endpoint':>16}{'endpoints/s':>13}{'peak RSS MB':>13}{'idle start CPU ms':>19}")
    for name, entry in figures.items():
        start = f"{idle[name].cpu_us / 1000:.1f}" if name in idle else "-"
        print(f"{name:<18}{entry.cpu_us:>16.1f}{entry.per_second:>13.1f}{entry.peak_rss_mb:>13.1f}{start:>19}")
    ours = figures.get("certrotd")
    for name, entry in figures.items():
        if ours and name != "certrotd":
            print(f"certrotd / {name}: {ours.cpu_us / entry.cpu_us:.3f} of the CPU")


if __name__ == "__main__":
    sys.exit(main())
