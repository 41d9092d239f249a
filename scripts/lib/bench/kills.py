# SPDX-License-Identifier: Apache-2.0
"""Kills the daemon again and again while service keys are dropped in and consumers read the files."""

import argparse
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from dropping import Dropper
from process import Process
from watching import Watcher

# How long a daemon lives before it is killed, in seconds: from before it is ready to well into its work.
LIVES = (0.02, 2)
# Every so many kills it is left alone until its files are up to date.
REST_EVERY = 50
REST_SECONDS = 120
POLL_SECONDS = 0.1


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="bench kills")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--keystores", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--place", type=Path, required=True)
    parser.add_argument("--certrotd", required=True)
    arguments = parser.parse_args()
    if arguments.kills < 1 or not 1 <= arguments.keystores <= 100:
        parser.error("--kills is 1 or more, --keystores is 1 to 100")
    try:
        figures = Ordeal(arguments).run()
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(figures, separators=(",", ":")))
    else:
        for name, value in figures.items():
            print(f"{name.replace('_', ' '):<22} {value}")
    return 0


class Ordeal:
    """A daemon with some keystores, of each of which the service key changes again and again."""

    def __init__(self, arguments):
        self._place = arguments.place / "kills"
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir(mode=0o700)
        self._binary = arguments.certrotd
        self._kills = arguments.kills
        self._json = arguments.json
        self._random = random.Random(arguments.seed)
        self._names = [f"store-{number}" for number in range(arguments.keystores)]
        self._state = self._place / "state"
        self._configure()
        self._dropper = Dropper(self._place, self._names, arguments.seed)
        self._watcher = Watcher(self._place, self._names)

    def run(self) -> dict:
        """Kills as often as was asked for, and returns the figures."""
        for name in self._names:
            self._dropper.drop(name)
        with self._start() as process:
            self._rest(process)
            process.stop()
        over = threading.Event()
        workers = [threading.Thread(target=work, args=(over,)) for work in (self._dropper.run, self._watcher.run)]
        for worker in workers:
            worker.start()
        try:
            for number in range(1, self._kills + 1):
                with self._start() as process:
                    time.sleep(self._random.uniform(*LIVES))
                    process.kill()
                self._watcher.must_be_content()
                if number % REST_EVERY == 0 or number == self._kills:
                    self._settle(number)
        finally:
            over.set()
            for worker in workers:
                worker.join()
        self._watcher.must_be_content()
        with self._start() as process:
            self._rest(process)
            self._judge()
            process.stop()
        return {
            "kills": self._kills, "service_keys_dropped": self._dropper.count, "generations": self._generations(),
            "looks": self._watcher.looks, "file_sets_seen": self._watcher.distinct, "mixed_or_missing": 0}

    def _configure(self) -> None:
        lines = ["defaults: {keep-generations: 3}", "service-keys:"]
        for name in self._names:
            lines.append(f"  {name}: {{from: {{file: {self._place / name}.json}}, verify: none}}")
        lines.append("keystores:")
        for name in self._names:
            hook = f'[[/bin/sh, -c, "echo $CERTROTD_GENERATION >> {self._place}/{name}.hooks"]]'
            lines += [
                f"  {name}:", f"    identity: {{service-key: {name}}}",
                f"    trust: {{bundles: [{self._place / 'roots.pem'}]}}", "    files:",
                "      - pem: {certificate: cert.pem, key: key.pem}",
                "      - pfx: {path: cert.pfx, empty-password: true}",
                f"      - pem: {{certificate: {self._place / name}.pem}}", f"    after-change: {hook}"]
        (self._place / "certrotd.yaml").write_text("\n".join(lines) + "\n")

    def _start(self) -> Process:
        return Process(
            [self._binary, "run", "--config", str(self._place / "certrotd.yaml"), "--state", str(self._state)],
            self._place / "log")

    def _settle(self, number: int) -> None:
        with self._dropper.paused, self._start() as process:
            self._rest(process)
            process.stop()
        if not self._json:
            print(f"{number} kills, {self._dropper.count} service keys, {self._watcher.looks} looks", file=sys.stderr)

    def _rest(self, process: Process) -> None:
        """Returns when each keystore has the service key that was dropped last, and its hook has run."""
        deadline = time.monotonic() + REST_SECONDS
        while True:
            late = [name for name in self._names if not self._is_up_to_date(name)]
            if not late:
                return
            process.must_run()
            if time.monotonic() > deadline:
                raise RuntimeError(f"{', '.join(late)} did not follow:\n{process.last_lines()}")
            time.sleep(POLL_SECONDS)

    def _is_up_to_date(self, name: str) -> bool:
        current = self._state / "keystores" / name / "current"
        if not current.exists() or not (self._place / f"{name}.hooks").exists():
            return False
        generation = str(int(current.resolve().name))
        return (
            (current / "cert.pem").read_text().startswith(self._dropper.certificates[name])
            and generation in (self._place / f"{name}.hooks").read_text().split())

    def _judge(self) -> None:
        """Ledger and disk agree, and what has to be done once was done once."""
        with sqlite3.connect(f"file:{self._state / 'ledger.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
            if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise RuntimeError("the ledger is damaged")
            for name in self._names:
                current = [row[0] for row in database.execute(
                    "SELECT number FROM generation JOIN subject ON subject.id = keystore"
                    " WHERE subject.name = ? AND state = 'current'", (name,))]
                link = int((self._state / "keystores" / name / "current").resolve().name)
                if current != [link]:
                    raise RuntimeError(f"{name}: the ledger says {current}, the link {link}")
        for name in self._names:
            result = subprocess.run(
                [self._binary, "verify", name, "--config", str(self._place / "certrotd.yaml"),
                 "--state", str(self._state)], capture_output=True, text=True, check=False, timeout=300)
            if result.returncode != 0:
                raise RuntimeError(f"certrotd verify ended with {result.returncode}:\n{result.stdout}{result.stderr}")

    def _generations(self) -> int:
        return sum(int((self._state / "keystores" / name / "current").resolve().name) for name in self._names)


if __name__ == "__main__":
    sys.exit(main())
