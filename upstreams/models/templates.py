"""Upstream templates: where an instance sends its events; Azure takes the first that matches."""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection
from typing import cast

from django.core.exceptions import ValidationError
from django.db import models

from arm.state import AuthType, TemplateState
from identities.models import SignalRInstance
from upstreams import token_resources
from upstreams.function_app_authentication import host_of
from upstreams.validators import validate_pattern, validate_url_template


class UpstreamTemplateQuerySet(models.QuerySet["UpstreamTemplate"]):
    """Questions about upstream templates."""

    def signed(self) -> UpstreamTemplateQuerySet:
        """Return those whose requests carry a token."""
        return self.filter(auth_type="ManagedIdentity")

    def pointing_at(self, hosts: Collection[str]) -> list[UpstreamTemplate]:
        """Return those whose requests go to one of these hosts, in lower case."""
        # The database narrows it down; only the URL's own syntax tells its host.
        named = [models.Q(url_template__icontains=host) for host in hosts]
        candidates = self.filter(functools.reduce(operator.or_, named))
        return [row for row in candidates if host_of(row.url_template) in hosts]

    def tenants(self) -> set[str]:
        """Return the ids of the tenants whose tokens these templates' requests carry."""
        ids = self.order_by().values_list("instance__subscription__tenant_id", flat=True)
        return set(map(str, ids.distinct()))

    def hosts(self) -> set[str]:
        """Return the hosts that requests go to, in lower case."""
        urls = self.order_by().values_list("url_template", flat=True).distinct()
        return {host for url in urls.iterator() if (host := host_of(url))}


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
        reason = token_resources.problem(self.resource)
        if reason is not None and not self._is_asked_for_already():
            raise ValidationError({"resource": ValidationError(reason, code="resource")})

    def _is_asked_for_already(self) -> bool:
        """Whether the instance has the resource: a list that is saved as a whole has new rows."""
        stored = UpstreamTemplate.objects.filter(
            instance_id=self.instance_id, auth_type=self.auth_type, resource=self.resource
        )
        return stored.exists()
