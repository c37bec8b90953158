"""Client IDs of system-assigned identities, which Azure's answer about an instance lacks.

An app can restrict its callers by client ID (`appid` of a token). They are read only for instances
that send to such an app, once for each identity: the client ID of a principal never changes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from arm.errors import ArmError
from arm.graph import client_id_of
from identities.models import ManagedIdentity, SignalRInstance
from sync.azure_client import arm_client, graph_settings
from upstreams.models import FunctionApp, UpstreamTemplate

log = logging.getLogger(__name__)


def read_client_ids_for(app: FunctionApp) -> None:
    """Read the client IDs of the instances whose signed templates point at `app`.

    Reads none for an app that restricts no callers by client ID. A failure is logged: the
    diagnosis then says that the client ID is not known.
    """
    auth = app.auth
    if auth is None or not auth.restricts_client_ids:
        return
    rows = UpstreamTemplate.objects.signed().select_related("instance__identity")
    _read({row.instance_id: row.instance for row in rows.pointing_at(app.hosts)}.values())


def _read(instances: Iterable[SignalRInstance]) -> None:
    for instance in instances:
        identity = instance.identity
        if identity.client_id or identity.principal_id is None or not _is_observed(instance):
            continue
        found = _client_id(instance, identity.principal_id)
        if found is not None:
            # The identity may have been replaced while this was read.
            row = ManagedIdentity.objects.filter(pk=identity.pk, principal_id=identity.principal_id)
            row.update(client_id=found)


def _is_observed(instance: SignalRInstance) -> bool:
    """Return whether Azure has the system-assigned identity, whose principal is then known."""
    observed = (instance.observed or {}).get("identity") or {}
    return observed.get("type") == ManagedIdentity.Type.SYSTEM_ASSIGNED


def _client_id(instance: SignalRInstance, principal_id: UUID) -> UUID | None:
    """Return the client ID from Resource Manager, or from Microsoft Graph where that has none."""
    try:
        client = arm_client(instance.subscription_id)
        found = client.get_system_assigned_identity(instance.arm_id)
        if found.principal_id == principal_id and found.client_id is not None:
            return found.client_id
    except ArmError as error:
        log.info("The identity of %s was not read from Resource Manager. %s", instance, error)
    try:
        return UUID(client_id_of(graph_settings(), str(principal_id)))
    except (ArmError, ImproperlyConfigured, ValueError) as error:
        log.warning("The client ID of the identity of %s was not read. %s", instance, error)
    return None
