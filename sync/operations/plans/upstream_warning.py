"""Warning beside a plan that the service mode makes the upstream templates pointless."""

from __future__ import annotations

from arm.request_bodies import CLASSIC, SERVERLESS
from identities.models import SignalRInstance
from sync.components.component import NOT_FETCHED, SharedRows


def upstream_warning(instance: SignalRInstance, rows: SharedRows = NOT_FETCHED) -> str:
    """Return why the templates of `instance` have no effect, and what to do; empty if they may.

    In Classic mode they have one for hubs without a connected hub server.
    """
    mode, desired = instance.service_mode, instance.desired_service_mode
    if mode in {"", SERVERLESS, CLASSIC} or not rows.templates_of(instance):
        return ""
    why = (
        f"{instance} is in {mode} mode. Azure SignalR Service sends events to upstream endpoints "
        "only in Serverless mode, so the upstream templates have no effect."
    )
    if desired == SERVERLESS:
        return f"{why} The plan changes the mode."
    return f"{why} Run `manage.py set_service_mode {instance} {SERVERLESS}`, then apply."
