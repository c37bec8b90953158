"""Use the generated client: `drive.py change`, and after an event `drive.py look`.

The client's types are checked, so nothing here is cast or ignored.
"""

from __future__ import annotations

import json
import os
import sys
import time
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID, uuid4

from signalman_client import AuthenticatedClient
from signalman_client.api.instances import (
    instances_apply_create,
    instances_deliveries_list,
    instances_identity_retrieve,
    instances_identity_update,
    instances_plan_retrieve,
    instances_retrieve,
    instances_settings_retrieve,
    instances_settings_update,
    instances_traffic_list,
    instances_upstream_list,
    instances_upstream_update,
)
from signalman_client.api.operations import operations_retrieve
from signalman_client.api.subscriptions import subscriptions_import_create
from signalman_client.models import (
    ApplyRequest,
    AuthRequest,
    AuthTypeEnum,
    IdentityRequest,
    IdentityTypeEnum,
    ImportRequest,
    InstancePolicyEnum,
    Operation,
    Plan,
    Problem,
    ResourceRequest,
    SettingsRequest,
    StateEnum,
    TemplateRequest,
)
from signalman_client.types import Response

NAME = os.environ["SIGNALMAN_INSTANCE"]
URL = os.environ["SIGNALMAN_URL"]
RESOURCE = "api://signalman-upstream"
UNFINISHED = {StateEnum.QUEUED, StateEnum.RUNNING}

T = TypeVar("T")


class Refused(Exception):
    """The API answered with a problem."""


def parsed(response: Response[T | Problem]) -> T:
    """Return the parsed response. Raises Refused."""
    answer = response.parsed
    if answer is None or isinstance(answer, Problem):
        raise Refused(f"{response.status_code}: {answer}")
    return answer


def tag(response: Response[T | Problem]) -> str:
    """Return the ETag of the response."""
    parsed(response)
    return response.headers["ETag"]


def change(client: AuthenticatedClient) -> None:
    """Import an instance, set an identity and an upstream template, plan and apply."""
    subscription = UUID(os.environ["AZURE_SUBSCRIPTION_ID"])
    parsed(
        subscriptions_import_create.sync_detailed(
            subscription, client=client, body=ImportRequest(name=NAME)
        )
    )
    instance = parsed(instances_retrieve.sync_detailed(NAME, client=client))
    assert instance.policy is InstancePolicyEnum.OBSERVE
    manage(client)
    set_desired(client)
    plan = parsed(instances_plan_retrieve.sync_detailed(NAME, client=client))
    assert [step.kind for step in plan.steps] == ["identity", "templates"]
    operation = wait(client, apply(client, plan))
    assert operation.state is StateEnum.SUCCEEDED, operation
    empty = parsed(instances_plan_retrieve.sync_detailed(NAME, client=client))
    assert empty.steps == []


def manage(client: AuthenticatedClient) -> None:
    """Set the policy to manage; an imported instance is only observed."""
    version = tag(instances_settings_retrieve.sync_detailed(NAME, client=client))
    settings = SettingsRequest(policy=InstancePolicyEnum.MANAGE, is_protected=True)
    parsed(
        instances_settings_update.sync_detailed(
            NAME, client=client, body=settings, if_match=version
        )
    )


def set_desired(client: AuthenticatedClient) -> None:
    """Set an identity and a signed template, each with the ETag of its read."""
    version = tag(instances_identity_retrieve.sync_detailed(NAME, client=client))
    identity = IdentityRequest(type_=IdentityTypeEnum.SYSTEMASSIGNED)
    parsed(
        instances_identity_update.sync_detailed(
            NAME, client=client, body=identity, if_match=version
        )
    )
    stale = instances_identity_update.sync_detailed(
        NAME, client=client, body=identity, if_match=version
    )
    assert stale.status_code is HTTPStatus.PRECONDITION_FAILED
    assert isinstance(stale.parsed, Problem)
    template = TemplateRequest(
        url_template=f"{URL}/upstream/{NAME}/",
        hub_pattern="chat",
        auth=AuthRequest(
            type_=AuthTypeEnum.MANAGEDIDENTITY, managed_identity=ResourceRequest(RESOURCE)
        ),
    )
    version = tag(instances_upstream_list.sync_detailed(NAME, client=client))
    parsed(
        instances_upstream_update.sync_detailed(
            NAME, client=client, body=[template], if_match=version
        )
    )


def apply(client: AuthenticatedClient, plan: Plan) -> Operation:
    """Start the plan, and repeat the request with the same idempotency key."""
    key, body = (
        str(uuid4()),
        ApplyRequest(digest=plan.digest, confirm_destructive=plan.is_destructive),
    )
    first, again = (
        parsed(
            instances_apply_create.sync_detailed(
                NAME, client=client, body=body, idempotency_key=key
            )
        )
        for _ in range(2)
    )
    assert first.id == again.id
    return first


def wait(client: AuthenticatedClient, operation: Operation) -> Operation:
    """Return the operation once it has ended."""
    deadline = time.monotonic() + 120
    while operation.state in UNFINISHED and time.monotonic() < deadline:
        time.sleep(0.2)
        operation = parsed(operations_retrieve.sync_detailed(operation.id, client=client))
    return operation


def look(client: AuthenticatedClient) -> None:
    """Print the number of deliveries and the last of them."""
    traffic = parsed(instances_traffic_list.sync_detailed(NAME, client=client))
    deliveries = parsed(instances_deliveries_list.sync_detailed(NAME, client=client))
    document = {
        "counts": {each.outcome.value: each.count for each in traffic},
        "events": [f"{each.hub}/{each.category}/{each.event}" for each in deliveries.results],
    }
    sys.stdout.write(json.dumps(document))


if __name__ == "__main__":
    step = {"change": change, "look": look}[sys.argv[1]]
    with AuthenticatedClient(base_url=URL, token=os.environ["SIGNALMAN_TOKEN"]) as signalman:
        step(signalman)
