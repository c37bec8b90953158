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
            "The network settings of the vault have not been read.",
            f"Refresh from Azure: manage.py key_vaults {context.instance} --refresh",
        )
    network = VaultNetwork(**vault.network)
    link = context.private_link(vault.arm_id)
    if link is not None and link.is_ready:
        return passed(key, title, "The instance has a shared private endpoint to the vault.")
    if network.is_public and network.is_open_by_default:
        return _public(key, title, network)
    return _closed(key, title, network, link, context)


def _public(key: str, title: str, network: VaultNetwork) -> Finding:
    if not network.has_private_endpoint:
        return passed(key, title, "The vault accepts connections from all networks.")
    return unknown(
        key,
        title,
        "The vault accepts connections from all networks and has a private endpoint. According to "
        "Microsoft's page on custom domains, Azure SignalR Service cannot access such a vault over "
        "the public network.",
        "Add a shared private endpoint from the instance to the vault, and approve it in the "
        "vault.",
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
        missing = (
            f"The instance's shared private endpoint to the vault is {link.status or 'not ready'}."
        )
        fix = "Approve the connection in the vault's private endpoint connections."
    else:
        missing = "The instance has no shared private endpoint to the vault."
        fix = (
            "Add a shared private endpoint to the instance in the Azure portal (Networking, "
            "Private access), and approve it in the vault; instances with the Free SKU cannot have "
            "one. Or allow access to the vault from all networks."
        )
    if network.trusts_services:
        return unknown(
            key,
            title,
            f"{_rule(network)} {missing} Trusted Microsoft services may bypass the firewall, but "
            "Microsoft's list of these services does not name Azure SignalR Service.",
            fix,
        )
    if network.is_public and network.has_address_rules:
        return unknown(
            key,
            title,
            f"{_rule(network)} {missing} Signalman cannot tell whether the allowed addresses "
            "include those of the service tag AzureSignalR.",
            f"Compare the allowed addresses with those of the service tag. {fix}",
        )
    return failed(
        key, title, f"{_rule(network)} {missing} Azure cannot resolve the reference.", fix
    )


def _rule(network: VaultNetwork) -> str:
    if not network.is_public:
        return "Public network access to the vault is disabled."
    return "The vault's firewall denies all addresses that it does not list."
