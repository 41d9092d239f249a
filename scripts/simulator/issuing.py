# SPDX-License-Identifier: Apache-2.0
"""Makes what a new key holds: certificate, private key, and the credentials around them, with the faults wanted."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from . import authority
from .clock import stamp
from .offerings import Material, Offering, Wish

if TYPE_CHECKING:
    from .books import Books


@dataclasses.dataclass
class Issued:
    """What a key gives to whoever reads its details, and what the simulator needs to recognise it."""

    credentials: dict[str, Any]
    client: str
    secret: str | None = None
    # Of the encoded leaf, SHA-256; empty for a key without a certificate.
    fingerprint: bytes = b""
    serial: int | None = None
    subject: str = ""
    not_before: datetime.datetime = authority.EPOCH
    not_after: datetime.datetime = authority.EPOCH


class Issuer:
    """Issues keys of every offering with one certification authority."""

    def __init__(
        self,
        clients: authority.ClientAuthority,
        keys: authority.KeyPool,
        books: Books,
        urls: dict[str, str],
    ) -> None:
        self.clients = clients
        self.keys = keys
        self.books = books
        self.urls = urls
        self.tenant = str(uuid.uuid4())

    def issue(
        self,
        offering: Offering,
        wish: Wish,
        instance: str,
        guid: str,
        now: datetime.datetime,
        fault: str | None = None,
        previous: Issued | None = None,
    ) -> Issued:
        """Issues what was wished for.

        `previous` is what the newest key of the instance holds, for the faults that repeat something of it.
        """
        if fault == "same-certificate" and previous:
            return previous
        client = self._client(offering, instance, guid)
        if wish.secret:
            secret = self.books.secret("client secret", uuid.uuid4().hex + "$" + uuid.uuid4().hex)
            material = self._material(instance, guid, client, now, secret=secret)
            return Issued(offering.credentials(material, wish), client, secret)
        if wish.external:
            return self._external(offering, wish, instance, guid, client, now)
        return self._certificate(offering, wish, instance, guid, client, now, fault, previous)

    def _client(self, offering: Offering, instance: str, guid: str) -> str:
        # The marks that must be percent-encoded in a form are those of real ones.
        if offering.name == "identity":
            return instance
        if offering.name == "it-rt":
            return f"sb-{guid}!b12345|it-rt-simulator!b1234"
        return f"sb-{offering.name}-{instance[:8]}!t1234"

    def _subject(self, offering: Offering, wish: Wish, instance: str, guid: str) -> x509.Name:
        if offering.name == "identity":
            return authority.name(
                ("C", "DE"),
                ("O", "SAP SE"),
                ("OU", "SAP Cloud Platform Clients"),
                ("OU", self.tenant),
                ("L", instance),
                ("CN", wish.application or guid),
            )
        return authority.name(
            ("C", "DE"),
            ("O", "SAP SE"),
            ("OU", "SAP Cloud Platform Clients"),
            ("OU", self.tenant),
            ("L", "sap-uaa"),
            ("CN", guid),
        )

    def _certificate(
        self,
        offering: Offering,
        wish: Wish,
        instance: str,
        guid: str,
        client: str,
        now: datetime.datetime,
        fault: str | None,
        previous: Issued | None,
    ) -> Issued:
        key = self.keys.take(wish.bits, elliptic=fault == "key-ec")
        not_after = now + datetime.timedelta(days=wish.days)
        if fault == "already-expired":
            not_after = now - datetime.timedelta(minutes=1)
        if fault == "ends-earlier" and previous and previous.fingerprint:
            not_after = previous.not_after - datetime.timedelta(minutes=1)
        subject = self._subject(offering, wish, instance, guid)
        leaf = self.clients.leaf(
            subject,
            key.public_key(),
            now,
            not_after,
            serial=previous.serial if fault == "same-serial" and previous else None,
            client_auth=fault != "no-client-auth",
        )
        given = authority.rsa_key(wish.bits) if fault == "key-mismatch" else key
        # EC keys come as PKCS#8 from SAP, RSA keys mostly as PKCS#1.
        text = self.books.secret("private key", authority.key_pem(given, pkcs8=fault in ("key-pkcs8", "key-ec")))
        chain = self._chain(authority.pem(leaf), fault)
        if fault == "literal-newlines":
            chain, text = chain.replace("\n", "\\n"), text.replace("\n", "\\n")
        material = self._material(
            instance,
            guid,
            client,
            now,
            certificate=chain,
            key=text,
            issuer=leaf.issuer.rfc4514_string(),
            subject=subject.rfc4514_string(),
            serial=f"0x{leaf.serial_number:X}",
            valid_until=stamp(not_after, milliseconds=True),
        )
        return Issued(
            offering.credentials(material, wish),
            client,
            fingerprint=leaf.fingerprint(hashes.SHA256()),
            serial=leaf.serial_number,
            subject=material.subject,
            not_before=min(now, not_after) - authority.BACKDATED,
            not_after=not_after.replace(microsecond=0),
        )

    def _chain(self, leaf: str, fault: str | None) -> str:
        """PEM as SAP gives it, the leaf first, unless it is to be otherwise."""
        intermediate, root = (
            authority.pem(self.clients.intermediate.certificate),
            authority.pem(self.clients.root.certificate),
        )
        match fault:
            case "chain-shuffled":
                return root + leaf + intermediate
            case "root-missing":
                return leaf + intermediate
            case "chain-missing":
                return leaf
            case _:
                return leaf + intermediate + root

    def _external(
        self,
        offering: Offering,
        wish: Wish,
        instance: str,
        guid: str,
        client: str,
        now: datetime.datetime,
    ) -> Issued:
        leaf = x509.load_pem_x509_certificate((wish.external or "").encode())
        not_after = not_after_of(leaf)
        material = self._material(
            instance,
            guid,
            client,
            now,
            certificate=authority.pem(leaf),
            issuer=leaf.issuer.rfc4514_string(),
            subject=leaf.subject.rfc4514_string(),
            serial=f"0x{leaf.serial_number:X}",
            valid_until=stamp(not_after, milliseconds=True),
        )
        return Issued(
            offering.credentials(material, wish),
            client,
            fingerprint=leaf.fingerprint(hashes.SHA256()),
            serial=leaf.serial_number,
            subject=material.subject,
            not_before=now,
            not_after=not_after,
        )

    def _material(self, instance: str, guid: str, client: str, now: datetime.datetime, **parts: str) -> Material:
        empty = dict.fromkeys(("secret", "certificate", "key", "issuer", "subject", "serial", "valid_until"), "")
        return Material(
            guid=guid,
            instance=instance,
            client=client,
            tenant=self.tenant,
            created=stamp(now, milliseconds=True),
            urls=self.urls,
            **{**empty, **parts},
        )


def not_after_of(certificate: x509.Certificate) -> datetime.datetime:
    """When a certificate ends, with its zone, in every version of the library."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_after_utc
    return certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
