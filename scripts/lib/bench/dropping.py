# SPDX-License-Identifier: Apache-2.0
"""Service keys that are dropped in, each ending later than the one before."""

import contextlib
import datetime
import json
import os
import random
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Seconds between two.
PAUSES = (0.02, 0.3)


class Dropper:
    """Puts service keys in the place of others, as an administrator who is in a hurry."""

    def __init__(self, place: Path, names: list, seed: int):
        self._place = place
        self._names = names
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bench Root")])
        root = self._certificate(self._name, self._key.public_key(), 4000 * 86400, x509.BasicConstraints(True, None))
        (place / "roots.pem").write_text(self._pem(root))
        self.count = 0
        # The certificate that was dropped in last, by keystore.
        self.certificates = {}

    @property
    @contextlib.contextmanager
    def paused(self):
        """Nothing is dropped in meanwhile."""
        with self._lock:
            yield

    def run(self, over: threading.Event) -> None:
        """Drops one in now and then until it is over."""
        while not over.wait(self._random.uniform(*PAUSES)):
            with self._lock:
                self.drop(self._random.choice(self._names))

    def drop(self, name: str) -> None:
        """Replaces one service key by one that ends a minute later than all before."""
        self.count += 1
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        leaf = self._certificate(
            subject, key.public_key(), 365 * 86400 + 60 * self.count, x509.BasicConstraints(False, None))
        content = {
            "certificate": self._pem(leaf), "clientid": "sb-bench!b1", "certurl": "https://localhost.invalid",
            "key": key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()).decode()}
        temporary = self._place / f".{name}.json"
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file)
        self.certificates[name] = content["certificate"]
        temporary.rename(self._place / f"{name}.json")

    def _certificate(self, subject, public_key, seconds: int, constraints) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(self._start - datetime.timedelta(days=1))
            .not_valid_after(self._start + datetime.timedelta(seconds=seconds)).add_extension(constraints, True))
        if not constraints.ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        return builder.sign(self._key, hashes.SHA256())

    @staticmethod
    def _pem(certificate: x509.Certificate) -> str:
        return certificate.public_bytes(serialization.Encoding.PEM).decode()
