# SPDX-License-Identifier: Apache-2.0
"""Puts the parts of the platform together, and opens their ports."""

from __future__ import annotations

import json
import pathlib
import ssl
import threading
import uuid
from typing import Any

from . import authority
from .books import Books
from .clock import Clock
from .cloud_foundry import CloudFoundry
from .control import Control
from .faults import FaultEngine
from .issuing import Issuer
from .listener import Listener, Shared, mutual_context, server_context
from .marketplace import Instance, Marketplace
from .offerings import OFFERINGS
from .runtime import Runtime
from .service_manager import ServiceManager
from .tokens import Tokens, User
from .uaa import Login, TokenHost
from .web import Service

# What the platform begins with, unless it is to begin empty.
FLOW = "/simulated"
USER = "certrotd@example.org"
ORIGIN = "simulator-platform"


class Platform:
    """A whole simulated landscape."""

    def __init__(
        self,
        directory: pathlib.Path,
        clock: Clock,
        rate: float,
        seed: int,
        kinds: list[str] | None,
        reuse_keys: int,
        ports: dict[str, int],
    ) -> None:
        self.directory = directory
        books = Books(clock)
        self.shared = Shared(clock, books, FaultEngine(books, rate, seed, kinds))
        self.server = authority.ServerAuthority(directory)
        self.clients = authority.ClientAuthority(directory, clock.now())
        self.keys = authority.KeyPool(reuse_keys)
        self.tokens = Tokens(clock, books)
        self.urls: dict[str, str] = {}
        self.marketplace = Marketplace(clock, books, Issuer(self.clients, self.keys, books, self.urls))
        self.space = str(uuid.uuid4())
        self._foreign: authority.ClientAuthority | None = None

        intermediate = authority.der(self.clients.intermediate.certificate)
        self.cloud_foundry = CloudFoundry(self.tokens, self.marketplace)
        self.login = Login(self.tokens)
        self.service_manager = ServiceManager(self.tokens, self.marketplace)
        self.runtime = Runtime(self.tokens, self.marketplace, intermediate)
        token_hosts = [
            TokenHost(name, path, self.tokens, self.marketplace, intermediate)
            for name, path in (("xsuaa", "/oauth/token"), ("token", "/oauth/token"), ("identity", "/oauth2/token"))
        ]
        plain = server_context(str(self.server.server_file))
        self._mutual = [self._asking(required=True), self._asking(required=False)]
        required, optional = self._mutual
        services: list[tuple[Service, ssl.SSLContext | None]] = [
            (self.cloud_foundry, plain),
            (self.login, plain),
            (self.service_manager, plain),
            (token_hosts[0], plain),
            (token_hosts[1], required),
            (token_hosts[2], optional),
            (self.runtime, optional),
            (Control(self), None),
        ]
        self.listeners = [
            Listener(service, self.shared, context, ports.get(_address_name(service), 0))
            for service, context in services
        ]
        for listener in self.listeners:
            self.urls[_address_name(listener.service)] = listener.url
            listener.service.url = listener.url
        self.cloud_foundry.login_url = self.login.url

    def _asking(self, required: bool) -> ssl.SSLContext:
        trusted = authority.pem(self.clients.root.certificate) + authority.pem(self.clients.intermediate.certificate)
        return mutual_context(str(self.server.server_file), trusted, required)

    def foreign(self) -> authority.ClientAuthority:
        """Another authority, of the same names and with other keys, which handshakes take from now on."""
        if self._foreign is None:
            folder = self.directory / "foreign"
            folder.mkdir()
            self._foreign = authority.ClientAuthority(folder, self.shared.clock.now(), locality="elsewhere")
            for context in self._mutual:
                context.load_verify_locations(cadata=authority.pem(self._foreign.root.certificate))
        return self._foreign

    def furnish(self) -> dict[str, Any]:
        """Adds a user, an instance of every offering on both platforms, a flow, and logins to Service Manager."""
        user = self.tokens.add_user(User(USER, uuid.uuid4().hex, ORIGIN))
        for platform in ("cf", "sm"):
            for offering in OFFERINGS.values():
                self.marketplace.add_instance(platform, f"{offering.name}-{platform}", offering.name, space=self.space)
        self.runtime.add(path=FLOW)
        manager = next(
            one
            for one in self.marketplace.instances.values()
            if one.platform == "sm" and one.offering.name == "service-manager"
        )
        files = {}
        for kind, parameters in (
            ("certificate", {"credential-type": "x509", "x509": {"validity": 90}}),
            ("secret", {}),
        ):
            key, _ = self.marketplace.create(manager, f"login-{kind}", parameters, {}, now=True)
            path = self.directory / f"service-manager-{kind}.json"
            authority.write_private(path, json.dumps(key.content.credentials, indent=2) + "\n")
            files[kind] = str(path)
        return {
            "user": {"name": user.name, "password": user.password, "origin": user.origin},
            "service_manager_logins": files,
            "flow": self.urls["runtime"] + "/http" + FLOW,
        }

    def start(self) -> None:
        for listener in self.listeners:
            listener.start()

    def stop(self) -> None:
        self.shared.stopping.set()
        # Each notices within its own moment; one after the other they would take a while.
        endings = [threading.Thread(target=listener.stop) for listener in self.listeners]
        for ending in endings:
            ending.start()
        for ending in endings:
            ending.join()

    def describe(self) -> dict[str, Any]:
        """What a client or a test has to know: addresses, certificates of authorities, and instances."""
        return {
            "urls": dict(self.urls),
            "server_ca_file": str(self.server.ca_file),
            "client_root_file": str(self.clients.root_file),
            "directory": str(self.directory),
            "space": self.space,
            "instances": self.describe_instances(),
        }

    def describe_instances(self) -> list[dict[str, Any]]:
        return [self.describe_instance(one) for one in self.marketplace.instances.values()]

    def describe_instance(self, one: Instance) -> dict[str, Any]:
        return {
            "guid": one.guid,
            "name": one.name,
            "offering": one.offering.name,
            "plan": one.plan,
            "platform": one.platform,
            "quota": one.quota,
            "most_keys": one.most_keys,
            "busy": one.busy,
            "bindable": one.bindable,
        }


def _address_name(service: Service) -> str:
    return {"cf": "cloud_foundry", "sm": "service_manager"}.get(service.name, service.name)
