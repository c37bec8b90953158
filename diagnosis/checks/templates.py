"""Checks of the upstream templates: routing, authentication, encryption and keys in URLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arm.instance_state import TemplateState
from diagnosis.checks.handlers import check_handlers
from diagnosis.checks.key_vault import check_references
from diagnosis.checks.receiver import check_receiver
from diagnosis.checks.token_resource import check_resource
from diagnosis.checks.webhook_key import check_keys, sends_webhook_key
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from upstreams.function_apps.excluded_paths import refuses_unsigned
from upstreams.token_requests import resources as token_resources
from upstreams.url_templates.patterns import unreachable
from upstreams.url_templates.redaction import plain_text_keys
from upstreams.url_templates.warnings import TemplateWarning, template_warnings

# What to do about a template that no event reaches, by the code of the warning.
_ROUTING_FIXES: Final = {
    "shadowed": "Move it up, narrow the templates before it, or remove it.",
    "category_unknown": "Use the categories connections and messages, or *.",
    "event_never_sent": "Use the events connected and disconnected.",
    "pattern_not_supported": "List the names, separated by commas, or use *.",
    "hub_case": "Write hub names in lower case.",
    "placeholder_case": "Write the placeholders in lower case: {hub}, {category}, {event}.",
}


def check_templates(context: Context) -> Iterator[Finding]:
    """Check the templates as a list, then each template."""
    templates = context.effective.templates
    if not templates:
        yield failed(
            "templates_present",
            "The instance has upstream templates",
            "The instance has no upstream templates, so Azure drops every event.",
            "Add a template with the URL of your receiver.",
        )
        return
    warnings = template_warnings(templates)
    yield from _routing(templates, warnings)
    for index, template in enumerate(templates):
        yield _auth(index, template, context)
        yield from check_resource(index, template, context)
        yield from _encrypted(index, warnings)
        yield from _keys(index, template)
        yield from check_references(index, template, context)
        yield from check_keys(index, template, context)
        # An imported Function App has checks of its own.
        if context.function_app(template) is None:
            yield check_receiver(index, template, context)
            yield from check_handlers(index, template, context)


def _routing(
    templates: tuple[TemplateState, ...], warnings: list[TemplateWarning]
) -> Iterator[Finding]:
    found = [one for one in warnings if one.code in _ROUTING_FIXES]
    title = "Every template matches events"
    if not found:
        count = len(templates)
        evidence = f"Each of the {count} templates" if count > 1 else "The template"
        evidence += " matches events that no earlier template matches."
        yield passed("templates_reachable", title, evidence)
    dead = set(unreachable(templates))
    for one in found:
        # A template that some event still reaches may be intended.
        result = failed if one.index in dead else unknown
        yield result(
            f"templates[{one.index}].reachable",
            title,
            f"Template {one.index + 1}: {one.message}",
            _ROUTING_FIXES[one.code],
        )


def _auth(index: int, template: TemplateState, context: Context) -> Finding:
    key, title = f"templates[{index}].signed", f"Template {index + 1} uses managed identity"
    app = context.function_app(template)
    auth = app.auth if app is not None else None
    if template.auth_type != "ManagedIdentity" and sends_webhook_key(template):
        if auth is not None and refuses_unsigned(auth, template.url_template):
            return failed(
                key,
                title,
                "The requests carry no token, but the app's authentication requires one. The key "
                "in the URL does not replace it.",
                "Set the template's authentication to managed identity, with a resource.",
            )
        return unknown(
            key,
            title,
            "The requests carry no token. The Functions host accepts them because of the key in "
            "the URL.",
            "If the app should verify the sender, set the template's authentication to managed "
            "identity.",
        )
    if template.auth_type != "ManagedIdentity":
        return failed(
            key,
            title,
            "The requests carry no token, so the receiver cannot verify the sender.",
            "Set the template's authentication to managed identity, with a resource.",
        )
    if (reason := token_resources.problem(template.resource or "")) is not None:
        return failed(
            key, title, reason, "Use an app registration of your own tenant as the resource."
        )
    return passed(key, title, f"The service requests a token for {template.resource}.")


def _encrypted(index: int, warnings: list[TemplateWarning]) -> Iterator[Finding]:
    """Report a token that is sent over plain HTTP: it can be read and used until it expires."""
    for one in warnings:
        if one.index == index and one.code == "token_unencrypted":
            yield failed(
                f"templates[{index}].encrypted",
                f"Template {index + 1} uses HTTPS",
                one.message,
                "Use an https URL.",
            )


def _keys(index: int, template: TemplateState) -> Iterator[Finding]:
    """Report a key in clear text, readable by every reader of the instance in Azure."""
    if names := plain_text_keys(template.url_template):
        yield failed(
            f"templates[{index}].keys",
            f"The URL of template {index + 1} contains no key in plain text",
            f"The URL contains a key in plain text ({', '.join(names)}). Everyone who can read the "
            "instance in Azure can read the key.",
            "Store the key as a Key Vault secret and reference it in the URL: "
            "{@Microsoft.KeyVault(SecretUri=https://<vault>.vault.azure.net/secrets/<name>)}. "
            "Then rotate the key.",
        )
