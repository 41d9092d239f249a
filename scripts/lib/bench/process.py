# SPDX-License-Identifier: Apache-2.0
"""One process that was started here, and what it used."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Use:
    """What a process and the children that it waited for used, from its start to its end."""

    cpu_us: float
    peak_rss_mb: float
    seconds: float


class Process:
    """A process whose resources are counted, and which is ended by its own id only."""

    def __init__(self, arguments: list, log: Path, environment: dict = None, stdin=subprocess.DEVNULL):
        self.log = log
        self.started = time.monotonic()
        with log.open("wb") as output:
            self._child = subprocess.Popen(  # pylint: disable=consider-using-with
                arguments, stdin=stdin, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})})
        self._name = arguments[0]

    def must_run(self) -> None:
        """Raises with the last lines of its log when the process has ended."""
        if self._child.poll() is not None:
            raise RuntimeError(f"{self._name} ended with {self._child.returncode}:\n{self.last_lines()}")

    def last_lines(self) -> str:
        """The end of what the process printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])

    def peak_rss_mb(self) -> float:
        """The most resident memory so far, in units of 2^20 bytes; the process has to run."""
        for line in Path(f"/proc/{self._child.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"{self._name} has no memory any more:\n{self.last_lines()}")

    def look(self) -> tuple:
        """How many descriptors are open now, and the resident memory in units of 2^20 bytes."""
        self.must_run()
        place = Path(f"/proc/{self._child.pid}")
        pages = int((place / "statm").read_text().split()[1])
        return len(list((place / "fd").iterdir())), pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def reload(self) -> None:
        """Asks it to read its configuration again."""
        self.must_run()
        self._child.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """Ends the process as the kernel does when it has to, and waits for that."""
        self.must_run()
        self._child.kill()
        self._child.wait()

    def stop(self) -> Use:
        """Ends the process with SIGTERM, with SIGKILL after ten seconds, and tells what it used up to its end."""
        seconds = time.monotonic() - self.started
        self.must_run()
        peak = self.peak_rss_mb()
        self._child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 10
        while True:
            pid, _, usage = os.wait4(self._child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                self._child.kill()
            time.sleep(0.01)
        self._child.returncode = 0
        return Use(cpu_us=1e6 * (usage.ru_utime + usage.ru_stime), peak_rss_mb=peak, seconds=seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
