"""Azure subscriptions."""

from __future__ import annotations

from django.db import models


class Subscription(models.Model):
    """An Azure subscription with instances, and its Microsoft Entra tenant."""

    subscription_id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField(help_text="The Microsoft Entra tenant that issues its tokens.")
    display_name = models.CharField(max_length=128, blank=True)

    class Meta:
        ordering = ["display_name", "subscription_id"]

    def __str__(self) -> str:
        return self.display_name or str(self.subscription_id)
