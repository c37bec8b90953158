"""Upstream templates as they are wanted, and deliveries as they were received."""

from __future__ import annotations

from django.db import models

from identities.models import SignalRInstance


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
    hub_pattern = models.CharField(max_length=512, default="*")
    category_pattern = models.CharField(max_length=512, default="*")
    event_pattern = models.CharField(max_length=512, default="*")
    url_template = models.CharField(
        "URL template",
        max_length=2048,
        help_text="May hold {hub}, {category} and {event}, and Key Vault references.",
    )
    auth_type = models.CharField(max_length=16, choices=AuthType, default=AuthType.NONE)
    resource = models.CharField(
        max_length=512,
        blank=True,
        help_text="What the token is asked for; it becomes the token's audience.",
    )

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
