"""The desired state, plans and operations as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import (
    ChoiceTextField,
    DocumentSerializer,
    FlagField,
    StrictSerializer,
    TextField,
    UuidField,
)
from arm.role_assignments import PRINCIPAL_TYPES
from identities.models import ManagedIdentity
from sync.models import Operation, SyncStatus
from sync.operations.json_output import operation_document
from upstreams.models import UpstreamTemplate


class IdentitySerializer(StrictSerializer):
    """The desired managed identity."""

    type = ChoiceTextField(choices=ManagedIdentity.Type.choices)
    user_assigned = TextField(
        allow_null=True,
        default=None,
        help_text="The ARM ID of the user-assigned identity, for the type UserAssigned.",
    )


class DesiredServiceModeSerializer(StrictSerializer):
    """The desired service mode."""

    service_mode = TextField(
        allow_null=True,
        max_length=16,
        help_text="Serverless, Default or Classic. With null, plans do not change the mode.",
    )


class ResourceSerializer(StrictSerializer):
    """The resource that a template's token is requested for."""

    resource = TextField(help_text="The application for which the token is requested.")


class AuthSerializer(StrictSerializer):
    """The authentication of a template's requests."""

    type = ChoiceTextField(choices=UpstreamTemplate.AuthType.choices)
    managedIdentity = ResourceSerializer(required=False, allow_null=True)  # noqa: N815  ARM's name


class TemplateSerializer(StrictSerializer):
    """One upstream template, in the shape of `az signalr upstream list`. Names are ARM's."""

    hubPattern = TextField(required=False, allow_null=True)  # noqa: N815
    categoryPattern = TextField(required=False, allow_null=True)  # noqa: N815
    eventPattern = TextField(required=False, allow_null=True)  # noqa: N815
    urlTemplate = TextField()  # noqa: N815
    auth = AuthSerializer(required=False, allow_null=True)


class GrantChoiceSerializer(StrictSerializer):
    """Whether the grant of the identity on a vault is desired."""

    vault = TextField(help_text="The name of the vault.")
    is_desired = FlagField()


class SenderSerializer(StrictSerializer):
    """A principal that should be able to send to the instance."""

    principal_id = UuidField(help_text="The object ID of the principal.")
    principal_type = ChoiceTextField(choices=PRINCIPAL_TYPES, default=PRINCIPAL_TYPES[0])


class ChangeSerializer(serializers.Serializer[Any]):
    """One difference; `before` or `after` is null if there is no value."""

    path = serializers.CharField()
    action = serializers.ChoiceField(choices=["create", "update", "delete"])
    before = serializers.JSONField()
    after = serializers.JSONField()


class StepSerializer(serializers.Serializer[Any]):
    """One write to Azure."""

    kind = serializers.CharField()
    title = serializers.CharField()
    changes = ChangeSerializer(many=True)
    after = serializers.JSONField()
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="What stops working during the step, and for how long.",
    )
    losses = serializers.ListField(
        child=serializers.CharField(), help_text="What the step removes permanently."
    )


class CountsSerializer(serializers.Serializer[Any]):
    """The number of objects that are created, updated and deleted."""

    create = serializers.IntegerField()  # type: ignore[assignment]  # Terraform's words
    update = serializers.IntegerField()  # type: ignore[assignment]
    delete = serializers.IntegerField()


class PlanSerializer(serializers.Serializer[Any]):
    """The steps from observed to desired state. An apply names the digest."""

    instance = serializers.CharField()
    action = serializers.CharField()
    digest = serializers.CharField()
    counts = CountsSerializer()
    is_destructive = serializers.BooleanField(
        help_text="Whether an apply needs `confirm_destructive`."
    )
    steps = StepSerializer(many=True)


class ApplySerializer(StrictSerializer):
    """The plan to apply."""

    digest = TextField(help_text="The digest of the plan that was reviewed.")
    paths = serializers.ListField(
        child=TextField(), default=list, help_text="The paths to which the plan was limited."
    )
    confirm_destructive = FlagField(
        required=False,
        help_text="Required for a plan that removes something permanently: see `losses`.",
    )


class InstanceRefusalSerializer(serializers.Serializer[Any]):
    """An instance to which nothing is applied, and why."""

    instance = serializers.CharField()
    detail = serializers.CharField()


class FleetPlanSerializer(serializers.Serializer[Any]):
    """The plans of all instances that match the filters. The apply names the digest."""

    digest = serializers.CharField()
    plans = PlanSerializer(many=True)
    unchanged = serializers.ListField(
        child=serializers.CharField(), help_text="The instances that are in sync."
    )
    refusals = InstanceRefusalSerializer(many=True)


class FleetApplySerializer(StrictSerializer):
    """The plans to apply."""

    digest = TextField(help_text="The digest of all plans, from `GET plan/` with the same filters.")
    confirm_destructive = FlagField(
        required=False, help_text="Confirm destructive plans. Otherwise only these are refused."
    )


class OperationStepSerializer(serializers.Serializer[Any]):
    """The progress of one step."""

    title = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField()
    changes = ChangeSerializer(many=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class OperationErrorSerializer(serializers.Serializer[Any]):
    """The error of a failed operation."""

    code = serializers.CharField()
    message = serializers.CharField()


class OperationSerializer(DocumentSerializer):
    """An operation and its progress."""

    id = serializers.UUIDField()
    instance = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=Operation.State.choices)
    digest = serializers.CharField()
    attempt = serializers.IntegerField()
    waiting_for = serializers.CharField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    requested_by = serializers.CharField()
    request_id = serializers.CharField(
        allow_null=True, help_text="The `X-Request-ID` of the request that started it."
    )
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    error = OperationErrorSerializer(allow_null=True)
    steps = OperationStepSerializer(many=True)

    def document(self, row: Operation) -> dict[str, Any]:
        """Return it without the signed URL at which Azure reports progress."""
        return operation_document(row)


class FleetOperationsSerializer(serializers.Serializer[Any]):
    """The operations that were started, and the instances that were refused."""

    operations = OperationSerializer(many=True)
    refusals = InstanceRefusalSerializer(many=True)


class DriftSerializer(serializers.Serializer[Any]):
    """The sync status of an instance as last observed."""

    instance = serializers.CharField()
    status = serializers.ChoiceField(choices=SyncStatus.choices)
    observed_at = serializers.DateTimeField(allow_null=True)
    changes = ChangeSerializer(many=True)


class AcceptSerializer(StrictSerializer):
    """The changes in Azure to accept."""

    paths = serializers.ListField(
        child=TextField(),
        default=list,
        help_text="Paths of the changes to accept. By default all changes.",
    )
    comment = TextField(max_length=255, allow_blank=True, default="", help_text="A change note.")
