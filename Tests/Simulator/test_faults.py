# SPDX-License-Identifier: Apache-2.0
"""Each fault switch, on demand and by seed."""

import email.utils
import http.client
import sys
import unittest

from support import KEYS, ROOT, SimulatedCase

sys.path.insert(0, str(ROOT / "scripts"))

from simulator.books import Books  # noqa: E402 (the path comes first)
from simulator.clock import Clock  # noqa: E402
from simulator.faults import KINDS, FaultEngine  # noqa: E402

# What a client sees of a connection that is reset, also in the middle of an answer.
GONE = (ConnectionError, http.client.HTTPException, OSError)


class Answers(SimulatedCase):
    def test_rate_limit_of_cloud_foundry(self):
        self.sim.fault("rate-limited", "cf.keys.list", seconds=7)
        answer = self.cf("GET", KEYS)
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "7"))
        self.assertEqual(answer.headers["content-type"], "text/plain; charset=utf-8")
        self.assertEqual(answer.json["errors"][0]["code"], 10013)
        self.assertIn("x-ratelimit-reset", answer.headers)

    def test_rate_limit_of_service_manager(self):
        self.sim.fault("rate-limited", "sm.*", seconds=60)
        answer = self.sim.call("GET", self.sim.urls["service_manager"] + "/v1/service_bindings")
        after = email.utils.parsedate_to_datetime(answer.headers["retry-after"])
        date = email.utils.parsedate_to_datetime(answer.headers["date"])
        self.assertEqual((answer.status, (after - date).total_seconds()), (429, 60))
        self.assertEqual(list(answer.json), ["description"])

    def test_routers_and_outages(self):
        for kind, status, content in (
            ("bad-gateway", 502, "text/html"),
            ("unavailable", 503, "application/json"),
            ("server-error", 500, "application/json"),
            ("unknown-route", 404, "text/plain"),
        ):
            self.sim.fault(kind, "cf.keys.list")
            answer = self.cf("GET", KEYS)
            self.assertEqual(answer.status, status, kind)
            self.assertTrue(answer.headers["content-type"].startswith(content), kind)
        self.assertEqual(answer.headers["x-cf-routererror"], "unknown_route")

    def test_a_token_taken_back_midway(self):
        self.access = self.login()
        self.sim.fault("unauthorized", "cf.keys.list")
        self.assertEqual(self.cf("GET", KEYS).json["errors"][0]["code"], 1000)
        self.assertEqual(self.cf("GET", KEYS).status, 401, "it stays invalid")
        self.access = None
        self.assertEqual(self.cf("GET", KEYS).status, 200)

    def test_answers_that_are_none(self):
        self.sim.fault("not-json", "cf.keys.list")
        with self.assertRaises(ValueError):
            _ = self.cf("GET", KEYS).json
        self.sim.fault("redirect", "cf.keys.list")
        answer = self.cf("GET", KEYS)
        self.assertEqual((answer.status, answer.headers["location"]), (302, "https://localhost:9/elsewhere"))
        self.sim.fault("too-large", "cf.keys.list")
        self.assertGreater(len(self.cf("GET", KEYS).body), 60_000_000)
        self.sim.fault("too-deep", "cf.keys.list")
        self.assertIn(b"[" * 100_000 + b"]" * 100_000, self.cf("GET", KEYS).body)

    def test_a_body_without_an_end(self):
        access = self.login()
        self.sim.fault("endless", "cf.keys.list")
        host = self.sim.urls["cloud_foundry"].removeprefix("https://")
        connection = http.client.HTTPSConnection(host, timeout=60, context=self.sim._context(None))
        connection.connect()
        connection.request("GET", KEYS, headers={"Authorization": f"bearer {access}"})
        answer = connection.getresponse()
        self.assertIsNone(answer.headers["content-length"])
        self.assertEqual(len(answer.read(1_000_000)), 1_000_000)
        answer.close()
        connection.close()
        while not (bodies := self.sim.books()["endless_bodies"]):
            pass
        self.assertGreaterEqual(bodies[0]["bytes"], 1_000_000)
        self.assertEqual(self.cf("GET", KEYS).status, 200, "others are served")


class Transport(SimulatedCase):
    def names(self, instance: str) -> list[str]:
        return [one["name"] for one in self.cf("GET", f"{KEYS}?service_instance_guids={instance}").json["resources"]]

    def test_a_reset_before_the_call(self):
        instance = self.instance()
        self.sim.fault("reset", "cf.keys.create")
        with self.assertRaises(GONE):
            self.cf("POST", KEYS, self.creation(instance, "k"))
        self.assertEqual(self.names(instance), [])

    def test_an_answer_that_is_lost(self):
        instance = self.instance()
        for kind, name in (("reset-after", "a"), ("truncated", "b")):
            self.sim.fault(kind, "cf.keys.create")
            try:
                self.cf("POST", KEYS, self.creation(instance, name))
            except GONE:
                pass
            else:
                self.assertEqual(kind, "truncated", "an empty body cannot be cut")
        self.assertEqual(self.names(instance), ["a", "b"])

    def test_a_read_whose_answer_is_lost_does_not_count(self):
        guid = self.made(self.instance(), "k")
        for kind in ("reset-after", "truncated"):
            self.sim.fault(kind, "cf.keys.details")
            with self.assertRaises(GONE):
                self.cf("GET", f"{KEYS}/{guid}/details")
        self.assertEqual(self.sim.key_in_books(guid)["details_reads"], 0)
        reads = [one["delivered"] for one in self.sim.books()["details_reads"] if one["guid"] == guid]
        self.assertEqual(reads, [False, False])

    def test_an_answer_that_is_cut_short_looks_complete(self):
        guid = self.made(self.instance(), "k")
        self.sim.fault("cut-short", "cf.keys.details")
        answer = self.cf("GET", f"{KEYS}/{guid}/details")
        self.assertEqual((answer.status, answer.headers["content-length"]), (200, str(len(answer.body))))
        with self.assertRaises(ValueError):
            _ = answer.json
        self.assertEqual(self.sim.key_in_books(guid)["details_reads"], 1)

    def test_slow_and_never(self):
        self.sim.fault("slow", "cf.keys.list", seconds=0.01)
        self.assertEqual(self.cf("GET", KEYS).status, 200)
        self.sim.fault("hang", "cf.keys.list")
        connection = http.client.HTTPSConnection(
            self.sim.urls["cloud_foundry"].removeprefix("https://"), timeout=0.2, context=self.sim._context(None)
        )
        self.addCleanup(connection.close)
        connection.connect()
        with self.assertRaises(TimeoutError):
            connection.request("GET", KEYS)
            connection.getresponse()


class Jobs(SimulatedCase):
    def test_failed_and_timed_out(self):
        for kind, title in (("job-failed", "CF-UnableToPerform"), ("job-timeout", "CF-JobTimeout")):
            self.sim.fault(kind, "cf.keys.create")
            job = self.begin(self.instance(), kind)
            self.sim.advance(1)
            answer = self.cf("GET", job)
            self.assertEqual((answer.status, answer.json["state"]), (200, "FAILED"))
            self.assertEqual(answer.json["errors"][0]["title"], title)

    def test_a_lost_job_made_its_key(self):
        instance = self.instance()
        self.sim.fault("job-lost", "cf.keys.create")
        job = self.begin(instance, "k")
        self.assertEqual(self.cf("GET", job).status, 404)
        self.sim.advance(1)
        found = self.cf("GET", f"{KEYS}?names=k&service_instance_guids={instance}").json["resources"][0]
        self.assertEqual(found["last_operation"]["state"], "succeeded")

    def test_slow_and_stuck(self):
        self.sim.fault("job-slow", "cf.keys.create", seconds=600)
        job = self.begin(self.instance(), "slow")
        self.sim.advance(599)
        self.assertEqual(self.cf("GET", job).json["state"], "POLLING")
        self.sim.advance(2)
        self.assertEqual(self.cf("GET", job).json["state"], "COMPLETE")
        self.sim.fault("job-stuck", "cf.keys.create")
        job = self.begin(self.instance(), "stuck")
        self.sim.advance(1e7)
        self.access = None
        self.assertEqual(self.cf("GET", job).json["state"], "POLLING")

    def test_a_job_can_need_questions(self):
        self.sim.control("POST", "/settings", {"job_polls": 2})
        self.addCleanup(self.sim.control, "POST", "/settings", {"job_polls": 0})
        job = self.begin(self.instance(), "k")
        self.sim.advance(10)
        states = [self.cf("GET", job).json["state"] for _ in range(3)]
        self.assertEqual(states, ["POLLING", "POLLING", "COMPLETE"])

    def test_a_failed_deletion_can_be_repeated(self):
        guid = self.made(self.instance(), "k")
        self.sim.fault("job-failed", "cf.keys.delete")
        job = self.cf("DELETE", f"{KEYS}/{guid}").headers["location"]
        self.sim.advance(1)
        self.assertEqual(self.cf("GET", job).json["state"], "FAILED")
        self.assertEqual(self.cf("GET", f"{KEYS}/{guid}").json["last_operation"]["state"], "failed")
        self.cf("DELETE", f"{KEYS}/{guid}")
        self.sim.advance(1)
        self.assertEqual(self.cf("GET", f"{KEYS}/{guid}").status, 404)

    def test_refusals(self):
        guid = self.made(self.instance(), "k")
        for kind, words in (("busy", "operation in progress"), ("quota", "limit"), ("duplicate", "unique")):
            self.sim.fault(kind, "cf.keys.create")
            self.assertIn(words, self.cf("POST", KEYS, self.creation(self.instance(name=kind), kind)).detail)
        self.sim.fault("busy", "cf.keys.delete")
        self.assertEqual(self.cf("DELETE", f"{KEYS}/{guid}").status, 422)
        self.sim.fault("credentials-unavailable", "cf.keys.details")
        answer = self.cf("GET", f"{KEYS}/{guid}/details")
        self.assertEqual((answer.status, answer.json["errors"][0]["code"]), (503, 10015))

    def test_login_refused_and_locked(self):
        for kind in ("refused", "locked"):
            user = self.sim.control("POST", "/users", {"name": kind})
            self.sim.fault(kind, "uaa.token")
            answer = self.sim.call(
                "POST",
                self.sim.urls["uaa"] + "/oauth/token",
                basic="cf:",
                form={"grant_type": "password", "username": kind, "password": user["password"]},
            )
            self.assertEqual(answer.status, 401)
        self.assertIn("locked", answer.json["error_description"])


class Queue(SimulatedCase):
    def test_after_and_times(self):
        self.sim.fault("unavailable", "cf.keys.*", after=1, times=2)
        self.assertEqual([self.cf("GET", KEYS).status for _ in range(4)], [200, 503, 503, 200])
        self.assertEqual(self.sim.control("GET", "/faults")["waiting"], [])
        self.assertEqual([one["kind"] for one in self.sim.books()["faults"][-2:]], ["unavailable"] * 2)

    def test_mistakes_are_told(self):
        answer = self.sim.call("POST", self.sim.urls["control"] + "/faults", {"kind": "none"})
        self.assertEqual(answer.status, 400)
        self.assertIn("there is no fault 'none'", answer.json["error_description"])


class Seed(unittest.TestCase):
    def given(self, seed: int, kinds: list[str] | None = None, others: bool = False) -> list[str | None]:
        engine = FaultEngine(Books(Clock()), 0.2, seed, kinds)
        found = []
        for _ in range(1000):
            if others:
                engine.take("sm.bindings.get")
            fault = engine.take("cf.keys.create")
            found.append(fault.kind if fault else None)
        return found

    def test_one_call_in_five(self):
        found = self.given(7)
        self.assertTrue(150 < sum(kind is not None for kind in found) < 250)
        self.assertLessEqual({"reset-after", "job-failed", "job-lost", "unauthorized"}, set(found))
        self.assertLessEqual(set(found) - {None}, set(KINDS))

    def test_the_seed_decides_and_calls_of_others_do_not(self):
        self.assertEqual(self.given(7), self.given(7, others=True))
        self.assertNotEqual(self.given(7), self.given(8))
        self.assertEqual(set(self.given(7, ["reset"])), {None, "reset"})


class Storm(SimulatedCase):
    arguments = (
        "--frozen",
        "--fault-rate",
        "0.2",
        "--seed",
        "7",
        "--fault-kinds",
        "unavailable,rate-limited,reset-after",
    )

    def test_a_client_that_asks_again_gets_through(self):
        statuses = []
        for _ in range(60):
            try:
                statuses.append(self.sim.call("GET", self.sim.urls["cloud_foundry"] + KEYS).status)
            except GONE:
                statuses.append(0)
        self.assertEqual(set(statuses), {401, 0, 503, 429})
        self.assertEqual(len(self.sim.books()["faults"]), 60 - statuses.count(401))
