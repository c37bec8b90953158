"""Where a resource is in Azure's own portal."""

from __future__ import annotations

from django.conf import settings

from identities.models import SignalRInstance


def azure_portal_link(instance: SignalRInstance) -> str:
    """Return the address of the instance's page in Azure's portal; empty where there is none.

    A resource's page is at `<portal>/#@<tenant>/resource<ARM id>`
    (https://learn.microsoft.com/azure/azure-portal/azure-portal-dashboard-share-access names the
    form). Local Azure has no portal.
    """
    portal: str = settings.SIGNALMAN_AZURE_PORTAL
    if not portal:
        return ""
    return f"{portal}/#@{instance.subscription.tenant_id}/resource{instance.arm_id}"
