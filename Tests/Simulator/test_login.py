# SPDX-License-Identifier: Apache-2.0
"""The platform's login: each grant, and what ends tokens and sessions."""

import json
import urllib.parse

from support import KEYS, Answer, SimulatedCase


class Login(SimulatedCase):
    def grant(self, basic: str | None = "cf:", query: str = "", **form: str) -> Answer:
        return self.sim.call("POST", self.sim.urls["uaa"] + "/oauth/token" + query, basic=basic, form=form)

    def user(self, **more) -> dict:
        return self.sim.control("POST", "/users", {"name": self.id(), **more})

    def by_password(self, user: dict, password: str | None = None) -> Answer:
        hint = urllib.parse.quote(json.dumps({"origin": user["origin"]}))
        return self.grant(
            query=f"?login_hint={hint}",
            grant_type="password",
            username=user["name"],
            password=user["password"] if password is None else password,
        )

    def accepted(self, token: str) -> bool:
        return self.cf("GET", KEYS, token=token).status == 200

    def test_password_with_an_origin(self):
        user = self.user(origin="tenant-platform")
        found = self.by_password(user).json
        self.assertEqual((found["token_type"], found["expires_in"]), ("bearer", 1199))
        self.assertTrue(found["access_token"].startswith("eyJ"))
        self.assertTrue(self.accepted(found["access_token"]))
        self.assertEqual(self.by_password({**user, "origin": "sap.ids"}).status, 401)

    def test_the_client_is_cf(self):
        self.assertEqual(self.grant(basic=None, grant_type="password").json["error"], "invalid_client")
        self.assertEqual(self.grant(basic="cf:secret", grant_type="password").json["error"], "invalid_client")
        self.assertEqual(self.grant(grant_type="implicit").json["error"], "unsupported_grant_type")

    def test_wrong_passwords_lock(self):
        user = self.user()
        for _ in range(5):
            answer = self.by_password(user, "wrong")
            self.assertEqual((answer.status, answer.json["error_description"]), (401, "Bad credentials"))
        self.assertIn("locked", self.by_password(user).json["error_description"])
        self.assertEqual(len([one for one in self.sim.books()["logins"] if one["user"] == user["name"]]), 6)

    def test_tokens_end_by_the_platforms_clock(self):
        found = self.by_password(self.user()).json
        self.sim.advance(1201)
        self.assertFalse(self.accepted(found["access_token"]))
        again = self.grant(grant_type="refresh_token", refresh_token=found["refresh_token"]).json
        self.assertTrue(self.accepted(again["access_token"]))
        self.assertNotEqual(again["refresh_token"], found["refresh_token"])
        self.sim.advance(31 * 86400)
        answer = self.grant(grant_type="refresh_token", refresh_token=again["refresh_token"])
        self.assertEqual((answer.status, answer.json["error"]), (401, "invalid_token"))

    def test_an_exchanged_refresh_token_works_on_unless_that_is_switched_off(self):
        old = self.by_password(self.user()).json["refresh_token"]
        self.grant(grant_type="refresh_token", refresh_token=old)
        self.assertEqual(self.grant(grant_type="refresh_token", refresh_token=old).status, 200)
        self.sim.control("POST", "/settings", {"refresh_once": 1})
        self.addCleanup(self.sim.control, "POST", "/settings", {"refresh_once": 0})
        self.assertEqual(self.grant(grant_type="refresh_token", refresh_token=old).status, 401)

    def test_an_eleventh_session_ends_the_first(self):
        user = self.user()
        first = self.by_password(user).json["refresh_token"]
        for _ in range(10):
            self.by_password(user)
        self.assertEqual(self.sim.books()["most_sessions"][user["name"]], 11)
        self.assertEqual(self.grant(grant_type="refresh_token", refresh_token=first).status, 401)

    def test_passcode_for_a_certificate(self):
        user = self.user(certificate_days=30, origin="tenant-platform")
        identity, url = (user["certificate"], user["key"]), self.sim.urls["identity"] + "/service/users/passcode"
        code = self.sim.call("GET", url, identity=identity).json["passcode"]
        self.assertEqual(self.by_password(user, code).status, 200)
        self.assertEqual(self.by_password(user, code).status, 401, "a passcode is good for one login")
        code = self.sim.call("GET", url, identity=identity).json["passcode"]
        self.assertEqual(self.grant(grant_type="password", passcode=code).status, 200)
        code = self.sim.call("GET", url, identity=identity).json["passcode"]
        self.sim.advance(301)
        self.assertEqual(self.grant(grant_type="password", passcode=code).status, 401)
        self.assertEqual(self.sim.call("GET", url).status, 401, "without a certificate")
        self.sim.advance(31 * 86400)
        self.assertEqual(self.sim.call("GET", url, identity=identity).status, 401, "after its end")

    def test_client_credentials_with_secret_or_assertion(self):
        client = self.sim.control("POST", "/clients", {"name": "robot"})
        found = self.grant(
            basic=None, grant_type="client_credentials", client_id="robot", client_secret=client["secret"]
        ).json
        self.assertTrue(self.accepted(found["access_token"]))
        self.assertNotIn("refresh_token", found)
        self.assertEqual(self.grant(basic="robot:no", grant_type="client_credentials").status, 401)
        assertion = self.sim.control("POST", "/assertions", {"name": "robot"})["assertion"]
        self.assertEqual(
            self.grant(
                basic=None,
                grant_type="client_credentials",
                client_id="robot",
                client_assertion=assertion,
                client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ).status,
            200,
        )

    def test_jwt_bearer(self):
        user = self.user()
        assertion = self.sim.control("POST", "/assertions", {"name": user["name"]})["assertion"]
        kind = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        self.assertTrue(self.accepted(self.grant(grant_type=kind, assertion=assertion).json["access_token"]))
        self.assertEqual(self.grant(grant_type=kind, assertion="no").json["error"], "invalid_grant")

    def test_tokens_can_be_taken_back(self):
        found = self.by_password(self.user()).json
        self.sim.control("DELETE", "/tokens")
        self.assertEqual(self.cf("GET", KEYS, token=found["access_token"]).json["errors"][0]["code"], 1000)
        self.assertEqual(self.grant(grant_type="refresh_token", refresh_token=found["refresh_token"]).status, 200)
        self.sim.control("DELETE", "/tokens?sessions=true")
        self.assertEqual(self.grant(grant_type="refresh_token", refresh_token=found["refresh_token"]).status, 401)

    def test_every_secret_is_listed(self):
        user = self.user(certificate_days=1)
        found = self.by_password(user).json
        listed = {one["value"] for one in self.sim.control("GET", "/secrets")["secrets"]}
        self.assertLessEqual({user["password"], user["key"], found["access_token"], found["refresh_token"]}, listed)
