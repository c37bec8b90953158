"""Changing the request requirements of an instance, with audit events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import transaction

from identities.models import SignalRInstance
from sync.record_audit import record_change
from upstreams.models import RequestRequirements

# The action in the audit trail.
ACTION: Final = "set request requirements"


def requirements_of(instance: SignalRInstance) -> RequestRequirements:
    """Return the requirements of `instance`; a new row, unsaved, if it has none."""
    found = RequestRequirements.objects.filter(instance=instance).first()
    return found or RequestRequirements(instance=instance)


@contextmanager
def changing_requirements(instance: SignalRInstance, *, who: str) -> Iterator[RequestRequirements]:
    """Change the requirements of `instance` in this block: atomically, with an audit event.

    Concurrent changes take turns. Raises ValidationError for requirements that cannot be met, such
    as a secret that is not set.
    """
    with transaction.atomic():
        SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        requirements = requirements_of(instance)
        before = requirements_document(requirements)
        yield requirements
        requirements.full_clean()
        requirements.save()
        after = requirements_document(requirements)
        if before != after:
            record_change(instance, ACTION, who=who, before=before, after=after)


def requirements_document(requirements: RequestRequirements) -> dict[str, Any]:
    """Return the requirements as JSON values; of secrets only their number and when one was set."""
    digests = (requirements.url_secret_digest, requirements.url_secret_digest_before)
    set_at = requirements.url_secret_set_at
    return {
        "signature": requirements.signature,
        "url_secret": requirements.url_secret,
        "url_secret_parameter": requirements.url_secret_parameter,
        "url_secrets_accepted": sum(map(bool, digests)),
        "url_secret_set_at": set_at and set_at.isoformat(),
    }
