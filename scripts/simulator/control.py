# SPDX-License-Identifier: Apache-2.0
"""The control endpoint: what a test does to the platform behind the client's back, and what it looks up afterwards."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from . import authority
from .clock import parse, stamp
from .faults import Fault
from .marketplace import Key, describe
from .tokens import User
from .web import Refusal, Reply, Request, Route, Service, json_reply

if TYPE_CHECKING:
    from .platform import Platform

Json = dict[str, Any]


class Control(Service):
    """Plain HTTP, on a port of its own. Bodies and answers are JSON objects; a mistake in one is answered with 400."""

    name = "control"

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.routes = [
            Route("GET", "/books", "control.books", self.books),
            Route("GET", "/secrets", "control.secrets", self.secrets),
            Route("GET", "/clock", "control.clock", self.clock),
            Route("POST", "/clock", "control.clock", self.clock),
            Route("GET", "/faults", "control.faults", self.faults),
            Route("POST", "/faults", "control.faults", self.faults),
            Route("DELETE", "/faults", "control.faults", self.clear_faults),
            Route("GET", "/settings", "control.settings", self.settings),
            Route("POST", "/settings", "control.settings", self.settings),
            Route("GET", "/instances", "control.instances", self.instances),
            Route("POST", "/instances", "control.instances", self.add_instance),
            Route("POST", "/instances/{guid}", "control.instances", self.change_instance),
            Route("GET", "/users", "control.users", self.users),
            Route("POST", "/users", "control.users", self.add_user),
            Route("POST", "/clients", "control.clients", self.add_client),
            Route("POST", "/assertions", "control.assertions", self.add_assertion),
            Route("DELETE", "/tokens", "control.tokens", self.revoke_tokens),
            Route("POST", "/keys", "control.keys", self.add_key),
            Route("GET", "/keys/{guid}/credentials", "control.keys", self.credentials),
            Route("DELETE", "/keys/{guid}", "control.keys", self.delete_key),
            Route("POST", "/flows", "control.flows", self.add_flow),
            Route("POST", "/foreign-certificates", "control.certificates", self.foreign_certificate),
        ]

    # What happened

    def books(self, request: Request) -> Reply:
        """Everything, or with `?only=keys,deletions` these parts, for runs in which the books grow long."""
        self.platform.marketplace.settle()
        found = {"keys": self.platform.marketplace.describe(), **self.platform.shared.books.summary()}
        only = request.query.get("only")
        return json_reply(200, {part: found[part] for part in only.split(",") if part in found} if only else found)

    def secrets(self, request: Request) -> Reply:
        return json_reply(200, {"secrets": self.platform.shared.books.secrets()})

    # Time, faults and settings

    def clock(self, request: Request) -> Reply:
        """`now` sets, `offset_seconds` sets from the host's clock, `advance_seconds` moves, `frozen` stops."""
        clock, body = self.platform.shared.clock, _known(request, "now", "offset_seconds", "advance_seconds", "frozen")
        if "frozen" in body:
            clock.freeze(bool(body["frozen"]))
        if "now" in body:
            clock.set(parse(body["now"]))
        if "offset_seconds" in body:
            host = datetime.datetime.now(datetime.timezone.utc)
            clock.set(host + datetime.timedelta(seconds=float(body["offset_seconds"])))
        if "advance_seconds" in body:
            clock.advance(float(body["advance_seconds"]))
        return json_reply(200, {"now": stamp(clock.now(), milliseconds=True), "frozen": clock.frozen})

    def faults(self, request: Request) -> Reply:
        """Queues one fault (`kind`, `route`, `after`, `times`, `seconds`), or sets what the seed does (`rate` …)."""
        engine = self.platform.shared.faults
        body = _known(request, "kind", "route", "after", "times", "seconds", "rate", "seed", "kinds", "retry_after")
        for name in ("rate", "seed", "kinds", "retry_after"):
            if name in body:
                setattr(engine, name, body.pop(name))
        if body:
            engine.add(Fault(**body))
        return json_reply(200, engine.describe())

    def clear_faults(self, request: Request) -> Reply:
        engine = self.platform.shared.faults
        engine.waiting.clear()
        engine.rate = 0
        return json_reply(200, engine.describe())

    def settings(self, request: Request) -> Reply:
        groups = {
            **{name: self.platform.marketplace.settings for name in self.platform.marketplace.settings},
            **{name: self.platform.tokens.settings for name in self.platform.tokens.settings},
            "cf_largest_page": self.platform.cloud_foundry.settings,
            "sm_largest_page": self.platform.service_manager.settings,
        }
        for name, value in _known(request, *groups).items():
            groups[name][name.removeprefix("cf_").removeprefix("sm_")] = float(value)
        return json_reply(
            200, {name: group[name.removeprefix("cf_").removeprefix("sm_")] for name, group in groups.items()}
        )

    # Instances and keys

    def instances(self, request: Request) -> Reply:
        return json_reply(200, {"instances": self.platform.describe_instances()})

    def add_instance(self, request: Request) -> Reply:
        body = _known(
            request, "platform", "name", "offering", "plan", "guid", "most_keys", "quota", "bindable", "labels"
        )
        instance = self.platform.marketplace.add_instance(
            body.pop("platform", "cf"),
            body.pop("name"),
            body.pop("offering"),
            body.pop("plan", None),
            self.platform.space,
            **body,
        )
        return json_reply(201, self.platform.describe_instance(instance))

    def change_instance(self, request: Request, guid: str) -> Reply:
        """Changes `quota`, `most_keys`, `busy` or `bindable`."""
        instance = self.platform.marketplace.instances.get(guid)
        if instance is None:
            raise _unknown(guid)
        for name, value in _known(request, "quota", "most_keys", "busy", "bindable").items():
            setattr(instance, name, value)
        return json_reply(200, self.platform.describe_instance(instance))

    def _key(self, guid: str) -> Key:
        key = self.platform.marketplace.keys.get(guid)
        if key is None:
            raise _unknown(guid)
        return key

    def add_key(self, request: Request) -> Reply:
        """Makes a key at once, as a colleague did in the cockpit, and tells its credentials."""
        body = _known(request, "instance", "name", "parameters", "labels", "annotations", "fault")
        instance = self.platform.marketplace.instances.get(body["instance"])
        if instance is None:
            raise _unknown(body["instance"])
        fault = Fault(body["fault"]) if "fault" in body else None
        key, _ = self.platform.marketplace.create(
            instance,
            body["name"],
            body.get("parameters") or {},
            body.get("labels") or {},
            body.get("annotations") or {},
            fault,
            now=True,
        )
        return json_reply(201, {**describe(key), "credentials": key.content.credentials})

    def credentials(self, request: Request, guid: str) -> Reply:
        """The credentials, without a note in the books."""
        key = self._key(guid)
        return json_reply(200, {**describe(key), "credentials": key.issued.credentials if key.issued else None})

    def delete_key(self, request: Request, guid: str) -> Reply:
        """Removes a key at once, as a colleague did."""
        self.platform.marketplace.delete(self._key(guid), now=True)
        return json_reply(200, {})

    # Logins

    def users(self, request: Request) -> Reply:
        return json_reply(200, {"users": self.platform.tokens.describe_users()})

    def add_user(self, request: Request) -> Reply:
        """Adds or replaces a technical user; `certificate_days` gives it a client certificate, which is told."""
        body = _known(request, "name", "password", "origin", "role", "locked", "certificate_days")
        days = body.pop("certificate_days", None)
        user = self.platform.tokens.add_user(User(**{"password": uuid.uuid4().hex, **body}))
        found: Json = {"name": user.name, "password": user.password, "origin": user.origin, "role": user.role}
        if days is not None:
            now = self.platform.shared.clock.now()
            clients, key = self.platform.clients, self.platform.keys.take()
            subject = authority.name(("C", "DE"), ("O", "SAP SE"), ("OU", "Technical Users"), ("CN", user.name))
            user.certificate_ends = now + datetime.timedelta(days=float(days))
            leaf = clients.leaf(subject, key.public_key(), now, user.certificate_ends)
            user.fingerprint = hashlib.sha256(authority.der(leaf)).digest()
            chain = (leaf, clients.intermediate.certificate, clients.root.certificate)
            found["certificate"] = "".join(authority.pem(one) for one in chain)
            found["key"] = self.platform.shared.books.secret("private key", authority.key_pem(key))
        return json_reply(201, found)

    def add_client(self, request: Request) -> Reply:
        """Adds a client of the platform's login for the grant client_credentials."""
        body = _known(request, "name", "secret")
        secret = self.platform.shared.books.secret("client secret", body.get("secret") or uuid.uuid4().hex)
        self.platform.login.clients[body["name"]] = secret
        return json_reply(201, {"name": body["name"], "secret": secret})

    def add_assertion(self, request: Request) -> Reply:
        """An identity token of a user or client, for the grants that take one as proof."""
        body = _known(request, "name", "seconds")
        token = self.platform.tokens.issue("id", body["name"], float(body.get("seconds", 600)))
        return json_reply(201, {"assertion": token})

    def revoke_tokens(self, request: Request) -> Reply:
        """Takes all access tokens back; with `?sessions=true` the refresh tokens, too."""
        self.platform.tokens.revoke(None)
        if request.query.get("sessions") == "true":
            self.platform.tokens.replaced.clear()
            for user in self.platform.tokens.users.values():
                user.sessions.clear()
        return json_reply(200, {})

    # The runtime, and certificates of others

    def add_flow(self, request: Request) -> Reply:
        names = ("path", "csrf", "permitted", "head", "state", "status")
        return json_reply(201, dataclasses.asdict(self.platform.runtime.add(**_known(request, *names))))

    def foreign_certificate(self, request: Request) -> Reply:
        """A client certificate of another authority, which the handshake takes and no service knows."""
        body = _known(request, "common_name", "days")
        foreign, now = self.platform.foreign(), self.platform.shared.clock.now()
        key = self.platform.keys.take()
        leaf = foreign.leaf(
            authority.name(("CN", body.get("common_name", "foreign"))),
            key.public_key(),
            now,
            now + datetime.timedelta(days=float(body.get("days", 30))),
        )
        chain = (leaf, foreign.intermediate.certificate, foreign.root.certificate)
        return json_reply(
            201, {"certificate": "".join(authority.pem(one) for one in chain), "key": authority.key_pem(key)}
        )


def _known(request: Request, *names: str) -> Json:
    """The body, if it has these members only. Raises ValueError otherwise."""
    body = request.json()
    if unknown := sorted(set(body) - set(names)):
        raise ValueError(f"{', '.join(unknown)}: unknown; known are {', '.join(names)}")
    return body


def _unknown(guid: str) -> Refusal:
    return Refusal(json_reply(404, {"error": "not_found", "error_description": f"there is no {guid}"}))
