"""Which Function Apps serve an instance, as Azure has them and as its signed templates want them.

Nothing of it is written down with the instance: an app is shared, and its row says how it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from arm.function_app_authentication import FunctionAppState
from arm.state import TemplateState
from identities.models import SignalRInstance
from upstreams.function_app_authentication import desired_auth, host_of
from upstreams.models import FunctionApp
from upstreams.signed_requests import is_same_tenant, signed_requests_to


def managed_apps(url_templates: Iterable[str] | None = None) -> list[FunctionApp]:
    """Return the apps that plans may write and whose authentication is known.

    Those that one of these URL templates points at, or all.
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

    None for an instance that Azure does not have, and is not to have.
    One query, and none where no template is signed; hand in `managed_apps()` to save it in a loop.
    """
    urls = [each.url_template for each in templates if each.auth_type == "ManagedIdentity"]
    if not urls or (instance.observed is None and not instance.create_if_missing):
        return []
    hosts = {host for url in urls if (host := host_of(url))}
    known = managed_apps(urls) if apps is None else apps
    found = [app for app in known if app.hosts & hosts and is_same_tenant(app, instance)]
    return sorted(found, key=lambda app: app.arm_id.lower())


def found_apps(apps: Iterable[FunctionApp]) -> tuple[FunctionAppState, ...]:
    """Return the apps as Azure last answered them."""
    return tuple(state for app in apps if (state := app.state) is not None)


def wanted_apps(
    instance: SignalRInstance, templates: Iterable[TemplateState], apps: Iterable[FunctionApp]
) -> tuple[FunctionAppState, ...]:
    """Return the apps as they are to be, for these templates to be served."""
    signed = [each for each in templates if each.auth_type == "ManagedIdentity"]
    return tuple(
        FunctionAppState(
            state.arm_id, desired_auth(state.auth, signed_requests_to(app, instance, signed))
        )
        for app in apps
        if (state := app.state) is not None
    )
