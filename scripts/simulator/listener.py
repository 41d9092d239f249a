# SPDX-License-Identifier: Apache-2.0
"""Sockets: listens on the loopback, speaks TLS and HTTP/1.1 there, and brings faults of the transport onto the wire."""

from __future__ import annotations

import dataclasses
import http
import http.server
import socket
import ssl
import struct
import sys
import threading
import traceback
from typing import Any

from .books import Books
from .clock import Clock
from .faults import Fault, FaultEngine
from .web import Refusal, Reply, Request, Route, Service, json_reply

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME (x509_vfy.h), which Python does not name: the simulated clock judges.
NO_CHECK_TIME = 0x200000
LARGEST_BODY = 1_000_000
# As long as a connection may be silent, and as long as a client may take for its part of the handshake, in seconds.
PATIENCE = 60
TOO_LARGE = 64 * 1024 * 1024
TOO_DEEP = 100_000
# Of a body without an end, how much goes out at once, and after how much it ends all the same: no client reads that far.
PIECE = 64 * 1024
ENDLESS = 4 * 1024 * 1024 * 1024

ROUTER_HTML = (
    "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n"
    "<body><h1>502 Bad Gateway</h1><p>Registered endpoint failed to handle the request.</p></body></html>\n"
)


class Shared:
    """What all listeners of a simulator have in common."""

    def __init__(self, clock: Clock, books: Books, faults: FaultEngine) -> None:
        self.clock = clock
        self.books = books
        self.faults = faults
        self.lock = threading.RLock()
        self.stopping = threading.Event()


def server_context(server_file: str) -> ssl.SSLContext:
    """TLS with the simulator's certificate, without asking for the client's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(server_file)
    # Each handshake is to show the chain that the client sends.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    return context


def mutual_context(server_file: str, authorities: str, required: bool) -> ssl.SSLContext:
    """TLS that asks for a certificate under these authorities (PEM), and fails without one if it is required."""
    context = server_context(server_file)
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    context.verify_flags = context.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
    context.load_verify_locations(cadata=authorities)
    return context


class Listener(http.server.ThreadingHTTPServer):
    """One host of the platform on a port of 127.0.0.1."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, service: Service, shared: Shared, context: ssl.SSLContext | None, port: int = 0) -> None:
        self.service = service
        self.shared = shared
        self.context = context
        super().__init__(("127.0.0.1", port), Connection)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may hang up when they please; anything else is a mistake of the simulator."""
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Connection(http.server.BaseHTTPRequestHandler):
    """One connection of a client, with as many requests as it sends."""

    protocol_version = "HTTP/1.1"
    server: Listener

    def setup(self) -> None:
        self.request.settimeout(PATIENCE)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.chain: list[bytes] = []
        if self.server.context:
            self._shake_hands(self.server.context)
        super().setup()

    def _shake_hands(self, context: ssl.SSLContext) -> None:
        self.request = context.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        try:
            self.request.do_handshake()
        except OSError as error:
            with self.server.shared.lock:
                self.server.shared.books.record(
                    "handshakes_refused", service=self.server.service.name, reason=getattr(error, "reason", str(error))
                )
            self._let_the_alert_arrive()
            raise
        if self.request.getpeercert(binary_form=True):
            # Public from Python 3.13 on.
            shown = self.request._sslobj.get_unverified_chain() or []
            self.chain = [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in shown]

    def _let_the_alert_arrive(self) -> None:
        """Reads on until the client closes: closing with unread data would reset the connection, and lose the alert."""
        self.request.settimeout(2)
        try:
            self.request.shutdown(socket.SHUT_WR)
            while socket.socket.recv(self.request, 4096):
                pass
        except OSError:
            pass
        finally:
            self.request.close()

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            if isinstance(self.request, ssl.SSLSocket):
                self.request.close()

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("do_"):
            return self._answer
        raise AttributeError(attribute)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (the name is the base's)
        """Nothing is logged: the books say what happened."""

    def version_string(self) -> str:
        return "simulator"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.shared.clock.http_date()

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(json_reply(411, {"error": "a body needs Content-Length, and at most a million bytes"}))
            return
        request = Request(
            self.command,
            self.path,
            {key.lower(): value for key, value in self.headers.items()},
            self.rfile.read(int(length)),
            self.chain,
        )
        route, arguments = self._route(request)
        shared, fault = self.server.shared, None
        with shared.lock:
            shared.books.calls[route.name if route else f"{self.server.service.name}.unknown"] += 1
            if route and self.server.context:
                fault = request.fault = shared.faults.take(route.name)
        if fault and fault.kind in ("slow", "hang"):
            # A hanging call ends when the client gives up, or the simulator.
            shared.stopping.wait(fault.seconds if fault.kind == "slow" else PATIENCE * 5)
        if fault and fault.kind in ("reset", "hang"):
            self._reset()
            return
        reply = stand_in(self.server.service, request, fault)
        if reply is None:
            with shared.lock:
                reply = handle(self.server.service, route, request, arguments)
        if fault and fault.kind == "reset-after":
            self._reset()
            return
        if fault and fault.kind == "cut-short":
            # A proxy that has lost the rest, and says that this is all.
            reply = dataclasses.replace(reply, body=reply.body[: len(reply.body) // 2])
        self._send(reply, cut=bool(fault and fault.kind == "truncated"))

    def _route(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        for route in self.server.service.routes:
            arguments = route.match(request.method, request.path)
            if arguments is not None:
                return route, arguments
        return None, {}

    def _send(self, reply: Reply, cut: bool = False) -> None:
        phrase = http.HTTPStatus(reply.status).phrase
        self.send_response(reply.status, phrase)
        for key, value in reply.headers.items():
            self.send_header(key, value)
        if reply.endless:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.endless:
            self._send_on(reply.body)
        elif cut:
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self._reset()
        elif self.command != "HEAD":
            self.wfile.write(reply.body)

    def _send_on(self, piece: bytes) -> None:
        """Sends a body without an end until the client hangs up, and notes how much it took."""
        self.close_connection = True
        chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
        sent = 0
        try:
            while sent < ENDLESS and not self.server.shared.stopping.is_set():
                self.wfile.write(chunk)
                sent += len(piece)
        finally:
            with self.server.shared.lock:
                self.server.shared.books.record("endless_bodies", service=self.server.service.name, bytes=sent)

    def _reset(self) -> None:
        """Ends the connection as a router that dies: RST, and no goodbye of TLS."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()


def handle(service: Service, route: Route | None, request: Request, arguments: dict[str, str]) -> Reply:
    """The service's answer, also when it has none, refuses, or errs."""
    if route is None:
        return service.unknown(request)
    try:
        return route.handler(request, **arguments)
    except Refusal as refusal:
        return refusal.reply
    except ValueError as error:
        return service.malformed(str(error))
    except Exception as error:
        # A mistake of the simulator must not look like one of the platform's.
        traceback.print_exc()
        return Reply(500, f"the simulator failed: {error!r}\n".encode(), {"Content-Type": "text/plain"})


def stand_in(service: Service, request: Request, fault: Fault | None) -> Reply | None:
    """What is answered in place of the call, if the fault is of that kind."""
    seconds = max(1, round(fault.seconds)) if fault else 0
    match fault.kind if fault else None:
        case "rate-limited":
            return service.rate_limited(seconds)
        case "unavailable":
            return service.unavailable()
        case "server-error":
            return service.server_error()
        case "unauthorized":
            return service.unauthorized(request)
        case "bad-gateway":
            return Reply(
                502,
                ROUTER_HTML.encode(),
                {"Content-Type": "text/html; charset=utf-8", "X-Cf-RouterError": "endpoint_failure"},
            )
        case "unknown-route":
            # What the router answers itself while an application has no instance.
            return Reply(
                404,
                b"404 Not Found: Requested route ('127.0.0.1') does not exist.\n",
                {"Content-Type": "text/plain; charset=utf-8", "X-Cf-RouterError": "unknown_route"},
            )
        case "redirect":
            return Reply(302, b"", {"Location": "https://localhost:9/elsewhere"})
        case "not-json":
            return Reply(200, b'{"guid": "', {"Content-Type": "application/json"})
        case "too-large":
            return Reply(200, b" " * TOO_LARGE, {"Content-Type": "application/json"})
        case "too-deep":
            deep = b"[" * TOO_DEEP + b"]" * TOO_DEEP
            return Reply(200, b'{"resources": %s}' % deep, {"Content-Type": "application/json"})
        case "endless":
            return Reply(200, b" " * PIECE, {"Content-Type": "application/json"}, endless=True)
        case _:
            return None
