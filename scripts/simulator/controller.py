# SPDX-License-Identifier: Apache-2.0
"""Cloud Foundry's cloud controller, without its keys: discovery, errors, and the instances of the marketplace."""

from __future__ import annotations

import uuid
from typing import Any

from . import queries
from .marketplace import Instance, Marketplace
from .queries import BadQuery, times
from .tokens import Tokens, User
from .web import Refusal, Reply, Request, Route, Service, json_reply

Json = dict[str, Any]
KEYS = "/v3/service_credential_bindings"
INSTANCE_FILTERS = (
    (
        "guids",
        "names",
        "space_guids",
        "organization_guids",
        "service_plan_guids",
        "service_plan_names",
        "type",
        "label_selector",
        "fields[space]",
        "fields[space.organization]",
        "fields[service_plan]",
        "fields[service_plan.service_offering]",
        "fields[service_plan.service_offering.service_broker]",
    )
    + queries.TIMES
    + queries.PAGING
)


def failure(status: int, code: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Reply:
    """An error as API v3 words it."""
    return json_reply(status, {"errors": [{"code": code, "title": f"CF-{title}", "detail": detail}]}, headers)


def unprocessable(detail: str) -> Refusal:
    return Refusal(failure(422, 10008, "UnprocessableEntity", detail))


def missing(what: str) -> Refusal:
    return Refusal(failure(404, 10010, "ResourceNotFound", what))


def fixed(*parts: str) -> str:
    """A guid that is the same for the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts)))


class Controller(Service):
    """What the cloud controller answers about itself and about the marketplace."""

    name = "cf"

    def __init__(self, tokens: Tokens, marketplace: Marketplace) -> None:
        self.tokens = tokens
        self.marketplace = marketplace
        self.login_url = ""
        self.settings: dict[str, float] = {"largest_page": queries.LARGEST_PAGE}
        self.routes = [
            Route("GET", "/", "cf.root", self.root),
            Route("GET", "/v3", "cf.root", self.root_of_v3),
            Route("GET", "/v3/info", "cf.root", self.info),
            Route("GET", "/v3/service_instances", "cf.instances.list", self.list_instances),
            Route("GET", "/v3/service_instances/{guid}", "cf.instances.get", self.get_instance),
            Route("GET", "/v3/service_plans/{guid}", "cf.plans.get", self.get_plan),
            Route("GET", "/v3/service_offerings/{guid}", "cf.offerings.get", self.get_offering),
        ]

    # What any call may be answered with

    def unknown(self, request: Request) -> Reply:
        return failure(404, 10000, "NotFound", "Unknown request")

    def malformed(self, reason: str) -> Reply:
        return failure(400, 1001, "MessageParseError", f"Request invalid due to parse error: {reason}")

    def unauthorized(self, request: Request) -> Reply:
        """As after the platform took the token back."""
        if request.bearer:
            self.tokens.revoke(request.bearer)
        return failure(401, 1000, "InvalidAuthToken", "Invalid Auth Token")

    def rate_limited(self, seconds: int) -> Reply:
        now = self.tokens.clock.now().timestamp()
        return failure(
            429,
            10013,
            "RateLimitExceeded",
            "Rate Limit Exceeded",
            {
                "Content-Type": "text/plain; charset=utf-8",
                "Retry-After": str(seconds),
                "X-RateLimit-Limit": "20000",
                "X-RateLimit-Reset": str(int(now) + seconds),
                "X-RateLimit-Remaining": "0",
            },
        )

    def unavailable(self) -> Reply:
        return failure(503, 20004, "UaaUnavailable", "The UAA service is currently unavailable")

    def server_error(self) -> Reply:
        return failure(500, 10001, "ServerError", "The operation failed.")

    # Discovery

    def root(self, request: Request) -> Reply:
        return json_reply(
            200,
            {
                "links": {
                    "self": {"href": self.url},
                    "cloud_controller_v2": None,
                    "bits_service": None,
                    "cloud_controller_v3": {"href": f"{self.url}/v3", "meta": {"version": "3.190.0"}},
                    "network_policy_v0": None,
                    "login": {"href": self.login_url},
                    "uaa": {"href": self.login_url},
                    "credhub": None,
                    "routing": None,
                    "logging": None,
                    "log_cache": None,
                    "log_stream": None,
                    "app_ssh": None,
                }
            },
        )

    def root_of_v3(self, request: Request) -> Reply:
        names = ("service_instances", "service_credential_bindings", "service_plans", "service_offerings")
        return json_reply(
            200,
            {
                "links": {
                    "self": {"href": f"{self.url}/v3"},
                    **{name: {"href": f"{self.url}/v3/{name}"} for name in names},
                }
            },
        )

    def info(self, request: Request) -> Reply:
        return json_reply(
            200,
            {
                "build": "",
                "cli_version": {"minimum": "", "recommended": ""},
                "custom": {},
                "description": "simulator",
                "name": "",
                "version": 0,
                "osbapi_version": "2.15",
                "rate_limits": {"enabled": True, "general_limit": 20000, "reset_interval_in_minutes": 60},
                "links": {"self": {"href": f"{self.url}/v3/info"}, "support": {"href": ""}},
            },
        )

    # Who calls

    def caller(self, request: Request) -> User:
        self.marketplace.settle()
        if not request.bearer:
            raise Refusal(failure(401, 10002, "NotAuthenticated", "Authentication error"))
        token = self.tokens.find(request.bearer, "cf")
        if token is None:
            raise Refusal(failure(401, 1000, "InvalidAuthToken", "Invalid Auth Token"))
        users = (user for user in self.tokens.users.values() if user.name == token.subject)
        return next(users, User(token.subject, "", role="space_developer"))

    def may_write(self, user: User) -> None:
        """Only developers of the space make, change and remove keys."""
        if user.role != "space_developer":
            raise Refusal(
                failure(403, 10003, "NotAuthorized", "You are not authorized to perform the requested action")
            )

    def _query(self, request: Request, allowed: tuple[str, ...]) -> dict[str, str]:
        try:
            queries.check(request.query, allowed)
        except BadQuery as error:
            raise Refusal(failure(400, 10005, "BadQueryParameter", str(error))) from error
        return request.query

    def _page(self, path: str, query: dict[str, str], resources: list[Any], present: Any) -> Json:
        orders = {
            "created_at": lambda one: one.created_at,
            "name": lambda one: one.name,
            "updated_at": lambda one: getattr(one, "updated_at", one.created_at),
        }
        return queries.page(self.url + path, query, resources, present, orders, int(self.settings["largest_page"]))

    # Instances

    def _instances(self, user: User) -> list[Instance]:
        if user.role == "none":
            return []
        return [one for one in self.marketplace.instances.values() if one.platform == "cf"]

    def list_instances(self, request: Request) -> Reply:
        user = self.caller(request)
        query = self._query(request, INSTANCE_FILTERS)
        tests = {
            "guids": lambda one: one.guid,
            "names": lambda one: one.name,
            "space_guids": lambda one: one.space,
            "organization_guids": lambda one: fixed("organization"),
            "type": lambda one: "managed",
            "service_plan_guids": lambda one: fixed("plan", one.offering.name, one.plan),
            "service_plan_names": lambda one: one.plan,
        }
        try:
            found = [one for one in self._instances(user) if self._fits(one, query, tests)]
            return json_reply(200, self._page("/v3/service_instances", query, found, self.present_instance))
        except BadQuery as error:
            raise Refusal(failure(400, 10005, "BadQueryParameter", str(error))) from error

    def _fits(self, one: Any, query: dict[str, str], tests: dict[str, Any]) -> bool:
        for name, text in query.items():
            if name in tests and tests[name](one) not in queries.names(text):
                return False
            if name == "label_selector" and not queries.selects(text, one.labels):
                return False
            if name.startswith("created_ats") and not queries.in_time(name, text, one.created_at):
                return False
            changed = getattr(one, "updated_at", one.created_at)
            if name.startswith("updated_ats") and not queries.in_time(name, text, changed):
                return False
        return True

    def get_instance(self, request: Request, guid: str) -> Reply:
        found = [one for one in self._instances(self.caller(request)) if one.guid == guid]
        if not found:
            raise missing("Service instance not found")
        return json_reply(200, self.present_instance(found[0]))

    def present_instance(self, one: Instance) -> Json:
        href = f"{self.url}/v3/service_instances/{one.guid}"
        plan = fixed("plan", one.offering.name, one.plan)
        return {
            "guid": one.guid,
            **times(one.created_at, one.created_at),
            "name": one.name,
            "tags": [],
            "type": "managed",
            "maintenance_info": {},
            "upgrade_available": False,
            "dashboard_url": None,
            "last_operation": {
                "type": "update" if one.busy else "create",
                "state": "in progress" if one.busy else "succeeded",
                "description": "",
                **times(one.created_at, one.created_at),
            },
            "relationships": {"space": {"data": {"guid": one.space}}, "service_plan": {"data": {"guid": plan}}},
            "metadata": {"labels": one.labels, "annotations": {}},
            "links": {
                "self": {"href": href},
                "service_plan": {"href": f"{self.url}/v3/service_plans/{plan}"},
                "service_credential_bindings": {"href": f"{self.url}{KEYS}?service_instance_guids={one.guid}"},
                "space": {"href": f"{self.url}/v3/spaces/{one.space}"},
            },
        }

    def _plan(self, request: Request, guid: str, kind: str, what: str) -> Instance:
        for one in self._instances(self.caller(request)):
            if guid == (
                fixed("plan", one.offering.name, one.plan) if kind == "plan" else fixed("offering", one.offering.name)
            ):
                return one
        raise missing(f"{what} not found")

    def get_plan(self, request: Request, guid: str) -> Reply:
        one = self._plan(request, guid, "plan", "Service plan")
        offering = fixed("offering", one.offering.name)
        return json_reply(
            200,
            {
                "guid": guid,
                **times(one.created_at, one.created_at),
                "name": one.plan,
                "available": True,
                "free": False,
                "visibility_type": "organization",
                "relationships": {"service_offering": {"data": {"guid": offering}}},
                "metadata": {"labels": {}, "annotations": {}},
                "links": {
                    "self": {"href": f"{self.url}/v3/service_plans/{guid}"},
                    "service_offering": {"href": f"{self.url}/v3/service_offerings/{offering}"},
                },
            },
        )

    def get_offering(self, request: Request, guid: str) -> Reply:
        one = self._plan(request, guid, "offering", "Service offering")
        return json_reply(
            200,
            {
                "guid": guid,
                **times(one.created_at, one.created_at),
                "name": one.offering.name,
                "available": True,
                "description": "",
                "tags": [],
                "requires": [],
                "shareable": True,
                "documentation_url": None,
                "broker_catalog": {
                    "id": guid,
                    "metadata": {},
                    "features": {
                        "plan_updateable": True,
                        "bindable": True,
                        "instances_retrievable": True,
                        "bindings_retrievable": False,
                        "allow_context_updates": False,
                    },
                },
                "metadata": {"labels": {}, "annotations": {}},
                "links": {"self": {"href": f"{self.url}/v3/service_offerings/{guid}"}},
            },
        )
