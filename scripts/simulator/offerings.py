# SPDX-License-Identifier: Apache-2.0
"""What the services of the marketplace take as parameters of a key, and the shape of the credentials that they give.

The shapes follow what SAP documents for each service, and keys that users show publicly. That of Cloud Integration's
certificate key is put together from SAP's field lists, since no whole one is public.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


class BrokerError(Exception):
    """What a service broker refuses a key with."""


@dataclasses.dataclass
class Wish:
    """What is wanted of a key, from its parameters."""

    days: int = 365
    bits: int = 2048
    # Only a secret and no certificate.
    secret: bool = False
    # A certificate that the customer has (PEM), with no key in the credentials.
    external: str | None = None
    # Keeps the subject the same from key to key.
    application: str | None = None


@dataclasses.dataclass
class Material:
    """What the credentials are made of."""

    guid: str
    instance: str
    client: str
    tenant: str
    secret: str
    certificate: str
    key: str
    issuer: str
    subject: str
    serial: str
    created: str
    valid_until: str
    # Addresses of the simulator by name.
    urls: dict[str, str]


def number(value: Any, least: int, most: int, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BrokerError(f"{what} must be a number from {least} to {most}")
    return value


def length(parameters: Json, *allowed: int) -> int:
    bits = parameters.get("key-length", 2048)
    if bits not in allowed:
        raise BrokerError(f"key-length must be one of {', '.join(map(str, allowed))}")
    return bits


def x509_days(parameters: Json, default: int, most: int) -> int:
    """Validity with its unit, as XSUAA and the services built on it take it."""
    factor = {"DAYS": 1, "MONTHS": 30, "YEARS": 365}.get(parameters.get("validity-type", "DAYS"))
    if factor is None:
        raise BrokerError("validity-type is unknown")
    days = number(parameters.get("validity", default), 1, 10_000, "validity") * factor
    return number(days, 1, most, "validity in days")


# Cloud Integration


def integration_wish(parameters: Json) -> Wish:
    kind = parameters.get("key-type", "clientid_secret")
    days = number(parameters.get("validity", 365), 1, 365, "validity")
    if kind == "certificate":
        return Wish(days, length(parameters, 2048, 4096))
    if kind == "certificate_external":
        if not isinstance(parameters.get("X.509"), str):
            raise BrokerError("X.509 is missing")
        return Wish(days, external=parameters["X.509"])
    if kind == "clientid_secret":
        return Wish(secret=True)
    raise BrokerError(f"key-type {kind!r} is not supported")


def integration(material: Material, wish: Wish) -> Json:
    if wish.secret:
        return {
            "oauth": {
                "clientid": material.client,
                "clientsecret": material.secret,
                "url": material.urls["runtime"],
                "createdate": material.created,
                "tokenurl": material.urls["xsuaa"] + "/oauth/token",
            }
        }
    found: Json = {
        "clientid": material.client,
        "certificate": material.certificate,
        "certificatedetails": {
            "issuerdn": material.issuer,
            "subjectdn": material.subject,
            "validuntil": material.valid_until,
            "serialnumber": material.serial,
        },
        "createdate": material.created,
        "tokenurl": material.urls["token"] + "/oauth/token",
        "url": material.urls["runtime"],
    }
    if not wish.external:
        found["key"] = material.key
    return {"oauth": found}


# XSUAA and what is built on it


def xsuaa_wish(parameters: Json, default: int = 7, most: int = 30) -> Wish:
    kind = parameters.get("credential-type", "binding-secret")
    if kind == "binding-secret":
        return Wish(secret=True)
    if kind != "x509":
        raise BrokerError(f"credential-type {kind!r} is not supported")
    x509 = parameters.get("x509") or {}
    if "certificate" in x509:
        return Wish(external=x509["certificate"])
    return Wish(x509_days(x509, default, most), length(x509, 2048, 4096, 8192))


def xsuaa(material: Material, wish: Wish) -> Json:
    found: Json = {
        "apiurl": material.urls["xsuaa"],
        "clientid": material.client,
        "serviceInstanceId": material.instance,
        "subaccountid": material.tenant,
        "tenantid": material.tenant,
        "uaadomain": "authentication.simulator",
        "url": material.urls["xsuaa"],
        "xsappname": material.client.removeprefix("sb-"),
        "credential-type": "binding-secret" if wish.secret else "x509",
    }
    if wish.secret:
        return {**found, "clientsecret": material.secret}
    found |= {"certificate": material.certificate, "certurl": material.urls["token"], "certificate-pinning": True}
    return found if wish.external else {**found, "key": material.key}


def reuse_wish(parameters: Json) -> Wish:
    """Reuse services pass what stands under `xsuaa` on; the audit log's default is one day."""
    return xsuaa_wish(parameters.get("xsuaa") or {}, default=1)


def audit_log(material: Material, wish: Wish) -> Json:
    return {"uaa": xsuaa(material, wish), "url": material.urls["service_manager"], "vendor": "SAP"}


def service_manager_wish(parameters: Json) -> Wish:
    return xsuaa_wish(parameters, default=30, most=365)


def service_manager(material: Material, wish: Wish) -> Json:
    found: Json = {
        "clientid": material.client,
        "xsappname": material.client.removeprefix("sb-"),
        "sm_url": material.urls["service_manager"],
    }
    if wish.secret:
        return {**found, "clientsecret": material.secret, "url": material.urls["xsuaa"]}
    return {**found, "certificate": material.certificate, "key": material.key, "certurl": material.urls["token"]}


def destination(material: Material, wish: Wish) -> Json:
    found: Json = {
        "uri": material.urls["service_manager"],
        "url": material.urls["xsuaa"],
        "clientid": material.client,
        "instanceid": material.instance,
        "tenantid": material.tenant,
        "xsappname": material.client.removeprefix("sb-"),
    }
    if wish.secret:
        return {**found, "clientsecret": material.secret}
    return {**found, "certificate": material.certificate, "key": material.key, "certurl": material.urls["token"]}


def event_mesh(material: Material, wish: Wish) -> Json:
    """The certificate is inside an element of a list."""
    access: Json = {
        "clientid": material.client,
        "granttype": "client_credentials",
        "tokenendpoint": material.urls["xsuaa" if wish.secret else "token"] + "/oauth/token",
    }
    if wish.secret:
        access["clientsecret"] = material.secret
    else:
        access |= {"certificate": material.certificate, "key": material.key, "certurl": material.urls["token"]}
    return {
        "messaging": [
            {
                "oa2": access,
                "protocol": ["httprest"],
                "broker": {"type": "sapmgw"},
                "uri": material.urls["service_manager"],
            }
        ],
        "management": [],
    }


# Identity Authentication


def identity_wish(parameters: Json) -> Wish:
    kind = parameters.get("credential-type", "SECRET")
    application = parameters.get("app-identifier")
    if application is not None and (not isinstance(application, str) or not 0 < len(application) <= 20):
        raise BrokerError("app-identifier has at most 20 characters")
    if kind == "SECRET":
        return Wish(secret=True)
    if kind == "X509_PROVIDED":
        return Wish(external=parameters.get("certificate") or "", application=application)
    if kind != "X509_GENERATED":
        raise BrokerError(f"credential-type {kind!r} is not supported")
    return Wish(x509_days(parameters, 30, 30), length(parameters, 2048, 4096), application=application)


def identity(material: Material, wish: Wish) -> Json:
    found: Json = {
        "clientid": material.client,
        "url": material.urls["identity"],
        "app_tid": material.tenant,
        "domains": ["accounts.ondemand.com", "accounts.cloud.sap"],
    }
    if wish.secret:
        return {**found, "clientsecret": material.secret, "credential-type": "SECRET"}
    found |= {"certificate": material.certificate, "certurl": material.urls["identity"]}
    if wish.external:
        return {**found, "credential-type": "X509_PROVIDED"}
    return {**found, "key": material.key, "credential-type": "X509_GENERATED"}


# Cloud Logging


def logging_wish(parameters: Json) -> Wish:
    ingest = parameters.get("ingest") or {}
    return Wish(number(ingest.get("certValidityDays", 90), 1, 180, "certValidityDays"))


def logging(material: Material, wish: Wish) -> Json:
    return {
        "ingest-mtls-endpoint": material.urls["runtime"].removeprefix("https://"),
        "ingest-mtls-cert": material.certificate,
        "ingest-mtls-key": material.key,
        "ingest-otlp-endpoint": material.urls["runtime"].removeprefix("https://"),
        "ingest-otlp-cert": material.certificate,
        "ingest-otlp-key": material.key,
        "server-ca": material.certificate,
    }


@dataclasses.dataclass
class Offering:
    """A service of the marketplace."""

    name: str
    plans: tuple[str, ...]
    wish: Callable[[Json], Wish]
    credentials: Callable[[Material, Wish], Json]
    # Of a key's name.
    longest_name: int = 255
    # Keys with a certificate that an instance may have at once.
    most_keys: int = 1000
    # Different subjects that the certificates of an instance may have.
    most_subjects: int = 0
    # Whether a certificate is worth nothing once its key is deleted.
    revokes: bool = True


OFFERINGS = {
    offering.name: offering
    for offering in (
        Offering("it-rt", ("integration-flow", "api"), integration_wish, integration, longest_name=32),
        Offering("xsuaa", ("application", "apiaccess", "broker"), xsuaa_wish, xsuaa),
        Offering("identity", ("application",), identity_wish, identity, most_subjects=20),
        Offering("destination", ("lite",), xsuaa_wish, destination),
        Offering("service-manager", ("subaccount-admin",), service_manager_wish, service_manager),
        Offering("auditlog-management", ("default",), reuse_wish, audit_log),
        # UI theme designer refuses a second certificate key while there is one.
        Offering("theming", ("standard",), reuse_wish, audit_log, most_keys=1),
        Offering("enterprise-messaging", ("default",), xsuaa_wish, event_mesh),
        Offering("cloud-logging", ("standard",), logging_wish, logging, revokes=False),
    )
}
