# SPDX-License-Identifier: Apache-2.0
"""Starts the simulator for tests, and speaks with it over real sockets."""

from __future__ import annotations

import atexit
import base64
import dataclasses
import http.client
import json
import pathlib
import ssl
import subprocess
import tempfile
import unittest
import urllib.parse
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "scripts" / "btp-simulator"
KEYS = "/v3/service_credential_bindings"
# Far longer than anything here takes, also on a busy machine.
DEADLINE = 120


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """What Cloud Foundry says is wrong."""
        return self.json["errors"][0]["detail"]


class Simulator:
    """A running simulator."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [str(PROGRAM), "--reuse-keys", "4", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("the simulator did not start")
        self.facts = json.loads(line)
        self.urls = self.facts["urls"]

    def stop(self) -> int:
        """Ends it by the end of its input; its exit status."""
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def call(
        self,
        method: str,
        url: str,
        body: Any = None,
        form: dict[str, str] | None = None,
        token: str | None = None,
        basic: str | None = None,
        headers: dict[str, str] | None = None,
        identity: tuple[str, str] | None = None,
    ) -> Answer:
        """One request. `identity` is the chain and the key (PEM) of a client certificate."""
        parts = urllib.parse.urlsplit(url)
        sent = dict(headers or {})
        data = None
        if form is not None:
            data, sent["Content-Type"] = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        if token:
            sent["Authorization"] = f"bearer {token}"
        if basic:
            sent["Authorization"] = "Basic " + base64.b64encode(basic.encode()).decode()
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=DEADLINE, context=self._context(identity)
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=DEADLINE)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target or "/", data, sent)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def _context(self, identity: tuple[str, str] | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.facts["server_ca_file"])
        if identity:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(identity[1] + identity[0])
                file.flush()
                context.load_cert_chain(file.name)
        return context

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, self.urls["control"] + path, body)
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.body!r}")
        return answer.json

    def books(self) -> Any:
        return self.control("GET", "/books")

    def key_in_books(self, guid: str) -> Any:
        keys = self.control("GET", "/books?only=keys")["keys"]
        return next(key for key in keys if key["guid"] == guid)

    def fault(self, kind: str, route: str = "*", **more: Any) -> None:
        self.control("POST", "/faults", {"kind": kind, "route": route, **more})

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", {"advance_seconds": seconds})


RUNNING: dict[tuple[str, ...], Simulator] = {}


class SimulatedCase(unittest.TestCase):
    """Tests of a simulator whose clock stands still unless it is moved; cases with the same arguments share one."""

    arguments: tuple[str, ...] = ("--frozen",)
    sim: Simulator

    @classmethod
    def setUpClass(cls) -> None:
        if cls.arguments not in RUNNING:
            RUNNING[cls.arguments] = Simulator(*cls.arguments)
            atexit.register(RUNNING[cls.arguments].stop)
        cls.sim = RUNNING[cls.arguments]

    def setUp(self) -> None:
        self.access: str | None = None
        now = self.sim.control("GET", "/clock")["now"]
        self.addCleanup(self.sim.control, "POST", "/clock", {"now": now})
        self.addCleanup(self.sim.control, "DELETE", "/faults")

    # Cloud Foundry

    def login(self, **form: str) -> str:
        """An access token of the user that the simulator begins with."""
        user = self.sim.facts["user"]
        answer = self.sim.call(
            "POST",
            self.sim.urls["uaa"]
            + "/oauth/token?login_hint="
            + urllib.parse.quote(json.dumps({"origin": user["origin"]})),
            basic="cf:",
            form={"grant_type": "password", "username": user["name"], "password": user["password"], **form},
        )
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["access_token"]

    def cf(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        if token is None:
            token = self.access = self.access or self.login()
        url = path if path.startswith("https:") else self.sim.urls["cloud_foundry"] + path
        return self.sim.call(method, url, body, token=token)

    def instance(self, offering: str = "it-rt", platform: str = "cf", **more: Any) -> str:
        """A new instance's guid."""
        body = {"platform": platform, "name": f"{offering}-{self.id()}", "offering": offering, **more}
        return self.sim.control("POST", "/instances", body)["guid"]

    def creation(self, instance: str, name: str, parameters: Any = None, **more: Any) -> Any:
        chosen = {"key-type": "certificate", "validity": 30} if parameters is None else parameters
        return {
            "type": "key",
            "name": name,
            "parameters": chosen,
            "relationships": {"service_instance": {"data": {"guid": instance}}},
            **more,
        }

    def begin(self, instance: str, name: str, parameters: Any = None, **more: Any) -> str:
        """Asks for a key; its job's address."""
        answer = self.cf("POST", KEYS, self.creation(instance, name, parameters, **more))
        self.assertEqual((answer.status, answer.body), (202, b""))
        return answer.headers["location"]

    def made(self, instance: str, name: str, parameters: Any = None, **more: Any) -> str:
        """Makes a key; its guid."""
        job = self.begin(instance, name, parameters, **more)
        self.sim.advance(1)
        answer = self.cf("GET", job)
        self.assertEqual(answer.json["state"], "COMPLETE", answer.body)
        return answer.json["links"]["service_credential_binding"]["href"].rpartition("/")[2]

    def credentials(self, guid: str) -> Any:
        answer = self.cf("GET", f"{KEYS}/{guid}/details")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["credentials"]
