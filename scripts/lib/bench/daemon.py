# SPDX-License-Identifier: Apache-2.0
"""`certrotd run` on a fresh state folder, until its ledger accounts for every endpoint."""

import shutil
import socket
import sqlite3
import time
from pathlib import Path

from landscape import PORT, SERVER_NAME, Landscape
from process import Process, Use

# The newest observation of each endpoint; a first look at N endpoints makes N rows.
VERDICTS = """
SELECT verdict, count(*) FROM (SELECT verdict, max(id) FROM observation GROUP BY endpoint) GROUP BY verdict
"""
POLL_SECONDS = 0.1
STALLED_SECONDS = 60
# A configuration file may have a megabyte.
ENTRIES_PER_FILE = 2000


def measure(landscape: Landscape, binary: str) -> Use:
    """Starts the daemon with all endpoints configured, and ends it when all of them were found good."""
    with start(landscape, binary, entries(landscape, landscape.hosts)) as (process, ledger):
        _await_ledger(process, ledger, len(landscape.hosts))
        return process.stop()


def idle(landscape: Landscape, binary: str) -> Use:
    """What it costs to start, be ready and end with nothing configured."""
    with start(landscape, binary, []) as (process, _):
        return process.stop()


def entries(landscape: Landscape, hosts: list) -> list:
    """The entries of a configuration's endpoints."""
    return [
        f"  server-{number:05}:\n    url: https://{host}:{PORT}\n    server-name: {SERVER_NAME}\n"
        f"    anchors: {{bundle: {landscape.root}}}\n"
        for number, host in enumerate(hosts)]


class Notices:
    """What the daemon tells its service manager (sd_notify(3))."""

    def __init__(self, landscape: Landscape):
        path = landscape.place / "certrotd" / "notify"
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(path))
        self._listener.settimeout(0.1)

    def await_ready(self, process: Process) -> None:
        """Returns when the daemon says that it is ready, or ready again."""
        deadline = time.monotonic() + STALLED_SECONDS
        while True:
            try:
                if b"READY=1" in self._listener.recv(4096):
                    return
            except socket.timeout:
                process.must_run()
            if time.monotonic() > deadline:
                raise RuntimeError(f"certrotd does not become ready:\n{process.last_lines()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()


class start:  # pylint: disable=invalid-name
    """A daemon that has told its service manager that it is ready."""

    def __init__(self, landscape: Landscape, binary: str, entries: list, more: str = ""):  # pylint: disable=redefined-outer-name
        place = landscape.place / "certrotd"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        settings = place / "certrotd.yaml"
        settings.write_text(more + "endpoints: {}\n")
        parts = place / "conf.d"
        parts.mkdir()
        for first in range(0, len(entries), ENTRIES_PER_FILE):
            part = parts / f"{first:05}.yaml"
            part.write_text("endpoints:\n" + "".join(entries[first:first + ENTRIES_PER_FILE]))
        state = place / "state"
        state.mkdir(mode=0o700)
        self.ledger = state / "ledger.sqlite3"
        with Notices(landscape) as notices:
            self.process = Process(
                [binary, "run", "--config", str(settings), "--state", str(state)], place / "log",
                {"NOTIFY_SOCKET": str(place / "notify")})
            notices.await_ready(self.process)

    def __enter__(self):
        return self.process.__enter__(), self.ledger

    def __exit__(self, *reason):
        self.process.__exit__(*reason)


def _await_ledger(process: Process, ledger: Path, expected: int) -> None:
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10) as database:
        seen, last_progress = 0, time.monotonic()
        while True:
            count = database.execute("SELECT count(*) FROM observation").fetchone()[0]
            if count >= expected:
                break
            if count > seen:
                seen, last_progress = count, time.monotonic()
            process.must_run()
            if time.monotonic() - last_progress > STALLED_SECONDS:
                raise RuntimeError(f"certrotd accounted for {seen} of {expected} endpoints:\n{process.last_lines()}")
            time.sleep(POLL_SECONDS)
        verdicts = dict(database.execute(VERDICTS).fetchall())
    if verdicts != {"verified": expected}:
        raise RuntimeError(f"certrotd did not verify all of {expected} endpoints: {verdicts}\n{process.last_lines()}")
