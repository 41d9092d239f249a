# SPDX-License-Identifier: Apache-2.0
"""Service keys and jobs in Cloud Foundry's API v3.

The behaviour is that of the public cloud controller: creating a key always answers 202 without a body and with an
absolute Location; a job that failed answers 200; parameters of a query that a list does not know are refused; the body
that comes with 429 is JSON and labelled text/plain.
"""

from __future__ import annotations

from . import queries
from .controller import KEYS, Controller, Json, failure, fixed, missing, unprocessable
from .marketplace import Instance, Job, Key, Marketplace
from .queries import BadQuery, times
from .tokens import Tokens, User
from .web import Refusal, Reply, Request, Route, json_reply

KEY_FILTERS = (
    (
        "guids",
        "names",
        "type",
        "service_instance_guids",
        "service_instance_names",
        "service_plan_guids",
        "service_plan_names",
        "service_offering_guids",
        "service_offering_names",
        "app_guids",
        "app_names",
        "label_selector",
        "include",
    )
    + queries.TIMES
    + queries.PAGING
)


class CloudFoundry(Controller):
    """The cloud controller."""

    def __init__(self, tokens: Tokens, marketplace: Marketplace) -> None:
        super().__init__(tokens, marketplace)
        self.routes += [
            Route("GET", KEYS, "cf.keys.list", self.list_keys),
            Route("POST", KEYS, "cf.keys.create", self.create_key),
            Route("GET", KEYS + "/{guid}", "cf.keys.get", self.get_key),
            Route("PATCH", KEYS + "/{guid}", "cf.keys.update", self.update_key),
            Route("DELETE", KEYS + "/{guid}", "cf.keys.delete", self.delete_key),
            Route("GET", KEYS + "/{guid}/details", "cf.keys.details", self.details),
            Route("GET", KEYS + "/{guid}/parameters", "cf.keys.parameters", self.parameters),
            Route("GET", "/v3/jobs/{guid}", "cf.jobs.get", self.get_job),
        ]

    def _keys(self, user: User) -> list[Key]:
        return [key for instance in self._instances(user) for key in self.marketplace.of_instance(instance)]

    def _key(self, user: User, guid: str) -> Key:
        key = self.marketplace.keys.get(guid)
        if user.role == "none" or not key or not key.exists or key.instance.platform != "cf":
            raise missing("Service credential binding not found")
        return key

    def list_keys(self, request: Request) -> Reply:
        user = self.caller(request)
        query = self._query(request, KEY_FILTERS)
        tests = {
            "guids": lambda key: key.guid,
            "names": lambda key: key.name,
            "type": lambda key: "key",
            "service_instance_guids": lambda key: key.instance.guid,
            "service_instance_names": lambda key: key.instance.name,
            "service_plan_guids": lambda key: fixed("plan", key.instance.offering.name, key.instance.plan),
            "service_plan_names": lambda key: key.instance.plan,
            "service_offering_guids": lambda key: fixed("offering", key.instance.offering.name),
            "service_offering_names": lambda key: key.instance.offering.name,
            "app_guids": lambda key: None,
            "app_names": lambda key: None,
        }
        try:
            found = [key for key in self._keys(user) if self._fits(key, query, tests)]
            listed = self._page(KEYS, query, found, self.present_key)
        except BadQuery as error:
            raise Refusal(failure(400, 10005, "BadQueryParameter", str(error))) from error
        if "service_instance" in query.get("include", ""):
            shown = {one["relationships"]["service_instance"]["data"]["guid"] for one in listed["resources"]}
            listed["included"] = {
                "service_instances": [self.present_instance(self.marketplace.instances[guid]) for guid in sorted(shown)]
            }
        return json_reply(200, listed)

    def present_key(self, key: Key) -> Json:
        href = f"{self.url}{KEYS}/{key.guid}"
        return {
            "guid": key.guid,
            **times(key.created_at, key.updated_at),
            "name": key.name,
            "type": "key",
            "last_operation": {
                "type": key.operation,
                "state": key.state,
                "description": key.description,
                **times(key.created_at, key.updated_at),
            },
            "metadata": {"labels": key.labels, "annotations": key.annotations},
            "relationships": {"service_instance": {"data": {"guid": key.instance.guid}}},
            "links": {
                "self": {"href": href},
                "details": {"href": f"{href}/details"},
                "parameters": {"href": f"{href}/parameters"},
                "service_instance": {"href": f"{self.url}/v3/service_instances/{key.instance.guid}"},
            },
        }

    def get_key(self, request: Request, guid: str) -> Reply:
        return json_reply(200, self.present_key(self._key(self.caller(request), guid)))

    def create_key(self, request: Request) -> Reply:
        user = self.caller(request)
        instance, name, body = self._creation(request, user)
        self.may_write(user)
        if not instance.bindable:
            raise unprocessable("Service plan does not allow bindings.")
        if instance.busy or request.asks_for("busy"):
            raise unprocessable("There is an operation in progress for the service instance.")
        present = self.marketplace.of_instance(instance)
        for key in (key for key in present if key.name == name):
            if key.operation == "create" and key.state == "failed":
                # What is left of it makes room, and its name is free.
                self.marketplace.discard(key)
            elif key.operation == "delete":
                raise unprocessable(
                    "The binding name is invalid. Key binding names must be unique. The service instance already has "
                    f"a key binding with name '{name}' that is getting deleted or its deletion failed."
                )
            else:
                raise self._duplicate(name)
        if request.asks_for("duplicate"):
            raise self._duplicate(name)
        if request.asks_for("quota") or instance.quota is not None and len(present) >= instance.quota:
            raise unprocessable("You have exceeded your space's limit for service binding of type key.")
        try:
            labels, annotations = queries.metadata(body.get("metadata"))
        except ValueError as error:
            raise unprocessable(str(error)) from error
        _, job = self.marketplace.create(
            instance, name, body.get("parameters") or {}, labels, annotations, request.fault
        )
        return self._accepted(job)

    def _duplicate(self, name: str) -> Refusal:
        return unprocessable(
            f"The binding name is invalid. Key binding names must be unique. The service instance already has a key "
            f"binding with name '{name}'."
        )

    def _accepted(self, job: Job) -> Reply:
        return Reply(202, b"", {"Location": f"{self.url}/v3/jobs/{job.guid}"})

    def _creation(self, request: Request, user: User) -> tuple[Instance, str, Json]:
        body = request.json()
        unknown = sorted(set(body) - {"type", "name", "relationships", "parameters", "metadata"})
        if unknown:
            raise unprocessable(f"Unknown field(s): {', '.join(repr(name) for name in unknown)}")
        if body.get("type") != "key":
            raise unprocessable("Type must be 'key'; the simulator binds no apps")
        name = body.get("name")
        if not isinstance(name, str) or not 0 < len(name) <= 255:
            raise unprocessable("Name must be a string, Name is too short (minimum is 1 character)")
        relationships = body.get("relationships") or {}
        guid = ((relationships.get("service_instance") or {}).get("data") or {}).get("guid")
        if not isinstance(guid, str):
            raise unprocessable(
                "Relationships Service instance must be structured like this: "
                '"service_instance: {"data": {"guid": "valid-guid"}}"'
            )
        if not isinstance(body.get("parameters", {}), dict):
            raise unprocessable("Parameters must be an object")
        found = [one for one in self._instances(user) if one.guid == guid]
        if not found:
            raise unprocessable(f"The service instance could not be found: '{guid}'")
        return found[0], name, body

    def update_key(self, request: Request, guid: str) -> Reply:
        """Changes labels and annotations; nothing else of a key can be changed."""
        user = self.caller(request)
        key = self._key(user, guid)
        self.may_write(user)
        body = request.json()
        if unknown := sorted(set(body) - {"metadata"}):
            raise unprocessable(f"Unknown field(s): {', '.join(repr(name) for name in unknown)}")
        if key.operation == "delete" and key.state == "in progress":
            raise unprocessable("The service binding is being deleted")
        try:
            labels, annotations = queries.metadata(body.get("metadata"))
        except ValueError as error:
            raise unprocessable(str(error)) from error
        key.labels, key.annotations = queries.merged(key.labels, labels), queries.merged(key.annotations, annotations)
        key.updated_at = self.tokens.clock.now()
        return json_reply(200, self.present_key(key))

    def delete_key(self, request: Request, guid: str) -> Reply:
        user = self.caller(request)
        key = self._key(user, guid)
        self.may_write(user)
        if request.asks_for("busy") or key.operation == "delete" and key.state == "in progress":
            raise unprocessable("There is an operation in progress for the service binding.")
        if key.instance.busy:
            raise unprocessable("There is an operation in progress for the service instance.")
        return self._accepted(self.marketplace.delete(key, request.fault))

    def details(self, request: Request, guid: str) -> Reply:
        user = self.caller(request)
        key = self._key(user, guid)
        if user.role != "space_developer":
            raise missing("Service credential binding not found")
        if not key.ready:
            verb = "Creation" if key.operation == "create" else "Deletion"
            raise missing(f"{verb} of service key {key.state}")
        if request.asks_for("credentials-unavailable"):
            return failure(
                503, 10015, "ServiceUnavailable", "Fetching credentials from CredHub failed; reason: timed out"
            )
        delivered = not (request.asks_for("reset-after") or request.asks_for("truncated"))
        return json_reply(200, {"credentials": self.marketplace.read_details(key, delivered)})

    def parameters(self, request: Request, guid: str) -> Reply:
        self._key(self.caller(request), guid)
        return failure(
            502,
            120004,
            "ServiceFetchBindingParametersNotSupported",
            "This service does not support fetching service binding parameters.",
        )

    # Jobs

    def get_job(self, request: Request, guid: str) -> Reply:
        self.caller(request)
        job = self.marketplace.jobs.get(guid)
        if not job or job.lost or job.key.instance.platform != "cf":
            raise missing("Job not found")
        state = self.marketplace.progress(job)
        links: Json = {"self": {"href": f"{self.url}/v3/jobs/{guid}"}}
        if job.key.exists:
            links["service_credential_binding"] = {"href": f"{self.url}{KEYS}/{job.key.guid}"}
        errors = [dict(zip(("code", "title", "detail"), job.error, strict=True))] if job.error else []
        return json_reply(
            200,
            {
                "guid": guid,
                **times(job.started, job.finished or self.tokens.clock.now()),
                "operation": f"service_keys.{job.operation}",
                "state": state,
                "links": links,
                "errors": errors,
                "warnings": [],
            },
        )
