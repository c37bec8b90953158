"""Upstream templates, and the app registrations that they request tokens for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from localazure import seed
from tests.cases.case import INSTANCE
from tests.cases.configurations.names import (
    CLIENT,
    CUSTOM_HOST,
    HOST,
    IDENTITY_ID,
    KEY,
    RECEIVER,
    SYSTEM,
    V1,
    V2,
    VAULT,
    Json,
    reference,
)


@dataclass(frozen=True)
class Registration:
    """An app registration: its client ID, its URI, and the issuer of the tokens for it."""

    client_id: str
    uri: str
    issuer: str

    def audience(self, resource: str | None) -> str:
        """Return the audience of tokens for `resource`, or for the application in its place."""
        if self.issuer == V2:
            return self.client_id
        return resource if resource and resource != self.client_id else self.uri


def template_of(pick: Any, kind: str, registration: Registration) -> Json:
    """Return a template of that kind of URL, for the registration unless changed."""
    good, other = URLS[kind]
    template: Json = {
        "urlTemplate": pick("url", good, other),
        **pick("patterns", PATTERNS, ODD_PATTERNS),
    }
    resource = pick("resource", [registration.uri, registration.client_id], ODD_RESOURCES)
    if resource is not None:
        auth = {"type": "ManagedIdentity", "managedIdentity": {"resource": resource}}
        template["auth"] = auth
    return template


_API, _HOOK = f"https://{HOST}/api/echo", f"https://{HOST}/runtime/webhooks/signalr"
URLS: Final = {
    "receiver": (
        (
            f"{RECEIVER}/upstream/{INSTANCE}/",
            f"{RECEIVER}/upstream/{INSTANCE}/{{hub}}/{{category}}/{{event}}",
        ),
        (
            f"{RECEIVER}/upstream/{INSTANCE}",
            f"{RECEIVER}/upstream/other/",
            f"{RECEIVER}/upstream/{{hub}}/",
            f"{RECEIVER}/elsewhere/",
        ),
    ),
    "api": (
        (
            _API,
            f"https://{CUSTOM_HOST}/api/echo",
            f"{_API}?code=mine",
            f"{_API}?code={reference()}",
        ),
        (
            f"http://{HOST}/api/echo",
            f"https://{HOST}/api/{{event}}",
            f"https://{HOST}/api/other",
            f"https://{HOST}/elsewhere",
            "https://missing-cases.azurewebsites.net/api/echo",
            f"{_API}?code=wrong",
        ),
    ),
    "secret": (
        (f"{RECEIVER}/upstream/{INSTANCE}/?other={reference()}",),
        (
            f"{RECEIVER}/upstream/{INSTANCE}/?other={reference('absent')}",
            f"{RECEIVER}/upstream/{INSTANCE}/?other={reference(vault='kv-missing')}",
            f"{RECEIVER}/upstream/{INSTANCE}/?other={reference().upper()}",
            f"{RECEIVER}/upstream/{INSTANCE}/?other={{{reference()}}}",
        ),
    ),
    "webhook": (
        (f"{_HOOK}?code={reference()}",),
        (
            _HOOK,
            f"{_HOOK}?code=",
            f"{_HOOK}?code=wrong",
            f"{_HOOK}?code={KEY}",
            f"{_HOOK}?code={reference('absent')}",
            f"{_HOOK}?code={reference(vault='kv-missing')}",
            f"{_HOOK}?code=@Microsoft.KeyVault(SecretUri=https://{VAULT}.vault.azure.net/secrets/a)",
        ),
    ),
}
OTHER_APP, OTHER_URI = "cccccccc-0000-4000-8000-0000000000aa", "api://version-2"
REGISTRATIONS: Final = (
    Registration(seed.UPSTREAM_APP_ID, seed.UPSTREAM_APP_URI, V1),
    Registration(OTHER_APP, OTHER_URI, V2),
)
ODD_RESOURCES: Final = (
    *(None, "", "api://other", f"{seed.UPSTREAM_APP_URI}/", SYSTEM, CLIENT, IDENTITY_ID),
    *("https://management.azure.com/", "https://vault.azure.net", "https://graph.microsoft.com"),
)
PATTERNS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"},
    {"hubPattern": "chat", "categoryPattern": "connections, messages"},
    {"hubPattern": "chat", "eventPattern": "echo,connected,disconnected"},
    {"categoryPattern": "messages", "eventPattern": "echo"},
)
ODD_PATTERNS: Final[tuple[dict[str, str], ...]] = (
    {"eventPattern": "connect,disconnect"},
    {"hubPattern": "Chat"},
    {"hubPattern": "ch*"},
    {"categoryPattern": "message"},
)
# A template for another event, which is not sent.
SILENT: Final[Json] = {
    "hubPattern": "chat",
    "categoryPattern": "messages",
    "eventPattern": "refuse",
    "urlTemplate": f"{RECEIVER}/upstream/{INSTANCE}/",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": seed.UPSTREAM_APP_URI}},
}
