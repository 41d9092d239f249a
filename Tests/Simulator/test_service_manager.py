# SPDX-License-Identifier: Apache-2.0
"""Service Manager: logins to it, lists, and the life of a binding."""

import json
import pathlib
import urllib.parse

from support import Answer, SimulatedCase

BINDINGS = "/v1/service_bindings"
CERTIFICATE = {"key-type": "certificate", "validity": 30}


class ServiceManager(SimulatedCase):
    def token_by(self, kind: str) -> Answer:
        login = json.loads(pathlib.Path(self.sim.facts["service_manager_logins"][kind]).read_text())
        form = {"grant_type": "client_credentials", "client_id": login["clientid"]}
        if kind == "secret":
            return self.sim.call(
                "POST", login["url"] + "/oauth/token", form={**form, "client_secret": login["clientsecret"]}
            )
        return self.sim.call(
            "POST", login["certurl"] + "/oauth/token", form=form, identity=(login["certificate"], login["key"])
        )

    def sm(self, method: str, path: str, body=None) -> Answer:
        token = self.token_by("secret").json["access_token"]
        return self.sim.call(method, self.sim.urls["service_manager"] + path, body, token=token)

    def creation(self, instance: str, name: str, parameters=CERTIFICATE) -> dict:
        return {
            "name": name,
            "service_instance_id": instance,
            "parameters": parameters,
            "labels": {"managed-by": ["certrotd"]},
        }

    def made(self, instance: str, name: str) -> str:
        location = self.sm("POST", BINDINGS + "?async=true", self.creation(instance, name)).headers["location"]
        self.sim.advance(1)
        self.assertEqual(self.sm("GET", location).json["state"], "succeeded")
        return location.split("/")[3]

    def test_login_with_certificate_and_with_secret(self):
        for kind in ("certificate", "secret"):
            token = self.token_by(kind).json["access_token"]
            url = self.sim.urls["service_manager"] + BINDINGS
            self.assertEqual(self.sim.call("GET", url, token=token).status, 200)
        self.assertEqual(self.sim.call("GET", url, token=self.login()).status, 401, "a token of Cloud Foundry")

    def test_a_binding_from_beginning_to_end(self):
        instance = self.instance(platform="sm")
        answer = self.sm("POST", BINDINGS + "?async=true", self.creation(instance, "one"))
        self.assertEqual((answer.status, answer.json), (202, {}))
        location = answer.headers["location"]
        self.assertTrue(location.startswith(BINDINGS + "/"), "relative")
        self.assertEqual(self.sm("GET", location).json["state"], "in progress")
        path = location.partition("/operations/")[0]
        early = self.sm("GET", path).json
        self.assertEqual((early["ready"], early["last_operation"]["state"]), (False, "in progress"))
        self.assertNotIn("credentials", early)
        query = "fieldQuery=" + urllib.parse.quote(f"id eq '{early['id']}'")
        plain = self.sm("GET", f"{BINDINGS}?{query}").json["items"][0]
        self.assertNotIn("last_operation", plain, "a list tells of it only to who asks")
        told = self.sm("GET", f"{BINDINGS}?{query}&attach_last_operations=true").json["items"][0]
        self.assertEqual(told["last_operation"]["state"], "in progress")
        self.assertNotIn("credentials", told)
        self.sim.advance(1)
        self.assertEqual(self.sm("GET", location).json["state"], "succeeded")
        found = self.sm("GET", path).json
        self.assertIn("certificate", found["credentials"]["oauth"])
        self.assertEqual(self.sim.key_in_books(found["id"])["details_reads"], 1)
        gone = self.sm("DELETE", path + "?async=true")
        self.assertEqual(gone.status, 202)
        self.assertEqual(self.sm("GET", gone.headers["location"]).json["state"], "in progress")
        self.sim.advance(1)
        self.assertEqual(self.sm("GET", gone.headers["location"]).status, 404)
        self.assertEqual(self.sm("DELETE", path).status, 404)

    def test_without_async_it_is_there_at_once(self):
        instance = self.instance(platform="sm")
        answer = self.sm("POST", BINDINGS, self.creation(instance, "one"))
        self.assertEqual(answer.status, 201)
        self.assertIn("credentials", answer.json)
        self.assertEqual(self.sm("DELETE", f"{BINDINGS}/{answer.json['id']}").status, 200)

    def test_failures_of_the_broker(self):
        instance = self.instance(platform="sm")
        self.sim.fault("job-failed", "sm.bindings.create", times=2)
        answer = self.sm("POST", BINDINGS, self.creation(instance, "one"))
        self.assertEqual((answer.status, answer.json["broker_error"]["StatusCode"]), (502, 502))
        location = self.sm("POST", BINDINGS + "?async=true", self.creation(instance, "two")).headers["location"]
        self.sim.advance(1)
        found = self.sm("GET", location)
        self.assertEqual((found.status, found.json["state"]), (200, "failed"))
        self.assertEqual(found.json["errors"]["error"], "BrokerError")

    def test_refused_creations(self):
        instance = self.instance(platform="sm")
        self.made(instance, "one")
        answer = self.sm("POST", BINDINGS, self.creation(instance, "one"))
        self.assertEqual((answer.status, answer.json["error"]), (409, "Conflict"))
        self.assertEqual(self.sm("POST", BINDINGS, self.creation(instance, "a/b")).status, 400)
        self.assertEqual(self.sm("POST", BINDINGS, self.creation("none", "x")).status, 404)

    def test_queries_and_pages(self):
        instance = self.instance(platform="sm")
        for name in ("a", "b", "c"):
            self.sim.control(
                "POST", "/keys", {"instance": instance, "name": name, "labels": {"managed-by": ["certrotd"]}}
            )

        def listed(**query: str) -> dict:
            return self.sm("GET", f"{BINDINGS}?{urllib.parse.urlencode(query)}").json

        one = listed(fieldQuery=f"service_instance_id eq '{instance}' and name eq 'b'")
        self.assertEqual([item["name"] for item in one["items"]], ["b"])
        self.assertNotIn("credentials", one["items"][0])
        names, token = [], {}
        while token is not None:
            page = listed(fieldQuery=f"service_instance_id eq '{instance}'", max_items="2", **token)
            names += [item["name"] for item in page["items"]]
            self.assertEqual(page["num_items"], 3)
            token = {"token": page["token"]} if "token" in page else None
        self.assertEqual(names, ["a", "b", "c"])
        self.assertEqual(listed(labelQuery="managed-by eq 'nobody'")["items"], [])
        found = self.sm("GET", f"/v1/service_instances/{instance}").json
        self.assertEqual(found["id"], instance)
        query = urllib.parse.urlencode({"fieldQuery": f"name eq '{found['name']}'"})
        self.assertEqual(self.sm("GET", f"/v1/service_instances?{query}").json["num_items"], 1)

    def test_rename_and_labels(self):
        instance = self.instance(platform="sm")
        guid = self.made(instance, "one")
        self.made(instance, "two")
        self.assertEqual(self.sm("PATCH", f"{BINDINGS}/{guid}", {"name": "two"}).status, 409)
        changed = self.sm(
            "PATCH",
            f"{BINDINGS}/{guid}",
            {"name": "old", "labels": [{"op": "add", "key": "stale", "values": ["true"]}]},
        ).json
        self.assertEqual((changed["name"], changed["labels"]["stale"]), ("old", ["true"]))
