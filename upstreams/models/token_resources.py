"""The resources of templates, and what each one names in a tenant of Microsoft Entra."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import models

from upstreams.models.templates import UpstreamTemplate
from upstreams.token_requests.versions import Registration, TokenVersion

# Value of api.requestedAccessTokenVersion for v2 tokens; null and 1 are v1.
_V2 = 2


class TokenResourceQuerySet(models.QuerySet["TokenResource"]):
    """Queries of resources."""

    def naming(self, tenant_id: UUID | str, resources: Iterable[str]) -> TokenResourceQuerySet:
        """Return the rows of these resources in a tenant."""
        return self.filter(tenant_id=tenant_id, resource__in=set(resources))

    def used(self) -> TokenResourceQuerySet:
        """Return those that a template names."""
        return self.filter(is_used=True)

    def mark_used(self, instance_ids: Iterable[int]) -> None:
        """Mark those that desired templates of these instances name."""
        templates = UpstreamTemplate.objects.filter(instance_id__in=list(instance_ids)).signed()
        named = self.filter(resource__in=templates.values("resource"), is_used=False)
        named.update(is_used=True)

    def registrations(self) -> dict[tuple[UUID, str], Registration]:
        """Return the registrations that are known, by tenant and resource. One query."""
        return registrations_of(self.filter(kind=TokenResource.Kind.APPLICATION))


class TokenResource(models.Model):
    """A resource that templates can request tokens for, as Microsoft Graph describes it.

    Imports list the applications of the tenant, so that a template can name one and be planned at
    once. Those that templates name (`is_used`) are also looked up one by one: `checked_at` is the
    last attempt, and `problem` why it failed. The other fields are those of `read_at`. Holds no
    secret.
    """

    class Kind(models.TextChoices):
        """The kinds of object that a resource can name in the tenant."""

        UNKNOWN = "unknown", "Unknown"
        APPLICATION = "application", "Application of the tenant"
        OTHER_TENANT = "other_tenant", "Application of another tenant"
        MICROSOFT = "microsoft", "Service of Microsoft"
        MANAGED_IDENTITY = "managed_identity", "Managed identity"
        NO_PRINCIPAL = "no_principal", "Application without a service principal"
        ABSENT = "absent", "Nothing"

    tenant_id = models.UUIDField()
    resource = models.CharField(max_length=512, help_text="As templates spell it.")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.UNKNOWN)
    client_id = models.UUIDField(null=True, blank=True)
    display_name = models.CharField(max_length=256, blank=True)
    requested_access_token_version = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="api.requestedAccessTokenVersion: null and 1 are v1."
    )
    is_used = models.BooleanField(default=False, help_text="Whether a template names it.")
    read_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, help_text="Why it could not be read.")

    objects = TokenResourceQuerySet.as_manager()

    class Meta:
        ordering = ["tenant_id", "resource"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "resource"],
                name="one_row_per_token_resource",
                violation_error_message="This resource is already in Signalman.",
            ),
        ]

    def __str__(self) -> str:
        return self.resource

    @property
    def token_version(self) -> TokenVersion | None:
        """The version of the tokens for it; None unless it is an application of the tenant."""
        if self.kind != self.Kind.APPLICATION:
            return None
        return "2.0" if self.requested_access_token_version == _V2 else "1.0"

    @property
    def registration(self) -> Registration | None:
        """The registration as a value; None unless it is an application of the tenant."""
        version = self.token_version
        if version is None or self.client_id is None:
            return None
        return Registration(version, str(self.client_id))


def registrations_of(rows: Iterable[TokenResource]) -> dict[tuple[UUID, str], Registration]:
    """Return the registrations that are known of these resources, by tenant and resource."""
    return {
        (row.tenant_id, row.resource): found
        for row in rows
        if (found := row.registration) is not None
    }
