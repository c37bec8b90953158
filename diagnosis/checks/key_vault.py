"""Whether the service can read the secrets that a URL template references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from arm.instance_state import TemplateState
from diagnosis.checks.vault_network import check_network
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from identities.models import KeyVault, VaultGrant, VaultSecret
from upstreams.url_templates.key_vault_references import (
    KeyVaultReference,
    ReferenceProblem,
    references,
)

_MECHANISMS: Final = {"access_policy": "access policy", "role_assignment": "role assignment"}
_SecretState = VaultSecret.State


def check_references(index: int, template: TemplateState, context: Context) -> Iterator[Finding]:
    """Check each Key Vault reference of the template at `index`.

    That is its syntax, the vault's network, the grant and the secret.
    """
    try:
        found = references(template.url_template)
    except ReferenceProblem as problem:
        yield failed(
            f"templates[{index}].key_vault",
            f"The Key Vault references of template {index + 1} are valid",
            str(problem),
            "Correct the reference in the URL template.",
        )
        return
    for reference in dict.fromkeys(found):
        yield check_network(f"{_key(index, reference)}.network", reference.vault, context)
        yield _grant(index, reference, context)
        yield _secret(index, reference, context)


def _grant(index: int, reference: KeyVaultReference, context: Context) -> Finding:
    key = f"{_key(index, reference)}.grant"
    title = f"The identity may read {reference.vault}/{reference.secret}"
    vault = context.vaults.get(reference.vault)
    principal_id = context.instance.identity.principal_id
    if context.effective.identity.type == "None":
        return failed(
            key,
            title,
            f"Template {index + 1} references a secret, but the instance has no identity with "
            "which to read it.",
            "Turn on the system-assigned identity, or add a user-assigned identity.",
        )
    if vault is None or vault.mechanism is None:
        return _unknown_vault(key, title, reference, context)
    if principal_id is None:
        return unknown(key, title, "The principal ID of the identity is not known yet.")
    grant = context.grants.get((reference.vault, principal_id))
    if grant is None:
        return _missing(key, title, vault, principal_id, context)
    return _held(key, title, grant, context)


def _missing(
    key: str, title: str, vault: KeyVault, principal_id: UUID, context: Context
) -> Finding:
    """Report that no grant was read. Access policies are read whole, role assignments are not."""
    if vault.mechanism == "role_assignment":
        return unknown(
            key,
            title,
            f"No role assignment on the vault {vault} or above it allows {principal_id} to read "
            "secrets. Signalman does not recognise a role on the secret itself or a custom role.",
            _fix(vault, context),
        )
    return failed(
        key,
        title,
        f"The vault {vault} has no access policy that allows {principal_id} to read secrets, so "
        "Azure cannot resolve the reference.",
        _fix(vault, context),
    )


def _unknown_vault(key: str, title: str, reference: KeyVaultReference, context: Context) -> Finding:
    vault = context.vaults.get(reference.vault)
    if vault is None:
        return unknown(
            key,
            title,
            f"The vault {reference.vault} has not been read.",
            f"Refresh from Azure: manage.py key_vaults {context.instance} --refresh",
        )
    principal_id = context.instance.identity.principal_id
    fix = f"Check that the principal {principal_id} may read its secrets." if principal_id else ""
    return unknown(key, title, vault.problem, fix)


def _held(key: str, title: str, grant: VaultGrant, context: Context) -> Finding:
    mechanism = _MECHANISMS[grant.mechanism]
    article = "An" if mechanism[0] in "aeiou" else "A"
    if grant.is_propagating(context.now):
        return unknown(
            key,
            title,
            f"{article} {mechanism} grants this access: {grant.status(context.now)}. Azure reads "
            "references again every 30 minutes.",
        )
    return passed(key, title, f"{article} {mechanism} grants this access.")


def _fix(vault: KeyVault, context: Context) -> str:
    """Return how to create the grant: by a plan that has it, or by adding it to the plan."""
    name = context.instance
    if any(grant.vault == vault.name for grant in context.desired.grants):
        return f"Apply the plan, which creates it: manage.py apply {name}"
    return f"Add the grant to the plan: manage.py key_vaults {name} --add-grants"


def _secret(index: int, reference: KeyVaultReference, context: Context) -> Finding:
    key = f"{_key(index, reference)}.secret"
    title = f"The secret {reference.vault}/{reference.secret} exists"
    row = context.secrets.get((reference.vault, reference.secret.lower()))
    state = row.state if row else _SecretState.UNKNOWN
    if row is None or state == _SecretState.UNKNOWN:
        return unknown(
            key,
            title,
            "The secret has not been checked."
            if row is None
            else "Signalman's credential may not read the properties of the secret.",
            f"Refresh from Azure: manage.py key_vaults {context.instance} --refresh",
        )
    checked = f"{row.checked_at:%Y-%m-%d %H:%M} UTC"
    if state == _SecretState.PRESENT and reference.version:
        return unknown(
            key,
            title,
            f"The secret existed at {checked}. The reference has the version {reference.version}, "
            "but Azure Resource Manager shows only the current version.",
            "Check that this version is enabled. To use the current version, remove the version "
            "from the reference.",
        )
    if state == _SecretState.PRESENT:
        return passed(key, title, f"The secret existed at {checked}.")
    if state == _SecretState.OUTDATED:
        return unknown(
            key,
            title,
            f"The secret had expired or was not valid yet at {checked}. Key Vault still returns "
            "the value of such a secret. Whether Azure SignalR Service uses it is not documented.",
            "Set new dates, or add a new version of the secret.",
        )
    what = "does not exist" if state == _SecretState.ABSENT else "is disabled"
    return failed(
        key,
        title,
        f"The secret {reference.secret} {what} in {reference.vault}, as of {checked}.",
        "Create or enable the secret, or correct the reference.",
    )


def _key(index: int, reference: KeyVaultReference) -> str:
    return f"templates[{index}].key_vault[{reference.vault}/{reference.secret}]"
