"""Which Function Apps receive an instance's signed requests, and the settings they need.

Not stored with the instance: an app is shared, and its row holds what Azure answered.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from arm.function_apps.authentication import FunctionAppState
from arm.instance_state import TemplateState
from identities.models import SignalRInstance
from sync.record_audit import record_change
from upstreams.function_apps.authentication import desired_auth
from upstreams.function_apps.instance_requests import is_same_tenant, signed_requests_to
from upstreams.models import FunctionApp
from upstreams.token_requests.versions import Registrations
from upstreams.url_templates.hosts import host_of


def managed_apps(url_templates: Iterable[str] | None = None) -> list[FunctionApp]:
    """Return the apps that plans may write and whose settings were read.

    With `url_templates`, only those that one of these points at.
    """
    apps = FunctionApp.objects.managed().filter(
        observed__isnull=False, problem="", missing_since__isnull=True
    )
    if url_templates is not None:
        apps = apps.serving(url_templates)
    return list(apps.select_related("subscription"))


def serving_apps(
    instance: SignalRInstance,
    templates: Iterable[TemplateState],
    apps: Iterable[FunctionApp] | None = None,
) -> list[FunctionApp]:
    """Return the managed apps of the instance's tenant that these signed templates point at.

    Empty for an instance that does not exist and is not to be created. One query, and none if no
    template is signed; pass `managed_apps()` as `apps` to save it in a loop.
    """
    urls = [each.url_template for each in templates if each.auth_type == "ManagedIdentity"]
    if not urls or (instance.observed is None and not instance.create_if_missing):
        return []
    hosts = {host for url in urls if (host := host_of(url))}
    known = managed_apps(urls) if apps is None else apps
    found = [app for app in known if app.hosts & hosts and is_same_tenant(app, instance)]
    return sorted(found, key=lambda app: app.arm_id.lower())


def observed_apps(apps: Iterable[FunctionApp]) -> tuple[FunctionAppState, ...]:
    """Return the apps' settings as Azure last answered."""
    return tuple(state for app in apps if (state := app.state) is not None)


def desired_apps(
    instance: SignalRInstance,
    templates: Iterable[TemplateState],
    apps: Iterable[FunctionApp],
    registrations: Registrations | None = None,
) -> tuple[FunctionAppState, ...]:
    """Return the settings that the apps need to accept requests of these templates.

    `registrations` are those of resources; they are read where they are not given.
    """
    signed = [each for each in templates if each.auth_type == "ManagedIdentity"]
    return tuple(
        FunctionAppState(
            state.arm_id,
            desired_auth(state.auth, signed_requests_to(app, instance, signed, registrations)),
        )
        for app in apps
        if (state := app.state) is not None
    )


def set_app_policy(app: FunctionApp, policy: FunctionApp.Policy, *, who: str) -> bool:
    """Set whether plans may write `app` and record it; return whether that is a change."""
    with transaction.atomic():
        row = FunctionApp.objects.select_for_update().get(pk=app.pk)
        before, row.policy, app.policy = row.policy, policy, policy
        if before == policy:
            return False
        row.save(update_fields=["policy"])
        record_change(row, "set policy", who=who, before=before, after=policy.value)
    return True
