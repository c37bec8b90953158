"""Applications of the tenant, and what the resources of templates name, from Microsoft Graph.

Reading it needs a permission of its own, which Signalman may not have: a failure is stored with the
resource, and fails no import.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from arm.errors import ArmError
from arm.graph import Application, ResourcePrincipal, find_resource, list_applications
from arm.transport.credentials import credential_tenant
from identities.models import SignalRInstance, Subscription
from sync.azure_client import graph_settings
from upstreams.models import TokenResource, UpstreamTemplate
from upstreams.token_requests.data_planes import service_of
from upstreams.token_requests.resources import problem

log = logging.getLogger(__name__)

_Kind = TokenResource.Kind
# Applications that an import lists. In a larger tenant, a refresh reads what its templates name.
_LISTED: Final = 3000
_BATCH: Final = 500
# Characters that a row can hold.
_LONGEST: Final = 512
# What a list of applications says; whether a service principal exists is looked up.
_FACTS: Final = (
    "kind",
    "client_id",
    "display_name",
    "requested_access_token_version",
    "read_at",
)
_CHECKED: Final = ("checked_at", "is_used", "problem")
# On schedule a resource is read again after this time.
SCHEDULED_MAX_AGE: Final = timedelta(minutes=15)
# The tenants in which Microsoft registers its own applications. Source: "Verify first-party
# Microsoft applications in sign-in reports".
_MICROSOFT: Final = frozenset(
    {"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"}
)


def search_applications(search: str = "", limit: int = _LISTED) -> list[Application]:
    """Return the first applications that `search` finds.

    `search` as in `list_applications`. Raises ArmError.
    """
    return list(islice(list_applications(graph_settings(), search), limit))


def list_tenant_applications() -> None:
    """Store the applications of the tenant, so that templates can name them.

    A failure is logged: templates are then looked up when the instance is refreshed.
    """
    try:
        found = search_applications()
        tenant_id = credential_tenant(graph_settings())
        if tenant_id is not None:
            _store(tenant_id, found, timezone.now())
    except (ArmError, ImproperlyConfigured) as error:
        log.warning("The applications of the tenant were not read. %s", error)


def read_token_resources(
    instances: Iterable[SignalRInstance], *, max_age: timedelta = timedelta(0)
) -> list[str]:
    """Read what the resources name that these instances' templates request, desired or observed.

    Leaves out those that were read within `max_age`. Returns a message where reading failed.
    """
    now = timezone.now()
    by_tenant: dict[UUID, set[str]] = {}
    for instance in instances:
        resources = by_tenant.setdefault(instance.subscription.tenant_id, set())
        resources |= _resources_of(instance)
    found = {_read(tenant, resources, now, max_age) for tenant, resources in by_tenant.items()}
    return sorted(found - {""})


def read_resources_of(
    subscription: Subscription, *, max_age: timedelta = timedelta(0)
) -> list[str]:
    """Read what the resources name that templates of a subscription's instances request.

    As `read_token_resources`, without building the rows of a large fleet.
    """
    instances = SignalRInstance.objects.filter(subscription=subscription)
    resources = set(
        UpstreamTemplate.objects.filter(instance__subscription=subscription)
        .order_by()
        .values_list("resource", flat=True)
        .distinct()
    )
    for observed in instances.order_by().values_list("observed", flat=True).iterator():
        resources |= _observed_resources(observed)
    failure = _read(subscription.tenant_id, _readable(resources), timezone.now(), max_age)
    return [failure] if failure else []


def _resources_of(instance: SignalRInstance) -> set[str]:
    desired = {row.resource for row in instance.upstream_templates.all()}
    return _readable(desired | _observed_resources(instance.observed))


def _observed_resources(observed: Mapping[str, Any] | None) -> set[str]:
    return {each.get("resource") or "" for each in (observed or {}).get("templates", ())}


def _readable(resources: Iterable[str]) -> set[str]:
    """Leave out those of Azure's services and those that Entra refuses: they are known."""
    return {each for each in resources if each and not problem(each) and not service_of(each)}


def _read(tenant_id: UUID, resources: set[str], now: datetime, max_age: timedelta) -> str:
    """Read these resources of a tenant; return why that failed, or an empty text."""
    known = {row.resource: row for row in TokenResource.objects.naming(tenant_id, resources)}
    failure = ""
    for resource in sorted(resources):
        row = known.get(resource) or TokenResource(tenant_id=tenant_id, resource=resource)
        if row.checked_at is not None and row.checked_at > now - max_age:
            continue
        row.checked_at, row.is_used = now, True
        if not failure:
            failure = _read_one(row, now)
        # The next ones would fail for the same reason.
        row.problem = failure
        _save(row)
    if failure:
        log.warning("The resources of templates were not read. %s", failure)
    return failure


def _save(row: TokenResource) -> None:
    """Save a row, which another worker may have created in the meantime."""
    learnt = (*_CHECKED, *(() if row.problem else _FACTS))
    if not row._state.adding:  # noqa: SLF001  # public in all but its name
        row.save()
        return
    TokenResource.objects.update_or_create(
        tenant_id=row.tenant_id,
        resource=row.resource,
        defaults={name: getattr(row, name) for name in learnt},
    )


def _read_one(row: TokenResource, now: datetime) -> str:
    """Set what Microsoft Graph says; return why it could not be read, or an empty text."""
    try:
        settings = graph_settings()
        readable = credential_tenant(settings)
        if readable is None:
            return "The token of Signalman's credential does not name its tenant."
        if readable != row.tenant_id:
            return (
                f"Signalman's credential reads the directory of the tenant {readable}, and the "
                f"tokens are of {row.tenant_id}."
            )
        _set(row, find_resource(settings, row.resource))
    except (ArmError, ImproperlyConfigured) as error:
        return str(error)
    row.read_at = now
    return ""


def _store(tenant_id: UUID, applications: Iterable[Application], now: datetime) -> None:
    """Store the resources of these applications, except those that are looked up one by one."""
    rows = [
        TokenResource(tenant_id=tenant_id, resource=resource, **_facts(application, now))
        for application in applications
        for resource in application.resources
        if len(resource) <= _LONGEST
    ]
    used = set(TokenResource.objects.used().values_list("resource", flat=True))
    TokenResource.objects.bulk_create(
        [row for row in {row.resource: row for row in rows}.values() if row.resource not in used],
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["tenant_id", "resource"],
        update_fields=_FACTS,
    )


def _facts(application: Application, now: datetime) -> dict[str, Any]:
    return {
        "kind": _Kind.APPLICATION,
        "client_id": _guid(application.app_id),
        "display_name": application.display_name[:256],
        "requested_access_token_version": application.requested_access_token_version,
        "read_at": now,
    }


def _set(row: TokenResource, found: ResourcePrincipal | None) -> None:
    application = found.application if found else None
    row.kind = _kind(found)
    row.client_id = _guid(found.app_id) if found else None
    row.display_name = found.display_name[:256] if found else ""
    version = application.requested_access_token_version if application else None
    row.requested_access_token_version = version


def _kind(found: ResourcePrincipal | None) -> str:
    if found is None:
        return _Kind.ABSENT
    if not found.has_service_principal:
        return _Kind.NO_PRINCIPAL
    if found.is_managed_identity:
        return _Kind.MANAGED_IDENTITY
    if found.application is not None:
        return _Kind.APPLICATION
    is_microsofts = found.owner_tenant_id.lower() in _MICROSOFT
    return _Kind.MICROSOFT if is_microsofts else _Kind.OTHER_TENANT


def _guid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
