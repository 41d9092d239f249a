# SPDX-License-Identifier: Apache-2.0
"""The page of the simulator names all of its routes, faults, settings and offerings."""

import re
import sys

from support import ROOT, SimulatedCase

sys.path.insert(0, str(ROOT / "scripts"))

from simulator.faults import BY_SEED, KINDS  # noqa: E402 (the path comes first)
from simulator.offerings import OFFERINGS  # noqa: E402

PAGE = (ROOT / "Documentation" / "simulator.md").read_text(encoding="utf-8")


class Documentation(SimulatedCase):
    def test_everything_is_named(self):
        sources = "".join(path.read_text() for path in (ROOT / "scripts" / "simulator").glob("*.py"))
        routes = set(re.findall(r'Route\(\s*"[A-Z*]+",\s*[^,]+,\s*"([\w.]+)"', sources))
        calls = set(re.findall(r'Route\(\s*"([A-Z]+)",\s*"([^"]+)",\s*"control', sources))
        self.assertGreater(len(routes), 20)
        wanted = {route for route in routes if not route.startswith("control.")} | set(KINDS) | set(OFFERINGS)
        wanted |= set(self.sim.control("GET", "/settings")) | set(self.sim.facts["urls"])
        wanted |= {f"{method} {path}".replace("{guid}", "GUID") for method, path in calls}
        self.assertEqual([one for one in sorted(wanted) if f"`{one}`" not in PAGE], [])

    def test_the_books_are_described(self):
        self.assertEqual([one for one in self.sim.books() if f"`{one}`" not in PAGE], [])

    def test_seeds_choose_only_faults_that_there_are(self):
        self.assertLessEqual({kind for _, kinds in BY_SEED for kind in kinds}, set(KINDS))
