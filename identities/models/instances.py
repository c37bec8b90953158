"""SignalR instances, each with its one identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final, cast

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower

from arm.instance_state import IdentityState, IdentityType
from identities.models.subscriptions import Subscription
from identities.models.user_assigned_identities import UserAssignedIdentity
from identities.validators import validate_instance_name, validate_resource_group

# Rows that are in memory at once where all are worked through.
_CHUNK: Final = 500
# Fields of neither the desired state nor the observed state that is compared with it.
_UNPLANNED: Final = (
    "host_name",
    "observed_at",
    "azure_modified_at",
    "private_links",
    "network",
    "is_local_auth_disabled",
    "is_entra_auth_disabled",
    "sender_access",
    "is_protected",
)
_ONE_OR_THE_OTHER = (
    "Choose a user-assigned identity for the type UserAssigned, and none for other types."
)


class SignalRInstanceQuerySet(models.QuerySet["SignalRInstance"]):
    """Queries of SignalR instances."""

    def named(self, name: str) -> SignalRInstanceQuerySet:
        """Return the instance of that name, ignoring case, as Azure does."""
        return self.filter(name__iexact=name)

    def on_schedule(self) -> SignalRInstanceQuerySet:
        """Return those that the schedule refreshes and compares."""
        return self.exclude(policy="pause")

    def with_desired(self) -> SignalRInstanceQuerySet:
        """Fetch the rows of the desired state in a constant number of queries."""
        # Subscriptions are few and shared: one object each, not one for each instance.
        return self.select_related("identity__user_assigned").prefetch_related(
            "subscription", "upstream_templates"
        )

    def for_plans(self) -> SignalRInstanceQuerySet:
        """Leave out the fields that no plan and no comparison of states uses, for many instances.

        Reading a field that was left out takes a query for each instance.
        """
        return self.defer(*_UNPLANNED)

    def in_chunks(self) -> Iterator[SignalRInstance]:
        """Yield the rows without keeping them in memory."""
        return self.iterator(chunk_size=_CHUNK)


class ManagedIdentityQuerySet(models.QuerySet["ManagedIdentity"]):
    """Queries of the identities of instances."""

    def states_of(self, instance_ids: Iterable[int]) -> dict[int, IdentityState]:
        """Return the desired identity of each of these instances, by its primary key."""
        rows = self.filter(instance__pk__in=list(instance_ids))
        # Without model objects, which would take most of the time. A filter by `instance__in` would
        # check for each key whether it is an object.
        found = rows.values_list("instance_id", "type", "user_assigned__arm_id")
        return {key: _identity_state(kind, arm_id) for key, kind, arm_id in found}


class SignalRInstance(models.Model):
    """An Azure SignalR Service resource.

    `observed` and the fields below it are the observed state, written by `sync` only. The desired
    state is in the rows of the identity and the templates, and in `desired_service_mode`.
    """

    class Policy(models.TextChoices):
        """The actions that Signalman may take on the instance."""

        OBSERVE = "observe", "Observe: compare, never write"
        MANAGE = "manage", "Manage: compare, and write what is applied"
        PAUSE = "pause", "Pause: neither compare on schedule nor write"

    # Provisioning states in which the resource does not work.
    FAILED_STATES: ClassVar = frozenset({"Failed", "Canceled"})

    name = models.CharField(
        max_length=63,
        validators=[validate_instance_name],
        help_text="Must be unique in Azure. It is used in URLs.",
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="instances"
    )
    resource_group = models.CharField(max_length=90, validators=[validate_resource_group])
    location = models.CharField(max_length=64, blank=True)
    policy = models.CharField(
        max_length=8,
        choices=Policy,
        default=Policy.OBSERVE,
        help_text="Signalman writes to Azure only with the policy Manage.",
    )

    observed = models.JSONField(
        null=True, blank=True, editable=False, help_text="InstanceState as JSON; null: never read."
    )
    observed_at = models.DateTimeField(null=True, blank=True, editable=False)
    provisioning_state = models.CharField(max_length=32, blank=True, editable=False)
    host_name = models.CharField(max_length=255, blank=True, editable=False)
    azure_modified_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="ARM's systemData.lastModifiedAt."
    )
    missing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it was first found deleted."
    )
    sku = models.CharField("SKU", max_length=32, blank=True, help_text="For example Standard_S1.")
    service_mode = models.CharField(
        max_length=16,
        blank=True,
        help_text="Upstream templates take effect only in Serverless mode.",
    )
    desired_service_mode = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="The service mode that a plan sets. If empty, plans do not change the mode.",
    )
    private_links = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="Its shared private links: SharedPrivateLink as JSON; null: never read.",
    )
    network = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="InstanceNetwork as JSON: its network rules; null: never read.",
    )
    is_local_auth_disabled = models.BooleanField(
        null=True, editable=False, help_text="Whether access keys are disabled; null: never read."
    )
    is_entra_auth_disabled = models.BooleanField(
        null=True,
        editable=False,
        help_text="Whether tokens of Microsoft Entra are disabled; null: never read.",
    )
    sender_access = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="SenderAccess as JSON: the roles of what sends to it; null: never read.",
    )
    desired_senders = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="Principals that plans let send, as [principal ID, type]; null: none.",
    )
    observed_senders = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="The desired senders that may send, as last read; null: none.",
    )
    create_if_missing = models.BooleanField(
        default=False, editable=False, help_text="Whether an apply creates it if it does not exist."
    )
    is_creating = models.BooleanField(
        default=False,
        editable=False,
        help_text="Its creation was sent, and Azure has not reported success yet.",
    )
    is_protected = models.BooleanField(
        "protected", default=True, help_text="Protected against deletion in Azure."
    )
    declined_grants = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text=(
            "Grants that are not desired, each as [vault, identity]: declined by an operator, or "
            "missing in Azure when the instance was imported."
        ),
    )

    objects = SignalRInstanceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "SignalR instance"
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="signalr_name_unique_in_azure",
                violation_error_message="An instance of this name is already in Signalman.",
            ),
            models.CheckConstraint(
                name="policy_is_one_of_three",
                condition=models.Q(policy__in=["observe", "manage", "pause"]),
                violation_error_message="The policy is observe, manage or pause.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new instance gets the row of its identity, of type None."""
        with transaction.atomic():
            is_new = self._state.adding
            super().save(*args, **kwargs)
            if is_new:
                ManagedIdentity.objects.create(instance=self)

    def mark_creating(self) -> None:
        """Record that its creation is being sent, until Azure reports success."""
        self.is_creating = True
        self.save(update_fields=["is_creating"])

    @property
    def is_creation_failed(self) -> bool:
        """Whether its creation failed: it must be created again, or deleted."""
        return self.is_creating and self.provisioning_state in self.FAILED_STATES

    @property
    def arm_id(self) -> str:
        """The ARM id, in the case that the service uses."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.SignalRService/SignalR/{self.name}"
        )


class ManagedIdentity(models.Model):
    """The single identity of an instance: none, system-assigned or one user-assigned.

    The type and the user-assigned identity are the desired state; `principal_id`, `tenant_id` and
    `client_id` are those of the observed identity. `client_id` is that of a system-assigned one,
    and null unless a Function App has to know it.
    """

    class Type(models.TextChoices):
        """The values of ARM."""

        NONE = "None", "None"
        SYSTEM_ASSIGNED = "SystemAssigned", "System assigned"
        USER_ASSIGNED = "UserAssigned", "User assigned"

    instance = models.OneToOneField(
        SignalRInstance, on_delete=models.CASCADE, related_name="identity"
    )
    type = models.CharField(max_length=16, choices=Type, default=Type.NONE)
    user_assigned = models.ForeignKey(
        UserAssignedIdentity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="used_by",
        verbose_name="user-assigned identity",
    )
    principal_id = models.UUIDField(null=True, blank=True, editable=False)
    tenant_id = models.UUIDField(null=True, blank=True, editable=False)
    client_id = models.UUIDField(
        null=True, blank=True, editable=False, help_text="A token's appid; null: not read."
    )

    objects = ManagedIdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "managed identities"
        constraints = [
            models.CheckConstraint(
                name="identity_type_is_arms",
                condition=models.Q(type__in=["None", "SystemAssigned", "UserAssigned"]),
                violation_error_message="The type is None, SystemAssigned or UserAssigned.",
            ),
            models.CheckConstraint(
                name="user_assigned_names_its_identity",
                condition=models.Q(type="UserAssigned", user_assigned__isnull=False)
                | (~models.Q(type="UserAssigned") & models.Q(user_assigned__isnull=True)),
                violation_error_message=_ONE_OR_THE_OTHER,
            ),
        ]

    def __str__(self) -> str:
        kind = self.get_type_display()
        return f"{kind}: {self.user_assigned}" if self.user_assigned else kind

    @property
    def state(self) -> IdentityState:
        """The desired identity as a value."""
        arm_id = self.user_assigned.arm_id if self.user_assigned else None
        return _identity_state(self.type, arm_id)

    def clean(self) -> None:
        """Validate what the database constraint requires, so that forms show it at the field."""
        super().clean()
        has_user_assigned = self.type == self.Type.USER_ASSIGNED
        if has_user_assigned != (self.user_assigned is not None):
            raise ValidationError({"user_assigned": _ONE_OR_THE_OTHER})

    def become(self, kind: Type, user_assigned: UserAssignedIdentity | None = None) -> None:
        """Set the desired identity; nothing is sent to Azure before an apply.

        Raises ValidationError where the type and the user-assigned identity do not match.
        """
        self.type = kind
        self.user_assigned = user_assigned
        self.full_clean()
        self.save(update_fields=["type", "user_assigned"])


def _identity_state(kind: str, arm_id: str | None) -> IdentityState:
    return IdentityState(cast("IdentityType", kind), arm_id.lower() if arm_id else None)
