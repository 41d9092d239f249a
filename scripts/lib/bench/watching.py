# SPDX-License-Identifier: Apache-2.0
"""A consumer that opens the files of keystores at any moment, and judges what it finds."""

import os
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12


# Opening a PFX takes a hundred times as long as the rest: it was made to be slow for who guesses passwords.
PFX_EVERY = 8


class Watcher:
    """Reads the files of one keystore after another through its link, as long as it may."""

    def __init__(self, place: Path, names: list):
        self._place = place
        self._names = names
        self._faults = []
        self._seen = set()
        self.looks = 0

    @property
    def distinct(self) -> int:
        """How many different certificates were seen."""
        return len(self._seen)

    def run(self, over: threading.Event) -> None:
        """Looks until it is over."""
        while not over.is_set():
            for name in self._names:
                try:
                    self._look(name)
                except (OSError, ValueError, TypeError) as error:
                    self._faults.append(f"{name}: {type(error).__name__}: {error}")
                self.looks += 1

    def must_be_content(self) -> None:
        """Raises when what it found was not one whole set of files."""
        if self._faults:
            raise RuntimeError(f"{len(self._faults)} looks found no whole file set: {'; '.join(self._faults[:3])}")

    def _look(self, name: str) -> None:
        folder = os.open(self._place / "state" / "keystores" / name / "current", os.O_RDONLY | os.O_DIRECTORY)
        try:
            files = {file: self._read(file, folder) for file in ("cert.pem", "key.pem", "cert.pfx")}
        finally:
            os.close(folder)
        chain = x509.load_pem_x509_certificates(files["cert.pem"])
        key = serialization.load_pem_private_key(files["key.pem"], None)
        if key.public_key() != chain[0].public_key():
            raise ValueError("files of two generations")
        if self.looks % PFX_EVERY == 0:
            bundle = pkcs12.load_pkcs12(files["cert.pfx"], b"")
            if bundle.cert.certificate != chain[0] or bundle.key.private_numbers() != key.private_numbers():
                raise ValueError("a PFX of another generation")
        self._seen.add(chain[0].serial_number)
        outside = (self._place / f"{name}.pem").read_bytes()
        if not outside.endswith(b"-----END CERTIFICATE-----\n") or not x509.load_pem_x509_certificates(outside):
            raise ValueError("the file outside is cut off")

    @staticmethod
    def _read(name: str, folder: int) -> bytes:
        with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=folder), "rb") as file:
            return file.read()
