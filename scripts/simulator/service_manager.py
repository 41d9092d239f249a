# SPDX-License-Identifier: Apache-2.0
"""Service Manager's API v1 as far as service bindings need it.

The behaviour is that of the public Service Manager, which SAP's is made of: with `async=true` a creation answers 202,
an empty object and a relative Location; states are words with spaces; a name that is taken answers 409. SAP's own
limits answer 429 with the date after which to try again.
"""

from __future__ import annotations

import re
from typing import Any

from .clock import stamp
from .marketplace import Instance, Job, Key, Marketplace
from .tokens import Tokens
from .web import Refusal, Reply, Request, Route, Service, json_reply

Json = dict[str, Any]
BINDINGS = "/v1/service_bindings"


def refuse(status: int, error: str, description: str, **more: Any) -> Refusal:
    return Refusal(json_reply(status, {"error": error, "description": description, **more}))


def missing(what: str = "service binding") -> Refusal:
    return refuse(404, "NotFound", f"could not find such {what}")


def matches(query: str, values: dict[str, Any]) -> bool:
    """Whether values fit a query such as `name eq 'a' and ready eq true`; a quote within a value is doubled."""
    for part in re.split(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", query.strip()):
        found = re.fullmatch(r"(\S+)\s+(eq|ne|in|notin)\s+(.+)", part.strip())
        if not found:
            raise refuse(400, "BadRequest", f"invalid query: {part!r}")
        name, operator, text = found.groups()
        wanted = [value.replace("''", "'") for value in re.findall(r"'((?:[^']|'')*)'", text)] or [text.strip()]
        if name not in values and operator != "ne":
            return False
        value = values.get(name)
        held = [_text(one) for one in (value if isinstance(value, list) else [value])]
        if any(one in wanted for one in held) != (operator in ("eq", "in")):
            return False
    return True


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class ServiceManager(Service):
    """The service manager of a subaccount."""

    name = "sm"

    def __init__(self, tokens: Tokens, marketplace: Marketplace) -> None:
        self.tokens = tokens
        self.marketplace = marketplace
        self.settings: dict[str, float] = {"largest_page": 100}
        self.routes = [
            Route("GET", "/v1/service_instances", "sm.instances.list", self.list_instances),
            Route("GET", "/v1/service_instances/{guid}", "sm.instances.get", self.get_instance),
            Route("GET", BINDINGS, "sm.bindings.list", self.list_bindings),
            Route("POST", BINDINGS, "sm.bindings.create", self.create),
            Route("GET", BINDINGS + "/{guid}", "sm.bindings.get", self.get),
            Route("PATCH", BINDINGS + "/{guid}", "sm.bindings.update", self.update),
            Route("DELETE", BINDINGS + "/{guid}", "sm.bindings.delete", self.delete),
            Route("GET", BINDINGS + "/{guid}/operations/{operation}", "sm.operations.get", self.get_operation),
        ]

    def unknown(self, request: Request) -> Reply:
        return json_reply(404, {"error": "NotFound", "description": "requested resource is not found"})

    def malformed(self, reason: str) -> Reply:
        return json_reply(400, {"error": "BadRequest", "description": f"Request body is not valid: {reason}"})

    def unauthorized(self, request: Request) -> Reply:
        if request.bearer:
            self.tokens.revoke(request.bearer)
        return json_reply(401, {"error": "Unauthorized", "description": "unauthorized"})

    def rate_limited(self, seconds: int) -> Reply:
        return json_reply(
            429,
            {"description": "The allowed request limit has been reached"},
            {"Retry-After": self.tokens.clock.http_date(seconds)},
        )

    def unavailable(self) -> Reply:
        return json_reply(503, {"error": "ServiceUnavailable", "description": "Service Unavailable"})

    def server_error(self) -> Reply:
        return json_reply(500, {"error": "InternalServerError", "description": "Internal server error"})

    def _enter(self, request: Request) -> None:
        self.marketplace.settle()
        if not self.tokens.find(request.bearer, "sm"):
            raise refuse(401, "Unauthorized", "unauthorized")

    def _instances(self) -> list[Instance]:
        return [one for one in self.marketplace.instances.values() if one.platform == "sm"]

    def _listed(self, request: Request, found: list[tuple[Json, Json]]) -> Reply:
        """One page of objects that come with their labels; its token leads to the next."""
        query = request.query
        for parameter, which in (("fieldQuery", 0), ("labelQuery", 1)):
            if parameter in query:
                found = [one for one in found if matches(query[parameter], one[which])]
        start = int(query.get("token") or 0)
        size = min(int(query.get("max_items") or 50), int(self.settings["largest_page"]))
        page: Json = {"num_items": len(found), "items": [one for one, _ in found[start : start + size]]}
        if start + size < len(found):
            page["token"] = str(start + size)
        return json_reply(200, page)

    def list_instances(self, request: Request) -> Reply:
        self._enter(request)
        return self._listed(request, [(self.present_instance(one), one.labels) for one in self._instances()])

    def get_instance(self, request: Request, guid: str) -> Reply:
        self._enter(request)
        found = [one for one in self._instances() if one.guid == guid]
        if not found:
            raise missing("service instance")
        return json_reply(200, self.present_instance(found[0]))

    def present_instance(self, one: Instance) -> Json:
        return {
            "id": one.guid,
            "ready": True,
            "name": one.name,
            "service_plan_id": f"{one.offering.name}-{one.plan}",
            "platform_id": "service-manager",
            "usable": True,
            "labels": one.labels,
            "created_at": stamp(one.created_at, milliseconds=True),
            "updated_at": stamp(one.created_at, milliseconds=True),
        }

    # Bindings

    def list_bindings(self, request: Request) -> Reply:
        """Credentials are left out here, so that nobody comes to rely on finding them in a list."""
        self._enter(request)
        present = self._with_operation if request.query.get("attach_last_operations") == "true" else self.present
        return self._listed(
            request,
            [
                (present(key), key.labels)
                for instance in self._instances()
                for key in self.marketplace.of_instance(instance)
            ],
        )

    def present(self, key: Key) -> Json:
        return {
            "id": key.guid,
            "ready": key.ready or key.operation == "delete" and key.issued is not None,
            "name": key.name,
            "service_instance_id": key.instance.guid,
            "labels": key.labels,
            "created_at": stamp(key.created_at, milliseconds=True),
            "updated_at": stamp(key.updated_at, milliseconds=True),
        }

    def _with_operation(self, key: Key) -> Json:
        found = self.present(key)
        if key.job:
            found["last_operation"] = self.present_job(key.job)
        return found

    def _key(self, guid: str) -> Key:
        key = self.marketplace.keys.get(guid)
        if not key or not key.exists or key.instance.platform != "sm":
            raise missing()
        return key

    def get(self, request: Request, guid: str) -> Reply:
        """The binding with its credentials; reads of them are in the books as those of Cloud Foundry are."""
        self._enter(request)
        return json_reply(200, self._whole(request, self._key(guid)))

    def _whole(self, request: Request, key: Key) -> Json:
        found = self._with_operation(key)
        if key.ready:
            delivered = not (request.asks_for("reset-after") or request.asks_for("truncated"))
            found["credentials"] = self.marketplace.read_details(key, delivered)
        return found

    def create(self, request: Request) -> Reply:
        self._enter(request)
        body = request.json()
        name, guid = body.get("name"), body.get("service_instance_id")
        if not isinstance(name, str) or not name or re.search(r"[:/?#\[\]@!$&'()*+,;=]", name):
            raise refuse(400, "BadRequest", "service binding name is missing or contains reserved characters")
        found = [one for one in self._instances() if one.guid == guid]
        if not found:
            raise missing("service instance")
        instance = found[0]
        present = self.marketplace.of_instance(instance)
        if request.asks_for("duplicate") or any(key.name == name for key in present):
            raise refuse(409, "Conflict", f"binding with same name exists for instance with id {guid}")
        if request.asks_for("busy") or instance.busy:
            raise refuse(
                422, "ConcurrentOperationInProgress", "Another concurrent operation in progress for this resource"
            )
        if request.asks_for("quota") or instance.quota is not None and len(present) >= instance.quota:
            raise refuse(400, "BadRequest", "the quota of service bindings is exceeded")
        labels = body.get("labels") or {}
        if not all(isinstance(values, list) for values in labels.values()):
            raise refuse(400, "BadRequest", "the values of labels are lists")
        later = request.query.get("async") == "true"
        key, job = self.marketplace.create(instance, name, body.get("parameters") or {}, labels, fault=request.fault)
        if later:
            return self._accepted(job)
        self._finish(job)
        return json_reply(201, self._whole(request, key))

    def _finish(self, job: Job) -> None:
        """Does at once what is asked for without `async=true`."""
        self.marketplace.finish(job)
        if job.error:
            if job.operation == "create":
                self.marketplace.discard(job.key)
            raise refuse(
                502,
                "BrokerError",
                job.error[2],
                broker_error={"StatusCode": 502, "ErrorMessage": "BrokerError", "Description": job.key.description},
            )

    def _accepted(self, job: Job) -> Reply:
        return json_reply(202, {}, {"Location": f"{BINDINGS}/{job.key.guid}/operations/{job.guid}"})

    def update(self, request: Request, guid: str) -> Reply:
        """Renames a binding, and changes its labels."""
        self._enter(request)
        key, body = self._key(guid), request.json()
        name = body.get("name", key.name)
        if name != key.name and any(one.name == name for one in self.marketplace.of_instance(key.instance)):
            raise refuse(409, "Conflict", f"binding with same name exists for instance with id {key.instance.guid}")
        key.name, key.updated_at = name, self.tokens.clock.now()
        for change in body.get("labels") or []:
            match change.get("op"):
                case "add" | "add_values":
                    key.labels[change["key"]] = sorted({*key.labels.get(change["key"], []), *change.get("values", [])})
                case "remove":
                    key.labels.pop(change["key"], None)
                case _:
                    raise refuse(400, "BadRequest", "unknown label operation")
        return json_reply(200, self.present(key))

    def delete(self, request: Request, guid: str) -> Reply:
        self._enter(request)
        key = self._key(guid)
        if request.asks_for("busy") or key.operation == "delete" and key.state == "in progress":
            raise refuse(
                422, "ConcurrentOperationInProgress", "Another concurrent operation in progress for this resource"
            )
        job = self.marketplace.delete(key, request.fault)
        if request.query.get("async") == "true":
            return self._accepted(job)
        self._finish(job)
        return json_reply(200, {})

    def get_operation(self, request: Request, guid: str, operation: str) -> Reply:
        self._enter(request)
        job = self.marketplace.jobs.get(operation)
        # What is gone has no operations any more: a deletion ends with 404 for whoever follows it.
        if not job or job.lost or job.key.guid != guid or not job.key.exists:
            raise missing("operation")
        self.marketplace.progress(job)
        return json_reply(200, self.present_job(job))

    def present_job(self, job: Job) -> Json:
        state = "failed" if job.error else "succeeded" if job.finished else "in progress"
        found: Json = {
            "id": job.guid,
            "ready": True,
            "type": job.operation,
            "state": state,
            "resource_id": job.key.guid,
            "resource_type": BINDINGS,
            "platform_id": "service-manager",
            "correlation_id": job.guid,
            "reschedule": False,
            "deletion_scheduled": "0001-01-01T00:00:00Z",
            "created_at": stamp(job.started, milliseconds=True),
            "updated_at": stamp(job.finished or job.started, milliseconds=True),
        }
        if job.error:
            found["errors"] = {
                "error": "BrokerError",
                "description": job.error[2],
                "broker_error": {"StatusCode": 502, "ErrorMessage": "BrokerError", "Description": job.key.description},
            }
        return found
