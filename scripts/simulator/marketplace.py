# SPDX-License-Identifier: Apache-2.0
"""The service instances and their keys, and the jobs that make and remove keys, whichever interface asks for it."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from typing import Any

from . import authority
from .books import Books
from .clock import Clock, stamp
from .faults import CREDENTIALS, Fault
from .issuing import Issued, Issuer
from .offerings import OFFERINGS, BrokerError, Offering


@dataclasses.dataclass
class Instance:
    """A service instance."""

    guid: str
    name: str
    offering: Offering
    plan: str
    # "cf" or "sm": which interface shows it.
    platform: str
    space: str
    created_at: datetime.datetime
    # Keys with a certificate at once, of the service; and keys of the space's quota, of the platform.
    most_keys: int
    quota: int | None = None
    bindable: bool = True
    # Whether an operation on the instance itself is going on.
    busy: bool = False
    labels: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Key:
    """A service key: a service credential binding of the type key, or a service binding of Service Manager."""

    guid: str
    name: str
    instance: Instance
    parameters: dict[str, Any]
    created_at: datetime.datetime
    updated_at: datetime.datetime
    labels: dict[str, Any] = dataclasses.field(default_factory=dict)
    annotations: dict[str, Any] = dataclasses.field(default_factory=dict)
    # The last operation: create or delete; "in progress", "succeeded" or "failed".
    operation: str = "create"
    state: str = "in progress"
    description: str | None = None
    issued: Issued | None = None
    # From when on the issued certificate or secret is accepted.
    usable_from: datetime.datetime = authority.EPOCH
    deleted_at: datetime.datetime | None = None
    details_reads: int = 0
    # The newest.
    job: Job | None = None

    @property
    def exists(self) -> bool:
        return self.deleted_at is None

    @property
    def content(self) -> Issued:
        """What was issued. Raises ValueError while there is nothing."""
        if self.issued is None:
            raise ValueError(f"the key {self.name} holds nothing")
        return self.issued

    @property
    def ready(self) -> bool:
        return self.exists and self.operation == "create" and self.state == "succeeded"


@dataclasses.dataclass
class Job:
    """Work of the platform that goes on after its answer."""

    guid: str
    operation: str
    key: Key
    started: datetime.datetime
    seconds: float
    # Questions about it that are still answered with "in progress", however much time has passed.
    polls: int
    fault: str | None
    finished: datetime.datetime | None = None
    error: tuple[int, str, str] | None = None

    @property
    def lost(self) -> bool:
        return self.fault == "job-lost"


class Marketplace:
    """All instances, keys and jobs."""

    def __init__(self, clock: Clock, books: Books, issuer: Issuer) -> None:
        self.clock = clock
        self.books = books
        self.issuer = issuer
        self.instances: dict[str, Instance] = {}
        self.keys: dict[str, Key] = {}
        self.jobs: dict[str, Job] = {}
        self._open: list[Job] = []
        self._alive: dict[str, list[Key]] = {}
        self._by_fingerprint: dict[bytes, list[Key]] = {}
        self.settings: dict[str, float] = {"job_seconds": 1, "job_polls": 0, "acceptance_seconds": 0}

    def add_instance(
        self,
        platform: str,
        name: str,
        offering: str,
        plan: str | None = None,
        space: str = "",
        **more: Any,
    ) -> Instance:
        """Adds an instance. Raises ValueError when the marketplace has no such offering or plan."""
        if offering not in OFFERINGS:
            raise ValueError(f"there is no offering {offering!r}; the offerings are {', '.join(OFFERINGS)}")
        found = OFFERINGS[offering]
        if plan is not None and plan not in found.plans:
            raise ValueError(f"{offering} has no plan {plan!r}")
        if platform not in ("cf", "sm"):
            raise ValueError("platform is cf or sm")
        instance = Instance(
            more.pop("guid", None) or str(uuid.uuid4()),
            name,
            found,
            plan or found.plans[0],
            platform,
            space,
            self.clock.now(),
            int(more.pop("most_keys", found.most_keys)),
            **more,
        )
        self.instances[instance.guid] = instance
        return instance

    def of_instance(self, instance: Instance) -> list[Key]:
        """The keys of an instance that are there, in the order of their making."""
        self._alive[instance.guid] = [key for key in self._alive.get(instance.guid, []) if key.exists]
        return list(self._alive[instance.guid])

    def existing(self) -> list[Key]:
        """All keys that are there, by instance."""
        return [key for instance in self.instances.values() for key in self.of_instance(instance)]

    def create(
        self,
        instance: Instance,
        name: str,
        parameters: dict[str, Any],
        labels: dict[str, Any],
        annotations: dict[str, Any] | None = None,
        fault: Fault | None = None,
        now: bool = False,
    ) -> tuple[Key, Job]:
        """Begins to make a key. With `now` it is there at once, as when a colleague made it before."""
        moment = self.clock.now()
        key = Key(str(uuid.uuid4()), name, instance, parameters, moment, moment, labels, annotations or {})
        self.keys[key.guid] = key
        self._alive.setdefault(instance.guid, []).append(key)
        job = self._begin("create", key, fault)
        self.books.record("creations", guid=key.guid, name=name, instance=instance.guid, labels=labels)
        if now:
            self.finish(job)
            if key.state == "failed":
                raise ValueError(key.description)
        return key, job

    def delete(self, key: Key, fault: Fault | None = None, now: bool = False) -> Job:
        """Begins to remove a key."""
        key.operation, key.state, key.updated_at = "delete", "in progress", self.clock.now()
        job = self._begin("delete", key, fault)
        self.books.record("deletions", guid=key.guid, name=key.name, instance=key.instance.guid)
        if now:
            self.finish(job)
        return job

    def discard(self, key: Key) -> None:
        """Removes what is left of a key that was never made."""
        key.deleted_at = self.clock.now()

    def _begin(self, operation: str, key: Key, fault: Fault | None) -> Job:
        kind = fault.kind if fault else None
        seconds = self.settings["job_seconds"] + (max(fault.seconds, 60) if fault and kind == "job-slow" else 0)
        job = Job(str(uuid.uuid4()), operation, key, self.clock.now(), seconds, int(self.settings["job_polls"]), kind)
        self.jobs[job.guid] = key.job = job
        self._open.append(job)
        return job

    def settle(self) -> None:
        """Finishes the jobs of which the time has come."""
        now = self.clock.now()
        for job in self._open:
            due = job.started + datetime.timedelta(seconds=job.seconds)
            if not job.finished and job.fault != "job-stuck" and due <= now and (job.lost or job.polls <= 0):
                self.finish(job)
        self._open = [job for job in self._open if not job.finished]

    def progress(self, job: Job) -> str:
        """PROCESSING while the platform works, POLLING while it waits for the broker, COMPLETE, or FAILED."""
        if job.finished:
            return "FAILED" if job.error else "COMPLETE"
        job.polls -= 1
        half = job.started + datetime.timedelta(seconds=job.seconds / 2)
        return "POLLING" if self.clock.now() >= half else "PROCESSING"

    def finish(self, job: Job) -> None:
        """Ends a job: the key is there or gone, or the job has an error."""
        job.finished = job.key.updated_at = self.clock.now()
        if job.operation == "create" and not job.key.exists:
            return
        try:
            if job.fault == "job-failed":
                raise BrokerError("The service is temporarily unable to serve the request.")
            if job.fault == "job-timeout":
                job.error = (290006, "CF-JobTimeout", "The job execution has timed out.")
                job.key.state, job.key.description = "failed", job.error[2]
            elif job.operation == "create":
                self._issue(job)
            else:
                job.key.deleted_at, job.key.state = job.finished, "succeeded"
        except BrokerError as error:
            verb = "bind" if job.operation == "create" else "unbind"
            detail = f"{verb} could not be completed: Service broker error: {error}"
            job.error = (10009, "CF-UnableToPerform", detail)
            job.key.state, job.key.description = "failed", str(error)

    def _issue(self, job: Job) -> None:
        key = job.key
        offering = key.instance.offering
        if len(key.name) > offering.longest_name:
            raise BrokerError(f"The name of the service key must not exceed {offering.longest_name} characters.")
        wish = offering.wish(key.parameters)
        others = [one for one in self.of_instance(key.instance) if one is not key and one.issued]
        if not wish.secret and sum(bool(one.content.fingerprint) for one in others) >= key.instance.most_keys:
            raise BrokerError(f"At most {key.instance.most_keys} credentials with a certificate are allowed at a time.")
        try:
            issued = self.issuer.issue(
                offering,
                wish,
                key.instance.guid,
                key.guid,
                job.finished or self.clock.now(),
                job.fault if job.fault in CREDENTIALS else None,
                others[-1].content if others else None,
            )
        except ValueError as error:
            raise BrokerError(f"The certificate cannot be read: {error}") from error
        subjects = {one.content.subject for one in others} | {issued.subject}
        if offering.most_subjects and len(subjects) > offering.most_subjects:
            raise BrokerError(f"At most {offering.most_subjects} different subjects are allowed.")
        key.issued = issued
        if issued.fingerprint:
            self._by_fingerprint.setdefault(issued.fingerprint, []).append(key)
        key.usable_from = self.clock.now() + datetime.timedelta(seconds=self.settings["acceptance_seconds"])
        key.state = "succeeded"

    def holder(self, fingerprint: bytes) -> Key | None:
        """The key that a certificate belongs to, if the platform accepts it: known, in its time, and not deleted."""
        now = self.clock.now()
        for key in self._by_fingerprint.get(fingerprint, []):
            issued = key.content
            in_time = issued.not_before <= now < issued.not_after and key.usable_from <= now
            if in_time and (key.exists or not key.instance.offering.revokes):
                return key
        return None

    def read_details(self, key: Key, delivered: bool) -> dict[str, Any]:
        """The credentials, and a note of the read; reads of which the answer is lost on the way do not count."""
        key.details_reads += int(delivered)
        self.books.record("details_reads", guid=key.guid, name=key.name, delivered=delivered)
        return key.content.credentials

    def describe(self) -> list[dict[str, Any]]:
        """Every key that there ever was, for the books."""
        return [describe(key) for key in self.keys.values()]


def describe(key: Key) -> dict[str, Any]:
    issued = key.issued
    return {
        "guid": key.guid,
        "name": key.name,
        "instance": key.instance.guid,
        "instance_name": key.instance.name,
        "offering": key.instance.offering.name,
        "platform": key.instance.platform,
        "exists": key.exists,
        "operation": key.operation,
        "state": key.state,
        "serial": f"{issued.serial:X}" if issued and issued.serial else None,
        "not_after": stamp(issued.not_after) if issued and issued.fingerprint else None,
        "labels": key.labels,
        "annotations": key.annotations,
        "created_at": stamp(key.created_at),
        "deleted_at": stamp(key.deleted_at) if key.deleted_at else None,
        "details_reads": key.details_reads,
    }
