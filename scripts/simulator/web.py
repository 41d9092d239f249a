# SPDX-License-Identifier: Apache-2.0
"""Requests, replies and routes: what the parts of the platform have in common, without sockets."""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .faults import Fault


@dataclasses.dataclass
class Request:
    """One call, as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    # The encoded certificates that the client showed, its own first.
    chain: list[bytes] = dataclasses.field(default_factory=list)
    # What is to go wrong in the platform while this call is answered.
    fault: Fault | None = None

    @property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query; of one that is given twice, the last."""
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ValueError when it is none."""
        value = json.loads(self.body or b"{}")
        if not isinstance(value, dict):
            raise ValueError("a JSON object is expected")
        return value

    @property
    def bearer(self) -> str | None:
        """The access token, if the client sent one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token else None

    def asks_for(self, kind: str) -> bool:
        """Whether this fault is to happen."""
        return self.fault is not None and self.fault.kind == kind


@dataclasses.dataclass
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    # Whether the body is repeated, without a length, for as long as somebody reads it.
    endless: bool = False


def json_reply(status: int, value: Any, headers: dict[str, str] | None = None) -> Reply:
    found = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Reply(status, json.dumps(value).encode(), found)


class Refusal(Exception):
    """Ends the handling of a request with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


Handler = Callable[..., Reply]


@dataclasses.dataclass
class Route:
    """What a method and a path lead to; `{word}` in the path becomes an argument of the handler."""

    method: str
    path: str
    # By which faults and books know it.
    name: str
    handler: Handler

    def match(self, method: str, path: str) -> dict[str, str] | None:
        if self.method not in (method, "*"):
            return None
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path)).replace(r"\*", ".*")
        found = re.fullmatch(pattern, path)
        return {key: urllib.parse.unquote(value) for key, value in found.groupdict().items()} if found else None


class Service:
    """One host of the platform. Its words for what any host may answer are its dialect."""

    name = ""
    # Where it is reached, once its port is open.
    url = ""
    routes: list[Route] = []

    def unknown(self, request: Request) -> Reply:
        """The answer to a path that leads nowhere."""
        return json_reply(404, {"error": "not_found", "path": request.path})

    def malformed(self, reason: str) -> Reply:
        """The answer to a body that cannot be read."""
        return json_reply(400, {"error": "invalid_request", "error_description": reason})

    def unauthorized(self, request: Request) -> Reply:
        return json_reply(401, {"error": "unauthorized", "error_description": "Bad credentials"})

    def rate_limited(self, seconds: int) -> Reply:
        return json_reply(429, {"error": "rate_limited"}, {"Retry-After": str(seconds)})

    def unavailable(self) -> Reply:
        return json_reply(503, {"error": "unavailable", "error_description": "Service Unavailable"})

    def server_error(self) -> Reply:
        return json_reply(500, {"error": "server_error", "error_description": "Internal Server Error"})
