"""Changes of rows from which policies are derived, noted in the process that makes them."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from identities.models import ManagedIdentity, SignalRInstance, Subscription, UserAssignedIdentity
from upstreams.models import RequestRequirements, TokenResource, UpstreamTemplate
from upstreams.receiver.authentication.policy_cache import policies

_MODELS: Final[tuple[type[Model], ...]] = (
    ManagedIdentity,
    RequestRequirements,
    SignalRInstance,
    Subscription,
    TokenResource,
    UpstreamTemplate,
    UserAssignedIdentity,
)


def watch_rows() -> None:
    """Have policies read again after a row of their models was saved or deleted."""
    for model in _MODELS:
        for signal in (post_save, post_delete):
            signal.connect(_note_change, sender=model, dispatch_uid=f"policies-{model.__name__}")


def _note_change(**_: Any) -> None:
    policies.note_change()
    # Again once it is committed: until then another thread reads the row as it was.
    transaction.on_commit(policies.note_change)
