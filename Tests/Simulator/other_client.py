# SPDX-License-Identifier: Apache-2.0
"""Renews a key with cloudfoundry-client; prints what it saw. Runs in the environment that has that client."""

import json
import sys
import urllib.request

from cloudfoundry_client.client import CloudFoundryClient
from cloudfoundry_client.errors import InvalidStatusCode


def refusal(call) -> list:
    try:
        call()
    except InvalidStatusCode as error:
        return [error.status_code.value, error.body["errors"][0]["title"]]
    return []


def main() -> None:
    facts = json.loads(sys.argv[1])
    user = facts["user"]
    client = CloudFoundryClient(
        facts["urls"]["cloud_foundry"],
        login_hint=json.dumps({"origin": user["origin"]}),
        verify=facts["server_ca_file"],
    )
    client.init_with_user_credentials(user["name"], user["password"])

    instances = [one["name"] for one in client.v3.service_instances.list(per_page="4")]
    instance = client.v3.service_instances.get_first(names="it-rt-cf")["guid"]
    bindings, jobs = client.v3.service_credential_bindings, []

    def create(name: str) -> dict:
        job = bindings.create(
            name, "key", instance, None, {"key-type": "certificate", "validity": 30}, {"managed-by": "somebody"}, None
        )
        done = client.v3.jobs.wait_for_job_completion(job)
        jobs.append(done["state"])
        return done.service_credential_binding()

    old = create("sender-1")
    # The platform takes its tokens back: the client has to refresh them by itself.
    request = urllib.request.Request(facts["urls"]["control"] + "/tokens", method="DELETE")
    urllib.request.urlopen(request).close()
    new = create("sender-2")
    listed = list(bindings.list(service_instance_guids=instance, type="key", order_by="name", per_page="1"))
    details = new.details()
    duplicate = refusal(lambda: create("sender-2"))
    # The client has no word for deleting a binding.
    job = client.delete(old["links"]["self"]["href"]).headers["Location"]
    jobs.append(client.v3.jobs.wait_for_job_completion(job.rpartition("/")[2])["state"])
    print(
        json.dumps(
            {
                "instances": instances,
                "names": [one["name"] for one in listed],
                "labels": listed[0]["metadata"]["labels"],
                "certificate": details["credentials"]["oauth"]["certificate"],
                "duplicate": duplicate,
                "jobs": jobs,
                "missing": refusal(lambda: bindings.get(old["guid"])),
                "left": [one["name"] for one in bindings.list(service_instance_guids=instance)],
            }
        )
    )


main()
