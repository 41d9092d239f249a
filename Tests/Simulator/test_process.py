# SPDX-License-Identifier: Apache-2.0
"""How the simulator starts and ends."""

import datetime
import json
import pathlib
import signal
import stat
import subprocess
import tempfile
import unittest

from support import DEADLINE, PROGRAM, Simulator


class Process(unittest.TestCase):
    def test_it_ends_with_its_input_and_leaves_nothing(self):
        sim = Simulator("--empty")
        directory = pathlib.Path(sim.facts["directory"])
        self.assertTrue((directory / "server-ca.pem").exists())
        self.assertEqual(sim.facts["instances"], [])
        self.assertEqual(sim.stop(), 0)
        self.assertFalse(directory.exists())

    def test_it_ends_at_a_signal_also_while_a_call_hangs(self):
        sim = Simulator("--empty", "--stay")
        sim.fault("slow", "cf.root", seconds=1000)
        sim.process.send_signal(signal.SIGTERM)
        self.assertEqual(sim.process.wait(DEADLINE), 0)
        sim.stop()

    def test_files_ports_and_time_are_as_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            sim = Simulator("--directory", folder + "/files", "--frozen", "--time", "2030-01-02T03:04:05Z")
            try:
                self.assertEqual(sim.books()["now"], "2030-01-02T03:04:05.000Z")
                login = pathlib.Path(sim.facts["service_manager_logins"]["certificate"])
                self.assertEqual(login.parent, pathlib.Path(folder).resolve() / "files")
                self.assertEqual(stat.S_IMODE(login.stat().st_mode), 0o600)
                self.assertEqual(
                    {url.split(":")[1] for url in sim.urls.values()}, {"//127.0.0.1"}, "nothing else is listened on"
                )
                answer = sim.call("GET", sim.urls["cloud_foundry"])
                self.assertEqual(answer.headers["date"], "Wed, 02 Jan 2030 03:04:05 GMT")
            finally:
                sim.stop()

    def test_the_clock_can_be_set_moved_and_stopped(self):
        sim = Simulator("--empty")
        try:
            self.assertEqual(
                sim.control("POST", "/clock", {"now": "2031-01-01T00:00:00Z", "frozen": True})["frozen"], True
            )
            moved = sim.control("POST", "/clock", {"advance_seconds": 86400})
            self.assertEqual(moved["now"], "2031-01-02T00:00:00.000Z")
            found = sim.control("POST", "/clock", {"offset_seconds": 3600, "frozen": False})["now"]
            ahead = datetime.datetime.fromisoformat(found) - datetime.datetime.now(datetime.timezone.utc)
            self.assertLess(abs(ahead.total_seconds() - 3600), DEADLINE)
        finally:
            sim.stop()

    def test_a_nursery_starts_simulators_that_share_nothing_and_ends_them(self):
        process = subprocess.Popen([str(PROGRAM), "--nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def ask(request):
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        first, second = ask({"start": ["--empty"]}), ask({"start": ["--time", "2030-01-02T03:04:05Z"]})
        self.assertEqual([first["instances"], first["number"], second["number"]], [[], 1, 2])
        self.assertFalse(set(first["urls"].values()) & set(second["urls"].values()))
        process.stdin.write(b'{"end": 1}\n')
        # Requests are done one after the other.
        self.assertEqual(ask({"start": ["--time", "soon"]}), {"number": 3, "failed": True})
        folders = [pathlib.Path(one["directory"]) for one in (first, second)]
        self.assertEqual([folder.exists() for folder in folders], [False, True])
        process.stdin.close()
        self.assertEqual(process.wait(DEADLINE), 0)
        process.stdout.close()
        self.assertFalse(folders[1].exists())

    def test_wrong_use_is_told(self):
        for arguments in (["--port", "nothing=1"], ["--fault-rate", "2"], ["--time", "soon"]):
            found = subprocess.run([str(PROGRAM), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual(found.returncode, 2, arguments)
            self.assertIn("usage:", found.stderr)

    def test_the_first_line_is_all_that_is_printed(self):
        found = subprocess.run([str(PROGRAM), "--empty"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(len(found.stdout.splitlines()), 1)
        self.assertEqual(found.stderr, "")
        self.assertEqual(
            set(json.loads(found.stdout)["urls"]),
            {"cloud_foundry", "uaa", "service_manager", "xsuaa", "token", "identity", "runtime", "control"},
        )
