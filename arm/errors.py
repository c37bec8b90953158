"""Errors of requests to Azure, each with a message that says what to do.

ArmError
├── CredentialRefused   Microsoft Entra refused the credential, or ARM its token (401)
├── CredentialMissing   no token: no credential is configured, or Entra cannot be reached
├── Forbidden           the credential may not do this (403)
│   └── GrantForbidden  it may not grant access to a vault
├── NotFound            no such resource (404)
│   └── GroupNotFound   no such resource group
├── PolicyDenied        an Azure Policy assignment forbids the change (403)
├── Conflict            the resource is busy, or is in a state that forbids this (409)
│   ├── ScopeLocked     a management lock forbids the change
│   └── ProviderNotRegistered  the subscription does not use the resource provider yet
├── Rejected            ARM refused the request (any other 4xx)
│   └── PrincipalUnknown  Microsoft Entra does not know the identity yet
├── Throttled           too many requests (429)
├── ServerFailed        ARM or the resource provider failed (5xx)
├── Unreachable         no connection, so nothing was sent
│   └── Unanswered      no response: a write may have been accepted
├── OperationFailed     a long-running operation ended Failed or Canceled
└── UnexpectedAnswer    a response that cannot be parsed or is not trusted
"""

from __future__ import annotations

from typing import ClassVar, Final

# Codes of 409 for which waiting does not help. Source: "Troubleshoot common
# Azure deployment errors", learn.microsoft.com/azure/azure-resource-manager.
_LASTING_CONFLICTS: Final = frozenset({"MissingSubscriptionRegistration", "ScopeLocked"})
# ARM's code for a token that expired between its check and its use.
_EXPIRED: Final = "ExpiredAuthenticationToken"


class ArmError(Exception):
    """A request to Azure failed.

    `code` and `message` are Azure's own, `status` the HTTP status (200 for a long-running operation
    that failed), `retry_after` the seconds that Azure said to wait.
    """

    summary: ClassVar[str] = "The request to Azure failed."
    _is_transient: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.retry_after = retry_after

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later."""
        return self._is_transient

    @property
    def is_refusal(self) -> bool:
        """Whether Azure refused the request, so that a write had no effect."""
        return self.status is not None and 400 <= self.status < 500  # noqa: PLR2004  RFC 9110

    def __str__(self) -> str:
        """Return what was wrong and what to do, then Azure's message."""
        details = ": ".join(part for part in (self.code, self.message) if part)
        return f"{self.summary} Azure says: {details}" if details else self.summary


class CredentialRefused(ArmError):
    """Microsoft Entra refused the credential, or ARM its token."""

    summary = (
        "Signalman's own Azure credential was refused; check AZURE_TENANT_ID, AZURE_CLIENT_ID and "
        "the client secret, certificate or managed identity."
    )

    @property
    def is_transient(self) -> bool:
        """Whether another token may be accepted: only where this one had expired."""
        return self.code == _EXPIRED


class CredentialMissing(ArmError):
    """No token could be requested; transient, because only the network may be down."""

    summary = (
        "Signalman has no Azure credential, or cannot reach Microsoft Entra; set the variables of "
        "its credential, such as AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, and "
        "check AZURE_AUTHORITY_HOST and the network."
    )
    _is_transient = True

    def __str__(self) -> str:
        """Return the summary with azure-identity's message."""
        return f"{self.summary} {self.message}".rstrip()


class Forbidden(ArmError):
    """The credential is valid, and its roles do not allow the request."""

    summary = (
        "Signalman's credential may not do this; assign it the roles SignalR/Web PubSub "
        "Contributor and Managed Identity Operator at the scope that Azure names."
    )


class GrantForbidden(Forbidden):
    """Granting access to a vault requires a role on that vault."""

    summary = (
        "Signalman's credential may not grant access to this vault's secrets; assign it, on the "
        "vault, Key Vault Contributor where it uses access policies, or Role Based Access Control "
        "Administrator where it uses Azure RBAC. Or ask its owner to grant it, then refresh."
    )


class SenderForbidden(Forbidden):
    """Assigning a role on an instance requires a role on that instance."""

    summary = (
        "Signalman's credential may not assign roles on this instance "
        "(Microsoft.Authorization/roleAssignments/write); assign it, on the instance, Role Based "
        "Access Control Administrator. Or ask its owner to assign the role, then refresh."
    )


class PolicyDenied(ArmError):
    """An Azure Policy assignment with the effect deny forbids the change.

    Source: "RequestDisallowedByPolicy error", learn.microsoft.com/azure/azure-resource-manager.
    """

    summary = (
        "An Azure Policy assignment forbids this change, regardless of roles. Change the desired "
        "state so that it complies, or ask the owner of the policy named here for an exemption."
    )


class NotFound(ArmError):
    """The resource or operation does not exist."""

    summary = "The resource does not exist in Azure; if it was deleted or moved, import again."


class GroupNotFound(NotFound):
    """The resource group does not exist."""

    summary = (
        "The resource group does not exist in the subscription; create it or correct its name, or "
        "import again if it was deleted."
    )


class Conflict(ArmError):
    """Another change is in progress, or the resource's state forbids this one."""

    summary = "The resource is busy; wait for the change in progress, then try again."

    @property
    def is_transient(self) -> bool:
        """Whether waiting may help: not with a lock or an unregistered provider."""
        return self.code not in _LASTING_CONFLICTS


class ScopeLocked(Conflict):
    """A management lock on the resource, its group or its subscription forbids the change.

    Source: "Lock your resources to protect your infrastructure", learn.microsoft.com/azure.
    """

    summary = (
        "A management lock forbids this change; waiting does not help. Someone with the role Owner "
        "or User Access Administrator can remove the lock named here; then try again."
    )


class ProviderNotRegistered(Conflict):
    """The resource provider is not registered in the subscription.

    Source: "Resolve errors for resource provider registration", learn.microsoft.com/azure.
    """

    summary = (
        "The subscription is not registered for the resource provider; register it with az "
        "provider register --namespace and the name in Azure's message, then try again."
    )


class Rejected(ArmError):
    """The request is invalid; repeating it does not help."""

    summary = "Azure refused the request; correct what Azure's message names."


class PrincipalUnknown(Rejected):
    """A new identity is not yet in Microsoft Entra's replicas."""

    summary = "Microsoft Entra does not know the identity yet; try again in a few minutes."
    _is_transient = True


class Throttled(ArmError):
    """Too many requests; `retry_after` is how long to wait, where Azure said so."""

    summary = "Azure is throttling requests; wait before you try again."
    _is_transient = True


class ServerFailed(ArmError):
    """Azure failed."""

    summary = "Azure failed with a server error; try again later."
    _is_transient = True


class Unreachable(ArmError):
    """No connection was made, so nothing was sent."""

    summary = "Azure cannot be reached; check the network, the endpoint and its certificate."
    _is_transient = True

    def __str__(self) -> str:
        """Return the summary with the error of the network."""
        return f"{self.summary} {self.message}".rstrip()


class Unanswered(Unreachable):
    """The request was sent and no response came."""

    summary = (
        "Azure did not respond in time and may have accepted the change; refresh from Azure before "
        "you try again."
    )


class OperationFailed(ArmError):
    """A long-running operation ended Failed or Canceled."""

    summary = (
        "Azure accepted the change, but did not complete it; correct what Azure's message names, "
        "then plan again."
    )


class UnexpectedAnswer(ArmError):
    """A response of an unknown shape or origin."""

    summary = "Signalman cannot read Azure's response; report this message as an issue."

    def __str__(self) -> str:
        """Return the summary with what is wrong with the response."""
        return f"{self.summary} {self.message}".rstrip()


def unreadable(error: Exception, what: str, subject: str = "The response") -> UnexpectedAnswer:
    """Return the error of a response that does not describe `what`; `error` is the parser's."""
    reason = f"The property {error} is missing" if isinstance(error, KeyError) else str(error)
    return UnexpectedAnswer(f"{subject} does not describe {what}. {reason.rstrip('.')}.")
