# SPDX-License-Identifier: Apache-2.0
"""A loop of `openssl s_client`, several at a time, as a shell script would run it."""

import os
import subprocess
import time

from landscape import PORT, Landscape
from process import Process, Use


def measure(landscape: Landscape, sample: int) -> Use:
    """One process per endpoint; memory is that of a single one that has finished its handshake."""
    hosts = landscape.hosts[:sample]
    targets = landscape.place / "targets"
    targets.write_text("".join(f"{host}:{PORT}\n" for host in hosts))
    command = [
        "xargs", f"--arg-file={targets}", f"--max-procs={2 * os.cpu_count()}", "--replace",
        "openssl", "s_client", "-connect", "{}", *landscape.verification, "-brief",
    ]
    log = landscape.place / "s_client.log"
    started = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    answers = log.read_text(errors="replace")
    verified = answers.count("Verification: OK")
    if child.returncode != 0 or verified != len(hosts):
        raise RuntimeError(f"s_client verified {verified} of {len(hosts)} endpoints:\n{answers[-2000:]}")
    return Use(1e6 * (usage.ru_utime + usage.ru_stime), _peak_rss_mb(landscape), seconds)


def _peak_rss_mb(landscape: Landscape) -> float:
    # The kernel's own figure for a child that has ended includes what its parent had before the exec.
    reading, writing = os.pipe()
    command = ["openssl", "s_client", "-connect", f"{landscape.hosts[0]}:{PORT}", *landscape.verification, "-brief"]
    with Process(command, landscape.place / "s_client-one.log", stdin=reading) as one:
        try:
            while "Verification: OK" not in one.last_lines():
                one.must_run()
                time.sleep(0.01)
            return one.peak_rss_mb()
        finally:
            os.close(reading)
            os.close(writing)
