# SPDX-License-Identifier: Apache-2.0
"""The certification authorities: of the simulator's own servers, and of client certificates as SAP issues them."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .clock import UTC

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}
# SAP backdates its client certificates by this much: those seen live for their days and one hour.
BACKDATED = datetime.timedelta(hours=1)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
# The size that almost everybody asks for.
STOCKED_BITS = 2048
_spare: list[rsa.RSAPrivateKey] = []


def name(*parts: tuple[str, str]) -> x509.Name:
    """A distinguished name from its attributes in the order of their encoding, the country first."""
    return x509.Name([x509.NameAttribute(ATTRIBUTES[kind], value) for kind, value in parts])


def key_pem(key: PrivateKey, pkcs8: bool = False) -> str:
    """An unencrypted key as PEM: PKCS#1 for RSA and SEC 1 for EC, or PKCS#8 for either."""
    form = serialization.PrivateFormat.PKCS8 if pkcs8 else serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@dataclasses.dataclass
class Issuer:
    """A certification authority's certificate and key."""

    certificate: x509.Certificate
    key: PrivateKey

    def issue(
        self,
        subject: x509.Name,
        public_key: object,
        not_before: datetime.datetime,
        not_after: datetime.datetime,
        extensions: list[tuple[x509.ExtensionType, bool]],
        serial: int | None = None,
    ) -> x509.Certificate:
        """Signs a certificate with these extensions, of which the flag says whether they are critical."""
        return _sign(subject, self.certificate.subject, public_key, self.key, not_before, not_after, extensions, serial)


def _sign(subject, issuer, public_key, signer, not_before, not_after, extensions, serial=None) -> x509.Certificate:
    # The older versions of the library want times without a zone, in UTC.
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(not_before.astimezone(UTC).replace(tzinfo=None, microsecond=0))
        .not_valid_after(not_after.astimezone(UTC).replace(tzinfo=None, microsecond=0))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer, hashes.SHA256())


def key_usage(*uses: str) -> tuple[x509.ExtensionType, bool]:
    """The critical key usage extension (RFC 5280 section 4.2.1.3) with these uses."""
    known = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{use: use in uses for use in known}), True


def _authority(path_length: int | None) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.BasicConstraints(ca=True, path_length=path_length), True), key_usage("key_cert_sign", "crl_sign")]


def root(subject: x509.Name, key: PrivateKey, now: datetime.datetime) -> Issuer:
    """A self-signed root that began five years before `now` and ends twenty years after."""
    begin, end = now - datetime.timedelta(days=5 * 365), now + datetime.timedelta(days=20 * 365)
    return Issuer(_sign(subject, subject, key.public_key(), key, begin, end, _authority(None)), key)


class ServerAuthority:
    """Issues the certificate of the simulator's own servers, by the host's time, since clients judge it by theirs."""

    def __init__(self, directory: pathlib.Path) -> None:
        now = datetime.datetime.now(UTC)
        authority = root(name(("O", "certrotd"), ("CN", "Simulator Server CA")), _ec_key(), now)
        key = _ec_key()
        names = x509.SubjectAlternativeName(
            [
                x509.DNSName("localhost"),
                x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            ]
        )
        certificate = authority.issue(
            name(("O", "certrotd"), ("CN", "localhost")),
            key.public_key(),
            now - datetime.timedelta(days=2),
            now + datetime.timedelta(days=397),
            [
                (x509.BasicConstraints(ca=False, path_length=None), True),
                key_usage("digital_signature"),
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
                (names, False),
            ],
        )
        self.ca_file = directory / "server-ca.pem"
        self.ca_file.write_text(pem(authority.certificate))
        self.server_file = directory / "server.pem"
        write_private(self.server_file, key_pem(key) + pem(certificate))


class ClientAuthority:
    """Issues client certificates as SAP's PKI does: a root, an intermediate for leaves only, and short-lived leaves."""

    def __init__(self, directory: pathlib.Path, now: datetime.datetime, locality: str = "simulator") -> None:
        self.root = root(
            name(("C", "DE"), ("L", "Walldorf"), ("O", "SAP SE"), ("CN", "SAP Cloud Root CA")), rsa_key(2048), now
        )
        subject = name(
            ("C", "DE"),
            ("L", locality),
            ("O", "SAP SE"),
            ("OU", "SAP BTP Clients"),
            ("CN", "SAP PKI Certificate Service Client CA"),
        )
        key = rsa_key(2048)
        begin, end = now - datetime.timedelta(days=4 * 365), now + datetime.timedelta(days=15 * 365)
        certificate = self.root.issue(subject, key.public_key(), begin, end, _authority(0))
        self.intermediate = Issuer(certificate, key)
        self.root_file = directory / "client-root.pem"
        self.root_file.write_text(pem(self.root.certificate))

    def leaf(
        self,
        subject: x509.Name,
        public_key: object,
        now: datetime.datetime,
        not_after: datetime.datetime,
        serial: int | None = None,
        client_auth: bool = True,
    ) -> x509.Certificate:
        """Issues a client certificate that began an hour ago and lives until `not_after`."""
        return leaf(self.intermediate, subject, public_key, now, not_after, serial, client_auth)


def leaf(
    issuer: Issuer,
    subject: x509.Name,
    public_key: object,
    now: datetime.datetime,
    not_after: datetime.datetime,
    serial: int | None = None,
    client_auth: bool = True,
) -> x509.Certificate:
    """A client certificate of any issuer; on demand without clientAuth, as public authorities issue them."""
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client_auth else ExtendedKeyUsageOID.SERVER_AUTH
    return issuer.issue(
        subject,
        public_key,
        min(now, not_after) - BACKDATED,
        not_after,
        [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            key_usage("digital_signature", "key_encipherment"),
            (x509.ExtendedKeyUsage([purpose]), False),
        ],
        serial,
    )


class KeyPool:
    """Makes private keys; with a limit, so many of each kind, given out in turn, for runs that need thousands."""

    def __init__(self, limit: int = 0) -> None:
        self._limit = limit
        self._made: dict[str, list[PrivateKey]] = {}
        self._given: dict[str, int] = {}

    def take(self, bits: int = 2048, elliptic: bool = False) -> PrivateKey:
        """An RSA key of so many bits, or a P-256 key."""
        kind = "ec" if elliptic else str(bits)
        made, given = self._made.setdefault(kind, []), self._given.get(kind, 0)
        self._given[kind] = given + 1
        if self._limit and len(made) >= self._limit:
            return made[given % self._limit]
        key = _ec_key() if elliptic else rsa_key(bits)
        if self._limit:
            made.append(key)
        return key


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """A fresh key, or one of those that were made in advance."""
    if bits == STOCKED_BITS and _spare:
        return _spare.pop()
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def stock(count: int) -> None:
    """Makes so many keys in advance, for processes that are forked later; each of them has the same ones."""
    _spare.extend(rsa.generate_private_key(public_exponent=65537, key_size=STOCKED_BITS) for _ in range(count))


def _ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def write_private(path: pathlib.Path, text: str) -> None:
    """Writes a file that only its owner may read, from its first byte."""
    path.touch(mode=0o600)
    path.write_text(text)
