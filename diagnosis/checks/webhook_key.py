"""The keys that the Functions host requires in a URL: of the webhook, or of a function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from arm.instance_state import TemplateState
from diagnosis.checks.http_functions import KEY_EXAMPLE, check_function, code_in
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, unknown
from upstreams.url_templates.hosts import host_of
from upstreams.url_templates.patterns import Event

# The webhook of the SignalR extension. Azure Functions, "Azure SignalR Service trigger".
_WEBHOOK: Final = re.compile(r"/runtime/webhooks/signalr/?", re.IGNORECASE)
_STATIC_WEB_APPS: Final = ".azurestaticapps.net"
_AZURE_HOSTS: Final = (".azurewebsites.net", ".azurewebsites.us", ".chinacloudsites.cn")


def check_keys(
    index: int, template: TemplateState, context: Context, event: Event | None = None
) -> Iterator[Finding]:
    """Check that a URL carries the key that the Functions host requires there.

    That is the system key of the SignalR extension at its webhook, and otherwise the key of the
    function, unless it is anonymous. Without it the host answers 401 or 403. Sources:
    azure-functions-host#3460, Azure-Functions#2531, azure-functions-signalrservice-extension#294;
    "Azure Functions HTTP trigger", authorization level.
    """
    try:
        url = urlsplit(template.url_template)
    except ValueError:
        return
    if not _WEBHOOK.fullmatch(url.path):
        yield from check_function(index, template, context, event)
        return
    key = f"templates[{index}].webhook_key"
    title = f"Template {index + 1} sends the extension's system key"
    if is_static_web_app(template.url_template):
        yield failed(
            key,
            title,
            "The URL is that of a Static Web App. Static Web Apps serve functions only below /api "
            "and do not have the extension's webhook.",
            "Use a separate Function App for SignalR triggers, or a function with an HTTP trigger.",
        )
        return
    if code_in(url.query):
        yield unknown(
            key,
            title,
            "The URL has a key. Signalman cannot see whether it is the app's current key.",
            "Compare the key with the system key signalr_extension: az functionapp keys list "
            "--name <app> --resource-group <group> --query systemKeys.signalr_extension",
        )
        return
    evidence = (
        "The Functions host requires the system key signalr_extension at this path, even "
        "for requests with a valid token. The URL has no key."
    )
    fix = f"Store the key in Key Vault and append ?{KEY_EXAMPLE} to the URL."
    if context.function_app(template) is not None or _is_azure(template):
        yield failed(key, title, evidence, fix)
    else:
        yield unknown(key, title, f"{evidence} A gateway in front of the app may add it.", fix)


def sends_webhook_key(template: TemplateState) -> bool:
    """Return whether a template sends events, with a key, to the webhook of the extension."""
    try:
        url = urlsplit(template.url_template)
    except ValueError:
        return False
    return bool(_WEBHOOK.fullmatch(url.path) and code_in(url.query))


def is_static_web_app(url_template: str) -> bool:
    """Return whether a URL is that of an Azure Static Web App.

    Sources: Azure/static-web-apps#793, about `/runtime`, and #34, about the header `Authorization`.
    """
    return (host_of(url_template) or "").endswith(_STATIC_WEB_APPS)


def _is_azure(template: TemplateState) -> bool:
    return (host_of(template.url_template) or "").endswith(_AZURE_HOSTS)
