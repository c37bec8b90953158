"""What the receiver demands of an instance's requests beside their token, changed on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import transaction

from identities.models import SignalRInstance
from sync.audit import record_change
from upstreams.demands import ReceiverDemands

# What the audit trail calls it, whoever does it.
ACTION: Final = "set receiver demands"


def demands_of(instance: SignalRInstance) -> ReceiverDemands:
    """Return what is demanded of `instance`; a new row, unsaved, where that is nothing."""
    found = ReceiverDemands.objects.filter(instance=instance).first()
    return found or ReceiverDemands(instance=instance)


@contextmanager
def demanding(instance: SignalRInstance, *, who: str) -> Iterator[ReceiverDemands]:
    """Change the switches of `instance` in this block: on record, or not at all.

    Two writers take turns. Raises ValidationError where what is demanded cannot be, as a secret
    that is not set.
    """
    with transaction.atomic():
        SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        demands = demands_of(instance)
        before = demands_document(demands)
        yield demands
        demands.full_clean()
        demands.save()
        after = demands_document(demands)
        if before != after:
            record_change(instance, ACTION, who=who, before=before, after=after)


def demands_document(demands: ReceiverDemands) -> dict[str, Any]:
    """Return the switches as JSON values; of the secrets only how many, and since when."""
    digests = (demands.url_secret_digest, demands.url_secret_digest_before)
    set_at = demands.url_secret_set_at
    return {
        "signature": demands.signature,
        "url_secret": demands.url_secret,
        "url_secret_parameter": demands.url_secret_parameter,
        "url_secrets_accepted": sum(map(bool, digests)),
        "url_secret_set_at": set_at and set_at.isoformat(),
    }
