"""Links into the Azure portal."""

from __future__ import annotations

from django.conf import settings

from identities.models import SignalRInstance


def azure_portal_link(instance: SignalRInstance) -> str:
    """Return the URL of the instance in the Azure portal; empty with Local Azure, which has none.

    The form is `<portal>/#@<tenant>/resource<ARM id>`, as in
    https://learn.microsoft.com/azure/azure-portal/azure-portal-dashboard-share-access.
    """
    portal: str = settings.SIGNALMAN_AZURE_PORTAL
    if not portal:
        return ""
    return f"{portal}/#@{instance.subscription.tenant_id}/resource{instance.arm_id}"
