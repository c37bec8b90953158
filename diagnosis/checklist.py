"""The checklist of all that has to agree for an instance's signed requests to be accepted."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from diagnosis.checks.azure import check_azure, check_identity
from diagnosis.checks.function_apps import check_function_apps
from diagnosis.checks.templates import check_templates
from diagnosis.checks.traffic import check_traffic
from diagnosis.context import subject
from diagnosis.findings import Finding
from diagnosis.probe import check_addresses, check_unasked
from identities.models import SignalRInstance

_CHECKS = (check_azure, check_identity, check_templates, check_function_apps, check_traffic)


def diagnose(
    instance: SignalRInstance, now: datetime | None = None, *, probing: bool = False
) -> list[Finding]:
    """Return the findings on `instance`, in the order in which to mend them.

    Reads rows only, and with `probing` asks the templates' addresses as well; Azure is left alone.
    `now` is what recent traffic is measured from.
    """
    seen = subject(instance, now or timezone.now())
    checks = (*_CHECKS, check_addresses if probing else check_unasked)
    return [finding for check in checks for finding in check(seen)]
