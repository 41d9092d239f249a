# SPDX-License-Identifier: Apache-2.0
"""The hosts that ask for a client certificate: tokens, and an integration flow."""

import ssl
import uuid

from support import KEYS, Answer, SimulatedCase

DAY = 86400


def leaf_only(chain: str) -> str:
    return chain[: chain.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"


class Tokens(SimulatedCase):
    def key(self, offering: str = "it-rt", parameters=None) -> dict:
        guid = self.made(self.instance(offering), "k", parameters)
        found = self.credentials(guid)
        return {"guid": guid, **found.get("oauth", found)}

    def token(self, key: dict, chain: str | None = None, url: str | None = None, **form: str) -> Answer:
        return self.sim.call(
            "POST",
            url or key["tokenurl"],
            identity=(chain or key["certificate"], key["key"]),
            form={"grant_type": "client_credentials", "client_id": key["clientid"], **form},
        )

    def test_the_certificate_is_enough(self):
        key = self.key()
        found = self.token(key)
        self.assertEqual((found.status, found.json["token_type"]), (200, "bearer"))
        self.assertIn(
            {"host": "token", "client": key["clientid"], "accepted": True, "guid": key["guid"]},
            [
                {name: one.get(name) for name in ("host", "client", "accepted", "guid")}
                for one in self.sim.books()["token_requests"]
            ],
        )

    def test_each_host_has_its_path(self):
        key = self.key("xsuaa", {"credential-type": "x509", "x509": {"validity": 1}})
        self.assertEqual(self.token(key, url=key["certurl"] + "/oauth/token").status, 200)
        answer = self.token(key, url=key["url"] + "/oauth/token")
        self.assertEqual(answer.status, 401)
        self.assertIn("Unsupported instance credential for", answer.json["error_description"])
        key = self.key("identity", {"credential-type": "X509_GENERATED"})
        self.assertEqual(self.token(key, url=key["certurl"] + "/oauth2/token").json["token_type"], "Bearer")
        self.assertEqual(self.token(key, url=key["certurl"] + "/oauth/token").status, 404)

    def test_without_a_certificate_the_handshake_fails(self):
        key = self.key()
        with self.assertRaisesRegex(ssl.SSLError, "ALERT_CERTIFICATE_REQUIRED"):
            self.sim.call("POST", key["tokenurl"], form={"grant_type": "client_credentials"})
        self.assertIn("token", [one["service"] for one in self.sim.books()["handshakes_refused"]])

    def test_refused_certificates(self):
        key, other = self.key(), self.key()
        foreign = self.sim.control("POST", "/foreign-certificates", {})
        for what, answer in (
            ("of another authority", self.token({**key, **foreign})),
            ("without its issuer", self.token(key, leaf_only(key["certificate"]))),
            ("of another client", self.token(key, client_id=other["clientid"])),
        ):
            self.assertEqual((answer.status, answer.json["error"]), (401, "invalid_client"), what)
        self.assertEqual(self.token(key, grant_type="password").json["error"], "unsupported_grant_type")

    def test_a_deleted_key_is_worth_nothing(self):
        key = self.key()
        self.cf("DELETE", f"{KEYS}/{key['guid']}")
        self.assertEqual(self.token(key).status, 200, "while it is being deleted")
        self.sim.advance(1)
        self.cf("GET", KEYS)
        self.assertEqual(self.token(key).status, 401)

    def test_certificates_begin_and_end_by_the_platforms_clock(self):
        key = self.key()
        self.sim.advance(30 * DAY - 10)
        self.assertEqual(self.token(key).status, 200)
        self.sim.advance(10)
        self.assertEqual(self.token(key).status, 401)
        self.sim.advance(-31 * DAY)
        self.assertEqual(self.token(key).status, 401, "before its beginning")

    def test_a_new_key_may_be_accepted_late(self):
        self.sim.control("POST", "/settings", {"acceptance_seconds": 300})
        self.addCleanup(self.sim.control, "POST", "/settings", {"acceptance_seconds": 0})
        key = self.key()
        self.assertEqual(self.token(key).status, 401)
        self.sim.advance(300)
        self.assertEqual(self.token(key).status, 200)

    def test_secrets_have_their_host(self):
        key = self.key("xsuaa", {})
        form = {"grant_type": "client_credentials", "client_id": key["clientid"], "client_secret": key["clientsecret"]}
        self.assertEqual(self.sim.call("POST", key["url"] + "/oauth/token", form=form).status, 200)
        form["client_secret"] = "no"
        self.assertEqual(self.sim.call("POST", key["url"] + "/oauth/token", form=form).status, 401)

    def test_faults_of_the_token_host(self):
        key = self.key()
        for kind, status in (("refused", 401), ("rate-limited", 429), ("unavailable", 503), ("bad-gateway", 502)):
            self.sim.fault(kind, "token.token")
            self.assertEqual(self.token(key).status, status, kind)
        self.assertEqual(self.token(key).status, 200)


class Flows(SimulatedCase):
    def setUp(self) -> None:
        super().setUp()
        guid = self.made(self.instance(), "k")
        found = self.credentials(guid)["oauth"]
        self.identity = (found["certificate"], found["key"])

    def flow(self, **facts) -> str:
        made = self.sim.control("POST", "/flows", {"path": f"/{uuid.uuid4()}", **facts})
        return self.sim.urls["runtime"] + "/http" + made["path"]

    def ask(self, method: str, url: str, identity="own", **headers: str) -> Answer:
        return self.sim.call(
            method,
            url,
            identity=self.identity if identity == "own" else identity,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def executions(self, url: str) -> int:
        return self.sim.books()["iflow_executions"].get(url.removeprefix(self.sim.urls["runtime"]), 0)

    def test_fetching_a_token_runs_nothing(self):
        url = self.flow()
        for method in ("HEAD", "GET"):
            answer = self.ask(
                method, url.upper().replace("HTTPS", "https").replace("/HTTP/", "/http/"), X_CSRF_Token="Fetch"
            )
            self.assertEqual(answer.status, 200)
        self.assertEqual(self.executions(url), 0)
        token = answer.headers["x-csrf-token"]
        self.assertEqual(self.ask("POST", url).status, 403)
        self.assertEqual(self.ask("POST", url).headers["x-csrf-token"], "Required")
        self.assertEqual(self.ask("POST", url, X_CSRF_Token=token).status, 200)
        self.assertEqual(self.executions(url), 1)

    def test_without_protection_every_call_runs_it(self):
        url = self.flow(csrf=False, status=202)
        self.assertEqual(self.ask("HEAD", url, X_CSRF_Token="Fetch").status, 202)
        self.assertEqual(self.executions(url), 1)

    def test_each_status_of_the_table(self):
        up = self.flow()
        foreign = self.sim.control("POST", "/foreign-certificates", {})
        for status, url, identity in (
            (401, up, None),
            (401, up, (foreign["certificate"], foreign["key"])),
            (401, up, (leaf_only(self.identity[0]), self.identity[1])),
            (404, self.sim.urls["runtime"] + "/http/none", "own"),
            (403, self.flow(permitted=False), "own"),
            (405, self.flow(head=False), "own"),
            (503, self.flow(state="down"), "own"),
        ):
            self.assertEqual(self.ask("HEAD", url, identity, X_CSRF_Token="Fetch").status, status)
            self.assertEqual(self.executions(url), 0)
        failing = self.flow(state="failing", csrf=False)
        self.assertEqual(self.ask("HEAD", failing).status, 500)
        self.assertEqual(self.executions(failing), 1, "it did run")

    def test_a_key_of_another_service_is_no_caller(self):
        other = self.credentials(self.made(self.instance("xsuaa"), "k", {"credential-type": "x509"}))
        self.assertEqual(self.ask("HEAD", self.flow(), (other["certificate"], other["key"])).status, 401)
