"""The readiness check of the signing keys that upstream requests need."""

from __future__ import annotations

from django.db import DatabaseError

from upstreams.models import UpstreamTemplate
from validation.configuration import key_ring


def check_signing_keys() -> str:
    """Return whose signing keys are missing, and start to read them."""
    try:
        tenants = UpstreamTemplate.objects.signed().tenants()
    except DatabaseError:
        return "Tenants cannot be read: the database does not answer."
    missing = [tenant for tenant in tenants if not key_ring(tenant).prepare()]
    if not missing:
        return ""
    return f"The signing keys of {len(missing)} of {len(tenants)} tenants were not read yet."
