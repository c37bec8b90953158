"""May the identity read the secrets that a URL template names, and are they there?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arm.state import TemplateState
from diagnosis.context import Subject
from diagnosis.findings import Finding, failed, passed, unknown
from identities.models import KeyVault, VaultGrant, VaultSecret
from upstreams.key_vault_references import KeyVaultReference, ReferenceProblem, references

_MEANS: Final = {"access_policy": "an access policy", "role_assignment": "a role assignment"}
_SecretState = VaultSecret.State


def check_references(index: int, template: TemplateState, subject: Subject) -> Iterator[Finding]:
    """Check each Key Vault reference of the template at `index`: its syntax, grant and secret."""
    try:
        found = references(template.url_template)
    except ReferenceProblem as problem:
        yield failed(
            f"templates[{index}].key_vault",
            f"Template {index}'s Key Vault references",
            str(problem),
            "Correct the reference in the URL template.",
        )
        return
    for reference in dict.fromkeys(found):
        yield _grant(index, reference, subject)
        yield _secret(index, reference, subject)


def _grant(index: int, reference: KeyVaultReference, subject: Subject) -> Finding:
    key = f"{_key(index, reference)}.grant"
    title = f"The identity may read {reference.vault}/{reference.secret}"
    vault = subject.vaults.get(reference.vault)
    principal_id = subject.instance.identity.principal_id
    if subject.effective.identity.type == "None":
        return failed(
            key,
            title,
            f"Template {index} names a secret, and the instance has no identity to read it with.",
            "Give the instance an identity.",
        )
    if vault is None or vault.mechanism is None:
        return _unknown_vault(key, title, reference, subject)
    if principal_id is None:
        return unknown(key, title, "The principal of its identity is not known yet.")
    grant = subject.grants.get((reference.vault, principal_id))
    if grant is None:
        return failed(
            key,
            title,
            f"{vault} has no {_MEANS[vault.mechanism].partition(' ')[2]} that lets {principal_id} "
            "read secrets: Azure cannot resolve the reference.",
            _remedy(vault, subject),
        )
    return _held(key, title, grant, subject)


def _unknown_vault(key: str, title: str, reference: KeyVaultReference, subject: Subject) -> Finding:
    vault = subject.vaults.get(reference.vault)
    if vault is None:
        return unknown(
            key,
            title,
            f"The vault {reference.vault} was not looked for yet.",
            f"manage.py key_vaults {subject.instance} --refresh",
        )
    principal_id = subject.instance.identity.principal_id
    fix = f"See that the principal {principal_id} may read its secrets." if principal_id else ""
    return unknown(key, title, vault.problem, fix)


def _held(key: str, title: str, grant: VaultGrant, subject: Subject) -> Finding:
    means = _MEANS[grant.mechanism]
    if grant.is_propagating(subject.now):
        return unknown(
            key,
            title,
            f"{means.capitalize()} lets it in: {grant.standing(subject.now)}. Azure reads "
            "references again every 30 minutes.",
        )
    return passed(key, title, f"{means.capitalize()} lets it in.")


def _remedy(vault: KeyVault, subject: Subject) -> str:
    """Say how the grant comes about: by the plan, unless it was taken over without."""
    name = subject.instance
    if any(grant.vault == vault.name for grant in subject.desired.grants):
        return f"Apply the plan, which grants it: manage.py apply {name}"
    return f"Let the plan grant it: manage.py key_vaults {name} --want-grants"


def _secret(index: int, reference: KeyVaultReference, subject: Subject) -> Finding:
    key = f"{_key(index, reference)}.secret"
    title = f"The secret {reference.vault}/{reference.secret} is there"
    row = subject.secrets.get((reference.vault, reference.secret.lower()))
    state = row.state if row else _SecretState.UNKNOWN
    if row is None or state == _SecretState.UNKNOWN:
        return unknown(
            key,
            title,
            "Nobody has looked yet." if row is None else "Signalman may not see the secret.",
            f"manage.py key_vaults {subject.instance} --refresh",
        )
    if state == _SecretState.PRESENT:
        return passed(key, title, f"It was there at {row.checked_at:%Y-%m-%d %H:%M} UTC.")
    what = "has no such secret" if state == _SecretState.ABSENT else "does not give it out now"
    return failed(
        key,
        title,
        f"{reference.vault} {what}, as of {row.checked_at:%Y-%m-%d %H:%M} UTC.",
        "Create or enable the secret and see its dates, or correct the reference.",
    )


def _key(index: int, reference: KeyVaultReference) -> str:
    return f"templates[{index}].key_vault[{reference.vault}/{reference.secret}]"
