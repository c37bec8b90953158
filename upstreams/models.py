"""Upstream templates as they are wanted, and deliveries as they were received."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from arm.function_auth import FunctionAppAuth, FunctionAppState
from arm.state import AuthType, TemplateState
from identities.models import SignalRInstance, Subscription
from upstreams import demands, resources  # noqa: F401  demands are models too
from upstreams.querysets import (
    DeliveryCountQuerySet,
    DeliveryQuerySet,
    DeliveryTotalQuerySet,
    FunctionAppQuerySet,
    UpstreamTemplateQuerySet,
)
from upstreams.validators import validate_pattern, validate_url_template


class UpstreamTemplate(models.Model):
    """Where one kind of event goes, and whether and for which resource it is signed.

    Azure takes the first template that matches, so `position` decides the routing. Field names are
    those of `arm.state.TemplateState`. Source: properties.upstream.templates[] of
    Microsoft.SignalRService/signalR.
    """

    class AuthType(models.TextChoices):
        """ARM's spelling."""

        NONE = "None", "None"
        MANAGED_IDENTITY = "ManagedIdentity", "Managed identity"

    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="upstream_templates"
    )
    position = models.PositiveIntegerField(default=0, help_text="The first that matches is taken.")
    hub_pattern = models.CharField(max_length=512, default="*", validators=[validate_pattern])
    category_pattern = models.CharField(max_length=512, default="*", validators=[validate_pattern])
    event_pattern = models.CharField(max_length=512, default="*", validators=[validate_pattern])
    url_template = models.CharField(
        "URL template",
        max_length=2048,
        validators=[validate_url_template],
        help_text="May hold {hub}, {category} and {event}, and Key Vault references.",
    )
    auth_type = models.CharField(max_length=16, choices=AuthType, default=AuthType.NONE)
    resource = models.CharField(
        max_length=512,
        blank=True,
        help_text="What the token is asked for; it becomes the token's audience.",
    )

    objects = UpstreamTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="resource_goes_with_managed_identity",
                condition=models.Q(auth_type="ManagedIdentity")
                | models.Q(auth_type="None", resource=""),
                violation_error_message=(
                    "Only a template with managed-identity auth names a resource."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hub_pattern}/{self.category_pattern}/{self.event_pattern}"

    @property
    def state(self) -> TemplateState:
        """The template as the value that is compared with what Azure answers."""
        return TemplateState(
            url_template=self.url_template,
            hub_pattern=self.hub_pattern,
            category_pattern=self.category_pattern,
            event_pattern=self.event_pattern,
            auth_type=cast("AuthType", self.auth_type),
            resource=self.resource or None,
        )

    def clean(self) -> None:
        """Refuse a resource that Microsoft has withdrawn, unless the instance asks for it already.

        An imported template may hold one: it can be kept and reordered, but not chosen anew.
        """
        super().clean()
        if self.auth_type != self.AuthType.MANAGED_IDENTITY:
            return
        reason = resources.problem(self.resource)
        if reason is not None and not self._is_asked_for_already():
            raise ValidationError({"resource": ValidationError(reason, code="resource")})

    def _is_asked_for_already(self) -> bool:
        """Whether the instance has the resource: a list that is saved as a whole has new rows."""
        stored = UpstreamTemplate.objects.filter(
            instance_id=self.instance_id, auth_type=self.auth_type, resource=self.resource
        )
        return stored.exists()


class FunctionApp(models.Model):
    """A Function App that templates may point at, as Azure last answered it.

    `observed` and what stands below it are written by `sync` only. What is wanted has no row: it is
    derived from the signed templates that point here.
    """

    class Policy(models.TextChoices):
        """What Signalman may do with the app's authentication."""

        OBSERVE = "observe", "Observe: compare, never write"
        MANAGE = "manage", "Manage: let plans of the instances that send here write it"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="function_apps"
    )
    arm_id = models.CharField("ARM id", max_length=512)
    name = models.CharField(max_length=64, editable=False)
    location = models.CharField(max_length=64, blank=True)
    host_name = models.CharField(
        max_length=255, db_index=True, help_text="A template that names this host points here."
    )
    custom_host_names = models.TextField(
        blank=True,
        editable=False,
        help_text="Its further hosts, each between two spaces, so that one can be looked for.",
    )
    policy = models.CharField(
        max_length=8,
        choices=Policy,
        default=Policy.OBSERVE,
        help_text="Nothing is ever written to the app except under Manage.",
    )

    observed = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="FunctionAppAuth as JSON; null: never read.",
    )
    observed_at = models.DateTimeField(null=True, blank=True, editable=False)
    problem = models.TextField(
        blank=True, editable=False, help_text="Why its authentication could not be read."
    )
    missing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When Azure first had it no more."
    )

    objects = FunctionAppQuerySet.as_manager()

    class Meta:
        ordering = ["name", "arm_id"]
        constraints = [
            # ARM ids come back in any case.
            models.UniqueConstraint(
                Lower("arm_id"),
                name="one_row_per_function_app",
                violation_error_message="This Function App is already known.",
            ),
            models.CheckConstraint(
                name="function_app_policy_is_one_of_two",
                condition=models.Q(policy__in=["observe", "manage"]),
                violation_error_message="The policy is observe or manage.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the name that the ARM id ends in, and the host in lower case."""
        self.name = self.arm_id.rsplit("/", 1)[-1]
        self.host_name = self.host_name.lower()
        super().save(*args, **kwargs)

    @property
    def hosts(self) -> frozenset[str]:
        """Every host name that leads to the app, in lower case."""
        return frozenset([self.host_name, *self.custom_host_names.split()])

    @property
    def auth(self) -> FunctionAppAuth | None:
        """What its authentication demanded when Azure was last asked; None where it never was."""
        return None if self.observed is None else FunctionAppAuth.from_json(self.observed)

    @property
    def state(self) -> FunctionAppState | None:
        """The app as the value that plans compare; None where it was never read."""
        auth = self.auth
        return None if auth is None else FunctionAppState(self.arm_id.lower(), auth)


class Outcome(models.TextChoices):
    """What became of a delivery."""

    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class Delivery(models.Model):
    """One upstream request as it was received: a sample, kept for some days.

    What a refused request says of itself is unproven: whoever sent it chose the hub, event and
    connection. No token, claim, argument or query is ever kept.
    """

    received_at = models.DateTimeField()
    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="deliveries"
    )
    hub = models.CharField(max_length=128, blank=True)
    category = models.CharField(max_length=16, blank=True)
    event = models.CharField(max_length=256, blank=True)
    connection_id = models.CharField(max_length=128, blank=True)
    user_id = models.CharField("user ID", max_length=256, blank=True)
    invocation_id = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=64, blank=True, help_text="Empty where all went well.")
    status = models.PositiveSmallIntegerField(help_text="The HTTP status answered.")
    duration_ms = models.FloatField(help_text="Milliseconds from first look to answer.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["instance", "-received_at"], name="delivery_by_instance"),
            # The oldest rows are deleted every few minutes.
            models.Index(fields=["received_at"], name="delivery_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                name="delivery_outcome_is_known",
                condition=models.Q(outcome__in=["accepted", "refused", "failed"]),
                violation_error_message="A delivery was accepted, refused or failed.",
            ),
            models.CheckConstraint(
                name="only_an_accepted_delivery_has_no_reason",
                condition=models.Q(outcome="accepted", reason="")
                | (~models.Q(outcome="accepted") & ~models.Q(reason="")),
                violation_error_message="A delivery that was not accepted has a reason.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hub}/{self.category}/{self.event}: {self.outcome}"


class DeliveryCount(models.Model):
    """How many deliveries of one kind an instance had in one minute; every delivery is counted.

    `hub` and `event` are those of the handler as it was registered, and empty where none is, so
    that the number of rows is bounded by the code and not by what senders invent.
    """

    minute = models.DateTimeField(help_text="The minute's start.")
    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="delivery_counts"
    )
    hub = models.CharField(max_length=128, blank=True)
    category = models.CharField(max_length=16, blank=True)
    event = models.CharField(max_length=256, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=64, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    objects = DeliveryCountQuerySet.as_manager()

    class Meta:
        ordering = ["-minute"]
        indexes = [models.Index(fields=["minute"], name="delivery_count_by_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "minute", "hub", "category", "event", "outcome", "reason"],
                name="one_count_a_minute_and_kind",
            ),
            models.CheckConstraint(
                name="count_outcome_is_known",
                condition=models.Q(outcome__in=["accepted", "refused", "failed"]),
                violation_error_message="A delivery was accepted, refused or failed.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.outcome}: {self.count}"


class DeliveryTotal(models.Model):
    """How many deliveries of an outcome an instance ever had: what never goes back.

    A row for each instance and reason, so their number is bounded by the fleet and the code.
    """

    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="delivery_totals"
    )
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=64, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    objects = DeliveryTotalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "outcome", "reason"], name="one_total_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.count}"
