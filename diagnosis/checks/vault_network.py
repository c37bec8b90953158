"""Whether the service can connect to a vault whose secrets a URL template references.

The service reads references from the addresses of the service tag AzureSignalR, or through a shared
private endpoint. Sources: "Use service tags for Azure SignalR Service"; "Access Key Vault in a
private network through shared private endpoints"; "Configure networking settings for Azure Key
Vault".
"""

from __future__ import annotations

from arm.resources import SharedPrivateLink
from arm.vaults import VaultNetwork
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown


def check_network(key: str, name: str, context: Context) -> Finding:
    """Check that the service can connect to the vault of that name."""
    title = f"The service can connect to the vault {name}"
    vault = context.vaults.get(name)
    if vault is None or vault.network is None:
        return unknown(
            key,
            title,
            "Its network settings have not been read.",
            f"Refresh it: manage.py key_vaults {context.instance} --refresh",
        )
    network = VaultNetwork(**vault.network)
    link = context.private_link(vault.arm_id)
    if link is not None and link.is_ready:
        return passed(key, title, "The instance has a shared private endpoint to it.")
    if network.is_public and network.is_open_by_default:
        return _public(key, title, network)
    return _closed(key, title, network, link, context)


def _public(key: str, title: str, network: VaultNetwork) -> Finding:
    if not network.has_private_endpoint:
        return passed(key, title, "It accepts connections from all networks.")
    return unknown(
        key,
        title,
        "It accepts connections from all networks, and has a private endpoint. Microsoft's page on "
        "custom domains says that Azure SignalR Service cannot access such a vault publicly.",
        "Add a shared private endpoint of the instance to it, and approve it in the vault.",
    )


def _closed(
    key: str,
    title: str,
    network: VaultNetwork,
    link: SharedPrivateLink | None,
    context: Context,
) -> Finding:
    if context.private_links is None:
        return unknown(
            key,
            title,
            f"{_rule(network)} The instance's shared private endpoints have not been read.",
            f"Refresh the instance: manage.py drift {context.instance}",
        )
    if link is not None:
        missing = f"The instance's shared private endpoint to it is {link.status or 'not ready'}."
        fix = "Approve the connection in the vault's private endpoint connections."
    else:
        missing = "The instance has no shared private endpoint to it."
        fix = (
            "Add one in the Azure portal (the instance, Networking, Private access), which no Free "
            "instance can have, and approve it in the vault. Or allow access from all networks."
        )
    if network.trusts_services:
        return unknown(
            key,
            title,
            f"{_rule(network)} {missing} Trusted Microsoft services bypass this, and Microsoft's "
            "list of these does not name Azure SignalR Service.",
            fix,
        )
    if network.is_public and network.has_address_rules:
        return unknown(
            key,
            title,
            f"{_rule(network)} {missing} Whether the allowed addresses include those of the "
            "service tag AzureSignalR is not known here.",
            f"Compare the allowed addresses with the tag's ranges. {fix}",
        )
    return failed(
        key, title, f"{_rule(network)} {missing} So Azure cannot resolve the reference.", fix
    )


def _rule(network: VaultNetwork) -> str:
    if not network.is_public:
        return "Its public network access is disabled."
    return "Its firewall denies all addresses that it does not list."
