"""The readiness checks of what upstream requests need, and of the deletion of old deliveries.

Policies and signing keys are in this process's memory. In a web server a thread reads the
policies, so that their checks query neither the database nor the cache: a process that can receive
stays ready without them.
"""

from __future__ import annotations

from observability.health import Degraded, Role, register
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.retention import check_retention
from validation.configuration import key_ring


def register_checks() -> None:
    """Have receivers check policies and signing keys, and workers the deletion of old rows."""
    register("policies", check_policies, {Role.RECEIVER})
    register("signing_keys", check_signing_keys, {Role.RECEIVER})
    register("retention", check_retention, {Role.WORKER})


def check_policies() -> str:
    """Return what is wrong with the policies that this process holds."""
    if policies.is_due:
        policies.refresh()
    return "" if policies.is_available else "The instances cannot be read from the database."


def check_signing_keys() -> str:
    """Return whose signing keys are missing, and start to read them.

    Keys of some tenants are enough: a tenant that was deleted in Entra must not make the receiver
    unavailable to the others, and a request waits for keys that were not read yet.
    """
    tenants = policies.tenants
    missing = [tenant for tenant in sorted(tenants) if not key_ring(tenant).prepare()]
    if not missing:
        return ""
    message = f"The signing keys of {len(missing)} of {len(tenants)} tenants were not read yet."
    return message if len(missing) == len(tenants) else Degraded(message)
