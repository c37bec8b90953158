"""The desired state of a fleet as documents. Keys in URLs are redacted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

from django.db.models.functions import Lower

from identities.models import SignalRInstance
from sync.components.creation_and_deletion import existence_of
from sync.components.senders import desired_senders
from sync.declarative.fleet_yaml import DeclaredFunctionApp, DeclaredInstance
from sync.desired.grant_choices import grant_choices
from sync.desired.state import declared_state
from upstreams.models import FunctionApp
from upstreams.url_templates.redaction import redact


def document_of(instance: SignalRInstance) -> DeclaredInstance:
    """Return the document of an instance fetched by `SignalRInstance.objects.with_desired()`."""
    state = declared_state(instance)
    shown = (replace(each, url_template=redact(each.url_template)) for each in state.templates)
    return DeclaredInstance(
        name=instance.name,
        subscription_id=instance.subscription_id,
        resource_group=instance.resource_group,
        state=replace(state, templates=tuple(shown)),
        existence=replace(existence_of(instance), service_mode=""),
        policy=instance.policy,
        is_protected=instance.is_protected,
        create_if_missing=instance.create_if_missing or None,
        grants=grant_choices(instance),
        senders=tuple(desired_senders(instance)) or None,
    )


def declare_all(
    instances: Iterable[SignalRInstance], *, is_whole_fleet: bool
) -> Iterator[DeclaredInstance | DeclaredFunctionApp]:
    """Yield the documents of these instances by name, then those of Function Apps by ARM id.

    The apps are those that the instances send signed requests to and, for a whole fleet, those that
    plans may write.
    """
    documents = sorted(map(document_of, instances), key=lambda each: each.name.lower())
    yield from documents
    signed = {
        template.url_template
        for document in documents
        for template in document.state.templates
        if template.auth_type == "ManagedIdentity"
    }
    apps = {app.pk: app for app in (FunctionApp.objects.serving(signed) if signed else ())}
    if is_whole_fleet:
        apps |= {app.pk: app for app in FunctionApp.objects.managed()}
    for app in sorted(apps.values(), key=lambda each: each.arm_id.lower()):
        yield DeclaredFunctionApp(app.arm_id, app.policy)


def selected_instances(
    *,
    names: Iterable[str] = (),
    subscription: UUID | None = None,
    resource_group: str | None = None,
) -> list[SignalRInstance]:
    """Return the instances that match all filters, with their desired state."""
    rows = SignalRInstance.objects.with_desired()
    if keys := [name.lower() for name in names]:
        rows = rows.annotate(key=Lower("name")).filter(key__in=keys)
    if subscription is not None:
        rows = rows.filter(subscription=subscription)
    if resource_group is not None:
        rows = rows.filter(resource_group__iexact=resource_group)
    return list(rows)
