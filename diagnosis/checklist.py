"""The checklist of all settings that have to agree for signed requests to be accepted."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from diagnosis.checks.function_app_authentication import check_function_apps
from diagnosis.checks.function_app_network import check_site_access
from diagnosis.checks.instance import check_identity, check_service_mode, check_sync
from diagnosis.checks.sender import check_sender
from diagnosis.checks.templates import check_templates
from diagnosis.checks.traffic import check_traffic
from diagnosis.context import Context, read_context
from diagnosis.findings import Finding
from diagnosis.probe.endpoints import check_endpoints, check_endpoints_not_probed
from identities.models import SignalRInstance

_CHECKS = (
    check_sync,
    check_service_mode,
    check_identity,
    check_templates,
    check_site_access,
    check_function_apps,
    check_traffic,
    check_sender,
)


def diagnose(
    instance: SignalRInstance, now: datetime | None = None, *, probing: bool = False
) -> list[Finding]:
    """Return the findings on `instance`, in the order in which to fix them.

    Reads the database only; with `probing` it also sends a request to each template's endpoint.
    Sends no requests to Azure. Recent traffic is that of the hour before `now`.
    """
    return findings_of(read_context(instance, now or timezone.now()), probing=probing)


def findings_of(context: Context, *, probing: bool = False) -> list[Finding]:
    """Return the findings on what was read, as `diagnose` does."""
    checks = (*_CHECKS, check_endpoints if probing else check_endpoints_not_probed)
    return [finding for check in checks for finding in check(context)]
