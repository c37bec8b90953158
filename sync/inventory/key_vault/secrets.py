"""Whether the secrets that URL templates name exist, according to Azure Resource Manager.

A secret's value is never read: Signalman needs no permission on a vault's data.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from arm.errors import ArmError
from arm.instance_state import InstanceState, TemplateState
from arm.vaults import SecretResource
from identities.models import KeyVault, SignalRInstance, VaultSecret
from sync.azure_client import arm_client
from sync.desired.state import declared_state, observed_state
from upstreams.url_templates.key_vault_references import (
    OPENING,
    KeyVaultReference,
    readable_references,
)

log = logging.getLogger(__name__)

_State = VaultSecret.State


def check_secrets(now: datetime | None = None) -> list[VaultSecret]:
    """Look up every secret that a desired or observed template names, and return the rows.

    Takes one request for each secret of a known vault. Secrets that no template names any more are
    deleted. Raises a transient ArmError.
    """
    at = now or timezone.now()
    rows = _read(_named_secrets(), at)
    VaultSecret.objects.filter(checked_at__lt=at).delete()
    return rows


def check_secrets_of(instance: SignalRInstance, since: datetime) -> None:
    """Look up the secrets that an instance's templates name, unless that was done after `since`.

    Raises a transient ArmError.
    """
    named: defaultdict[str, set[str]] = defaultdict(set)
    for reference in references_of(instance):
        named[reference.vault].add(reference.secret.lower())
    if not named:
        return
    recent = VaultSecret.objects.filter(vault__name__in=named, checked_at__gte=since)
    for vault_name, name in recent.values_list("vault__name", "name"):
        named[vault_name].discard(name)
    _read(named, timezone.now())


def _read(named: Mapping[str, set[str]], at: datetime) -> list[VaultSecret]:
    """Look up secrets by the name of their vault, and store what was found."""
    rows = [
        VaultSecret(vault=vault, name=name, state=_look_up(vault, name, at), checked_at=at)
        for vault in KeyVault.objects.named(named).exclude(arm_id="")
        for name in sorted(named[vault.name])
    ]
    VaultSecret.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["vault", "name"],
        update_fields=["state", "checked_at"],
    )
    return rows


def instances_with_references() -> Iterable[SignalRInstance]:
    """Return the instances that are not paused and whose templates name secrets."""
    return (
        SignalRInstance.objects.with_desired()
        .on_schedule()
        .annotate(observed_text=Cast("observed", TextField()))
        .filter(
            Q(upstream_templates__url_template__contains=OPENING)
            | Q(observed_text__contains=OPENING)
        )
        .distinct()
    )


def references_of(instance: SignalRInstance) -> set[KeyVaultReference]:
    """Return the references of an instance's templates, desired and observed."""
    states = (declared_state(instance), observed_state(instance) or InstanceState())
    templates: list[TemplateState] = [each for state in states for each in state.templates]
    return {one for each in templates for one in readable_references(each.url_template)}


def _named_secrets() -> Mapping[str, set[str]]:
    named: defaultdict[str, set[str]] = defaultdict(set)
    for instance in instances_with_references():
        for reference in references_of(instance):
            named[reference.vault].add(reference.secret.lower())
    return named


def _look_up(vault: KeyVault, name: str, at: datetime) -> _State:
    try:
        secret = arm_client(vault.subscription_id).vaults.find_secret(vault.arm_id, name)
    except ArmError as error:
        if error.is_transient:
            raise
        log.warning("The secret %s of %s could not be looked up. %s", name, vault, error)
        return _State.UNKNOWN
    return _state_of(secret, at)


def _state_of(secret: SecretResource | None, at: datetime) -> _State:
    if secret is None:
        return _State.ABSENT
    has_begun = secret.not_before is None or secret.not_before <= at
    has_ended = secret.expires_at is not None and secret.expires_at <= at
    if not secret.is_enabled:
        return _State.UNUSABLE
    return _State.PRESENT if has_begun and not has_ended else _State.OUTDATED
