"""Making what is wanted of an instance equal to what Azure has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from arm.state import InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from upstreams.models import UpstreamTemplate

_BATCH: Final = 500

Adoption = tuple[SignalRInstance, InstanceState]


def adopt(adoptions: Sequence[Adoption], identities: Mapping[str, UserAssignedIdentity]) -> None:
    """Replace the desired rows of each instance by the state beside it.

    `identities` holds the rows of every user-assigned identity in those states, by lower-case ARM
    id. Call it inside a transaction.
    """
    for instance, state in adoptions:
        borrowed = state.identity.user_assigned_id
        instance.identity.type = state.identity.type
        instance.identity.user_assigned = identities[borrowed] if borrowed else None
    ManagedIdentity.objects.bulk_update(
        [instance.identity for instance, _ in adoptions],
        ["type", "user_assigned"],
        batch_size=_BATCH,
    )
    _replace_templates(adoptions)


def _replace_templates(adoptions: Sequence[Adoption]) -> None:
    UpstreamTemplate.objects.filter(instance__in=[instance for instance, _ in adoptions]).delete()
    UpstreamTemplate.objects.bulk_create(
        [
            _row(instance, position, template)
            for instance, state in adoptions
            for position, template in enumerate(state.templates)
        ],
        batch_size=_BATCH,
    )


def _row(instance: SignalRInstance, position: int, template: TemplateState) -> UpstreamTemplate:
    return UpstreamTemplate(
        instance=instance,
        position=position,
        hub_pattern=template.hub_pattern,
        category_pattern=template.category_pattern,
        event_pattern=template.event_pattern,
        url_template=template.url_template,
        auth_type=template.auth_type,
        resource=template.resource or "",
    )
