"""Whether Function Apps let in what the templates that point at them send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from upstreams.function_app_authentication import Mismatch, mismatches
from upstreams.models import FunctionApp
from upstreams.signed_requests import is_same_tenant, signed_requests_by_instance


@dataclass(frozen=True, slots=True)
class Agreement:
    """An app, the instances that send signed requests to it, and what does not agree.

    `is_comparable` says that the app was read, and trusts the tenant of each instance.
    """

    app: FunctionApp
    instances: tuple[str, ...]
    found: tuple[Mismatch, ...]
    is_comparable: bool

    @property
    def standing(self) -> str:
        """How it stands, in a word or two."""
        if self.app.missing_since is not None:
            return "missing"
        if not self.instances:
            return "not used"
        if self.found:
            return "disagrees"
        return "agrees" if self.is_comparable else "unknown"


def agreement_of(app: FunctionApp) -> Agreement:
    """Return how `app` agrees with the templates, as of Azure's last answer."""
    auth, demands = app.auth, signed_requests_by_instance(app)
    reached = [demand for instance, demand in demands.items() if is_same_tenant(app, instance)]
    found: dict[str, Mismatch] = {}
    for demand in reached:
        # Two instances may be refused for one reason.
        found |= {each.message: each for each in (mismatches(auth, demand) if auth else ())}
    return Agreement(
        app,
        instances=tuple(instance.name for instance in demands),
        found=tuple(found.values()),
        is_comparable=auth is not None and len(reached) == len(demands),
    )


def agreement_document(agreement: Agreement) -> dict[str, Any]:
    """Return it as JSON values."""
    app = agreement.app
    return {
        "name": app.name,
        "id": app.arm_id,
        "host": app.host_name,
        "policy": app.policy,
        "standing": agreement.standing,
        "observedAt": app.observed_at and app.observed_at.isoformat(),
        "auth": app.auth and app.auth.to_json(),
        "problem": app.problem or None,
        "instances": list(agreement.instances),
        "mismatches": [
            {"code": each.code, "message": each.message, "fix": each.fix}
            for each in agreement.found
        ],
    }
