# SPDX-License-Identifier: Apache-2.0
"""The command line of the simulator."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import signal
import tempfile
import threading

from .clock import Clock, parse

PORTS = ("cloud_foundry", "uaa", "service_manager", "xsuaa", "token", "identity", "runtime", "control")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/btp-simulator",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Plays the parts of SAP BTP that certrotd speaks with, on 127.0.0.1: login, Cloud Foundry,\n"
        "Service Manager, token hosts and an integration flow. Prints one line of JSON when it is ready, and ends at\n"
        "SIGTERM, SIGINT, or when its standard input ends. Documentation/simulator.md describes it.",
    )
    parser.add_argument("--directory", type=pathlib.Path, help="where its files go; a temporary folder, if not given")
    parser.add_argument(
        "--port", action="append", default=[], metavar="NAME=PORT", help="a fixed port: " + ", ".join(PORTS)
    )
    parser.add_argument("--time", metavar="RFC3339", help="the platform's time at the start, instead of the host's")
    parser.add_argument("--frozen", action="store_true", help="let the platform's clock stand still until it is moved")
    parser.add_argument(
        "--fault-rate", type=float, default=0, metavar="SHARE", help="share of calls that go wrong, 0 to 1"
    )
    parser.add_argument("--fault-kinds", metavar="KIND,…", help="only these faults, of those that a seed may choose")
    parser.add_argument("--seed", type=int, default=0, help="decides which calls go wrong, and how")
    parser.add_argument(
        "--reuse-keys", type=int, default=0, metavar="N", help="make N private keys only, and use them in turn"
    )
    parser.add_argument("--job-seconds", type=float, default=1, metavar="SECONDS", help="how long a job takes (1)")
    parser.add_argument(
        "--job-polls", type=int, default=0, metavar="N", help="how often a job is not ready yet, at least (0)"
    )
    parser.add_argument("--empty", action="store_true", help="begin without user, instances and flow")
    parser.add_argument("--stay", action="store_true", help="do not end when standard input ends")
    parser.add_argument(
        "--nursery", action="store_true", help="be no simulator, but start them as standard input asks for them"
    )
    return parser


def ports(given: list[str]) -> dict[str, int]:
    found = {}
    for text in given:
        name, _, port = text.partition("=")
        if name not in PORTS or not port.isdigit():
            raise ValueError(f"--port {text}: NAME=PORT is expected, with one of {', '.join(PORTS)}")
        found[name] = int(port)
    return found


def main() -> int:
    options = arguments().parse_args()
    if options.nursery:
        # --help has to work without the library for certificates.
        from . import nursery

        nursery.serve(_play)
    else:
        _play()
    return 0


def _play(given: list[str] | None = None) -> None:
    """One simulator, until it is told to end."""
    parser = arguments()
    options = parser.parse_args(given)
    try:
        clock = Clock(parse(options.time) if options.time else None, options.frozen)
        fixed = ports(options.port)
        if not 0 <= options.fault_rate <= 1:
            raise ValueError("--fault-rate is a number from 0 to 1")
    except ValueError as error:
        parser.error(str(error))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if not options.stay:
        threading.Thread(target=_watch_input, args=(stop,), daemon=True).start()
    if options.directory:
        options.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _run(options, options.directory.resolve(), clock, fixed, stop)
    else:
        with tempfile.TemporaryDirectory(prefix="btp-simulator-") as directory:
            _run(options, pathlib.Path(directory), clock, fixed, stop)


def _watch_input(stop: threading.Event) -> None:
    try:
        while os.read(0, 4096):
            pass
    finally:
        stop.set()


def _run(
    options: argparse.Namespace,
    directory: pathlib.Path,
    clock: Clock,
    fixed: dict[str, int],
    stop: threading.Event,
) -> None:
    from .platform import Platform

    kinds = options.fault_kinds.split(",") if options.fault_kinds else None
    platform = Platform(directory, clock, options.fault_rate, options.seed, kinds, options.reuse_keys, fixed)
    platform.marketplace.settings.update(job_seconds=options.job_seconds, job_polls=options.job_polls)
    furnished = {} if options.empty else platform.furnish()
    platform.start()
    print(json.dumps({**platform.describe(), **furnished}), flush=True)
    stop.wait()
    platform.stop()
