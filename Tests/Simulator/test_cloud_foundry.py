# SPDX-License-Identifier: Apache-2.0
"""Cloud Foundry: discovery, lists, and the life of a key."""

import urllib.parse

from support import KEYS, SimulatedCase


class Discovery(SimulatedCase):
    def test_links_are_absolute_and_need_no_token(self):
        links = self.sim.call("GET", self.sim.urls["cloud_foundry"] + "/").json["links"]
        self.assertEqual(links["login"]["href"], self.sim.urls["uaa"])
        self.assertEqual(links["cloud_controller_v3"]["href"], self.sim.urls["cloud_foundry"] + "/v3")
        self.assertEqual(self.sim.call("GET", self.sim.urls["cloud_foundry"] + "/v3").status, 200)
        self.assertIn("rate_limits", self.sim.call("GET", self.sim.urls["cloud_foundry"] + "/v3/info").json)

    def test_no_token_and_a_wrong_one_are_told_apart(self):
        url = self.sim.urls["cloud_foundry"] + KEYS
        self.assertEqual(self.sim.call("GET", url).json["errors"][0]["code"], 10002)
        self.assertEqual(self.sim.call("GET", url, token="no").json["errors"][0]["code"], 1000)

    def test_plan_and_offering_of_an_instance(self):
        guid = self.instance("xsuaa")
        found = self.cf("GET", f"/v3/service_instances/{guid}").json
        plan = self.cf("GET", found["links"]["service_plan"]["href"]).json
        self.assertEqual(plan["name"], "application")
        self.assertEqual(self.cf("GET", plan["links"]["service_offering"]["href"]).json["name"], "xsuaa")

    def test_what_is_unknown(self):
        self.assertEqual(self.cf("GET", "/v2/info").status, 404)
        self.assertEqual(self.cf("GET", "/v3/jobs/none").json["errors"][0]["code"], 10010)


class Lists(SimulatedCase):
    def test_pages_have_absolute_links(self):
        guid = self.instance()
        for number in range(5):
            self.sim.control("POST", "/keys", {"instance": guid, "name": f"k{number}", "labels": {"n": str(number)}})
        path, names = f"{KEYS}?type=key&service_instance_guids={guid}&per_page=2&order_by=-name", []
        while path:
            page = self.cf("GET", path).json
            names += [one["name"] for one in page["resources"]]
            path = (page["pagination"]["next"] or {}).get("href")
            self.assertTrue(path is None or path.startswith(self.sim.urls["cloud_foundry"]))
        self.assertEqual(names, ["k4", "k3", "k2", "k1", "k0"])
        self.assertEqual(page["pagination"]["total_results"], 5)

    def test_pages_can_be_smaller_than_asked_for(self):
        self.sim.control("POST", "/settings", {"cf_largest_page": 3})
        self.addCleanup(self.sim.control, "POST", "/settings", {"cf_largest_page": 5000})
        page = self.cf("GET", "/v3/service_instances?per_page=100").json
        self.assertEqual(len(page["resources"]), 3)
        self.assertIn("page=2", page["pagination"]["next"]["href"])

    def test_filters(self):
        guid, other = self.instance(), self.instance("xsuaa")
        self.sim.control("POST", "/keys", {"instance": guid, "name": "a,b", "labels": {"managed-by": "certrotd"}})
        self.sim.control("POST", "/keys", {"instance": other, "name": "c"})
        for query, names in (
            (f"names={urllib.parse.quote(urllib.parse.quote('a,b'))}", ["a,b"]),
            (f"service_instance_guids={guid},{other}&order_by=name", ["a,b", "c"]),
            (f"service_offering_names=xsuaa&service_instance_guids={other}", ["c"]),
            ("label_selector=managed-by%3Dcertrotd", ["a,b"]),
            ("label_selector=managed-by%20in%20(x,certrotd)", ["a,b"]),
            (f"label_selector=!managed-by&service_instance_guids={guid},{other}", ["c"]),
            ("created_ats[gt]=2100-01-01T00:00:00Z", []),
            ("type=app", []),
        ):
            with self.subTest(query):
                found = self.cf("GET", f"{KEYS}?{query}")
                self.assertEqual(found.status, 200, found.body)
                self.assertEqual([one["name"] for one in found.json["resources"]], names)

    def test_unknown_parameters_are_refused(self):
        for query in ("space_guids=x", "per_page=0", "per_page=5001", "order_by=color", "created_ats[gt]=soon"):
            answer = self.cf("GET", f"{KEYS}?{query}")
            self.assertEqual((answer.status, answer.json["errors"][0]["code"]), (400, 10005), query)

    def test_instances_can_come_along(self):
        guid = self.instance()
        self.sim.control("POST", "/keys", {"instance": guid, "name": "k"})
        found = self.cf("GET", f"{KEYS}?include=service_instance&service_instance_guids={guid}").json
        self.assertEqual([one["guid"] for one in found["included"]["service_instances"]], [guid])


class Life(SimulatedCase):
    def test_a_key_from_beginning_to_end(self):
        instance = self.instance()
        job = self.begin(instance, "sender-1", metadata={"labels": {"managed-by": "certrotd"}})
        self.assertTrue(job.startswith(self.sim.urls["cloud_foundry"] + "/v3/jobs/"))
        first = self.cf("GET", job).json
        self.assertEqual((first["state"], first["operation"]), ("PROCESSING", "service_keys.create"))
        href = first["links"]["service_credential_binding"]["href"]
        self.assertEqual(self.cf("GET", href).json["last_operation"]["state"], "in progress")
        early = self.cf("GET", href + "/details")
        self.assertEqual((early.status, early.detail), (404, "Creation of service key in progress"))
        self.sim.advance(0.5)
        self.assertEqual(self.cf("GET", job).json["state"], "POLLING")
        self.sim.advance(0.5)
        self.assertEqual(self.cf("GET", job).json["state"], "COMPLETE")
        found = self.cf("GET", href).json
        self.assertEqual(found["last_operation"]["state"], "succeeded")
        self.assertEqual(found["metadata"]["labels"], {"managed-by": "certrotd"})
        self.assertIn("certificate", self.credentials(found["guid"])["oauth"])
        self.assertEqual(self.sim.key_in_books(found["guid"])["details_reads"], 1)

        gone = self.cf("DELETE", href)
        self.assertEqual((gone.status, gone.body), (202, b""))
        self.assertEqual(self.cf("DELETE", href).detail, "There is an operation in progress for the service binding.")
        self.assertEqual(self.cf("GET", href + "/details").detail, "Deletion of service key in progress")
        self.assertIn("service_credential_binding", self.cf("GET", gone.headers["location"]).json["links"])
        self.sim.advance(1)
        last = self.cf("GET", gone.headers["location"]).json
        self.assertEqual((last["state"], last["operation"]), ("COMPLETE", "service_keys.delete"))
        self.assertNotIn("service_credential_binding", last["links"])
        self.assertEqual(self.cf("GET", href).status, 404)
        self.assertFalse(self.sim.key_in_books(found["guid"])["exists"])

    def test_refused_creations(self):
        instance = self.instance(quota=1)
        self.made(instance, "one")
        for body, words in (
            (self.creation(instance, "one"), "must be unique"),
            (self.creation(instance, "two"), "exceeded your space's limit"),
            (self.creation("none", "x"), "could not be found: 'none'"),
            (self.creation(instance, ""), "Name"),
            ({**self.creation(instance, "x"), "extra": 1}, "Unknown field(s): 'extra'"),
            (self.creation(self.instance(bindable=False), "x"), "does not allow bindings"),
            (self.creation(self.instance(), "x", metadata={"labels": {"a": "b" * 64}}), "label value"),
        ):
            answer = self.cf("POST", KEYS, body)
            self.assertEqual(answer.status, 422, answer.body)
            self.assertIn(words, answer.detail)

    def test_an_instance_that_is_busy_refuses(self):
        instance = self.instance()
        self.sim.control("POST", f"/instances/{instance}", {"busy": True})
        answer = self.cf("POST", KEYS, self.creation(instance, "x"))
        self.assertIn("operation in progress for the service instance", answer.detail)

    def test_the_broker_refuses_within_the_job(self):
        for offering, name, parameters, words in (
            ("it-rt", "n" * 33, None, "must not exceed 32"),
            ("it-rt", "long", {"key-type": "certificate", "validity": 366}, "from 1 to 365"),
            ("xsuaa", "long", {"credential-type": "x509", "x509": {"validity": 31}}, "from 1 to 30"),
            ("identity", "name", {"credential-type": "X509_GENERATED", "app-identifier": "a" * 21}, "20 characters"),
        ):
            job = self.begin(self.instance(offering), name, parameters)
            self.sim.advance(1)
            answer = self.cf("GET", job)
            self.assertEqual((answer.status, answer.json["state"]), (200, "FAILED"))
            self.assertIn(words, answer.json["errors"][0]["detail"])

    def test_the_name_of_a_failed_key_is_free(self):
        instance = self.instance()
        self.sim.fault("job-failed", "cf.keys.create")
        job = self.begin(instance, "again")
        self.sim.advance(1)
        failed = self.cf("GET", job).json
        self.assertEqual(failed["errors"][0]["title"], "CF-UnableToPerform")
        href = failed["links"]["service_credential_binding"]["href"]
        self.assertEqual(self.cf("GET", href + "/details").detail, "Creation of service key failed")
        self.made(instance, "again")
        self.assertEqual(self.cf("GET", href).status, 404)

    def test_one_certificate_at_a_time(self):
        parameters = {"xsuaa": {"credential-type": "x509"}}
        instance = self.instance("theming")
        self.made(instance, "first", parameters)
        job = self.begin(instance, "second", parameters)
        self.sim.advance(1)
        self.assertIn("At most 1", self.cf("GET", job).json["errors"][0]["detail"])

    def test_identity_knows_twenty_subjects(self):
        instance = self.instance("identity")
        for number in range(20):
            self.made(instance, f"k{number}", {"credential-type": "X509_GENERATED"})
        job = self.begin(instance, "k20", {"credential-type": "X509_GENERATED"})
        self.sim.advance(1)
        self.assertIn("20 different subjects", self.cf("GET", job).json["errors"][0]["detail"])

    def test_only_metadata_can_be_changed(self):
        guid = self.made(self.instance(), "k", metadata={"labels": {"a": "1", "b": "2"}})
        change = {"metadata": {"labels": {"a": None, "c": "3"}, "annotations": {"note": "x"}}}
        changed = self.cf("PATCH", f"{KEYS}/{guid}", change).json["metadata"]
        self.assertEqual(changed, {"labels": {"b": "2", "c": "3"}, "annotations": {"note": "x"}})
        self.assertIn("'name'", self.cf("PATCH", f"{KEYS}/{guid}", {"name": "new"}).detail)

    def test_parameters_cannot_be_read_back(self):
        self.assertEqual(self.cf("GET", f"{KEYS}/{self.made(self.instance(), 'k')}/parameters").status, 502)

    def test_roles(self):
        guid = self.made(self.instance(), "k")
        for role, seen, deleted in (("space_auditor", 200, 403), ("none", 404, 404)):
            self.sim.control("POST", "/users", {"name": role, "password": "p", "role": role})
            token = self.sim.call(
                "POST",
                self.sim.urls["uaa"] + "/oauth/token",
                basic="cf:",
                form={"grant_type": "password", "username": role, "password": "p"},
            ).json["access_token"]
            self.assertEqual(self.cf("GET", f"{KEYS}/{guid}", token=token).status, seen)
            self.assertEqual(self.cf("GET", f"{KEYS}/{guid}/details", token=token).status, 404)
            self.assertEqual(self.cf("DELETE", f"{KEYS}/{guid}", token=token).status, deleted)
