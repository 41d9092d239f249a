# SPDX-License-Identifier: Apache-2.0
"""Access tokens, and the users and sessions that they belong to."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
import os
import uuid

from .books import Books
from .clock import Clock, stamp

# What SAP allows a user at one identity provider.
MOST_SESSIONS = 10


@dataclasses.dataclass
class Token:
    """An access token, or another that stands for somebody until it ends."""

    # "cf" for Cloud Foundry, "sm" for Service Manager, "service" for anything else, "id" for an assertion.
    kind: str
    subject: str
    ends: datetime.datetime


@dataclasses.dataclass
class User:
    """A technical user of a platform identity provider."""

    name: str
    password: str
    origin: str = "sap.ids"
    # space_developer, space_auditor (sees keys and not their details), or none.
    role: str = "space_developer"
    failures: int = 0
    locked: bool = False
    # Refresh tokens and when they end, the oldest first.
    sessions: dict[str, datetime.datetime] = dataclasses.field(default_factory=dict)
    # Of the encoded client certificate that the identity provider knows the user by, SHA-256.
    fingerprint: bytes = b""
    certificate_ends: datetime.datetime | None = None


class Tokens:
    """Issues tokens, knows the valid ones, and takes them back."""

    def __init__(self, clock: Clock, books: Books) -> None:
        self.clock = clock
        self.books = books
        self.valid: dict[str, Token] = {}
        self.users: dict[tuple[str, str], User] = {}
        # Refresh tokens that were exchanged, and for what.
        self.replaced: dict[str, str] = {}
        self.passcodes: dict[str, tuple[User, datetime.datetime]] = {}
        self.settings: dict[str, float] = {
            "token_seconds": 1200,
            "refresh_seconds": 30 * 86400,
            "service_token_seconds": 43200,
            "lock_after": 5,
            "refresh_once": 0,
        }

    def issue(self, kind: str, subject: str, seconds: float, issuer: str = "simulator") -> str:
        """A token with the look of a JWT (RFC 7519); nobody can check its signature, which is noise."""
        now = self.clock.now()
        ends = now + datetime.timedelta(seconds=seconds)
        header = {"alg": "RS256", "jku": f"{issuer}/token_keys", "kid": "simulator", "typ": "JWT"}
        claims = {
            "jti": uuid.uuid4().hex,
            "sub": subject,
            "user_name": subject,
            "client_id": "cf",
            "iss": f"{issuer}/oauth/token",
            "iat": int(now.timestamp()),
            "exp": int(ends.timestamp()),
            "aud": ["cf", "cloud_controller"],
        }
        text = ".".join(
            _base64url(part) for part in (json.dumps(header).encode(), json.dumps(claims).encode(), os.urandom(256))
        )
        self.valid = {token: held for token, held in self.valid.items() if held.ends > now}
        self.valid[text] = Token(kind, subject, ends)
        return self.books.secret(f"{kind} token", text)

    def find(self, text: str | None, kind: str) -> Token | None:
        """The token, if it is one of this kind that is still valid."""
        token = self.valid.get(text or "")
        return token if token and token.kind == kind and token.ends > self.clock.now() else None

    def revoke(self, text: str | None) -> None:
        """Takes one token back; without a text, all. Refresh tokens stay."""
        if text is None:
            self.valid.clear()
        else:
            self.valid.pop(text, None)

    def add_user(self, user: User) -> User:
        self.books.secret("password", user.password)
        self.users[user.origin, user.name] = user
        return user

    def open_session(self, user: User) -> str:
        """A new refresh token. More sessions than are allowed end the oldest ones."""
        now = self.clock.now()
        user.sessions = {token: ends for token, ends in user.sessions.items() if ends > now}
        refresh = self.books.secret("refresh token", uuid.uuid4().hex + "-r")
        user.sessions[refresh] = now + datetime.timedelta(seconds=self.settings["refresh_seconds"])
        count = len(user.sessions)
        self.books.most_sessions[user.name] = max(count, self.books.most_sessions.get(user.name, 0))
        while len(user.sessions) > MOST_SESSIONS:
            del user.sessions[next(iter(user.sessions))]
        return refresh

    def exchange(self, refresh: str) -> tuple[User, str] | None:
        """The user of a refresh token and the token that takes its place, if it is valid."""
        now = self.clock.now()
        while refresh in self.replaced and not self.settings["refresh_once"]:
            # The answer with the new one may have been lost: the old one still leads to the same session.
            refresh = self.replaced[refresh]
        for user in self.users.values():
            ends = user.sessions.get(refresh, now)
            if ends > now and not user.locked:
                del user.sessions[refresh]
                replacement = self.books.secret("refresh token", uuid.uuid4().hex + "-r")
                user.sessions[replacement] = ends
                self.replaced[refresh] = replacement
                return user, replacement
        return None

    def passcode(self, user: User) -> str:
        """A passcode for one login within five minutes."""
        code = self.books.secret("passcode", uuid.uuid4().hex[:10])
        self.passcodes[code] = user, self.clock.now() + datetime.timedelta(minutes=5)
        return code

    def redeem(self, code: str) -> User | None:
        user, ends = self.passcodes.pop(code, (None, self.clock.now()))
        return user if ends > self.clock.now() else None

    def describe_users(self) -> list[dict[str, object]]:
        return [
            {
                "name": user.name,
                "origin": user.origin,
                "role": user.role,
                "locked": user.locked,
                "failures": user.failures,
                "sessions": len(user.sessions),
                "certificate_ends": stamp(user.certificate_ends) if user.certificate_ends else None,
            }
            for user in self.users.values()
        ]


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
