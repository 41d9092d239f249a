# SPDX-License-Identifier: Apache-2.0
"""The platform's login (UAA), the token hosts of a subaccount (XSUAA), and the Identity Authentication tenant."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from .marketplace import Key, Marketplace
from .tokens import Tokens, User
from .web import Refusal, Reply, Request, Route, Service, json_reply

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOCKED = "Your account has been locked because of too many failed attempts to login."


def refuse(status: int, error: str, description: str) -> Refusal:
    """An error as OAuth 2.0 has it (RFC 6749 section 5.2)."""
    return Refusal(json_reply(status, {"error": error, "error_description": description}))


def basic(request: Request) -> tuple[str, str] | None:
    """Name and secret of HTTP Basic authentication (RFC 7617)."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    name, _, secret = base64.b64decode(value).decode(errors="replace").partition(":")
    return name, secret


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


class Login(Service):
    """UAA as the Cloud Foundry command line uses it: its public client is `cf`, with an empty secret."""

    name = "uaa"

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        # Clients with the grant client_credentials, and their secrets.
        self.clients: dict[str, str] = {}
        self.routes = [
            Route("POST", "/oauth/token", "uaa.token", self.token),
            Route("GET", "/login", "uaa.info", self.info),
            Route("GET", "/info", "uaa.info", self.info),
        ]

    def rate_limited(self, seconds: int) -> Reply:
        return json_reply(
            429,
            {"error": "too_many_requests", "error_description": "Rate limit exceeded"},
            {"Retry-After": str(seconds)},
        )

    def info(self, request: Request) -> Reply:
        return json_reply(
            200,
            {
                "app": {"version": "77.0.0"},
                "links": {"uaa": self.url, "login": self.url},
                "prompts": {"username": ["text", "Email"], "password": ["password", "Password"]},
            },
        )

    def token(self, request: Request) -> Reply:
        if request.asks_for("refused"):
            raise refuse(401, "unauthorized", "Bad credentials")
        form = request.form
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            return self._client_credentials(request, form)
        client = basic(request)
        if client is None or client[0] != "cf" or client[1]:
            raise refuse(401, "invalid_client", "Bad credentials")
        if grant == "refresh_token":
            found = self.tokens.exchange(form.get("refresh_token", ""))
            self._note(grant, found[0].name if found else "", found is not None)
            if not found:
                raise refuse(401, "invalid_token", "The token expired, was revoked, or the token ID is incorrect.")
            return self._granted(*found)
        if grant == "password":
            user = self._by_password(request, form)
        elif grant == JWT_BEARER:
            user = self._by_assertion(form.get("assertion", ""))
        else:
            raise refuse(400, "unsupported_grant_type", f"Unsupported grant type: {grant}")
        return self._granted(user, self.tokens.open_session(user))

    def _note(self, grant: str, who: str, accepted: bool) -> None:
        self.tokens.books.record("logins", grant=grant, user=who, accepted=accepted)

    def _granted(self, user: User, refresh: str) -> Reply:
        seconds = self.tokens.settings["token_seconds"]
        access = self.tokens.issue("cf", user.name, seconds, self.url)
        return json_reply(
            200,
            {
                "access_token": access,
                "token_type": "bearer",
                "expires_in": int(seconds) - 1,
                "refresh_token": refresh,
                "id_token": self.tokens.issue("id-of-uaa", user.name, seconds, self.url),
                "scope": "cloud_controller.read password.write cloud_controller.write openid uaa.user",
                "jti": hashlib.sha256(access.encode()).hexdigest()[:32],
            },
        )

    def _by_password(self, request: Request, form: dict[str, str]) -> User:
        if "passcode" in form:
            user = self.tokens.redeem(form["passcode"])
            self._note("passcode", user.name if user else "", user is not None)
            if not user:
                raise refuse(401, "invalid_grant", "Invalid passcode")
            return user
        hint = request.query.get("login_hint") or form.get("login_hint") or '{"origin": "sap.ids"}'
        origin = json.loads(hint).get("origin", "")
        user = self.tokens.users.get((origin, form.get("username", "")))
        if request.asks_for("locked") and user:
            user.locked = True
        if user and user.locked:
            self._note("password", user.name, False)
            raise refuse(401, "unauthorized", LOCKED)
        password = form.get("password", "")
        if user and (same(user.password, password) or self.tokens.redeem(password) is user):
            user.failures = 0
            self._note("password", user.name, True)
            return user
        self._note("password", form.get("username", ""), False)
        if user:
            user.failures += 1
            user.locked = user.failures >= self.tokens.settings["lock_after"]
        raise refuse(401, "unauthorized", "Bad credentials")

    def _by_assertion(self, assertion: str) -> User:
        token = self.tokens.find(assertion, "id")
        user = next((user for user in self.tokens.users.values() if token and user.name == token.subject), None)
        self._note("jwt-bearer", user.name if user else "", user is not None)
        if not user:
            raise refuse(401, "invalid_grant", "Invalid assertion")
        return user

    def _client_credentials(self, request: Request, form: dict[str, str]) -> Reply:
        name, secret = basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if "client_assertion" in form:
            accepted = self.tokens.find(form["client_assertion"], "id") is not None and name in self.clients
        else:
            accepted = name in self.clients and same(self.clients[name], secret)
        self._note("client_credentials", name, accepted)
        if not accepted:
            raise refuse(401, "invalid_client", "Bad credentials")
        seconds = self.tokens.settings["token_seconds"]
        return json_reply(
            200,
            {
                "access_token": self.tokens.issue("cf", name, seconds, self.url),
                "token_type": "bearer",
                "expires_in": int(seconds) - 1,
                "scope": "cloud_controller.read cloud_controller.write",
                "jti": name,
            },
        )


class TokenHost(Service):
    """A host that gives tokens to service clients: for certificates, for secrets, or Identity's for both."""

    def __init__(self, name: str, path: str, tokens: Tokens, marketplace: Marketplace, intermediate: bytes) -> None:
        self.name = name
        self.tokens = tokens
        self.marketplace = marketplace
        # The load balancer hands a certificate on only if the client sends what leads up to a root that it knows.
        self.intermediate = intermediate
        self.routes = [Route("POST", path, f"{name}.token", self.token)]
        if name == "identity":
            self.routes.append(Route("GET", "/service/users/passcode", "identity.passcode", self.passcode))

    def rate_limited(self, seconds: int) -> Reply:
        return json_reply(
            429,
            {"error": "too_many_requests", "error_description": "Rate limit exceeded"},
            {"Retry-After": str(seconds)},
        )

    def token(self, request: Request) -> Reply:
        """A token for a client certificate (RFC 8705 section 2), or for a secret where that is taken."""
        form = request.form
        client = form.get("client_id", "")
        if not client and (sent := basic(request)):
            client, form["client_secret"] = sent
        if form.get("grant_type") != "client_credentials":
            raise refuse(400, "unsupported_grant_type", "Unsupported grant type")
        key = (
            self._by_secret(client, form["client_secret"])
            if form.get("client_secret")
            else self._by_certificate(request)
        )
        if request.asks_for("refused") or key is None or key.content.client != client:
            self.tokens.books.record("token_requests", host=self.name, client=client, accepted=False)
            known = any(one.issued and one.issued.client == client for one in self.marketplace.existing())
            if self.name == "xsuaa" and known:
                raise refuse(401, "unauthorized", f"Unsupported instance credential for {client}")
            raise refuse(401, "invalid_client", "Bad credentials")
        self.tokens.books.record("token_requests", host=self.name, client=client, accepted=True, guid=key.guid)
        seconds = self.tokens.settings["service_token_seconds"]
        kind = "sm" if key.instance.offering.name == "service-manager" else "service"
        return json_reply(
            200,
            {
                "access_token": self.tokens.issue(kind, key.guid, seconds, self.url),
                "token_type": "Bearer" if self.name == "identity" else "bearer",
                "expires_in": int(seconds) - 1,
                "scope": "uaa.resource",
                "jti": key.guid.replace("-", ""),
            },
        )

    def _by_certificate(self, request: Request) -> Key | None:
        if self.name == "xsuaa":
            return None
        return accepted_key(request, self.marketplace, self.intermediate)

    def _by_secret(self, client: str, secret: str) -> Key | None:
        if self.name == "token":
            return None
        return next(
            (
                key
                for key in self.marketplace.existing()
                if key.issued and key.issued.secret and key.issued.client == client and same(key.issued.secret, secret)
            ),
            None,
        )

    def passcode(self, request: Request) -> Reply:
        """A passcode for the user whose certificate this is, for a login at the platform."""
        user = None
        if forwarded(request, self.intermediate):
            fingerprint = hashlib.sha256(request.chain[0]).digest()
            user = next((one for one in self.tokens.users.values() if one.fingerprint == fingerprint), None)
        in_time = user and user.certificate_ends and user.certificate_ends > self.tokens.clock.now()
        self.tokens.books.record(
            "token_requests", host="passcode", client=user.name if user else "", accepted=bool(in_time)
        )
        if not user or not in_time or request.asks_for("refused"):
            raise refuse(401, "unauthorized", "The client certificate is not accepted")
        return json_reply(200, {"passcode": self.tokens.passcode(user)})


def forwarded(request: Request, intermediate: bytes) -> bool:
    """Whether the load balancer hands the client's certificate on: it came with the intermediate that issued it."""
    return intermediate in request.chain[1:]


def accepted_key(request: Request, marketplace: Marketplace, intermediate: bytes) -> Key | None:
    """The key whose certificate the client showed, if it is in force."""
    if not forwarded(request, intermediate):
        return None
    return marketplace.holder(hashlib.sha256(request.chain[0]).digest())
