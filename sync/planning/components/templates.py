"""The upstream templates of an instance, which Azure takes as one ordered list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from arm.request_bodies import templates_patch
from arm.state import InstanceState, TemplateState
from sync.planning.changes import Change, field_changes
from sync.planning.components.component import Choice, Part, Place, Writing
from sync.planning.components.vault_names import named_vaults
from sync.planning.template_matching import match
from sync.planning.template_merge import merge, unit_of

if TYPE_CHECKING:
    from arm.async_operations import LongRunning


def template_changes(
    before: Sequence[TemplateState], after: Sequence[TemplateState]
) -> tuple[Change, ...]:
    """Return what turns the one list into the other: deletes first, then in the wanted order."""
    matching = match(before, after)
    changes = [
        Change(f"upstream.templates[{index}]", "delete", asdict(before[index]), None)
        for index in matching.removed
    ]
    for index, template in enumerate(after):
        path = f"upstream.templates[{index}]"
        if index not in matching.kept:
            changes.append(Change(path, "create", None, asdict(template)))
            continue
        origin = matching.kept[index]
        if index in matching.moved:
            changes.append(Change(f"{path}.position", "update", origin, index))
        changes += field_changes(path, asdict(before[origin]), asdict(template))
    return tuple(changes)


def _changes(before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    return template_changes(before.templates, after.templates)


def _place(_before: InstanceState, _after: InstanceState) -> Place:
    return Place.TEMPLATES


def _title(_before: InstanceState, after: InstanceState) -> str:
    count = len(after.templates)
    if not count:
        return "Remove the upstream templates"
    return f"Set {count} upstream template{'s' if count > 1 else ''}"


def _problems(desired: InstanceState) -> tuple[str, ...]:
    if desired.identity.type != "None":
        return ()
    return tuple(
        f"Upstream template {index} asks for a token, but the instance is to have no identity: "
        "give it one, or turn the template's authentication off."
        for index, template in enumerate(desired.templates)
        if template.auth_type == "ManagedIdentity"
    )


def _warnings(_before: InstanceState, after: InstanceState) -> tuple[str, ...]:
    granted = {grant.vault for grant in after.grants}
    unplanned = [vault for vault in named_vaults(after.templates) if vault not in granted]
    if not unplanned:
        return ()
    sentence = (
        f"No grant is planned for {', '.join(unplanned)}: Signalman cannot tell who may read it, "
        "or it was taken over as it is. See that the identity may read its secrets."
    )
    return (sentence,)


def _write(writing: Writing) -> LongRunning:
    return writing.client.patch_instance(
        writing.resource.resource_group,
        writing.resource.name,
        templates_patch(writing.after.templates),
        correlation_id=writing.correlation_id,
    )


def _take(before: InstanceState, after: InstanceState, paths: frozenset[str]) -> InstanceState:
    return replace(before, templates=merge(before.templates, after.templates, paths))


PART = Part(
    "templates",
    _place,
    _changes,
    _title,
    _write,
    warnings=_warnings,
    problems=_problems,
    choice=Choice(unit_of, _take),
)
