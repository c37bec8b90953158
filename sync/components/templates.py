"""The templates component: the ordered list of upstream templates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from arm.instance_state import InstanceState, TemplateState
from arm.request_bodies import templates_patch
from identities.models import SignalRInstance
from sync.components.component import Component, SharedRows, Write
from sync.components.vault_names import named_vaults
from sync.planning.changes import Change, field_changes
from sync.planning.step_order import Order
from sync.planning.template_diff import diff_templates
from sync.planning.template_merge import merge, unit_of
from upstreams.models import UpstreamTemplate

if TYPE_CHECKING:
    from arm.async_operations import LongRunning

_BATCH: Final = 500


class TemplatesComponent(Component):
    """Replaces the list of upstream templates, which Azure accepts as a whole."""

    kind = "templates"
    is_declared = True

    def desired(
        self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows
    ) -> tuple[TemplateState, ...]:
        """Return the templates in the instance's rows."""
        return rows.templates_of(instance)

    def copy_observed(
        self, observed_states: Sequence[tuple[SignalRInstance, InstanceState]]
    ) -> None:
        """Replace the instances' rows."""
        instances = [instance for instance, _ in observed_states]
        UpstreamTemplate.objects.filter(instance__in=instances).delete()
        UpstreamTemplate.objects.bulk_create(
            [
                _row(instance, position, template)
                for instance, state in observed_states
                for position, template in enumerate(state.templates)
            ],
            batch_size=_BATCH,
        )

    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the differences of the two lists."""
        return template_changes(before.templates, after.templates)

    def unit(self, path: str) -> str:
        """Return the name shared by the fields of a template's authentication."""
        return unit_of(path)

    def take(
        self, before: InstanceState, after: InstanceState, paths: Collection[str]
    ) -> InstanceState:
        """Return `before` with the changes at these paths."""
        return replace(before, templates=merge(before.templates, after.templates, paths))

    def order(self, before: InstanceState, after: InstanceState) -> Order:
        """Return the place after the identity and its grants."""
        return Order.TEMPLATES

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        """Explain the place."""
        return (
            "After the identity and the grants that the templates need, and before an identity is "
            "removed."
        )

    def title(self, before: InstanceState, after: InstanceState) -> str:
        """Return how many templates are set."""
        count = len(after.templates)
        if not count:
            return "Remove the upstream templates"
        return f"Set {count} upstream template{'s' if count > 1 else ''}"

    def problems(self, desired: InstanceState) -> tuple[str, ...]:
        """Refuse signed templates on an instance without an identity."""
        if desired.identity.type != "None":
            return ()
        return tuple(
            f"Upstream template {number} uses managed identity, but the desired state has no "
            "identity. Set an identity, or turn the template's authentication off."
            for number, template in enumerate(desired.templates, 1)
            if template.auth_type == "ManagedIdentity"
        )

    def warnings(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Warn of secrets for which no grant is planned."""
        granted = {grant.vault for grant in after.grants}
        unplanned = [vault for vault in named_vaults(after.templates) if vault not in granted]
        if not unplanned:
            return ()
        message = (
            f"No grant is planned for {', '.join(unplanned)}, because Signalman cannot read the "
            "permissions of the vault or the missing grant was accepted. Check that the identity "
            "may read the secrets."
        )
        return (message,)

    def losses(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Return the templates that are deleted."""
        removed = diff_templates(before.templates, after.templates).removed
        return tuple(
            f"Upstream template {index + 1} of Azure's list is deleted." for index in removed
        )

    def write(self, write: Write) -> LongRunning:
        """PATCH the whole list."""
        return write.client.patch_instance(
            write.resource.resource_group,
            write.resource.name,
            templates_patch(write.after.templates),
            correlation_id=write.correlation_id,
        )


def template_changes(
    before: Sequence[TemplateState], after: Sequence[TemplateState]
) -> tuple[Change, ...]:
    """Return the changes from one list to the other: deletions first, then in the new order."""
    diff = diff_templates(before, after)
    changes = [
        Change(f"upstream.templates[{index}]", "delete", asdict(before[index]), None)
        for index in diff.removed
    ]
    for index, template in enumerate(after):
        path = f"upstream.templates[{index}]"
        if index not in diff.kept:
            changes.append(Change(path, "create", None, asdict(template)))
            continue
        origin = diff.kept[index]
        if index in diff.moved:
            changes.append(Change(f"{path}.position", "update", origin, index))
        changes += field_changes(path, asdict(before[origin]), asdict(template))
    return tuple(changes)


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
