"""Calls to Azure Resource Manager. None waits for a long-running operation to finish.

Uses the operations of azure-mgmt-signalr and azure-mgmt-msi, and reads responses from their JSON,
because the SDK's models drop unknown fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import IO, Any, Final, cast
from urllib.parse import quote
from uuid import UUID

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.exceptions import ARMErrorFormat
from azure.mgmt.core.tools import parse_resource_id
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.signalr import SignalRManagementClient

from arm.async_operations import (
    LongRunning,
    Progress,
    poll_urls,
    progress,
    result_progress,
    started,
)
from arm.errors import ArmError, Throttled, UnexpectedAnswer
from arm.function_apps.calls import FunctionApps
from arm.instance_state import ExistenceState
from arm.request_bodies import TYPE, creation_body
from arm.resources import SignalRResource, SubscriptionResource, UserAssignedIdentityResource
from arm.role_assignments import Roles
from arm.settings import ArmSettings
from arm.transport.credentials import credential
from arm.transport.error_translation import translated
from arm.transport.pipeline import pipeline
from arm.transport.raw_answers import Captured, Json
from arm.transport.read_ahead import read_ahead
from arm.vaults import Vaults

_SUBSCRIPTIONS_API: Final = "2022-12-01"
# As the SDK's operations use.
_INSTANCES: Final = "Microsoft.SignalRService/signalR"
_INSTANCES_API: Final = "2023-02-01"
_JSON: Final = "application/json"
# Pages of instances that are read in advance.
_PAGES_AHEAD: Final = 2


class ArmClient:
    """One subscription of Azure. Safe to share between threads.

    Every method raises ArmError, and nothing else, when a request fails.
    """

    def __init__(self, subscription_id: UUID | str, settings: ArmSettings) -> None:
        self._subscription_id = str(subscription_id)
        self._settings = settings
        shared: dict[str, Any] = {"base_url": settings.endpoint, "pipeline": pipeline(settings)}
        access = credential(settings)
        self._instances = SignalRManagementClient(access, self._subscription_id, **shared).signal_r
        identities = ManagedServiceIdentityClient(access, self._subscription_id, **shared)
        self._identities = identities.user_assigned_identities
        self._system_assigned = identities.system_assigned_identities

    @cached_property
    def vaults(self) -> Vaults:
        """The subscription's key vaults."""
        return Vaults(self._subscription_id, self._settings)

    @cached_property
    def function_apps(self) -> FunctionApps:
        """The subscription's Function Apps."""
        return FunctionApps(self._subscription_id, self._settings)

    @cached_property
    def roles(self) -> Roles:
        """Role assignments at the subscription's resources."""
        return Roles(self._subscription_id, self._settings)

    def get_subscription(self) -> SubscriptionResource:
        """Read the subscription."""
        url = _subscriptions_url(self._settings, self._subscription_id)
        return SubscriptionResource.from_arm(get_json(self._settings, url))

    def list_instances(self, resource_group: str | None = None) -> Iterator[SignalRResource]:
        """Read the instances of a resource group, or of the subscription, page by page."""
        return map(SignalRResource.from_arm, self.list_instances_json(resource_group))

    def list_instances_json(self, resource_group: str | None = None) -> Iterator[Json]:
        """Read instances as JSON, so that one of an unknown shape does not hide the others.

        Not with the SDK's operation, which takes most of its time to build models of the instances.
        The next pages are read while the caller works on the current one.
        """
        for page in read_ahead(self._pages_of_instances(resource_group), _PAGES_AHEAD):
            yield from page.get("value") or ()

    def _pages_of_instances(self, resource_group: str | None) -> Iterator[Json]:
        group = f"/resourceGroups/{quote(resource_group)}" if resource_group else ""
        path = f"subscriptions/{self._subscription_id}{group}/providers/{_INSTANCES}"
        endpoint = self._settings.endpoint.rstrip("/")
        url: str | None = f"{endpoint}/{path}?api-version={_INSTANCES_API}"
        while url:
            page = get_json(self._settings, url)
            yield page
            url = page.get("nextLink")

    def get_instance(self, resource_group: str, name: str) -> SignalRResource:
        """Read one instance. Raises NotFound where there is none."""
        captured = Captured()
        with translated():
            self._instances.get(resource_group, name, raw_response_hook=captured)
        return SignalRResource.from_arm(captured.json())

    def patch_instance(
        self, resource_group: str, name: str, patch: Json, *, correlation_id: str | None = None
    ) -> LongRunning:
        """Send exactly `patch`, once, and return the operation for `poll`.

        After Unanswered, Azure may have accepted the change: read before sending it again.
        `correlation_id` is sent as `x-ms-client-request-id`, which Azure's activity log shows.
        """
        captured = Captured()
        with translated():
            self._instances.begin_update(
                resource_group, name, _bytes(patch), **_write(captured, correlation_id)
            )
        return started(captured.headers, status=captured.status)

    def check_name(self, name: str, *, location: str) -> str | None:
        """Return Azure's message why the name is not available; None where it is."""
        captured = Captured()
        with translated():
            self._instances.check_name_availability(
                location,
                _bytes({"type": TYPE, "name": name}),
                content_type=_JSON,
                raw_response_hook=captured,
            )
        answer = captured.json()
        if answer.get("nameAvailable"):
            return None
        return str(answer.get("message") or answer.get("reason") or "The name is not available.")

    def create_instance(
        self,
        resource_group: str,
        name: str,
        existence: ExistenceState,
        *,
        correlation_id: str | None = None,
    ) -> LongRunning:
        """Create an instance, and return the operation for `poll`.

        This overwrites an existing instance: read first. After Unanswered, Azure may have accepted
        the request.
        """
        captured = Captured()
        body = _bytes(creation_body(existence))
        with translated():
            self._instances.begin_create_or_update(
                resource_group, name, body, **_write(captured, correlation_id)
            )
        return started(captured.headers, status=captured.status)

    def delete_instance(
        self, resource_group: str, name: str, *, correlation_id: str | None = None
    ) -> LongRunning:
        """Delete an instance, and return the operation for `poll`.

        An instance that does not exist counts as deleted.
        """
        captured = Captured()
        with translated():
            options = _write(captured, correlation_id)
            del options["content_type"]
            self._instances.begin_delete(resource_group, name, **options)
        return started(captured.headers, status=captured.status)

    def poll(self, continuation: str) -> Progress:
        """Poll an operation once. Raises OperationFailed where it ended Failed or Canceled.

        The result's URL is read first: once the operation has succeeded, it answers with the
        instance, which then need not be read. Whatever else it answers, the status decides.
        NotFound means that ARM no longer has the operation: read the instance for its result.
        """
        urls = poll_urls(continuation)
        if urls.result and urls.status:
            found = self._poll_result(urls.result)
            if found is not None:
                return found
        response = _ask(self._settings, urls.status or urls.result or "", retry_total=0)
        return progress(response.status_code, response.headers, _body(response))

    def _poll_result(self, url: str) -> Progress | None:
        """Poll the result's URL; return None if its answer decides nothing.

        Raises ArmError if there was none, or if Azure says to wait.
        """
        try:
            response = _ask(self._settings, url, retry_total=0)
            return result_progress(response.status_code, response.headers, _body(response))
        except Throttled:
            raise
        except ArmError as error:
            if error.status is None:
                raise
            return None

    def list_user_assigned_identities(self) -> Iterator[UserAssignedIdentityResource]:
        """Read the user-assigned identities of the subscription, page by page."""
        captured = Captured()
        with translated():
            items = self._identities.list_by_subscription(raw_response_hook=captured)
            yield from map(UserAssignedIdentityResource.from_arm, captured.pages(items))

    def get_user_assigned_identity(self, arm_id: str) -> UserAssignedIdentityResource:
        """Read one user-assigned identity of this subscription. Raises NotFound."""
        parts = parse_resource_id(arm_id)
        captured = Captured()
        with translated():
            self._identities.get(parts["resource_group"], parts["name"], raw_response_hook=captured)
        return UserAssignedIdentityResource.from_arm(captured.json())

    def get_system_assigned_identity(self, arm_id: str) -> UserAssignedIdentityResource:
        """Read the system-assigned identity of a resource, with its client ID.

        The resource's own response lacks the client ID. Raises NotFound where it has no identity.
        """
        captured = Captured()
        with translated():
            self._system_assigned.get_by_scope(arm_id.strip("/"), raw_response_hook=captured)
        return UserAssignedIdentityResource.from_arm(captured.json())

    def create_user_assigned_identity(
        self, resource_group: str, name: str, *, location: str
    ) -> UserAssignedIdentityResource:
        """Create a user-assigned identity; an existing one stays unchanged."""
        captured = Captured()
        with translated():
            self._identities.create_or_update(
                resource_group,
                name,
                _bytes({"location": location}),
                content_type=_JSON,
                raw_response_hook=captured,
            )
        return UserAssignedIdentityResource.from_arm(captured.json())


def list_subscriptions(settings: ArmSettings) -> Iterator[SubscriptionResource]:
    """Read the subscriptions that the credential can see, page by page. Raises ArmError."""
    url: str | None = _subscriptions_url(settings)
    while url:
        page = get_json(settings, url)
        yield from map(SubscriptionResource.from_arm, page.get("value") or ())
        url = page.get("nextLink")


def _bytes(body: Json) -> IO[bytes]:
    """Return a body of our own: the SDK's models add defaults that weaken a hardened instance."""
    return cast("IO[bytes]", json.dumps(body).encode())


def _write(captured: Captured, correlation_id: str | None) -> dict[str, Any]:
    """Return the SDK's options for a write without polling."""
    named: dict[str, Any] = {"request_id": correlation_id} if correlation_id else {}
    return {
        "content_type": _JSON,
        "polling": False,
        "raw_response_hook": captured,
        **named,
    }


def _subscriptions_url(settings: ArmSettings, *path: str) -> str:
    address = "/".join((settings.endpoint.rstrip("/"), "subscriptions", *path))
    return f"{address}?api-version={_SUBSCRIPTIONS_API}"


def get_json(settings: ArmSettings, url: str) -> Json:
    """Read one document for which the SDKs have no operation. Raises ArmError."""
    response = _ask(settings, url)
    body = _body(response)
    if not isinstance(body, Mapping):
        raise UnexpectedAnswer("The response is not a JSON object.", status=response.status_code)
    return body


def _ask(settings: ArmSettings, url: str, **options: Any) -> HttpResponse:
    """Send a GET for which the SDKs have no operation. Raises ArmError unless it succeeds."""
    client: ARMPipelineClient[HttpRequest, HttpResponse] = ARMPipelineClient(
        settings.endpoint, policies=[], pipeline=pipeline(settings)
    )
    with translated():
        response = client.send_request(HttpRequest("GET", url), **options)
        if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise HttpResponseError(response=response, error_format=ARMErrorFormat)
    return response


def _body(response: HttpResponse) -> object:
    """Return the response's JSON, or None where it has no body."""
    try:
        return response.json() if response.content else None
    except ValueError as error:
        raise UnexpectedAnswer("The response is not JSON.", status=response.status_code) from error
