"""The templates of an instance as one ordered document, in the form of ARM.

    [{"hubPattern": "chat", "urlTemplate": "https://...",
      "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://..."}}}, ...]

Source: properties.upstream.templates of Microsoft.SignalRService/signalR.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from identities.models import SignalRInstance
from upstreams.models import UpstreamTemplate

_PATTERNS = {
    "hubPattern": "hub_pattern",
    "categoryPattern": "category_pattern",
    "eventPattern": "event_pattern",
}
_KNOWN = {*_PATTERNS, "urlTemplate", "auth"}
_SPELLINGS = {key.lower(): key for key in (*_KNOWN, "type", "managedIdentity", "resource")}


def dump_templates(instance: SignalRInstance) -> list[dict[str, Any]]:
    """Return the desired templates, in order."""
    return [_dump(template) for template in instance.upstream_templates.all()]


def load_templates(instance: SignalRInstance, document: object) -> list[UpstreamTemplate]:
    """Replace the desired templates by those of `document`; on an error nothing changes.

    Raises ValidationError, which names the template and what is wrong.
    """
    templates = [
        _checked(_load(instance, position, normalise_template(entry)), position)
        for position, entry in enumerate(template_list(document))
    ]
    replace_templates(instance, templates)
    return templates


def template_list(document: object) -> list[Any]:
    """Return the list of templates in a document.

    Accepts the list itself and what other tools write: `az signalr upstream list` and ARM's
    `properties.upstream` (an object with `templates`), and the emulator's settings
    (`UpstreamSettings` with `Templates`). Raises ValidationError for anything else.
    """
    found = document
    for key in ("properties", "upstream", "upstreamsettings", "templates"):
        if isinstance(found, dict):
            by_key = {str(name).lower(): value for name, value in found.items()}
            found = by_key.get(key, found)
    if not isinstance(found, list):
        raise ValidationError(
            "The document must be a list of templates, or an object with `templates` as "
            "`az signalr upstream list` prints it."
        )
    return found


def normalise_template(entry: object) -> object:
    """Return a template with ARM's spelling of its keys.

    Microsoft's page "Upstream endpoints" and the emulator write `UrlTemplate`, `HubPattern`,
    `Auth`, `ManagedIdentity` and `Resource`.
    """
    if not isinstance(entry, dict):
        return entry
    spelled = {_SPELLINGS.get(str(key).lower(), str(key)): value for key, value in entry.items()}
    for key in ("auth", "managedIdentity"):
        if isinstance(spelled.get(key), dict):
            spelled[key] = normalise_template(spelled[key])
    return spelled


def replace_templates(instance: SignalRInstance, templates: Sequence[UpstreamTemplate]) -> None:
    """Replace the desired templates of `instance` by `templates`, in this order."""
    with transaction.atomic():
        instance.upstream_templates.all().delete()
        for position, template in enumerate(templates):
            template.position = position
            template.save(force_insert=True)


def _dump(template: UpstreamTemplate) -> dict[str, Any]:
    entry: dict[str, Any] = {key: getattr(template, name) for key, name in _PATTERNS.items()}
    entry["urlTemplate"] = template.url_template
    entry["auth"] = (
        {"type": template.auth_type, "managedIdentity": {"resource": template.resource}}
        if template.auth_type == UpstreamTemplate.AuthType.MANAGED_IDENTITY
        else None
    )
    return entry


def _load(instance: SignalRInstance, position: int, entry: object) -> UpstreamTemplate:
    """Read one entry; omitted fields have Azure's defaults."""
    if not isinstance(entry, dict) or not isinstance(entry.get("urlTemplate"), str):
        raise ValidationError(f"Template {position + 1}: an object with a urlTemplate is required.")
    if unknown := sorted(set(entry) - _KNOWN):
        raise ValidationError(f"Template {position + 1}: unknown field {', '.join(unknown)}.")
    kind, resource = _load_auth(entry.get("auth"), position)
    return UpstreamTemplate(
        instance=instance,
        url_template=entry["urlTemplate"],
        auth_type=kind,
        resource=resource,
        **{name: entry.get(key) or "*" for key, name in _PATTERNS.items()},
    )


def _load_auth(auth: object, position: int) -> tuple[str, str]:
    """Return the auth type and the resource."""
    if auth is None:
        return UpstreamTemplate.AuthType.NONE, ""
    if not isinstance(auth, dict) or auth.get("type") not in UpstreamTemplate.AuthType.values:
        raise ValidationError(
            f"Template {position + 1}: auth.type must be None or ManagedIdentity."
        )
    if auth["type"] == UpstreamTemplate.AuthType.NONE:
        return UpstreamTemplate.AuthType.NONE, ""
    identity = auth.get("managedIdentity") or {}
    if not isinstance(identity, dict) or not isinstance(identity.get("resource"), str):
        raise ValidationError(
            f"Template {position + 1}: auth.managedIdentity.resource is required."
        )
    return UpstreamTemplate.AuthType.MANAGED_IDENTITY, identity["resource"]


def _checked(template: UpstreamTemplate, position: int) -> UpstreamTemplate:
    """Return the template. Raises ValidationError where it is invalid."""
    try:
        template.full_clean()
    except ValidationError as error:
        details = " ".join(error.messages)
        raise ValidationError(f"Template {position + 1}: {details}") from error
    return template
