# SPDX-License-Identifier: Apache-2.0
"""The runtime of Cloud Integration: the HTTPS sender endpoints of integration flows."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from .marketplace import Key, Marketplace
from .tokens import Tokens
from .uaa import accepted_key
from .web import Reply, Request, Route, Service, json_reply


@dataclasses.dataclass
class Flow:
    """An integration flow with an HTTPS sender."""

    path: str
    # Whether the sender is protected against cross-site request forgery.
    csrf: bool = True
    # Whether the caller's role suffices.
    permitted: bool = True
    # Whether the sender takes HEAD.
    head: bool = True
    # "up", "down" (503), or "failing" (500, once it ran).
    state: str = "up"
    # What CamelHttpResponseCode is set to.
    status: int = 200


def plain(status: int, text: str = "", headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/plain;charset=UTF-8", **(headers or {})})


class Runtime(Service):
    """Answers below /http/, and counts what it runs."""

    name = "runtime"

    def __init__(self, tokens: Tokens, marketplace: Marketplace, intermediate: bytes) -> None:
        self.tokens = tokens
        self.marketplace = marketplace
        self.intermediate = intermediate
        self.flows: dict[str, Flow] = {}
        self.csrf_tokens: set[str] = set()
        self.routes = [Route("*", "/http/*", "runtime.call", self.call)]

    def add(self, **facts: Any) -> Flow:
        flow = Flow(**facts)
        # Addresses of senders do not tell upper case from lower.
        self.flows[flow.path.lower()] = flow
        return flow

    def unknown(self, request: Request) -> Reply:
        return plain(404)

    def unauthorized(self, request: Request) -> Reply:
        return plain(401, "", {"WWW-Authenticate": 'Basic realm="simulator"'})

    def unavailable(self) -> Reply:
        return plain(503, "Service Unavailable")

    def server_error(self) -> Reply:
        return plain(500, "An internal server error occurred.")

    def rate_limited(self, seconds: int) -> Reply:
        return json_reply(429, {"error": "Too Many Requests"}, {"Retry-After": str(seconds)})

    def call(self, request: Request) -> Reply:
        reply, executed = self._answer(request)
        self.tokens.books.record(
            "iflow_calls", path=request.path, method=request.method, status=reply.status, executed=executed
        )
        if executed:
            self.tokens.books.executions[request.path] += 1
        return reply

    def _caller(self, request: Request) -> Key | None:
        token = self.tokens.find(request.bearer, "service")
        key = self.marketplace.keys.get(token.subject) if token else None
        key = key or accepted_key(request, self.marketplace, self.intermediate)
        return key if key and key.instance.offering.name == "it-rt" else None

    def _answer(self, request: Request) -> tuple[Reply, bool]:
        if request.asks_for("refused") or not self._caller(request):
            return self.unauthorized(request), False
        flow = self.flows.get(request.path.removeprefix("/http").lower())
        if flow is None:
            return self.unknown(request), False
        if flow.state == "down":
            return self.unavailable(), False
        if not flow.permitted:
            return plain(403, "Forbidden"), False
        if request.method == "HEAD" and not flow.head:
            return plain(405, "", {"Allow": "GET, POST"}), False
        if flow.csrf:
            sent = request.headers.get("x-csrf-token", "")
            if request.method in ("GET", "HEAD"):
                if sent.lower() == "fetch":
                    return self._csrf_token(), False
            elif sent not in self.csrf_tokens:
                return plain(403, "", {"X-CSRF-Token": "Required"}), False
        if flow.state == "failing":
            return self.server_error(), True
        return plain(flow.status, "done"), True

    def _csrf_token(self) -> Reply:
        """The token, and nothing is run."""
        token = self.tokens.books.secret("csrf token", uuid.uuid4().hex.upper())
        self.csrf_tokens.add(token)
        return plain(
            200, "", {"X-CSRF-Token": token, "Set-Cookie": f"JSESSIONID={uuid.uuid4().hex}; Path=/; Secure; HttpOnly"}
        )
