"""What can go wrong between Signalman and Azure, in words for the person who has to act.

ArmError
├── CredentialRefused   Microsoft Entra refused the credential, or ARM its token (401)
├── CredentialMissing   no token could be asked for: nothing configured, or Entra out of reach
├── Forbidden           the credential may not do this (403)
│   └── GrantForbidden  it may not let others into a vault
├── NotFound            no such resource (404)
│   └── GroupNotFound   not even the resource group that it would be in
├── Conflict            the resource is busy, or is in a state that forbids this (409)
├── Rejected            ARM read the request and said no (any other 4xx)
│   └── PrincipalUnknown  an identity that Microsoft Entra has not heard of yet
├── Throttled           too many requests (429)
├── ServerFailed        ARM or the resource provider broke down (5xx)
├── Unreachable         no connection, so nothing was sent
│   └── Unanswered      sent, and no answer came: a write may have been taken
├── OperationFailed     a long-running operation ended Failed or Canceled
└── UnexpectedAnswer    an answer that these rules cannot read, or do not trust
"""

from __future__ import annotations

from typing import ClassVar, Final

# Codes of 409 that waiting does not cure. Source: learn.microsoft.com/azure/azure-resource-manager,
# "Troubleshoot common Azure deployment errors".
_LASTING_CONFLICTS: Final = frozenset({"MissingSubscriptionRegistration", "ScopeLocked"})
# ARM's code for a token that ran out between the look at its time and its use.
_EXPIRED: Final = "ExpiredAuthenticationToken"


class ArmError(Exception):
    """Azure did not do what was asked.

    `code` and `message` are Azure's own, `status` the HTTP status (200 for a long-running operation
    that ended badly), `retry_after` the seconds that Azure asked to wait.
    """

    sentence: ClassVar[str] = "Azure did not do what was asked; see its own words."
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
        """Whether Azure read the request and said no: a write that met this was not taken."""
        return self.status is not None and 400 <= self.status < 500  # noqa: PLR2004  RFC 9110

    def __str__(self) -> str:
        """Return what was wrong and what to do, then Azure's words."""
        words = ": ".join(part for part in (self.code, self.message) if part)
        return f"{self.sentence} Azure says: {words}" if words else self.sentence


class CredentialRefused(ArmError):
    """Microsoft Entra said no to the credential, or ARM to its token."""

    sentence = (
        "Signalman's own Azure credential was refused; check AZURE_TENANT_ID, AZURE_CLIENT_ID and "
        "the secret or identity behind them."
    )

    @property
    def is_transient(self) -> bool:
        """Whether another token may do: only where the one that was sent had expired."""
        return self.code == _EXPIRED


class CredentialMissing(ArmError):
    """No token could be asked for; where only the network was down, that passes."""

    sentence = (
        "Signalman has no Azure credential, or cannot reach Microsoft Entra; set AZURE_TENANT_ID, "
        "AZURE_CLIENT_ID and the rest, and check AZURE_AUTHORITY_HOST and the network."
    )
    _is_transient = True

    def __str__(self) -> str:
        """Return the sentence with azure-identity's words."""
        return f"{self.sentence} {self.message}".rstrip()


class Forbidden(ArmError):
    """The credential is good, its role is not enough."""

    sentence = (
        "Signalman's credential may not do this; give it the role SignalR/Web PubSub Contributor "
        "and Managed Identity Operator on the scope."
    )


class GrantForbidden(Forbidden):
    """Letting an identity into a vault takes a role on that vault."""

    sentence = (
        "Signalman's credential may not let an identity read this vault's secrets; give it, on the "
        "vault, Key Vault Contributor where that goes by access policies, and Role Based Access "
        "Control Administrator where it goes by roles. Or let its owner grant it, then refresh."
    )


class NotFound(ArmError):
    """ARM has no such resource, or no such operation any more."""

    sentence = "Azure has no such resource; it was deleted or moved, so import again."


class GroupNotFound(NotFound):
    """The resource group itself is not there, so nothing can be in it."""

    sentence = (
        "The subscription has no such resource group; make it or correct its name, or import again "
        "if it was deleted."
    )


class Conflict(ArmError):
    """Another change is under way, or the resource's state forbids this one."""

    sentence = "The resource is busy or locked; wait for the change under way, then try again."

    @property
    def is_transient(self) -> bool:
        """Whether waiting may help: not with a lock or an unregistered provider."""
        return self.code not in _LASTING_CONFLICTS


class Rejected(ArmError):
    """The request itself is wrong, and stays wrong."""

    sentence = "Azure refused the request as it is; change what its words name."


class PrincipalUnknown(Rejected):
    """An identity is younger than Microsoft Entra's copy of the directory."""

    sentence = "Microsoft Entra does not know the identity yet; it will within minutes."
    _is_transient = True


class Throttled(ArmError):
    """Too many requests; `retry_after` is how long to wait, where Azure said so."""

    sentence = "Azure is throttling; wait before trying again."
    _is_transient = True


class ServerFailed(ArmError):
    """Azure's side broke down."""

    sentence = "Azure failed on its own side; try again later."
    _is_transient = True


class Unreachable(ArmError):
    """No connection was made, so nothing was sent."""

    sentence = "Azure cannot be reached; check the network, the endpoint and its certificate."
    _is_transient = True

    def __str__(self) -> str:
        """Return the sentence with the network's words: Azure said nothing."""
        return f"{self.sentence} {self.message}".rstrip()


class Unanswered(Unreachable):
    """The request went out and no answer came back."""

    sentence = "Azure did not answer in time; a change may have been taken, so read before writing."


class OperationFailed(ArmError):
    """A long-running operation ended Failed or Canceled."""

    sentence = "Azure took the change and then gave it up; see its own words, then plan again."


class UnexpectedAnswer(ArmError):
    """An answer of a shape, or from a place, that is not known."""

    sentence = "Azure's answer is not one that Signalman understands; report it with the words."

    def __str__(self) -> str:
        """Return the sentence with our own words on the answer."""
        return f"{self.sentence} {self.message}".rstrip()
