"""App registrations as Signalman has read them from Microsoft Graph."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from identities.models import SignalRInstance
from upstreams.models import TokenResource

CLIENT_ID = UUID("cccccccc-0000-4000-8000-00000000000c")


def register(
    instance: SignalRInstance, *resources: str, version: int | None = None, **fields: Any
) -> None:
    """Store that these resources name an application of the instance's tenant."""
    now = timezone.now()
    for resource in resources:
        TokenResource.objects.update_or_create(
            tenant_id=instance.subscription.tenant_id,
            resource=resource,
            defaults={
                "kind": TokenResource.Kind.APPLICATION,
                "client_id": CLIENT_ID,
                "display_name": "Chat",
                "requested_access_token_version": version,
                "read_at": now,
                "checked_at": now,
                "is_used": True,
                **fields,
            },
        )
