"""The setting `VALIDATION`, and the process's validator that it configures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import connections
from django.utils.module_loading import import_string

from validation.keys.discovery import Discovery
from validation.keys.key_ring import KeyRing, Timing, Work, in_daemon_thread
from validation.policy import MAX_LEEWAY_SECONDS, V1_ISSUER, TokenPolicy
from validation.shared_keys import SharedKeys
from validation.validator import Validator

# A policy requires these. Set all or none: a project may define policies of its own.
POLICY_SETTINGS: Final = ("TENANT_ID", "AUDIENCES", "PRINCIPAL_IDS")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The setting `VALIDATION`: one field for each of its keys, in lower case."""

    # Entra's address: https://login.microsoftonline.com, or a national cloud's.
    authority: str = "https://login.microsoftonline.com"
    issuer: str = V1_ISSUER
    leeway_seconds: int = 60
    # Hosts besides the authority's that key sets may be read from.
    key_hosts: frozenset[str] = frozenset()
    # Which of Django's caches signing keys are shared through.
    cache: str = "default"
    # The path of a function that is called for each checked token: see `validator.Observer`.
    observer: str = ""
    # The longest time for which an unknown key id does not cause another reading of the keys.
    back_off_seconds: float = Timing.longest_back_off
    # The one policy of a project without policies of its own.
    tenant_id: str = ""
    audiences: frozenset[str] = frozenset()
    principal_ids: frozenset[str] = frozenset()
    client_ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Configuration:
        """Read the setting. Raises ImproperlyConfigured with what to change."""
        known = {field.name.upper(): field for field in fields(cls)}
        read: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ImproperlyConfigured(
                    f"VALIDATION has no setting {name!r}; it has {', '.join(sorted(known))}."
                )
            is_set = isinstance(known[name].default, frozenset)
            read[known[name].name] = _set_of(name, value) if is_set else value
        # azure-identity takes AZURE_AUTHORITY_HOST without a scheme, too.
        if "://" not in str(read.get("authority", "://")):
            read["authority"] = f"https://{read['authority']}"
        configuration = cls(**read)
        configuration._refuse_invalid()
        return configuration

    def policy(self) -> TokenPolicy:
        """Return the policy that the settings describe. Raises ImproperlyConfigured."""
        missing = [name for name in POLICY_SETTINGS if not getattr(self, name.lower())]
        if missing:
            raise ImproperlyConfigured(
                f"VALIDATION has no {' and '.join(missing)}: no token can be accepted. "
                "Set them, or override policy_for."
            )
        try:
            return TokenPolicy(
                tenant_id=self.tenant_id,
                issuer=self.issuer,
                audiences=self.audiences,
                principal_ids=self.principal_ids,
                client_ids=self.client_ids,
                leeway_seconds=self.leeway_seconds,
            )
        except ValueError as error:
            raise ImproperlyConfigured(f"VALIDATION is invalid. {error}") from error

    def key_ring(self, policy: TokenPolicy) -> KeyRing:
        """Return a new ring for the keys of the policy's issuer."""
        timing = Timing(longest_back_off=self.back_off_seconds)
        discovery = Discovery.of(policy, authority=self.authority, key_hosts=self.key_hosts)
        shared = SharedKeys(
            discovery.signing_keys,
            caches[self.cache],
            issuer=f"{discovery.document_url} {policy.issuer}",
            timing=timing,
        )
        return KeyRing(shared, timing=timing, start=_in_thread, name=policy.issuer)

    def _refuse_invalid(self) -> None:
        authority = urlsplit(self.authority)
        if authority.scheme != "https" or not authority.hostname:
            raise ImproperlyConfigured(
                f"VALIDATION's AUTHORITY must be an https URL, not {self.authority!r}."
            )
        if "{tenant_id}" not in self.issuer and not self.tenant_id:
            raise ImproperlyConfigured("VALIDATION's ISSUER must contain {tenant_id}.")
        if not 0 <= self.leeway_seconds <= MAX_LEEWAY_SECONDS:
            raise ImproperlyConfigured(
                f"VALIDATION's LEEWAY_SECONDS must be 0 to {MAX_LEEWAY_SECONDS}."
            )


@cache
def configuration() -> Configuration:
    """Return the process's configuration. Raises ImproperlyConfigured."""
    return Configuration.of(getattr(settings, "VALIDATION", {}))


@cache
def policy() -> TokenPolicy:
    """Return the policy of `VALIDATION`. Raises ImproperlyConfigured where it names none."""
    return configuration().policy()


@cache
def validator() -> Validator:
    """Return the process's validator, which holds the signing keys and the verified tokens."""
    observer = configuration().observer
    observe = import_string(observer) if observer else None
    return Validator(configuration().key_ring, observe=observe)


def key_ring(tenant_id: str, issuer: str = "") -> KeyRing:
    """Return the process's ring for the keys of a tenant, as upstream requests use it.

    `issuer` may hold the placeholder `{tenant_id}`; by default it is the configured one.
    """
    none: frozenset[str] = frozenset()
    issuer = issuer or configuration().issuer
    return validator().ring(
        TokenPolicy(tenant_id=tenant_id, issuer=issuer, audiences=none, principal_ids=none)
    )


def forget(**changed: Any) -> None:
    """Clear the cached configuration, policy and validator."""
    if changed.get("setting", "VALIDATION") == "VALIDATION":
        for cached in (configuration, policy, validator):
            cached.cache_clear()


def _in_thread(work: Work) -> None:
    """Run the work in a thread that closes the connections which a database cache opened."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    in_daemon_thread(run)


def _set_of(name: str, value: object) -> frozenset[str]:
    # Python iterates over a string's characters, and each would be accepted.
    if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
        raise ImproperlyConfigured(f"VALIDATION's {name} must be a list of strings.")
    return frozenset(map(str, value))


setting_changed.connect(forget, dispatch_uid="validation.configuration")
