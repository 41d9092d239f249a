# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the parts of SAP BTP that certrotd speaks with, started by scripts/btp-simulator.

Each module is one part of the platform or one concern of the stand-in. A request holds the one lock of the simulator
while it is answered, so that no module needs locks of its own.
"""
