# SPDX-License-Identifier: Apache-2.0
"""What a key holds: its shape for each service, and certificates as SAP issues them, or as a fault has them."""

import datetime
import re
import warnings

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from support import SimulatedCase

X509 = {"credential-type": "x509", "x509": {"validity": 8, "key-length": 2048}}
UTC = datetime.timezone.utc


def chain_of(text: str) -> list[x509.Certificate]:
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.DOTALL)
    return [x509.load_pem_x509_certificate(block.encode()) for block in blocks]


def end_of(certificate: x509.Certificate) -> datetime.datetime:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return certificate.not_valid_after.replace(tzinfo=UTC)


class Shapes(SimulatedCase):
    def held(self, offering: str, parameters: dict) -> dict:
        return self.credentials(self.made(self.instance(offering), "k", parameters))

    def test_cloud_integration(self):
        found = self.held("it-rt", {"key-type": "certificate", "validity": 30, "key-length": 2048})["oauth"]
        self.assertLessEqual(
            {"clientid", "certificate", "key", "certificatedetails", "createdate", "tokenurl", "url"}, set(found)
        )
        self.assertEqual(found["tokenurl"], self.sim.urls["token"] + "/oauth/token")
        details, leaf = found["certificatedetails"], chain_of(found["certificate"])[0]
        self.assertEqual(details["serialnumber"], f"0x{leaf.serial_number:X}")
        self.assertEqual(details["validuntil"][:19], end_of(leaf).strftime("%Y-%m-%dT%H:%M:%S"))
        self.assertEqual(details["subjectdn"], leaf.subject.rfc4514_string())
        self.assertTrue(
            details["issuerdn"].startswith("CN=SAP PKI Certificate Service Client CA,OU=SAP BTP Clients,O=SAP SE")
        )
        self.assertIn("clientsecret", self.held("it-rt", {})["oauth"])

    def test_cloud_integration_with_an_external_certificate(self):
        foreign = self.sim.control("POST", "/foreign-certificates", {})
        found = self.held("it-rt", {"key-type": "certificate_external", "X.509": foreign["certificate"]})["oauth"]
        self.assertNotIn("key", found)
        self.assertEqual(chain_of(found["certificate"]), chain_of(foreign["certificate"])[:1])

    def test_the_others(self):
        for offering, parameters, path in (
            ("xsuaa", X509, ()),
            ("destination", X509, ()),
            ("service-manager", X509, ()),
            ("auditlog-management", {"xsuaa": X509}, ("uaa",)),
            ("enterprise-messaging", X509, ("messaging", 0, "oa2")),
            ("identity", {"credential-type": "X509_GENERATED", "validity": 8}, ()),
        ):
            with self.subTest(offering):
                found = self.held(offering, parameters)
                for step in path:
                    found = found[step]
                leaf = chain_of(found["certificate"])[0]
                lifetime = datetime.timedelta(days=8)
                self.assertEqual(len(chain_of(found["certificate"])), 3)
                now = datetime.datetime.fromisoformat(self.sim.control("GET", "/clock")["now"])
                self.assertLess(abs(end_of(leaf) - now - lifetime), datetime.timedelta(seconds=3))
                self.assertTrue(found["certurl"].startswith("https://127.0.0.1:"))
                self.assertIn("BEGIN RSA PRIVATE KEY", found["key"])
        found = self.held("cloud-logging", {"ingest": {"certValidityDays": 30}})
        self.assertEqual(found["ingest-mtls-cert"], found["ingest-otlp-cert"])

    def test_identity_keeps_the_subject_on_demand(self):
        instance = self.instance("identity")
        parameters = {"credential-type": "X509_GENERATED", "app-identifier": "mine"}
        one, two = (
            chain_of(self.credentials(self.made(instance, name, parameters))["certificate"])[0] for name in "ab"
        )
        self.assertEqual(one.subject, two.subject)
        self.assertNotEqual(one.serial_number, two.serial_number)


class Certificates(SimulatedCase):
    def made_with(self, fault: str | None = None) -> dict:
        instance = self.instance()
        before = self.credentials(self.made(instance, "before"))["oauth"]
        if fault:
            self.sim.fault(fault, "cf.keys.create")
        found = self.credentials(self.made(instance, "new"))["oauth"]
        return {"before": before, **found}

    def fits(self, found: dict) -> bool:
        key = load_pem_private_key(found["key"].encode(), None)
        return any(
            key.public_key().public_numbers() == one.public_key().public_numbers()
            for one in chain_of(found["certificate"])
        )

    def test_as_sap_issues_them(self):
        found = self.made_with()
        leaf, intermediate, root = chain_of(found["certificate"])
        for issuer, issued in ((intermediate, leaf), (root, intermediate), (root, root)):
            self.assertEqual(issued.issuer, issuer.subject)
            issuer.public_key().verify(
                issued.signature, issued.tbs_certificate_bytes, padding.PKCS1v15(), issued.signature_hash_algorithm
            )
        self.assertTrue(self.fits(found))
        self.assertEqual(leaf.public_key().key_size, 2048)
        self.assertIn("BEGIN RSA PRIVATE KEY", found["key"])
        self.assertEqual(intermediate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length, 0)
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        self.assertTrue(usage.digital_signature and usage.key_encipherment and not usage.key_cert_sign)
        purpose = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        self.assertEqual(list(purpose), [ExtendedKeyUsageOID.CLIENT_AUTH])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lifetime = leaf.not_valid_after - leaf.not_valid_before
        self.assertEqual(lifetime, datetime.timedelta(days=30, hours=1))
        self.assertNotEqual(leaf.serial_number, chain_of(found["before"]["certificate"])[0].serial_number)

    def test_chains(self):
        for fault, names in (
            ("chain-shuffled", ["Root", "leaf", "Client"]),
            ("root-missing", ["leaf", "Client"]),
            ("chain-missing", ["leaf"]),
        ):
            texts = [one.subject.rfc4514_string() for one in chain_of(self.made_with(fault)["certificate"])]
            told = ["Root" if "Root" in text else "Client" if "Client CA" in text else "leaf" for text in texts]
            self.assertEqual(told, names, fault)

    def test_keys(self):
        self.assertFalse(self.fits(self.made_with("key-mismatch")))
        found = self.made_with("key-pkcs8")
        self.assertIn("-----BEGIN PRIVATE KEY-----", found["key"])
        self.assertTrue(self.fits(found))
        found = self.made_with("key-ec")
        self.assertEqual(load_pem_private_key(found["key"].encode(), None).curve.name, "secp256r1")
        self.assertIn("\\n", self.made_with("literal-newlines")["key"])

    def test_dates_serial_and_purpose(self):
        now = datetime.datetime.fromisoformat(self.sim.control("GET", "/clock")["now"])
        self.assertLess(end_of(chain_of(self.made_with("already-expired")["certificate"])[0]), now)
        found = self.made_with("ends-earlier")
        self.assertLess(*(end_of(chain_of(one["certificate"])[0]) for one in (found, found["before"])))
        found = self.made_with("same-serial")
        new, old = (chain_of(one["certificate"])[0] for one in (found, found["before"]))
        self.assertEqual(new.serial_number, old.serial_number)
        self.assertNotEqual(new, old)
        found = self.made_with("same-certificate")
        self.assertEqual(found["certificate"], found["before"]["certificate"])
        leaf = chain_of(self.made_with("no-client-auth")["certificate"])[0]
        purpose = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        self.assertNotIn(ExtendedKeyUsageOID.CLIENT_AUTH, list(purpose))
