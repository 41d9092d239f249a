# SPDX-License-Identifier: Apache-2.0
"""prometheus-blackbox-exporter, asked as a Prometheus server would ask it, over connections that are kept."""

import asyncio
import time

from landscape import PORT, SERVER_NAME, Landscape
from process import Process, Use

LISTEN_PORT = 9115
CONCURRENCY = 64

CONFIGURATION = """
modules:
  tls:
    prober: tcp
    timeout: 30s
    tcp:
      tls: true
      preferred_ip_protocol: ip4
      tls_config:
        ca_file: {root}
        server_name: {server_name}
"""


def start(landscape: Landscape) -> Process:
    """Starts the exporter and returns when it answers; its own log level keeps single probes out of its log."""
    configuration = landscape.place / "blackbox.yml"
    configuration.write_text(CONFIGURATION.format(root=landscape.root, server_name=SERVER_NAME))
    process = Process(
        ["prometheus-blackbox-exporter", f"--config.file={configuration}",
         f"--web.listen-address=127.0.0.1:{LISTEN_PORT}"],
        landscape.place / "blackbox.log")
    for _ in range(200):
        try:
            asyncio.run(_ask(["-/healthy"]))
            return process
        except ConnectionError:
            process.must_run()
            time.sleep(0.02)
    process.stop()
    raise RuntimeError(f"the exporter does not answer:\n{process.last_lines()}")


def measure(landscape: Landscape) -> Use:
    """Has every endpoint probed once."""
    process = start(landscape)
    with process:
        asyncio.run(_ask_all(landscape.hosts))
        return process.stop()


def idle(landscape: Landscape) -> Use:
    """What starting and ending costs without a probe."""
    return start(landscape).stop()


async def _ask_all(hosts) -> None:
    # The iterator is shared: each connection takes the next host.
    paths = (f"probe?module=tls&target={host}:{PORT}" for host in hosts)
    await asyncio.gather(*(_ask(paths, expected=b"\nprobe_success 1\n") for _ in range(CONCURRENCY)))


async def _ask(paths, expected: bytes = b"") -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", LISTEN_PORT)
    try:
        for path in paths:
            writer.write(f"GET /{path} HTTP/1.1\r\nHost: exporter\r\n\r\n".encode())
            body = await _body(reader)
            if expected not in body:
                raise RuntimeError(f"the exporter did not verify {path}:\n{body.decode(errors='replace')}")
    finally:
        writer.close()


async def _body(reader: asyncio.StreamReader) -> bytes:
    """One answer's body (RFC 9112, section 6)."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"\r\ntransfer-encoding: chunked\r\n" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return body
    return await reader.readexactly(int(head.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0]))
