"""The links of the chain from a client's event to its handler, and which checks belong to each.

Every check belongs to exactly one link: a `Finding` cannot be created before its check is listed
here. To add a link, add a member to `Link`, its checks to `_CHECKS`, its facts in
`diagnosis.chain.facts` and its place in the portal's picture.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

# The part of a key that names a template, an app or a secret: `[0]` or `[vault/secret]`.
_INDEX: Final = re.compile(r"\[[^\]]*\]")


class Link(StrEnum):
    """A link of the chain, in the order in which an event passes them."""

    CLIENT = "client"
    SERVICE = "service"
    TEMPLATE = "template"
    KEY_VAULT = "key_vault"
    TOKEN = "token"  # noqa: S105
    RECEIVER = "receiver"
    HANDLER = "handler"
    # The way back, to the service and its clients.
    SENDER = "sender"

    @property
    def label(self) -> str:
        """The name that people read."""
        return self.value.replace("_", " ").title()

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Return the values with their labels."""
        return [(link.value, link.label) for link in cls]


# The checks of each link: their keys without indexes. `*` stands for every last part.
_CHECKS: Final[dict[Link, tuple[str, ...]]] = {
    # Nothing that decides whether a client can connect is read yet.
    Link.CLIENT: (),
    Link.SERVICE: ("azure_agrees", "service_mode", "identity_present", "principal_known"),
    Link.TEMPLATE: (
        "templates_present",
        "templates_reachable",
        "templates.reachable",
        "templates.encrypted",
        "templates.keys",
        "templates.key_vault",
        "templates.webhook_key",
        "event.template",
    ),
    Link.KEY_VAULT: (
        "templates.key_vault.grant",
        "templates.key_vault.network",
        "templates.key_vault.secret",
    ),
    Link.TOKEN: ("templates.signed", "templates.resource"),
    Link.RECEIVER: (
        "templates.receiver",
        "templates.answers",
        "function_apps.*",
        "deliveries_accepted",
    ),
    Link.HANDLER: ("templates.handlers", "templates.function"),
    Link.SENDER: (
        "sender_role",
        "sender_access_key",
        "sender_entra",
        "sender_refused",
        "sender_network",
    ),
}
_LINKS: Final = {check: link for link, checks in _CHECKS.items() for check in checks}


def link_of(key: str) -> Link:
    """Return the link of the finding with this key. Raises LookupError where none is listed."""
    check = _INDEX.sub("", key)
    found = _LINKS.get(check) or _LINKS.get(f"{check.rpartition('.')[0]}.*")
    if found is None:
        raise LookupError(f"Add the check {check} to a link in diagnosis/chain/links.py.")
    return found
