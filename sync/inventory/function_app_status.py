"""Whether Function Apps accept the requests of the templates that point at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from upstreams.function_apps.authentication import mismatches
from upstreams.function_apps.instance_requests import is_same_tenant, signed_requests_by_instance
from upstreams.function_apps.signed_requests import Mismatch
from upstreams.models import FunctionApp


@dataclass(frozen=True, slots=True)
class FunctionAppStatus:
    """An app, the instances that send signed requests to it, and why it refuses them.

    `is_comparable`: the app was read, and is in the tenant of each instance.
    """

    app: FunctionApp
    instances: tuple[str, ...]
    found: tuple[Mismatch, ...]
    is_comparable: bool

    @property
    def status(self) -> str:
        """One of missing, not used, disagrees, agrees and unknown."""
        if self.app.missing_since is not None:
            return "missing"
        if not self.instances:
            return "not used"
        if any(each.is_certain for each in self.found):
            return "disagrees"
        return "agrees" if self.is_comparable and not self.found else "unknown"


def function_app_status(app: FunctionApp) -> FunctionAppStatus:
    """Return the status of `app` as of Azure's last answer."""
    auth, requests = app.auth, signed_requests_by_instance(app)
    reached = [request for instance, request in requests.items() if is_same_tenant(app, instance)]
    found: dict[tuple[str, str, str], Mismatch] = {}
    for request in reached:
        for each in mismatches(auth, request) if auth else ():
            # Two instances may be refused for the same reason.
            key = each.code, each.message, each.fix
            if key not in found or each.is_certain:
                found[key] = each
    return FunctionAppStatus(
        app,
        instances=tuple(instance.name for instance in requests),
        found=tuple(found.values()),
        is_comparable=auth is not None and len(reached) == len(requests),
    )


def function_app_document(found: FunctionAppStatus) -> dict[str, Any]:
    """Return the status as JSON values."""
    app = found.app
    return {
        "name": app.name,
        "id": app.arm_id,
        "host": app.host_name,
        "policy": app.policy,
        "status": found.status,
        "observedAt": app.observed_at and app.observed_at.isoformat(),
        "auth": app.auth and app.auth.to_json(),
        "problem": app.problem or None,
        "instances": list(found.instances),
        "mismatches": [
            {"code": each.code, "message": each.message, "fix": each.fix} for each in found.found
        ],
    }
