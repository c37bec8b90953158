"""Upstream templates: where an instance sends its events; Azure takes the first that matches."""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Final, cast

from django.core.exceptions import ValidationError
from django.db import models

from arm.instance_state import AuthType, TemplateState
from identities.models import SignalRInstance
from upstreams.token_requests import resources as token_resources
from upstreams.url_templates.hosts import host_of
from upstreams.validators import validate_pattern, validate_url_template

# In the order of TemplateState's arguments.
_STATE_FIELDS: Final = tuple(each.name for each in fields(TemplateState))


class UpstreamTemplateQuerySet(models.QuerySet["UpstreamTemplate"]):
    """Queries of upstream templates."""

    def signed(self) -> UpstreamTemplateQuerySet:
        """Return those whose requests carry a token."""
        return self.filter(auth_type="ManagedIdentity")

    def pointing_at(self, hosts: Collection[str]) -> list[UpstreamTemplate]:
        """Return those whose URL has one of these hosts, in lower case."""
        # The database preselects; only parsing the URL gives its host.
        named = [models.Q(url_template__icontains=host) for host in hosts]
        candidates = self.filter(functools.reduce(operator.or_, named))
        return [row for row in candidates if host_of(row.url_template) in hosts]

    def states_of(self, instance_ids: Iterable[int]) -> dict[int, tuple[TemplateState, ...]]:
        """Return the templates of each of these instances, by its primary key, in one query."""
        found: dict[int, list[TemplateState]] = {key: [] for key in instance_ids}
        # Without model objects: they take most of the time of a plan for many instances.
        rows = self.filter(instance__pk__in=list(found)).values_list("instance_id", *_STATE_FIELDS)
        for key, url, hub, category, event, auth_type, resource in rows:
            state = TemplateState(url, hub, category, event, auth_type, resource or None)
            found[key].append(state)
        return {key: tuple(states) for key, states in found.items()}

    def tenants(self) -> set[str]:
        """Return the IDs of the tenants that issue the tokens of these templates' requests."""
        ids = self.order_by().values_list("instance__subscription__tenant_id", flat=True)
        return set(map(str, ids.distinct()))

    def hosts(self) -> set[str]:
        """Return the hosts of the URLs, in lower case."""
        urls = self.order_by().values_list("url_template", flat=True).distinct()
        return {host for url in urls.iterator() if (host := host_of(url))}


class UpstreamTemplate(models.Model):
    """The URL for matching events, and the resource of the token that its requests carry.

    Azure uses the first template that matches, so `position` decides the routing. Field names are
    those of `arm.instance_state.TemplateState`. Source: properties.upstream.templates[] of
    Microsoft.SignalRService/signalR.
    """

    class AuthType(models.TextChoices):
        """The values of ARM."""

        NONE = "None", "None"
        MANAGED_IDENTITY = "ManagedIdentity", "Managed identity"

    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="upstream_templates"
    )
    position = models.PositiveIntegerField(
        default=0, help_text="Azure uses the first template that matches."
    )
    hub_pattern = models.CharField(max_length=512, default="*", validators=[validate_pattern])
    category_pattern = models.CharField(max_length=512, default="*", validators=[validate_pattern])
    event_pattern = models.CharField(max_length=512, default="*", validators=[validate_pattern])
    url_template = models.CharField(
        "URL template",
        max_length=2048,
        validators=[validate_url_template],
        help_text="May contain {hub}, {category}, {event} and Key Vault references.",
    )
    auth_type = models.CharField(max_length=16, choices=AuthType, default=AuthType.NONE)
    resource = models.CharField(
        max_length=512,
        blank=True,
        help_text="The application for which the token is requested.",
    )

    objects = UpstreamTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="resource_goes_with_managed_identity",
                condition=models.Q(auth_type="ManagedIdentity")
                | models.Q(auth_type="None", resource=""),
                violation_error_message=("Only a template with managed identity has a resource."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hub_pattern}/{self.category_pattern}/{self.event_pattern}"

    @property
    def state(self) -> TemplateState:
        """The template as the value that is compared with the observed state."""
        return TemplateState(
            url_template=self.url_template,
            hub_pattern=self.hub_pattern,
            category_pattern=self.category_pattern,
            event_pattern=self.event_pattern,
            auth_type=cast("AuthType", self.auth_type),
            resource=self.resource or None,
        )

    def clean(self) -> None:
        """Refuse a resource that Microsoft has withdrawn, unless the instance already uses it.

        An imported template may have one: it can be kept and reordered, but not added.
        """
        super().clean()
        if self.auth_type != self.AuthType.MANAGED_IDENTITY:
            return
        reason = token_resources.problem(self.resource)
        if reason is not None and not self._is_in_use():
            raise ValidationError({"resource": ValidationError(reason, code="resource")})

    def _is_in_use(self) -> bool:
        """Return whether the instance uses the resource: saving the whole list makes new rows."""
        stored = UpstreamTemplate.objects.filter(
            instance_id=self.instance_id, auth_type=self.auth_type, resource=self.resource
        )
        return stored.exists()
