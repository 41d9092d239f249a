# SPDX-License-Identifier: Apache-2.0
"""With every fault that a seed may choose, on one call in five, a careful client renews its keys and loses none."""

import http.client
import json
import urllib.parse
from typing import Any

from support import KEYS, Answer, SimulatedCase

ROUNDS = 12
GONE = (OSError, http.client.HTTPException)
AGAIN = (429, 500, 502, 503)


class Storm(SimulatedCase):
    arguments = ("--frozen", "--fault-rate", "0.2", "--seed", "7")

    def setUp(self) -> None:
        super().setUp()
        # What another case left does not belong to this one; its faults are switched off after each case.
        self.sim.control("POST", "/faults", {"rate": 0.2})

    def once(self, call: Any) -> Answer | None:
        """The answer, or nothing where it was lost or is no answer."""
        try:
            answer = call()
        except GONE:
            return None
        return None if answer.status in AGAIN else answer

    def patiently(self, method: str, path: str) -> Answer:
        """Asks until there is an answer, with a new login where the old one is no longer good."""
        for _ in range(30):
            token = self.access = self.access or self.logged_in()
            answer = self.once(lambda: self.cf(method, path, token=token))
            if answer and answer.status != 401:
                return answer
            self.access = None if answer else self.access
            self.sim.advance(2)
        raise AssertionError(f"{method} {path} never got an answer")

    def logged_in(self) -> str:
        user = self.sim.facts["user"]
        hint = urllib.parse.quote(json.dumps({"origin": user["origin"]}))
        form = {"grant_type": "password", "username": user["name"], "password": user["password"]}
        for _ in range(30):
            answer = self.once(
                lambda: self.sim.call(
                    "POST", self.sim.urls["uaa"] + f"/oauth/token?login_hint={hint}", form=form, basic="cf:"
                )
            )
            if answer:
                self.assertEqual(answer.status, 200, answer.body)
                return answer.json["access_token"]
        raise AssertionError("no login got through")

    def found(self, instance: str, name: str) -> dict | None:
        listed = self.patiently("GET", f"{KEYS}?service_instance_guids={instance}&names={name}").json["resources"]
        self.assertLessEqual(len(listed), 1)
        return listed[0] if listed else None

    def settled(self, instance: str, name: str) -> dict | None:
        """The key by its name, once nothing is going on with it: that does without jobs that may be lost."""
        for _ in range(30):
            key = self.found(instance, name)
            if not key or key["last_operation"]["state"] != "in progress":
                return key
            self.sim.advance(10)
        raise AssertionError("the operation never ended")

    def renewed(self, instance: str, name: str) -> str:
        for _ in range(30):
            key = self.settled(instance, name)
            if key and key["last_operation"]["state"] == "succeeded":
                return key["guid"]
            token = self.access = self.access or self.logged_in()
            self.once(lambda: self.cf("POST", KEYS, self.creation(instance, name), token=token))
            self.access = None
        raise AssertionError("the key was never made")

    def test_keys_are_renewed_and_nothing_is_left(self) -> None:
        instance = self.instance()
        old: str | None = None
        for number in range(ROUNDS):
            name = f"sender-{number}"
            guid = self.renewed(instance, name)
            details = self.patiently("GET", f"{KEYS}/{guid}/details")
            self.assertIn("certificate", details.json["credentials"]["oauth"])
            while old and self.patiently("GET", f"{KEYS}/{old}").status == 200:
                self.patiently("DELETE", f"{KEYS}/{old}")
                self.settled(instance, f"sender-{number - 1}")
            old = guid
        books = self.sim.books()
        keys = [key for key in books["keys"] if key["instance"] == instance]
        self.assertEqual([key["name"] for key in keys if key["exists"]], [f"sender-{ROUNDS - 1}"])
        self.assertEqual([key["details_reads"] for key in keys if key["serial"]], [1] * ROUNDS)
        given = {fault["kind"] for fault in books["faults"]}
        self.assertGreater(len(given), 5, given)
