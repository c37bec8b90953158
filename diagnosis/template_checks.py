"""Can every template be reached, is it signed for a resource that works, and who receives it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from arm.state import TemplateState
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.subjects import Subject
from diagnosis.vault_checks import check_references
from upstreams import resources
from upstreams.advice import advise
from upstreams.data_plane import DataPlane, data_planes_at
from upstreams.redaction import keys_in_clear

_ROUTING: Final = frozenset({"shadowed", "category_unknown", "event_never_sent"})


def check_templates(subject: Subject) -> Iterator[Finding]:
    """Check the templates as a whole, then each by itself."""
    templates = subject.effective.templates
    if not templates:
        yield failed(
            "templates_present",
            "The instance has upstream templates",
            "It has none: Azure drops every event.",
            "Add a template that points at your receiver.",
        )
        return
    yield from _routing(templates)
    for index, template in enumerate(templates):
        yield _auth(index, template)
        yield from _keys(index, template)
        yield from check_references(index, template, subject)
        # A Function App that is known has lines of its own.
        if subject.function_app(template) is None:
            yield _receiver(index, template, subject)


def _routing(templates: tuple[TemplateState, ...]) -> Iterator[Finding]:
    found = [one for one in advise(templates) if one.code in _ROUTING]
    title = "Every template can be reached"
    if not found:
        yield passed("templates_reachable", title, f"All {len(templates)} take some event.")
    for advice in found:
        yield failed(
            f"templates[{advice.index}].reachable",
            title,
            f"Template {advice.index}: {advice.sentence}",
            "Move it up, narrow the templates before it, or remove it.",
        )


def _auth(index: int, template: TemplateState) -> Finding:
    key, title = f"templates[{index}].signed", f"Template {index} is signed for a resource"
    if template.auth_type != "ManagedIdentity":
        return failed(
            key,
            title,
            "Its requests carry no token, so that no receiver can tell who sent them.",
            "Choose managed identity as its authentication, and name a resource.",
        )
    if (reason := resources.problem(template.resource or "")) is not None:
        return failed(key, title, reason, "Choose an application of your own as the resource.")
    return passed(key, title, f"It asks for a token for {template.resource}.")


def _keys(index: int, template: TemplateState) -> Iterator[Finding]:
    """Say where a key stands in clear, to whoever may read the instance in Azure."""
    if names := keys_in_clear(template.url_template):
        yield failed(
            f"templates[{index}].keys",
            f"Template {index} holds no key in clear",
            f"Its address holds one in {', '.join(names)}: whoever may read the instance in Azure "
            "has it too.",
            "Keep it as a secret in a vault, and write in its place "
            "{@Microsoft.KeyVault(SecretUri=https://<vault>.vault.azure.net/secrets/<name>)}. "
            "Then renew it: it has been read.",
        )


def _receiver(index: int, template: TemplateState, subject: Subject) -> Finding:
    """Say who answers the template's address, as far as its path tells."""
    key, title = f"templates[{index}].receiver", f"Template {index} reaches a receiver that agrees"
    name = _instance_in(template.url_template)
    if planes := data_planes_at(template.url_template):
        return _data_plane(key, title, template, planes)
    if name is None:
        return unknown(
            key,
            title,
            "Its address is not Signalman's receiver, so what that accepts is not known.",
            "See that it demands the v1 issuer, this resource and this principal. A Function App "
            "is checked once it is imported: manage.py import_instances.",
        )
    if name != subject.instance.name.lower():
        return failed(
            key,
            title,
            f"Its address is the receiver of {name}, which refuses this instance's tokens.",
            f"Let the address end in /upstream/{subject.instance}/.",
        )
    return passed(key, title, "Signalman demands as audience what this template asks for.")


def _data_plane(
    key: str, title: str, template: TemplateState, planes: tuple[DataPlane, ...]
) -> Finding:
    """Compare the resource with what Azure's own services at that address require."""
    asked = (template.resource or "").rstrip("/")
    for plane in planes:
        if plane.resource.rstrip("/") == asked:
            return passed(key, title, f"{plane.service} requires the resource {plane.resource}.")
    required = " or ".join(f"{plane.resource} for {plane.service}" for plane in planes)
    return failed(
        key,
        title,
        f"Its address is Azure's own, and does not accept tokens for {asked or 'no resource'}.",
        f"Let it ask for {required}; see {planes[0].source}.",
    )


def _instance_in(url_template: str) -> str | None:
    """Return the instance named in the path of Signalman's receiver, in lower case."""
    try:
        parts = urlsplit(url_template).path.split("/")
    except ValueError:
        return None
    if len(parts) > 2 and parts[1] == "upstream":  # noqa: PLR2004  /upstream/<instance>
        return parts[2].lower()
    return None
