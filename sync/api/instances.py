"""Adding, deleting and removing instances, and their settings."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import actor_of, name_of
from api.conditional import require_match
from api.fields import (
    ChoiceTextField,
    FlagField,
    StrictSerializer,
    TextField,
    UuidField,
)
from api.idempotency import once
from api.schema.links import to_instance, to_operation
from api.views import ApiView
from arm.instance_state import ExistenceState
from arm.request_bodies import SERVICE_MODES, SKUS
from identities.api.serializers import InstanceSerializer
from identities.api.views import InstanceList, instance_named
from identities.models import SignalRInstance
from sync.api.desired_state import InstanceDocument
from sync.api.operations import accepted
from sync.api.serializers import OperationSerializer
from sync.desired.add_instance import Site, add_new_instance
from sync.desired.deletion_protection import protect
from sync.desired.management_policy import Policy, set_policy
from sync.desired.remove_instance import remove
from sync.operations.start import start_delete

_PARTS: Final = (
    "instances_retrieve",
    "instances_identity_retrieve",
    "instances_service_mode_retrieve",
    "instances_upstream_list",
    "instances_settings_retrieve",
    "instances_plan_retrieve",
    "instances_drift_retrieve",
    "instances_diagnosis_list",
    "instances_chain_retrieve",
)


class NewInstanceSerializer(StrictSerializer):
    """The properties that can be set only when an instance is created."""

    name = TextField(
        max_length=63, help_text="The name of the instance. It must be unique in Azure."
    )
    subscription_id = UuidField()
    resource_group = TextField(max_length=90)
    location = TextField(max_length=64, help_text="The Azure region, such as westeurope.")
    sku = ChoiceTextField(choices=SKUS, default="Standard_S1")
    service_mode = ChoiceTextField(
        choices=SERVICE_MODES,
        default="Serverless",
        help_text="Upstream templates take effect only in Serverless mode.",
    )


class InstanceCollection(InstanceList):
    """All instances."""

    writes = "identities.add_signalrinstance"
    problems = {"POST": {502}}
    repeatable = ("POST",)
    links = {
        "GET": {200: to_instance("$response.body#/results/0/name", *_PARTS)},
        "POST": {201: to_instance("$response.body#/name", *_PARTS)},
    }

    @extend_schema(request=NewInstanceSerializer, responses={201: InstanceSerializer})
    def post(self, request: Request) -> Response:
        """Add an instance that does not exist in Azure. Applying its plan creates it.

        Checks in Azure whether the name is available, and writes nothing there.
        """
        serializer = NewInstanceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return once(request, lambda: _add(serializer.validated_data, name_of(request)))


class InstanceDetail(InstanceDocument):
    """One instance with its properties in Azure."""

    reads = "identities.view_signalrinstance"
    writes = "identities.delete_signalrinstance"

    @extend_schema(responses=InstanceSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Read an instance by its name. The case of the name does not matter."""
        return self.read()

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Remove an instance from Signalman without changing it in Azure.

        `deletion/` deletes it in Azure.
        """
        with self.turn(request) as present:
            require_match(request, self.dump(present))
            remove(present, who=name_of(request))
        return Response(status=204)

    def dump(self, subject: SignalRInstance) -> Any:
        """Return the document."""
        return InstanceSerializer(subject).data


class ConfirmSerializer(StrictSerializer):
    """The confirmation of a deletion."""

    confirm = TextField(help_text="The name of the instance again, to confirm the deletion.")


class InstanceDeletion(ApiView):
    """Delete an instance in Azure permanently. Turn off its deletion protection first."""

    reads = "sync.view_operation"
    writes = "sync.add_operation"
    repeatable = starts_work = ("POST",)
    links = {"POST": {202: to_operation()}}

    @extend_schema(request=ConfirmSerializer, responses={202: OperationSerializer})
    def post(self, request: Request, name: str) -> Response:
        """Start an operation that deletes the instance in Azure."""
        serializer = ConfirmSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return once(
            request,
            lambda: accepted(
                start_delete(
                    instance_named(name),
                    confirm=serializer.validated_data["confirm"],
                    actor=actor_of(request),
                )
            ),
        )


class SettingsSerializer(StrictSerializer):
    """The policy of an instance, and whether it is protected against deletion."""

    policy = ChoiceTextField(choices=Policy.choices)
    is_protected = FlagField()


class InstanceSettings(InstanceDocument):
    """The policy and the deletion protection of an instance."""

    reads = "identities.view_signalrinstance"
    writes = "identities.change_signalrinstance"

    @extend_schema(responses=SettingsSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Read the policy and the deletion protection of an instance."""
        return self.read()

    @extend_schema(request=SettingsSerializer, responses=SettingsSerializer)
    def put(self, request: Request, name: str) -> Response:
        """Set the policy and the deletion protection of an instance."""
        serializer = SettingsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, serializer.validated_data)

    def dump(self, subject: SignalRInstance) -> dict[str, Any]:
        """Return both."""
        return {"policy": subject.policy, "is_protected": subject.is_protected}

    def load(self, request: Request, subject: SignalRInstance, document: Any) -> None:
        """Set both and record it."""
        who = name_of(request)
        set_policy(subject, Policy(document["policy"]), who=who)
        protect(subject, who=who, is_protected=document["is_protected"])


def _add(data: dict[str, Any], who: str) -> Response:
    site = Site(data["subscription_id"], data["resource_group"])
    existence = ExistenceState(data["location"], data["sku"], data["service_mode"])
    instance = add_new_instance(data["name"], site, existence, who=who)
    document = InstanceSerializer(instance).data
    headers = {"Location": reverse("api-instance", args=[instance.name])}
    return Response(document, status=201, headers=headers)
